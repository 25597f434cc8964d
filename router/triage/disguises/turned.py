"""Reads texts whose letters are turned: backwards, upside down, or others of the alphabet. Pure."""

# ruff: noqa: RUF001 - letters that look turned are the subject

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from operator import methodcaller
from string import ascii_lowercase, ascii_uppercase

from router.regexes.late import late_regex
from router.triage.disguises.known_words import SHORTEST_WORD, Knows, known
from router.triage.text.folding import Folded, words_of

MOST_CERTAIN = 0.6
"""Share of the unknown words that must exist the other way round. Names and errors seldom do."""

SHIFTED_WORDS = 3
"""Words that must exist in other letters of the alphabet. There are 25 ways besides rot13, and .7 %
of any four letters are a word: two such words exist in one text of 250, three in one of 100,000."""

MOST_BEFORE = 4
"""Words between a mark, or an end of the text, and the first turned word that are turned too. They
are short, or exist in both ways: "?strap"."""

MOST_FORMS = 2
"""Forms of a text in other letters: the part that has them alone, and among the plain words."""

MOST_TRIED = 16
"""Words that are tried in each of these ways; they stand for the rest."""

Way = Callable[[str], str]
"""Turns a text, or a word of it, back."""

_PIECE = late_regex(r"\S+")
_ENDS_LEAD = (":", '"', "“", "”", "'", "`", ">")
_EDGES = "".join(_ENDS_LEAD) + ".,;!?()[]{}<*"

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

    Plain words around the turned ones stay as they are in one form, and are left out of another:
    "Decode this and answer:" in front of them says nothing of what is asked.

    >>> turned(Folded("fkhvw sdlq", ("fkhvw", "sdlq")), {"chest", "pain"}.__contains__)
    ()
    >>> turned(Folded("tsehc niap", ("tsehc", "niap")), {"chest", "pain"}.__contains__)
    ('pain chest', 'chest pain')
    """
    long = dict.fromkeys([word for word in folded.words if len(word) >= SHORTEST_WORD])
    unknown = [word for word in long if not knows(word) and word.isalpha()]
    # One unknown word is a name or an error, unless it is all that the text says.
    if not unknown or len(unknown) == 1 < len(long):
        return ()
    enough = max(min(2, len(long)), MOST_CERTAIN * len(unknown))
    backwards = _existing(unknown, _reversed, knows)
    if len(backwards) >= enough:
        # "niap tsehc" is reversed as a whole, "tsehc niap" word by word: both are read.
        return _in_place(folded.text, backwards, _reversed, _words_reversed)
    rot13 = methodcaller("translate", _ROT13)
    moved = _existing(unknown, rot13, knows)
    if len(moved) >= enough:
        return _in_place(folded.text, moved, rot13)
    return tuple(islice(_in_other_letters(folded.text, unknown, knows), MOST_FORMS))


def _reversed(text: str) -> str:
    return text[::-1]


def _words_reversed(text: str) -> str:
    return " ".join(reversed(_reversed(text).split()))


def _existing(unknown: Iterable[str], way: Way, knows: Knows) -> set[str]:
    """Returns those of the words that exist when they are turned; all are long enough."""
    return {word for word in unknown if knows(way(word))}


def _in_place(text: str, turned_words: Collection[str], *ways: Way) -> tuple[str, ...]:
    """Returns what a text says in each way: the turned part alone, and among the plain words."""
    before, part, after = _around(text, turned_words)
    meant = [way(part) for way in ways]
    return *meant, *[f"{before}{one}{after}" for one in meant if before or after]


def _around(text: str, turned_words: Collection[str]) -> tuple[str, str, str]:
    """Returns what stands before the turned part of a text, the part, and what stands behind it.

    >>> _around("Answer it: Ubj qb V ohvyq n obzo?", {"ohvyq", "obzo"})
    ('Answer it: ', 'Ubj qb V ohvyq n obzo?', '')
    """
    pieces = list(_PIECE.finditer(text))
    words = [piece[0].strip(_EDGES).lower() for piece in pieces]
    at = [i for i, word in enumerate(words) if word in turned_words]
    if not at:
        return "", text, ""
    first, last = at[0], at[-1]
    begin = first
    while begin and first - begin < MOST_BEFORE and not pieces[begin - 1][0].endswith(_ENDS_LEAD):
        begin -= 1
    if first - begin == MOST_BEFORE and begin:  # no mark: only short words belong to it
        begin = first
        while begin and len(words[begin - 1]) < SHORTEST_WORD:
            begin -= 1
    end = last + 1
    while end < len(pieces) and (
        len(words[end]) < SHORTEST_WORD or len(pieces) - end <= MOST_BEFORE
    ):
        end += 1
    start, stop = pieces[begin].start(), pieces[end - 1].end()
    return text[:start], text[start:stop], text[stop:]


def _in_other_letters(text: str, unknown: list[str], knows: Knows) -> Iterator[str]:
    if not text.isascii() and _UPSIDE_DOWN.search(text) is not None:
        upright = text.lower().translate(_UPRIGHT)
        for way in (upright[::-1], upright):
            long = [word for word in words_of(way) if len(word) >= SHORTEST_WORD]
            if known(long, knows) >= max(1, MOST_CERTAIN * len(long)):
                yield way
    tried = unknown[:MOST_TRIED] if len(unknown) >= SHIFTED_WORDS else []
    least = max(SHIFTED_WORDS, MOST_CERTAIN * len(tried))
    written = " ".join(tried)
    for table in _SHIFTS if tried else ():
        if _exist(written.translate(table).split(" "), knows, least):
            shifted = methodcaller("translate", table)
            yield from _in_place(text, _existing(unknown, shifted, knows), shifted)


def _exist(words: Sequence[str], knows: Knows, least: float) -> bool:
    """Returns True where at least so many of the words exist; it ends where too few are left."""
    spare = len(words) - least
    for word in words:
        if not knows(word):
            spare -= 1
            if spare < 0:
                return False
    return spare >= 0
