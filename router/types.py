"""The values every part of Tiergate speaks in, and the Protocols between the parts.

This is the contract: frozen, slotted values and Protocols of few methods, standard library only.
It knows nothing about HTTP, databases, models or policies. JSON becomes these types in the wire
modules; rows become these types in the ledger's store. Money is an integer of nano-dollars
(1 USD = 1_000_000_000), times are milliseconds since the epoch (`*_at_ms`) or durations (`*_ms`).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, NewType, Protocol

NANO_PER_USD = 1_000_000_000

JsonText = NewType("JsonText", str)
"""One JSON value as text, carried unchanged between two edges (a tool schema, an image part)."""


# --- closed sets -------------------------------------------------------------------------------


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
    OBSERVED = "observed"
    # hard rules and fixed triggers that set the floor
    LOW_CONFIDENCE = "low_confidence"
    MULTI_FACTOR = "multi_factor"
    NOVEL = "novel"
    IMPACT_LEVEL_2 = "impact_level_2"
    IMPACT_LEVEL_3 = "impact_level_3"
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
    OVER_MAX_COST = "over_max_cost"
    # after an answer
    ANSWER_ACCEPTED = "answer_accepted"
    ANSWER_NOT_TRUSTED = "answer_not_trusted"
    ANSWER_REFUSED = "answer_refused"
    ANSWER_INVALID = "answer_invalid"
    SLOT_UNFILLED = "slot_unfilled"
    ANSWERER_FAILED = "answerer_failed"
    GAIN_BELOW_COST = "gain_below_cost"
    BUDGET_EXHAUSTED = "budget_exhausted"
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
    UNKNOWN = "unknown"


class Role(StrEnum):
    """What an attempt was for; each priced call has exactly one."""

    CACHE = "cache"
    ANSWER = "answer"
    REFINE = "refine"
    CHECK = "check"
    SAMPLE = "sample"
    DELIBERATION = "deliberation"


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


class Exhausted(StrEnum):
    BEST_ANSWER = "best_answer"
    REFUSE = "refuse"
    REVIEW = "review"


class Scope(StrEnum):
    CHAT = "chat"
    ADMIN = "admin"
    REPORTS = "reports"
    HINTS_LOWER = "hints:lower"


class Capability(StrEnum):
    TOOLS = "tools"
    IMAGES = "images"
    AUDIO = "audio"
    FILES = "files"
    JSON_SCHEMA = "json_schema"
    LOGPROBS = "logprobs"
    MULTIPLE_CHOICES = "multiple_choices"


class Verdict(StrEnum):
    """What became of the answer the client got."""

    ACCEPTED = "accepted"
    UNVERIFIED = "unverified"
    SAFE_ANSWER = "safe_answer"
    REFUSED = "refused"


# --- a request ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ContentPart:
    """A part of a message that is not plain text; `payload` goes upstream unchanged."""

    kind: str  # "image_url", "input_audio", "file", "text", ...
    payload: JsonText


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments: str  # a JSON string, as the wire has it


@dataclass(frozen=True, slots=True)
class Message:
    role: str  # developer | system | user | assistant | tool | function
    text: str  # all text parts joined by newlines; "" when there is none
    parts: tuple[ContentPart, ...] = ()  # empty when content was a plain string
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class ToolSpec:
    name: str
    description: str
    parameters: JsonText
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ResponseFormat:
    kind: str = "text"  # text | json_object | json_schema
    name: str = ""
    schema: JsonText | None = None
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Sampling:
    """Sampling parameters; None means the answerer's own default."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    max_output_tokens: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logprobs: bool = False
    top_logprobs: int | None = None
    n: int = 1
    reasoning_effort: str | None = None


@dataclass(frozen=True, slots=True)
class Hints:
    """The client's `routing` object. None means not given; levels are tier numbers."""

    policy: str | None = None
    min_tier: int | None = None
    max_tier: int | None = None
    stakes_nano_usd: int | None = None
    confidence_floor: float | None = None
    max_cost_nano_usd: int | None = None
    deadline_ms: int | None = None
    session: str | None = None
    context: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    dry_run: bool = False
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Identity:
    """Who pays. `may_lower` follows from the scope `hints:lower`."""

    tenant: str
    key_id: str
    scopes: frozenset[Scope]

    @property
    def may_lower(self) -> bool:
        """Whether hints of this key may lower stakes, floor or tier."""
        return Scope.HINTS_LOWER in self.scopes


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One request, whatever the wire format it came in."""

    messages: tuple[Message, ...]
    requested_model: str
    sampling: Sampling = Sampling()
    response_format: ResponseFormat = ResponseFormat()
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: JsonText | None = None
    parallel_tool_calls: bool | None = None
    stream: bool = False
    include_usage: bool = False
    hints: Hints = Hints()
    endpoint: str = "chat.completions"
    client_request_id: str | None = None
    extra: Mapping[str, JsonText] = field(default_factory=dict)
    """Unknown body keys: they reach OpenAI-compatible upstreams only, inside the JSON body."""

    @property
    def last_user_text(self) -> str:
        """The text of the last user message, "" when there is none."""
        return next((m.text for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def earlier_user_texts(self) -> tuple[str, ...]:
        """User turns before the last one, oldest first."""
        return tuple(m.text for m in self.messages if m.role == "user")[:-1]

    @property
    def in_tool_loop(self) -> bool:
        """Whether the conversation ends in a tool result, so that the model is in mid-loop."""
        return bool(self.messages) and self.messages[-1].role in ("tool", "function")


# --- what triage says -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum of money read from text, already converted."""

    text: str
    currency: str  # ISO 4217
    nano_usd: int


@dataclass(frozen=True, slots=True)
class Match:
    """The approved answer that fits best, and the calibrated chance that it is the right one."""

    intent_id: str
    confidence: float  # 0..1, calibrated
    similarity: float  # cosine of the nearest utterance, -1..1
    margin: float  # by how much its intent's centre is nearer than the next one's, in cosine


@dataclass(frozen=True, slots=True)
class HeadReading:
    """What a head of the policy says: its likeliest classes, five at most, with their chances."""

    name: str
    classes: tuple[tuple[str, float], ...]  # likeliest first; a head of one chance has one


@dataclass(frozen=True, slots=True)
class Signals:
    """What triage read in one request; every chance is calibrated, 0..1.

    Immutable and storable: with `triage_version` it is all that `decide` needs to decide again.
    """

    request_type: RequestType
    request_type_p: float
    domain: Domain
    domain_p: float
    difficulty: float  # d(x), on the scale of the answerers' abilities (logits)
    stakes_high: float
    impact_nano_usd: int  # largest amount read in the conversation, 0 when none
    multi_factor: float
    strategic: float
    novelty: float
    toxic: float
    spam: float
    match: Match | None = None
    risk_terms: tuple[str, ...] = ()  # names of the policy's term lists found in the user text
    amounts: tuple[Amount, ...] = ()
    inherited: bool = False  # stakes or domain come from earlier turns
    degraded: bool = False  # the model was not there: rules alone, everything up when unsure
    risk_domain: Domain | None = None  # the likeliest of RISK_DOMAINS
    risk_p: float = 0.0  # chance that it is about any of them
    input_tokens: int = 0  # estimate over the whole request
    triage_version: str = ""
    heads: tuple[HeadReading, ...] = ()  # the policy's own; over turns, each class at its highest


@dataclass(frozen=True, slots=True)
class SessionMemory:
    """The highest that a conversation has seen; stakes never fall within it."""

    domain: Domain
    domain_p: float
    request_type: RequestType
    stakes_high: float
    impact_nano_usd: int
    strategic: float
    multi_factor: float
    risk_terms: tuple[str, ...]
    difficulty: float
    last_tier_number: int = 0
    match: Match | None = None
    risk_domain: Domain | None = None
    risk_p: float = 0.0
    heads: tuple[HeadReading, ...] = ()


# --- the decision ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RungFacts:
    """What `decide` is told about one answerer for one request."""

    answerer: str
    tier: str
    level: int
    p: float
    p_source: PSource
    p_count: int  # labels behind p; 0 for a prior
    cost_nano_usd: int  # expected
    cost_basis: CostBasis
    latency_ms: float  # expected
    missing: tuple[Capability, ...] = ()
    context_tokens: int = 0  # 0: no limit known
    worst_nano_usd: int = 0  # what one call can cost at most
    declined: Reason | None = None  # why a resolver has nothing for this request
    excused: bool = False  # what is missing may be left out where a hard rule leaves no other rung
    ready: bool = True


@dataclass(frozen=True, slots=True)
class Rung:
    """One answerer's turn in the ladder, taken or passed over, with the reasons."""

    answerer: str
    tier: str
    level: int
    taken: bool
    reasons: tuple[Reason, ...]
    p: float
    p_source: PSource
    p_count: int
    cost_nano_usd: int
    cost_basis: CostBasis
    latency_ms: float
    expected_loss_nano_usd: int
    propensity: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The ladder: rungs in order, those taken come from `first` on. Pure outcome of `decide`."""

    rungs: tuple[Rung, ...]
    first: int  # index into rungs
    floor: int  # level
    ceiling: int  # level
    floor_reasons: tuple[Reason, ...]
    ceiling_reasons: tuple[Reason, ...]
    stakes_nano_usd: int  # S
    mode: DecisionMode
    hard_rule: bool  # a hard rule set the floor: answers are held back until verified
    confidence_floor: float

    @property
    def first_rung(self) -> Rung:
        """The rung that is tried first."""
        return self.rungs[self.first]


class Action(StrEnum):
    ACCEPT = "accept"
    CLIMB = "climb"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Step:
    """What `next_rung` says: accept, climb to `rung` (index), or stop; and why."""

    action: Action
    rung: int | None
    reason: Reason


# --- answers ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as an upstream reports them; cached is part of input, reasoning of output."""

    input_tokens: int = 0
    cached_input_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    reported: bool = False  # False: estimated by us

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    token: str
    logprob: float
    top: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    text: str
    finish_reason: str  # stop | length | tool_calls | content_filter
    tool_calls: tuple[ToolCall, ...] = ()
    refusal: str | None = None
    reasoning: str | None = None
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answerer returned; `p` is its own calibrated chance of being right, if it has one."""

    choices: tuple[Choice, ...]
    model: str
    usage: Usage
    p: float | None = None
    matched: str | None = None  # what level 1 matched: intent id
    approved: bool = False  # the text comes from an approved answer
    verified: bool | None = None  # None: not judged by the answerer itself
    facts: tuple[str, ...] = ()
    provider_cost_nano_usd: int | None = None
    compute_ms: float = 0.0
    adapter: str | None = None
    upstream_id: str = ""  # the provider's own id of this answer, to reconcile by

    @property
    def text(self) -> str:
        """The text of the first choice, "" without any."""
        return self.choices[0].text if self.choices else ""


@dataclass(frozen=True, slots=True)
class Delta:
    """One piece of a streamed answer. The last one carries `final`."""

    text: str = ""
    reasoning: str = ""
    tool_call_index: int | None = None
    tool_call: ToolCall | None = None  # id and name once, arguments in pieces
    index: int = 0  # choice
    logprobs: tuple[TokenLogprob, ...] = ()
    final: Answer | None = None


@dataclass(frozen=True, slots=True)
class Price:
    """Nano-dollars per million tokens, or one stated price per request; None: unknown, never 0."""

    input_nano_usd: int | None = None
    cached_input_nano_usd: int | None = None
    cache_write_nano_usd: int | None = None
    output_nano_usd: int | None = None
    per_request_nano_usd: int | None = None
    per_second_nano_usd: int = 0  # own compute
    version: str = ""


@dataclass(frozen=True, slots=True)
class AnswererFacts:
    """What the gateway knows of an answerer before calling it."""

    name: str
    tier: str
    level: int
    kind: str  # resolver | local | upstream | litellm | deliberation
    model: str
    price: Price
    max_output_tokens: int
    context_tokens: int
    capabilities: frozenset[Capability]
    expected_output_tokens: int
    latency_ms: float
    deadline_ms: int
    hides_reasoning: bool = False  # bills tokens it doesn't show: a cut answer counts at its hold


class AnswererState(StrEnum):
    READY = "ready"
    LOADING = "loading"
    FAILED = "failed"
    OPEN_BREAKER = "open_breaker"


@dataclass(frozen=True, slots=True)
class AnswererStatus:
    state: AnswererState
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Work:
    """One request as an answerer sees it: the request, what triage read, and the time left."""

    request: ChatRequest
    signals: Signals
    deadline_at_ms: int
    role: Role
    tenant: str
    request_id: str
    prefer_schema: JsonText | None = None


class Call(Protocol):
    """How an answerer reaches another one: every priced call goes through the gateway.

    Holds the worst case, records, settles, checks deadline and depth.
    Raises: BudgetExceeded, DeadlineExceeded, DepthExceeded, UpstreamError and its kin.
    """

    async def __call__(self, answerer: str, request: ChatRequest, role: Role) -> Answer: ...


class Answerer(Protocol):
    """Something answers come from. Raises errors.AnswererError and its kin, nothing else."""

    @property
    def facts(self) -> AnswererFacts: ...

    def status(self) -> AnswererStatus: ...

    async def answer(self, work: Work, call: Call) -> Answer: ...

    def stream(self, work: Work, call: Call) -> AsyncGenerator[Delta, None]: ...

    async def start(self) -> None: ...

    async def close(self) -> None: ...


class Triage(Protocol):
    """Text to signals. Never raises for any text; `degraded` says when the model is missing."""

    async def read(self, request: ChatRequest, memory: SessionMemory | None) -> Signals: ...

    def read_now(self, request: ChatRequest, memory: SessionMemory | None) -> Signals: ...


# --- the ledger --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One priced call, from hold to settlement. Costs of all attempts sum to the request's."""

    attempt_id: str
    request_id: str
    ordinal: int
    role: Role
    answerer: str
    tier: str
    level: int
    model: str
    state: AttemptState
    held_nano_usd: int
    cost_nano_usd: int
    cost_basis: CostBasis
    price_version: str
    started_at_ms: int
    latency_ms: float = 0.0
    usage: Usage = Usage()
    estimated: bool = False
    discarded: bool = False  # the client never saw this answer
    provider_cost_nano_usd: int | None = None
    compute_ms: float = 0.0
    finish_reason: str = ""
    error_code: str = ""
    p: float | None = None
    reason: str = ""
    adapter: str = ""
    rung: int = -1  # index into the decision's rungs; -1 where no rung was climbed
    upstream_id: str = ""


@dataclass(frozen=True, slots=True)
class Baselines:
    """What the same request would have cost elsewhere, nano-dollars; None: unknown, never 0."""

    requested_model: int | None = None
    all_level_2: int | None = None
    all_level_3: int | None = None
    people: int | None = None


@dataclass(frozen=True, slots=True)
class RequestRow:
    """One request as the ledger keeps it: no prompt and no answer, only digests and signals."""

    request_id: str
    created_at_ms: int
    finished_at_ms: int
    tenant: str
    key_id: str
    state: RequestState
    endpoint: str
    stream: bool
    mode: str  # route | observe
    policy: str
    policy_hash: str
    requested_model: str
    tier: str
    tier_number: int
    answerer: str
    model: str
    verdict: str
    reason: str
    reasons: tuple[str, ...]
    confidence: float
    escalations: int
    cost_nano_usd: int
    baselines: Baselines
    usage: Usage
    latency_ms: float
    first_token_ms: float | None
    triage_ms: float
    prompt_digest: str
    answer_digest: str
    session_digest: str
    tags: tuple[str, ...]
    record: JsonText
    """Every argument of decide, next_rung and verify, and what they said: replay reads this."""
    review_id: str = ""
    error_code: str = ""
    attempts: tuple[AttemptRow, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """From here on the answer of this rung reaches the client; nothing before it did."""

    request_id: str
    decision: Decision
    rung: Rung
    model: str
    policy: str
    policy_hash: str
    escalations: int


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds per stage, for `Server-Timing`."""

    triage_ms: float = 0.0
    decide_ms: float = 0.0
    answer_ms: float = 0.0
    ledger_ms: float = 0.0
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request. `answer` is None for a dry run only."""

    request_id: str
    signals: Signals
    decision: Decision
    policy: str
    policy_hash: str
    answer: Answer | None
    rung: Rung
    verdict: Verdict
    reason: Reason  # why this tier answered
    confidence: float
    escalations: int
    cost_nano_usd: int
    cost_known: bool
    baselines: Baselines
    timings: Timings
    attempts: tuple[AttemptRow, ...] = ()
    review_id: str = ""

    @property
    def saved_nano_usd(self) -> int | None:
        """Signed, against the model the client asked for; None where its price is unknown."""
        asked = self.baselines.requested_model
        return None if asked is None or not self.cost_known else asked - self.cost_nano_usd


StreamEvent = Committed | Delta | Outcome
"""A stream is: one Committed, any Deltas, one Outcome. It raises TiergateError instead."""


class Ledger(Protocol):
    """The books. Each call returns when the row is committed.

    Raises: LedgerFull and BudgetExceeded (hold only), LedgerError. Settling and finishing are never
    refused for a full queue: what is open was bounded when it was held.
    """

    async def hold(self, request: RequestRow, attempt: AttemptRow) -> None:
        """Commit the intent (request row in state open, attempt held) before money is spent."""
        ...

    async def settle(self, attempt: AttemptRow, tenant: str) -> None:
        """Replace the attempt's hold by its outcome."""
        ...

    async def finish(self, request: RequestRow) -> None:
        """Commit the final row with all its attempts and extend the writer's chain."""
        ...

    async def get(self, request_id: str, tenant: str | None) -> RequestRow | None: ...


class SessionStore(Protocol):
    """What conversations have seen; the tenant is part of every key. Raises nothing."""

    async def get(self, tenant: str, session: str) -> SessionMemory | None: ...

    async def put(self, tenant: str, session: str, memory: SessionMemory) -> None: ...


@dataclass(frozen=True, slots=True)
class CachedAnswer:
    """An answer that may be given again, and whose it was."""

    answer: Answer
    tier: str
    level: int
    answerer: str


class AnswerCache(Protocol):
    """Exact repeats only; the tenant is part of every key. Raises nothing."""

    async def get(self, tenant: str, digest: str) -> CachedAnswer | None: ...

    async def put(self, tenant: str, digest: str, cached: CachedAnswer) -> None: ...


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A matter handed to a person. Text lives in memory unless the policy stores it."""

    review_id: str
    request_id: str
    tenant: str
    domain: Domain
    created_at_ms: int
    status: str = "pending"
    question: str = ""
    facts: tuple[str, ...] = ()
    store: Literal["none", "redacted", "full"] = "none"  # what the request's policy stores


class ReviewQueue(Protocol):
    """Where matters wait for a person; adding one twice changes nothing. Raises LedgerError."""

    async def add(self, item: ReviewItem) -> None: ...


class TextKeeper(Protocol):
    """Keeps prompts and answers as a policy's `privacy` says. Raises LedgerError."""

    async def put(
        self,
        request_id: str,
        tenant: str,
        kind: Literal["prompt", "answer"],
        text: str,
        *,
        store: Literal["none", "redacted", "full"],
        retention_days: int,
    ) -> None: ...


class KeyStore(Protocol):
    """API keys. `identify` returns None for an unknown or revoked key. Raises LedgerError."""

    async def identify(self, secret: str) -> Identity | None: ...

    async def any(self) -> bool: ...


class Clock(Protocol):
    """The time: since the epoch for records, monotonic for durations."""

    def now_ms(self) -> int: ...

    def monotonic_ms(self) -> float: ...


class Ids(Protocol):
    """Names for new requests and review items."""

    def new(self) -> str:
        """A fresh, sortable, unguessable id without prefix."""
        ...
