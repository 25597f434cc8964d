"""Shows on a terminal the rows of a file that are read wrongly: line, chance, and text."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from router.cli.policies.one_line import shortened

if TYPE_CHECKING:
    from router.evaluation.options import WrongRow

SHOWN = 20
"""Sets how many rows of each kind are shown: they fit one screen."""
LEAST_TEXT = 20
"""Sets the cells of a text that are shown on the narrowest terminal."""
MOST_PER_CELL = 4
"""Bounds the characters of a cell: a letter and the marks on it."""


def wrong_lines(wrong: Sequence[WrongRow], width: int) -> list[str]:
    """Returns the rows that are read wrongly as lines of a terminal of `width` cells.

    Of each kind the first are shown, with their chances and as much text as a line holds.
    """
    lines = []
    for how in dict.fromkeys(row.how for row in wrong):
        rows = [row for row in wrong if row.how == how]
        lines.append(f"{how}: {len(rows):,}")
        for row in rows[:SHOWN]:
            start = f"  line {row.line}, {_cut(row.chance)}: "
            lines.append(start + _fitted(row.text, max(width - len(start), LEAST_TEXT)))
        if len(rows) > SHOWN:
            lines.append(f"  and {len(rows) - SHOWN:,} more: --json has all of them")
    return lines


def _cut(chance: float) -> str:
    """Returns a chance in four decimals, cut: a rounded one would seem to reach its threshold.

    >>> _cut(0.93999), _cut(0.94), _cut(1.0)
    ('0.9399', '0.9400', '1.0000')
    """
    return str(Decimal(repr(chance)).quantize(Decimal("0.0001"), ROUND_DOWN))


def _fitted(text: str, cells: int) -> str:
    """Returns the beginning of a text in so many cells: a wide letter takes two, a mark none."""
    from rich.cells import cell_len, set_cell_size

    line = shortened(text, MOST_PER_CELL * cells)
    return line if cell_len(line) <= cells else set_cell_size(line, cells - 1) + "…"
