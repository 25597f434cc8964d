"""Puts the words of a text into English, one by one, in the order in which they stand.

What comes out is no English that anybody writes ("where remains my order"), but it has the words by
which the encoder and the operator's utterances know a question. Long words are taken apart where
their beginning is known, as German ones are made: `rueckgabefrist` is a return and a deadline. It
knows nothing about intents.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from router.triage.facts.languages import ENGLISH, UNKNOWN
from router.triage.text.folding import fold_terms

SHORTEST_REST = 4
"""Letters of the second part of a compound; shorter ends are endings."""
MOST_PARTS = 3
MOST_WORDS = 60
"""A longer text is a document, which no approved answer is for."""
TOLD_BY_WORDS = 0.25
"""What the function words of a language are worth beside the share of words that its glossary has:
Spanish and Portuguese share so many that neither alone tells them apart. Of 1,826 written questions
both together tell the language of 98 %, function words alone of 75 %."""
LEAST_KNOWN = 0.5
"""Share of words that the glossary has: with fewer, what is left says something else."""
LEAST_BESIDE_ENGLISH = 0.75
"""The same where the function words say English, as `was` does, which is German too."""


class Gloss(NamedTuple):
    """Holds a text in English words, and how many of its words are still its own."""

    text: str
    language: str
    words: int
    unknown: int  # of three letters or more

    @property
    def known(self) -> float:
        """Returns the share of words that the glossary has."""
        return 1.0 - self.unknown / self.words if self.words else 0.0


class Glossary:
    """Holds the words of one language; immutable."""

    def __init__(self, language: str, words: Mapping[str, Sequence[str]]) -> None:
        """Takes words of the language by their English; a `*` stands for any ending."""
        self.language = language
        self._words: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        for english, listed in words.items():
            for word in listed:
                (folded,) = fold_terms([word.removesuffix("*")]) or [("",)]
                table = self._stems if word.endswith("*") else self._words
                table.setdefault("".join(folded), english)

    def gloss(self, words: Sequence[str], *, asks: bool = False) -> Gloss:
        """Returns folded words in English; `asks` sets a question mark.

        >>> german = Glossary("de", {"where": ["wo"], "is": ["ist"], "parcel": ["paket*"]})
        >>> german.gloss(["wo", "ist", "das", "paket"]).text
        'where is das parcel'
        """
        said, unknown = [], 0
        for word in words:
            parts = list(self._parts(word))
            said += parts or [word]
            unknown += not parts and len(word) > 2 and not word.isdigit()
        return Gloss(" ".join(said) + "?" * asks, self.language, len(words), unknown)

    def _parts(self, word: str, left: int = MOST_PARTS) -> Iterator[str]:
        """Yields the English of a word, part by part; nothing where it is not known."""
        whole = self._words.get(word)
        if whole is not None:
            yield whole
            return
        for end in range(len(word), 2, -1):
            begin = word[:end]
            known = self._stems.get(begin)
            if known is None and end >= SHORTEST_REST:
                known = self._words.get(begin)
                if known is not None and not self._rest(word[end:], left):
                    known = None
            if known is not None:
                yield known
                yield from self._rest(word[end:], left)
                return

    def _rest(self, rest: str, left: int) -> list[str]:
        """Returns the English of a compound's further parts; an s may join them."""
        if left <= 1 or len(rest) < SHORTEST_REST:
            return []
        return list(self._parts(rest, left - 1)) or list(
            self._parts(rest.removeprefix("s"), left - 1)
        )


def nearest_gloss(
    glossaries: Sequence[Glossary], words: Sequence[str], language: str, *, asks: bool
) -> Gloss | None:
    """Returns a text in the English of the language that it is likeliest in; None for none.

    `language` is what its function words say.
    """
    if not words or len(words) > MOST_WORDS:
        return None
    best: Gloss | None = None
    most = 0.0
    for glossary in glossaries:
        gloss = glossary.gloss(words, asks=asks)
        told = gloss.known + TOLD_BY_WORDS * (glossary.language == language)
        if told > most:
            best, most = gloss, told
    least = LEAST_BESIDE_ENGLISH if language == ENGLISH else LEAST_KNOWN
    other = language not in (UNKNOWN, ENGLISH) and not any(
        glossary.language == language for glossary in glossaries
    )
    least = LEAST_BESIDE_ENGLISH if other else least
    return best if best is not None and best.known >= least else None
