"""What keeps a candidate from being handed over."""

from __future__ import annotations

import numpy as np
import pytest

from router.training.continual.gates import (
    Contradiction,
    Judged,
    Margins,
    contradiction,
    refusals,
)

NONE = Contradiction(0, 0, 0.0)
CLASSES = ("billing", "shipping")


def judged(rows: int, wrong_before: int = 0, wrong_after: int = 0) -> Judged:
    """Half of the rows are of each class; the wrong ones are the first of class 0."""
    labels = np.arange(rows) % 2
    before, after = labels.copy(), labels.copy()
    zeros = np.flatnonzero(labels == 0)
    before[zeros[:wrong_before]] = 1
    after[zeros[:wrong_after]] = 1
    return Judged(labels, before, after)


def why(
    judged_old: Judged, new: Judged | None = None, told: Contradiction = NONE, **margins: float
) -> list[str]:
    return refusals(judged_old, new or judged(20), told, CLASSES, Margins(**margins))


def test_candidate_as_good_as_before_may_be_handed_over() -> None:
    assert why(judged(100)) == []


@pytest.mark.parametrize(("wrong", "refused"), [(1, False), (2, True)])
def test_old_set_may_lose_a_point_and_no_more(wrong: int, refused: bool) -> None:
    found = why(judged(100, wrong_after=wrong))
    assert any("fixed old set" in reason for reason in found) is refused


def test_margin_is_what_a_user_states() -> None:
    assert why(judged(100, wrong_after=4), old=0.05) == []


def test_class_that_is_lost_is_named_where_the_whole_hardly_moves() -> None:
    found = why(judged(400, wrong_after=24), old=0.1)
    assert found == ["class billing: 176 of 200 rows found, 200 before"]


def test_few_rows_of_a_class_are_chance() -> None:
    assert why(judged(12, wrong_after=2), old=1.0) == []


@pytest.mark.parametrize(("otherwise", "refused"), [(8, False), (30, True)])
def test_labels_that_contradict_a_sure_head_are_refused(otherwise: int, refused: bool) -> None:
    assert bool(why(judged(100), told=Contradiction(100, otherwise, 0.02))) is refused


def test_three_contradictions_of_ten_are_chance() -> None:
    assert why(judged(100), told=Contradiction(10, 3, 0.0)) == []


def test_labels_of_classes_that_came_contradict_nobody() -> None:
    chances = np.array([[0.99, 0.01], [0.99, 0.01], [0.6, 0.4]])
    found = contradiction(np.array([2, 1, 1]), chances)
    assert (found.sure, found.otherwise) == (1, 1)


def test_nothing_learnt_is_no_candidate() -> None:
    found = why(judged(100), judged(20, wrong_before=1, wrong_after=3))
    assert found == [
        "the new rows that did not teach: 85.0% right, 95.0% before; nothing was learnt"
    ]
