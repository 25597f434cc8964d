"""Reads a percentage of a sum of money in seven languages besides English.

"2.450" alone may be two and a half; "2.450 Euro" has no three decimals, so that the point parts
thousands there. "2,450 Euro" is read in two ways, and gets no answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import cache

from msgspec import Struct

from router.money.priced_goods import is_grouped, sum_of
from router.regexes.late import late_regex

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

    opening: str
    of: str  # the first word is the one that is answered
    rounded: str


def share_of_money(core: str, languages: Sequence[Wording]) -> str | None:
    """Returns the share of a sum that a question asks for, None for anything else.

    >>> german = Wording("wie viel (?:ist|sind)", "von", "auf Cent gerundet")
    >>> share_of_money("wie viel sind 17 % von 1.250 euro", [german])
    '17 % von 1.250 € = 212,50 €'
    >>> share_of_money("wie viel sind 17 % von 1,250 euro", [german]) is None
    True
    """
    for language in languages:
        match = _form(language.opening, language.of).fullmatch(core)
        if match is None or (match["before"] is None) == (match["after"] is None):
            continue
        whole = sum_of(match["sum"])
        if whole is None:
            return None
        sign = SIGNS[match["before"] or match["after"]]
        with localcontext(prec=40):
            exact = whole * Decimal(match["p"].replace(",", ".")) / 100
            cents = exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        value = f"{cents:.2f}" if cents % 1 else f"{cents:.0f}"
        rounded = f" ({language.rounded})" if cents != exact else ""
        of = language.of.partition("|")[0]
        share = f"{match['p'].replace('.', ',')} % {of} {written_sum(match['sum'], whole)} {sign}"
        return f"{share} = {local_number(value)} {sign}{rounded}"
    return None


@cache
def _form(opening: str, of: str) -> re.Pattern[str]:
    return late_regex(
        rf"(?:(?:{opening}) )?(?P<p>{_PERCENT}) ?{_PER} (?:{of}) "
        rf"(?:(?P<before>{_MONEY}) ?)?(?P<sum>{_SUM})(?: ?(?P<after>{_MONEY}))?"
    )


def written_sum(written: str, whole: Decimal) -> str:
    """Returns a sum as it was written, its decimals behind a comma."""
    return written if is_grouped(written) else local_number(str(whole))


def local_number(number: str) -> str:
    """Returns a number with a decimal comma and a point between thousands."""
    whole, _, decimals = number.partition(".")
    grouped = f"{int(whole):,}".replace(",", ".") if len(whole) > 4 else whole
    return f"{grouped},{decimals}" if decimals else grouped
