"""Tells where a question has a word that an approved answer and its utterances lack. Pure.

"Do you deliver babies" shares every other word with "do you deliver plants". What says when, who or
how many ("on Saturday", "for my sister") asks for nothing else, and is no such word. English only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable

from router.policy.content.languages.passing_words import PASSING_WORDS
from router.regexes.late import late_regex
from router.triage.verifier import DULL, STEM

LACKING_SHIFT = 2.0
"""Log-odds that a match loses by a word that its answer lacks. Of 238 answers to written questions,
most of them traps, such a word takes 2 to 3 (standard error .7); of requests that miss a file by
chance .2. Traps are what a chance must bear: at 2 a sure match with such a word needs log-odds of
4.7, not 2.9, to be shown at the cap."""
LACKING_FROM = 0.65
"""Chance that such a word does not lower: below it, as many are right with one as without."""
LEAST_LETTERS = 3
"""Letters of a word that says what a request is about."""

_DULL = DULL | PASSING_WORDS
_NO_ADVERBS = frozenset(("assembly", "italy", "jelly", "supply"))


def lacks(words: Iterable[str], stems: Collection[str], exists: Callable[[str], bool]) -> bool:
    """Returns True where one of the words says what is asked for, and an answer lacks it.

    `stems` are those of the answer and its utterances; `exists` tells words of English, so that a
    spelling mistake is none.

    >>> stems = stems_of(["deliver", "plants", "house"])
    >>> [lacks(text.split(), stems, str.isalpha) for text in ("deliver plant today", "my delivery")]
    [False, False]
    >>> lacks("deliver my dog".split(), stems, str.isalpha)
    True
    """
    return any(
        len(word) >= LEAST_LETTERS
        and word.isalpha()
        and word not in _DULL
        # An adverb says how, and asks for nothing else.
        and not (word.endswith("ly") and word not in _NO_ADVERBS)
        and _stem(word) not in stems
        and exists(word)
        for word in words
    )


_ABOUT = late_regex(
    r"\b(?:about|regarding|concerning) (?:(?:a|an|the|my|our|your|some|any|these|those|this) )?"
    r"(?P<matter>[a-z]+)(?![a-z'-])",
    re.IGNORECASE,
)


def about_something_else(text: str, stems: Collection[str], exists: Callable[[str], bool]) -> bool:
    """Returns True where a text says what it is about, and an answer lacks that word.

    >>> stems = stems_of(["tell", "story"])
    >>> asked = ("tell me a story about whales", "tell me about a story", "a story about it")
    >>> [about_something_else(text, stems, str.isalpha) for text in asked]
    [True, False, False]
    """
    found = [match["matter"].lower() for match in _ABOUT.finditer(text)]
    return lacks(found, stems, exists)


def stems_of(words: Iterable[str]) -> frozenset[str]:
    """Returns the beginnings of words by which `lacks` knows them.

    >>> sorted(stems_of(["coin", "coins", "delivered"]))
    ['coin', 'deliv']
    """
    return frozenset(map(_stem, words))


def _stem(word: str) -> str:
    return word.rstrip("s")[:STEM]
