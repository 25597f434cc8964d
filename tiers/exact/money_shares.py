"""Reads a percentage of a sum of money in seven languages besides English.

"2.450" alone may be two and a half; "2.450 Euro" has no three decimals, so that the point parts
thousands there. "2,450 Euro" is read in two ways, and gets no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cache

from msgspec import Struct

from router.money.priced_goods import sum_of
from router.regexes.late import late_regex
from tiers.exact.phrased.figures import shown

_CURRENCIES = {
    "€": "€ euro euros eur",
    "CHF": "chf franken francs franchi",
    "zł": "zl zloty zlotych zlote pln",
    "R$": "r$ reais real brl",
    "$": "$ usd dollar dollars dolares dollari dolarow",
    "£": "£ gbp",
}
SIGNS = {word: sign for sign, words in _CURRENCIES.items() for word in words.split()}
_MONEY = "|".join(sorted(map(re.escape, SIGNS), key=len, reverse=True))
_SUM = r"\d[\d., ]{0,15}\d|\d"
_PER = "(?:%|prozent|procent|pour ?cent|por ?ciento|por ?cento|per ?cento)"
_PERCENT = r"\d{1,3}(?:[.,]\d{1,2})?"


class Wording(Struct, frozen=True):
    """Holds the words of one language around a share of a sum."""

    language: str
    opening: str
    of: str  # the first word is the one that is answered
    rounded: str


def share_of_money(core: str, languages: Sequence[Wording]) -> str | None:
    """Returns the share of a sum that a question asks for, None for anything else.

    >>> german = Wording("de", "wie viel (?:ist|sind)", "von", "auf Cent gerundet")
    >>> share_of_money("wie viel sind 17 % von 1.250 euro", [german])
    '17 % von 1.250 € = 212,50 €'
    >>> share_of_money("wie viel sind 17 % von 1,250 euro", [german]) is None
    True
    """
    for language in languages:
        match = _form(language.opening, language.of).fullmatch(core)
        if match is None or (match["before"] is None) == (match["after"] is None):
            continue
        value = sum_of(match["sum"])
        if value is None:
            return None
        whole = Fraction(value)
        sign = SIGNS[match["before"] or match["after"]]
        rate = Fraction(match["p"].replace(",", "."))
        part = whole * rate / 100
        rounded = f" ({language.rounded})" if (part * 100).denominator > 1 else ""
        of, name = language.of.partition("|")[0], language.language
        share = f"{match['p'].replace('.', ',')} % {of} {shown(whole, sign, name)}"
        return f"{share} = {shown(part, sign, name)}{rounded}"
    return None


@cache
def _form(opening: str, of: str) -> re.Pattern[str]:
    return late_regex(
        rf"(?:(?:{opening}) )?(?P<p>{_PERCENT}) ?{_PER} (?:{of}) "
        rf"(?:(?P<before>{_MONEY}) ?)?(?P<sum>{_SUM})(?: ?(?P<after>{_MONEY}))?"
    )
