"""The row of an answer that was given again under its idempotency key. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    Reason,
    RequestRow,
    RequestState,
    Role,
)


def replayed_row(
    first: RequestRow, request_id: str, key_id: str, now_ms: int, latency_ms: float
) -> RequestRow:
    """The row of a repeat: the first one's decision and answer, at no cost and with no saving.

    Baselines are unknown rather than the first one's: a client that repeats itself because an
    answer was lost saved nothing by it.
    """
    attempt = AttemptRow(
        attempt_id=f"{request_id}-0",
        request_id=request_id,
        ordinal=0,
        role=Role.CACHE,
        answerer=first.answerer,
        tier=first.tier,
        level=first.tier_number,
        model=first.model,
        state=AttemptState.SETTLED,
        held_nano_usd=0,
        cost_nano_usd=0,
        cost_basis=CostBasis.OWN_COMPUTE,
        price_version="",
        started_at_ms=now_ms - round(latency_ms),
        latency_ms=latency_ms,
        usage=first.usage,
        upstream_id=first.request_id,  # whose answer it was
    )
    return replace(
        first,
        request_id=request_id,
        created_at_ms=now_ms - round(latency_ms),
        finished_at_ms=now_ms,
        key_id=key_id,
        state=RequestState.SETTLED,
        reason=Reason.IDEMPOTENT_REPLAY.value,
        reasons=(Reason.IDEMPOTENT_REPLAY.value,),
        escalations=0,
        cost_nano_usd=0,
        baselines=Baselines(),
        latency_ms=latency_ms,
        first_token_ms=None,
        triage_ms=0.0,
        review_id="",  # the first one's item stands for both
        attempts=(attempt,),
    )
