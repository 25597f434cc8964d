"""Reads written messages about money: of large decisions and troubles, and of everyday sums.

The files `money/<author>.txt` have the sections `large`, `grave` (large, and fraud, crime or a
court in it) and `small`. All teach the head of stakes, which otherwise takes each question about a
loan among cousins for a matter of a house. The first and the last teach the reader of grave
matters what large and small money is.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from router.training.data.authors.grave_texts import GraveText, sections_in

FOLDER = Path(__file__).parents[1] / "money"
LARGE = "large"
"""A wrong answer may cost more than some thousand dollars, a house, a pension or a firm."""
GRAVE = "grave"
"""The same, told with a fraud, a crime, a threat or a court."""
SMALL = "small"


def texts() -> Iterator[GraveText]:
    """Yields each line once, in English, under its author's name."""
    for path in sorted(FOLDER.glob("*.txt")):
        for number, (section, line) in enumerate(sections_in(path, (LARGE, GRAVE, SMALL))):
            yield GraveText(line, section, "en", f"{path.stem}/en/{number}")
