"""Bounds on mixtures with strangers: worked by hand, against one stratum, and by simulation."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.stats.exact_bounds import upper_bound
from router.stats.mixture_bounds import (
    Counts,
    holds,
    largest_share,
    mixture_bound,
    mixture_error,
    needed_factor,
)
from router.stats.threshold_walk import GRID, loosest
from tests.kits.examples import examples

GOOD = Counts(within=2000, accepted=1600, wrong=3, outside=500, outside_accepted=2)


def test_a_mixture_worked_by_hand() -> None:
    """At a fifth of strangers: .8·.8·.01 + .2·.02 of .8·.8 + .2·.02."""
    counts = Counts(within=500, accepted=400, wrong=4, outside=100, outside_accepted=2)
    assert mixture_error(counts, 0.2) == pytest.approx((0.0064 + 0.004) / (0.64 + 0.004))


def test_without_strangers_it_is_the_bound_of_clopper_and_pearson() -> None:
    assert mixture_bound(GOOD, 0.0, 0.05) == upper_bound(3, 1600, 0.05)


def test_a_share_of_strangers_without_any_labelled_is_never_certified() -> None:
    assert not holds(Counts(2000, 1600, 0), 0.01, 0.5, 0.05)
    assert mixture_bound(Counts(2000, 1600, 0), 0.01, 0.05) == 1.0


def test_the_bound_is_above_what_was_seen_and_below_two_separate_bounds() -> None:
    """Two bounds at half of delta each hold together at delta, but are wider."""
    bound = mixture_bound(GOOD, 0.2, 0.05)
    q = upper_bound(2, 500, 0.025)
    r = 0.2 * q / (0.8 * 0.8)
    apart = (upper_bound(3, 1600, 0.025) + r) / (1 + r)
    assert mixture_error(GOOD, 0.2) < bound < apart


@given(
    st.integers(100, 900), st.integers(0, 4), st.integers(50, 300), st.integers(0, 3),
    st.sampled_from([0.01, 0.02, 0.05]), st.floats(0.02, 0.5),
)  # fmt: skip
@examples(25)
def test_what_holds_at_a_share_holds_at_every_smaller_one(
    accepted: int, wrong: int, outside: int, strange: int, risk: float, share: float
) -> None:
    counts = Counts(1000, accepted, wrong, outside, strange)
    if holds(counts, share, risk, 0.05):
        assert all(holds(counts, share * part, risk, 0.05) for part in (0.75, 0.5, 0.25))


@given(st.integers(0, 4), st.integers(0, 3))
@examples(10)
def test_an_error_more_never_lowers_the_bound(wrong: int, strange: int) -> None:
    counts = Counts(1000, 700, wrong, 200, strange)
    bound = mixture_bound(counts, 0.2, 0.05)
    assert mixture_bound(Counts(1000, 700, wrong + 1, 200, strange), 0.2, 0.05) > bound
    assert mixture_bound(Counts(1000, 700, wrong, 200, strange + 1), 0.2, 0.05) > bound


@pytest.mark.parametrize(("e", "q"), [(0.02, 0.0), (0.0127, 0.0238), (0.0, 0.0653)])
def test_a_risk_that_is_just_not_kept_is_certified_seldom(e: float, q: float) -> None:
    """Each pair has R = 2 % at a fifth of strangers and .8 accepted, in another way."""
    r = 0.2 * q / (0.8 * 0.8)
    assert (e + r) / (1 + r) == pytest.approx(0.02, abs=1e-4)
    draw, runs = random.Random(16), 400
    held = 0
    for _ in range(runs):
        accepted = sum(draw.random() < 0.8 for _ in range(600))
        wrong = sum(draw.random() < e for _ in range(accepted))
        strange = sum(draw.random() < q for _ in range(120))
        held += holds(Counts(600, accepted, wrong, 120, strange), 0.2, 0.02, 0.1)
    assert held / runs <= 0.1 + 3 * (0.1 * 0.9 / runs) ** 0.5


def test_a_refused_mixture_says_which_share_would_hold_and_how_many_rows() -> None:
    thin = Counts(within=800, accepted=640, wrong=3, outside=100, outside_accepted=1)
    assert not holds(thin, 0.2, 0.02, 0.05)
    share = largest_share(thin, 0.2, 0.02, 0.05)
    assert 0.0 < share < 0.2
    assert holds(thin, share, 0.02, 0.05)
    factor = needed_factor(thin, 0.2, 0.02, 0.05)
    assert factor is not None
    assert holds(thin.times(factor), 0.2, 0.02, 0.05)


def test_an_error_above_the_risk_has_no_number_of_rows() -> None:
    assert needed_factor(Counts(500, 400, 20, 100, 5), 0.2, 0.02, 0.05) is None


def test_one_error_among_the_surest_does_not_end_the_broad_sequence() -> None:
    """The strict sequence ends at its first test; the broad one begins at 60 % of the labels."""
    at = [Counts(2000, min(1700, 300 + 60 * i), 1 + i // 12, 500, 0) for i in range(len(GRID))]
    assert loosest(at, 0.2, 0.01, 0.05) is not None


@pytest.mark.parametrize(("risk", "accepted", "strangers"), [(0.02, 300, 85), (0.01, 600, 170)])
def test_the_guide_says_how_many_labels_do_without_any_error(
    risk: float, accepted: int, strangers: int
) -> None:
    """At a share of .2, for the sequence that has four fifths of delta 5 %."""
    within = round(accepted / 0.8)
    assert holds(Counts(within, accepted, 0, strangers, 0), 0.2, risk, 0.04)
    assert not holds(Counts(within, accepted, 0, strangers - 6, 0), 0.2, risk, 0.04)
