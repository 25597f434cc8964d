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
    gave_none = attempt.state is AttemptState.RELEASED or call_failed(attempt)
    return attempt.discarded and not gave_none and was_made(attempt)


def waste_of(attempt: AttemptRow) -> Waste | None:
    """Returns the waste that a call is.

    None for a call that gave, or helped, the answer that went out, and for one that was not made.
    """
    if not was_made(attempt):
        return None
    if attempt.role in ANSWERING and call_failed(attempt):
        return Waste.FAILED
    declined = attempt.state is AttemptState.RELEASED  # it looked, and gave no draft
    if attempt.discarded and attempt.role is not Role.SHADOW and not declined:
        return Waste.DRAFTS
    return Waste.CHECKS if attempt.role in (Role.CHECK, Role.SAMPLE, Role.SHADOW) else None
