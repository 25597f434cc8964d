"""Shows on a terminal the rows of a file that are read wrongly: line, chance, and text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from router.cli.policies.one_line import shortened

if TYPE_CHECKING:
    from router.evaluation.options import WrongRow

SHOWN = 20
"""Sets how many rows of each kind are shown: they fit one screen."""
LEAST_TEXT = 20
"""Sets the characters of a text that are shown on the narrowest terminal."""


def wrong_lines(wrong: Sequence[WrongRow], width: int) -> list[str]:
    """Returns the rows that are read wrongly as lines of a terminal of `width` characters.

    Of each kind the first are shown, with their chances and as much text as a line holds.
    """
    lines = []
    for how in dict.fromkeys(row.how for row in wrong):
        rows = [row for row in wrong if row.how == how]
        lines.append(f"{how}: {len(rows):,}")
        for row in rows[:SHOWN]:
            start = f"  line {row.line}, {row.chance:.4f}: "
            lines.append(start + shortened(row.text, max(width - len(start), LEAST_TEXT)))
        if len(rows) > SHOWN:
            lines.append(f"  and {len(rows) - SHOWN:,} more: --json has all of them")
    return lines
