"""Decides which alarms begin and which end: with hysteresis, least counts and groups. Pure.

An alarm begins when its value is above its bound in two checks one after the other, and ends when
it is below the lower bound in two. So a value that hovers at a bound tells nobody twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from router.policy.sections.learning import AlertSection, AlertsSection, Watched
from router.watch.drift import drift
from router.watch.readings import FEATURES, Reading, Tally

TWICE = 2
CLEARS_AT = 0.8
DAYS_A_MONTH = 30


class Turn(StrEnum):
    """Says what happened to an alarm."""

    BEGAN = "began"
    ENDED = "ended"


class Alarm(Struct, frozen=True):
    """Holds the state of one condition on one subject; it survives a restart."""

    active: bool = False
    streak: int = 0  # checks one after the other that speak against `active`
    since_ms: int = 0


class Notice(Struct, frozen=True):
    """Holds what somebody is told."""

    turn: Turn
    watched: Watched
    subject: str
    value: float
    bound: float
    detail: str
    at_ms: int


def step(
    rules: Sequence[AlertSection],
    readings: Iterable[tuple[Reading, float | None]],
    alarms: Mapping[str, Alarm],
    now_ms: int,
) -> tuple[dict[str, Alarm], list[Notice]]:
    """Returns the alarms after a check, and what to tell. A reading may bring its own bound.

    A reading of too few requests changes nothing: silence is no recovery.
    """
    after, notices = dict(alarms), list[Notice]()
    by_watched = {rule.watch: rule for rule in rules}
    for reading, own in readings:
        rule = by_watched.get(reading.watched)
        if rule is None:
            continue
        waits = reading.watched is Watched.QUEUE_AGE
        if reading.count < rule.least and not waits:
            continue
        bound = own if own is not None else rule.above or 0.0
        low = rule.clear_below if rule.clear_below is not None else CLEARS_AT * bound
        name = f"{reading.watched.value}: {reading.subject}"
        before = alarms.get(name, Alarm())
        against = reading.value < low if before.active else reading.value > bound
        streak = before.streak + 1 if against else 0
        if streak < TWICE:
            after[name] = Alarm(before.active, streak, before.since_ms)
            continue
        after[name] = Alarm(not before.active, 0, now_ms)
        notices.append(
            Notice(
                Turn.ENDED if before.active else Turn.BEGAN,
                reading.watched,
                reading.subject,
                reading.value,
                bound,
                reading.detail,
                now_ms,
            )
        )
    return after, notices


def drifts(
    now: Mapping[str, Tally], reference: Mapping[str, Tally], section: AlertsSection
) -> list[tuple[Reading, float | None]]:
    """Returns the drift of each feature of each tenant, with its bound.

    Windows do not overlap, and an alarm needs two of them, so each may pass with the root of the
    chance that the month's share of false alarms leaves.
    """
    checks = DAYS_A_MONTH * 1440 / section.window_minutes * len(FEATURES)
    chance = min(0.5, (section.false_alarms_a_month / checks) ** 0.5) if checks else 0.0
    found: list[tuple[Reading, float | None]] = []
    for tenant, tally in sorted(now.items()):
        before = reference.get(tenant)
        if before is None or chance <= 0:
            continue
        for name in FEATURES:
            value, bound = drift(tally.inputs[name], before.inputs[name], chance)
            detail = f"PSI {value:.3f} against a bound of {bound:.3f}"
            reading = Reading(Watched.DRIFT, f"{tenant} / {name}", value, tally.requests, detail)
            found.append((reading, bound))
    return found


def grouped(notices: Sequence[Notice]) -> str:
    """Returns one text for all notices of a check, so that one cause is one message."""
    return "\n".join(
        f"{'!' if notice.turn is Turn.BEGAN else 'ok'} {notice.watched.value} {notice.turn.value}: "
        f"{notice.subject}, {notice.detail}"
        for notice in notices
    )
