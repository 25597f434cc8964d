"""Converts lengths and times of two units: "5 feet 11 in cm", "2 hours 45 minutes in minutes"."""

from __future__ import annotations

import re
from fractions import Fraction

from router.regexes.late import late_regex
from tiers.exact.numbers import NUMBER, number, written
from tiers.exact.wording import first_fit

_INCH = Fraction("2.54")  # centimetres
_HEAD = r"(?:(?:what(?:'s| is| are)|convert|how much is|how tall is|i am|i'm) )?"
_TO = r" (?:in|to|into|as) "
_FEET = r"(?P<f>\d{1,3}) ?(?:feet|foot|ft|')(?:,? (?:and )?| ?)"
_INCHES = r"(?P<i>\d{1,2}(?:\.\d)?) ?(?:inches|inch|in|\"|'')?"
_TIME = r"(?P<h>\d{1,4}) ?(?:hours?|hrs?|h)(?:,? and|,)? ?(?P<m>\d{1,2}) ?(?:minutes?|mins?|min|m)"
_FORMS = tuple(
    (kind, late_regex(form))
    for kind, form in (
        (
            "to_metric",
            rf"{_HEAD}{_FEET}{_INCHES}{_TO}(?P<to>cm|centimet(?:re|er)s?|m|met(?:re|er)s?)",
        ),
        ("to_metric", rf"how many (?P<to>cm|centimet(?:re|er)s?) (?:is|are) {_FEET}{_INCHES}"),
        (
            "to_feet",
            rf"{_HEAD}(?P<x>{NUMBER}) ?(?P<of>cm|centimet(?:re|er)s?|m|met(?:re|er)s?){_TO}"
            r"(?:feet|ft|foot)(?: and |/| ?& ?|, )(?:inches|inch|in)",
        ),
        ("minutes", rf"{_HEAD}{_TIME}{_TO}(?P<to>minutes|mins?)"),
        ("minutes", rf"how many (?P<to>minutes) (?:is|are|in) {_TIME}"),
        ("hours", rf"{_HEAD}{_TIME}{_TO}(?:hours|decimal(?: hours)?|hours decimal)"),
        (
            "split",
            rf"{_HEAD}(?P<x>\d{{1,6}}) ?(?:minutes?|mins?|min){_TO}hours?(?: and | ?& ?)minutes?",
        ),
        (
            "part",
            r"(?:(?:what is|what's|how long is|how many minutes (?:is|are)) )?(?P<top>\d{1,2}) ?/ ?"
            rf"(?P<bottom>\d{{1,2}}) (?:of )?an hour(?:{_TO}minutes)?",
        ),
    )
)
CUES = ("feet", "foot", "ft", "'", "inch", "hour", " decimal", "min")
"""One of them stands in what any form fits."""
BEGINNINGS = ("what", "convert ", "how ", "i am ", "i'm ", ".")
"""Begin what any form fits, besides numbers."""


def mixed(text: str) -> str | None:
    """Returns a length or a time of two units in another one, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> mixed("5 feet 11 in cm"), mixed("2 hours and 45 minutes in minutes")
    ('5 feet 11 inches = 180.34 cm', '2 hours 45 minutes = 165 minutes')
    """
    fit = first_fit(_FORMS, text)
    if fit is None:
        return None
    return _length(*fit) if fit[0].startswith("to_") else _time(*fit)


def _length(kind: str, match: re.Match[str]) -> str | None:
    if kind == "to_metric":
        feet, inches = int(match["f"]), number(match["i"])
        if inches >= 12:
            return None
        metric = (feet * 12 + inches) * _INCH
        centimetres = match["to"].startswith("c")
        value = metric if centimetres else metric / 100
        unit = "cm" if centimetres else "m"
        return f"{feet} feet {written(inches)} inches = {written(value)} {unit}"
    value = number(match["x"]) * (1 if match["of"].startswith("c") else 100)
    tenths = round(value / _INCH * 10)
    feet, rest = divmod(tenths, 120)
    unit = "cm" if match["of"].startswith("c") else "m"
    about = "=" if Fraction(tenths, 10) * _INCH == value else "is about"
    left, right = written(number(match["x"])), written(Fraction(rest, 10))
    return f"{left} {unit} {about} {feet} feet {right} inches"


def _time(kind: str, match: re.Match[str]) -> str | None:
    if kind == "part":
        top, bottom = int(match["top"]), int(match["bottom"])
        if not bottom or not top:
            return None
        return f"{top}/{bottom} of an hour = {written(Fraction(60 * top, bottom))} minutes"
    if kind == "split":
        hours, minutes = divmod(int(match["x"]), 60)
        return f"{int(match['x']):,} minutes = {_named(hours, minutes)}"
    hours, minutes = int(match["h"]), int(match["m"])
    if minutes > 59:
        return None
    if kind == "minutes":
        return f"{_named(hours, minutes)} = {hours * 60 + minutes:,} minutes"
    return f"{_named(hours, minutes)} = {written(Fraction(hours * 60 + minutes, 60))} hours"


def _named(hours: int, minutes: int) -> str:
    return f"{hours:,} hour{'s' * (hours != 1)} {minutes} minute{'s' * (minutes != 1)}"
