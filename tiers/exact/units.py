"""Converts units, and sums of money where the question states the rate.

All of the question must fit one form, or there is no answer. Factors are exact; a result that does
not end is rounded to six digits, and says so. No rate of exchange is known here.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from functools import cache

from router.regexes.late import late_regex
from tiers.exact.numbers import NUMBER, Amount, digits_for_words, number, shown, written
from tiers.exact.unit_table import UNITS, Unit
from tiers.exact.wording import Question

SIGNIFICANT = 6  # digits of a rounded conversion: more than a household measures

_NAMES = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_END = r"(?![\w°])"
_N = rf"(?P<n>-?(?:{NUMBER})|an?|one)"
_U = rf"(?P<u>{_NAMES}){_END}"
_V = rf"(?P<v>{_NAMES}){_END}"
_TO = r"(?:to|into|in|as)"
_FORMS = (
    rf"(?:convert |change |turn )?{_N} ?{_U}(?: (?P<n2>{NUMBER}) ?(?P<u2>{_NAMES}){_END})? "
    rf"(?:is |equals |converted )?{_TO} {_V}",
    rf"how (?:many|much) {_V} (?:are |is |make |equals? )?(?:there )?(?:in )?{_N} ?{_U}"
    rf"(?: (?P<n2>{NUMBER}) ?(?P<u2>{_NAMES}){_END})?",
    rf"{_N} ?{_U} (?:is|are|equals?) how many {_V}",
    rf"how (?:long|far|tall|heavy|hot|cold|fast|big) is {_N} ?{_U} in {_V}",
)

_HYPHEN = late_regex(r"(?<=\d)-(?=[a-z])")
_DEGREES = late_regex(r"(\d) ?(?:°|degrees?) ?(?=[cfk]\b|celsius|fahrenheit|centigrade)")
_FRACTION = late_regex(r"(?:\b(\d{1,4}) (?:and )?)?\b([13])/([24])(?= [a-z])")
_HALF_A = late_regex(r"\bhalf an? (?=[a-z])|\b(?<!and )a half (?=[a-z])")
_FEET = late_regex(r"(\d)'(?=\d)")
_KELVIN = late_regex(rf"({NUMBER})k(?= )")

_CODE = r"[a-z]{3}|dollars?|euros?|pounds?|yen|rupees?|francs?|pesos?"
_EACH = r"(?:at|with|using)(?: an?| the)?(?: exchange)?(?: rate)?(?: of)?"
_MONEY = (
    rf"(?:convert |change |exchange )?(?P<n>{NUMBER}) ?(?P<u>{_CODE}) {_TO} (?P<v>{_CODE}) "
    rf"{_EACH} (?P<r>{NUMBER})(?: (?P<w>{_CODE}) (?:per|for (?:1|one|a|each)) (?P<x>{_CODE}))?",
    rf"(?:convert |change |exchange )?(?P<n>{NUMBER}) ?(?P<u>{_CODE}) {_TO} (?P<v>{_CODE}),? "
    rf"(?:if|when|where|at|with) (?P<one>1|one|a) ?(?P<x>{_CODE}) (?:is|=|equals|costs|buys) "
    rf"(?P<r>{NUMBER}) ?(?P<w>{_CODE})",
)
_UNRATED = (
    rf"(?:convert |change |exchange |turn |how much (?:is|are) )?"
    rf"(?P<n>{NUMBER}) ?(?P<u>{_CODE}) (?:worth |is )?"
    rf"(?:to|into|in) (?P<v>{_CODE})(?: today| now| right now)?",
    rf"how (?:many|much)(?: in)? (?P<v>{_CODE}) (?:are |is |do i get for |for |in )?"
    rf"(?P<n>{NUMBER}) ?(?P<u>{_CODE})",
)
NO_RATES = "I know no rates of exchange."
"""Begins the question for a rate."""
_BEFORE_RATE = late_regex(r"(?:it's|it is|at|with|use|the rate is|rate:?) ")
_DECIMAL_COMMA = late_regex(r"\b(0|\d{1,4}),(\d+)\b")
_RATE_IN = late_regex(rf"(?P<r>{NUMBER}) ?(?P<w>{_CODE})")
_BEGINNING = late_regex(
    r"-?[\d.]|an? ?|one|half |how (?:many|much|long|far|tall|heavy|hot|cold|fast|big)"
    r"|convert |change |exchange |turn "
)
"""Fits the beginning of what any form fits; forms are compiled when the first text has it, which
takes 15 ms."""
BEGINNINGS = ("a", "one", "half ", "how ", "convert ", "change ", "exchange ", "turn ")
"""Begin what `_BEGINNING` fits, besides numbers."""
_SYMBOL = late_regex(rf"([$€£₹]) ?({NUMBER})")
_OF_SYMBOL = {"$": "usd", "€": "eur", "£": "gbp", "₹": "inr"}
_NAMED = {"dollar": "usd", "euro": "eur", "pound": "gbp", "rupee": "inr", "yen": "jpy"}


_CODES = (
    "AED ARS AUD BGN BRL CAD CHF CLP CNY COP CZK DKK EGP EUR GBP HKD HUF IDR ILS INR JPY KRW MAD "
    "MXN MYR NGN NOK NZD PEN PHP PKR PLN RON RUB SAR SEK SGD THB TRY TWD UAH USD VND ZAR"
)
_KNOWN_CODES = frozenset(_CODES.split())


@cache
def _compiled(forms: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, forms))


def conversion(question: Question) -> str | None:
    """Returns the converted quantity, None for anything else.

    >>> conversion(Question("5 miles to km")), conversion(Question("100 f in celsius"))
    ('5 miles = 8.04672 kilometres', '100 °F = about 37.7778 °C')
    """
    if not _BEGINNING.match(digits_for_words(question.text)):
        return None
    text = _unit_words(question.text)
    for form in _compiled(_FORMS):
        match = form.fullmatch(text)
        if match:
            return _converted(match)
    return None


def _unit_words(text: str) -> str:
    """Returns the text with numbers as digits; 'pounds' stay a weight, 6 ft stay two words."""
    text = _HYPHEN.sub(" ", _FEET.sub(r"\1' ", _HALF_A.sub("0.5 ", text)))
    text = _FRACTION.sub(_decimal, text)
    text = _DEGREES.sub(r"\1 ", text)
    return digits_for_words(_KELVIN.sub(r"\1 k", text))


def _decimal(match: re.Match[str]) -> str:
    """Returns "2.5" for "2 1/2"."""
    return written(int(match[1] or 0) + Fraction(int(match[2]), int(match[3])))


def _converted(match: re.Match[str]) -> str | None:
    unit, wanted = UNITS[match["u"]], UNITS[match["v"]]
    groups = match.groupdict()
    if unit.kind != wanted.kind or unit == wanted:
        return None
    count = Fraction(1) if match["n"] in ("a", "an", "one") else _signed(match["n"])
    if count < 0 and unit.kind != "temperature":
        return None
    quantity = _quantity_text(count, unit)
    value = count * unit.factor + unit.offset
    if groups.get("n2"):
        smaller = UNITS[groups["u2"]]
        rest = number(groups["n2"])
        if smaller.kind != unit.kind or unit.offset or smaller.factor >= unit.factor:
            return None
        value += rest * smaller.factor
        quantity += f" {_quantity_text(rest, smaller)}"
    if unit.kind == "temperature" and value < Fraction("-273.15"):
        return None  # colder than anything
    result = (value - wanted.offset) / wanted.factor
    rounded, exact = _rounded(result)
    name = wanted.name if exact and rounded == 1 else wanted.plural
    return f"{quantity} = {'' if exact else 'about '}{written(rounded)} {name}"


def _signed(text: str) -> Fraction:
    return -number(text[1:]) if text.startswith("-") else number(text)


def _quantity_text(count: Fraction, unit: Unit) -> str:
    return f"{written(count)} {unit.name if count == 1 else unit.plural}"


def _rounded(value: Fraction) -> tuple[Fraction, bool]:
    """Returns a value, rounded to SIGNIFICANT digits unless it ends soon, and if it is exact."""
    if (value * 10**6).denominator == 1:
        return value, True
    with localcontext() as context:
        context.prec = SIGNIFICANT
        context.rounding = ROUND_HALF_UP
        near = Decimal(value.numerator) / Decimal(value.denominator)
    return Fraction(near), False


def exchange(question: Question) -> str | None:
    """Returns a sum in another currency by the rate that the question states; else None.

    >>> exchange(Question("100 usd to eur at 0.92"))
    '100 USD = 92 EUR, at 0.92 EUR for 1 USD'
    """
    match = _fit(_MONEY, question)
    return None if match is None else _exchanged(match)


def rate_asked_for(question: Question) -> str | None:
    """Returns words that ask for a rate, where a sum in another currency lacks nothing else.

    >>> rate_asked_for(Question("convert 100 dollars to euros"))
    'I know no rates of exchange. How many EUR is 1 USD? I work out "100 USD to EUR at 0.9".'
    """
    asked = _unrated(question)
    if asked is None:
        return None
    have, want, of_money = asked
    return f'{NO_RATES} How many {want} is 1 {have}? I work out "{of_money} at 0.9".'


def exchange_with(reply: Question, asked: Question) -> str | None:
    """Returns a sum that lacked a rate, by the rate that a reply states and nothing else.

    >>> for_euros = Question("convert 100 dollars to euros")
    >>> {exchange_with(Question(rate), for_euros) for rate in ("it's 0.92", "0,92", "0.92 eur")}
    {'100 USD = 92 EUR, at 0.92 EUR for 1 USD'}
    >>> {exchange_with(Question(rate), for_euros) for rate in ("1,085", "0.92 usd", "0.92 kg")}
    {None}
    """
    without = _unrated(asked)
    if without is None:
        return None
    have, want, of_money = without
    rate = _BEFORE_RATE.sub("", reply.text)
    comma = _DECIMAL_COMMA.search(rate)
    if comma is not None:
        if comma[1] != "0" and len(comma[2]) == 3:
            return None  # 1,085 is a little more than one in Europe, and a thousand elsewhere
        rate = _DECIMAL_COMMA.sub(r"\1.\2", rate)
    told_in = _RATE_IN.fullmatch(_in_codes(rate))
    if told_in is not None and _code(told_in["w"]) == want:
        rate = f"{told_in['r']} {want} per {have}"
    return exchange(Question(f"{of_money} at {rate}".lower()))


def _in_codes(text: str) -> str:
    """Returns a text with a code behind each number that has the sign of a currency before it."""
    return _SYMBOL.sub(lambda m: f"{m.group(2)} {_OF_SYMBOL[m.group(1)]}", text)


def _fit(forms: tuple[str, ...], question: Question) -> re.Match[str] | None:
    """Returns the match of the first form that all of a question about money fits."""
    if not (question.text.startswith(tuple(_OF_SYMBOL)) or _BEGINNING.match(question.text)):
        return None
    text = _in_codes(question.text)
    return next((match for form in _compiled(forms) if (match := form.fullmatch(text))), None)


def _unrated(question: Question) -> tuple[str, str, str] | None:
    """Returns the two currencies of a sum that states no rate, and the sum without one."""
    match = _fit(_UNRATED, question)
    if match is None:
        return None
    have, want = _code(match["u"]), _code(match["v"])
    if have is None or want is None or have == want or not _KNOWN_CODES.issuperset((have, want)):
        return None  # three letters may mean anything
    return have, want, f"{written(number(match['n']))} {have} to {want}"


def _exchanged(match: re.Match[str]) -> str | None:
    have, want = _code(match["u"]), _code(match["v"])
    per, of = _code(match["w"] or want), _code(match["x"] or have)
    rate = number(match["r"])
    if have is None or want is None or have == want or not rate:
        return None
    count = number(match["n"])
    if (per, of) == (want, have):
        value = count * rate
    elif (per, of) == (have, want):
        value = count / rate
    else:
        return None
    text = shown(Amount(value, "$")).replace("$", "")
    return f"{written(count)} {have} = {text} {want}, at {written(rate)} {per} for 1 {of}"


def _code(name: str | None) -> str | None:
    """Returns a currency's code in capitals. Names that several countries use are none but ours."""
    if name is None:
        return None
    return _NAMED.get(name.rstrip("s"), name if len(name) == 3 else "").upper() or None
