"""Adds a time to a time of day, and counts working hours without their breaks.

A time without "am" and "pm" is read on the clock of 24 hours. It knows no dates and no time zones.
"""

from __future__ import annotations

from fractions import Fraction

from router.regexes.late import late_regex
from tiers.exact.phrased.spans import lasting, on_the_clock

_DAY = 24 * 60
_MOST_HOURS = 240
_HALF = r"(?: ?(?:am|pm|a\.m\.?|p\.m\.?))"
_CLOCK = rf"(?:\d{{1,2}}[:.]\d{{2}}{_HALF}?|\d{{1,2}}{_HALF}|noon|midnight)"
_HOURS = r"\d{1,3}(?:\.\d{1,2})? ?(?:hours?|hrs?|h)"
_MINUTES = r"\d{1,3} ?(?:minutes?|mins?|min|m)"
_LASTING = rf"(?:{_HOURS}(?:(?:,? and|,)? ?{_MINUTES})?|{_MINUTES}|half an hour|an hour)"
_A, _B, _D = rf"(?P<a>{_CLOCK})", rf"(?P<b>{_CLOCK})", rf"(?P<d>{_LASTING})"
_IS = r"(?:(?:what(?:'s| is)?(?: the)? time(?: is it| will it be| was it| is| will be)?|when is) )?"
_EVENT = (
    # A flight lands by the clock of another place.
    r"(?:train|bus|ferry|boat|coach|film|movie|show|concert|play|match|game|meeting|call|class"
    r"|lesson|course|lecture|exam|shift|appointment|party|drive|trip|journey|race)"
)
_STARTS = r"(?:leaves?|departs?|starts?|begins?|sets off)"
_LASTS = r"(?:takes?|lasts?|runs|goes on|travels)(?: for| about)?"
_ENDS = (
    r"(?:when|what time|at what time) (?:does|will|would|do) (?:it|this|that|the [a-z]{3,12}|i|we)"
    r" (?:arrive|end|finish|get there|be over|be there)"
)
_ADDED = tuple(
    late_regex(form)
    for form in (
        rf"{_IS}{_D} (?P<how>after|from|past|before) {_A}",
        rf"{_IS}{_A} (?P<how>plus|\+|minus) {_D}",
        rf"add {_D} to {_A}",
        rf"(?:if )?(?:a|an|the|my|our) {_EVENT} {_STARTS} at {_A} and {_LASTS} {_D}[,.;]? {_ENDS}",
        rf"{_ENDS} if (?:it|the {_EVENT}|i|we) (?:{_STARTS}|leave|start) at {_A} and {_LASTS} {_D}",
    )
)
_BREAK = (
    rf"(?:,? (?:with|minus|less|including|and|taking)(?: an?)? (?P<d>{_LASTING}|\d{{1,3}}[ -]"
    r"(?:minutes?|min|hours?))(?: lunch)? ?(?:break|pause|lunch|for lunch))"
)
_WORKED = (
    r"(?:how long (?:did|do|have) i work(?:ed)?|how many hours (?:did i work|do i work"
    r"|have i worked|is (?:that|it)|are (?:that|there))|how long is (?:that|it)|how many hours)"
)
_SPANS = tuple(
    late_regex(form)
    for form in (
        rf"(?:i (?:work|worked) )?(?:from )?{_A} (?:to|until|till|-) {_B}{_BREAK}[,.;]? {_WORKED}",
        rf"{_WORKED} (?:if i (?:work|worked) )?(?:from|between) {_A} (?:to|until|till|and) {_B}"
        rf"{_BREAK}",
    )
)
_TIME = late_regex(r"(?P<h>\d{1,2})(?:[:.](?P<m>\d{2}))? ?(?P<half>[ap])?.*")
_PARTS = late_regex(
    r"(?:(?P<h>\d{1,3}(?:\.\d{1,2})?)[ -]?h[a-z]*)?\D*?(?:(?P<m>\d{1,3})[ -]?m[a-z]*)?"
)
CUES = (
    *(" after ", " from ", " past ", " before ", " plus ", "+", " minus ", "add "),
    *("when ", "what time ", "how long ", "how many hours"),
)
"""One of them stands in what any form fits."""
BEGINNINGS = (
    *(
        "what",
        "when ",
        "half an hour ",
        "an hour ",
        "noon ",
        "midnight ",
        "add ",
        "if ",
        "a ",
        "an ",
    ),
    *("the ", "my ", "our ", "i work", "from ", "how long ", "how many hours", "at what time "),
)
"""Begin what any form fits, besides numbers."""


def clock_sum(text: str) -> str | None:
    """Returns a time of day some time later or earlier, or hours worked; None for anything else.

    `text` is a question in small letters, with numbers in digits.

    >>> clock_sum("what time is it 7 hours after 8:45 pm")
    '8:45 pm + 7 hours = 3:45 am on the next day'
    >>> clock_sum("from 9:15 to 17:40 with a 45 minute break, how long did i work")
    'From 9:15 to 17:40 less 45 minutes: 7 hours 40 minutes'
    """
    for form in _ADDED:
        match = form.fullmatch(text)
        if match is not None:
            back = match.groupdict().get("how") in ("before", "minus")
            return _added(match["a"], match["d"], back)
    for form in _SPANS:
        match = form.fullmatch(text)
        if match is not None:
            return _worked(match["a"], match["b"], match["d"])
    return None


def _added(clock: str, length: str, back: bool) -> str | None:
    start, minutes = _minute(clock), _minutes(length)
    if start is None or not minutes or minutes > _MOST_HOURS * 60:
        return None
    days, end = divmod(start + (-minutes if back else minutes), _DAY)
    twelve = clock[-1:] not in "0123456789"
    on = {0: "", 1: " on the next day", -1: " on the day before"}.get(days)
    if on is None:
        on = f" {abs(days)} days {'earlier' if days < 0 else 'later'}"
    told = f"{_named(clock)} {'-' if back else '+'} {lasting(minutes, 'en')}"
    return f"{told} = {_shown(end, twelve)}{on}"


def _worked(start: str, end: str, pause: str) -> str | None:
    a, b, off = _minute(start), _minute(end), _minutes(pause)
    if a is None or b is None or off is None or not off < b - a:
        return None  # "from 9:00 to 5:30" may be half past five in the afternoon
    worked = lasting(b - a - off, "en")
    return f"From {_named(start)} to {_named(end)} less {lasting(off, 'en')}: {worked}"


def _minute(clock: str) -> int | None:
    """Returns the minute of the day; None for a time that no clock shows."""
    if clock in ("noon", "midnight"):
        return 12 * 60 if clock == "noon" else 0
    match = _TIME.fullmatch(clock)
    if match is None:
        return None
    hour, minute = int(match["h"]), int(match["m"] or 0)
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] == "p" else 0)
    return hour * 60 + minute if hour < 24 and minute < 60 else None


def _minutes(length: str) -> int | None:
    """Returns whole minutes; None for a time with a part of one."""
    if length in ("half an hour", "an hour"):
        return 30 if length == "half an hour" else 60
    match = _PARTS.fullmatch(length)
    if match is None or not (match["h"] or match["m"]):
        return None
    minutes = Fraction(match["h"] or 0) * 60 + int(match["m"] or 0)
    return int(minutes) if minutes.denominator == 1 else None


def _named(clock: str) -> str:
    """Returns a time as people write it: "8:45 pm" for "8:45pm"."""
    match = _TIME.fullmatch(clock)
    if match is None:
        return clock
    half = f" {match['half']}m" if match["half"] else ""
    return f"{match['h']}{':' + match['m'] if match['m'] else ''}{half}"


def _shown(minute: int, twelve: bool) -> str:
    if not twelve:
        return on_the_clock(minute)
    hour, rest = divmod(minute, 60)
    return f"{(hour - 1) % 12 + 1}:{rest:02} {'pm' if hour >= 12 else 'am'}"
