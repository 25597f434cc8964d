"""Writes a fraction as a decimal or a percentage, and the other way round."""

from __future__ import annotations

import re
from fractions import Fraction

from router.regexes.late import late_regex
from tiers.exact.numbers import ends, number, written
from tiers.exact.wording import first_fit

_F = r"(?P<top>\d{1,6}) ?/ ?(?P<bottom>\d{1,6})"
_D = r"(?P<d>\d{0,6}\.\d{1,6})"
_P = r"(?P<p>\d{1,6}(?:\.\d{1,6})?) ?(?:%|percent|per cent|pct)"
_TURN = r"(?:what(?:'s| is) |convert |write |express |turn |show )?(?:the fraction |the decimal )?"
_TO = r"(?: as(?: an?)?| in(?:to)?(?: an?)?| to(?: an?)?)"
_DECIMAL = r"decimal(?: number| form)?"
_PERCENT = r"(?:percent(?:age)?|per cent|%|pct)"
_FORMS = tuple(
    (kind, late_regex(form))
    for kind, form in (
        ("decimal", rf"{_TURN}(?:{_F}|{_P}){_TO} {_DECIMAL}"),
        ("percent", rf"{_TURN}(?:{_F}|{_D}){_TO} {_PERCENT}"),
        ("percent", rf"what (?:percentage|percent|%) is (?:{_F}|{_D})"),
        ("fraction", rf"{_TURN}(?:{_D}|{_P}){_TO} fraction"),
    )
)
CUES = ("decimal", "percent", "per cent", "%", "pct", "fraction")
"""One of them stands in what any form fits."""
BEGINNINGS = ("what", "convert ", "write ", "express ", "turn ", "show ", "the ", ".")
"""Begin what any form fits, besides numbers."""


def turned(text: str) -> str | None:
    """Returns a number in the form that is asked for, None for anything else.

    >>> turned("what is 3/8 as a decimal"), turned("7/20 in percent"), turned("0.125 as a fraction")
    ('3/8 = 0.375', '7/20 = 35%', '0.125 = 1/8')
    """
    fit = first_fit(_FORMS, text)
    return None if fit is None else _answer(*fit)


def _answer(kind: str, match: re.Match[str]) -> str | None:
    places = match.groupdict()
    top, bottom = places.get("top"), places.get("bottom")
    if top and bottom:
        if int(bottom) == 0:
            return None
        value, read = Fraction(int(top), int(bottom)), f"{int(top)}/{int(bottom)}"
    elif places.get("p"):
        value, read = number(places["p"]) / 100, f"{written(number(places['p']))}%"
    else:
        value = number(places["d"])
        read = written(value)
    if kind == "fraction":
        return f"{read} = {value}"
    shown, sign = (value * 100, "%") if kind == "percent" else (value, "")
    return f"{read} {'=' if ends(shown) else 'is about'} {written(shown)}{sign}"
