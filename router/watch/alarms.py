"""Decides which alarms begin and which end: with hysteresis, least counts and groups. Pure.

An alarm begins when its value is above its bound in two checks one after the other, and ends when
it is below the lower bound in two. So a value that hovers at a bound sends no second message.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import groupby

from msgspec import Struct

from router.money.days import DAY_MS
from router.policy.sections.learning import AlertSection, Watched
from router.watch.readings import Bounded

TWICE = 2
CLEARS_AT = 0.8
SILENT_MS = DAY_MS
"""After a day without enough requests an alarm ends, and says so: its subject is gone."""
AT_ANY_COUNT = frozenset({Watched.QUEUE_AGE, Watched.BUDGET})

UNITS: dict[str, tuple[float, str, str]] = {
    Watched.ESCALATIONS: (100.0, " % of the answers", "answers"),
    Watched.ANSWERER_DOWN: (100.0, " % of the calls of one answerer", "calls"),
    Watched.PROVIDER: (1.0, "", "calls"),
    Watched.DRIFT: (1.0, "", "requests"),
    Watched.BUDGET: (100.0, " % of a budget", ""),
    Watched.WRONG_ANSWERS: (100.0, " % of the judged answers", "judged answers"),
    Watched.CALIBRATION: (100.0, " points of ECE more than by chance", "judged answers"),
    Watched.LATENCY: (1.0, " s", "answers"),
    Watched.QUEUE_AGE: (1.0, " hours", ""),
}
"""Gives the factor and the unit by which a bound is shown, and the thing that is counted."""
SHARES = (100.0, " % of the requests", "requests")
"""Holds for all conditions that UNITS does not list."""


class AlarmTurn(StrEnum):
    """Says what happened to an alarm."""

    BEGAN = "began"
    ENDED = "ended"


class Alarm(Struct, frozen=True):
    """Holds the state of one condition on one subject; it survives a restart."""

    active: bool = False
    streak: int = 0  # checks one after the other that speak against `active`
    since_ms: int = 0
    heard_ms: int = 0  # when enough requests spoke of it last
    # What they said then. A state of an earlier version has none of it.
    value: float | None = None
    bound: float | None = None  # None: nothing could pass it
    detail: str = ""


class Seen(Struct, frozen=True):
    """Holds a value of the last check, for the dashboard."""

    watched: Watched
    subject: str
    value: float
    bound: float | None  # None: nothing could pass it
    count: int
    detail: str


class Notice(Struct, frozen=True):
    """Holds one message about an alarm: that it began, or that it ended."""

    turn: AlarmTurn
    watched: Watched
    subject: str
    value: float
    bound: float | None  # None: nothing could pass it
    detail: str
    at_ms: int  # the end of the window
    since_ms: int = 0  # its beginning; a notice of an earlier version has none


def step(
    rules: Sequence[AlertSection],
    readings: Iterable[Bounded],
    alarms: Mapping[str, Alarm],
    now_ms: int,
    silent_ms: int = SILENT_MS,
    since_ms: int = 0,
) -> tuple[dict[str, Alarm], list[Notice]]:
    """Returns the alarms after a check, and what to tell. A reading may bring its own bound.

    The window was from `since_ms` to `now_ms`.

    A reading of too few requests changes nothing: a short silence is no recovery. An alarm of which
    nothing was heard for `silent_ms`, or that no rule watches any longer, ends.
    """
    after, notices = dict[str, Alarm](), list[Notice]()
    by_watched = {rule.watch: rule for rule in rules}
    for reading, own in readings:
        rule = by_watched.get(reading.watched)
        if rule is None or (reading.count < rule.least and reading.watched not in AT_ANY_COUNT):
            continue
        bound = own if own is not None else rule.above or 0.0
        low = rule.clear_below if rule.clear_below is not None else CLEARS_AT * bound
        name = f"{reading.watched.value}: {reading.subject}"
        before = alarms.get(name, Alarm())
        against = reading.value < low if before.active else reading.value > bound
        streak = before.streak + 1 if against else 0
        judged = (reading.value, _finite(bound), reading.detail)
        if streak < TWICE:
            after[name] = Alarm(before.active, streak, before.since_ms, now_ms, *judged)
            continue
        after[name] = Alarm(not before.active, 0, now_ms, now_ms, *judged)
        turn = AlarmTurn.ENDED if before.active else AlarmTurn.BEGAN
        notices.append(Notice(turn, reading.watched, reading.subject, *judged, now_ms, since_ms))
    for name, alarm in alarms.items():
        if name in after:
            continue
        watched, _, subject = name.partition(": ")
        silent = now_ms - max(alarm.heard_ms, alarm.since_ms)
        if watched in by_watched and silent < silent_ms:
            after[name] = alarm
        elif alarm.active and watched in set(Watched):
            detail = f"nothing was heard of it for {silent / 3_600_000:.0f} hours"
            detail = detail if watched in by_watched else "no rule watches it any longer"
            ended = (AlarmTurn.ENDED, Watched(watched), subject, 0.0, 0.0, detail, now_ms, since_ms)
            notices.append(Notice(*ended))
    # A condition that is neither active nor near its bound needs no memory.
    return {name: one for name, one in after.items() if one.active or one.streak}, notices


def seen(rules: Sequence[AlertSection], readings: Iterable[Bounded]) -> tuple[Seen, ...]:
    """Returns the readings that a rule watches, each with its bound."""
    by_watched = {rule.watch: rule for rule in rules}
    readings_of_rules = []
    for reading, own in readings:
        rule = by_watched.get(reading.watched)
        if rule is None:
            continue
        bound = _finite(own if own is not None else rule.above)
        figures = (reading.value, bound, reading.count, reading.detail)
        readings_of_rules.append(Seen(reading.watched, reading.subject, *figures))
    return tuple(readings_of_rules)


def _finite(bound: float | None) -> float | None:
    return bound if bound is not None and math.isfinite(bound) else None


def measured(watched: str, value: float) -> str:
    """Returns a value or a bound with its unit.

    >>> measured("errors", 0.1), measured("latency", 20), measured("drift", 0.112)
    ('10 %', '20 s', '0.112')
    """
    scale, unit, _ = UNITS.get(watched, SHARES)
    return f"{scale * value:.3g}{unit.partition(' of ')[0]}"


def condition(rule: AlertSection) -> str:
    """Returns when an alarm of a rule begins and ends, with units.

    >>> condition(AlertSection(watch=Watched.LATENCY, above=20))
    'latency: begins above 20 s, ends below 16 s; needs 50 answers'
    """
    scale, unit, counted = UNITS.get(rule.watch, SHARES)
    if rule.above is None:
        text = f"{rule.watch.value}: has its own bound"
    else:
        low = rule.clear_below if rule.clear_below is not None else CLEARS_AT * rule.above
        begins = f"{scale * rule.above:g}{unit}"
        text = f"{rule.watch.value}: begins above {begins}, ends below {measured(rule.watch, low)}"
    return text if rule.watch in AT_ANY_COUNT else f"{text}; needs {rule.least} {counted}"


def grouped(notices: Sequence[Notice]) -> str:
    """Returns one text for all notices of a check, so that one cause is one message.

    Each window is named after its notices: a message that waited for its receiver may be old.
    """
    lines = []
    for (since_ms, until_ms), of_window in groupby(notices, lambda one: (one.since_ms, one.at_ms)):
        for notice in of_window:
            mark = "!" if notice.turn is AlarmTurn.BEGAN else "ok"
            line = f"{notice.watched.value} {notice.turn.value}: {notice.subject}, {notice.detail}"
            lines.append(f"{mark} {line}")
        if since_ms:
            lines.append(f"  {window_in_words(since_ms, until_ms)}")
    return "\n".join(lines)


def window_in_words(since_ms: int, until_ms: int) -> str:
    """Returns the times of a window, with the second day only where it is another.

    >>> window_in_words(1_763_802_000_000, 1_763_805_600_000)
    'in the window from 2025-11-22 09:00 to 10:00 UTC'
    """
    begin, end = (datetime.fromtimestamp(ms / 1000, UTC) for ms in (since_ms, until_ms))
    until = f"{end:%H:%M}" if begin.date() == end.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"in the window from {begin:%Y-%m-%d %H:%M} to {until} UTC"
