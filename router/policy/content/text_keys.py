"""Reads the words by which two texts are the same question, in any alphabet."""

from __future__ import annotations

import re

from router.regexes.words import ascii_words, words_by

ANY_WORD = re.compile(r"[^\W_]+")
COMPOUND = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
"""Matches a word with what an apostrophe or a hyphen joins to it: it's, check-in."""


def text_key(text: str) -> str:
    """Returns the words of a text, lower case, with one blank between them.

    >>> text_key("Wo ist -- mein Paket?")
    'wo ist mein paket'
    """
    lower = text.lower()
    return " ".join(ascii_words(lower) if lower.isascii() else ANY_WORD.findall(lower))


def small_words(text: str) -> list[str]:
    """Returns the words of a text in small letters, with straight apostrophes.

    >>> small_words("It's my Check-in!")
    ["it's", 'my', 'check-in']
    """
    return words_by(COMPOUND, text.casefold().replace("\u2019", "'"))
