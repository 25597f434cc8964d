"""Reads the numbers and dates that people and models write in sentences. Pure.

Numbers are fractions, so that recomputing them is exact; each knows how precisely it was written.
"""

from __future__ import annotations

import re
from datetime import date
from fractions import Fraction

from msgspec import Struct

from router.regexes.late import late_regex

NUMBER = (
    r"[-\u2212]?(?:[$\u20ac\u00a3] ?)?[-\u2212]?"
    r"(?:\d{1,3}(?:,\d{3}){1,5}|\d{1,15})(?:\.\d{1,8})?"
    r"(?: ?(?:%|bn|billion|million|thousand|[kKmMB])(?![A-Za-z]))?"
)
"""Matches one number with its sign, currency, thousands and scale: `-$1.2M`, `2,500`, `7.5 %`."""

_SCALES = {
    "%": Fraction(1, 100),
    "k": Fraction(10**3),
    "thousand": Fraction(10**3),
    "m": Fraction(10**6),
    "million": Fraction(10**6),
    "b": Fraction(10**9),
    "bn": Fraction(10**9),
    "billion": Fraction(10**9),
}
_PARTS = late_regex(
    r"(?P<sign>[-\u2212]?)(?P<currency>[$\u20ac\u00a3]?) ?(?P<inner>[-\u2212]?)"
    r"(?P<whole>[\d,]{1,24})(?:\.(?P<rest>\d{1,8}))? ?(?P<scale>[%A-Za-z]{0,8})"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}"
DATE = (
    rf"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH}\.?,? \d{{4}}"
    rf"|{_MONTH}\.? \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}})"
)
"""Matches one date with its year: `2027-03-03`, `3 March 2027`, `March 3, 2027`."""


class WrittenNumber(Struct, frozen=True):
    """Holds a number as it was written."""

    value: Fraction
    step: Fraction  # the last digit that was written: 1.2M has a step of 100,000
    currency: str = ""
    percent: bool = False


def read_number(text: str) -> WrittenNumber | None:
    """Returns the number that a text is, None where it is none.

    >>> read_number("$1.2M").value, read_number("7.5 %").value
    (Fraction(1200000, 1), Fraction(3, 40))
    """
    parts = _PARTS.fullmatch(text.strip())
    if parts is None:
        return None
    scale = _SCALES.get(parts["scale"].lower(), Fraction(1)) if parts["scale"] else Fraction(1)
    if parts["scale"] and parts["scale"].lower() not in _SCALES:
        return None
    rest = parts["rest"] or ""
    digits = parts["whole"].replace(",", "")
    if not digits:
        return None
    value = Fraction(int(digits + rest), 10 ** len(rest)) * scale
    negative = bool(parts["sign"]) != bool(parts["inner"])
    step = scale / 10 ** len(rest)
    return WrittenNumber(
        -value if negative else value, step, parts["currency"], parts["scale"] == "%"
    )


def read_date(text: str) -> date | None:
    """Returns the date that a text is, None where there is no such day.

    >>> read_date("3 March 2027"), read_date("30 February 2027")
    (datetime.date(2027, 3, 3), None)
    """
    clean = re.sub(r"(?<=\d)(?:st|nd|rd|th)|[.,]", "", text.strip().lower())
    try:
        if "-" in clean:
            return date.fromisoformat(clean)
        words = clean.split()
        if words[0].isdigit():
            day, month, year = words
        else:
            month, day, year = words
        number = 1 + _MONTHS.index(month[:3])
        return date(int(year), number, int(day))
    except ValueError:
        return None


def shown(value: Fraction, like: WrittenNumber | None = None) -> str:
    """Returns a number as people read it, in the currency and scale of another one.

    >>> shown(Fraction(1_250_000)), shown(Fraction(1, 3))
    ('1,250,000', '0.33')
    """
    sign, currency = ("-" if value < 0 else ""), "" if like is None else like.currency
    if like is not None and like.percent:
        return f"{float(value * 100):.2f}".rstrip("0").rstrip(".") + " %"
    size = abs(value)
    if size.denominator == 1 or size >= 10_000:
        return f"{sign}{currency}{round(size):,}"
    return f"{sign}{currency}{float(size):,.2f}"
