"""Tells the time in one city when it is a time in another, on the present day.

Offsets come from the database of time zones of the system; without it there is no answer. A time
that may be before or after noon ("las 9", "10:30" in English) gets none either.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from router.regexes.late import late_regex
from tiers.exact.phrased.days import written_day

_ZONES = {
    "Europe/London": "London|Londres",
    "Europe/Paris": "Paris",
    "Europe/Berlin": "Berlin|Berlín|Munich|München|Hamburg|Frankfurt",
    "Europe/Madrid": "Madrid|Barcelona",
    "Europe/Rome": "Rome|Rom|Roma|Milan|Mailand|Milán",
    "Europe/Amsterdam": "Amsterdam|Ámsterdam",
    "Europe/Brussels": "Brussels|Brüssel|Bruxelles|Bruselas",
    "Europe/Vienna": "Vienna|Wien|Vienne|Viena",
    "Europe/Zurich": "Zurich|Zürich|Zúrich|Geneva|Genf|Genève|Ginebra",
    "Europe/Lisbon": "Lisbon|Lissabon|Lisbonne|Lisboa",
    "Europe/Dublin": "Dublin|Dublín",
    "Europe/Stockholm": "Stockholm|Estocolmo",
    "Europe/Oslo": "Oslo",
    "Europe/Copenhagen": "Copenhagen|Kopenhagen|Copenhague",
    "Europe/Helsinki": "Helsinki",
    "Europe/Warsaw": "Warsaw|Warschau|Varsovie|Varsovia",
    "Europe/Prague": "Prague|Prag|Praga",
    "Europe/Athens": "Athens|Athen|Athènes|Atenas",
    "Europe/Istanbul": "Istanbul|Estambul",
    "Europe/Moscow": "Moscow|Moskau|Moscou|Moscú",
    "Europe/Kyiv": "Kyiv|Kiev|Kiew",
    "America/New_York": "New York|Nueva York|New York City|Boston|Miami",
    "America/Chicago": "Chicago|Dallas|Houston",
    "America/Denver": "Denver",
    "America/Los_Angeles": "Los Angeles|San Francisco|Seattle|Las Vegas",
    "America/Toronto": "Toronto|Montreal|Montréal",
    "America/Vancouver": "Vancouver",
    "America/Mexico_City": "Mexico City|Mexiko-Stadt|Ciudad de México",
    "America/Sao_Paulo": "Sao Paulo|São Paulo|Rio de Janeiro",
    "America/Argentina/Buenos_Aires": "Buenos Aires",
    "America/Bogota": "Bogota|Bogotá",
    "America/Lima": "Lima",
    "Asia/Tokyo": "Tokyo|Tokio",
    "Asia/Seoul": "Seoul|Séoul|Seúl",
    "Asia/Shanghai": "Shanghai|Beijing|Peking|Pékin|Pekín|Shanghái",
    "Asia/Hong_Kong": "Hong Kong|Hongkong",
    "Asia/Singapore": "Singapore|Singapur|Singapour",
    "Asia/Bangkok": "Bangkok",
    "Asia/Kolkata": "Mumbai|Delhi|New Delhi|Bangalore|Bombay",
    "Asia/Dubai": "Dubai|Dubái|Dubaï",
    "Asia/Jerusalem": "Tel Aviv|Jerusalem",
    "Africa/Cairo": "Cairo|Kairo|Le Caire|El Cairo",
    "Africa/Johannesburg": "Johannesburg|Cape Town|Kapstadt",
    "Africa/Nairobi": "Nairobi",
    "Australia/Sydney": "Sydney|Sídney|Melbourne",
    "Pacific/Auckland": "Auckland|Wellington",
}
_PLAIN = str.maketrans("áäéèíïóöúüã", "aaeeiioouua")
_CITIES = {
    name.lower().translate(_PLAIN): (name, zone)
    for zone, names in _ZONES.items()
    for name in reversed(names.split("|"))  # of two spellings the first is shown
}
_CITY = "|".join(sorted(map(re.escape, _CITIES), key=len, reverse=True))
_A, _B = rf"(?P<a>{_CITY})", rf"(?P<b>{_CITY})"
_T = (
    r"(?P<t>\d{1,2}(?:[:.h]\d{2})?(?: ?(?:am|pm|a\.m|p\.m|uhr|h|heures?|horas))?\.?"
    r"|noon|midnight|midi|minuit)"
    r"(?P<half> de la (?:manana|tarde|noche)| (?:du matin|de l'apres-midi|du soir))?"
)
_FORMS = {
    "en": (
        rf"(?:what(?:'s| is) the time|what time (?:is it|will it be|is it then)) in {_B} "
        rf"(?:when|if)(?: it is| it's|) {_T} in {_A}",
        rf"(?:if|when) (?:it's|it is) {_T} in {_A},? what(?:'s| is the)? time(?: is it)? "
        rf"(?:is it )?in {_B}",
        rf"(?:what is |what's |convert )?{_T} (?:in )?{_A}(?: time)? (?:in|to) {_B}(?: time)?",
    ),
    "de": (
        rf"(?:wie spat|wie viel uhr|wieviel uhr) ist es in {_B},? (?:wenn|falls) es in {_A} "
        rf"{_T} ist",
        rf"(?:wenn|falls) es in {_A} {_T} ist,? (?:wie spat|wie viel uhr) ist es(?: dann)? in {_B}",
        rf"{_T} (?:in )?{_A}(?:er zeit)? in {_B}",
    ),
    "fr": (
        rf"quelle heure (?:est-il|il est|sera-t-il) a {_B} (?:quand|lorsqu'|s')(?: ?il est) "
        rf"{_T} a {_A}",
        rf"(?:s'il est|quand il est|il est|si il est) {_T} a {_A},? quelle heure "
        rf"(?:est-il|il est) a {_B}",
    ),
    "es": (
        rf"que hora es en {_B} (?:cuando|si) (?:son las|es la) {_T} en {_A}",
        rf"(?:si|cuando) en {_A} (?:son las|es la) {_T},? que hora es en {_B}",
        rf"(?:si|cuando) (?:son las|es la) {_T} en {_A},? que hora es en {_B}",
    ),
}
_CLOCK = late_regex(r"(?P<h>\d{1,2})(?:[:.h](?P<m>\d{2}))?")
_WORDS: Mapping[str, tuple[str, str, str, str]] = {
    "en": ("{t} in {a} is {u} in {b}{day}, on {d}.", "", " on the next day", " on the day before"),
    "de": (
        "{t} Uhr in {a} ist {u} Uhr in {b}{day}, am {d}.",
        "",
        " am Tag danach",
        " am Tag davor",
    ),
    "fr": ("{t} à {a} : {u} à {b}{day}, le {d}.", "", " le lendemain", " la veille"),
    "es": ("{t} en {a}: {u} en {b}{day}, el {d}.", "", " del día siguiente", " del día anterior"),
}
_HOURS = {
    **{"manana": range(1, 12), "tarde": range(1, 9), "noche": range(7, 12)},
    **{"matin": range(1, 12), "l'apres-midi": range(1, 8), "soir": range(5, 12)},
}
"""Gives the hours that all understand alike beside a part of the day: "las 9 de la noche"."""
BEGINNINGS = (
    *("noon", "mid", "minuit", "what", "convert ", "if ", "when ", "wie ", "wieviel ", "wenn "),
    *("falls ", "quelle heure ", "quand ", "lorsqu'", "s'il ", "si ", "il est ", "que hora "),
    "cuando ",
)
CUES = (" in ", " to ", " en ", " a ")
"""Begin what any form fits, besides digits, and stand in it."""
_NAMED = {"noon": time(12), "midi": time(12), "midnight": time(0), "minuit": time(0)}


def clock(core: str, language: str, today: date) -> str | None:
    """Returns the time in another city, None for anything else.

    >>> clock("what time is it in tokyo when it is 3pm in london", "en", date(2026, 11, 29))
    '15:00 in London is 00:00 in Tokyo on the next day, on 29 November 2026.'
    """
    for form in clock_forms(language):
        match = form.fullmatch(core)
        if match:
            told = _time(match["t"], match["half"] or "", language)
            return None if told is None else _there(match["a"], match["b"], told, language, today)
    return None


@cache
def clock_forms(language: str) -> tuple[re.Pattern[str], ...]:
    """Returns the forms of questions in a language."""
    return tuple(map(late_regex, _FORMS[language]))


def _time(written: str, half: str, language: str) -> time | None:
    """Returns a time of day, None where it may be before or after noon."""
    if written in _NAMED:
        return _NAMED[written]
    match = _CLOCK.match(written)
    if match is None:
        return None
    hour, minute = int(match["h"]), int(match["m"] or 0)
    of_twelve = re.search(r"([ap])\.?m", written)
    late = of_twelve[1] == "p" if of_twelve else "tarde" in half or "noche" in half
    late = late or "soir" in half or "apres" in half
    if half and hour not in _HOURS[half.split()[-1]]:
        return None  # "las 12 de la noche" is midnight, "la 1 de la noche" is before dawn
    if of_twelve or half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * late
    elif language in ("en", "es") and 1 <= hour <= 12:
        return None
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _there(here: str, there: str, told: time, language: str, today: date) -> str | None:
    (a, zone), (b, other) = _CITIES[here], _CITIES[there]
    known, wanted = _zone(zone), _zone(other)
    if known is None or wanted is None or zone == other:
        return None
    moment = datetime.combine(today, told, tzinfo=known)
    result = moment.astimezone(wanted)
    if _changes(known, today) or _changes(wanted, today):
        return None
    form, *days = _WORDS[language]
    shift = (result.date() - today).days
    return form.format(
        t=f"{told:%H:%M}", a=a, u=f"{result:%H:%M}", b=b, day=days[shift],
        d=written_day(today, language),
    )  # fmt: skip


def _changes(zone: ZoneInfo, day: date) -> bool:
    """Returns whether clocks are put forward or back within a day of a date."""
    noon = datetime.combine(day, time(12), tzinfo=zone)
    return (noon - timedelta(days=1)).utcoffset() != (noon + timedelta(days=1)).utcoffset()


@cache
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, OSError):
        return None
