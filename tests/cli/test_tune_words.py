"""`tiergate tune` says where labels leave an ability open."""

from __future__ import annotations

from router.analysis.tune.tune import fit_ability
from router.cli.policies.tune_output import WIDE, wide_line
from router.routing.rungs.rung_plan import prior_ability
from router.types import Domain


def test_an_ability_of_few_labels_is_called_wide() -> None:
    few = fit_ability([(0.0, n % 5 > 0) for n in range(30)], 1.0, 2.0)
    told = wide_line(few, {})
    assert told.startswith("wide (95 % interval): theta 0.")
    assert "do not tell this answerer from one of another level" in told


def test_answers_that_are_all_right_leave_the_ability_open() -> None:
    """However many they are: no wrong one says where it ends."""
    assert "theta" in wide_line(fit_ability([(0.0, True)] * 200, 1.0, 2.0), {})


def test_enough_labels_are_not_called_wide_and_a_thin_domain_is() -> None:
    many = fit_ability([(0.0, n % 5 > 0) for n in range(300)], 1.0, 2.0)
    assert wide_line(many, {}) == ""
    few = fit_ability([(0.0, n % 5 > 0) for n in range(30)], 1.0, 2.0)
    told = wide_line(many, {Domain.LEGAL: few})
    assert "legal 0." in told
    assert "theta" not in told


def test_wide_is_half_a_step_between_levels() -> None:
    assert prior_ability(2).theta - prior_ability(1).theta == 2 * WIDE
