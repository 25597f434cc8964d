"""Calibrators, fits and measures: by hand, against other implementations, as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.stats import calibration as c
from tests.kits.examples import examples

RNG = np.random.default_rng(3)


def test_ece_of_one_bin_is_the_gap_between_mean_chance_and_share_right() -> None:
    assert c.ece(np.full(4, 0.8), np.array([1, 1, 1, 0]), bins=1) == pytest.approx(0.05)


@pytest.mark.parametrize("x", [-800.0, -3.0, 0.0, 0.25, 40.0])
def test_one_number_is_squashed_as_an_array_is(x: float) -> None:
    assert c.sigmoid_of(x) == pytest.approx(c.sigmoid(np.array([x]))[0], abs=1e-15)


@pytest.mark.parametrize("p", [0.0, 1e-6, 0.5, 0.9, 1.0])
def test_one_chance_has_the_log_odds_that_it_has_in_an_array(p: float) -> None:
    assert c.logit_of(p) == pytest.approx(c.logit(np.array([p]))[0])


@pytest.mark.parametrize("logit", [-800.0, -3.0, -0.7, 0.0, 0.1, 0.25, 3.0, 40.0])
@pytest.mark.parametrize(
    "calibrator",
    [
        c.Platt(1.3, -0.2),
        c.Platt(0.8, 0.4, 0.02, 0.97),
        c.Isotonic((-3.0, 0.0, 3.0), (0.001, 0.4, 0.999)),
    ],
)
def test_one_logit_has_the_chance_that_it_has_in_an_array(
    calibrator: c.Platt | c.Isotonic, logit: float
) -> None:
    assert c.chance_of(calibrator, logit) == calibrator(np.array([logit]))[0]


def test_ece_bins_have_equal_mass() -> None:
    chances = np.array([0.1, 0.1, 0.9, 0.9])
    right = np.array([0, 0, 1, 0])
    assert c.ece(chances, right, bins=2) == pytest.approx((0.1 + 0.4) / 2)


def test_auroc_counts_ties_as_half() -> None:
    assert c.auroc(np.array([0.5, 0.5]), np.array([True, False])) == 0.5


def test_auroc_of_one_class_is_not_a_number() -> None:
    assert np.isnan(c.auroc(np.array([0.5, 0.6]), np.array([True, True])))


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), min_size=2, max_size=40))
def test_auroc_equals_the_share_of_ordered_pairs(rows: list[tuple[int, bool]]) -> None:
    scores = np.array([score for score, _ in rows], dtype=float)
    positive = np.array([flag for _, flag in rows])
    pairs = [
        1.0 if a > b else 0.5 if a == b else 0.0
        for a in scores[positive]
        for b in scores[~positive]
    ]
    if pairs:
        assert c.auroc(scores, positive) == pytest.approx(np.mean(pairs))


def test_temperature_undoes_a_known_overconfidence() -> None:
    logits = RNG.normal(size=(4_000, 3))
    chances = c.softmax(logits)
    labels = np.array([RNG.choice(3, p=row) for row in chances])
    assert c.fit_temperature(logits * 3.0, labels).t == pytest.approx(3.0, rel=0.1)


def test_platt_recovers_slope_and_shift() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=6_000)
    y = (rng.random(6_000) < c.sigmoid(2.0 * x - 1.0)).astype(float)
    found = c.fit_platt(x, y)
    assert (found.slope, found.shift) == pytest.approx((2.0, -1.0), abs=0.15)


def test_platt_of_three_rows_stays_finite() -> None:
    found = c.fit_platt(np.array([-1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0]))
    assert abs(found.slope) < 20


def test_isotonic_pools_a_violation_into_its_mean() -> None:
    found = c.fit_isotonic(np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0, 1.0]))
    assert found(np.array([1.5]))[0] == pytest.approx(0.5)


def test_isotonic_agrees_with_sklearn_away_from_its_ends() -> None:
    sklearn = pytest.importorskip("sklearn.isotonic")
    x = RNG.normal(size=400)
    y = (RNG.random(400) < c.sigmoid(x)).astype(float)
    ours, theirs = c.fit_isotonic(x, y), sklearn.IsotonicRegression(out_of_bounds="clip").fit(x, y)
    middle = np.quantile(x, [0.3, 0.5, 0.7])
    assert ours(middle) == pytest.approx(theirs.predict(middle), abs=0.08)


@given(
    st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 1)), min_size=2, max_size=50),
    st.lists(st.floats(-9, 9), min_size=2, max_size=20),
)
def test_isotonic_never_falls(rows: list[tuple[float, int]], asked: list[float]) -> None:
    found = c.fit_isotonic(np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float))
    values = found(np.sort(asked))
    assert np.all(np.diff(values) >= -1e-9)


@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 1)), min_size=2, max_size=50))
def test_isotonic_never_says_never_or_always(rows: list[tuple[float, int]]) -> None:
    found = c.fit_isotonic(np.array([r[0] for r in rows]), np.array([r[1] for r in rows], float))
    assert 0.0 < min(found.y) <= max(found.y) < 1.0


@pytest.mark.parametrize(
    "calibrator",
    [
        c.Temperature(1.5),
        c.Temperature(1.5, 0.9),
        c.Platt(2.0, -0.5),
        c.Platt(2.0, -0.5, 0.02, 0.97),
        c.Isotonic((0.0, 1.0), (0.2, 0.9)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_calibrator_survives_json(calibrator: c.Temperature | c.Platt | c.Isotonic) -> None:
    assert c.from_json(calibrator.to_json()) == calibrator


@pytest.mark.parametrize(
    "value",
    [
        {"kind": "magic"},
        {"kind": "temperature", "t": 1.0, "most": 0.5},
        {"kind": "temperature", "t": 1.0, "most": 1.1},
        {"kind": "temperature", "t": 1.0, "most": "0.9"},
        {"kind": "platt", "slope": 1.0, "shift": 0.0, "least": 0.6, "most": 0.9},
        {"kind": "platt", "slope": 1.0, "shift": 0.0, "most": 0.9},
    ],
)
def test_an_unknown_calibrator_is_refused(value: c.Json) -> None:
    with pytest.raises(ValueError, match="unknown calibrator"):
        c.from_json(value)


@given(st.lists(st.floats(-60, 60), min_size=3, max_size=3), st.floats(0.51, 0.99))
def test_no_class_gets_more_than_the_most(logits: list[float], most: float) -> None:
    row = np.array([logits])
    free, bounded = c.softmax(row), c.Temperature(1.0, most)(row)
    assert bounded.sum() == pytest.approx(1.0)
    assert bounded.max() == pytest.approx(min(free.max(), most))
    assert bounded.argmax() == free.argmax()


def test_a_row_below_the_most_stays() -> None:
    rows = np.array([[0.5, 0.3, 0.2], [0.98, 0.015, 0.005]])
    expected = [[0.5, 0.3, 0.2], [0.9, 0.075, 0.025]]
    assert c.at_most(rows, 0.9) == pytest.approx(np.array(expected))


@pytest.mark.parametrize(
    ("confidence", "right", "supported"),
    [
        ([], [], 0.51),
        ([0.97] * 18, [1] * 18, 19 / 20),  # Laplace: (18 + 1) / (18 + 2)
        ([0.995] * 98, [1] * 98, 99 / 100),
        ([0.97] * 100, [1] * 90 + [0] * 10, 91 / 102),
        ([0.999] * 3 + [0.6] * 40, [1] * 43, 44 / 45),  # three sure rows alone support .8
        ([0.999] * 60 + [0.6] * 40, [1] * 60 + [0] * 40, 61 / 62),
        ([0.97] * 10, [0] * 10, 0.51),
    ],
)
def test_what_few_rows_support(confidence: list[float], right: list[int], supported: float) -> None:
    flags = np.array(right, bool)
    assert c.most_supported(np.array(confidence), flags) == pytest.approx(supported)


@pytest.mark.parametrize(
    "calibrator",
    [
        c.Platt(2.0, 0.3),
        c.Isotonic((-3.0, 0.0, 3.0), (0.001, 0.4, 0.999)),
        c.Isotonic((-3.0, 0.0, 0.0, 3.0), (0.001, 0.2, 0.8, 0.999)),  # a step
        c.Isotonic((-3.0, -1.0, 1.0, 3.0), (0.02, 0.02, 0.95, 0.95)),
    ],
)
def test_a_bounded_chance_is_the_same_within_its_bounds(calibrator: c.Platt | c.Isotonic) -> None:
    logits = np.linspace(-6, 6, 241)
    bounded = c.within(calibrator, 0.05, 0.9)
    expected = np.clip(calibrator(logits), 0.05, 0.9)
    assert bounded(logits) == pytest.approx(expected)
    assert c.highest_said(bounded) == pytest.approx(0.9)


def test_bounded_classes_have_a_cap() -> None:
    assert c.within(c.Temperature(1.5), 0.0, 0.9) == c.Temperature(1.5, 0.9)


def test_few_rows_never_get_the_isotonic_curve() -> None:
    x = RNG.normal(size=999)
    assert isinstance(c.best_of(x, (x > 0).astype(float)), c.Platt)


def test_a_firm_prior_outweighs_few_rows() -> None:
    prior = np.array([1.0, 2.0])
    x, y = RNG.normal(size=(5, 2)), np.zeros(5)
    found = c.fit_logistic(x, y, prior, np.full(2, 1e6))
    assert found == pytest.approx(prior, abs=1e-3)


@examples(50)
@given(st.floats(-700, 700))
def test_logit_undoes_sigmoid_where_floats_allow(x: float) -> None:
    p = c.sigmoid(np.array([x]))
    assert 0.0 <= p[0] <= 1.0
    if abs(x) < 15:
        assert c.logit(p)[0] == pytest.approx(x, abs=1e-3)


def test_wide_logits_are_fitted_to_the_optimum() -> None:
    # Whole Newton steps overshot here for ever and gave a slope and a shift far off.
    rng = np.random.default_rng(5)
    right = (rng.random(4000) < 0.25).astype(float)
    logits = rng.normal(np.where(right > 0, 0.0, -9.0), 5.0)
    weights = np.where(right > 0, 0.5 / right.mean(), 0.5 / (1.0 - right.mean()))
    fitted = c.fit_platt(logits, right, weights)
    means = [float(fitted(logits[right == hit]).mean()) for hit in (1.0, 0.0)]
    assert sum(means) == pytest.approx(1.0, abs=0.01)
