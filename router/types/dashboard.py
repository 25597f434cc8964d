"""Describes the dashboard's queries to the ledger, and the rows of the results."""

from __future__ import annotations

from msgspec import Struct

from router.types.enums import AttemptState, CostBasis, RequestState


class Slice(Struct, frozen=True):
    """Adds up the requests of one minute that share tier, state, latency bucket and end."""

    minute: int  # created_at_ms // 60_000
    tier: str
    level: int
    state: RequestState
    bucket: int  # of latencies, between the latencies of `overview.EDGES_MS`
    requests: int
    routed: int  # answers that routing chose; those of observed requests are not
    climbed: int  # after another rung's turn, which failed or was not enough
    spend_nano_usd: int
    refused: int = 0  # part of those without an answer: a limit did not admit them
    answered: bool = True  # the client got a reply; nothing else has a tier
    reply: str = ""  # what it got: a `ReplyKind` of the ledger, "" without one
    policy: str = ""
    impossible: int = 0  # of the refused ones, what no answerer may do: no limit refused them


class DecisionQuery(Struct, frozen=True):
    """Selects the requests to list, newest first. An empty field filters nothing."""

    tenant: str | None = None  # None: all tenants
    tier: str = ""
    domain: str = ""
    reason: str = ""  # the deciding one, or any other on the way
    verdict: str = ""
    state: str = ""
    reply: str = ""  # what the client got: a `ReplyKind` of the ledger
    text: str = ""  # searched in tenant, models, answerer, key and tags, in any case
    id_prefix: str = ""
    min_cost_nano_usd: int | None = None
    # The created_at_ms and request_id of a row, which is itself left out.
    before: tuple[int, str] | None = None
    limit: int = 50

    @property
    def filters(self) -> bool:
        """Returns True when the query may read rows that it does not list."""
        return bool(
            (self.tier or self.domain or self.reason or self.verdict or self.state)
            or (self.reply or self.text)
        ) or (self.min_cost_nano_usd is not None)


class DecisionLine(Struct, frozen=True):
    """Holds one request as a row of a list."""

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
    cost_nano_usd: int | None  # None: not known
    latency_ms: float
    domain: str
    error_code: str
    review: bool
    confidence_source: str = ""  # what the confidence rests on; "": it is about nothing
    led_by: str = ""  # the reason that led to its tier, where `reason` says which words went out
    in_place: bool = False  # words went out in place of an answer, so no confidence is about them


class DecisionPage(Struct, frozen=True):
    """Holds one page of lines. `before` is the start of the next page, None at the end.

    A search reads a bounded number of rows. `before` is then set although the page is not full.
    """

    lines: tuple[DecisionLine, ...]
    before: tuple[int, str] | None


class Sample(Struct, frozen=True):
    """Holds the confidence (0..1) of one answered request, and whether it came after a climb.

    That of a question back is the chance that one of its offers was meant.
    """

    tier: str
    level: int
    confidence: float
    climbed: bool
    asks: bool = False  # it was answered with a question back


class Turn(Struct, frozen=True):
    """Holds one attempt of a recent request."""

    policy: str
    answerer: str
    state: AttemptState
    cost_basis: CostBasis
    started_at_ms: int
    latency_ms: float
    error_code: str
    discarded: bool


class RefusedCalls(Struct, frozen=True):
    """Counts calls of a tenant to one answerer that a money limit refused.

    Holds in nano-dollars.
    """

    tenant: str
    answerer: str
    requests: int
    least_held_nano_usd: int
    most_held_nano_usd: int


class BudgetWindow(Struct, frozen=True):
    """Holds a scope's spent and held money in one UTC window. "" in a field covers all."""

    tenant: str
    key_id: str
    policy: str
    tier: str
    kind: str  # minute | hour | day | month
    start_ms: int
    spent_nano_usd: int
    held_nano_usd: int
