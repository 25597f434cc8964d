"""Chooses which of a request's failures its client is told: the one that it can act on.

Agents and SDKs go by it: after an overload they ask again, a refused request ends them, a prompt
that is too long they compact. It calls nobody; `awaited` alone reads which answerers rest just now.
"""

from __future__ import annotations

from router.errors import (
    NOT_ADMITTED,
    QUOTA_EXHAUSTED,
    AnswererNotReady,
    CannotAnswer,
    TiergateError,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRejected,
    UpstreamTooLong,
)
from router.request.progress import Progress
from router.routing.routed_request import RoutedRequest
from router.types import AnswererState, Reason, Role


def is_outage(error: TiergateError) -> bool:
    """Returns True for a failure of an answerer, False where a limit refused the call."""
    return not isinstance(error, NOT_ADMITTED)


def told_failure(
    routed: RoutedRequest,
    progress: Progress,
    rung: int,
    error: TiergateError,
    earlier: TiergateError,
) -> TiergateError:
    """Returns the failure that is told: this rung's `error`, or the `earlier` one.

    A rung that declines the request hides no outage. What may pass is told before a refusal, which
    is final for one model alone; money that is spent only where each call says so. A prompt that is
    too long for a model is too long for those that take no more, whatever they said. Of refusals of
    the request, that in the client's own format is told. Otherwise a failure of the ladder is told,
    not that of a rung that stands in, with the shorter of two waits. It is final if both are.
    """
    declined, before = isinstance(error, CannotAnswer), isinstance(earlier, CannotAnswer)
    if declined != before and (declined or is_outage(error)):
        return error if before else earlier
    if isinstance(error, UpstreamTooLong):
        before_it = {at for at, failed in _failures(progress) if failed is earlier}
        if before_it and before_it <= set(outgrown(routed, progress)):
            return error
    if is_outage(error) and is_outage(earlier) and _passes(error) != _passes(earlier):
        return max(error, earlier, key=_passes)
    if error.status == earlier.status == 400:
        speaks = [one for one in (error, earlier) if _speaks(routed, progress, one)]
        if len(speaks) == 1:
            return speaks[0]
    told, other = (error, earlier) if routed.decision.rungs[rung].taken else (earlier, error)
    if isinstance(told, UpstreamError) and isinstance(other, UpstreamError):
        # Whoever asks again is answered once either of them takes calls.
        waits = [wait for wait in (told.retry_after_s, other.retry_after_s) if wait is not None]
        told.retry_after_s = min(waits, default=None)
    if isinstance(told, UpstreamError):
        told.final = told.final and isinstance(other, UpstreamError) and other.final
    return told


def _failures(progress: Progress) -> list[tuple[int, TiergateError]]:
    """Returns the rungs whose own calls failed, each with its failure."""
    rows = progress.attempts.rows
    failed = [(rows[i], error) for i, error in progress.attempts.troubles]
    return [(call.rung, e) for call, e in failed if call.role is Role.ANSWER and call.rung >= 0]


def _speaks(routed: RoutedRequest, progress: Progress, error: TiergateError) -> bool:
    """Returns True where the upstream that failed so has the client's format: OpenAI's or not.

    Its words name the keys and the places that the client wrote.
    """
    wires = [
        routed.plans[at].facts.body.wire for at, failed in _failures(progress) if failed is error
    ]
    anthropic = routed.request.endpoint == "messages"
    return any((wire == "anthropic") == anthropic for wire in wires)


def _passes(error: TiergateError) -> int:
    """Returns 2 for a failure that may pass, 1 for a refusal, 0 where money is spent."""
    if error.code == QUOTA_EXHAUSTED:
        return 0
    refused = isinstance(error, AnswererNotReady) and error.key_refused
    return 1 if refused or isinstance(error, UpstreamRejected) else 2


def must_be_changed(error: TiergateError | None) -> bool:
    """Returns True for a request that providers refuse until its client changes it.

    Words in its place would hide that, and each repeat would tell a person. What a provider's rules
    about content refuse is none: nobody can mend it.
    """
    refused = isinstance(error, UpstreamRejected) and error.status == 400
    return refused and not isinstance(error, UpstreamContentRefused)


def is_passing(error: TiergateError) -> bool:
    """Returns True for a failure of an answerer that the same request may not meet again."""
    return is_outage(error) and _passes(error) == 2 and not isinstance(error, UpstreamInvalid)


def awaited(
    routed: RoutedRequest, progress: Progress, failed: TiergateError | None
) -> TiergateError | None:
    """Returns the failure that is told where some answerers take no calls just now.

    One that would have had its turn takes calls again when its breaker has rested, so a refusal by
    those that were left is not the last word. Nor is a failure that may pass and that its provider
    calls final, or one for which it asks a longer wait: that `failed` is changed, its wait
    shortened, and returned.
    """
    if failed is None or not is_outage(failed):
        return failed
    passes = _passes(failed) == 2
    if passes and not _says_when(failed):
        return failed
    if routed.observed is not None:  # no other one stands in for what is measured
        return failed
    rests = _rests(routed, progress, failed)
    if not rests:
        return failed
    rest_s = max(1.0, min(rests.values()))
    if passes and isinstance(failed, UpstreamError):
        failed.final = False
        asked_s = failed.retry_after_s
        failed.retry_after_s = rest_s if asked_s is None else min(asked_s, rest_s)
        return failed
    verb = "takes" if len(rests) == 1 else "take"
    return AnswererNotReady(
        f"{', '.join(rests)} {verb} no calls just now, after failures. Try again in a moment.",
        retry_after_s=rest_s,
    )


def _says_when(failed: TiergateError) -> bool:
    """Returns True where a provider says if or when it may be asked again."""
    return isinstance(failed, UpstreamError) and (failed.final or failed.retry_after_s is not None)


def _rests(routed: RoutedRequest, progress: Progress, failed: TiergateError) -> dict[str, float]:
    """Returns the answerers that were passed over since they rest, each with the seconds left."""
    useless = outgrown(routed, progress) if isinstance(failed, UpstreamTooLong) else ()
    rests: dict[str, float] = {}
    for i, rung in enumerate(routed.decision.rungs):
        unready = rung.reasons and rung.reasons[0] is Reason.NOT_READY
        if rung.taken or not unready or i in useless:
            continue
        status = routed.plans[i].answerer.status()
        if status.state in (AnswererState.OPEN_BREAKER, AnswererState.READY):
            rests[rung.answerer] = status.rest_s
    return rests


def outgrown(routed: RoutedRequest, progress: Progress) -> tuple[int, ...]:
    """Returns the rungs whose model takes no more than one that found the prompt too long."""
    refused = [at for at, error in _failures(progress) if isinstance(error, UpstreamTooLong)]
    if not refused:
        return ()
    facts = routed.facts
    most = max([facts[i].context_tokens for i in refused])
    models = [i for i, plan in enumerate(routed.plans) if not plan.facts.without_model]
    return tuple([i for i in models if facts[i].context_tokens <= most])
