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

    Among them are the client's parameters of sampling that the model refused, and hints that do not
    hold of it.
    """
    facts, request = routed.plans[candidate.index].facts, routed.request
    cap = None
    if facts.speaks_anthropic:  # other formats have no thoughts that a cap bounds
        cap = progress.attempts.own_cap(candidate.index, facts, request)
    reworded = candidate.index in progress.attempts.reworded
    names = dropped(request, facts, candidate.answer, cap, reworded)
    refused = progress.attempts.left_out.get(candidate.index, ())
    stated = [name for name in refused if name != _HONOURED and value_of(request, name)]
    unheard = _unheard(routed, candidate)
    if not (stated or unheard):
        return names
    if THINKING in stated:
        # The kind was refused before all thoughts, and may be asked for again by now.
        stated = [name for name in stated if name != THINKING_TYPE]
    own = [_EFFORT_IN.get(request.endpoint, name) if name == EFFORT else name for name in stated]
    return tuple(dict.fromkeys((*unheard, *own, *names)))


def _unheard(routed: RoutedRequest, candidate: Candidate) -> list[str]:
    """Returns the hints that do not hold of this answer.

    This key may not lower by them, a rule goes before them, or the client names a tier as well.
    """
    hints, rung = routed.request.hints, candidate.rung
    may_lower, answered = routed.identity.may_lower, not candidate.stands_in
    least, most, stakes = hints.min_tier, hints.max_tier, hints.stakes_nano_usd
    unheard = []
    if least is not None and answered and rung.level < least:
        unheard.append("routing.min_tier")
    if most is not None and (not may_lower or (answered and rung.level > most)):
        unheard.append("routing.max_tier")
    if stakes is not None and not may_lower and stakes < routed.decision.stakes_nano_usd:
        unheard.append("routing.stakes_usd")
    floor = hints.confidence_floor
    if floor is not None and answered and rung.level == 1 and rung.p < floor:
        unheard.append("routing.confidence_floor")
    return unheard


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
