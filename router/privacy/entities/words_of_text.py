"""Splits a text into words, and gives the form of each word and the lists that it is in.

The word lists are files of this folder. A list says what a word can be, never what it is: "Will" is
a name and a verb, "Lincoln" a name and a town. Pure, but for the lists that are read once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path

from msgspec import Struct

from router.regexes.late import late_regex

WORD = late_regex(r"[^\W\d_]+(?:[-\u2019'](?!s\b)[^\W\d_]+)*|[0-9]+|['\u2019]s\b|\n+|[^\w\s]|_")
FOLDER = Path(__file__).parent / "words"
_LISTS = {
    "g": "given",
    "f": "family",
    "c": "places",
    "s": "streets",
    "t": "titles",
    "b": "things",
    "o": "ordinary",
}


class Word(Struct, frozen=True, gc=False):
    """Holds one word of a text, and where it begins."""

    text: str
    start: int

    @property
    def end(self) -> int:
        """Returns the place behind the word."""
        return self.start + len(self.text)


@cache
def lists() -> Mapping[str, str]:
    """Returns the marks of the lists that each word is in, as "gf" for given and family names."""
    marks: dict[str, str] = {}
    for mark, name in _LISTS.items():
        for word in (FOLDER / f"{name}.txt").read_text(encoding="utf-8").split():
            bare = without_accents(word)
            if mark not in marks.get(bare, ""):
                marks[bare] = marks.get(bare, "") + mark
    return marks


@cache
def everyday() -> frozenset[str]:
    """Returns names that are everyday words too; alone, they count only where the head says so."""
    return frozenset((FOLDER / "everyday.txt").read_text(encoding="utf-8").split())


def without_accents(word: str) -> str:
    """Returns a word in small letters without accents: "Müller" is "muller"."""
    if word.isascii():
        return word.lower()
    parts = unicodedata.normalize("NFKD", word.lower().replace("ß", "ss"))
    return "".join([letter for letter in parts if not unicodedata.combining(letter)])


@lru_cache(maxsize=20_000)
def marks_of(word: str) -> str:
    """Returns the marks of a word; a double name has those of its parts."""
    known, bare = lists(), without_accents(word)
    found = known.get(bare, "")
    if not found and ("ue" in bare or "oe" in bare or "ae" in bare):
        plain = bare.replace("ue", "u").replace("oe", "o").replace("ae", "a")
        found = "".join([mark for mark in known.get(plain, "") if mark in "gf"])
    if not found and ("-" in bare or "'" in bare or "\u2019" in bare):
        parts = [known.get(part, "") for part in re.split("[-\u2019']", bare)]
        found = "".join(sorted({mark for part in parts for mark in part if mark in "gf"}))
    return found


def form_of(word: str) -> str:
    """Returns the form of a word in a few letters: "Xx", "X", "x", "9", "." and mixtures."""
    if word.isalpha():
        if word.islower():
            return "x"
        if word.isupper():
            return "X" if len(word) > 1 else "A"
        return "Xx" if word[0].isupper() and word[1:].islower() else "xX"
    if word.isdigit():
        return f"9{min(len(word), 6)}"
    if word[0].isalpha():
        return "X-X" if word[0].isupper() else "x-x"
    return word[0] if word[0] != "\n" else "|"


def words_of(text: str) -> list[Word]:
    """Returns the words, numbers and signs of a text.

    >>> [word.text for word in words_of("Anna's No. 7")]
    ['Anna', "'s", 'No', '.', '7']
    """
    return [Word(match[0], match.start()) for match in WORD.finditer(text)]
