"""Names what of a client's body did not reach the model that answers it. Pure."""

from __future__ import annotations

from router.request.progress import Candidate, Progress
from router.routing.routed_request import RoutedRequest
from router.wire.body_keys import dropped
from router.wire.refusals import EFFORT, value_of

_EFFORT_IN = {
    "responses": "reasoning.effort",
    "responses.compact": "reasoning.effort",
    "messages": "output_config.effort",
}
_HONOURED = "stop"  # the answer is cut here


def left_out(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> tuple[str, ...]:
    """Returns the body's keys that did not reach this answerer, or went there with another value.

    Among them are the client's parameters of sampling that the model refused.
    """
    facts, request = routed.plans[candidate.at].facts, routed.request
    cap = progress.attempts.own_cap(candidate.at, facts, request)
    names = dropped(request, facts, candidate.answer, cap)
    refused = progress.attempts.left_out.get(candidate.at, ())
    stated = [name for name in refused if name != _HONOURED and value_of(request, name)]
    if not stated:
        return names
    own = [_EFFORT_IN.get(request.endpoint, name) if name == EFFORT else name for name in stated]
    return tuple(dict.fromkeys((*own, *names)))
