"""Tells whose crown "kr" and "kroner" are: Swedish, Danish or Norwegian.

A code or a country that the text names decides, then the language that it is in. Where neither
does, the Danish one is taken: it is the dearest of the three, and a sum only ever raises caution.
"Kronor" and "krona" are Swedish. It knows nothing about numbers or exchange rates.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from fractions import Fraction

from router.triage.facts.vocabulary.northern_words import NORTHERN_WORDS

CROWNS = {"kr": ("DKK", "SEK", "NOK"), "kroner": ("DKK", "NOK"), "krone": ("DKK", "NOK")}
"""Gives the currencies that a word may mean, the dearest first."""

_LANGUAGES = {"sv": "SEK", "da": "DKK", "nb": "NOK"}
_OF_COUNTRY = {
    word: code
    for code, listed in {
        "SEK": "sek sweden swedish sverige svensk svenska svenske schweden schwedische "
        "schwedischen stockholm goteborg malmo",
        "DKK": "dkk denmark danish danmark dansk danske danska danemark dänische danische "
        "danischen copenhagen kobenhavn aarhus",
        "NOK": "nok norway norwegian norge norsk norske norska norwegen norwegische norwegischen "
        "norvege oslo",
    }.items()
    for word in listed.split()
}
_IN_CAPITALS = frozenset({"sek", "nok"})
"""Words of other languages, and short for seconds: they are codes in capitals alone."""
_OWNERS = Counter(word for listed in NORTHERN_WORDS.values() for word in set(listed.split()))
_WORDS = {language: frozenset(listed.split()) for language, listed in NORTHERN_WORDS.items()}
MOST_TOKENS = 400
"""Tokens that are looked at: a country or a language shows in them."""


def crown(word: str, written: Sequence[str], table: Collection[str]) -> str:
    """Returns the currency of a word of CROWNS in a text of the tokens `written`, as they stand.

    `table`: the codes that have a rate.

    >>> crown("kr", "Jag vill ha 500 kr".split(), ("DKK", "SEK"))
    'SEK'
    >>> crown("kr", "500 kr in Oslo".split(), ("DKK", "SEK", "NOK"))
    'NOK'
    """
    known = [code for code in CROWNS[word] if code in table] or [*CROWNS[word]]
    tokens = written[:MOST_TOKENS]
    named = {code for token in tokens if (code := _named(token)) in known}
    if len(named) == 1:
        return named.pop()
    points = dict.fromkeys(known, Fraction(0))
    for token in tokens:
        low = token.lower()
        for language, code in _LANGUAGES.items():
            if code in points and low in _WORDS[language]:
                points[code] += Fraction(1, _OWNERS[low])
    return max(known, key=points.__getitem__)  # the first of those that are even


def _named(token: str) -> str:
    low = token.lower()
    return "" if low in _IN_CAPITALS and token != token.upper() else _OF_COUNTRY.get(low, "")
