"""Reports how calls ended: which failed or were refused, and what happens next.

What happens next is known a moment after the failure, when `next_rung` has spoken or the request
has ended, so troubles wait with the attempts until then. It knows nothing about logs.
"""

from __future__ import annotations

import asyncio

from router.errors import (
    NOT_ADMITTED,
    AnswererError,
    BudgetExceeded,
    LedgerUnavailable,
    MaxCostTooLow,
    Overloaded,
    RateLimited,
    TiergateError,
    UpstreamError,
)
from router.ledger.row_builder import unanswered
from router.ledger.row_reading import provider_difference
from router.request.progress import Candidate, Progress
from router.routing.routed_request import RoutedRequest
from router.types import (
    CallFailed,
    CallRedirected,
    CallRefused,
    Event,
    Events,
    HoldPassed,
    Identity,
    PriceDiffers,
    RequestRow,
    RowUnwritten,
    Verdict,
)

MAY_DIFFER = 0.2
"""Share of a call's cost by which its provider's statement may differ unsaid: prices of a day, of a
cache or of a currency move that far, a wrong book or another model's price moves further."""
SHADOW_ENDS = "nothing: the client has its answer, and this was a shadow"


def tell(routed: RoutedRequest, progress: Progress, events: Events, next_is: str) -> None:
    """Reports all troubles that were not reported yet."""
    attempts = progress.attempts
    told: set[int] = set()  # a deliberation fails as one of its steps did, several at a time
    for attempt, error in attempts.troubles[attempts.reported :]:
        by_the_store = isinstance(error, LedgerUnavailable)  # once, by itself
        if id(error) not in told and not by_the_store:
            events.happened(_event(routed, progress, attempt, error, next_is))
        told.add(id(error))
    attempts.reported = len(attempts.troubles)


def tell_step(routed: RoutedRequest, progress: Progress, events: Events, at: int | None) -> None:
    """Reports that another rung is called next; where none is, the end of the request reports."""
    if at is not None:
        rung = routed.decision.rungs[at]
        tell(routed, progress, events, f"goes on with {rung.answerer} (tier {rung.tier})")


def tell_answered(
    routed: RoutedRequest,
    progress: Progress,
    events: Events,
    row: RequestRow,
    candidate: Candidate,
    verdict: Verdict,
) -> None:
    """Reports that the request is over, with an answer."""
    events.finished(row)
    if progress.attempts.redirects:
        _tell_redirects(routed, progress, events)
    _tell_prices(routed, progress, events)
    if progress.attempts.reported == len(progress.attempts.troubles):
        return  # most requests have no trouble
    if verdict in (Verdict.ACCEPTED, Verdict.UNVERIFIED):
        tell(
            routed,
            progress,
            events,
            f"the answer of {candidate.rung.answerer} goes out, {verdict.value}",
        )
    else:
        tell(routed, progress, events, f"approved words go out, {verdict.value}")


def tell_ended(
    routed: RoutedRequest,
    progress: Progress,
    events: Events,
    row: RequestRow,
    failed: BaseException | None,
) -> None:
    """Reports that the request is over, without an answer.

    The row of an answer that could not be written in time is owed as one without an answer. It
    stays as it is where the client left meanwhile.
    """
    error = failed if isinstance(failed, TiergateError) else None
    events.finished(row if error is None else unanswered(row, error.code))
    _tell_redirects(routed, progress, events)
    _tell_prices(routed, progress, events)
    if error is None:
        tell(routed, progress, events, "nothing: the client has left")
    elif progress.committed is not None:
        tell(routed, progress, events, f"the stream breaks off with {error.code}")
    else:
        tell(routed, progress, events, f"the client gets {error.status} {error.code}")


def _tell_redirects(routed: RoutedRequest, progress: Progress, events: Events) -> None:
    """Reports models that answered for others, which may cost more."""
    for one in progress.attempts.redirects:
        priced = one.price is not None
        events.happened(CallRedirected(one.asked, one.answered, priced, routed.request_id))


def _tell_prices(routed: RoutedRequest, progress: Progress, events: Events) -> None:
    """Reports calls whose cost is doubtful.

    They cost more than was held, or their provider states a cost that is far from what their price
    gives, or one that no call has.
    """
    for call in progress.attempts.rows:
        if 0 < call.held_nano_usd < call.cost_nano_usd:
            held, paid = call.held_nano_usd, call.cost_nano_usd
            events.happened(HoldPassed(call.answerer, call.model, held, paid, routed.request_id))
        unbelieved = progress.attempts.unbelieved.get(call.attempt_id)
        if unbelieved is not None:
            booked, named = call.cost_nano_usd, routed.request_id
            differs = PriceDiffers(call.answerer, call.model, booked, unbelieved, named, False)
            events.happened(differs)
        difference = None
        if call.provider_cost_nano_usd is not None and not call.estimated:
            difference = provider_difference(call)
        if difference is None or abs(difference) <= MAY_DIFFER * call.cost_nano_usd:
            continue
        stated = call.cost_nano_usd + difference
        events.happened(
            PriceDiffers(call.answerer, call.model, call.cost_nano_usd, stated, routed.request_id)
        )


def tell_refused(events: Events, identity: Identity, error: TiergateError) -> None:
    """Reports a request that its rates or its own cap of money refuse at the start."""
    if isinstance(error, RateLimited | MaxCostTooLow):
        events.happened(_refused(identity, error, "", ""))


def tell_unwritten(events: Events, request_id: str, task: asyncio.Task[None]) -> None:
    """Reports that a row was not written by a task that nobody waits for, once it is done."""
    error = None if task.cancelled() else task.exception()
    if error is None:
        return
    code = error.code if isinstance(error, TiergateError) else "internal_error"
    events.happened(RowUnwritten(request_id, code))
    if not isinstance(error, TiergateError):
        # A fault of our own: the loop logs it with its traceback, which the event has not.
        context = {"message": "a row was not written", "exception": error, "task": task}
        task.get_loop().call_exception_handler(context)


def _event(
    routed: RoutedRequest, progress: Progress, number: int, error: TiergateError, next_is: str
) -> Event:
    attempt = progress.attempts.rows[number]
    if isinstance(error, (*NOT_ADMITTED, Overloaded)):
        return _refused(routed.identity, error, attempt.answerer, routed.request_id)
    return CallFailed(
        answerer=attempt.answerer,
        host=error.host if isinstance(error, AnswererError) else "",
        status=error.upstream_status if isinstance(error, UpstreamError) else None,
        code=error.code,
        next=next_is,
        retried=False,
        request_id=routed.request_id,
        reason=error.noted,
        url=error.url if isinstance(error, UpstreamError) else "",
    )


def _refused(
    identity: Identity, error: TiergateError, answerer: str, request_id: str
) -> CallRefused:
    limit, scope, hopeless = "", "", False
    if isinstance(error, BudgetExceeded):
        limit, scope, hopeless = error.limit, error.scope, error.hopeless
    elif isinstance(error, RateLimited):
        limit, scope = f"{error.type}_per_minute", error.scope
        hopeless = error.retry_after_ms < 0
    elif isinstance(error, MaxCostTooLow):
        limit, hopeless = "max_cost_usd", True
    return CallRefused(
        identity.tenant, identity.key_id, error.code, limit, scope, answerer, hopeless, request_id
    )
