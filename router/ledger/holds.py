"""Tells what of a request's cost is a hold, and what the request got for it. Pure."""

from __future__ import annotations

from router.ledger.replies import reply_of
from router.ledger.row_reading import attempt_cost_known, ending_of
from router.types import RequestRow


def held_unknown(row: RequestRow) -> tuple[str, int]:
    """Returns a finished request's `ReplyKind` or `Ending`, and what is held for its calls of
    unknown cost, in nano-dollars."""
    held = sum(a.held_nano_usd for a in row.attempts if not attempt_cost_known(a))
    return (ending_of(row) or reply_of(row)).value, held
