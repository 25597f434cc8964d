"""Bounds that hold at every moment: by hand, against another implementation, and by simulation."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.rollout.confidence import (
    NOTHING_KNOWN,
    SHARES,
    interval,
    log_capital,
)
from router.rollout.tallies import COSTS, RATE

SIDE = 0.025


def test_nothing_is_known_without_observations() -> None:
    assert interval(RATE, (0, 0), SIDE) == NOTHING_KNOWN


def test_capital_is_the_mean_of_the_products_of_all_bets() -> None:
    levels, order, m = (0.0, 0.25, 1.0), (2, 0, 1, 1, 0), 0.3
    products = [math.prod(1 + c * (levels[i] / m - 1) for i in order) for c in SHARES]
    counts = np.array([[float(order.count(i)) for i in range(3)]])
    found = log_capital(np.array(levels), counts, np.array([m]))
    assert found[0] == pytest.approx(math.log(sum(products) / len(products)))


def test_the_mean_of_a_claim_that_is_true_never_raises_the_stake() -> None:
    # All sequences of four observations of a coin of .3, each with its chance: a mean of 1.
    total = 0.0
    for coins in itertools.product((0, 1), repeat=4):
        chance = math.prod(0.3 if coin else 0.7 for coin in coins)
        counts = np.array([[4.0 - sum(coins), float(sum(coins))]])
        capital = log_capital(np.array(RATE), counts, np.array([0.3]))[0]
        total += chance * math.exp(capital)
    assert total == pytest.approx(1.0)


@given(st.lists(st.integers(0, 40), min_size=5, max_size=5).filter(any))
def test_bounds_enclose_what_was_seen(counts: list[int]) -> None:
    found = interval((0.0, 0.1, 0.5, 0.9, 1.0), counts, SIDE)
    assert 0.0 <= found.lower <= found.mean <= found.upper <= 1.0


@given(st.integers(1, 60), st.integers(0, 60))
def test_failures_and_successes_mirror_each_other(ones: int, zeros: int) -> None:
    found, mirrored = interval(RATE, (zeros, ones), SIDE), interval(RATE, (ones, zeros), SIDE)
    assert found.lower == pytest.approx(1.0 - mirrored.upper, abs=1e-9)
    assert found.upper == pytest.approx(1.0 - mirrored.lower, abs=1e-9)


def test_few_observations_say_nothing() -> None:
    assert interval(RATE, (1, 1), SIDE).upper - interval(RATE, (1, 1), SIDE).lower > 0.95


@pytest.mark.slow  # the library loads scipy
@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("count", [100, 2_000])
def test_intervals_are_as_narrow_as_those_of_another_library(rate: float, count: int) -> None:
    ville = pytest.importorskip("ville")
    coins = (np.random.default_rng(7).random(count) < rate).astype(float)
    ones = int(coins.sum())
    ours = interval(RATE, (count - ones, ones), SIDE)
    # Robbins' mixture is made for coins; the hedged bets know, as ours, only the bounds.
    for other in (
        ville.BernoulliCS(0.05, intersect=False),
        ville.BettingCS(intersect=False, grid=2_000),
    ):
        lower, upper = other.update(coins).interval()
        assert max(lower, ours.lower) < min(upper, ours.upper)
        assert ours.upper - ours.lower < 1.35 * (upper - lower)


@pytest.mark.slow
def test_costs_are_bounded_as_another_library_bounds_them() -> None:
    ville = pytest.importorskip("ville")
    random = np.random.default_rng(3)
    at = random.binomial(len(COSTS) - 1, 0.75, 2_000)
    costs = np.array(COSTS)[at]
    ours = interval(COSTS, np.bincount(at, minlength=len(COSTS)).tolist(), SIDE)
    lower, upper = ville.EmpiricalBernsteinCS(alpha=0.05, intersect=False).update(costs).interval()
    assert lower < ours.mean < upper
    assert ours.lower < costs.mean() < ours.upper
    assert ours.upper - ours.lower < 1.2 * (upper - lower)
