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
    RateLimited,
    TiergateError,
    UpstreamError,
)
from router.types import CallFailed, CallRefused, Event, Events, Identity, RequestState, Verdict
from router.walk import Candidate, Trouble, Walk

SHADOW_ENDS = "nothing: the client has its answer, and this was a shadow"


def tell(walk: Walk, events: Events, next_is: str) -> None:
    """Tell of all troubles that nobody was told of yet."""
    last: TiergateError | None = None
    for trouble in walk.troubles:
        told = isinstance(trouble.error, LedgerUnavailable)  # by the store itself, once
        if trouble.error is not last and not told:  # a deliberation fails as its step did
            events.happened(_event(walk, trouble, next_is))
        last = trouble.error
    walk.troubles.clear()


def moves_on(walk: Walk, at: int) -> str:
    """What happens next where another rung is called."""
    rung = walk.decision.rungs[at]
    return f"goes on with {rung.answerer} (tier {rung.tier})"


def answered(candidate: Candidate, verdict: Verdict) -> str:
    """What happens next where the request ends with an answer."""
    if verdict in (Verdict.ACCEPTED, Verdict.UNVERIFIED):
        return f"the answer of {candidate.rung.answerer} goes out, {verdict.value}"
    return f"approved words go out, {verdict.value}"


def ended(walk: Walk, state: RequestState, error: TiergateError | None) -> str:
    """What happens next where the request ends without an answer."""
    if state is RequestState.CANCELLED or error is None:
        return "nothing: the client has left"
    if walk.released:
        return f"the stream breaks off with {error.code}"
    return f"the client gets {error.status} {error.code}"


@contextmanager
def refusals_told(events: Events, identity: Identity) -> Iterator[None]:
    """Tell of a request that its rates do not let begin."""
    try:
        yield
    except RateLimited as error:
        events.happened(_refused(identity, error, "", ""))
        raise


def _event(walk: Walk, trouble: Trouble, next_is: str) -> Event:
    error, attempt = trouble.error, walk.attempts[trouble.attempt]
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
    return CallRefused(
        identity.tenant, identity.key_id, error.code, limit, scope, answerer, hopeless, request_id
    )
