"""Alarms: what fires, what holds still, and how rarely one is false."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from router.policy.sections.learning import AlertsSection, Watched
from router.watch.alarms import Alarm, Turn, drifts, step
from router.watch.drift import chi_squared_bound, drift
from router.watch.readings import FEATURES, Reading, Tally, queue_age

USUAL = (0.5, 0.2, 0.15, 0.1, 0.05)
ERRORS = AlertsSection.model_validate({"rules": [{"watch": "errors", "above": 0.1, "least": 20}]})
DRIFT = AlertsSection.model_validate({"rules": [{"watch": "drift"}], "window_minutes": 1440})


def turns(section: AlertsSection, values: list[tuple[float, int]]) -> list[Turn | None]:
    """What each check of one value, over so many requests, tells."""
    alarms: dict[str, Alarm] = {}
    told: list[Turn | None] = []
    for at, (value, count) in enumerate(values):
        reading = Reading(section.rules[0].watch, "acme", value, count)
        alarms, notices = step(section.rules, [(reading, None)], alarms, at)
        told.append(notices[0].turn if notices else None)
    return told


def test_alarm_begins_at_the_second_check_and_ends_at_the_second_below() -> None:
    values = [(0.2, 50), (0.2, 50), (0.2, 50), (0.05, 50), (0.05, 50)]
    assert turns(ERRORS, values) == [None, Turn.BEGAN, None, None, Turn.ENDED]


def test_value_between_both_bounds_changes_nothing() -> None:
    values = [(0.2, 50), (0.2, 50), (0.09, 50), (0.09, 50), (0.09, 50)]
    assert turns(ERRORS, values) == [None, Turn.BEGAN, None, None, None]


def test_single_peak_tells_nobody() -> None:
    assert turns(ERRORS, [(0.9, 50), (0.0, 50), (0.9, 50), (0.0, 50)]) == [None] * 4


@pytest.mark.parametrize(("count", "told"), [(19, None), (20, Turn.BEGAN)])
def test_too_few_requests_say_nothing(count: int, told: Turn | None) -> None:
    assert turns(ERRORS, [(0.5, count), (0.5, count)])[-1] is told


def test_oldest_review_counts_however_few_wait() -> None:
    hours = queue_age([0, 3_600_000], 7_200_000)
    assert (hours.value, hours.count) == (2.0, 2)
    rules = {"rules": [{"watch": "queue_age", "above": 1.0}]}
    assert turns(AlertsSection.model_validate(rules), [(2.0, 1), (2.0, 1)])[-1] is Turn.BEGAN


def test_drift_of_equal_shares_is_nothing() -> None:
    now, before = Counter({"a": 50, "b": 50}), Counter({"a": 500, "b": 500})
    assert drift(now, before, 0.01)[0] == pytest.approx(0.0, abs=1e-4)


def test_chi_squared_bounds_are_those_of_the_tables() -> None:
    # Percentage points of the usual tables: 11.070 for 5 degrees and 5 %, 23.209 for 10 and 1 %.
    assert chi_squared_bound(5, 0.05) == pytest.approx(11.070, rel=0.005)
    assert chi_squared_bound(10, 0.01) == pytest.approx(23.209, rel=0.005)


def test_drift_without_a_reference_is_never_told() -> None:
    assert drift(Counter({"a": 5}), Counter(), 0.01) == (0.0, float("inf"))


def day(chance: np.random.Generator, requests: int, shares: tuple[float, ...] = USUAL) -> Tally:
    """One day's inputs, drawn from these shares."""
    tally = Tally(requests=requests)
    for name in FEATURES:
        counts = chance.multinomial(requests, shares)
        tally.inputs[name] = Counter({str(bin): int(count) for bin, count in enumerate(counts)})
    return tally


def week(days: list[Tally]) -> Tally:
    whole = Tally()
    for one in days:
        for name in FEATURES:
            whole.inputs[name].update(one.inputs[name])
    return whole


def alarms_of(days: int, requests: int, changes_at: int | None = None) -> list[int]:
    """The days on which an alarm of drift began, of days after a first week."""
    chance = np.random.default_rng(3)
    past = [day(chance, requests) for _ in range(7)]
    alarms: dict[str, Alarm] = {}
    began = []
    for number in range(days):
        changed = changes_at is not None and number >= changes_at
        today = day(chance, requests, USUAL[::-1] if changed else USUAL)
        found = drifts({"acme": today}, {"acme": week(past)}, DRIFT)
        alarms, notices = step(DRIFT.rules, found, alarms, number)
        began += [number for notice in notices if notice.turn is Turn.BEGAN]
        past = [*past[1:], today]
    return began


def test_new_kind_of_input_is_told_on_the_second_day() -> None:
    assert set(alarms_of(12, 200, changes_at=5)) == {6}


@pytest.mark.slow
@pytest.mark.parametrize("requests", [100, 1000])
def test_ten_thousand_steady_days_hold_the_rate_of_false_alarms(requests: int) -> None:
    """Half an alarm a month is asked for; ten thousand days have 333 months."""
    assert len(alarms_of(10_000, requests)) <= 0.65 * 10_000 / 30


def test_alert_needs_a_bound() -> None:
    with pytest.raises(ValueError, match="needs `above`"):
        AlertsSection.model_validate({"rules": [{"watch": "errors"}]})
    assert Watched.DRIFT is DRIFT.rules[0].watch
