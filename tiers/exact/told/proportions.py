"""Works out what other numbers of the same thing take: "if 5 pens cost 3.75, what do 12 cost?".

Each piece costs the same, and a recipe grows evenly; the answer shows both steps. Both counts must
be of one thing.
"""

from __future__ import annotations

import re

from router.regexes.late import late_regex
from tiers.exact.arithmetic import shown_sum
from tiers.exact.numbers import (
    AMOUNT,
    NUMBER,
    Amount,
    amount,
    as_read,
    number,
    shown_money,
    written,
)

_N, _M = rf"(?P<n>{NUMBER})", rf"(?P<m>{NUMBER})"
_X = rf"(?P<x>{AMOUNT})"
_THING = r" ?(?P<thing>[a-z][a-z'-]{0,20}(?: [a-z][a-z'-]{1,20}){0,3}?)"
_AGAIN = (
    r"(?: of (?:them|those|it)| ?(?P<again>(?!costs?\b|be\b|come\b|if\b)[a-z][a-z'-]{0,20}"
    r"(?: [a-z][a-z'-]{1,20}){0,3}?))?"
)
_COST = r"(?:costs?|are|is|go for|sell for|come to)"
_ASKS = (
    r"(?:how much|what)(?:'s| is| are| do| does| would| will| for| should)?(?: the (?:price|cost) "
    r"(?:of|for))?"
)
_PEOPLE = r"(?: people| persons| servings| guests| portions| of us| cakes?| cookies| loaves)?"
_NEEDS = r"(?:needs?|takes?|uses?|calls for|requires?|(?:i|you|we) (?:need|use))"
_PRICES = tuple(
    late_regex(form)
    for form in (
        rf"(?:if )?{_N}{_THING} {_COST} {_X}[,.;]? (?:then )?{_ASKS} {_M}{_AGAIN}"
        r"(?: costs?| be| come to)?",
        rf"{_ASKS} {_M}{_AGAIN}(?: costs?| be)?,? if {_N}(?:{_THING})? {_COST} {_X}",
    )
)
_RECIPES = tuple(
    late_regex(form)
    for form in (
        r"(?:(?:a |the |my |this )?(?:recipe|dish|cake|dough) (?:is )?)?(?:for|serves) "
        rf"{_N}{_PEOPLE}(?: and)?,? {_NEEDS} (?P<q>{NUMBER}) ?(?P<unit>[a-z]{{1,12}})(?: of)?"
        r"(?: (?P<what>[a-z]{2,16}(?: [a-z]{2,16})?))?[,.;]? (?:and )?how (?:much|many)"
        r"(?: (?P<asked>[a-z]{2,16}))?(?: (?:do|would|will|should) (?:i|you|we) need)? for "
        rf"{_M}{_PEOPLE}",
    )
)
CUES = ("how much", "how many", "what")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *("if ", "how much", "what", "for ", "serves ", "."),
    *(
        f"{article}{dish} "
        for article in ("", "a ", "the ", "my ", "this ")
        for dish in ("recipe", "dish", "cake", "dough")
    ),
)
"""Begin what any form fits, besides numbers."""


def proportion(text: str) -> str | None:
    """Returns what another count takes at the same rate, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> proportion("if 5 pens cost 3.75, what do 12 cost")
    '3.75 / 5 * 12 = 9'
    >>> proportion("recipe for 4 needs 300 g flour, how much for 6")
    '300 g / 4 * 6 = 450 g'
    """
    for form in _PRICES:
        match = form.fullmatch(text)
        if match is not None:
            return _price(match)
    for form in _RECIPES:
        match = form.fullmatch(text)
        if match is not None:
            return _recipe(match)
    return None


def _price(match: re.Match[str]) -> str | None:
    n, m, whole = number(match["n"]), number(match["m"]), amount(match["x"])
    thing, again = match["thing"], match["again"]
    if thing and again and _singular(thing) != _singular(again):
        return None
    if not n or not m or n == m or not whole.value:
        return None
    left = f"{as_read(match['x'])} / {written(n)} * {written(m)}"
    value = whole.value / n * m
    if not whole.sign and (value * 100).denominator == 1:
        return shown_sum(left, Amount(value))
    return shown_money(left, value, whole.sign)


def _recipe(match: re.Match[str]) -> str | None:
    n, m, quantity = number(match["n"]), number(match["m"]), number(match["q"])
    what, asked = match["what"], match["asked"]
    if asked and asked not in (match["unit"], *(what or "").split()):
        return None
    if not n or not m or not quantity:
        return None
    unit = match["unit"]
    left = f"{written(quantity)} {unit} / {written(n)} * {written(m)}"
    return f"{shown_sum(left, Amount(quantity / n * m))} {unit}"


def _singular(thing: str) -> str:
    return thing.removesuffix("s")
