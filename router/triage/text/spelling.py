"""Mends typing errors before a text is read: one letter dropped, added, swapped or wrong.

A mistyped word falls into pieces that mean nothing, and what is read of a short request changes
with it: one typing error turned the intent of 6 to 12 % of them, with this 1 to 3 %. Only words
that nobody knows are changed, and only into one that the training texts often use, one edit away
(Damerau 1964; the candidates are made as Norvig 2007 makes them). Terms, amounts and ledger read
the text as it was written. It knows nothing about tokens or models.
"""

from __future__ import annotations

import gzip
import itertools
import math
import re
import zlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from pathlib import Path

from router.errors import ModelFileError

SHORTEST, LONGEST = 4, 20
"""Letters of a word that is mended; three letters may be any abbreviation, unless one dropped."""
OFTEN, VERY_OFTEN = 5, 50
"""Texts that use the right word: a rare one is as likely to be wrong as the word found. For a word
of three letters, many: `gpu` and `vpn` are no errors."""
SEVERAL = 10
"""Texts of a word that is surely English. Words of other languages are in fewer: `pedido` in
six, `colis` in four."""
WRONG_LETTER = 0.1
"""How likely a wrong letter is beside a dropped or swapped one: `dirge` is not `dirt`."""
ADDED = 0.3
"""The same of a letter too many: more are dropped, so that `maket` is `market` and not `make`."""
DOUBLED = 20.0
"""The same of a letter typed twice: hardly any word is another one with a letter doubled, so that
`codder` is `coder` and not the commoner `colder`."""
MOST_UNKNOWN = 4
"""One unknown word and one more of every four may be errors; beyond, the text is in another
language or in none, and is left as it is."""
MOST_MENDED = 32
"""Different words of one text that are looked at: a new one takes half a millisecond, and a text
made for it held 300. Of 3,000 mails two held more."""
MOST_KEPT = 20_000
MOST_DRAWN = 4
"""Letters of a word that may be drawn out: each may stand there once or twice."""
_DRAWN = re.compile(r"([a-z])\1\1")
_RUN = re.compile(r"(.)\1*")
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Speller:
    """Holds words, and how many training texts have each; safe to use from several threads."""

    def __init__(self, counts: Mapping[str, int], vocabulary: Container[str]) -> None:
        """Words of `vocabulary` are known too, whether a text uses them or not."""
        self._counts = counts
        self._vocabulary = vocabulary
        self._found: dict[str, str] = {}
        # The commonest word stands for the number of texts, which the file does not tell.
        self._highest = math.log1p(max(counts.values(), default=1))

    @classmethod
    def load(cls, path: Path, vocabulary: Container[str]) -> Speller:
        """Reads `word count` lines, gzipped. Raises ModelFileError where they are malformed."""
        try:
            text = gzip.decompress(path.read_bytes()).decode("utf-8")
            parts = text.split()  # at once: a third of the time of line by line
            numbers = {count: int(count) for count in {*parts[1::2]}}  # few different ones
            counts = dict(zip(parts[::2], map(numbers.__getitem__, parts[1::2]), strict=True))
            if not counts or len(counts) != text.count("\n"):
                raise ValueError(
                    "it holds no word, or lines of other parts than a word and a count"
                )
            return cls(counts, vocabulary)
        except OSError as error:
            raise ModelFileError(f"model file {path} cannot be read: {error}") from error
        except (ValueError, EOFError, zlib.error) as error:
            raise ModelFileError(f"model file {path} is malformed: {error}") from error

    def fixes(self, words: Sequence[str]) -> dict[str, str]:
        """Returns what to read instead of some of the words, all lower case; usually nothing."""
        vocabulary, counts = self._vocabulary, self._counts
        unknown = [
            word
            for word in words
            if word not in vocabulary
            and word not in counts
            and len(word) >= SHORTEST - 1
            and word.isalpha()
        ]
        if not unknown:
            return {}
        drawn = {word: short for word in unknown if (short := self._undrawn(word))}
        unknown = [word for word in unknown if word not in drawn and len(word) <= LONGEST]
        if len(unknown) > 1 + sum(map(str.isalpha, words)) // MOST_UNKNOWN:
            return drawn
        first = itertools.islice(dict.fromkeys(unknown), MOST_MENDED)
        return drawn | {word: meant for word in first if (meant := self._meant(word)) != word}

    def rarity(self, word: str) -> float:
        """Returns how rare a lower-case word is in the training texts: 0 in all, 1 in none.

        It is the word's inverse document frequency over the highest possible one.
        """
        return 1.0 - math.log1p(self._counts.get(word, 0)) / self._highest

    def knows(self, word: str) -> bool:
        """Returns True when a lower-case word is in the training texts or the vocabulary."""
        return word in self._vocabulary or word in self._counts

    def common(self, word: str) -> bool:
        """Returns True when several training texts have a lower-case word."""
        return self._counts.get(word, 0) >= SEVERAL

    def _undrawn(self, word: str) -> str:
        """Returns the commonest word that a drawn-out one may be ("pleeease"), "" where none is.

        XXXL is a size, and AAA one of batteries.
        """
        if _DRAWN.search(word) is None or len(set(word)) == 1 or set(word).isdisjoint("aeiouy"):
            return ""
        runs = [match[0] for match in _RUN.finditer(word)]
        if sum(len(run) > 2 for run in runs) > MOST_DRAWN:
            return ""
        ways = itertools.product(*[(run[0], run[:2]) if len(run) > 2 else (run,) for run in runs])
        short = max(map("".join, ways), key=lambda way: self._counts.get(way, 0))
        return short if self._counts.get(short, 0) >= OFTEN else ""

    def _meant(self, word: str) -> str:
        """Returns the commonest word one edit away, otherwise the word itself."""
        meant = self._found.get(word)
        if meant is None:
            if len(self._found) >= MOST_KEPT:
                self._found.clear()
            meant = self._found[word] = self._nearest(word)
        return meant

    def _nearest(self, word: str) -> str:
        best, most = word, 0.0
        for candidate, share in edits(word):
            count = self._counts.get(candidate, 0)
            if count * share > most and count * min(share, 1.0) >= _least(word, candidate):
                best, most = candidate, count * share
        return best


def _least(word: str, candidate: str) -> float:
    """Returns how many texts must have the candidate for it to be what was meant.

    A word of three letters is meant only by one with its letters twice or swapped: `appp`, `yte`.
    """
    if len(candidate) >= SHORTEST:
        return OFTEN if len(word) >= SHORTEST else VERY_OFTEN
    if len(candidate) < SHORTEST - 1 or set(candidate) != set(word) or word[0] != candidate[0]:
        return math.inf
    return VERY_OFTEN


Mend = Callable[[str], str]
"""Returns a text with its typing errors mended."""


def as_written(text: str) -> str:
    """Returns the text itself: without a list of words nothing is a typing error."""
    return text


def knows_all(word: str) -> bool:
    """Returns True: where there is no list of words, every word may exist."""
    return True


def edits(word: str) -> Iterator[tuple[str, float]]:
    """Yields every word one edit away, with the edit's likelihood; the first letter only swaps.

    >>> sorted(found for found, share in edits("ab") if len(found) == 2 and share == 1.0)
    ['ba']
    """
    for i in range(len(word) - 1):
        yield word[:i] + word[i + 1] + word[i] + word[i + 2 :], 1.0
    for i in range(1, len(word)):
        yield word[:i] + word[i + 1 :], DOUBLED if word[i] == word[i - 1] else ADDED
    for i in range(1, len(word) + 1):
        for letter in LETTERS:
            yield word[:i] + letter + word[i:], 1.0
    for i in range(1, len(word)):
        for letter in LETTERS:
            yield word[:i] + letter + word[i + 1 :], WRONG_LETTER


def save(counts: Mapping[str, int], path: Path) -> None:
    """Writes what `Speller.load` reads, the same bytes for the same counts."""
    text = "".join(f"{word} {count}\n" for word, count in sorted(counts.items()))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
