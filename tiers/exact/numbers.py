"""Reads numbers from text and writes them again, exactly; also sums of one currency.

Numbers are fractions, so no digit is lost. It knows nothing about questions.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

from msgspec import Struct

from router.regexes.digits import has_digit
from router.regexes.late import late_regex

NUMBER = r"(?:\d{1,3}(?:,\d{3})+|\d{1,20})(?:\.\d{1,20})?|\.\d{1,20}"
"""Matches 1234.5, 1,234.5 and .5. A comma that does not part thousands fits nowhere: 1,5 may mean
1.5 or a list, so no tool answers."""

SYMBOLS = "$€£₹"
AMOUNT = rf"[{SYMBOLS}]? ?(?:{NUMBER})"
MAX_DECIMALS = 10
"""Decimals up to which a result is written in full; what has more is rounded, and says so."""
MAX_BITS = 400  # of a result's numerator and denominator: about 120 digits
SIGNIFICANT = 10  # digits of a rounded result
ROUNDED = ", rounded to cents"
"""Ends a line with a sum of money that is not exact."""

_UNITS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SMALL = {word: n for n, word in enumerate(_UNITS)} | {
    word: 10 * n for n, word in enumerate(_TENS, 2)
}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_SCALE_OF = {"k": 1000, **_SCALES}
_WORDS = (*_SMALL, *_SCALES)
_ONE = "|".join(_WORDS)
_FIRST = "".join(sorted({word[0] for word in (*_WORDS, "a")}))
_IN_WORDS = late_regex(rf"\b(?=[{_FIRST}])(?:a )?(?:{_ONE})(?:(?: and |[ -])(?:{_ONE}))*\b")
_BEHIND_MONEY = "|".join(
    rf"(?<={money}{apart}\d)"
    for money in ("(?:usd|eur|gbp)", "[tkm][$€£]")
    for apart in ("", " ", r"\.", r" \.")
)
_SAID_MORE = late_regex(
    r"\d(?: ?(?:and a half|[tkm]?(?:usd|eur|gbp)|[tkm][$€£]|k|thousand|million|billion|dollar|buck)"
    rf"|{_BEHIND_MONEY})"
)
"""Finds what may stand beside a number and belong to it, which the forms below read. It begins with
the digit, which few texts have, so that others are passed by at once."""
_AND_A_HALF = late_regex(r"(\d) and a half\b")
_SCALED = late_regex(rf"(?<![\w.,])({NUMBER}) ?(k|thousand|million|billion)\b(?! ?\w*meter|[$€£])")
_NAMED_MONEY = late_regex(rf"(?<![\w.,$€£])({NUMBER}) ?(dollars?|usd|bucks|euros?|eur|gbp)\b")
_UNSURE = r"[1-9]\d{0,2}\.\d{3}(?!\d)"
_BEFORE = late_regex(
    rf"(?<![\w.,$€£])(?:(?![tkm]\w{{3}} ?{_UNSURE})([tkm]?)(usd|eur|gbp)|([tkm])([$€£])"
    rf"(?! ?{_UNSURE})) ?({NUMBER})(?![\w.,])"
)
_BEHIND = late_regex(
    rf"(?<![\w.,$€£])(?!{_UNSURE})({NUMBER}) ?([tkm])(usd|eur|gbp|[$€£])(?![\w$€£])"
)
"""Find TEUR 85, EUR 85 and 85 kUSD. TEUR 2.500 may be 2,500 euros or, in German, 2,500,000."""
_MONEY_SCALE = {"": 1, "t": 1000, "k": 1000, "m": 10**6}
BEGINNINGS = (
    *(*SYMBOLS, ".", "-", "a ", *_WORDS),
    *(scale + name for scale in _MONEY_SCALE for name in ("usd", "eur", "gbp")),
    *(scale + sign for scale in _MONEY_SCALE if scale for sign in SYMBOLS),
)
"""Begin what reads as a number or a sum of money, besides digits."""
_NAMES_MONEY = late_regex(
    r"\b(?:tip|tax|vat|commission|discount(?:ed)?|reduction|rebate|sale|off|price|costs?|bill|pays?"
    r"|owes?|people|persons|friends|us|me|myself|guests|kids|children|colleagues|players)\b"
)
"""Tells a price, or those who share one, in the words of the forms of percentages and shares."""
_MONEY_SIGN = {"d": "$", "u": "$", "b": "$", "e": "€", "g": "£"}


class Amount(Struct, frozen=True):
    """Holds a number with the sign of its currency, "" for a plain number."""

    value: Fraction
    sign: str = ""
    exact: bool = True  # False: a root that has no exact decimal


def number(text: str) -> Fraction:
    """Returns the number written as `NUMBER`.

    >>> number("1,234.5")
    Fraction(2469, 2)
    """
    return Fraction(text.replace(",", ""))


def amount(text: str) -> Amount:
    """Returns the number written as `AMOUNT`."""
    clean = text.strip()
    sign = clean[0] if clean[0] in SYMBOLS else ""
    return Amount(number(clean.removeprefix(sign).strip()), sign)


@lru_cache(maxsize=16)  # seven tools ask for the same text, one after another
def digits_for_words(text: str) -> str:
    """Returns the text with numbers in words as digits, and with names of money as its sign.

    >>> digits_for_words("twenty five percent of a hundred and twenty dollars")
    '25 percent of $120'
    """
    text = _IN_WORDS.sub(lambda match: _spelled(match.group(0)), text)
    if not (has_digit(text) and _SAID_MORE.search(text)):
        return text
    text = _AND_A_HALF.sub(r"\1.5", text)
    text = _BEFORE.sub(lambda m: _money(m[5], m[1] or m[3] or "", m[2] or m[4]), text)
    text = _BEHIND.sub(lambda m: _money(m[1], m[2], m[3]), text)
    text = _SCALED.sub(_scaled, text)
    return _NAMED_MONEY.sub(lambda m: f"{_MONEY_SIGN[m.group(2)[0]]}{m.group(1)}", text)


def _money(digits: str, scale: str, name: str) -> str:
    """Returns "€85000" for 85, "t" and "eur"."""
    value = number(digits) * _MONEY_SCALE[scale]
    plain = written(value).replace(",", "") if scale else digits
    return f"{_MONEY_SIGN.get(name[0], name)}{plain}"


def _scaled(match: re.Match[str]) -> str:
    return written(number(match.group(1)) * _SCALE_OF[match.group(2)]).replace(",", "")


def _spelled(words: str) -> str:
    """Returns digits for words that form one number, the words unchanged otherwise."""
    total = group = 0
    last = 10**12
    for word in re.split(r"[ -]", words):
        if word in ("and", "a"):
            continue
        if word == "hundred":
            group, last = max(group, 1) * 100, 100
        elif word in _SCALES:
            total, group, last = total + max(group, 1) * _SCALES[word], 0, _SCALES[word]
        else:
            value = _SMALL[word]
            # "twenty thirty" and "five five" are two numbers, not one.
            if (last < 20 or value >= last) and last != 10**12:
                return words
            if last in range(20, 100) and not 0 < value < 10:
                return words
            group, last = group + value, value
    if re.fullmatch(r"(?:a )?(?:thousand|million|billion|hundred)", words) and words[0] != "a":
        return words
    return str(total + group)


def written(value: Fraction) -> str:
    """Returns a number in digits, in full where it ends within MAX_DECIMALS, else rounded.

    >>> written(Fraction(2469, 2)), written(Fraction(1, 3))
    ('1,234.5', '0.3333333333')
    """
    if ends(value):
        with localcontext() as context:
            context.prec = 200
            exact = Decimal(value.numerator) / Decimal(value.denominator)
        return _plain(exact)
    with localcontext() as context:
        context.prec = SIGNIFICANT
        context.rounding = ROUND_HALF_UP
        return _plain(Decimal(value.numerator) / Decimal(value.denominator))


def ends(value: Fraction) -> bool:
    """Returns True when the decimal of `value` ends within MAX_DECIMALS digits."""
    return Fraction(value * 10**MAX_DECIMALS).denominator == 1


def shown(result: Amount) -> str:
    """Returns a result for people, with "about" where it is rounded.

    A whole sum of money has no cents, as other languages and tools write it.

    >>> shown(Amount(Fraction(36), "$")), shown(Amount(Fraction(100, 3), "$"))
    ('$36', 'about $33.33')
    """
    if not result.sign:
        exact = result.exact and ends(result.value)
        return written(result.value) if exact else f"about {written(result.value)}"
    cents = result.value * 100
    whole = result.exact and cents.denominator == 1
    with localcontext() as context:
        context.prec = 200
        value = Decimal(cents.numerator) / Decimal(cents.denominator)
        rounded = value.quantize(Decimal(1), rounding=ROUND_HALF_UP) / 100
    minus = "-" if rounded < 0 else ""
    text = f"{minus}{result.sign}{_in_cents(abs(rounded))}"
    return text if whole else f"about {text}"


def looks_like_money(text: str) -> bool:
    """Returns True for a number with two decimals, as prices are written: 84.90, but not 84.9."""
    return re.search(r"\.\d\d$", text.strip()) is not None


def as_read(text: str) -> str:
    """Returns a sum or a number as it was read, with commas between thousands.

    >>> as_read("$1250.50"), as_read("1250")
    ('$1,250.50', '1,250')
    """
    read = amount(text)
    if looks_like_money(text):
        return f"{read.sign}{Decimal(text.strip(f'{SYMBOLS} ').replace(',', '')):,}"
    return (
        shown(read) if read.sign and read.value.denominator > 1 else read.sign + written(read.value)
    )


def is_money(text: str, value: Fraction, said: str) -> bool:
    """Returns True where the result `value` of the number `text` is to be told in cents.

    That is a number with a sign, or one with two decimals in a question that names money. Two
    decimals alone may be anything: then a result is cut to cents only where nothing is lost.

    >>> is_money("1.25", Fraction("0.15625"), "12.5% of 1.25")
    False
    >>> is_money("84.90", Fraction("72.165"), "15% off 84.90")
    True
    """
    if amount(text).sign:
        return True
    whole = (value * 100).denominator == 1
    return looks_like_money(text) and (whole or _NAMES_MONEY.search(said) is not None)


def in_cents(value: Fraction, sign: str = "") -> str:
    """Returns a sum of money as `shown_money` rounds it, without a word of that.

    >>> in_cents(Fraction("72.165")), in_cents(Fraction(20), "$")
    ('72.17', '$20')
    """
    return shown_money("", value, sign).removeprefix(" = ").removesuffix(ROUNDED)


def shown_money(left: str, value: Fraction, sign: str = "", after: str = "") -> str:
    """Returns a line with a sum of money, rounded half up to cents, which it then says.

    >>> shown_money("84.90 less 15%", Fraction("72.165"))
    '84.90 less 15% = 72.17, rounded to cents'
    """
    with localcontext() as context:
        context.prec = 200
        cents = Decimal((value * 100).numerator) / Decimal((value * 100).denominator)
        rounded = cents.quantize(Decimal(1), rounding=ROUND_HALF_UP) / 100
    whole = (value * 100).denominator == 1
    plain = whole and not sign and "." not in left and value.denominator == 1
    money = _in_cents(rounded) if sign else f"{rounded:,.2f}"
    text = written(value) if plain else f"{sign}{money}"
    return f"{left} = {text}{after}{'' if whole else ROUNDED}"


def _in_cents(rounded: Decimal) -> str:
    """Returns a sum of money with two decimals, or with none where it is whole."""
    return f"{rounded:,.2f}".removesuffix(".00")


def fits(value: Fraction) -> bool:
    """Returns True for a number that is small enough to be written."""
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS


def _plain(value: Decimal) -> str:
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
