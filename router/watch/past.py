"""Keeps profiles of past days, so that no row is read twice, and holds a window against them. Pure.

Each day (UTC) has one profile of each subject. A window is held against two references: the days
right before it, and those of the weeks before these. The first shows a sudden change, the second a
slow one, which the first takes up day by day. A changed week becomes a reference later: an alarm
says that the world changed, not that it is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import msgspec

from router.money.days import DAY_MS, MINUTE_MS
from router.policy.sections.learning import AlertsSection, Watched
from router.watch.distance import energy
from router.watch.drift import LEAST_EXPECTED, Histogram, drift
from router.watch.profiles import OF_CALLS, OF_REQUESTS, Profile, Profiles
from router.watch.readings import Bounded, Reading

DAYS_A_MONTH = 30
WHOLE = "all that was read"
"""Names the distance between the joint readings of the model."""
EMBEDDED = "embeddings"
"""Names the distance between the vectors of texts, where the policy keeps texts."""
WEEKS = 4
"""Says for how many times `reference_days` counts are kept. At 100 requests a day, a new kind that
grows by 1 % of the traffic a day was found in all runs, and by the days right before in 40 %."""
SLOWLY = "over weeks"
WORSE_IS_MORE = {"refusals": True, "latency": True, "log-probability": False}
"""Which way a provider gets worse. Longer and shorter answers may both be."""

SUBJECTS: dict[Watched, tuple[Callable[[Profiles], dict[str, Profile]], str, str]] = {
    Watched.DRIFT: (lambda one: one.requests, "requests of a tenant", "tenants and policies"),
    Watched.PROVIDER: (lambda one: one.calls, "calls of an answerer", "answerers"),
}
"""Says what is compared with the past, what is counted, and whose past it is."""
LEAST_OF_PAST = 2 * LEAST_EXPECTED
"""Requests from which on a past can be told from now: two bins of it."""

NONE = Profiles()


class Past(msgspec.Struct):
    """Holds the days that were read. It covers [since, until)."""

    since_ms: int = 0
    until_ms: int = 0
    days: dict[int, Profiles] = msgspec.field(default_factory=dict)
    changed: set[int] = msgspec.field(default_factory=set)  # days that differ from their files

    def add(self, at_ms: int, profiles: Profiles) -> None:
        """Adds a window that began then."""
        number = at_ms // DAY_MS
        day = self.days.setdefault(number, Profiles())
        day.merge(profiles)
        day.thin()
        self.changed.add(number)

    def forget(self, before_ms: int, near_ms: int) -> None:
        """Forgets the days that ended before then, and the samples of those before `near_ms`."""
        self.days = {day: kept for day, kept in self.days.items() if (day + 1) * DAY_MS > before_ms}
        self.since_ms = max(self.since_ms, before_ms)
        for number, day in self.days.items():
            if (number + 1) * DAY_MS <= near_ms and day.thin(0):
                self.changed.add(number)

    def reference(self, since_ms: int = 0, until_ms: int | None = None) -> Profiles:
        """Returns the days that ended after `since_ms` and by `until_ms`, together."""
        whole = Profiles()
        for number, day in sorted(self.days.items()):
            end_ms = (number + 1) * DAY_MS
            if end_ms > since_ms and (until_ms is None or end_ms <= until_ms):
                whole.merge(day)
        return whole


def chance_of(section: AlertsSection, features: int) -> float:
    """Returns the chance that each check may pass its bound although nothing changed.

    Windows do not overlap, and an alarm needs two of them, so each may pass with the root of the
    chance that the month's share of false alarms leaves.
    """
    checks = DAYS_A_MONTH * 1440 / section.window_minutes * features
    return min(0.5, math.sqrt(section.false_alarms_a_month / checks))


def drifts(
    now: Profiles, reference: Profiles, section: AlertsSection, weeks: Profiles = NONE
) -> list[Bounded]:
    """Returns the drift of each feature of each tenant and policy, and both distances.

    `weeks` are those before the reference. All checks share one rate of false alarms.
    """
    chance = chance_of(section, 2 * len(OF_REQUESTS) + 2)
    readings: list[Bounded] = []
    for subject, profile, before in _pairs(now.requests, weeks.requests):
        for name in OF_REQUESTS:
            what = f"{subject} / {name}, {SLOWLY}"
            readings.append(_psi(Watched.DRIFT, what, profile, before, name, chance))
    for subject, profile, before in _pairs(now.requests, reference.requests):
        for name in OF_REQUESTS:
            readings.append(
                _psi(Watched.DRIFT, f"{subject} / {name}", profile, before, name, chance)
            )
        for name, new, old in (
            (WHOLE, profile.sample, before.sample),
            (EMBEDDED, profile.embedded, before.embedded),
        ):
            value, bound = energy([v for _, v in new], [v for _, v in old], chance)
            detail = f"energy distance {value:.3f} against a bound of {bound:.3f}"
            reading = Reading(Watched.DRIFT, f"{subject} / {name}", value, profile.count, detail)
            readings.append((reading, bound))
    return readings


def degradations(
    now: Profiles, reference: Profiles, section: AlertsSection, weeks: Profiles = NONE
) -> list[Bounded]:
    """Returns how far each answerer's calls are from its own past, in the direction of worse."""
    chance = chance_of(section, 2 * len(OF_CALLS))
    readings: list[Bounded] = []
    for past, when in ((reference, ""), (weeks, f", {SLOWLY}")):
        for subject, profile, before in _pairs(now.calls, past.calls):
            for name in OF_CALLS:
                what = f"{subject} / {name}{when}"
                reading, bound = _psi(Watched.PROVIDER, what, profile, before, name, chance)
                more = WORSE_IS_MORE.get(name)
                if more is not None and reading.value > 0:
                    rises = _mean(profile, name) > _mean(before, name)
                    value = reading.value if rises is more else 0.0
                    reading = msgspec.structs.replace(reading, value=value)
                readings.append((reading, bound))
    return readings


def _pairs(
    now: Mapping[str, Profile], reference: Mapping[str, Profile]
) -> list[tuple[str, Profile, Profile]]:
    return [(name, now[name], reference[name]) for name in sorted(now) if name in reference]


def _psi(
    watched: Watched, subject: str, now: Profile, before: Profile, name: str, chance: float
) -> Bounded:
    counts = Histogram(now.bins.get(name, {})), Histogram(before.bins.get(name, {}))
    value, bound = drift(*counts, chance)
    detail = f"PSI {value:.3f} against a bound of {bound:.3f}"
    return Reading(watched, subject, value, now.count, detail), bound


def _mean(profile: Profile, name: str) -> float:
    counts = profile.bins.get(name, {})
    return sum(int(bin) * number for bin, number in counts.items()) / max(1, sum(counts.values()))


def waits(past: Past, section: AlertsSection, until_ms: int) -> list[str]:
    """Returns for each rule that compares with the past how many past windows it still needs.

    `until_ms` is the end of the last window.
    """
    begin_ms = until_ms - section.reference_days * DAY_MS
    reference, lines = past.reference(begin_ms), []
    for rule in section.rules:
        if rule.watch not in SUBJECTS:
            continue
        subjects, counted, whose = SUBJECTS[rule.watch]
        near = sum(one.count >= LEAST_OF_PAST for one in subjects(reference).values())
        days = [day for day, profiles in past.days.items() if subjects(profiles)]
        first_ms = min(days, default=until_ms // DAY_MS) * DAY_MS
        ready_ms = first_ms + (1 + section.reference_days) * DAY_MS
        missing = math.ceil((ready_ms - until_ms) / (section.window_minutes * MINUTE_MS))
        has = f"has a past ({whose}: {near})" if near else "needs 1 past window"
        slowly = f"needs {missing} past windows" if missing > 0 else "has a past too"
        differ = f"2 windows that differ, each of at least {rule.least} {counted}"
        lines.append(f"{rule.watch.value}: {has}, then {differ}")
        lines.append(f"{rule.watch.value} {SLOWLY}: {slowly}")
    return lines


def read_until(
    past: Past, since_ms: int, until_ms: int, read: Callable[[int, int], Profiles]
) -> Past:
    """Returns the past of [since, until); only what is not known yet is read, day by day.

    Counts of the weeks before it stay where they were read in their time.
    """
    if past.since_ms > since_ms or past.until_ms < since_ms or past.until_ms > until_ms:
        past = Past(since_ms, since_ms)
    at_ms = past.until_ms
    while at_ms < until_ms:  # ends: each turn reads up to the end of a day
        end_ms = min(until_ms, (at_ms // DAY_MS + 1) * DAY_MS)
        past.add(at_ms, read(at_ms, end_ms))
        at_ms = past.until_ms = end_ms
    past.forget(until_ms - WEEKS * (until_ms - since_ms), since_ms)
    return past
