"""Closed sets: what there is a fixed number of, for reports to count."""

from __future__ import annotations

from enum import StrEnum


class Domain(StrEnum):
    """What a request is about. Their order says nothing; `triage.reading` ranks them by caution."""

    GENERAL = "general"
    CUSTOMER_SUPPORT = "customer_support"
    TECHNOLOGY = "technology"
    SCIENCE_MATH = "science_math"
    FINANCE = "finance"
    LEGAL = "legal"
    MEDICAL = "medical"
    ENGINEERING_SAFETY = "engineering_safety"
    BUSINESS_STRATEGY = "business_strategy"


RISK_DOMAINS = (Domain.FINANCE, Domain.LEGAL, Domain.MEDICAL, Domain.ENGINEERING_SAFETY)
"""Where a wrong answer can cost money, rights, health or lives."""


class RequestType(StrEnum):
    """What kind of work a request asks for."""

    FAQ = "faq"
    STATUS = "status"
    SMALL_TALK = "small_talk"
    TRANSACTION = "transaction"
    CLASSIFICATION = "classification"
    FACTUAL = "factual"
    EXPLANATION = "explanation"
    WRITING = "writing"
    CODING = "coding"
    MATH = "math"
    ANALYSIS = "analysis"
    DECISION = "decision"
    FOLLOW_UP = "follow_up"


class Reason(StrEnum):
    """Why a rung was taken, passed over, accepted or left. Reports count these."""

    # taken
    LOWEST_EXPECTED_LOSS = "lowest_expected_loss"
    FLOOR = "floor"
    FIXED_TRIGGERS_DECIDE = "fixed_triggers_decide"
    FALLBACK = "fallback"
    PINNED = "pinned"
    CACHE_HIT = "cache_hit"
    SEMANTIC_CACHE_HIT = "semantic_cache_hit"
    IDEMPOTENT_REPLAY = "idempotent_replay"
    OBSERVED = "observed"
    SHADOWED = "shadowed"  # a shadow's own row: no client asked for it
    EXPLORED = "explored"  # tried first by chance, or passed over for one that was
    WARM_CACHE = "warm_cache"
    SPECULATED = "speculated"
    # hard rules and fixed triggers that set the floor
    LOW_CONFIDENCE = "low_confidence"
    MULTI_FACTOR = "multi_factor"
    NOVEL = "novel"
    IMPACT_LEVEL_2 = "impact_level_2"
    IMPACT_LEVEL_3 = "impact_level_3"
    HIGH_STAKES = "high_stakes"
    STRATEGIC = "strategic"
    ARCHITECTURE = "architecture"
    HIGH_RISK_FINANCIAL = "high_risk_financial"
    HIGH_RISK_LEGAL = "high_risk_legal"
    HIGH_RISK_MEDICAL = "high_risk_medical"
    HIGH_RISK_ENGINEERING_SAFETY = "high_risk_engineering_safety"
    UNSAFE = "unsafe"
    POLICY_RULE = "policy_rule"
    TRIAGE_DEGRADED = "triage_degraded"
    HINT_MIN_TIER = "hint_min_tier"
    TOOL_LOOP = "tool_loop"
    # passed over
    BELOW_FLOOR = "below_floor"
    ABOVE_CEILING = "above_ceiling"
    LOW_IMPACT = "low_impact"
    HINT_MAX_TIER = "hint_max_tier"
    HIGHER_EXPECTED_LOSS = "higher_expected_loss"
    NOT_CAPABLE = "not_capable"
    NOTHING_TO_RESOLVE = "nothing_to_resolve"
    NOT_READY = "not_ready"
    TIER_NOT_ALLOWED = "tier_not_allowed"
    OVER_MAX_COST = "over_max_cost"
    BUDGET_SOFT_LIMIT = "budget_soft_limit"
    BUDGET_SOFT_LIMIT_KEPT = "budget_soft_limit_kept"  # reached, but nothing lower is allowed
    # after an answer
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_NOT_TRUSTED = "answer_not_trusted"
    ANSWER_REFUSED = "answer_refused"
    ANSWER_INVALID = "answer_invalid"
    SLOT_UNFILLED = "slot_unfilled"
    ANSWERER_FAILED = "answerer_failed"
    OUTAGE_SAME_LEVEL = "outage_same_level"  # stands in for one that failed, or is not ready
    OUTAGE_HIGHER = "outage_higher"
    OUTAGE_LOWER = "outage_lower"  # its answer is never more than unverified
    GAIN_BELOW_COST = "gain_below_cost"
    BUDGET_EXHAUSTED = "budget_exhausted"  # or who keeps budgets and rates does not answer
    TIME_EXHAUSTED = "time_exhausted"
    LADDER_EXHAUSTED = "ladder_exhausted"


class DecisionMode(StrEnum):
    GUARDED = "guarded"
    EXPECTED_LOSS = "expected_loss"
    CERTIFIED = "certified"


class PSource(StrEnum):
    """Where a rung's chance of being right comes from, best first."""

    MATCH = "match"  # level 1's calibrated match confidence
    LABELLED = "labelled"  # theta from labelled traffic of that answerer
    MEASURED = "measured"  # theta of the embedded model, measured by us
    TABLE = "table"  # theta fitted on public per-question results
    PRIOR = "prior"  # by level; never shown as calibrated


class CostBasis(StrEnum):
    LIST_PRICE = "list_price"
    TOKEN_PRICE = "token_price"
    OWN_COMPUTE = "own_compute"
    REVIEWER_TIME = "reviewer_time"
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What an attempt was for; each line of the books has exactly one."""

    CACHE = "cache"
    RESOLVER = "resolver"  # an approved answer was looked up; `answer` in rows of older versions
    ANSWER = "answer"
    REFINE = "refine"
    CHECK = "check"  # a model judges an answer
    SAMPLE = "sample"  # another answer, to judge the first by how far they agree
    DELIBERATION = "deliberation"
    RECONCILE = "reconcile"  # no call: what one of unknown cost turned out to cost more, or less
    RETRY = "retry"  # a step that was asked again, since what it said could not be used
    TRIAGE = "triage"  # own compute for reading the request
    REVIEW = "review"  # people's minutes
    SHADOW = "shadow"  # after the client has its answer, to compare; never shown


class AttemptState(StrEnum):
    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN_COST = "unknown_cost"


class RequestState(StrEnum):
    OPEN = "open"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN_COST = "unknown_cost"


class VerifyMode(StrEnum):
    NONE = "none"
    PREFIX = "prefix"
    FULL = "full"


class EncoderUse(StrEnum):
    """Which texts the encoder reads where heads alone are asked."""

    WHEN_NEEDED = "when_needed"  # those of which n-grams are not sure enough
    ALWAYS = "always"
    NEVER = "never"  # n-grams alone decide, however sure they are


class Exhausted(StrEnum):
    BEST_ANSWER = "best_answer"
    REFUSE = "refuse"
    REVIEW = "review"
    HOLD = "hold"


class Scope(StrEnum):
    CHAT = "chat"
    ADMIN = "admin"
    REPORTS = "reports"
    REVIEW = "review"
    HINTS_LOWER = "hints:lower"


class Capability(StrEnum):
    TOOLS = "tools"
    IMAGES = "images"
    AUDIO = "audio"
    FILES = "files"
    JSON_SCHEMA = "json_schema"  # keeps any schema, so it can do json_mode too
    JSON_MODE = "json_mode"  # some JSON object, of any shape
    LOGPROBS = "logprobs"
    MULTIPLE_CHOICES = "multiple_choices"


class Verdict(StrEnum):
    """What became of the answer the client got."""

    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    SAFE_ANSWER = "safe_answer"
    HELD = "held"
    REFUSED = "refused"


EMBEDDING_MODEL, MODERATION_MODEL = "tiergate-embed", "tiergate-moderation"
OWN_MODELS = (EMBEDDING_MODEL, MODERATION_MODEL)
"""Models that the gateway itself is: the triage encoder and the safety heads, each with an endpoint
of its own. Aliases may lead to them; no tier answers under these names."""
