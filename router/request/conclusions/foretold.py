"""Foretells what may go out in place of a model's answer, before the model is asked. Pure.

An answer to a grave matter whose chance is assumed is judged by its words, which nobody knows yet.
So an explanation that names only the answerer promises too much.
"""

from __future__ import annotations

from router.routing.routed_request import RoutedRequest
from router.types import Exhausted

_OUT = "its answer goes out marked unverified"


def foretold(routed: RoutedRequest) -> str:
    """Returns what becomes of the first rung's answer, "" where nothing but the answer decides.

    It says nothing of words that go out before any call: the verdict tells those. It says nothing
    either where another rung, whose answers somebody measured or judges, may answer instead.
    """
    early = routed.refused or routed.safe_answer_first or routed.unanswerable
    if early or routed.observed is not None or not (routed.grave and routed.all_guessed):
        return ""
    answerer = routed.decision.first_rung.answerer
    why = f"how often {answerer} is right in a grave matter is assumed, nobody measured it"
    return f"{_what_goes_out(routed)}: {why}"


def _what_goes_out(routed: RoutedRequest) -> str:
    rule, told = routed.exhausted, f"a person is told (exhausted: {routed.exhausted.value})"
    if rule.by_person and routed.keeps_shape and (routed.acute or routed.request.needs_shape):
        return f"{_OUT}, in the shape that was asked for, and {told}"
    if rule is Exhausted.REFUSE:
        # Words of refusal would break the shape.
        instead = "an error" if routed.request.needs_shape else "a refusal"
        return f"{instead} goes out in place of its answer (exhausted: refuse)"
    if not rule.by_person:
        return _OUT
    if rule is Exhausted.HOLD:
        return f"approved words go out in place of its answer, and {told}"
    if routed.acute or routed.decision.first_rung.p < routed.policy.decision.accept_at:
        return f"approved words go out in place of its answer, and {told}"
    return f"{_OUT} if it is about the question; otherwise approved words do, and {told}"
