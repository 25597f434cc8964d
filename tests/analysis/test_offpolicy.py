"""Estimates of an error from another policy's log: by hand, and against a known truth."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.tune.offpolicy import Errors, JudgedRequest, OffPolicy, robust
from router.stats.exact_bounds import (
    at_most,
    lower_bound,
    needed_at,
    needed_without_errors,
    upper_bound,
)

RUNS, ROWS = 200, 1_000
"""Simulations of a truth, each of so many requests: 95 % of intervals are 190 ± 6."""


def errors_of(samples: list[JudgedRequest]) -> Errors:
    sums = OffPolicy()
    for sample in samples:
        sums.add(sample)
    return sums.errors()


FOUR = [
    JudgedRequest(rho=0.5, wrong=1.0, q=0.4, logged=1.0),
    JudgedRequest(rho=0.5, wrong=0.0, q=0.2, logged=0.0),
    JudgedRequest(rho=0.25, wrong=1.0, q=0.6, logged=1.0),
    JudgedRequest(rho=0.8, wrong=None, q=0.1, logged=0.0),
]
"""Weights 2, 2, 4, 0."""


def test_four_rows_by_hand() -> None:
    errors = errors_of(FOUR)
    assert errors.ips is not None
    assert errors.snips is not None
    assert errors.dr is not None
    assert errors.ips.error == pytest.approx((2 + 0 + 4 + 0) / 4)
    assert errors.snips.error == pytest.approx(6 / 8)
    terms = [0.4 + 2 * 0.6, 0.2 - 2 * 0.2, 0.6 + 4 * 0.4, 0.1]
    assert [robust(sample) for sample in FOUR] == pytest.approx(terms)
    assert errors.dr.error == pytest.approx(sum(terms) / 4)
    assert errors.effective == pytest.approx(8**2 / (4 + 4 + 16))
    assert errors.logged is not None
    assert errors.logged.error == 0.5


def test_few_rows_have_no_interval() -> None:
    errors = errors_of(FOUR)
    assert errors.dr is not None
    assert errors.dr.interval is None


def test_rows_without_overlap_leave_bounds() -> None:
    errors = errors_of(
        [JudgedRequest(1.0, 0.0, 0.1, 0.0)] * 3 + [JudgedRequest(0.0, None, 0.1, 0.0)]
    )
    assert not errors.answerable
    assert errors.bounds is not None
    assert (errors.bounds.low, errors.bounds.high) == (0.0, 0.25)


def test_no_rows_say_nothing() -> None:
    errors = errors_of([])
    assert (errors.dr, errors.logged, errors.bounds, errors.answerable) == (None, None, None, False)


def test_unchanged_policy_has_the_recorded_error_exactly() -> None:
    rows = [JudgedRequest(1.0, float(i % 10 == 0), 0.3, float(i % 10 == 0)) for i in range(200)]
    errors = errors_of(rows)
    assert errors.dr == errors.logged
    assert errors.difference is not None
    assert errors.difference.interval is not None
    assert (errors.difference.error, errors.difference.interval.high) == (0.0, 0.0)


@given(
    st.lists(
        st.tuples(st.floats(0.05, 1), st.booleans(), st.floats(0, 1), st.booleans()),
        min_size=1,
        max_size=80,
    )
)
def test_effective_sample_is_never_more_than_what_was_seen(
    rows: list[tuple[float, bool, float, bool]],
) -> None:
    samples = [JudgedRequest(rho, float(y) if seen else None, q, 0.0) for rho, seen, q, y in rows]
    errors = errors_of(samples)
    assert errors.effective <= errors.observed + 1e-9


def a_day(draw: random.Random, quality: float) -> list[JudgedRequest]:
    """Requests of difficulty x; the log explores the new policy's rung with chance rho(x).

    The new rung errs with chance x / 2. `quality` mixes the truth into the model's guess.
    """
    samples = []
    for _ in range(ROWS):
        x = draw.random()
        rho = 0.1 + 0.5 * x
        truth = x / 2
        wrong = float(draw.random() < truth)
        seen = draw.random() < rho
        guess = quality * truth + (1 - quality) * 0.5
        samples.append(JudgedRequest(rho, wrong if seen else None, guess, 0.0))
    return samples


@pytest.fixture(scope="module")
def runs() -> list[Errors]:
    draw = random.Random(20261120)
    return [errors_of(a_day(draw, 0.8)) for _ in range(RUNS)]


@pytest.mark.parametrize("name", ["ips", "snips", "dr"])
def test_intervals_hold_the_truth_as_often_as_they_say(runs: list[Errors], name: str) -> None:
    held = 0
    for run in runs:
        estimate = getattr(run, name)
        held += estimate.interval.low <= 0.25 <= estimate.interval.high
    assert held / RUNS >= 0.92


@pytest.mark.parametrize("name", ["ips", "dr"])
def test_estimates_are_unbiased(runs: list[Errors], name: str) -> None:
    found = [getattr(run, name).error for run in runs]
    standard_error = statistics.stdev(found) / RUNS**0.5
    assert abs(statistics.mean(found) - 0.25) < 3 * standard_error


def test_doubly_robust_varies_less_than_inverse_propensity(runs: list[Errors]) -> None:
    dr = statistics.variance([run.dr.error for run in runs if run.dr])
    ips = statistics.variance([run.ips.error for run in runs if run.ips])
    assert dr < 0.9 * ips


def test_doubly_robust_is_unbiased_by_a_wrong_model() -> None:
    draw = random.Random(4)
    found = [run.dr.error for _ in range(RUNS) if (run := errors_of(a_day(draw, 0.0))).dr]
    standard_error = statistics.stdev(found) / RUNS**0.5
    assert abs(statistics.mean(found) - 0.25) < 3 * standard_error


@pytest.mark.parametrize(
    ("wrong", "of", "delta", "bound"),
    [
        (0, 299, 0.05, 0.009969),
        (0, 598, 0.05, 0.004997),
        (3, 300, 0.05, 0.025641),
        (1, 10, 0.05, 0.394163),
    ],
)
def test_upper_bound_is_clopper_and_pearsons(
    wrong: int, of: int, delta: float, bound: float
) -> None:
    assert upper_bound(wrong, of, delta) == pytest.approx(bound, abs=2e-6)


@pytest.mark.parametrize(("risk", "needed"), [(0.01, 299), (0.005, 598), (0.001, 2_995)])
def test_right_answers_that_a_risk_needs(risk: float, needed: int) -> None:
    assert needed_without_errors(risk, 0.05) == needed
    assert upper_bound(0, needed, 0.05) <= risk < upper_bound(0, needed - 1, 0.05)


@pytest.mark.parametrize(("risk", "needed"), [(0.01, 1_075), (0.005, 2_108), (0.001, 10_721)])
def test_labels_that_half_the_risk_needs_are_near_the_published(risk: float, needed: int) -> None:
    found = needed_at(risk / 2, risk, 0.05)
    assert found == pytest.approx(needed, rel=0.15)


def test_no_labels_certify_an_error_as_high_as_the_risk() -> None:
    assert needed_at(0.02, 0.02, 0.05) is None


@given(wrong=st.integers(0, 30), more=st.integers(1, 300), delta=st.floats(0.01, 0.2))
def test_bounds_enclose_the_share(wrong: int, more: int, delta: float) -> None:
    of = wrong + more
    assert lower_bound(wrong, of, delta) <= wrong / of <= upper_bound(wrong, of, delta)


def test_chances_of_all_counts_sum_to_one() -> None:
    assert at_most(9, 10, 0.3) == pytest.approx(1 - 0.3**10)
