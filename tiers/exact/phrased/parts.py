"""Takes a fraction of a number, and tells what one of several pieces costs, in four languages.

In English `shares` takes fractions. A price of one piece is told only where the pieces and the
question name the same, or the question names none. It knows nothing about percentages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from fractions import Fraction
from functools import cache

from tiers.exact.goods.no_goods import CONTAINERS, MEASURES, NO_GOODS, TIMES_AND_PEOPLE
from tiers.exact.goods.pieces import names_a_piece
from tiers.exact.phrased.figures import ENDS_IN_CENTS, LEADING_ZERO, in_cents, money, shown
from tiers.exact.phrased.forms import COUNT_WORDS, compiled, count, fitting

MOST_PIECES = 10_000

_FRACTIONS = {
    "de": {
        "die halfte": Fraction(1, 2),
        "(?:ein |1 )drittel": Fraction(1, 3),
        "(?:zwei|2) drittel": Fraction(2, 3),
        "(?:ein |1 )viertel": Fraction(1, 4),
        "(?:drei|3) viertel": Fraction(3, 4),
        "(?:ein |1 )funftel": Fraction(1, 5),
        "(?:ein |1 )zehntel": Fraction(1, 10),
    },
    "fr": {
        "la moitie": Fraction(1, 2),
        "(?:un |le |1 )tiers": Fraction(1, 3),
        "(?:les )?(?:deux|2) tiers": Fraction(2, 3),
        "(?:un |le |1 )quart": Fraction(1, 4),
        "(?:les )?(?:trois|3) quarts": Fraction(3, 4),
        "(?:un |1 )cinquieme": Fraction(1, 5),
        "(?:un |1 )dixieme": Fraction(1, 10),
    },
    "es": {
        "la mitad": Fraction(1, 2),
        "(?:un |1 )tercio|la tercera parte": Fraction(1, 3),
        "(?:dos|2) tercios": Fraction(2, 3),
        "un cuarto|la cuarta parte": Fraction(1, 4),
        "(?:tres|3) cuartos": Fraction(3, 4),
        "un quinto|la quinta parte": Fraction(1, 5),
        "un decimo|la decima parte": Fraction(1, 10),
    },
}
_OPENING = {
    "de": "(?:(?:was|wie ?viel) (?:ist|sind|macht|ergibt) |berechne )?",
    "fr": "(?:(?:combien (?:font|fait|est)|quel(?:le)? est|c'est (?:quoi|combien)|calcule[rz]?) )?",
    "es": "(?:(?:cuanto (?:es|son)|cual es|calcula) )?",
}
_OF = {"de": "von", "fr": "de", "es": "de"}
_ONE = {
    "en": (
        r"<thing> (?:cost|costs|for) <x>[,.;]?(?: -)? (?:so )?(?:what|how much)"
        r"(?:'s| is| does| do)?(?: (?:it|that|this|they|the price|the cost)(?: cost)?)?"
        r" (?:per (?P<per_1>[a-z]+)|(?:for )?each(?: (?P<per_2>[a-z]+))?)",
    ),
    "de": (
        r"<thing> (?:kosten|fur) <x>[,.;]?(?: -)? (?:also )?(?:was|wie ?viel)"
        r"(?: (?:kostet|ist|sind|macht))?(?: (?:das|es|dann))?"
        r" (?:eine?s|(?:pro|je|das) (?P<per>[a-z]+))",
    ),
    "fr": (
        r"<thing> (?:coutent|pour) <x>[,.;]?(?: -)? (?:donc )?(?:(?:ca|cela) fait )?combien"
        r"(?: (?:coute|fait|est))?(?: (?:ca|cela))? (?:(?:par|la|le) |l' ?)?(?P<per>[a-z]+)",
    ),
    "es": (
        r"<thing> (?:cuestan|por) <x>[,.;]?(?: -)? (?:entonces )?(?:a )?cuanto"
        r"(?: (?:cuesta|es|sale|vale))? (?:(?:por|la|el) (?P<per>[a-z]+)|cada un[oa])",
    ),
}
"""Ask what a piece costs where several have a price; "how much for one" may ask a shop."""
_EACH = {"en": "each", "de": "pro Stück", "fr": "pièce", "es": "cada uno"}
_PIECES = frozenset(("piece", "item", "unit", "stuck", "stueck", "unite", "unidad", "pieza"))
BEGINNINGS = (
    *("was ", "wie", "berechne ", "die ", "ein ", "combien ", "quel", "c'est "),
    *("calcul", "la ", "un ", "le ", "les ", "cuanto ", "cual "),
    *(f"{word} " for word in COUNT_WORDS.split("|")),
)
"""Begin what any form fits, besides digits."""
CUES = (
    *(" per ", " each", " kosten ", " fur ", "halfte", "drittel ", "viertel ", "tel ", "moitie"),
    *("tiers", "quart", "ieme", " coutent ", " pour ", "mitad", "tercio", "parte", "cuarto"),
    *("quinto", "decimo", " cuestan ", " por "),
)
"""One of them stands in what any form fits."""


@cache
def part_forms(language: str) -> Mapping[str, tuple[re.Pattern[str], ...]]:
    """Returns the forms of questions in a language by what they ask for."""
    named = [
        rf"{_OPENING[language]}(?:{words}) {_OF[language]} <x>"
        for words in _FRACTIONS.get(language, {})
    ]
    counted = rf"(?P<n>\d{{1,5}}|{COUNT_WORDS}) "
    return {
        "fraction": compiled(named),
        "one": compiled([counted + form for form in _ONE[language]]),
    }


def part(core: str, language: str) -> str | None:
    """Returns a fraction of a number, or the price of one piece; None for anything else.

    >>> part("ein viertel von 260", "de"), part("4 chairs for $85 - what is that per chair", "en")
    ('1/4 von 260 = 65', '$85 / 4 = $21.25 each')
    """
    forms = part_forms(language)
    shares = _FRACTIONS.get(language, {}).values()
    for form, share in zip(forms["fraction"], shares, strict=True):
        places = fitting((form,), core)
        if places is not None:
            return _fraction(share, places["x"], language)
    places = fitting(forms["one"], core)
    return None if places is None else _one(places, language)


def _fraction(share: Fraction, written: str, language: str) -> str | None:
    whole = money(written, language)
    if whole is None:
        return None
    value, priced = whole.value * share, bool(whole.sign or ENDS_IN_CENTS.search(written))
    if not priced and (value * 10_000).denominator > 1:
        return None  # its decimals go on behind the four that are shown
    sums = [shown(sum_, whole.sign, language, cents=priced) for sum_ in (whole.value, value)]
    told = f"{share} {_OF[language]} {sums[0]} = {sums[1]}"
    return in_cents(told, (value,), language) if priced else told


def _one(places: Mapping[str, str], language: str) -> str | None:
    price, pieces, thing = money(places["x"], language), count(places["n"]), places["thing"]
    if price is None or not price.sign or not 2 <= pieces <= MOST_PIECES:
        return None
    if LEADING_ZERO.match(places["n"]):
        return None
    words = set(re.split(r"[ '-]", thing))
    if not words.isdisjoint(NO_GOODS | TIMES_AND_PEOPLE):
        return None
    named, measured = places.get("per"), not words.isdisjoint(MEASURES)
    if not _asks_for_one(named, thing, words, measured):
        return None
    value = price.value / pieces
    left = f"{shown(price.value, price.sign, language)} / {pieces}"
    told = f"{left} = {shown(value, price.sign, language)}"
    told = told if measured else f"{told} {_EACH[language]}"  # nobody says "a kilo each"
    return in_cents(told, (value,), language)


def _asks_for_one(named: str | None, thing: str, words: Set[str], measured: bool) -> bool:
    """Returns True where the question is for one of the things: "per chair" of "chairs".

    A piece of "boxes of eggs" may be an egg, and one of "500 grams of cheese" is unclear.
    """
    if named is None or named in _PIECES:
        holds = not words.isdisjoint(CONTAINERS) and len(words) > 1
        return not measured and (named is None or not holds)
    return names_a_piece(named, thing)
