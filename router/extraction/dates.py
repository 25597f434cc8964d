"""Finds calendar dates and deadlines, and gives each date in ISO 8601. Pure.

A date such as 03/04/2026 has two readings; its value is null, and the item says `ambiguous`.
Every repeat is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from router.extraction.items import Item, Value, apart

_MONTHS = {
    **dict.fromkeys(("january", "jan", "januar", "janvier", "enero"), 1),
    **dict.fromkeys(("february", "feb", "februar", "février", "febrero"), 2),
    **dict.fromkeys(("march", "mar", "märz", "mars", "marzo"), 3),
    **dict.fromkeys(("april", "apr", "avril", "abril"), 4),
    **dict.fromkeys(("may", "mai", "mayo"), 5),
    **dict.fromkeys(("june", "jun", "juni", "juin", "junio"), 6),
    **dict.fromkeys(("july", "jul", "juli", "juillet", "julio"), 7),
    **dict.fromkeys(("august", "aug", "août", "agosto"), 8),
    **dict.fromkeys(("september", "sep", "sept", "septembre", "septiembre"), 9),
    **dict.fromkeys(("october", "oct", "oktober", "okt", "octobre", "octubre"), 10),
    **dict.fromkeys(("november", "nov", "novembre", "noviembre"), 11),
    **dict.fromkeys(("december", "dec", "dezember", "dez", "décembre", "diciembre"), 12),
}
_MONTH = rf"(?P<month>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})\.?"
_DAY = r"(?P<day>[0-3]?[0-9])"
_YEAR = r"(?P<year>(?:19|20)[0-9]{2})"
_ORDINAL = r"(?:st|nd|rd|th|er|º|\.)?"
_FORMS = (
    ("date.iso", re.compile(rf"(?<![\w./-]){_YEAR}[-/.](?P<mon>[01]?[0-9])[-/.]{_DAY}(?![\w/])")),
    (
        "date.words",
        re.compile(
            rf"(?<!\w){_DAY}{_ORDINAL} ?(?:day )?(?:of |de )?-?{_MONTH},?[ -](?:de )?{_YEAR}(?!\w)",
            re.I,
        ),
    ),
    ("date.words", re.compile(rf"(?<!\w){_MONTH} {_DAY}{_ORDINAL},? {_YEAR}(?!\w)", re.I)),
    (
        "date.figures",
        re.compile(
            rf"(?<![\w./-])(?P<first>[0-3]?[0-9])(?P<mark>[./-])(?P<second>[0-3]?[0-9])(?P=mark){_YEAR}"
            r"(?![\w/])"
        ),
    ),
    ("date.month", re.compile(rf"(?<!\w){_MONTH},? {_YEAR}(?!\w)", re.I)),
)
_COUNTED = (
    r"(?:[0-9]{1,4}|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fourteen|fifteen"
    r"|thirty|forty-five|sixty|ninety)"
)
_PERIOD = re.compile(
    rf"(?<!\w)(?P<link>within|not later than|no later than|at least|for a (?:period|term) of|after"
    rf"|in advance|upon|with)(?: a period of)? (?P<count>{_COUNTED})(?: \((?P<figure>[0-9]{{1,4}})"
    r"\))?(?: (?:calendar|business|working|consecutive))?[ '\u2019]{1,2}?"
    r"(?P<unit>day|week|month|year|hour)s?\b['\u2019]?",
    re.I,
)
_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fourteen": 14, "fifteen": 15, "thirty": 30,
    "forty-five": 45, "sixty": 60, "ninety": 90,
}  # fmt: skip


def dates(text: str) -> list[Item]:
    """Returns dates and periods in their order.

    >>> [item.values["value"] for item in dates("Signed 3 May 2026, due within 30 days.")]
    ['2026-05-03', 'P30D']
    """
    return apart([*_calendar(text), *_periods(text)])


def _calendar(text: str) -> Iterator[Item]:
    if not any(digit in text for digit in "0123456789"):
        return
    for how, pattern in _FORMS:
        for match in pattern.finditer(text):
            values = _values(match)
            if values is not None:
                how_read = "date.ambiguous" if "ambiguous" in values else how
                yield Item(match.start(), match.end(), how_read, values)


def _values(match: re.Match[str]) -> dict[str, Value] | None:
    """Returns the date's values, None for figures that are no date."""
    parts = match.groupdict()
    year = int(parts["year"])
    if parts.get("first") is not None:
        return _of_figures(int(parts["first"]), int(parts["second"]), year, parts["mark"])
    # In any case of letters a pattern finds the dotless i, too: "Jul\u0131" is no month.
    month = int(parts["mon"]) if parts.get("mon") else _MONTHS.get(parts["month"].casefold())
    if month is None:
        return None
    if parts.get("day") is None:
        return {"value": f"{year:04}-{month:02}"}
    return _iso(year, month, int(parts["day"]))


def _of_figures(first: int, second: int, year: int, mark: str) -> dict[str, Value] | None:
    day_first, month_first = _iso(year, second, first), _iso(year, first, second)
    if mark == ".":  # written so where the day comes first
        return day_first
    if day_first is None or month_first is None or first == second:
        return day_first or month_first
    return {"value": None, "ambiguous": True}


def _iso(year: int, month: int, day: int) -> dict[str, Value] | None:
    try:
        return {"value": date(year, month, day).isoformat()}
    except ValueError:
        return None


def _periods(text: str) -> Iterator[Item]:
    for match in _PERIOD.finditer(text):
        written = match["figure"] or match["count"].casefold()
        count = int(written) if written.isdigit() else _WORDS.get(written)
        if count is None:  # as "f\u0131ve", with a dotless i
            continue
        unit = match["unit"].lower()
        duration = f"PT{count}H" if unit == "hour" else f"P{count}{unit[0].upper()}"
        yield Item(match.start(), match.end(), "date.period", {"value": duration})
