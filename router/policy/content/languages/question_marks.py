"""Gives a question the mark that people leave out: "how do I return an item". Pure.

An utterance stands in its file as somebody typed it. Where level 1 offers it, it is a sentence of
ours. English, German and French tell a question by its first words.
"""

from __future__ import annotations

import re

_IN_FRENCH = "quel quelle quels quelles combien comment quand où pourquoi qui est-ce"
_ELSEWHERE = (
    "how what when where who whose which why can could do does did is are am was were will "
    "would may shall should has wie was wann wo woher wohin wer wen wem warum wieso weshalb "
    "welche welcher welches welchen kann können könnt darf dürfen muss müssen gibt ist sind hat "
    "haben habt wird liefern bieten akzeptieren versenden"
)
_FRENCH = frozenset(_IN_FRENCH.split())
_ASKS = _FRENCH | frozenset(_ELSEWHERE.split())
"""First words of a question; in French a blank stands before its mark."""
_INVERTED = re.compile(r"\w{1,24}-(?:je|tu|il|elle|on|vous)", re.IGNORECASE)
"""Matches the French verb of a question: "puis-je", "proposez-vous"."""
_BY_TWO = re.compile(r"\w{2,24}t ihr$|have (?:you|we|i|they|any)$")
"""Matches two first words of a question: "testet ihr", "have you"."""
_WORD = re.compile(r"\w+(?:-\w+)*")
_ORDERS = frozenset(("not",))
"""Words behind "do" that make an order of it."""


def with_mark(text: str) -> str:
    """Returns a text with a question mark behind it, where it is a question without one.

    The last of several clauses decides: "my laptop is old, when do I get a new one" asks.

    >>> with_mark("how do I return an item"), with_mark("I was charged twice")
    ('how do I return an item?', 'I was charged twice')
    >>> with_mark("Puis-je échanger un article")
    'Puis-je échanger un article ?'
    """
    if not text[-1:].isalnum():
        return text
    words = _WORD.findall(text.rpartition(", ")[2].casefold())
    inverted = bool(words) and _INVERTED.fullmatch(words[0]) is not None
    asks = inverted or _ASKS.intersection(words[:1]) or _BY_TWO.match(" ".join(words[:2]))
    if len(words) < 2 or not asks or words[1] in _ORDERS:
        return text
    return f"{text} ?" if inverted or words[0] in _FRENCH else f"{text}?"
