"""Reads the day that a question states as today: "how many days until May if today is ..."."""

from __future__ import annotations

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
