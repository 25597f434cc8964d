"""Builds every row of the ledger from a few grouped values. Pure.

A request row has five groups of values: who asked for what (`Origin`), who answered and what that
cost (`Spent`), why this answer (`Decided`), when (`Times`), and what is kept of the words (`Kept`).
A row that follows from an earlier one takes groups of it with `origin_of` and `kept_of`.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from router.money.cost import Cost
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    Usage,
)

NO_USAGE = Usage()
NO_BASELINES = Baselines()
NO_RECORD = JsonText("{}")


class Origin(Struct, frozen=True):
    """Says who asked for what, and under which policy."""

    request_id: str
    tenant: str
    key_id: str
    endpoint: str
    mode: str  # route | observe | shadow
    policy: str
    policy_hash: str
    requested_model: str
    stream: bool = False
    tags: tuple[str, ...] = ()


class Place(Struct, frozen=True):
    """Says where an answer came from."""

    tier: str
    level: int
    answerer: str
    model: str


class Spent(Struct, frozen=True):
    """Says how the request ended, who answered it and what that cost."""

    state: RequestState
    place: Place
    cost_nano_usd: int
    usage: Usage = NO_USAGE
    baselines: Baselines = NO_BASELINES
    attempts: tuple[AttemptRow, ...] = ()
    error_code: str = ""


class Decided(Struct, frozen=True):
    """Says why this answer; the defaults are those of a row that decided nothing."""

    verdict: str = ""
    reason: str = ""
    reasons: tuple[str, ...] = ()
    confidence: float = 0.0
    escalations: int = 0


class Times(Struct, frozen=True):
    """Says when the request came and ended, and how long its parts took."""

    created_at_ms: int
    finished_at_ms: int
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    triage_ms: float = 0.0


class Kept(Struct, frozen=True):
    """Holds what a row keeps of the words: digests, the record, and what triage read.

    `domain` and `request_type` are those that the record's `signals` name, "" where it has none:
    the ledger stores them in columns, and `verify` compares the two.
    """

    prompt_digest: str = ""
    answer_digest: str = ""
    session_digest: str = ""
    record: JsonText = NO_RECORD
    domain: str = ""
    request_type: str = ""
    review_id: str = ""


NOTHING_DECIDED = Decided()
NOTHING_KEPT = Kept()


def build_row(
    origin: Origin,
    spent: Spent,
    times: Times,
    decided: Decided = NOTHING_DECIDED,
    kept: Kept = NOTHING_KEPT,
) -> RequestRow:
    """Returns the row that these values describe."""
    place = spent.place
    return RequestRow(
        request_id=origin.request_id,
        created_at_ms=times.created_at_ms,
        finished_at_ms=times.finished_at_ms,
        tenant=origin.tenant,
        key_id=origin.key_id,
        state=spent.state,
        endpoint=origin.endpoint,
        stream=origin.stream,
        mode=origin.mode,
        policy=origin.policy,
        policy_hash=origin.policy_hash,
        requested_model=origin.requested_model,
        tier=place.tier,
        tier_number=place.level,
        answerer=place.answerer,
        model=place.model,
        verdict=decided.verdict,
        reason=decided.reason,
        reasons=decided.reasons,
        confidence=decided.confidence,
        escalations=decided.escalations,
        cost_nano_usd=spent.cost_nano_usd,
        baselines=spent.baselines,
        usage=spent.usage,
        latency_ms=times.latency_ms,
        first_token_ms=times.first_token_ms,
        triage_ms=times.triage_ms,
        prompt_digest=kept.prompt_digest,
        answer_digest=kept.answer_digest,
        session_digest=kept.session_digest,
        tags=origin.tags,
        record=kept.record,
        review_id=kept.review_id,
        error_code=spent.error_code,
        domain=kept.domain,
        request_type=kept.request_type,
        attempts=spent.attempts,
    )


def only_call(
    request_id: str,
    role: Role,
    place: Place,
    paid: Cost,
    started_at_ms: int,
    latency_ms: float,
    usage: Usage = NO_USAGE,
) -> AttemptRow:
    """Returns the settled attempt of a request that makes one call, for which nothing was held."""
    return AttemptRow(
        attempt_id=f"{request_id}-0",
        request_id=request_id,
        ordinal=0,
        role=role,
        answerer=place.answerer,
        tier=place.tier,
        level=place.level,
        model=place.model,
        state=AttemptState.SETTLED,
        held_nano_usd=0,
        cost_nano_usd=paid.nano_usd,
        cost_basis=paid.basis,
        price_version="",
        started_at_ms=started_at_ms,
        latency_ms=latency_ms,
        usage=usage,
    )


def spent_on(call: AttemptRow, state: RequestState, baselines: Baselines = NO_BASELINES) -> Spent:
    """Returns what a request spent that this one call answered."""
    place = Place(call.tier, call.level, call.answerer, call.model)
    return Spent(state, place, call.cost_nano_usd, call.usage, baselines, (call,))


def unanswered(row: RequestRow, error_code: str) -> RequestRow:
    """Returns the row of an answer that did not go out after all; its calls keep their costs.

    It has no verdict, and no baselines: nobody was spared anything. A row that tells of no answer
    is returned as it is.
    """
    if row.error_code or row.state is not RequestState.SETTLED:
        return row
    return replace(
        row,
        state=RequestState.FAILED,
        verdict="",
        error_code=error_code,
        baselines=NO_BASELINES,
    )


def origin_of(row: RequestRow, request_id: str, endpoint: str) -> Origin:
    """Returns the origin of a row that follows from `row`, under its own id and endpoint."""
    return Origin(
        request_id,
        row.tenant,
        row.key_id,
        endpoint,
        row.mode,
        row.policy,
        row.policy_hash,
        row.requested_model,
        tags=row.tags,
    )


def kept_of(row: RequestRow) -> Kept:
    """Returns what a row keeps of the words, for a row of the same words."""
    return Kept(
        row.prompt_digest,
        row.answer_digest,
        row.session_digest,
        row.record,
        row.domain,
        row.request_type,
        row.review_id,
    )
