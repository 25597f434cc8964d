"""Draws days of requests and calls, and says on which of them an alarm of drift would begin."""

from __future__ import annotations

import numpy as np

from router.money.days import DAY_MS
from router.policy.sections.learning import AlertsSection
from router.watch.alarms import Alarm, AlarmTurn, step
from router.watch.past import WEEKS, Past, degradations, drifts
from router.watch.profiles import OF_CALLS, OF_REQUESTS, READ, SAMPLED, Profile, Profiles

USUAL = (0.5, 0.2, 0.15, 0.1, 0.05)


def day(
    chance: np.random.Generator,
    requests: int,
    sampled: int,
    shares: tuple[float, ...] = USUAL,
    apart: float = 0,
) -> Profiles:
    """One day's requests and calls, drawn from these shares and from one cloud of readings."""
    found = Profiles()
    for kind, subject, features in (
        (found.requests, "acme / p", OF_REQUESTS),
        (found.calls, "mid", OF_CALLS),
    ):
        profile = kind[subject] = Profile(requests)
        for name in features:
            counts = chance.multinomial(requests, shares)
            profile.bins[name] = {str(bin): int(count) for bin, count in enumerate(counts)}
        for vector in chance.normal(apart, 1.0, (sampled, len(READ))):
            profile.keep(int(chance.integers(2**40)), tuple(vector))
    return found


def references(
    past: Past, number: int, section: AlertsSection
) -> tuple[Profiles, AlertsSection, Profiles]:
    """What a day is held against: the week before, and the weeks before that."""
    near_ms = (number - 7) * DAY_MS
    past.forget((number - 7 * WEEKS) * DAY_MS, near_ms)
    return past.reference(near_ms), section, past.reference(until_ms=near_ms)


def began_on(
    days: int,
    requests: int,
    changes_at: int | None = None,
    what: str = "drift",
    sampled: int = SAMPLED,
    **changed: object,
) -> list[tuple[int, str]]:
    """The days on which an alarm began, of days after a first week, and of what."""
    section = AlertsSection.model_validate({"rules": [{"watch": what}], "window_minutes": 1440})
    chance = np.random.default_rng(3)
    past = Past()
    alarms: dict[str, Alarm] = {}
    began = []
    for number in range(-7, days):
        changes = changes_at is not None and number >= changes_at
        today = day(chance, requests, sampled, **(changed if changes else {}))  # type: ignore[arg-type]
        if number >= 0:
            watch = drifts if what == "drift" else degradations
            found = watch(today, *references(past, number, section))
            alarms, notices = step(section.rules, found, alarms, number * DAY_MS)
            began += [
                (number, notice.subject) for notice in notices if notice.turn is AlarmTurn.BEGAN
            ]
        past.add(number * DAY_MS, today)
    return began
