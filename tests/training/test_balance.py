"""Sources, classes and time balanced in training: examples by hand and properties."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.training.data import balance


def test_long_rows_of_rare_pieces_are_hard() -> None:
    rows = [[1, 1], [1, 1, 1, 1], [1, 9], [1, 9, 8, 7]]
    assert balance.hardness(rows).argsort().tolist() == [0, 1, 2, 3]


def test_hardness_is_a_rank_from_nought_to_one() -> None:
    hard = balance.hardness([[piece] * length for piece, length in ((5, 3), (6, 1), (7, 2))])
    assert sorted(hard.tolist()) == [0.0, 0.5, 1.0]


def test_without_a_curriculum_every_row_is_there_from_the_start() -> None:
    assert not balance.first_seen(np.linspace(0, 1, 9), 0.0).any()


def test_the_hardest_row_comes_when_the_curriculum_ends() -> None:
    assert balance.first_seen(np.array([1.0]), 0.4)[0] == pytest.approx(0.4)


@given(
    wanted=st.lists(st.floats(0.2, 6.0), min_size=1, max_size=20),
    curriculum=st.floats(0.0, 1.0),
    seed=st.integers(0, 99),
)
def test_a_curriculum_moves_rows_but_drops_none(
    wanted: list[float], curriculum: float, seed: int
) -> None:
    hard = np.linspace(0.0, 1.0, len(wanted))
    earliest = balance.first_seen(hard, curriculum)
    epochs = balance.drawn(np.array(wanted), earliest, np.random.default_rng(seed))
    seen = Counter(row for epoch in epochs for row in epoch)
    for row, times in enumerate(wanted):
        assert int(times) <= seen[row] <= int(times) + 1
    assert all(len(epoch) == len(set(epoch)) for epoch in epochs)


def test_hard_rows_are_not_drawn_early() -> None:
    wanted, earliest = np.full(100, 2.0), np.zeros(100)
    wanted[0], earliest[50:] = 10.0, 0.5
    epochs = balance.drawn(wanted, earliest, np.random.default_rng(1))
    assert all(row < 50 for epoch in epochs[:5] for row in epoch)
    assert any(row >= 50 for row in epochs[5])


def test_a_short_training_has_epochs_enough_for_a_curriculum() -> None:
    earliest = np.array([0.0, 1.0])
    epochs = balance.drawn(np.ones(2), earliest, np.random.default_rng(1), least=20)
    assert (len(epochs), epochs[-1][-1]) == (20, 1)


def test_log_priors_are_the_logarithms_of_shares() -> None:
    found = np.exp(balance.log_priors(np.array([0, 0, 0, 1, -1, -1]), 2))
    assert found.tolist() == pytest.approx([0.75, 0.25])


def test_unlabelled_rows_weigh_nothing() -> None:
    labels = np.array([0, 1, 1, -1, -1])
    assert (
        balance.class_weights(labels, 2).tolist() == balance.class_weights(labels[:3], 2).tolist()
    )
