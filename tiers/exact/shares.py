"""Splits a number among people or parts, and takes a fraction off it.

All of the question must fit one form, or there is no answer. Parts are equal; whoever wants another
split gets no answer. It knows nothing about percentages.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import cache

from router.regexes.digits import has_digit
from router.regexes.late import late_regex
from tiers.exact.arithmetic import shown_sum
from tiers.exact.numbers import (
    AMOUNT,
    Amount,
    amount,
    digits_for_words,
    is_money,
    shown_money,
)
from tiers.exact.wording import FRACTIONS, Question, holds

MOST_PARTS = 10_000

_WHOLE = rf"(?:an? |the )?(?:bill |total |sum )?(?:of )?(?P<y>{AMOUNT})(?: bill)?"
_SPLIT = r"(?:split|divide|share|distribute)"
_DONE = r"(?:split|divided|shared|distributed)"
_EVENLY = r"(?: up)?(?: equally| evenly| fairly)?"
_PEOPLE = r" (?:people|persons|friends|of us|guests|kids|children|colleagues|players)"
_PARTS = r"(?: equal)?(?: (?:parts|pieces|shares|portions|groups|ways))?"
_AMONG = (
    rf"{_EVENLY} (?:(?:among|amongst|between) (?P<n>\d{{1,5}})(?:{_PEOPLE})?"
    rf"|by (?P<by>\d{{1,5}}){_PEOPLE}"
    rf"|(?:among|amongst|between) (?:me|myself) and (?P<more>\d{{1,4}})(?:{_PEOPLE})?"
    rf"|(?:in|into) (?P<parts>\d{{1,5}}){_PARTS}|(?P<ways>\d{{1,5}}) ways"
    rf"|(?P<half>in half)){_EVENLY}"
)
_FORMS = (
    rf"{_SPLIT} {_WHOLE}{_AMONG}",
    rf"(?:split|share) {_WHOLE} by (?P<by>\d{{1,5}})",
    rf"(?P<n>\d{{1,5}}) [a-z][a-z' -]{{1,30}}? (?:cost|costs|for) (?P<y>{AMOUNT}),? (?:so )?"
    r"how much (?:is|does|for)(?: just)? (?:1|each|a single one)(?: cost)?",
    rf"{_WHOLE} {_DONE}{_AMONG}",
    rf"(?:each(?: person)?|everyone|everybody) (?:pay|pays|get|gets|owe|owes)?,? ?"
    rf"(?:if|when) (?:we|you|they|i) {_SPLIT} {_WHOLE}{_AMONG}",
    rf"(?:if|when) (?:we|you|they|i) {_SPLIT} {_WHOLE}{_AMONG},?"
    r" (?:how much|what) (?:does|will|would|do|must|should)"
    r" (?:each(?: person| one| of us)?|everyone|everybody|we each) (?:have to )?(?:pay|get|owe)",
    rf"(?P<n>\d{{1,5}})(?: people| friends| of us) (?:share|split) {_WHOLE}{_EVENLY}"
    r"(?:,? (?:how much )?(?:each|per person))?",
)
CUES = ("split", "divide", "share", "distribute", "how much", " off")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("split ", "divide ", "share ", "distribute ", "a ", "an ", "one", "the ", "bill ", "total "),
    *("sum ", "of ", "each ", "everyone ", "everybody ", "if ", "when ", "half "),
)
"""Begin what any form fits, besides numbers."""
_NAMES = "|".join(FRACTIONS)
_OFF = late_regex(
    rf"(?P<top>an?|one|\d{{1,2}})[ -](?P<bottom>{_NAMES})s? off(?: of)? {_WHOLE}"
    rf"|half off(?: of)? (?P<y2>{AMOUNT})"
)


@cache
def _forms() -> tuple[re.Pattern[str], ...]:
    return tuple(map(re.compile, _FORMS))


def share(question: Question) -> str | None:
    """Returns an equal share, or what a fraction less leaves; None for anything else.

    >>> share(Question("split 84 among 6")), share(Question("a third off $60"))
    ('84 / 6 = 14 each', '$60 less 1/3 = $40')
    """
    text = digits_for_words(question.text)
    if not (has_digit(text) and holds(text, CUES)):
        return None
    for form in _forms():
        match = form.fullmatch(text)
        if match:
            return _split(match)
    match = _OFF.fullmatch(text)
    return None if match is None else _less(match)


def _split(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    parts = 2 if groups.get("half") else int(groups.get("more") or -1) + 1
    for name in ("n", "by", "parts", "ways"):
        parts = int(groups.get(name) or parts)
    if not 2 <= parts <= MOST_PARTS:
        return None
    whole = amount(groups["y"])
    text = groups["y"]
    return _line(f"{_read(text)} / {parts:,}", whole.value / parts, match, " each")


def _less(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    text = groups["y"] or groups["y2"]
    bottom = FRACTIONS[groups["bottom"]] if groups["bottom"] else 2
    top = groups["top"]
    part = Fraction(int(top) if top and top.isdigit() else 1, bottom)
    if part >= 1:
        return None
    return _line(f"{_read(text)} less {part}", amount(text).value * (1 - part), match)


def _line(left: str, value: Fraction, match: re.Match[str], after: str = "") -> str:
    groups = match.groupdict()
    whole = groups["y"] or groups.get("y2", "")
    if is_money(whole, value, match.string):
        return shown_money(left, value, amount(whole).sign, after)
    return shown_sum(left, Amount(value)) + after


def _read(text: str) -> str:
    return amount(text).sign + text.strip(" $€£₹")
