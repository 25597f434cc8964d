"""Reads the day that a question states as today: "how many days until May if today is ...".

Of a day of the week it tells which one comes later: "If today is Monday, what day is it in 100
days?".
"""

from __future__ import annotations

import re
from datetime import date

from router.regexes.late import late_regex
from tiers.exact.calendar import next_one, read_day

CUE = "today is "
_DAY = r"(?P<day>[a-z0-9][a-z0-9,./ -]{2,30}?)"
_FORMS = tuple(
    late_regex(form)
    for form in (
        rf"(?P<asked>.+?),? (?:if|when|given that|assuming(?: that)?) today is {_DAY}[ ?.!]*",
        rf"(?:if )?today is {_DAY}(?:,| and|;|\.) ?(?P<asked>(?:how|what|when|which)\b.+)",
    )
)


_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_NAME = rf"(?P<day>{'|'.join(_WEEK)})"
_WHEN = (
    r"(?P<when>tomorrow|yesterday|the day after tomorrow|the day before yesterday"
    r"|in (?P<n>\d{1,6}) (?P<unit>days?|weeks?)|(?P<m>\d{1,6}) (?P<of>days?|weeks?) (?P<way>ago"
    r"|from now|later|earlier))"
)
_ASKED = r"(?:what|which) (?:day|weekday)(?: of the week)? (?:is it|will it be|was it|is|was|it is)"
_WEEKDAYS = tuple(
    late_regex(form)
    for form in (
        rf"(?:if )?today is (?:a )?{_NAME}[,.;]? (?:then )?{_ASKED} {_WHEN}",
        rf"{_ASKED} {_WHEN},? if today is (?:a )?{_NAME}",
    )
)
_NEAR = {
    **{"tomorrow": 1, "yesterday": -1, "the day after tomorrow": 2},
    "the day before yesterday": -2,
}
WEEKDAY_CUES = (CUE,)
WEEKDAY_BEGINNINGS = ("if today ", "today ", "what ", "which ")
"""Stand in what any form for a day of the week fits, and begin it."""


def weekday_then(text: str) -> str | None:
    """Returns the day of the week some days after a stated one, None for anything else.

    >>> weekday_then("if today is monday, what day will it be in 100 days")
    '100 days after a Monday is a Wednesday.'
    """
    for form in _WEEKDAYS:
        match = form.fullmatch(text)
        if match is not None:
            return _later(match)
    return None


def _later(match: re.Match[str]) -> str:
    count = int(match["n"] or match["m"] or 0)
    weeks = (match["unit"] or match["of"] or "").startswith("week")
    back = match["way"] in ("ago", "earlier")
    days = _NEAR.get(match["when"], (7 if weeks else 1) * count * (-1 if back else 1))
    then = _WEEK[(_WEEK.index(match["day"]) + days) % 7].capitalize()
    said = f"{abs(days):,} day{'s' * (abs(days) != 1)} {'before' if days < 0 else 'after'}"
    return f"{said} a {match['day'].capitalize()} is a {then}."


def with_stated_day(text: str, today: date) -> tuple[str, date]:
    """Returns the question and the day on which it is asked, which it may state itself.

    >>> with_stated_day("How many days until May 3 if today is April 28?", date(2026, 12, 1))
    ('How many days until May 3', datetime.date(2027, 4, 28))
    """
    low = text.lower()
    if CUE not in low:
        return text, today
    for form in _FORMS:
        match = form.fullmatch(low)
        day = read_day(match["day"], today) if match is not None else None
        stated = next_one(day, today) if day is not None else None
        if match is not None and stated is not None and len(low) == len(text):
            return text[match.start("asked") : match.end("asked")], stated
    return text, today
