"""Reads dates as people write them, and writes them again.

Dates are those of the Gregorian calendar. A date that may be read in two ways, such as 3/4/2027, is
none. It knows nothing about questions and has no clock: the caller says which day is today.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

from router.regexes.late import late_regex

MONTHS = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
]
WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
FIRST_YEAR = 1583  # the first whole year of the Gregorian calendar

_MONTH = "|".join(sorted([*MONTHS, *(m[:3] for m in MONTHS), "sept"], key=len, reverse=True))
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?:,? (?:of )?(?P<y>\d{4}))?"
_WEEKDAY = rf"(?:(?:{'|'.join(WEEKDAYS).lower()}),? )?"
_WRITTEN = tuple(
    late_regex(form)
    for form in (
        rf"{_WEEKDAY}(?:the )?{_DAY} (?:of )?(?P<m>{_MONTH})\.?{_YEAR}",
        rf"{_WEEKDAY}(?P<m>{_MONTH})\.? (?:the )?{_DAY}{_YEAR}",
    )
)
_ISO = late_regex(r"(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})")
_NUMERIC = late_regex(r"(?P<a>\d{1,2})[-/.](?P<b>\d{1,2})[-/.](?P<y>\d{4})")
_NEAR = {"today": 0, "now": 0, "tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2}
_FEASTS = {
    "christmas": (12, 25), "christmas day": (12, 25), "xmas": (12, 25),
    "christmas eve": (12, 24), "boxing day": (12, 26), "new year": (1, 1), "new year's": (1, 1),
    "new years": (1, 1), "new year's day": (1, 1), "new year's eve": (12, 31),
    "halloween": (10, 31), "valentine's day": (2, 14), "valentines day": (2, 14),
}  # fmt: skip
BEGINNINGS = (
    *(name[:3].lower() for name in (*MONTHS, *WEEKDAYS)),
    *("the ", *_NEAR, *_FEASTS),
)
"""Begin the name of any day, besides digits."""


class Day(tuple[int | None, int, int]):
    """Holds year, month and day as they are written. Year None: none was."""

    __slots__ = ()

    def in_year(self, year: int) -> date | None:
        """Returns the date with this year where none is written, None for 30 February."""
        own, month, day = self
        try:
            return date(own or year, month, day)
        except ValueError:
            return None

    @property
    def year(self) -> int | None:
        """Returns the year that is written."""
        return self[0]


def read_day(text: str, today: date) -> Day | None:
    """Returns the day that all of `text`, lower case, names, None where it names none or several.

    >>> read_day("3rd of march 2027", date(2026, 1, 1)), read_day("3/4/2027", date(2026, 1, 1))
    ((2027, 3, 3), None)
    """
    text = text.strip(" ,")
    for words, years in (("this year", 0), ("next year", 1), ("last year", -1)):
        if text.endswith(f" {words}"):
            text = f"{text.removesuffix(words)}{today.year + years}"
    if text in _NEAR:
        near = today + timedelta(days=_NEAR[text])
        return Day((near.year, near.month, near.day))
    feast, _, year = text.partition(" 2")
    if feast in _FEASTS and (not year or re.fullmatch(r"\d{3}", year)):
        return Day((int(f"2{year}") if year else None, *_FEASTS[feast]))
    for form in _WRITTEN:
        match = form.fullmatch(text)
        if match:
            month = 1 + next(i for i, name in enumerate(MONTHS) if name[:3] == match["m"][:3])
            return _valid(int(match["y"]) if match["y"] else None, month, int(match["d"]))
    match = _ISO.fullmatch(text)
    if match:
        return _valid(int(match["y"]), int(match["m"]), int(match["d"]))
    match = _NUMERIC.fullmatch(text)
    if match:
        first, second, year_read = int(match["a"]), int(match["b"]), int(match["y"])
        # Day first in most countries, month first in some: only what fits one of them is read.
        readings = {
            day
            for day in (_valid(year_read, second, first), _valid(year_read, first, second))
            if day
        }
        return readings.pop() if len(readings) == 1 else None
    return None


def _valid(year: int | None, month: int, day: int) -> Day | None:
    if year is not None and year < FIRST_YEAR:
        return None
    read = Day((year, month, day))
    return read if read.in_year(2024) is not None or read.in_year(year or 2024) else None


def next_one(day: Day, today: date) -> date | None:
    """Returns the date of `day`, the coming one (today counts) where no year is written."""
    return next((d for d in _from(day, today, 1) if d >= today or day.year), None)


def last_one(day: Day, today: date) -> date | None:
    """Returns the date of `day`, the last one (today counts) where no year is written."""
    return next((d for d in _from(day, today, -1) if d <= today or day.year), None)


def _from(day: Day, today: date, step: int) -> Iterator[date]:
    """Yields the dates of `day` from this year on; 29 February may be eight years away."""
    for years in range(9):
        year = today.year + step * years
        match = day.in_year(year) if FIRST_YEAR <= (day.year or year) <= 9999 else None
        if match is not None:
            yield match


def shown_date(day: date) -> str:
    """Returns a date such as "Monday 3 March 2025"."""
    return f"{WEEKDAYS[day.weekday()]} {plain_date(day)}"


def plain_date(day: date) -> str:
    """Returns a date such as "3 March 2025"."""
    return f"{day.day} {MONTHS[day.month - 1].capitalize()} {day.year}"


def both_ends(first: Day, second: Day, today: date) -> tuple[date, date] | None:
    """Returns two dates, a missing year being that of the other, or the next to come."""
    if first.year is None and second.year is None:
        start = next_one(first, today)
        end = None if start is None else next_one(second, start)
    elif first.year is None:
        end = second.in_year(0)
        start = None if end is None else last_one(first, end)
    else:
        start = first.in_year(0)
        end = None if start is None else next_one(second, start)
    return None if start is None or end is None else (start, end)


def moved(start: date, count: int, unit: str) -> tuple[date, bool]:
    """Returns the date so much later, and whether its month was too short for the day."""
    days = {"day": 1, "week": 7, "fortnight": 14}.get(unit)
    if days is not None:
        return start + timedelta(days=count * days), False
    months = start.year * 12 + start.month - 1 + count * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if not FIRST_YEAR <= year <= 9999:
        raise OverflowError
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)), start.day > last
