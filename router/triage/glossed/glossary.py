"""Puts the words of a text into English, one by one, in the order in which they stand.

What comes out is no English that anybody writes ("where remains my order"), but it has the words by
which the encoder and the operator's utterances know a question. Long words are taken apart where
their beginning is known, as German ones are made: `rueckgabefrist` is a return and a deadline. It
knows nothing about intents.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from router.triage.facts.languages import UNKNOWN
from router.triage.glossed.english import tells_nothing
from router.triage.glossed.word_runs import joined
from router.triage.text.folding import fold_terms
from router.triage.verifier import DULL

SHORTEST_BEGINNING = 3
"""Letters of the first part of a compound, where it is a stem; SHORTEST_REST where it is a word."""
SHORTEST_REST = 4
"""Letters of the second part of a compound; shorter ends are endings."""
MOST_PARTS = 3
MOST_KEPT, LONGEST_KEPT = 20_000, 40
"""Words whose count is kept, and the length of the longest of them: about 3 MB at most."""
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


_ACT_WORDS = "block cancel delete end extend pause renew terminate"
ACTS = frozenset(_ACT_WORDS.split())
"""English verbs that are done to many things: only their object says what is asked for. What is
returned or changed is mostly some product, whatever its name."""
_BEFORE_OBJECT_WORDS = "a an I my our the your"
_BEFORE_OBJECT = frozenset(_BEFORE_OBJECT_WORDS.split())


class Gloss(NamedTuple):
    """Holds a text in English words, and how many of its words are still its own."""

    text: str
    language: str
    words: int
    unknown: int  # of three letters or more
    told: int = 0  # English words that say what the text is about
    # What an act is done to has no English: "cancel my assurance" is about no order.
    lost: bool = False
    meant: frozenset[str] = frozenset()  # the English words, without those of its own

    @property
    def known(self) -> float:
        """Returns the share of words that the glossary has."""
        return 1.0 - self.unknown / self.words if self.words else 0.0


class Glossary:
    """Holds the words of one language; immutable."""

    def __init__(self, language: str, words: Mapping[str, Sequence[str]]) -> None:
        """Takes words of the language by their English; a `*` stands for any ending.

        Several words in a row may mean what each alone does not: `cuanto tarda` is "how long", and
        `cuanto` "how much".
        """
        self.language = language
        self._words: dict[str, str] = {}
        self._stems: dict[str, str] = {}
        self._phrases: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for english, listed in words.items():
            for word in listed:
                (folded,) = fold_terms([word.removesuffix("*")]) or [("",)]
                table = self._stems if word.endswith("*") else self._words
                phrase = " ".join(folded)
                table.setdefault(phrase, english)
                if len(folded) > 1:
                    self._phrases.setdefault(folded[0], []).append((folded, phrase))
        for phrases in self._phrases.values():
            phrases.sort(key=lambda one: len(one[0]), reverse=True)
        # A client's word may have any length; no part of it is longer than what is known.
        self._longest = max(map(len, (*self._stems, *self._words)), default=0)
        # The first letters that a part of a compound may have: most words of other languages have
        # none of them, and are not cut at every letter.
        self._beginnings = {word[:SHORTEST_BEGINNING] for word in (*self._stems, *self._words)}

    @property
    def words(self) -> Iterable[str]:
        """Returns the words that are known as a whole, those of phrases too."""
        phrases = itertools.chain.from_iterable(self._phrases.values())
        return {*self._words, *(word for folded, _ in phrases for word in folded)}

    @property
    def beginnings(self) -> Iterable[str]:
        """Returns the first letters of all words that may be known."""
        return self._beginnings

    def gloss(
        self, words: Sequence[str], *, asks: bool = False, least: float = 0.0
    ) -> Gloss | None:
        """Returns folded words in English; `asks` sets a question mark.

        None as soon as less than the share `least` of them can be known.

        >>> german = Glossary("de", {"where": ["wo"], "is": ["ist"], "parcel": ["paket*"]})
        >>> german.gloss(["wo", "ist", "das", "paket"]).text
        'where is das parcel'
        """
        said: list[str] = []
        meant: list[str] = []  # of them those that the glossary has
        unknown, count, lost = 0, len(words), False
        words = joined(words, self._phrases)
        whole_words, beginnings = self._words, self._beginnings
        for word in words:
            whole = whole_words.get(word)
            if whole is not None:
                said.append(whole)
                meant += whole.split()
                continue
            # Asked before the call, which most words of other languages do without.
            if word[:SHORTEST_BEGINNING] in beginnings and (parts := self._cut(word, MOST_PARTS)):
                said += parts
                meant += parts
                continue
            if not tells_nothing(word):
                lost = lost or _acted_on(said)
                unknown += 1
                if 1.0 - unknown / count < least:
                    return None
            said.append(word)
        # A word of its own is no English one; what both share says the same.
        told = sum([not tells_nothing(word) and word not in DULL for word in meant])
        english = " ".join(said) + "?" * asks
        return Gloss(english, self.language, count, unknown, told, lost, frozenset(meant))

    def letters(self, words: Sequence[str]) -> int:
        """Returns how many letters of the words are known as a word or as its beginning."""
        return sum(map(self._known_letters, joined(words, self._phrases)))

    def _known_letters(self, word: str) -> int:
        if word in self._words:
            return len(word)
        ends = range(min(len(word), self._longest), SHORTEST_BEGINNING - 1, -1)
        return next((end for end in ends if word[:end] in self._stems), 0)

    def _parts(self, word: str, left: int) -> list[str]:
        """Returns the English of a word, part by part; nothing where it is not known."""
        whole = self._words.get(word)
        return self._cut(word, left) if whole is None else [whole]

    def _cut(self, word: str, left: int) -> list[str]:
        """Returns the English of the parts of a word that is not known as a whole."""
        if word[:SHORTEST_BEGINNING] not in self._beginnings:
            return []
        for end in range(min(len(word), self._longest), SHORTEST_BEGINNING - 1, -1):
            begin = word[:end]
            known = self._stems.get(begin)
            if known is None and end >= SHORTEST_REST:
                known = self._words.get(begin)
                if known is not None and not self._rest(word[end:], left):
                    known = None
            if known is not None:
                return [known, *self._rest(word[end:], left)]
        return []

    def _rest(self, rest: str, left: int) -> list[str]:
        """Returns the English of a compound's further parts; an s may join them."""
        if left <= 1 or len(rest) < SHORTEST_REST:
            return []
        return self._parts(rest, left - 1) or self._parts(rest.removeprefix("s"), left - 1)


def _acted_on(said: Sequence[str]) -> bool:
    """Returns True where the English words before a word end with an act that is done to it."""
    for words in reversed(said):
        word = words.rpartition(" ")[2]
        if word not in _BEFORE_OBJECT:
            return word in ACTS
    return False


class Glossaries:
    """Holds the glossaries of several languages; only what it keeps of words changes.

    A text costs one look-up or two per word, however many languages there are: nearly all texts
    are in a language of none. A number has a byte for each glossary, so that one addition counts
    for all of them.
    """

    def __init__(self, glossaries: Sequence[Glossary]) -> None:
        self._glossaries = tuple(glossaries)
        self.languages = frozenset(glossary.language for glossary in glossaries)
        self._places = [1 << 8 * place for place in range(len(glossaries))]
        self._all = sum(self._places)
        self._whole: dict[str, int] = {}
        self._beginnings: dict[str, int] = {}
        self._kept: dict[str, int] = {}
        for place, glossary in zip(self._places, glossaries, strict=True):
            for word in glossary.words:
                self._whole[word] = self._whole.get(word, 0) | place
            for beginning in glossary.beginnings:
                self._beginnings[beginning] = self._beginnings.get(beginning, 0) | place

    def nearest(
        self,
        words: Sequence[str],
        language: str,
        even: Sequence[str] = (),
        *,
        asks: bool,
        above: float = 0.0,
    ) -> Gloss | None:
        """Returns a text in the English of the language that it is likeliest in; None for none.

        `language` is what its function words say, and `even` what else they say as much. A language
        must know more than the share `above` of the words. Of two that know as many words the one
        counts that knows more of their letters: `bestelling` is Dutch, though `bestell*` is German.
        """
        if not words or len(words) > MOST_WORDS:
            return None
        other = language != UNKNOWN and language not in self.languages
        least = LEAST_BESIDE_ENGLISH if other else LEAST_KNOWN
        best: Gloss | None = None
        likeliest: Glossary | None = None
        most = 0.0
        for glossary, known in zip(self._glossaries, self._most_known(words), strict=True):
            spoken = glossary.language == language or glossary.language in even
            # Of the others those that know too little can be the best of none that knows enough.
            if known <= above or (not spoken and known < least):
                continue
            gloss = glossary.gloss(words, asks=asks, least=0.0 if spoken else least)
            if gloss is None or gloss.known <= above:
                continue
            told = gloss.known + TOLD_BY_WORDS * spoken
            if told > most or (
                told == most
                and likeliest is not None
                and glossary.letters(words) > likeliest.letters(words)
            ):
                best, likeliest, most = gloss, glossary, told
        return best if best is not None and best.known >= least else None

    def _count_of(self, word: str) -> int:
        """Returns what a word adds for each glossary that may know it."""
        if tells_nothing(word):  # these count as known everywhere
            return self._all
        count = self._whole.get(word, 0) | self._beginnings.get(word[:SHORTEST_BEGINNING], 0)
        if len(word) <= LONGEST_KEPT:
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[word] = count
        return count

    def _most_known(self, words: Sequence[str]) -> list[float]:
        """Returns for each glossary the largest share of words that it can know."""
        kept, counts = self._kept, 0
        for word in words:
            known = kept.get(word)
            counts += self._count_of(word) if known is None else known
        # By the same steps as `gloss` counts, so that no rounding lies between them.
        return [
            1.0 - (len(words) - (counts // place & 0xFF)) / len(words) for place in self._places
        ]
