"""Works out interest on interest: a sum that grows by the same rate year after year.

The answer says how often interest is added; where the question does not, that is once a year, as
rates are told. Simple interest is another sum, and the tool of rates has it.
"""

from __future__ import annotations

import re
from fractions import Fraction

from router.regexes.late import late_regex
from tiers.exact.numbers import (
    AMOUNT,
    NUMBER,
    SYMBOLS,
    amount,
    as_read,
    fits,
    in_cents,
    number,
    shown_money,
    written,
)

MOST_YEARS = 60
MOST_RATE = 50

_X, _P = rf"(?P<x>{AMOUNT})", rf"(?P<p>{NUMBER}) ?(?:%|percent|per cent|pct)"
_ASKED = r"(?:(?:what(?:'s| is| will)?|how much(?:'s| is| will)?|calculate|work out) )?(?:the )?"
_YEARLY = r"(?: (?:a year|per year|per annum|p\.?a\.?|yearly|annually|annual))?"
_OFTEN = r"(?P<often>annually|yearly|every year|each year|half-yearly|quarterly|monthly)"
_COMPOUNDED = rf"compound(?:ed|ing)?(?: {_OFTEN})?"
_TIME = r"(?P<t>\d{1,2}|a|an) years?"
_FORMS = tuple(
    late_regex(form)
    for form in (
        rf"{_ASKED}compound interest (?:on|for|of) {_X} at {_P}{_YEARLY} (?:for|over|after) {_TIME}"
        rf"(?:,? {_COMPOUNDED})?",
        rf"{_ASKED}{_P}{_YEARLY} (?:compound )?interest on {_X} (?:for|over|after) {_TIME},? "
        rf"{_COMPOUNDED}",
        rf"{_ASKED}{_P}{_YEARLY} compound interest on {_X} (?:for|over|after) {_TIME}",
        rf"{_ASKED}{_X} at {_P}{_YEARLY}(?: interest)?,? {_COMPOUNDED} (?:for|over|after) {_TIME}",
        rf"{_ASKED}{_X} at {_P}{_YEARLY}(?: interest)? (?:for|over|after) {_TIME},? {_COMPOUNDED}",
        rf"{_ASKED}{_X} at {_P}{_YEARLY} compound interest (?:for|over|after) {_TIME}",
        rf"{_ASKED}{_P}{_YEARLY} interest on {_X} (?:for|over|after) (?P<t>1|a|an) year",
        rf"{_ASKED}{_X} (?:be )?(?:worth )?after {_TIME} at {_P}{_YEARLY} compound interest",
    )
)
_TIMES = {"half-yearly": 2, "quarterly": 4, "monthly": 12}
_NAMED = {1: "once a year", 2: "twice a year", 4: "every quarter", 12: "every month"}
CUES = ("compound", " interest ")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("compound", "the ", "what", "how much", "calculate ", "work out ", "interest "),
    *(*SYMBOLS, "."),
)
"""Begin what any form fits, besides numbers."""


def growth(text: str) -> str | None:
    """Returns what a sum grows to with interest on interest, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> growth("compound interest on 2000 at 5% for 2 years")
    '2,000 at 5% a year for 2 years, interest added once a year = 2,205 (interest: 205)'
    """
    for form in _FORMS:
        match = form.fullmatch(text)
        if match is not None:
            return _grown(match)
    return None


def _grown(match: re.Match[str]) -> str | None:
    whole, rate = amount(match["x"]), number(match["p"])
    years = int(match["t"]) if match["t"].isdigit() else 1
    often = _TIMES.get(match.groupdict().get("often") or "", 1)
    if not 0 < rate <= MOST_RATE or not 1 <= years <= MOST_YEARS or not whole.value:
        return None
    factor = 1 + rate / 100 / often
    value = Fraction(whole.value)
    for _ in range(years * often):
        # Fractions of sixty years of months would have thousands of digits.
        value = value * factor if fits(value * factor) else _near(value * factor)
    told = f"{as_read(match['x'])} at {written(rate)}% a year for {years} year{'s' * (years > 1)}"
    earned = f" (interest: {in_cents(value - whole.value, whole.sign)})"
    return f"{told}, interest added {_NAMED[often]}{shown_money('', value, whole.sign, earned)}"


def _near(value: Fraction) -> Fraction:
    """Returns a value to thirty decimals: the error of all steps stays far below a cent."""
    return Fraction(round(value * 10**30), 10**30)
