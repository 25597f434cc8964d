"""Makes the row of an answer that was given again under its idempotency key. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from router.ledger.row_builder import (
    Decided,
    Place,
    Times,
    build_row,
    kept_of,
    only_call,
    origin_of,
    spent_on,
)
from router.money.cost import Cost
from router.types import (
    CostBasis,
    Reason,
    RequestRow,
    RequestState,
    Role,
)


def replayed_row(
    first: RequestRow, request_id: str, key_id: str, now_ms: int, latency_ms: float
) -> RequestRow:
    """Returns the row of a repeat: the first decision and answer, at no cost and with no saving.

    Its baselines are unknown and not those of the first row: a client that repeats a request
    because an answer was lost saved nothing by it.
    """
    started_at_ms = now_ms - round(latency_ms)
    reason = Reason.IDEMPOTENT_REPLAY.value
    call = only_call(
        request_id,
        Role.CACHE,
        Place(first.tier, first.tier_number, first.answerer, first.model),
        Cost(0, CostBasis.OWN_COMPUTE),
        started_at_ms,
        latency_ms,
        first.usage,
    )
    call = replace(call, upstream_id=first.request_id)  # the request whose answer it was
    origin = origin_of(first, request_id, first.endpoint)
    return build_row(
        replace(origin, key_id=key_id, stream=first.stream),
        replace(spent_on(call, RequestState.SETTLED), error_code=first.error_code),
        Times(started_at_ms, now_ms, latency_ms),
        Decided(first.verdict, reason, (reason,), first.confidence),
        replace(kept_of(first), review_id=""),  # the first row's review covers both
    )
