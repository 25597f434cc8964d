"""Reads written messages about money: of large decisions and troubles, and of everyday sums.

The files `money/<author>.txt` have two sections, `large` and `small`. They teach the head of
stakes, which otherwise takes each question about a loan among cousins for a matter of a house. The
reader of grave matters never sees them: of money it knows fraud alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from router.training.data.grave_texts import GraveText, sections_in

FOLDER = Path(__file__).parent / "money"
LARGE = "large"
"""A wrong answer may cost more than some thousand dollars, a house, a pension or a firm."""
SMALL = "small"


def texts() -> Iterator[GraveText]:
    """Yields each line once, in English, under its author's name."""
    for path in sorted(FOLDER.glob("*.txt")):
        for number, (section, line) in enumerate(sections_in(path, (LARGE, SMALL))):
            yield GraveText(line, section, "en", f"{path.stem}/en/{number}")
