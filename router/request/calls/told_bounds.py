"""Says what of a request did not reach its answerer as the client wrote it. Pure."""

from __future__ import annotations

from router.request.progress import Candidate, Progress
from router.routing.routed_request import RoutedRequest
from router.routing.verification import ends_short


def lowered_cap(routed: RoutedRequest, progress: Progress, candidate: Candidate) -> int | None:
    """Returns the gateway's own cap of output if the client asked for more, otherwise None.

    A client that asked for no cap is told it where it cut the answer.
    """
    facts, asked = routed.plans[candidate.at].facts, routed.request.sampling.max_output_tokens
    if facts.without_model:
        return None
    own = progress.attempts.own_cap(candidate.at, facts, routed.request)
    if asked is None:
        return own if ends_short(candidate.answer) else None
    return own if asked > own else None


def tools_left_out(routed: RoutedRequest, tried: Candidate) -> tuple[str, ...]:
    """Returns the types of tools that this candidate's answerer was not offered."""
    request, facts = routed.request, routed.plans[tried.at].facts
    native = () if facts.speaks_anthropic else request.native_kinds
    return (*request.unsupported_tools, *native)
