"""Builds a matter that waits for a person, and the row that books the person's verdict. Pure.

The reviewed request's row is chained already, so the minutes get a row of their own, which refers
to it; its id follows from the request's, so that booking it twice changes nothing.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from router.ledger.row_builder import (
    Kept,
    Place,
    Times,
    build_row,
    only_call,
    origin_of,
    spent_on,
)
from router.ledger.row_reading import REVIEW, row_names
from router.money.cost import Cost
from router.request.progress import Candidate
from router.request.review_facts import facts_of
from router.routing.routed_request import RoutedRequest
from router.types import (
    AttemptState,
    Baselines,
    CostBasis,
    Ids,
    JsonText,
    RequestRow,
    RequestState,
    ReviewCase,
    Reviewed,
    ReviewItem,
    Role,
    Urgency,
)

REVIEW_TIER = "review"


def review_of(
    routed: RoutedRequest, best: Candidate | None, ids: Ids, *, sent: bool = False
) -> ReviewItem:
    """Returns the matter as it waits for a person; `best` is the draft that is in question.

    `sent`: the client gets that draft at once, unverified.
    """
    return ReviewItem(
        review_id=f"rev_{ids.new()}",
        request_id=routed.request_id,
        tenant=routed.identity.tenant,
        domain=routed.matter_domain,
        created_at_ms=routed.created_at_ms,
        question=routed.request.last_user_text,
        facts=facts_of(routed, best, sent=sent),
        store=routed.policy.privacy.for_reviewers,
        retention_days=routed.policy.privacy.retention_days,
        urgency=_urgency(routed),
    )


def _urgency(routed: RoutedRequest) -> Urgency:
    """Returns how urgent a matter is; a refused one that calls for help is grave at least."""
    emergency = routed.emergency(routed.risk_domain or routed.signals.domain)
    if routed.acute or emergency or routed.refused_self_harm:
        return Urgency.EMERGENCY
    return Urgency.GRAVE if routed.grave or routed.calls_for_help else Urgency.ORDINARY


def review_row(first: RequestRow, case: ReviewCase, reviewed: Reviewed) -> RequestRow:
    """Returns the row of a review: people's minutes, for the tenant of the request.

    It saves nothing: any other answerer would cost this money too. So its baselines are 0,
    which is known, and lowers the saving by what the review cost. A label teaches a head and
    judges no answer: it has no baseline, and no saving counts it.
    """
    known = reviewed.cost_nano_usd is not None
    basis = CostBasis.REVIEWER_TIME if known else CostBasis.UNKNOWN
    origin = origin_of(first, _row_id(first, case), REVIEW)
    call = replace(
        only_call(
            origin.request_id,
            Role.REVIEW,
            Place(REVIEW_TIER, 0, REVIEW_TIER, ""),
            Cost(reviewed.cost_nano_usd or 0, basis),
            reviewed.decided_at_ms,
            reviewed.minutes * 60_000,
        ),
        state=AttemptState.SETTLED if known else AttemptState.UNKNOWN_COST,
        price_version=reviewed.price_version,
        reason=reviewed.verdict.value,
        upstream_id=first.request_id,  # whose answer it was
    )
    state = RequestState.SETTLED if known else RequestState.UNKNOWN_COST
    return build_row(
        origin,  # the key is the one that pays; the review names the reviewer's
        spent_on(call, state, Baselines() if case.item.head else Baselines(0, 0, 0, 0)),
        Times(reviewed.decided_at_ms, reviewed.decided_at_ms, call.latency_ms),
        kept=_kept(first, case, reviewed),
    )


def _row_id(first: RequestRow, case: ReviewCase) -> str:
    head = case.item.head
    return f"{first.request_id}-{'review' if not head else f'label-{head}'}"


def _kept(first: RequestRow, case: ReviewCase, reviewed: Reviewed) -> Kept:
    """Returns whose review it was, and its domain and type; there is no decision to replay."""
    domain, request_type = row_names(first)
    record = {
        "signals": {"domain": domain, "request_type": request_type},
        "review": {
            "review_id": case.item.review_id,
            "request_id": first.request_id,
            "verdict": reviewed.verdict.value,
            "minutes": reviewed.minutes,
        },
    }
    return Kept(
        session_digest=first.session_digest,
        record=JsonText(msgspec.json.encode(record).decode()),
        domain=domain,
        request_type=request_type,
        review_id=case.item.review_id,
    )
