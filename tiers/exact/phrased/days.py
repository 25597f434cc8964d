"""Reads and writes dates in German, French and Spanish, and in English as `calendar` does.

In digits the day stands first in these three languages. In English the month may stand first, so
that `calendar` reads only what is certain. It knows nothing about questions.
"""

from __future__ import annotations

from datetime import date, timedelta

from router.regexes.late import late_regex
from tiers.exact.calendar import FIRST_YEAR, WEEKDAYS, Day, plain_date, read_day

_MONTHS = {
    "de": "januar februar märz april mai juni juli august september oktober november dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
}
_WEEKDAYS = {
    "de": "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    "fr": "lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "lunes martes miércoles jueves viernes sábado domingo",
}
_FEASTS = {
    "de": {"weihnachten": (12, 25), "heiligabend": (12, 24), "silvester": (12, 31),
           "neujahr": (1, 1)},
    "fr": {"noel": (12, 25), "nouvel an": (1, 1), "jour de l'an": (1, 1),
           "saint-sylvestre": (12, 31)},
    "es": {"navidad": (12, 25), "nochebuena": (12, 24), "nochevieja": (12, 31),
           "ano nuevo": (1, 1)},
}  # fmt: skip
FEASTS = tuple([name for names in _FEASTS.values() for name in names])
_NEAR = {"heute": 0, "morgen": 1, "aujourd'hui": 0, "demain": 1, "hoy": 0, "manana": 1}
_PLAIN = str.maketrans("äéûáóí", "aeuaoi")
_ARTICLES = (
    *("zum ", "dem ", "den ", "der ", "am ", "vom ", "le ", "la ", "l'", "au ", "du ", "el "),
    *("del ", "al "),
)
_BEFORE = late_regex("|".join(_ARTICLES))
FRENCH = (*_ARTICLES, *_NEAR, *_FEASTS["fr"])
"""Begin what reads as a day in French, besides digits."""
_NUMERIC = late_regex(r"(?P<d>\d{1,2})[./-](?P<m>\d{1,2})[./-](?P<y>\d{4})")
_ISO = late_regex(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})")
_OF_MONTH = late_regex(
    r"(?P<d>\d{1,2})(?:\.|er)? (?:de )?(?P<m>[a-z]+)(?:,? (?:de |del )?(?P<y>\d{4}))?"
)
_ALONE = late_regex(r"(\d{1,2})(?:\.|er)?")


def day_in(text: str, language: str, today: date) -> Day | None:
    """Returns the day that all of a text without accents names in a language, else None.

    >>> day_in("3. marz 2027", "de", date(2026, 1, 1)), day_in("le 1er mai", "fr", date(2026, 1, 1))
    ((2027, 3, 3), (None, 5, 1))
    """
    if language == "en":
        return read_day(text, today)
    text = _BEFORE.sub("", text.strip(" ,"), count=1)
    if text in _NEAR:
        near = today + timedelta(days=_NEAR[text])
        return Day((near.year, near.month, near.day))
    if text in _FEASTS[language]:
        return Day((None, *_FEASTS[language][text]))
    match = _OF_MONTH.fullmatch(text)
    if match:
        names = _MONTHS[language].translate(_PLAIN).split()
        if match["m"] not in names:
            return None
        return _valid(match["y"], names.index(match["m"]) + 1, int(match["d"]))
    match = _NUMERIC.fullmatch(text) or _ISO.fullmatch(text)
    return None if match is None else _valid(match["y"], int(match["m"]), int(match["d"]))


def first_of_two(text: str, other: Day, language: str, today: date) -> Day | None:
    """Returns a day; "1." of "from 1. to 18. December" is in the month of the other day."""
    match = _ALONE.fullmatch(_BEFORE.sub("", text.strip(" ,"), count=1))
    if match is None:
        return day_in(text, language, today)
    if int(match[1]) > other[2]:
        return None  # "from 28. to 3. February" began a month earlier
    return _valid(str(other.year) if other.year else None, other[1], int(match[1]))


def _valid(written: str | None, month: int, day: int) -> Day | None:
    year = int(written) if written else None
    read = Day((year, month, day))
    certain = (year is None or year >= FIRST_YEAR) and 1 <= month <= 12
    return read if certain and read.in_year(year or 2024) is not None else None


def written_day(day: date, language: str) -> str:
    """Returns a date as a language writes it: "3. März 2027"."""
    if language == "en":
        return plain_date(day)
    month = _MONTHS[language].split()[day.month - 1]
    if language == "de":
        return f"{day.day}. {month.capitalize()} {day.year}"
    if language == "es":
        return f"{day.day} de {month} de {day.year}"
    return f"{'1er' if day.day == 1 else day.day} {month} {day.year}"


def weekday_of(day: date, language: str) -> str:
    """Returns the name of a day of the week."""
    names = WEEKDAYS if language == "en" else _WEEKDAYS[language].split()
    return names[day.weekday()]


def is_workday(day: date) -> bool:
    """Returns True from Monday to Friday: public holidays differ from place to place."""
    return day.weekday() < 5


def is_feast(day: date) -> bool:
    """Returns True on days from Monday to Friday on which work rests nearly everywhere."""
    return (day.month, day.day) in ((1, 1), (5, 1), (12, 25)) and is_workday(day)
