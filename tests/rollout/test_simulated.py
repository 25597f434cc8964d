"""Simulated rollouts: how often guards are wrong, and that they find what is worse."""

from __future__ import annotations

import pytest

from benchmarks.sequential_tests import ALPHA, WORLDS, World, simulate

RUNS = 200
pytestmark = pytest.mark.slow


def world(begins: str) -> World:
    return next(one for one in WORLDS if one.name.startswith(begins))


def test_equal_candidates_are_rarely_rolled_back() -> None:
    found = simulate(world("A/A, nothing"), RUNS)
    assert found.alarms <= ALPHA
    assert found.missed <= ALPHA
    # What looking again and again makes of the usual test.
    assert found.z_test > 4 * ALPHA


@pytest.mark.parametrize(
    ("begins", "soon"),
    [("fails 10 %", 1_000), ("costs twice", 300), ("takes twice", 600), ("fails always", 50)],
)
def test_worse_candidates_are_found(begins: str, soon: int) -> None:
    found = simulate(world(begins), RUNS)
    assert found.alarms == 1.0
    assert found.late is not None
    assert found.late <= soon
