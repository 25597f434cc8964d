"""Decisions that were judged later have a share, a value at stake, and a gain."""

from __future__ import annotations

import pytest

from router.analysis.report.outcomes import decision_measures
from router.stats.stated_confidence import MIN_OUTCOMES, calibrated
from router.types import Deliberated, TrueOutcome

USD = 10**9


def told(right: bool | None, *, deliberated: bool = True) -> TrueOutcome:
    said = Deliberated(0.9, 100_000 * USD, 5 * USD) if deliberated else None
    return TrueOutcome("r", correct=right, deliberated=said)


def test_gain_is_the_stake_times_the_better_share() -> None:
    outcomes = [told(True)] * 18 + [told(False)] * 2
    right, stake, gain = decision_measures(outcomes, 0.7)
    assert (right.value, stake.value) == (0.9, 2_000_000)
    assert gain.value == pytest.approx(400_000)
    assert gain.interval is not None
    assert gain.interval.low < 400_000 < gain.interval.high


def test_without_a_stated_share_before_there_is_no_gain() -> None:
    assert [one.key for one in decision_measures([told(True)], None)] == [
        "decisions_right",
        "decisions_at_stake",
    ]


def test_answers_without_a_deliberation_are_not_counted() -> None:
    assert decision_measures([told(True, deliberated=False), told(None)], 0.7) == ()


@pytest.mark.parametrize(("count", "known"), [(MIN_OUTCOMES - 1, False), (MIN_OUTCOMES, True)])
def test_confidence_is_calibrated_from_enough_outcomes_on(count: int, known: bool) -> None:
    one = calibrated(0.9, [(0.9, True)] * count)
    assert (one.p is not None) is known
    assert ("too few" in one.basis) is not known


def test_grades_against_their_order_are_pooled() -> None:
    outcomes = [(0.7, True)] * 9 + [(0.7, False)] + [(0.9, True)] * 5 + [(0.9, False)] * 5
    assert calibrated(0.9, outcomes).p == calibrated(0.7, outcomes).p == 14 / 20
