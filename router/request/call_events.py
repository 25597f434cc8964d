"""Tells who listens what became of calls: which failed or were refused, and what happens next.

What happens next is known a moment after the failure, when `next_rung` has spoken or the request
has ended, so troubles wait on the walk until then. It knows nothing about logs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from router.errors import (
    NOT_ADMITTED,
    AnswererError,
    BudgetExceeded,
    LedgerUnavailable,
    MaxCostTooLow,
    RateLimited,
    TiergateError,
    UpstreamError,
)
from router.request.state import Candidate, Walk
from router.types import (
    CallFailed,
    CallRedirected,
    CallRefused,
    Event,
    Events,
    Identity,
    RequestRow,
    Verdict,
)

SHADOW_ENDS = "nothing: the client has its answer, and this was a shadow"


def tell(walk: Walk, events: Events, next_is: str) -> None:
    """Tell of all troubles that nobody was told of yet."""
    last: TiergateError | None = None
    for attempt, error in walk.troubles:
        told = isinstance(error, LedgerUnavailable)  # by the store itself, once
        if error is not last and not told:  # a deliberation fails as its step did
            events.happened(_event(walk, attempt, error, next_is))
        last = error
    walk.troubles.clear()


def tell_step(walk: Walk, events: Events, at: int | None) -> None:
    """Tell that another rung is called next; where none is, the end of the request will tell."""
    if walk.troubles and at is not None:
        rung = walk.decision.rungs[at]
        tell(walk, events, f"goes on with {rung.answerer} (tier {rung.tier})")


def tell_answered(
    walk: Walk, events: Events, row: RequestRow, candidate: Candidate, verdict: Verdict
) -> None:
    """Tell that the request is over, with an answer."""
    events.finished(row)
    _tell_redirects(walk, events)
    if not walk.troubles:
        return
    if verdict in (Verdict.ACCEPTED, Verdict.UNVERIFIED):
        tell(walk, events, f"the answer of {candidate.rung.answerer} goes out, {verdict.value}")
    else:
        tell(walk, events, f"approved words go out, {verdict.value}")


def tell_ended(walk: Walk, events: Events, row: RequestRow, error: TiergateError | None) -> None:
    """Tell that the request is over, without an answer."""
    events.finished(row)
    _tell_redirects(walk, events)
    if error is None:
        tell(walk, events, "nothing: the client has left")
    elif walk.released:
        tell(walk, events, f"the stream breaks off with {error.code}")
    else:
        tell(walk, events, f"the client gets {error.status} {error.code}")


def _tell_redirects(walk: Walk, events: Events) -> None:
    """Tell of models that answered for others, which may cost more."""
    for one in walk.redirects:
        priced = one.price is not None
        events.happened(CallRedirected(one.asked, one.answered, priced, walk.request_id))


@contextmanager
def refusals_told(events: Events, identity: Identity) -> Iterator[None]:
    """Tell of a request that its rates or its own cap of money do not let begin."""
    try:
        yield
    except (RateLimited, MaxCostTooLow) as error:
        events.happened(_refused(identity, error, "", ""))
        raise


def _event(walk: Walk, number: int, error: TiergateError, next_is: str) -> Event:
    attempt = walk.attempts[number]
    if isinstance(error, NOT_ADMITTED):
        return _refused(walk.identity, error, attempt.answerer, walk.request_id)
    return CallFailed(
        answerer=attempt.answerer,
        host=error.host if isinstance(error, AnswererError) else "",
        status=error.upstream_status if isinstance(error, UpstreamError) else None,
        code=error.code,
        next=next_is,
        retried=False,
        request_id=walk.request_id,
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
