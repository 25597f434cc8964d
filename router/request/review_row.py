"""Builds the row that books a person's verdict on an answer. Pure.

The reviewed request's row is chained already, so the minutes get a row of their own, which refers
to it; its id follows from the request's, so that booking it twice changes nothing.
"""

from __future__ import annotations

import msgspec

from router.ledger.row_reading import REVIEW, row_names
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    ReviewCase,
    Reviewed,
    Role,
    Usage,
)

REVIEW_TIER = "review"


def review_row(first: RequestRow, case: ReviewCase, reviewed: Reviewed) -> RequestRow:
    """Returns the row of a review: people's minutes, for the tenant of the request.

    It saves nothing: whoever else had answered, this money is spent on top. So its baselines are 0,
    which is known, and lowers the saving by what the review cost.
    """
    request_id = f"{first.request_id}-review"
    known = reviewed.cost_nano_usd is not None
    spent_ms = reviewed.minutes * 60_000
    attempt = AttemptRow(
        attempt_id=f"{request_id}-0",
        request_id=request_id,
        ordinal=0,
        role=Role.REVIEW,
        answerer=REVIEW_TIER,
        tier=REVIEW_TIER,
        level=0,
        model="",
        state=AttemptState.SETTLED if known else AttemptState.UNKNOWN_COST,
        held_nano_usd=0,
        cost_nano_usd=reviewed.cost_nano_usd or 0,
        cost_basis=CostBasis.REVIEWER_TIME if known else CostBasis.UNKNOWN,
        price_version=reviewed.price_version,
        started_at_ms=reviewed.decided_at_ms,
        latency_ms=spent_ms,
        reason=reviewed.verdict.value,
        upstream_id=first.request_id,  # whose answer it was
    )
    return RequestRow(
        request_id=request_id,
        created_at_ms=reviewed.decided_at_ms,
        finished_at_ms=reviewed.decided_at_ms,
        tenant=first.tenant,
        key_id=first.key_id,  # who pays; the reviewer stands in the review
        state=RequestState.SETTLED if known else RequestState.UNKNOWN_COST,
        endpoint=REVIEW,
        stream=False,
        mode=first.mode,
        policy=first.policy,
        policy_hash=first.policy_hash,
        requested_model=first.requested_model,
        tier=REVIEW_TIER,
        tier_number=0,
        answerer=REVIEW_TIER,
        model="",
        verdict="",
        reason="",
        reasons=(),
        confidence=0.0,
        escalations=0,
        cost_nano_usd=attempt.cost_nano_usd,
        baselines=Baselines(0, 0, 0, 0),
        usage=Usage(),
        latency_ms=spent_ms,
        first_token_ms=None,
        triage_ms=0.0,
        prompt_digest="",
        answer_digest="",
        session_digest=first.session_digest,
        tags=first.tags,
        record=_record(first, case, reviewed),
        review_id=case.item.review_id,
        attempts=(attempt,),
    )


def _record(first: RequestRow, case: ReviewCase, reviewed: Reviewed) -> JsonText:
    """Whose review it was, and what domain and type it counts under; no decision to replay."""
    domain, request_type = row_names(first)
    told = {
        "signals": {"domain": domain, "request_type": request_type},
        "review": {
            "review_id": case.item.review_id,
            "request_id": first.request_id,
            "verdict": reviewed.verdict.value,
            "minutes": reviewed.minutes,
        },
    }
    return JsonText(msgspec.json.encode(told).decode())
