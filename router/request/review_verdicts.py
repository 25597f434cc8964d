"""Takes a person's verdict on an answer: closes the matter, then books the minutes it took.

The matter is closed together with the feedback that the verdict is, then its minutes are booked.
The reviewed request's row is chained already, so the minutes get a row of their own, which refers
to it; its id follows from the request's, so that booking it twice changes nothing. It knows nothing
about where matters are stored or who may decide them.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from router.errors import NotFound, RequestError, ReviewConflict
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
from router.money import cost
from router.policy.parsing.meant_keys import alike
from router.stats.heads import label_key
from router.types import (
    AttemptState,
    Baselines,
    Clock,
    CostBasis,
    JsonText,
    Ledger,
    MinutePrice,
    RequestRow,
    RequestState,
    ReviewCase,
    ReviewDesk,
    Reviewed,
    ReviewVerdict,
    Role,
)

REVIEW_TIER = "review"

MOST_CLASSES_NAMED = 40
"""Bounds the classes that a refused label names."""

MinutePriceOf = Callable[[str, int], MinutePrice | None]
"""The price of a reviewer's minute by a policy's name, at a time; None: unknown."""


class Judgement(Struct, frozen=True):
    """Holds a reviewer's verdict; `text` is the right answer, needed only with `correct`."""

    verdict: ReviewVerdict
    minutes: float
    text: str = ""
    by: str = ""
    key_id: str = ""
    reason: str = ""  # why, in the reviewer's own words
    new_class: bool = False  # the label is a class that the head does not know yet


class BookedLeft(Struct, frozen=True):
    """Counts matters that were booked late, and lists those whose request is gone."""

    booked: int
    gone: tuple[str, ...]


class Reviewer:
    """Takes verdicts: the matter is closed first, then its minutes are booked."""

    def __init__(
        self, desk: ReviewDesk, ledger: Ledger, price_of: MinutePriceOf, clock: Clock
    ) -> None:
        self._desk = desk
        self._ledger = ledger
        self._price_of = price_of
        self._clock = clock

    async def decide(self, review_id: str, tenant: str | None, judgement: Judgement) -> ReviewCase:
        """Returns the matter after the verdict; `tenant` None means every tenant.

        Raises NotFound (no such matter of that tenant), ReviewConflict (it does not wait any more,
        its request is not finished, or there is no draft to approve), RequestError (its label is no
        class of its head), LedgerError.
        """
        case = await self._desk.case(review_id, tenant)
        if case is None:
            raise no_review(review_id)
        if case.item.status != "pending":
            raise _too_late(case)
        row = await self._ledger.get(case.item.request_id, None)
        if row is None or row.state is RequestState.OPEN:
            raise ReviewConflict(
                f"The request of {review_id} is {'gone' if row is None else 'not finished yet'}; "
                "a verdict needs it in the books."
            )
        text = self._standing(case, row, judgement)
        now_ms = self._clock.now_ms()
        price = self._price_of(row.policy, now_ms)
        reviewed = Reviewed(
            judgement.verdict,
            judgement.minutes,
            judgement.by,
            judgement.key_id,
            now_ms,
            None if price is None else cost.review_cost(price, judgement.minutes),
            "" if price is None else price.version,
            judgement.reason,
        )
        if not await self._desk.decide(review_id, reviewed, text):
            raise _too_late(await self._desk.case(review_id, tenant) or case)
        decided = await self._desk.case(review_id, tenant) or case
        await self._book(decided, row)
        return decided

    def _standing(self, case: ReviewCase, row: RequestRow, judgement: Judgement) -> str:
        """Returns the text that is valid from now on: the draft, the correction, or none."""
        if judgement.verdict is ReviewVerdict.CORRECT:
            return _label(case, judgement) if case.item.head else judgement.text
        if judgement.verdict is ReviewVerdict.REJECT:
            return ""
        if case.item.head:
            return case.item.suggested
        if row.verdict == "held" and not case.draft:
            raise ReviewConflict(
                f"{case.item.review_id} has no draft that could be approved: none was written, or "
                "it has expired. Give the answer itself with the verdict correct, or reject."
            )
        return case.draft or ""

    async def book_left(self) -> BookedLeft:
        """Books verdicts that a crash left decided and not booked. Raises LedgerError.

        A matter whose request is in no book any more can never be booked, and is let go.
        """
        booked, gone = 0, list[str]()
        for case in await self._desk.unbooked():
            row = await self._ledger.get(case.item.request_id, None)
            if row is None:
                await self._desk.booked(case.item.review_id)
                gone.append(case.item.review_id)
            else:
                await self._book(case, row)
                booked += 1
        return BookedLeft(booked, tuple(gone))

    async def _book(self, case: ReviewCase, row: RequestRow) -> None:
        if case.reviewed is not None:
            await self._ledger.finish(_review_row(row, case, case.reviewed))
            await self._desk.booked(case.item.review_id)


def _label(case: ReviewCase, judgement: Judgement) -> str:
    """Returns the label as its head spells it.

    Raises RequestError for one that its head does not know, unless it is said to be a new class: a
    slip of the pen would teach the head a class of its own.
    """
    label, known = judgement.text.strip(), case.item.classes
    spelt = {label_key(name): name for name in known}.get(label_key(label))
    if spelt is not None:
        return spelt
    if not known or judgement.new_class:
        return label
    near = alike(label, known)
    shown = ", ".join(known[:MOST_CLASSES_NAMED])
    more = len(known) - MOST_CLASSES_NAMED
    raise RequestError(
        f"{label[:80]!r} is no class of the head {case.item.head}"
        f"{f'; the closest is {near!r}' if near else ''}. Its classes are {shown}"
        f"{f' and {more} more' if more > 0 else ''}. If the head shall learn a class that it does "
        "not know, say so: `new_class: true` (`--new-class`).",
        param="corrected",
    )


def no_review(review_id: str) -> NotFound:
    """Returns the error for a matter that does not exist or is another tenant's."""
    return NotFound(
        f"There is no review {review_id[:80]!r} that you may see. GET /v1/reviews and "
        "`tiergate review list` name those that wait.",
        code="review_not_found",
    )


def _too_late(case: ReviewCase) -> ReviewConflict:
    return ReviewConflict(
        f"{case.item.review_id} does not wait any more: it is {case.item.status}. A verdict is "
        "given once; POST /v1/feedback adds what is learnt later."
    )


def _review_row(first: RequestRow, case: ReviewCase, reviewed: Reviewed) -> RequestRow:
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
            cost.Cost(reviewed.cost_nano_usd or 0, basis),
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
