"""Calculates with percentages, in the words in which people ask for them.

All of the question must fit one form, or there is no answer. Results are exact. The answer repeats
the question as it was read, so that a reader sees which of two meanings was taken.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import cache

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.arithmetic import shown_sum
from tiers.exact.numbers import (
    AMOUNT,
    NUMBER,
    ROUNDED,
    Amount,
    amount,
    as_read,
    digits_for_words,
    is_money,
    number,
    shown,
    shown_money,
    written,
)
from tiers.exact.wording import Question, holds

_P = rf"(?P<p>{NUMBER}) ?(?:%|percent|per cent|pct)"
_Y = rf"(?P<y>{AMOUNT})"
_X = rf"(?P<x>{AMOUNT})"
_Q = rf"(?P<q>{NUMBER}) ?(?:%|percent|per cent|pct)"
_SHARE = r"(?:%|percent(?:age)?|per cent|pct)"
CUES = ("%", "cent", "pct")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("a ", "an ", "the ", "price ", "cost ", "what ", "how many ", "from ", "%", "per", "pct"),
    *("add ", "increase ", "raise ", "subtract ", "take ", "deduct ", "remove ", "decrease "),
    *("reduce ", "lower ", "discount ", "rent ", "bill ", "fee ", "salary ", "weight "),
    *("number ", "before ", "original ", "old ", "full "),
)
"""Begin what any form fits, besides numbers."""
_TWO_WAYS = late_regex(r"€ ?[1-9]\d{0,2}\.\d{3}(?!\d)")
"""Finds "2.450 euros", which are two to some writers and two thousand to others."""
_TAX = r"(?:tax|vat|sales tax|tip)"
_DISCOUNT = r"(?:discount|reduction|rebate|sale|off)"


def percentage(question: Question) -> str | None:
    """Returns the answer to a question about a percentage, None for anything else.

    >>> percentage(Question("15% of 240")), percentage(Question("$80 with 25% off"))
    ('15% of 240 = 36', '$80 less 25% = $60')
    """
    text = digits_for_words(question.text)
    if not (has_digit(text) and holds(text, CUES)) or _TWO_WAYS.search(text):
        return None
    for pattern, answer in _forms():
        match = pattern.fullmatch(text)
        if match:
            return answer(match)
    return None


def _part(match: re.Match[str]) -> str:
    p, whole = number(match["p"]), amount(match["y"])
    value = whole.value * p / 100
    return _line(f"{written(p)}% of {as_read(match['y'])}", value, match)


def _part_of_part(match: re.Match[str]) -> str:
    p, q, whole = number(match["p"]), number(match["q"]), amount(match["y"])
    left = f"{written(p)}% of {written(q)}% of {as_read(match['y'])}"
    return _line(left, whole.value * p * q / 10_000, match)


def _whole(match: re.Match[str]) -> str | None:
    p, part = number(match["p"]), amount(match["y"])
    if p == 0:
        return None
    whole = part.value * 100 / p
    return f"{as_read(match['y'])} is {written(p)}% of {_as_money(whole, match)}"


def _before(match: re.Match[str]) -> str | None:
    p, after = number(match["p"]), amount(match["y"])
    if not 0 < p < 100:
        return None
    price = _as_money(after.value * 100 / (100 - p), match)
    plain = price.removesuffix(ROUNDED)
    note = price.removeprefix(plain)
    return f"{as_read(match['y'])} after {written(p)}% off: {plain} before{note}"


def _as_money(value: Fraction, match: re.Match[str]) -> str:
    """Returns a result that is told within a sentence: in cents where the number is money."""
    sign = amount(match["y"]).sign
    if is_money(match["y"], value, match.string):
        return shown_money("", value, sign).removeprefix(" = ")
    return shown(Amount(value, sign))


def _added(match: re.Match[str]) -> str:
    p, whole = number(match["p"]), amount(match["y"])
    value = whole.value * (100 + p) / 100
    return _line(f"{as_read(match['y'])} plus {written(p)}%", value, match)


def _taken(match: re.Match[str]) -> str | None:
    p, whole = number(match["p"]), amount(match["y"])
    if p > 100:
        return None  # nothing has more off than it is
    value = whole.value * (100 - p) / 100
    return _line(f"{as_read(match['y'])} less {written(p)}%", value, match)


def _line(left: str, value: Fraction, match: re.Match[str]) -> str:
    """Returns the line of a result: in cents where the number that it is of is money."""
    sign = amount(match["y"]).sign
    if value >= 0 and is_money(match["y"], value, match.string):
        return shown_money(left, value, sign)
    return shown_sum(left, Amount(value, sign))


def _share(match: re.Match[str]) -> str | None:
    part, whole = amount(match["x"]), amount(match["y"])
    if whole.value == 0 or part.sign != whole.sign:
        return None
    share = 100 * part.value / whole.value
    return f"{as_read(match['x'])} is {_percent(share)} of {as_read(match['y'])}"


def _change(match: re.Match[str]) -> str | None:
    before, after = amount(match["x"]), amount(match["y"])
    if before.value == 0 or before.sign != after.sign:
        return None
    change = 100 * (after.value - before.value) / before.value
    named = "an increase of" if change > 0 else "a decrease of" if change < 0 else "a change of"
    way = f"from {as_read(match['x'])} to {as_read(match['y'])}"
    return f"{way[0].upper()}{way[1:]} is {named} {_percent(abs(change))}"


def _percent(share: Fraction) -> str:
    """Returns a share in percent, with two decimals where it does not end earlier."""
    if (share * 100).denominator == 1:
        return f"{written(share)}%"
    return f"about {written(Fraction(round(share * 100), 100))}%"


_FORMS: tuple[tuple[str, Callable[[re.Match[str]], str | None]], ...] = (
    (rf"{_P} (?:of|from|tip on|tax on|vat on|sales tax on|commission on) {_Y}", _part),
    (rf"what number is {_P} of {_Y}", _part),
    (rf"(?:what is )?{_P} of {_Q} of {_Y}", _part_of_part),
    (rf"(?:an? )?{_P} (?:tip|tax|vat|commission) (?:on|for|of) (?:a )?{_Y}(?: bill)?", _part),
    (rf"{_Y} ?(?:\*|times) ?{_P}", _part),
    (rf"(?:add )?{_P} (?:more than|added to|on top of) {_Y}", _added),
    (rf"add {_P}(?: {_TAX})? to {_Y}", _added),
    (rf"(?:increase|raise) {_Y} by {_P}", _added),
    (rf"{_Y} (?:increased|raised|plus|\+) (?:by )?{_P}(?: {_TAX})?", _added),
    (rf"{_Y} ?\+ ?{_P}", _added),
    (
        rf"(?:(?:the )?(?:price|cost) (?:after|with) (?:a |an )?)?"
        rf"{_P} (?:less than|below|off|off of|discount on|discount off) {_Y}",
        _taken,
    ),
    (rf"(?:subtract|take|deduct|remove) {_P} (?:off|from) {_Y}", _taken),
    (rf"(?:decrease|reduce|lower|discount) {_Y} by {_P}", _taken),
    (rf"{_Y} (?:decreased|reduced|lowered|discounted|minus|-) (?:by )?{_P}", _taken),
    (rf"{_Y} ?- ?{_P}", _taken),
    (rf"{_Y} (?:with|after|at|less) (?:a |an )?{_P} {_DISCOUNT}", _taken),
    (rf"{_Y} less {_P}", _taken),
    (rf"(?:what )?{_SHARE} (?:of )?{_Y} is {_X}", _share),
    (rf"(?:what |how many )?{_SHARE} is {_X} (?:of|out of) {_Y}", _share),
    (rf"{_X} is what {_SHARE} of {_Y}", _share),
    (rf"{_X} out of {_Y} (?:as|in) (?:a )?{_SHARE}", _share),
    (rf"{_X} (?:as|in) (?:a )?{_SHARE} of {_Y}", _share),
    (rf"(?:the )?{_SHARE} (?:change|increase|decrease|difference) from {_X} to {_Y}", _change),
    (rf"from {_X} to {_Y} (?:in|as a) {_SHARE}", _change),
    (rf"from {_X} to {_Y},? (?:is )?what {_SHARE}(?: (?:change|increase|decrease))?", _change),
    (
        rf"(?:the )?(?:price|rent|bill|fee|salary|weight|number) (?:went|rose|fell|dropped"
        rf"|increased|decreased|changed) (?:up |down )?from {_X} to {_Y},? (?:(?:by )?what {_SHARE}"
        rf"|(?:the )?{_SHARE} (?:change|increase|decrease|drop|rise))(?: (?:is|was) (?:that|it))?",
        _change,
    ),
    (rf"{_Y} is {_P} of (?:what|which)(?: number)?", _whole),
    (rf"{_P} of (?:what|which)(?: number)? is {_Y}", _whole),
    (
        rf"{_Y} (?:is the price )?after (?:a |an )?{_P} (?:discount|off|reduction),? "
        rf"(?:what (?:was|is) the )?(?:original|old|full|first)(?: price)?",
        _before,
    ),
    (
        rf"(?:what was )?(?:the )?(?:(?:original|old|full) )?price (?:was )?before (?:a |an )?{_P} "
        rf"(?:discount|off|reduction) if (?:it|the price) (?:is|costs) (?:now )?{_Y}(?: now)?",
        _before,
    ),
)


@cache
def _forms() -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str | None]], ...]:
    return tuple((late_regex(form), answer) for form, answer in _FORMS)
