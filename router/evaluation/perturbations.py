"""Rewrites a request carelessly: with typos, another letter case, other spacing.

The change depends only on the text, so two models get the same texts, on every machine.

- `typos`: one edit per ten words, at least one, inside words of four letters or more and never at
  a word's first or last letter: a letter dropped, doubled, or swapped with the next. What has a
  digit stays: another number is another request.
- `case`: the whole text in capitals; a text in capitals becomes small letters.
- `spacing`: every space doubled, and one before and after the text.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping

LEAST_LETTERS = 4
WORDS_PER_EDIT = 10


def typos(text: str) -> str:
    """Returns the text with one edit per ten words; unchanged where no word is long enough.

    >>> typos("where is my parcel")
    'where is my pacel'
    """
    # The text seeds the choice, so the same text always gets the same typos.
    chance = random.Random(hashlib.sha256(text.encode("utf-8", "replace")).digest())
    words = text.split(" ")
    long = [place for place, word in enumerate(words) if _may_change(word)]
    edits = min(len(long), max(1, len(words) // WORDS_PER_EDIT))
    for place in chance.sample(long, edits):
        words[place] = _edited(words[place], chance)
    return " ".join(words)


def _may_change(word: str) -> bool:
    return len(word) >= LEAST_LETTERS and not any(map(str.isdigit, word))


def _edited(word: str, chance: random.Random) -> str:
    index = chance.randrange(1, len(word) - 2)
    # Dropped, doubled or swapped with the next letter.
    kind = chance.randrange(3)
    if kind == 0:
        return word[:index] + word[index + 1 :]
    if kind == 1:
        return word[: index + 1] + word[index:]
    return word[:index] + word[index + 1] + word[index] + word[index + 2 :]


def case(text: str) -> str:
    """Returns the text in capitals, or in small letters where it has only capitals.

    >>> case("Where is my parcel?"), case("HELP")
    ('WHERE IS MY PARCEL?', 'help')
    """
    return text.lower() if text == text.upper() else text.upper()


def spacing(text: str) -> str:
    """Returns the text with every space doubled and one at each end.

    >>> spacing("my parcel")
    ' my  parcel '
    """
    return f" {text.replace(' ', '  ')} "


ALL: Mapping[str, Callable[[str], str]] = {"typos": typos, "case": case, "spacing": spacing}
