"""Answers questions about dates: days between two, the weekday of one, a date so much later.

All of the question must fit one form, or there is no answer. The answer repeats both dates with
their years, so that a reader sees what was understood. `today` is given; it is that of UTC.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta

from router.regexes.late import late_regex
from tiers.exact.calendar import BEGINNINGS as DAY_BEGINNINGS
from tiers.exact.calendar import (
    MONTHS,
    both_ends,
    last_one,
    moved,
    next_one,
    plain_date,
    read_day,
    shown_date,
)
from tiers.exact.numbers import digits_for_words
from tiers.exact.wording import Question, holds

MOST = 1_000_000  # of days, weeks, months or years: anything more leaves the calendar

_ASKS = (
    "how ",
    "what ",
    "which ",
    "is ",
    "add ",
    "subtract ",
    "on what ",
    "on which ",
    "days ",
    "weeks ",
)
CUES = ("day", "date", "week", "fortnight", "month", "year")
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *(*_ASKS, "number ", "the ", "on ", "in ", "a ", "an ", "date ", "day ", "week", "weekday "),
    *("fortnight", "month", "year", "current ", "today", *DAY_BEGINNINGS),
)
"""Begin what any form fits, besides numbers."""
_ASKS_LAST = late_regex(r" (?:what|which) (?:date|day)$")
_UNIT = r"(?P<unit>day|week|fortnight|month|year)s?"
_COUNT = rf"(?P<n>\d{{1,7}}|an?|the) {_UNIT}"
_A, _B = r"(?P<a>[^?]{3,40}?)", r"(?P<b>[^?]{3,40}?)"
_WHICH_DAY = r"(?:what|which) (?:day of the week|weekday|day)"


def date_answer(question: Question, today: date) -> str | None:
    """Returns the answer to a question about dates, None for anything else.

    >>> date_answer(Question("how many days between 3 march and 1 may 2027"), date(2026, 11, 21))
    '59 days, from 3 March 2027 to 1 May 2027 (the first day is not counted).'
    """
    text = digits_for_words(question.text)
    if not holds(text, CUES):
        return None
    if not question.asked and not text.startswith(_ASKS) and not _ASKS_LAST.search(text):
        return None
    for form, answer in _FORMS:
        match = form.fullmatch(text)
        if match:
            try:
                answer_text = answer(match, today)
            except (OverflowError, ValueError):  # beyond the year 9999, or before the year 1
                answer_text = None
            if answer_text is not None:
                return answer_text
    return None


def _between(match: re.Match[str], today: date) -> str | None:
    """Returns the days from a to b. A missing year is b's, the one before, or the next to come."""
    first, second = read_day(match["a"], today), read_day(match["b"], today)
    if first is None or second is None:
        return None
    ends = both_ends(first, second, today)
    return None if ends is None else _span(*ends, match["unit"])


def _until(match: re.Match[str], today: date) -> str | None:
    named = read_day(match["b"], today)
    end = None if named is None else next_one(named, today)
    return None if end is None or end < today else _span(today, end, match["unit"])


def _since(match: re.Match[str], today: date) -> str | None:
    named = read_day(match["b"], today)
    start = None if named is None else last_one(named, today)
    return None if start is None or start > today else _span(start, today, match["unit"])


def _span(start: date, end: date, unit: str) -> str | None:
    days = abs((end - start).days)
    dates = f"from {plain_date(start)} to {plain_date(end)}"
    if unit == "day":
        return f"{_counted(days, 'day')}, {dates} (the first day is not counted)."
    if unit == "week":
        weeks, rest = divmod(days, 7)
        more = f" and {_counted(rest, 'day')}" if rest else ""
        return f"{_counted(weeks, 'week')}{more} ({_counted(days, 'day')}), {dates}."
    return None  # months have no one length, so a count of them may be understood in several ways


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"


def _weekday(match: re.Match[str], today: date) -> str | None:
    named = read_day(match["a"], today)
    if named is None:
        return None
    past = match.groupdict().get("was") == "was"
    day = last_one(named, today) if past else next_one(named, today)
    if day is None:
        return None
    verb = "is" if day == today else "was" if day < today else "will be"
    return f"{plain_date(day)} {verb} a {shown_date(day).split()[0]}."


def _today(match: re.Match[str], today: date) -> str:
    name = match.groupdict().get("a") or "today"
    shift = {"tomorrow": 1, "yesterday": -1}.get(name, 0)
    verb = {"tomorrow": "will be", "yesterday": "was"}.get(name, "is")
    near = name.capitalize() if shift else "Today"
    return f"{near} {verb} {shown_date(today + timedelta(days=shift))} (UTC)."


def _later(match: re.Match[str], today: date) -> str | None:
    return _shifted(match, today, 1)


def _earlier(match: re.Match[str], today: date) -> str | None:
    return _shifted(match, today, -1)


def _shifted(match: re.Match[str], today: date, sign: int) -> str | None:
    groups = match.groupdict()
    named = read_day(groups.get("a") or "today", today)
    start = None if named is None else next_one(named, today)
    count = 1 if match["n"] in ("a", "an", "the") else int(match["n"])
    if start is None or count > MOST:
        return None
    day, clipped = moved(start, sign * count, match["unit"])
    way = "after" if sign > 0 else "before"
    note = f" ({MONTHS[day.month - 1].capitalize()} has no day {start.day})" if clipped else ""
    return f"{_counted(count, match['unit'])} {way} {plain_date(start)} is {shown_date(day)}{note}."


def _leap(match: re.Match[str], today: date) -> str:
    year = int(match["y"]) if match["y"] else today.year
    leap = calendar.isleap(year)
    return f"{year} {'is' if leap else 'is not'} a leap year: it has {366 if leap else 365} days."


def _length(match: re.Match[str], today: date) -> str | None:
    month = next((i for i, name in enumerate(MONTHS, 1) if name == match["m"]), 0)
    year = int(match["y"]) if match["y"] else None
    if not month:
        return None if year is None else _leap(match, today)
    if year is None and month == 2:
        return "February has 28 days, and 29 in a leap year."
    days = calendar.monthrange(year or 2001, month)[1]
    when = "" if year is None else f" {year}"
    return f"{match['m'].capitalize()}{when} has {days} days."


_DATE = r"(?:what|which) (?:date|day)"
_NOW = r"(?: from (?:now|today)|(?: later)? from today)"
_Y4 = r"(?P<y>1[6-9]\d\d|[2-9]\d{3})"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], str | None]], ...] = tuple(
    (late_regex(form), answer)
    for form, answer in (
        (
            rf"(?:the )?(?:how many|number of) {_UNIT} (?:are |is )?(?:there |it is )?"
            rf"(?:between|from) {_A} (?:and|to|until|till) {_B}",
            _between,
        ),
        (rf"(?:how many )?{_UNIT} (?:between|from) {_A} (?:and|to|until|till) {_B}", _between),
        (
            rf"how many {_UNIT} (?:are |is )?(?:there |it )?(?:left )?"
            rf"(?:until|till|to|before) {_B}",
            _until,
        ),
        (rf"{_UNIT} (?:left )?(?:until|till) {_B}", _until),
        (
            rf"how many {_UNIT} (?:have passed |has it been |passed |is it |ago was )?"
            rf"(?:since )?{_B}",
            _since,
        ),
        (rf"{_WHICH_DAY} (?:is|was|will|does|did) (?:it )?(?:be )?(?:today|now|it)", _today),
        (rf"{_WHICH_DAY} is it(?: today| now)?", _today),
        (r"(?:the |today's |todays |the current |current )(?:date|day)(?: today| now)?", _today),
        (r"(?:the )?date (?:for |of )?(?P<a>today|tomorrow)", _today),
        (r"(?P<a>tomorrow|yesterday)(?:'s|s) (?:date|day)", _today),
        (r"current date|(?:what|which) (?:date|day) (?:it is|today is)(?: today)?", _today),
        (r"(?:what|which) (?:date|day) is it(?: today| now)?", _today),
        (
            rf"{_WHICH_DAY} (?:is|will be|will) (?P<a>tomorrow)(?: be)?"
            rf"|{_WHICH_DAY} was (?P<b>yesterday)",
            _today,
        ),
        (
            rf"(?:on )?{_WHICH_DAY} (?:is|(?P<was>was)|will|does|did) (?:it )?(?:be )?(?:on )?"
            rf"{_A}(?: be| fall(?: on)?)?",
            _weekday,
        ),
        (rf"(?:the )?(?:day of the week|weekday) (?:of|for|on) {_A}", _weekday),
        (rf"{_A} (?:is|will be|falls on) (?:on )?(?:a )?{_WHICH_DAY}", _weekday),
        (
            rf"(?:(?:what|which) (?:date|day) (?:is|will it be|will be) )?(?:in )?{_COUNT}{_NOW}",
            _later,
        ),
        (rf"(?:what|which) (?:date|day) (?:is it|will it be|is) in {_COUNT}", _later),
        (rf"the date (?:is )?in {_COUNT}", _later),
        (
            rf"(?:(?:what|which) (?:date|day) (?:is|will it be|will be|was) |the date )?"
            rf"{_COUNT} (?:after|from) {_A}",
            _later,
        ),
        (rf"{_COUNT} (?:after|from) {_A} (?:is|will be|would be) {_DATE}", _later),
        (rf"add {_COUNT} to {_A}", _later),
        (rf"{_A} (?:plus|\+) {_COUNT}", _later),
        (
            rf"(?:(?:what|which) (?:date|day) (?:is|was|was it) |the date )?{_COUNT} before {_A}",
            _earlier,
        ),
        (rf"{_COUNT} before {_A} (?:is|was|would be) {_DATE}", _earlier),
        (rf"(?:(?:what|which) (?:date|day) was (?:it )?|the date )?{_COUNT} ago", _earlier),
        (rf"subtract {_COUNT} from {_A}", _earlier),
        (rf"{_A} (?:minus|-) {_COUNT}", _earlier),
        (rf"is {_Y4} (?:a )?leap ?year", _leap),
        (r"is (?P<y>this) (?:a )?leap ?year", lambda f, t: None),
        (
            rf"how many days (?:are |is )?(?:there )?(?:in|does) (?:the year )?"
            rf"(?P<m>{'|'.join(MONTHS)}|)(?:^| ?){_Y4}?(?: have)?",
            _length,
        ),
        (rf"how many days does (?P<m>{'|'.join(MONTHS)}) have in {_Y4}", _length),
    )
)
