"""Says of a call if its answer was thrown away, and which kind of waste it is. Pure."""

from __future__ import annotations

from router.ledger.aggregates import Waste
from router.ledger.row_reading import ANSWERING, call_failed, was_made
from router.types import AttemptRow, AttemptState, Role, Turn


def thrown_away(attempt: AttemptRow | Turn) -> bool:
    """Returns True for a call that gave an answer which nobody saw.

    A call that failed gave none, whatever was held or booked for it; it is counted as failed. Nor
    did an answerer that looked and declined, or one that was not asked.
    """
    return _came_to_nothing(attempt) and not call_failed(attempt)


def waste_of(attempt: AttemptRow) -> Waste | None:
    """Returns the waste that a call is.

    None for a call that gave, or helped, the answer that went out, and for one that was not made.
    """
    if not was_made(attempt):
        return None
    if attempt.role in ANSWERING and call_failed(attempt):
        return Waste.FAILED
    # A check that failed on a draft that nobody saw is part of what the draft cost.
    if attempt.role is not Role.SHADOW and _came_to_nothing(attempt):
        return Waste.DRAFTS
    return Waste.CHECKS if attempt.role in (Role.CHECK, Role.SAMPLE, Role.SHADOW) else None


def _came_to_nothing(attempt: AttemptRow | Turn) -> bool:
    """Returns True for a call that was made for what nobody saw, not one that looked and declined.

    A call that declined is released, and gave no draft.
    """
    declined = attempt.state is AttemptState.RELEASED
    return attempt.discarded and not declined and was_made(attempt)
