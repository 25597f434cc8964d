"""Adds a tip to a bill and splits both among people.

All of the question must fit one form, or there is no answer. A share may be meant of the tip alone
or of all that is paid, so the answer says both.
"""

from __future__ import annotations

import re
from functools import cache

from router.regexes.digits import has_digit
from tiers.exact.numbers import (
    AMOUNT,
    NUMBER,
    amount,
    digits_for_words,
    in_cents,
    number,
    shown_money,
    written,
)
from tiers.exact.wording import Question

MOST_PEOPLE = 1_000

_TIP = rf"(?:an? )?(?P<p>{NUMBER}) ?(?:%|percent) tip"
_BILL = rf"(?:an? |the )?(?:bill |total |check |dinner )?(?:of )?(?P<y>{AMOUNT})(?: bill| check)?"
_PEOPLE = r"(?: people| persons| friends| of us| guests| ways)?"
_SPLIT = (
    rf",? ?(?:and )?(?:then )?(?:split|divided|shared)(?: evenly| equally)?"
    rf" (?:(?:by|among|between|with|for) )?(?P<n>\d{{1,4}}){_PEOPLE}"
)
_FORMS = (
    rf"{_TIP} (?:on|for|of) {_BILL}{_SPLIT}",
    rf"{_BILL}(?: with| plus| and| at|,|\+)+ ?{_TIP}{_SPLIT}",
    rf"(?:split|divide|share) {_BILL}(?: with| plus| and|,)+ {_TIP}"
    rf" (?:among|between|by|for) (?P<n>\d{{1,4}}){_PEOPLE}",
    rf"(?:split|divide|share) {_BILL} (?:(?:among|between|by) )?(?P<n>\d{{1,4}}){_PEOPLE}"
    rf"(?: with| plus| and|,)+ {_TIP}",
)

BEGINNINGS = (
    *("a ", "an ", "the ", "bill ", "total ", "check ", "dinner ", "of "),
    *("split ", "divide ", "share "),
)
"""Begin what any form fits, besides numbers."""


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, _FORMS))


def tip(question: Question) -> str | None:
    """Returns a bill with its tip and the share of each, None for anything else.

    >>> tip(Question("20% tip on $50 split by 4"))
    '$50 plus 20% = $60; split by 4: $15 each (the tip alone: $2.50 each)'
    """
    text = digits_for_words(question.text)
    if not ("tip" in text and has_digit(text)):
        return None
    for form in _forms():
        match = form.fullmatch(text)
        if match:
            return _tip_text(match)
    return None


def _tip_text(match: re.Match[str]) -> str | None:
    rate, bill, people = number(match["p"]), amount(match["y"]), int(match["n"])
    if not 2 <= people <= MOST_PEOPLE:
        return None
    paid = bill.value * (100 + rate) / 100
    plain = match["y"].strip().lstrip("$€£₹ ")
    whole = shown_money(f"{bill.sign}{plain} plus {written(rate)}%", paid, bill.sign)
    each = in_cents(paid / people, bill.sign)
    tip_each = in_cents((paid - bill.value) / people, bill.sign)
    return f"{whole}; split by {people}: {each} each (the tip alone: {tip_each} each)"
