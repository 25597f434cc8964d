"""Alarms: what fires, what holds still, and how rarely one is false."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from math import inf
from pathlib import Path

import numpy as np
import pytest

from benchmarks.drift import delay
from router.money.days import DAY_MS
from router.policy.sections.learning import AlertsSection, Watched
from router.watch.alarms import SILENT_MS, Alarm, AlarmTurn, Notice, step
from router.watch.distance import energy, shortened
from router.watch.drift import chi_squared_bound, drift
from router.watch.past import Past, chance_of, read_until, waits
from router.watch.profiles import (
    OF_REQUESTS,
    SAMPLED,
    Profile,
    Profiles,
    profiles,
)
from router.watch.readings import Reading, queue_age
from router.watch.state import State, load, load_past, save, save_past
from tests.kits.books.ledger_rows import request
from tests.kits.drift_kit import USUAL, began_on

ERRORS = AlertsSection.model_validate({"rules": [{"watch": "errors", "above": 0.1, "least": 20}]})
DRIFT = AlertsSection.model_validate({"rules": [{"watch": "drift"}], "window_minutes": 1440})


def turns(section: AlertsSection, values: list[tuple[float, int]]) -> list[AlarmTurn | None]:
    """What each check of one value, over so many requests, tells."""
    alarms: dict[str, Alarm] = {}
    told: list[AlarmTurn | None] = []
    for at, (value, count) in enumerate(values):
        reading = Reading(section.rules[0].watch, "acme", value, count)
        alarms, notices = step(section.rules, [(reading, None)], alarms, at)
        told.append(notices[0].turn if notices else None)
    return told


def test_alarm_begins_at_the_second_check_and_ends_at_the_second_below() -> None:
    values = [(0.2, 50), (0.2, 50), (0.2, 50), (0.05, 50), (0.05, 50)]
    assert turns(ERRORS, values) == [None, AlarmTurn.BEGAN, None, None, AlarmTurn.ENDED]


def test_alarm_keeps_what_was_found_when_it_was_judged_last() -> None:
    """A window of too few requests afterwards changes nothing of it."""
    alarms: dict[str, Alarm] = {}
    for at_ms, (value, count) in enumerate([(0.2, 50), (0.3, 50), (0.4, 50), (0.9, 5)]):
        reading = Reading(Watched.ERRORS, "acme", value, count, f"{value} of it")
        alarms, _ = step(ERRORS.rules, [(reading, None)], alarms, at_ms)
    assert alarms == {"errors: acme": Alarm(True, 0, 1, 2, 0.4, 0.1, "0.4 of it")}


def test_state_keeps_the_end_of_an_alarm_whose_bound_nothing_can_pass(tmp_path: Path) -> None:
    """Drift has no bound where all requests of both spans are alike: the alarm ends so."""
    alarms: dict[str, Alarm] = {}
    notices: list[Notice] = []
    for at_ms, (value, bound) in enumerate([(1.0, 0.2), (1.0, 0.2), (0.0, inf), (0.0, inf)]):
        reading = Reading(Watched.DRIFT, "acme / shop / language", value, 50)
        alarms, told = step(DRIFT.rules, [(reading, bound)], alarms, at_ms)
        notices += told
    assert [(notice.turn, notice.bound) for notice in notices] == [
        (AlarmTurn.BEGAN, 0.2),
        (AlarmTurn.ENDED, None),
    ]
    save(tmp_path / "a.json", State(untold=tuple(notices)))
    assert load(tmp_path / "a.json").untold == tuple(notices)


def test_state_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    kept = '{"active":true,"streak":0,"since_ms":1,"heard_ms":2}'
    (tmp_path / "a.json").write_text(f'{{"checked_ms":2,"alarms":{{"errors: acme":{kept}}}}}')
    assert load(tmp_path / "a.json").alarms == {"errors: acme": Alarm(True, 0, 1, 2)}


def test_value_between_both_bounds_changes_nothing() -> None:
    values = [(0.2, 50), (0.2, 50), (0.09, 50), (0.09, 50), (0.09, 50)]
    assert turns(ERRORS, values) == [None, AlarmTurn.BEGAN, None, None, None]


def test_single_peak_tells_nobody() -> None:
    assert turns(ERRORS, [(0.9, 50), (0.0, 50), (0.9, 50), (0.0, 50)]) == [None] * 4


@pytest.mark.parametrize(("count", "told"), [(19, None), (20, AlarmTurn.BEGAN)])
def test_too_few_requests_say_nothing(count: int, told: AlarmTurn | None) -> None:
    assert turns(ERRORS, [(0.5, count), (0.5, count)])[-1] is told


def test_oldest_review_counts_however_few_wait() -> None:
    hours = queue_age([0, 3_600_000], 7_200_000)
    assert (hours.value, hours.count) == (2.0, 2)
    rules = {"rules": [{"watch": "queue_age", "above": 1.0}]}
    assert turns(AlertsSection.model_validate(rules), [(2.0, 1), (2.0, 1)])[-1] is AlarmTurn.BEGAN


def test_drift_of_equal_shares_is_nothing() -> None:
    now, before = Counter({"a": 50, "b": 50}), Counter({"a": 500, "b": 500})
    assert drift(now, before, 0.01)[0] == pytest.approx(0.0, abs=1e-4)


def test_chi_squared_bounds_are_those_of_the_tables() -> None:
    # Percentage points of the usual tables: 11.070 for 5 degrees and 5 %, 23.209 for 10 and 1 %.
    assert chi_squared_bound(5, 0.05) == pytest.approx(11.070, rel=0.005)
    assert chi_squared_bound(10, 0.01) == pytest.approx(23.209, rel=0.005)


def test_drift_without_a_reference_is_never_told() -> None:
    assert drift(Counter({"a": 5}), Counter(), 0.01) == (0.0, float("inf"))


def test_new_kind_of_input_is_told_on_the_second_day() -> None:
    began = began_on(12, 200, 5, shares=USUAL[::-1])
    assert {number for number, subject in began if "over weeks" not in subject} == {6}


@pytest.mark.slow
@pytest.mark.parametrize(("requests", "sampled"), [(100, 12), (1000, 0)])
def test_ten_thousand_steady_days_hold_the_rate_of_false_alarms(
    requests: int, sampled: int
) -> None:
    """Half an alarm a month is asked for; ten thousand days have 333 months.

    The distance of samples needs most of the time, so one of both runs has it, on small ones.
    """
    began = began_on(10_000, requests, sampled=sampled)
    print(f"{requests} a day: {len(began) * 30 / 10_000:.2f} false alarms a month")
    assert len(began) <= 0.65 * 10_000 / 30


@pytest.mark.slow
def test_ten_thousand_steady_days_of_a_provider_hold_the_rate() -> None:
    assert len(began_on(10_000, 200, what="provider", sampled=0)) <= 0.65 * 10_000 / 30


def test_joint_readings_that_move_are_told_though_every_feature_is_as_before() -> None:
    assert began_on(12, 60, 5, apart=0.8) == [(6, "acme / p / all that was read")]


def test_provider_that_gets_slower_is_told_and_one_that_gets_faster_is_not() -> None:
    slower = began_on(12, 200, 5, "provider", shares=USUAL[::-1])  # higher bins
    told = {subject.removesuffix(", over weeks") for _, subject in slower}
    assert {"mid / refusals", "mid / latency", "mid / answer length"} == told
    faster = began_on(12, 200, 5, "provider", shares=(0.9, 0.04, 0.03, 0.02, 0.01))
    told = {subject.removesuffix(", over weeks") for _, subject in faster}
    assert told == {"mid / answer length", "mid / log-probability"}


@pytest.mark.parametrize(("shift", "differs"), [(0.0, False), (0.6, True)])
def test_energy_distance_passes_its_bound_for_another_source_only(
    shift: float, differs: bool
) -> None:
    chance = np.random.default_rng(1)
    now, before = chance.normal(shift, 1, (64, 12)), chance.normal(0, 1, (200, 12))
    value, bound = energy(now.tolist(), before.tolist(), 0.01)
    assert (value > bound) is differs


def test_energy_distance_of_two_points_by_hand() -> None:
    """Ten times 0 and ten times 1, each divided by the spread of 1/2: the gap is 2, twice is 4."""
    value, _ = energy([[0.0]] * 10, [[1.0]] * 10, 0.5)
    assert value == pytest.approx(4.0)


def test_energy_distance_of_few_vectors_has_no_bound() -> None:
    assert energy([[0.0]] * 9, [[1.0]] * 100, 0.5) == (0.0, float("inf"))


def test_alarm_of_a_tenant_that_fell_silent_ends() -> None:
    reading = Reading(Watched.ERRORS, "acme", 0.9, 50)
    alarms, _ = step(ERRORS.rules, [(reading, None)], {}, 0)
    alarms, _ = step(ERRORS.rules, [(reading, None)], alarms, 1)
    few = Reading(Watched.ERRORS, "acme", 0.9, 1)
    alarms, notices = step(ERRORS.rules, [(few, None)], alarms, SILENT_MS)
    assert (len(alarms), notices) == (1, [])  # a short silence is no recovery
    alarms, (notice,) = step(ERRORS.rules, [], alarms, 1 + SILENT_MS)
    assert (alarms, notice.turn) == ({}, AlarmTurn.ENDED)
    assert notice.detail == "nothing was heard of it for 24 hours"


def test_alarm_without_a_rule_ends_at_once() -> None:
    alarms = {"errors: acme": Alarm(True, 0, 1, 1), "gone: acme": Alarm(True, 0, 1, 1)}
    alarms, (notice,) = step(DRIFT.rules, [], alarms, 2)
    assert (alarms, notice.detail) == ({}, "no rule watches it any longer")


def test_vectors_of_kept_texts_are_those_of_the_sample() -> None:
    rows = [request(f"r{number}") for number in range(200)]
    asked: list[str] = []

    def embedded(ids: Sequence[str]) -> dict[str, tuple[float, ...]]:
        asked.extend(ids)
        return {name: (1.0, 2.0) for name in ids if name != ids[0]}

    (profile,) = profiles(rows, embedded).requests.values()
    assert (len(asked), len(profile.sample), len(profile.embedded)) == (SAMPLED, SAMPLED, 63)


def test_shortened_vectors_keep_their_distances() -> None:
    chance = np.random.default_rng(1)
    long = chance.normal(0, 1, (40, 384))
    short = np.array(shortened(long, 24))
    gaps = [np.linalg.norm(x[:20] - x[20:], axis=1).mean() for x in (long, short)]
    assert gaps[1] == pytest.approx(gaps[0], rel=0.1)


def test_past_reads_no_row_twice(tmp_path: Path) -> None:
    read: list[tuple[int, int]] = []

    def rows(since_ms: int, until_ms: int) -> Profiles:
        read.append((since_ms, until_ms))
        return Profiles({"acme / p": Profile(1)})

    hour = DAY_MS // 24
    past = read_until(Past(), DAY_MS, 2 * DAY_MS + hour, rows)
    save_past(tmp_path / "alerts.json", past)
    assert read == [(DAY_MS, 2 * DAY_MS), (2 * DAY_MS, 2 * DAY_MS + hour)]
    past = read_until(load_past(tmp_path / "alerts.json"), DAY_MS, 2 * DAY_MS + 3 * hour, rows)
    assert read[2:] == [(2 * DAY_MS + hour, 2 * DAY_MS + 3 * hour)]
    assert past.reference().requests["acme / p"].count == 3


def test_only_days_that_changed_are_written(tmp_path: Path) -> None:
    def rows(since_ms: int, until_ms: int) -> Profiles:
        return Profiles({"acme / p": Profile(1)})

    state, hour = tmp_path / "alerts.json", DAY_MS // 24
    save_past(state, read_until(Past(), DAY_MS, 4 * DAY_MS + hour, rows))
    before = {file.name: file.stat().st_ino for file in (tmp_path / "alerts.past").iterdir()}
    save_past(state, read_until(load_past(state), DAY_MS, 4 * DAY_MS + 2 * hour, rows))
    after = {file.name: file.stat().st_ino for file in (tmp_path / "alerts.past").iterdir()}
    assert {name for name, inode in after.items() if before[name] != inode} == {"4.json"}


def test_day_that_a_crash_left_unwritten_is_read_again(tmp_path: Path) -> None:
    def rows(since_ms: int, until_ms: int) -> Profiles:
        return Profiles({"acme / p": Profile(1)})

    state, hour = tmp_path / "alerts.json", DAY_MS // 24
    save_past(state, read_until(Past(), DAY_MS, 3 * DAY_MS + hour, rows))
    (tmp_path / "alerts.past" / "3.json").unlink()
    assert load_past(state).until_ms == 3 * DAY_MS


def test_counts_of_weeks_are_kept_without_samples_and_then_forgotten(tmp_path: Path) -> None:
    def rows(since_ms: int, until_ms: int) -> Profiles:
        return Profiles({"acme / p": Profile(1, {}, [(1, (0.5,))])})

    state, past = tmp_path / "alerts.json", Past()
    for day in range(2, 14):
        past = read_until(past, (day - 1) * DAY_MS, day * DAY_MS, rows)
        save_past(state, past)
        past = load_past(state)
    near, weeks = past.reference(12 * DAY_MS), past.reference(until_ms=12 * DAY_MS)
    assert (near.requests["acme / p"].count, len(near.requests["acme / p"].sample)) == (1, 1)
    assert (weeks.requests["acme / p"].count, weeks.requests["acme / p"].sample) == (3, [])
    assert len(list((tmp_path / "alerts.past").iterdir())) == 4


@pytest.mark.parametrize("a_day", [0.01, 0.02])
def test_kind_that_grows_slowly_is_told(a_day: float) -> None:
    """Held against the week before alone, three of five such changes were told within 90 days."""
    delays = [delay(seed, 100, a_day, grows=True) for seed in range(3)]
    assert all(days is not None and days < 20 for days in delays)


def test_longer_reference_is_read_again() -> None:
    read: list[int] = []

    def rows(since_ms: int, until_ms: int) -> Profiles:
        read.append(since_ms // DAY_MS)
        return Profiles()

    past = read_until(Past(), 5 * DAY_MS, 6 * DAY_MS, rows)
    read_until(past, 3 * DAY_MS, 6 * DAY_MS, rows)
    assert read == [5, 3, 4, 5]


def test_alert_needs_a_bound() -> None:
    with pytest.raises(ValueError, match="needs `above`"):
        AlertsSection.model_validate({"rules": [{"watch": "errors"}]})
    assert Watched.DRIFT is DRIFT.rules[0].watch


@pytest.mark.parametrize("minutes", [5, 60, 1440])
def test_distance_has_a_bound_in_windows_of_every_length(minutes: int) -> None:
    what = AlertsSection.model_validate({"rules": [{"watch": "drift"}], "window_minutes": minutes})
    rng = np.random.default_rng(1)
    before, now = rng.normal(0, 1, (60, 3)).tolist(), rng.normal(3, 1, (30, 3)).tolist()
    value, bound = energy(now, before, chance_of(what, 2 * len(OF_REQUESTS) + 2))
    assert value > bound


WATCHES = AlertsSection.model_validate(
    {"rules": [{"watch": "drift", "least": 30}, {"watch": "errors", "above": 0.1}]}
)
LAST_MS = 20 * DAY_MS


@pytest.mark.parametrize(
    ("days", "drift", "slowly"),
    [
        ({}, "needs 1 past window", "needs 192 past windows"),
        ({19: 9}, "needs 1 past window", "needs 168 past windows"),
        ({19: 10}, "has a past (tenants and policies: 1)", "needs 168 past windows"),
        ({12: 50, 19: 50}, "has a past (tenants and policies: 1)", "has a past too"),
        ({13: 50, 19: 50}, "has a past (tenants and policies: 1)", "needs 24 past windows"),
    ],
    ids=["nothing", "too few", "a day", "all", "a week"],
)
def test_what_a_comparison_still_needs_is_counted_in_windows(
    days: dict[int, int], drift: str, slowly: str
) -> None:
    """A window is an hour, and the last one ended at the end of day 19."""
    kept = {n: Profiles({"acme / mine": Profile(count)}) for n, count in days.items()}
    said = waits(Past(0, LAST_MS, kept), WATCHES, LAST_MS)
    needs = "then 2 windows that differ, each of at least 30 requests of a tenant"
    assert said == [f"drift: {drift}, {needs}", f"drift over weeks: {slowly}"]
