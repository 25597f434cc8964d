"""Kappas of two raters: examples by hand, intervals, and answers drawn whole."""

from __future__ import annotations

import math

import numpy as np
import pytest

from router.stats.agreement import agreement_figures, cohen_kappa, quadratic_kappa

# 2x2 table of Cohen's own kind: 20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no.
FIRST = np.array([1] * 25 + [0] * 25)
SECOND = np.array([1] * 20 + [0] * 5 + [1] * 10 + [0] * 15)


def test_kappa_of_a_table_worked_by_hand() -> None:
    # Observed .70; expected .5 x .6 + .5 x .4 = .50.
    assert cohen_kappa(FIRST, SECOND) == pytest.approx(0.4)


def test_weighted_kappa_of_two_grades_is_the_plain_one() -> None:
    assert quadratic_kappa(FIRST, SECOND) == pytest.approx(cohen_kappa(FIRST, SECOND))


def test_a_near_grade_counts_more_than_a_far_one() -> None:
    truth = np.array([1, 2, 3, 4, 5, 1, 5])
    near, far = np.array([2, 2, 3, 4, 5, 1, 5]), np.array([5, 2, 3, 4, 5, 1, 5])
    assert quadratic_kappa(truth, near) > quadratic_kappa(truth, far)


def test_one_grade_alone_has_no_kappa() -> None:
    same = np.array([1, 1, 1])
    assert math.isnan(cohen_kappa(same, same))
    assert math.isnan(cohen_kappa(same[:0], same[:0]))


def test_intervals_hold_the_figure_and_shrink_with_rows() -> None:
    few = agreement_figures(FIRST.tolist(), SECOND.tolist(), seed=3)["kappa"]
    many = agreement_figures(FIRST.tolist() * 8, SECOND.tolist() * 8, seed=3)["kappa"]
    assert few.low < few.value < few.high
    assert many.high - many.low < 0.5 * (few.high - few.low)
    assert (few.n, many.n) == (50, 400)


def test_grades_of_one_answer_are_drawn_together() -> None:
    alone = agreement_figures(FIRST.tolist(), SECOND.tolist(), seed=3)["kappa"]
    pairs = [place // 5 for place in range(50)]
    grouped = agreement_figures(FIRST.tolist(), SECOND.tolist(), pairs, seed=3)["kappa"]
    assert grouped.high - grouped.low > alone.high - alone.low


def test_one_answer_has_no_interval() -> None:
    figure = agreement_figures([1, 2], [1, 1], [0, 0])["agreement"]
    assert figure.value == 0.5
    assert math.isnan(figure.low)
