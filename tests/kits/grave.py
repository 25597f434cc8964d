"""Reads the tables of grave sentences, and makes typing errors."""

from __future__ import annotations

import random
from pathlib import Path

from router.triage.text.folding import fold

FOLDER = Path(__file__).parents[1] / "fixtures" / "grave"
LEAST_LETTERS = 5
"""Letters of a word from which one typing error must change nothing."""


def table() -> list[tuple[str, str, str]]:
    """Returns language, matter and text of each row of `terms.txt`."""
    rows = []
    for line in (FOLDER / "terms.txt").read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            language, matter, text = line.split("\t")
            rows.append((language, matter, text))
    return rows


def mistyped(text: str, random_: random.Random) -> str:
    """Returns a text with one letter of one long word dropped, doubled, swapped or wrong.

    The first letter of the word may be swapped or doubled, and is not wrong.
    """
    words = text.split(" ")
    long = [i for i, word in enumerate(words) if word.isalpha() and _letters(word) >= LEAST_LETTERS]
    if not long:
        return text
    chosen = random_.choice(long)
    word = words[chosen]
    i = random_.randrange(len(word) - 1)
    later = max(i, 1)
    other = random_.choice([c for c in "".join(words) if c.isalpha()])
    words[chosen] = random_.choice(
        [
            word[:later] + word[later + 1 :],
            word[: i + 1] + word[i:],
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            word[:later] + other + word[later + 1 :],
        ]
    )
    return " ".join(words)


def _letters(word: str) -> int:
    return min(map(len, fold(word).words), default=0)
