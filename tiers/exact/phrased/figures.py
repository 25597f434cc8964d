"""Reads a question's numbers as its language writes them, and writes results so again.

A number that two languages read differently ("2.340" without a currency) is none. It knows nothing
about what is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from router.regexes.late import late_regex

MAX_CHARACTERS = 160
MOST = Fraction(10**12)

_WORDS = {
    "€": "€ euro euros eur",
    "$": "$ dollar dollars usd",
    "£": "£ gbp",
    "CHF": "chf franken",
}
_SIGNS = {word: sign for sign, words in _WORDS.items() for word in words.split()}
BEGINNINGS = tuple(_SIGNS)
"""Begin a sum of money, besides digits."""
_MONEY = "|".join(sorted(map(re.escape, _SIGNS), key=len, reverse=True))
_DIGITS = r"\d(?:[\d.,]{0,15}\d)?(?: \d{3})*(?:,\d{1,2})?(?![\d.,]*\d)"
SUM = rf"(?:(?:{_MONEY}) ?)?{_DIGITS}(?: ?(?:{_MONEY})(?![a-z]))?"
"""Matches a number with or without a currency, before or behind it."""
PERCENT = r"\d{1,3}(?:\.\d{1,3}|,\d{1,2})? ?(?:%|percent|per cent|prozent|pour ?cent|por ?ciento)"
_SUM = late_regex(rf"(?:(?P<before>{_MONEY}) ?)?(?P<n>{_DIGITS})(?: ?(?P<after>{_MONEY}))?")
_ENGLISH = late_regex(r"(?:[1-9]\d{0,2}(?:,\d{3})+|\d+)(?:\.\d{1,6})?")
_GROUPED = late_regex(r"[1-9]\d{0,2}(?:(?:\.\d{3})+|(?: \d{3})+)(?:,\d{1,2})?")
_PLAIN = late_regex(r"\d+(?:,\d{1,2}|,\d{4,6}|\.\d{1,2})?")
_WITHOUT_ACCENTS = str.maketrans(
    {"\u2019": "'", "\u00a0": " ", "\u202f": " ", "\u00df": "ss", "œ": "oe"}
)
_INSIDE = late_regex("[\u00bf\u00a1]")
_ASKS = ("please", "bitte", "por favor", "s'il vous plait", "s'il te plait")
_GREETINGS = ("hi", "hello", "hey", "hallo", "bonjour", "salut", "hola", *_ASKS)
_COURTESIES = ("svp", "danke", "merci", "thanks", *_ASKS)
_FRAME = late_regex(rf"^(?:(?:{'|'.join(_GREETINGS)})[ ,!.]+)+|[ ,]+(?:{'|'.join(_COURTESIES)})$")


ENDS_IN_CENTS = late_regex(r"\d[.,]\d\d$")
"""Finds a price that is one without a currency: "34.90"."""
LEADING_ZERO = late_regex(r"0\d")
"""Begins the number of a phone or of an article ("0171"), which counts nothing."""
_BETWEEN_THOUSANDS = {"fr": "\u202f", "pl": "\u202f"}
"""Stands between thousands; a point does in German, Spanish, Italian, Dutch and Portuguese."""


class Money(Struct, frozen=True):
    """Holds a number and the sign of its currency, "" for a plain number."""

    value: Fraction
    sign: str = ""


@lru_cache(maxsize=16)  # tools of several kinds ask for the same text, one after another
def core_of(text: str) -> str:
    """Returns a question in small letters without accents, marks at its ends and courtesies.

    >>> core_of("Bitte: Wie viel sind 5 % von 80?")
    'wie viel sind 5 % von 80'
    """
    plain = text.lower()
    if not text.isascii():
        plain = unicodedata.normalize("NFD", plain.translate(_WITHOUT_ACCENTS))
        plain = "".join([mark for mark in plain if not unicodedata.combining(mark)])
        plain = _INSIDE.sub("", plain)
    plain = " ".join(plain.split()).rstrip(" ?!.=:").lstrip(" ?!=:").replace("bitte:", "bitte,")
    framed = plain.startswith(_GREETINGS) or plain.endswith(_COURTESIES)
    plain = _FRAME.sub("", plain) if framed else plain
    return plain.rstrip(" ?!.,:").lstrip(" ?!,:")


def money(text: str, language: str) -> Money | None:
    """Returns a number as a language writes it; None where it may be read in two ways.

    >>> money("1.250 euro", "de"), money("$1,250.50", "en"), money("1.250", "de")
    (Money(value=Fraction(1250, 1), sign='€'), Money(value=Fraction(2501, 2), sign='$'), None)
    """
    match = _SUM.fullmatch(text.strip())
    if match is None or (match["before"] and match["after"]):
        return None
    named = match["before"] or match["after"]
    sign = _SIGNS[named] if named else ""
    value = _number(match["n"], language, bool(sign))
    return None if value is None or value > MOST else Money(value, sign)


def _number(written: str, language: str, priced: bool) -> Fraction | None:
    if LEADING_ZERO.match(written):
        return None
    if language == "en":
        if not _ENGLISH.fullmatch(written):
            return None
        unsure = priced and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", written)
        return None if unsure else Fraction(written.replace(",", ""))
    if _GROUPED.fullmatch(written) and (priced or "." not in written or "," in written):
        return Fraction(written.replace(".", "").replace(" ", "").replace(",", "."))
    if not _PLAIN.fullmatch(written):
        return None
    return Fraction(written.replace(",", "."))


def rate(text: str) -> Fraction:
    """Returns a percentage that `PERCENT` matches, as a number: 19 for "19 %"."""
    return Fraction(re.findall(r"[\d.,]+", text)[0].rstrip(".,").replace(",", "."))


def shown(value: Fraction, sign: str, language: str, *, cents: bool = False) -> str:
    """Returns a number as a language writes it: money in cents, others to four decimals at most.

    `cents`: a number without a sign that is money, too.

    >>> shown(Fraction(2501, 2), "€", "de"), shown(Fraction(2501, 2), "$", "en")
    ('1.250,50 €', '$1,250.50')
    """
    paid = bool(sign) or (cents and value.denominator > 1)
    places = 2 if paid else 4
    with localcontext(prec=60):
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        near = exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    text = f"{near:,.{places}f}"
    if not paid or near == near.to_integral():
        text = text.rstrip("0").rstrip(".") if "." in text else text
    if language != "en":
        apart = _BETWEEN_THOUSANDS.get(language, ".")
        text = text.replace(",", "\0").replace(".", ",").replace("\0", apart)
    if not sign:
        return text
    return f"{sign}{text}" if language == "en" and len(sign) == 1 else f"{text} {sign}"


def percent(value: Fraction, language: str) -> str:
    """Returns a percentage with two decimals at most: "12.5%", "12,5 %"."""
    near = Fraction(round(value * 100), 100)
    return f"{shown(near, '', language)}{'%' if language == 'en' else ' %'}"


_ROUNDED = {
    "en": ", rounded to cents",
    "de": ", auf Cent gerundet",
    "fr": ", arrondi au centime",
    "es": ", redondeado al céntimo",
}


def in_cents(text: str, values: Iterable[Fraction], language: str) -> str:
    """Returns an answer, which says where one of its sums of money was rounded."""
    exact = all((value * 100).denominator == 1 for value in values)
    return text if exact else f"{text}{_ROUNDED[language]}"
