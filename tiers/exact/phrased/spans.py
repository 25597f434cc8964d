"""Tells how long it is from one time of day to another, in four languages.

Without "am" and "pm", two times up to 12:59 are of one half of the day, so that the second must be
the later one: "from 9:40 to 1:15" gets no answer. It knows nothing about dates or time zones.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping
from datetime import date
from functools import cache

from router.regexes.late import late_regex

_MINUTES_A_DAY = 24 * 60
_HALF = r"(?: ?(?:am|pm|a\.m\.?|p\.m\.?|uhr|h(?![a-z])|horas))?"
_A, _B = (rf"(?P<{name}>\d{{1,2}}(?:[:.h]\d{{2}})?{_HALF})" for name in "ab")
_FORMS = {
    "en": (
        rf"(?:from )?{_A} (?:to|until|till) {_B},? (?:how long|how many hours|how much time)"
        r"(?: (?:is|are) (?:that|it|there))?",
        r"how (?:long|much time|many hours)(?: and minutes)?(?: is it| is there| is| are there"
        rf"| are)? (?:from|between) {_A} (?:to|until|till|and) {_B}",
        r"(?:what(?:'s| is) )?(?:the )?(?:time|duration|difference|time difference) "
        rf"(?:from|between) {_A} (?:to|until|and) {_B}",
    ),
    "de": (
        rf"(?:von |zwischen )?{_A} (?:bis|und) {_B},? (?:wie lange?|wie ?viele stunden"
        r"|wie ?viel zeit)(?: (?:ist|sind|dauert) das)?",
        r"wie (?:lange?|viele stunden|viel zeit)(?: ist es| ist| sind es| sind| dauert es| liegt"
        rf"| liegen| vergeht| vergehen)? (?:von|zwischen) {_A} (?:bis|und) {_B}",
    ),
    "fr": (
        rf"(?:de |entre )?{_A} (?:a|et|jusqu'a) {_B},? (?:combien de temps|combien d'heures"
        r"|ca fait combien(?: de temps| d'heures)?)",
        r"combien (?:de temps|d'heures)(?: y a-t-il| il y a| s'ecoule-t-il)? "
        rf"(?:de|entre) {_A} (?:a|et|jusqu'a) {_B}",
    ),
    "es": (
        rf"(?:de |desde |entre )?(?:las? )?{_A} (?:a|y|hasta) (?:las? )?{_B},? "
        r"cuant(?:o tiempo|as horas)(?: es| son| hay| pasan?)?",
        r"cuant(?:o tiempo|as horas)(?: hay| pasan?| es| son)? (?:de|desde|entre) (?:las? )?"
        rf"{_A} (?:a|y|hasta) (?:las? )?{_B}",
    ),
}
_TIME = late_regex(r"(?P<h>\d{1,2})(?P<m>[:.h]\d{2})? ?(?P<half>.*)")
_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "en": ("From {} to {}{}: {}", "hour|hours", "minute|minutes", " (on the next day)"),
    "de": ("Von {} bis {} Uhr{}: {}", "Stunde|Stunden", "Minute|Minuten", " (am Tag danach)"),
    "fr": ("De {} à {}{} : {}", "heure|heures", "minute|minutes", " (le lendemain)"),
    "es": ("De {} a {}{}: {}", "hora|horas", "minuto|minutos", " (del día siguiente)"),
}
BEGINNINGS = (
    *("from ", "how ", "what", "the ", "time ", "duration ", "difference "),
    *("von ", "zwischen ", "wie ", "de ", "entre ", "combien ", "desde ", "la ", "las ", "cuant"),
)
CUES = ("how ", "what", "time", "duration", "difference", "wie", "combien", "cuant")
"""Begin what any form fits, besides digits, and stand in it."""


def span(core: str, language: str, today: date) -> str | None:
    """Returns how long it is between two times of a day, None for anything else.

    >>> span("how long is it from 9:40 to 13:15", "en", date(2026, 11, 30))
    'From 9:40 to 13:15: 3 hours 35 minutes'
    """
    for form in span_forms(language):
        if match := form.fullmatch(core):
            return _told(match["a"], match["b"], language)
    return None


@cache
def span_forms(language: str) -> tuple[re.Pattern[str], ...]:
    """Returns the forms of questions in a language."""
    return tuple(map(late_regex, _FORMS[language]))


def _told(first: str, second: str, language: str) -> str | None:
    a, b = _TIME.fullmatch(first), _TIME.fullmatch(second)
    if a is None or b is None:
        return None
    named = (a["half"] and b["half"]) or b["half"] in ("uhr", "h")
    if not (a["m"] or b["m"] or named):
        return None  # "from 9 to 5"
    halves = [time["half"][:1] in ("a", "p") for time in (a, b)]
    of_24_hours = [not 1 <= int(time["h"]) <= 12 for time in (a, b)]
    if any(halves) and not all(map(operator.or_, halves, of_24_hours)):
        return None  # "from 9:40 to 1:15 pm"
    start, end = _minutes(a), _minutes(b)
    if start is None or end is None or start == end:
        return None
    if end < start and not (all(halves) or of_24_hours[0]):
        return None  # "from 9:40 to 1:15"
    form, _, _, next_day = _WORDS[language]
    count = (end - start) % _MINUTES_A_DAY
    day = next_day if end < start else ""
    return form.format(on_the_clock(start), on_the_clock(end), day, lasting(count, language))


def lasting(count: int, language: str) -> str:
    """Returns minutes as hours and minutes, in the words of a language.

    >>> lasting(95, "en"), lasting(60, "de"), lasting(0, "en")
    ('1 hour 35 minutes', '1 Stunde', '0 minutes')
    """
    _, hours, minutes, _ = _WORDS[language]
    parts = [
        f"{number} {name.split('|')[number != 1]}"
        for number, name in zip(divmod(count, 60), (hours, minutes), strict=True)
        if number
    ]
    return " ".join(parts) or f"0 {minutes.split('|')[1]}"


def on_the_clock(minute: int) -> str:
    """Returns a minute of the day on the clock of 24 hours: "9:05" for 545."""
    return f"{minute // 60}:{minute % 60:02}"


def _minutes(time: re.Match[str]) -> int | None:
    """Returns the minutes since midnight, None for what is no time."""
    hour, minute = int(time["h"]), int((time["m"] or ":0")[1:])
    half = time["half"][:1]
    if half in ("a", "p"):
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half == "p")
    return hour * 60 + minute if hour < 24 and minute < 60 else None
