"""Works out the time, the distance or the speed of a journey from the other two.

Units must belong together: kilometres with km/h, miles with mph. What is too little for minutes or
for two decimals gets no answer. It knows nothing about stops.
"""

from __future__ import annotations

from fractions import Fraction

from router.regexes.late import late_regex
from tiers.exact.numbers import NUMBER, number, written
from tiers.exact.phrased.spans import lasting

LEAST_HOURS, LEAST_RESULT = Fraction(1, 60), Fraction(1, 100)
"""Least time, and least distance or speed: the last that answers show of each."""

_D = rf"(?P<d>{NUMBER}) ?(?P<of>km|kilomet(?:er|re)s?|miles?|mi)"
_V = rf"(?P<v>{NUMBER}) ?(?P<by>km/h|kmh|kph|km per hour|kilomet(?:er|re)s? (?:per|an) hour|mph"
_V += r"|miles (?:per|an) hour)"
_T = rf"(?P<t>{NUMBER}) ?(?:hours?|hrs?|h)(?:(?: and)? (?P<m>\d{{1,2}}) ?(?:minutes|mins?|min|m))?"
_GO = r"(?:drive|travel|cover|go|cycle|walk|run|do|ride|fly)"
_TIMES = (
    rf"how long (?:does it take|will it take|would it take|is it|do i need)? ?(?:to {_GO} |for )?"
    rf"{_D} (?:at|with)(?: a speed of)? {_V}",
    rf"{_D} (?:at|with)(?: a speed of)? {_V},? (?:how long(?: does (?:it|that) take)?|what time"
    r" does it take|time)",
)
_DISTANCES = (
    rf"how far (?:can i|do i|will i|would i|is it)? ?(?:{_GO} )?(?:in|for|after) {_T} "
    rf"(?:at|with)(?: a speed of)? {_V}",
    rf"(?:how far is )?{_T} (?:at|with)(?: a speed of)? {_V},? how far(?: is (?:that|it))?",
    rf"{_V} for {_T},? how far(?: is (?:that|it))?",
)
_SPEEDS = (
    rf"(?:what(?:'s| is) )?(?:the |my )?(?:average )?speed (?:for|of|if (?:i|we|you) {_GO}) {_D} in"
    rf" {_T}",
    rf"{_D} in {_T},? (?:what(?:'s| is) )?(?:the |my )?(?:average )?speed",
)
_FORMS = {
    "time": tuple(map(late_regex, _TIMES)),
    "distance": tuple(map(late_regex, _DISTANCES)),
    "speed": tuple(map(late_regex, _SPEEDS)),
}
CUES = ("how long", "how far", "speed", " time")
"""One of them stands in what any form fits."""
BEGINNINGS = ("how ", "what", "the ", "my ", "average ", "speed ", ".")
"""Begin what any form fits, besides numbers."""


def journey(text: str) -> str | None:
    """Returns the third of time, distance and speed, None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> journey("how long for 60 km at 80 km/h"), journey("how far in 2.5 hours at 90 km/h")
    ('60 km at 80 km/h: 45 minutes', '2.5 hours at 90 km/h: 225 km')
    """
    for kind, forms in _FORMS.items():
        for form in forms:
            match = form.fullmatch(text)
            if match is not None:
                return _answer(kind, match.groupdict())
    return None


def _answer(kind: str, places: dict[str, str | None]) -> str | None:
    way, pace = places.get("of"), places.get("by")
    in_miles = {unit.startswith("mi") or unit == "mph" for unit in (way, pace) if unit}
    if len(in_miles) != 1:
        return None
    unit, speed = ("miles", "mph") if in_miles.pop() else ("km", "km/h")
    if kind == "time":
        d, v = _of(places["d"]), _of(places["v"])
        if not v or d / v < LEAST_HOURS:
            return None
        return f"{_n(d)} {unit} at {_n(v)} {speed}: {_lasts(d / v)}"
    hours = _of(places["t"]) + Fraction(int(places.get("m") or 0), 60)
    if hours < LEAST_HOURS or int(places.get("m") or 0) > 59:
        return None
    if kind == "distance":
        v = _of(places["v"])
        told, result = f"{_lasting(hours)} at {_n(v)} {speed}", hours * v
    else:
        d = _of(places["d"])
        told, result = f"{_n(d)} {unit} in {_lasting(hours)}", d / hours
    if result < LEAST_RESULT:
        return None
    return f"{told}: {_about(result)} {unit if kind == 'distance' else speed}"


def _of(text: str | None) -> Fraction:
    return number(text or "0")


def _n(value: Fraction) -> str:
    return written(value)


def _about(value: Fraction) -> str:
    """Returns a number with two decimals at most, which says where it is rounded."""
    near = Fraction(round(value * 100), 100)
    return f"{'' if near == value else 'about '}{written(near)}"


def _lasting(hours: Fraction) -> str:
    return f"{written(hours)} hour{'' if hours == 1 else 's'}" if _short(hours) else _lasts(hours)


def _short(hours: Fraction) -> bool:
    return (hours * 100).denominator == 1


def _lasts(hours: Fraction) -> str:
    """Returns a time in hours and minutes, to the nearest minute, which it then says."""
    minutes = round(hours * 60)
    return f"{'' if hours * 60 == minutes else 'about '}{lasting(minutes, 'en')}"
