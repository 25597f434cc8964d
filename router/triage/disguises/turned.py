"""Reads texts whose letters are turned: backwards, upside down, or others of the alphabet. Pure."""

# ruff: noqa: RUF001 - letters that look turned are the subject

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from string import ascii_lowercase, ascii_uppercase

from router.regexes.late import late_regex
from router.triage.disguises.known_words import SHORTEST_WORD, Knows, known
from router.triage.text.folding import Folded, words_of

MOST_CERTAIN = 0.6
"""Share of the unknown words that must exist the other way round. Names and errors seldom do."""

SHIFTED_WORDS = 3
"""Words that must exist in other letters of the alphabet. There are 25 ways besides rot13, and .7 %
of any four letters are a word: two such words exist in one text of 250, three in one of 100,000."""

MOST_TRIED = 16
"""Words that are tried in each of these ways; they stand for the rest."""

_UPRIGHT = str.maketrans("ɐqɔpǝɟƃɥᴉɾʞɯudbɹʇnʌʍʎ", "abcdefghijkmnpqrtuvwy")
_UPSIDE_DOWN = late_regex("[ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ]")  # letters of no language that is read


def _shifted(lower: str, upper: str) -> dict[int, int]:
    return str.maketrans(ascii_lowercase + ascii_uppercase, lower + upper)


_ROT13 = _shifted(
    ascii_lowercase[13:] + ascii_lowercase[:13], ascii_uppercase[13:] + ascii_uppercase[:13]
)
_SHIFTS = (
    _shifted(ascii_lowercase[::-1], ascii_uppercase[::-1]),
    *(
        _shifted(
            ascii_lowercase[by:] + ascii_lowercase[:by], ascii_uppercase[by:] + ascii_uppercase[:by]
        )
        for by in range(1, 26)
        if by != 13
    ),
)
"""Atbash, and each number of letters further on: Caesar's cipher."""


def turned(folded: Folded, knows: Knows) -> tuple[str, ...]:
    """Returns a text read in each other way in which its unknown words exist.

    >>> turned(Folded("fkhvw sdlq", ("fkhvw", "sdlq")), {"chest", "pain"}.__contains__)
    ()
    >>> turned(Folded("tsehc niap", ("tsehc", "niap")), {"chest", "pain"}.__contains__)
    ('pain chest', 'chest pain')
    """
    long = dict.fromkeys(word for word in folded.words if len(word) >= SHORTEST_WORD)
    unknown = [word for word in long if not knows(word) and word.isalpha()]
    # One unknown word is a name or an error, unless it is all that the text says.
    if not unknown or len(unknown) == 1 < len(long):
        return ()
    enough = max(min(2, len(long)), MOST_CERTAIN * len(unknown))
    if known((word[::-1] for word in unknown), knows) >= enough:
        # "niap tsehc" is reversed as a whole, "tsehc niap" word by word: both are read.
        backwards = folded.text[::-1]
        return backwards, " ".join(reversed(backwards.split()))
    if known((word.translate(_ROT13) for word in unknown), knows) >= enough:
        return (folded.text.translate(_ROT13),)
    return tuple(islice(_in_other_letters(folded.text, unknown, knows), 1))


def _in_other_letters(text: str, unknown: list[str], knows: Knows) -> Iterator[str]:
    if not text.isascii() and _UPSIDE_DOWN.search(text) is not None:
        upright = text.lower().translate(_UPRIGHT)
        for way in (upright[::-1], upright):
            long = [word for word in words_of(way) if len(word) >= SHORTEST_WORD]
            if known(long, knows) >= max(1, MOST_CERTAIN * len(long)):
                yield way
    tried = unknown[:MOST_TRIED] if len(unknown) >= SHIFTED_WORDS else []
    least = max(SHIFTED_WORDS, MOST_CERTAIN * len(tried))
    for table in _SHIFTS if tried else ():
        if known((word.translate(table) for word in tried), knows) >= least:
            yield text.translate(table)
