"""Builds a matter that waits for a person, and the row that books the person's verdict. Pure.

The reviewed request's row is chained already, so the minutes get a row of their own, which refers
to it; its id follows from the request's, so that booking it twice changes nothing.
"""

from __future__ import annotations

from itertools import islice

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
from router.policy.content.deliberation import facts_in
from router.routing.hard_rules import findings_of
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
MOST_PHRASES = 6
"""Phrases that a reviewer reads. It is chosen by hand, not measured: a few lines are read at a
glance, and each costs a search of its own."""

EARLIER = 4
"""Earlier messages that are searched for the words of a phrase, each within its own bound."""


def review_of(routed: RoutedRequest, ids: Ids) -> ReviewItem:
    """Returns the matter as it waits for a person."""
    return ReviewItem(
        review_id=f"rev_{ids.new()}",
        request_id=routed.request_id,
        tenant=routed.identity.tenant,
        domain=routed.risk_domain or routed.signals.domain,
        created_at_ms=routed.created_at_ms,
        question=routed.request.last_user_text,
        facts=(
            *facts_in(routed.request, routed.signals),
            *_found_words(routed),
            *_read_matter(routed),
        ),
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


def _found_words(routed: RoutedRequest) -> tuple[str, ...]:
    """Returns by which words phrases were found, from the latest message that has them."""
    request, names = routed.request, routed.signals.risk_terms
    if not names:
        return ()
    latest = (request.last_user_text, *reversed(request.earlier_user_texts[-EARLIER:]))
    lines = islice(routed.runtime.found_words(latest, names), MOST_PHRASES)
    return tuple(_in_words(*line.partition(": ")) for line in lines)


def _in_words(name: str, _colon: str, words: str) -> str:
    """Returns a phrase's line: `words found for medical emergency (en): chest, tight`."""
    matter, _, language = name.replace("_", " ").partition(":")
    return f"words found for {matter}{language and f' ({language})'}: {words}"


def _read_matter(routed: RoutedRequest) -> tuple[str, ...]:
    """Returns the grave matter that the reader found and its chance, where no phrase names one.

    In another language than English the chance is sound, and which matter it is is a guess.
    """
    signals, findings = routed.signals, findings_of(routed.policy, routed.signals)
    if signals.matter is None or not findings.grave or findings.lists:
        return ()
    matter = signals.matter.replace("_", " ")
    return (f"read as a grave matter: chance {signals.grave:.2f}, most likely {matter}",)


def review_row(first: RequestRow, case: ReviewCase, reviewed: Reviewed) -> RequestRow:
    """Returns the row of a review: people's minutes, for the tenant of the request.

    It saves nothing: any other answerer would cost this money too. So its baselines are 0,
    which is known, and lowers the saving by what the review cost.
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
        spent_on(call, state, Baselines(0, 0, 0, 0)),
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
