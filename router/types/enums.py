"""Lists the closed sets of values, which reports can count."""

from __future__ import annotations

from enum import StrEnum


class Domain(StrEnum):
    """Names the subject of a request.

    The order has no meaning; `triage.reading` ranks by caution.
    """

    GENERAL = "general"
    CUSTOMER_SUPPORT = "customer_support"
    TECHNOLOGY = "technology"
    SCIENCE_MATH = "science_math"
    FINANCE = "finance"
    LEGAL = "legal"
    MEDICAL = "medical"
    ENGINEERING_SAFETY = "engineering_safety"
    BUSINESS_STRATEGY = "business_strategy"

    @classmethod
    def named(cls, name: str) -> Domain:
        """Returns the domain of this name; `general` for any other, such as one of older rows."""
        return cls(name) if name in tuple(cls) else cls.GENERAL


RISK_DOMAINS = (Domain.FINANCE, Domain.LEGAL, Domain.MEDICAL, Domain.ENGINEERING_SAFETY)
"""Lists the domains in which a wrong answer can cost money, rights, health or lives."""

READ_LANGUAGES = frozenset({"en", ""})
"""Lists the languages that the encoder reads; "" is a text that does not tell its own."""

UNDETERMINED = "und"
"""The language of a text that is none of these, where no more is known (ISO 639-2)."""


class Matter(StrEnum):
    """Names the grave matters that are looked for in every language."""

    MEDICAL_EMERGENCY = "medical_emergency"
    SELF_HARM = "self_harm"
    VIOLENCE = "violence"
    POISON = "poison"
    FRAUD = "fraud"
    LEGAL = "legal"
    ENGINEERING_SAFETY = "engineering_safety"
    LARGE_MONEY = "large_money"  # a house, a pension or all savings may be lost by a decision

    @property
    def domain(self) -> Domain:
        """Returns the domain whose wording and review it needs. Violence is with medicine, where
        the numbers to call are."""
        others = {
            Matter.FRAUD: Domain.FINANCE,
            Matter.LEGAL: Domain.LEGAL,
            Matter.ENGINEERING_SAFETY: Domain.ENGINEERING_SAFETY,
            Matter.LARGE_MONEY: Domain.FINANCE,
        }
        return others.get(self, Domain.MEDICAL)

    @property
    def is_from_people(self) -> bool:
        """Says whether oneself or somebody else is the danger: it is no matter of health."""
        return self in {Matter.SELF_HARM, Matter.VIOLENCE}


DANGERS = (
    Matter.SELF_HARM,
    Matter.VIOLENCE,
    Matter.POISON,
    Matter.MEDICAL_EMERGENCY,
    Matter.ENGINEERING_SAFETY,
)
"""Orders the dangers to people: the one that needs its own words most comes first."""


class Urgency(StrEnum):
    """Says how soon a person should look at a matter that waits, the soonest first."""

    EMERGENCY = "emergency"  # somebody may need help now
    GRAVE = "grave"  # a rule asks for level 3
    ORDINARY = "ordinary"


class RequestType(StrEnum):
    """Names the kind of work that a request asks for."""

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
    """Says why a rung was taken, passed over, accepted or left. Reports count these values."""

    # Reasons for a rung that was taken.
    LOWEST_EXPECTED_LOSS = "lowest_expected_loss"
    LOWEST_LOSS_ALLOWED = "lowest_loss_allowed"  # a rung that the rules forbid has a lower one
    ONLY_ONE_ALLOWED = "only_one_allowed"
    GAIN_TOO_SMALL = "gain_too_small"  # the rung of the lowest loss is hardly better
    ANSWER_IN_HAND = "answer_in_hand"  # the rung that the rules lead to is known to be worse
    NOTHING_BETTER = "nothing_better"  # and so is every other one
    FLOOR = "floor"
    FIXED_TRIGGERS_DECIDE = "fixed_triggers_decide"
    COSTLY_MISTAKE = "costly_mistake"  # by priors a lower rung's expected loss is far higher
    FALLBACK = "fallback"
    PINNED = "pinned"
    CACHE_HIT = "cache_hit"
    SEMANTIC_CACHE_HIT = "semantic_cache_hit"
    IDEMPOTENT_REPLAY = "idempotent_replay"
    OBSERVED = "observed"
    SHADOWED = "shadowed"  # the row of a shadow call: no client asked for it
    EXPLORED = "explored"  # chance put this rung first, or put another one before it
    WARM_CACHE = "warm_cache"
    SPECULATED = "speculated"
    EXACT_TOOL = "exact_tool"  # arithmetic, percentages, dates, units: computed, not written
    SMALL_TALK = "small_talk"
    READ_BY_RULES = "read_by_rules"  # fields of a text, by rules and heads
    QUOTED = "quoted"  # the nearest approved answers
    BOTH_ANSWERED = "both_answered"  # the approved answers to two questions
    NO_MODEL = "no_model"  # approved words say that no model here may answer this
    NO_PASSAGE = "no_passage"  # words say that the documents do not answer this
    NOTHING_KNOWN = "nothing_known"  # words say that no approved answer is sure enough
    NONE_TRUSTED = (
        "none_trusted"  # a refusal: no answer could be trusted (`exhausted` says `refuse`)
    )
    HANDED_OVER = "handed_over"  # approved words go out, and a person takes the matter
    ASKED_FOR_SLOT = "asked_for_slot"  # level 1 asks for what its answer lacks
    ASKED_WHICH = "asked_which"  # level 1 offers approved questions, since no single one is sure
    KEY_NOT_FOUND = "key_not_found"  # level 1 has no row for what the user typed, or may show none
    # Hard rules and fixed triggers that set the floor.
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
    HIGH_RISK_PERSONAL_SAFETY = "high_risk_personal_safety"  # violence, self-harm
    HIGH_RISK = "high_risk"  # of health, law, money or safety, none of which is sure
    UNSAFE = "unsafe"
    POLICY_RULE = "policy_rule"
    TRIAGE_DEGRADED = "triage_degraded"
    HARMFUL = "harmful"  # refused by the policy's `safety.refuse`; no tier was asked
    # Traffic left the range of the certificate, so `confidence_floor` counts beside it.
    CERTIFICATE_SUSPENDED = "certificate_suspended"
    HINT_MIN_TIER = "hint_min_tier"
    TOOL_LOOP = "tool_loop"
    # Reasons for a rung that was passed over.
    BELOW_FLOOR = "below_floor"
    ABOVE_CEILING = "above_ceiling"
    LOW_IMPACT = "low_impact"
    HINT_MAX_TIER = "hint_max_tier"
    HIGHER_EXPECTED_LOSS = "higher_expected_loss"
    WOULD_NOT_HELP = "would_not_help"  # known to be right less often than the answer in hand
    LADDER_FULL = "ladder_full"
    NOT_CAPABLE = "not_capable"
    NOTHING_TO_RESOLVE = "nothing_to_resolve"
    TOOLS_OFFERED = "tools_offered"  # words of its own would keep a model from calling a tool
    KEPT_OFF_SHELF = "kept_off_shelf"  # too grave or too hostile for an approved answer
    ASKS_TWICE = "asks_twice"  # one approved answer would answer half of it
    RESIDENCY = "residency"  # the policy keeps such details from this answerer
    NOT_READY = "not_ready"
    TIER_NOT_ALLOWED = "tier_not_allowed"
    OVER_MAX_COST = "over_max_cost"
    UNKNOWN_PRICE = "unknown_price"  # a budget counts its calls, and nobody states what they cost
    BUDGET_SOFT_LIMIT = "budget_soft_limit"
    # The limit is reached, but the request allows no lower tier.
    BUDGET_SOFT_LIMIT_KEPT = "budget_soft_limit_kept"
    # Results of an answer.
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_NOT_TRUSTED = "answer_not_trusted"
    ANSWER_REFUSED = "answer_refused"
    ANSWER_INVALID = "answer_invalid"
    ANSWER_CUT = "answer_cut"  # the cap of output ended it before it kept what was promised
    ANSWER_OFF_TOPIC = "answer_off_topic"
    ANSWER_GARBLED = "answer_garbled"
    ANSWER_FAILED_CHECKS = "answer_failed_checks"  # code marked what one repair did not mend
    ANSWER_UNCHECKED = "answer_unchecked"  # nothing of it could be verified
    ANSWER_JUDGED_LOW = "answer_judged_low"  # by another model, with the policy's rubric
    ANSWER_MARKED = "answer_marked"  # words were added, since `safety.outputs` found something
    ANSWER_WITHHELD = "answer_withheld"  # the rest, since `safety.outputs` found something
    SLOT_UNFILLED = "slot_unfilled"
    ANSWERER_FAILED = "answerer_failed"
    OUTAGE_SAME_LEVEL = "outage_same_level"  # replaces a rung that failed or is not ready
    OUTAGE_HIGHER = "outage_higher"
    OUTAGE_LOWER = "outage_lower"  # its answer counts as unverified at best
    GAIN_BELOW_COST = "gain_below_cost"
    BUDGET_EXHAUSTED = "budget_exhausted"  # or the store of budgets and rates does not answer
    TIME_EXHAUSTED = "time_exhausted"
    LADDER_EXHAUSTED = "ladder_exhausted"


class DecisionMode(StrEnum):
    """Names the ways to decide: fixed triggers, expected losses, or certified thresholds."""

    GUARDED = "guarded"
    EXPECTED_LOSS = "expected_loss"
    CERTIFIED = "certified"


class Traffic(StrEnum):
    """Says who sends the requests that are matched with approved answers."""

    MIXED = "mixed"  # most of them are other work: texts to write, code, questions to a model
    SUPPORT = "support"  # nearly all ask the company or office that wrote the answers


class MatchBasis(StrEnum):
    """Says what the chance of a match rests on."""

    WRITTEN = "written"  # the operator wrote that very text
    OWN = "own_outcomes"  # judged requests of the knowledge file's own
    FOREIGN = "foreign"  # outcomes of other companies' files; capped at what those reached
    RERANKED = "reranked"  # message and answers were read together; fitted on other companies
    RERANKED_OWN = "reranked_own"  # the same, and judged requests of the file's own

    @property
    def read(self) -> bool:
        """Returns True where the message was read together with its likely answers."""
        return self in (MatchBasis.RERANKED, MatchBasis.RERANKED_OWN)

    @property
    def own(self) -> bool:
        """Returns True where the chance rests on judged requests of the file's own."""
        return self in (MatchBasis.OWN, MatchBasis.RERANKED_OWN)


class PSource(StrEnum):
    """Says where a rung's chance of being right comes from. The best source is first."""

    KNOWN = "known"  # told before the call: an exact tool computes it, or no model may answer
    MATCH = "match"  # the calibrated confidence of level 1's match
    LABELLED = "labelled"  # theta from labelled traffic of that answerer
    MEASURED = "measured"  # theta of the embedded model, from our own measurement
    TABLE = "table"  # theta fitted on public per-question results
    PRIOR = "prior"  # a value per level; never shown as calibrated


class CostBasis(StrEnum):
    """Names the source of a cost; `none` where a call was not made or not billed."""

    LIST_PRICE = "list_price"
    TOKEN_PRICE = "token_price"
    OWN_COMPUTE = "own_compute"
    REVIEWER_TIME = "reviewer_time"
    UNKNOWN = "unknown"
    NONE = "none"


class Role(StrEnum):
    """Names the purpose of an attempt. Each line of the books has exactly one."""

    CACHE = "cache"
    RESOLVER = "resolver"  # looks up an approved answer; rows of older versions say `answer`
    ANSWER = "answer"
    REFINE = "refine"
    CHECK = "check"  # a model judges an answer
    SAMPLE = "sample"  # asks for another answer, to measure how far the two agree
    DELIBERATION = "deliberation"
    RECONCILE = "reconcile"  # makes no call: corrects an unknown cost by the difference
    RETRY = "retry"  # asks a step again, since its first output was unusable
    TRIAGE = "triage"  # our own compute for reading the request
    REVIEW = "review"  # minutes of people
    SHADOW = "shadow"  # compares after the client has its answer; nobody sees it


class AttemptState(StrEnum):
    """Names the states of an attempt in the ledger."""

    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN_COST = "unknown_cost"


class RequestState(StrEnum):
    """Names the states of a request in the ledger."""

    OPEN = "open"
    SETTLED = "settled"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN_COST = "unknown_cost"


class VerifyMode(StrEnum):
    """Names the part of an answer that waits until it is verified."""

    NONE = "none"
    PREFIX = "prefix"
    FULL = "full"


class EncoderUse(StrEnum):
    """Says which texts the encoder reads when the policy asks for heads only."""

    WHEN_NEEDED = "when_needed"  # only texts that the n-gram heads are unsure about
    ALWAYS = "always"
    NEVER = "never"  # the n-gram heads decide, however unsure they are


class Device(StrEnum):
    """Says what the triage model's encoder runs on."""

    AUTO = "auto"  # the GPU where there is one, otherwise the processor
    CPU = "cpu"
    CUDA = "cuda"  # an NVIDIA GPU, or an error


class Exhausted(StrEnum):
    """Names what may go out when no answer is trusted."""

    BEST_ANSWER = "best_answer"
    REFUSE = "refuse"
    REVIEW = "review"
    HOLD = "hold"

    @property
    def by_person(self) -> bool:
        """Returns True when the matter waits for a person, and approved words go out meanwhile."""
        return self in (Exhausted.REVIEW, Exhausted.HOLD)


class Scope(StrEnum):
    """Names the rights of a key."""

    CHAT = "chat"
    ADMIN = "admin"
    REPORTS = "reports"
    REVIEW = "review"
    HINTS_LOWER = "hints:lower"
    SECURITY = "security"  # defends computers, so it may ask about attacks on them


class Capability(StrEnum):
    """Names the abilities that a request may need and an answerer may have."""

    TOOLS = "tools"
    IMAGES = "images"
    AUDIO = "audio"
    FILES = "files"
    JSON_SCHEMA = "json_schema"  # accepts any schema, so it includes json_mode
    JSON_MODE = "json_mode"  # returns some JSON object, of any shape
    LOGPROBS = "logprobs"
    MULTIPLE_CHOICES = "multiple_choices"


class Verdict(StrEnum):
    """Classifies the answer that the client got."""

    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    SAFE_ANSWER = "safe_answer"
    HELD = "held"
    REFUSED = "refused"

    @property
    def of_words(self) -> bool:
        """Returns True where approved words took the place of an answer."""
        return self in (Verdict.SAFE_ANSWER, Verdict.HELD, Verdict.REFUSED)


EMBEDDING_MODEL, MODERATION_MODEL = "tiergate-embed", "tiergate-moderation"
OWN_MODELS = (EMBEDDING_MODEL, MODERATION_MODEL)
"""Names the models inside the gateway: the triage encoder and the safety heads. Each has an
endpoint of its own. Aliases may lead to them; no tier answers under these names."""

EMBEDDER_PREFIX = "embed:"
"""Begins what an alias leads to that is an embedder of the policy: `embed:large`."""

SAFE_ANSWER_MODEL, REFUSAL_MODEL = "tiergate-safe-answer", "tiergate-refusal"
"""Name, as `model` of an answer, the fixed words that replace it: no model wrote them."""

NO_ANSWER_MODEL = "tiergate-no-model"
"""Names the words that say that no model of the installation may answer."""
