"""What the dashboard asks of the ledger, and the rows that it is answered with."""

from __future__ import annotations

from msgspec import Struct

from router.types.closed_sets import AttemptState, CostBasis, RequestState


class Slice(Struct, frozen=True):
    """Requests of one minute that share tier, state and latency bucket, added up."""

    minute: int  # created_at_ms // 60_000
    tier: str
    level: int
    state: RequestState
    bucket: int  # of latencies, as `ledger.latency_buckets` cuts them
    requests: int
    escalated: int  # answered above level 1, as the report counts it: not where it only observes
    climbed: int  # after an answer that was not enough
    spend_nano_usd: int
    refused: int = 0  # of those failed: a limit did not admit them


class DecisionQuery(Struct, frozen=True):
    """Which requests to list, newest first; what is empty filters nothing."""

    tenant: str | None = None  # None: of all tenants
    tier: str = ""
    domain: str = ""
    reason: str = ""  # the one that decided, or any other on the way
    verdict: str = ""
    state: str = ""
    text: str = ""  # in tenant, models, answerer, key or tags, any case
    id_prefix: str = ""
    min_cost_nano_usd: int | None = None
    before: tuple[int, str] | None = None  # created_at_ms and request_id, both left out
    limit: int = 50

    @property
    def filters(self) -> bool:
        """Whether rows may be read that are not listed."""
        return bool(
            self.tier or self.domain or self.reason or self.verdict or self.state or self.text
        ) or (self.min_cost_nano_usd is not None)


class DecisionLine(Struct, frozen=True):
    """One request as a list shows it."""

    request_id: str
    created_at_ms: int
    tenant: str
    state: RequestState
    policy: str
    requested_model: str
    tier: str
    level: int
    model: str
    verdict: str
    reason: str
    confidence: float
    escalations: int
    cost_nano_usd: int
    latency_ms: float
    domain: str
    error_code: str
    review: bool


class DecisionPage(Struct, frozen=True):
    """Some lines; `before` is where to go on, None at the end of the ledger.

    A search reads so many rows and no more: then `before` is set though fewer lines were found.
    """

    lines: tuple[DecisionLine, ...]
    before: tuple[int, str] | None


class Sample(Struct, frozen=True):
    """How sure one answered request's answer was, 0..1, and whether it had climbed."""

    tier: str
    level: int
    confidence: float
    escalated: bool


class Turn(Struct, frozen=True):
    """One attempt of a recent request."""

    answerer: str
    state: AttemptState
    cost_basis: CostBasis
    started_at_ms: int
    latency_ms: float
    error_code: str
    discarded: bool


class RefusedCalls(Struct, frozen=True):
    """Calls of a tenant to one answerer that a limit of money refused; holds in nano-dollars."""

    tenant: str
    answerer: str
    requests: int
    least_held_nano_usd: int
    most_held_nano_usd: int


class BudgetWindow(Struct, frozen=True):
    """What a scope has spent and holds in one window, UTC; "" stands for all."""

    tenant: str
    key_id: str
    policy: str
    tier: str
    kind: str  # minute | hour | day | month
    start_ms: int
    spent_nano_usd: int
    held_nano_usd: int
