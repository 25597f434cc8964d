"""Says what of a request did not reach its answerer as the client wrote it. Pure."""

from __future__ import annotations

from router.request.progress import Candidate, Progress
from router.routing.routed_request import RoutedRequest
from router.routing.verification import ends_short
from router.wire.body_keys import dropped
from router.wire.refusals import EFFORT, THINKING, THINKING_TYPE, value_of

_EFFORT_IN = {
    "responses": "reasoning.effort",
    "responses.compact": "reasoning.effort",
    "messages": "output_config.effort",
}
_HONOURED = "stop"  # the answer is cut here


def left_out(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> tuple[str, ...]:
    """Returns the body's keys that did not reach this answerer, or went there with another value.

    Among them are the client's parameters of sampling that the model refused, and hints that count
    only for keys that may lower.
    """
    facts, request = routed.plans[candidate.index].facts, routed.request
    cap = None
    if facts.speaks_anthropic:  # other formats have no thoughts that a cap bounds
        cap = progress.attempts.own_cap(candidate.index, facts, request)
    reworded = candidate.index in progress.attempts.reworded
    names = dropped(request, facts, candidate.answer, cap, reworded)
    refused = progress.attempts.left_out.get(candidate.index, ())
    stated = [name for name in refused if name != _HONOURED and value_of(request, name)]
    unheard = () if routed.identity.may_lower else _unheard(routed)
    if not (stated or unheard):
        return names
    if THINKING in stated:
        # The kind was refused before all thoughts, and may be asked for again by now.
        stated = [name for name in stated if name != THINKING_TYPE]
    own = [_EFFORT_IN.get(request.endpoint, name) if name == EFFORT else name for name in stated]
    return tuple(dict.fromkeys((*unheard, *own, *names)))


def _unheard(routed: RoutedRequest) -> tuple[str, ...]:
    """Returns the hints by which this key may not lower a level or the stakes."""
    hints, stakes_nano = routed.request.hints, routed.decision.stakes_nano_usd
    lower_stakes = hints.stakes_nano_usd is not None and hints.stakes_nano_usd < stakes_nano
    capped = ("routing.max_tier",) if hints.max_tier is not None else ()
    return (*capped, "routing.stakes_usd") if lower_stakes else capped


def lowered_cap(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> int | None:
    """Returns the gateway's own cap of output if the client asked for more, otherwise None.

    A client that asked for no cap is told it where it cut the answer.
    """
    facts, asked = routed.plans[candidate.index].facts, routed.request.sampling.max_output_tokens
    if facts.without_model or (asked is None and not ends_short(candidate.answer)):
        return None
    own = progress.attempts.own_cap(candidate.index, facts, routed.request)
    return own if asked is None or asked > own else None


def tools_left_out(routed: RoutedRequest, tried: Candidate) -> tuple[str, ...]:
    """Returns the types of tools that this candidate's answerer was not offered."""
    request, facts = routed.request, routed.plans[tried.index].facts
    native = () if facts.speaks_anthropic else request.native_kinds
    return (*request.unsupported_tools, *native)
