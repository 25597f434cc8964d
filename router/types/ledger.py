"""Describes the rows of the ledger, and the Protocol of the ledger itself."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from router.types.answers import Usage
from router.types.enums import AttemptState, CostBasis, RequestState, Role
from router.types.requests import JsonText

NO_USAGE = Usage()


class AttemptRow(Struct, frozen=True):
    """Holds one priced call, from hold to settlement. All attempts sum to the request's cost."""

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
    usage: Usage = NO_USAGE
    estimated: bool = False
    discarded: bool = False  # the client never saw this answer
    provider_cost_nano_usd: int | None = None
    compute_ms: float = 0.0
    finish_reason: str = ""
    error_code: str = ""
    p: float | None = None
    reason: str = ""
    adapter: str = ""
    rung: int = -1  # index into the decision's rungs; -1 for an attempt outside the ladder
    upstream_id: str = ""
    images: int = 0  # in the request to this answerer
    # Multiplied by compute_ms it gives core-milliseconds; 0: not measured, as in rows of older
    # versions.
    cores: int = 0


class KeptPolicy(Struct, frozen=True):
    """Holds a policy's text and hash, and its own price book's text: "" for the shipped one."""

    content: str
    prices: str
    hash: str = ""


class Baselines(Struct, frozen=True):
    """Holds the cost of the same request elsewhere, in nano-dollars. None is unknown, never 0."""

    requested_model: int | None = None
    all_level_2: int | None = None
    all_level_3: int | None = None
    people: int | None = None


class RequestRow(Struct, frozen=True):
    """Holds one request in the ledger: no prompt and no answer, only digests and signals."""

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
    """Holds every argument and result of decide, next_rung and verify. Replay reads it."""
    review_id: str = ""
    error_code: str = ""
    domain: str = ""  # as triage read it, and as the record's signals name it; "" without signals
    request_type: str = ""
    attempts: tuple[AttemptRow, ...] = ()

    @property
    def from_cache(self) -> bool:
        """Returns True where an earlier answer was given again."""
        return any(attempt.role is Role.CACHE for attempt in self.attempts)


class Ledger(Protocol):
    """Keeps the books. Each call returns after its row is committed.

    Raises LedgerFull and BudgetExceeded (hold only), and LedgerError. A full queue never refuses
    settling and finishing: the hold already bounded the number of open rows.
    """

    async def hold(self, request: RequestRow, attempt: AttemptRow) -> None:
        """Commits the intent (request row in state open, attempt held) before money is spent."""
        ...

    async def settle(self, attempt: AttemptRow, tenant: str) -> None:
        """Replaces the attempt's hold by its result."""
        ...

    def name(self, attempt: AttemptRow, tenant: str) -> None:
        """Writes the provider's id of a held attempt soon; nobody waits, and nothing is raised."""
        ...

    async def finish(self, request: RequestRow, *, answers: bool = False) -> None:
        """Commits the final row with all its attempts and extends the writer's chain.

        Where a hold is committed, it returns although the row cannot be written now: it is owed.
        `answers` says that the client gets its answer only once this returns: where it raises
        LedgerUnavailable, the row that is owed says that the client got none.
        """
        ...

    async def get(self, request_id: str, tenant: str | None) -> RequestRow | None:
        """Returns the row of a request of that tenant (None: any), or None."""
        ...
