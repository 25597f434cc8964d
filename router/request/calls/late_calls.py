"""Words the errors of a call that was not over in time: of its answerer, or of the request. Pure.

Which of the two ended says what to change, and who is at fault.
"""

from __future__ import annotations

from router.errors import DeadlineExceeded
from router.types import AnswererFacts, Hints


def out_of_time(hints: Hints, what: str) -> DeadlineExceeded:
    """Returns the error of a request whose own time ended before its answerer's."""
    allowed_ms = hints.deadline_ms
    told = "" if allowed_ms is None else f" of {allowed_ms:,} ms"
    late = DeadlineExceeded(
        f"{what}: the request's deadline_ms{told} ended. Allow more time there, or ask for less."
    )
    late.by_request = True
    return late


def too_late(hints: Hints, facts: AnswererFacts, *, by_request: bool) -> DeadlineExceeded:
    """Returns the error of a call that its own time ended, or the request's (`by_request`)."""
    if by_request:
        return out_of_time(hints, f"{facts.name} did not finish in time")
    return DeadlineExceeded(
        f"{facts.name} did not finish within its {facts.deadline_ms / 1000.0:g} s. Allow more time "
        "(`deadline_s` in the policy), or ask for less."
    )
