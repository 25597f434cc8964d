"""Reads the words by which two texts are the same question, in any alphabet."""

from __future__ import annotations

import re

ANY_WORD = re.compile(r"[^\W_]+")


def text_key(text: str) -> str:
    """Returns the words of a text, lower case, with one blank between them.

    >>> text_key("Wo ist -- mein Paket?")
    'wo ist mein paket'
    """
    return " ".join(ANY_WORD.findall(text.lower()))
