"""Makes the words of a text under which it is kept and looked for. Pure.

Both sides use the same words: lower case, without accents and common endings. Names of code are
kept whole and in their parts (`parse_chat_request`: that, and parse, chat, request).
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

MOST_LETTERS = 40
"""Of a word: longer ones are keys and digests, which nobody types."""

_WORD = re.compile(r"[^\W_]+(?:[_.][^\W_]+)*")
_PART = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\da-zA-Z_]+")
_ENDING = re.compile(r"(?<=[a-z]{3})(?:ings?|edly|ed|ies|es|s|ly|ments?|ations?|ions?|ers?|e|y)$")
_DULL_WORDS = (
    "a about above after again all also am an and any are as at be because been before being below "
    "both but by can could did do does doing down during each few for from further get had has "
    "have having he her here hers him his how i if in into is it its itself just ll me more most "
    "my no nor not of off on once only or other our ours out over own re s same shall she should "
    "so some such t than that the their theirs them then there these they this those through to "
    "too under until up us ve very was we were what when where which while who whom why will with "
    "would you your yours please tell know want need like"
)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Returns a lower-case word without accents and its commonest endings.

    >>> stem("returned"), stem("returns"), stem("delivery"), stem("deliveries"), stem("sse")
    ('return', 'return', 'deliver', 'deliver', 'sse')
    """
    if not word.isascii():
        parts = unicodedata.normalize("NFKD", word)
        word = "".join(part for part in parts if not unicodedata.combining(part))
    if len(word) < 4 or any(letter.isdigit() for letter in word):
        return word
    return _ENDING.sub("", word)


DULL = frozenset(map(stem, _DULL_WORDS.split()))
"""Stems that nearly every text holds. They are not kept and not looked for."""


def words_of(text: str) -> list[str]:
    """Returns the stems of a text in order, dull ones left out.

    >>> words_of("May I return the 3 opened boxes?")
    ['may', 'return', '3', 'open', 'box']
    >>> words_of("see parseRequest and ledger_row")
    ['see', 'parserequest', 'pars', 'request', 'ledger_row', 'ledg', 'row']
    """
    words: list[str] = []
    for word in _WORD.findall(text):
        lower = word.lower()
        if len(lower) > MOST_LETTERS:
            continue
        simple = stem(lower)
        if simple in DULL:
            continue
        words.append(simple)
        if lower != word or "_" in word or "." in word:
            parts = _PART.findall(word)
            if len(parts) > 1:
                words += [part for p in parts if (part := stem(p.lower())) not in DULL]
    return words
