"""A replay cannot tell of a policy's error where no changed decision has an outcome."""

from __future__ import annotations

import pytest

from router.analysis.replay.fail_conditions import ConditionState, judge, read_condition
from router.types import RequestRow
from tests.analysis.test_replay import DAY, THETAS, a_side, floor, play, run, tiers
from tests.kits.fakes import Houses


@pytest.fixture
async def rows(houses: Houses) -> list[RequestRow]:
    """Four requests, recorded under the floor 0.85."""
    return await play(houses(tiers(), thetas=THETAS), DAY)


async def test_outcomes_of_unchanged_decisions_say_nothing_of_changed_ones(
    rows: list[RequestRow],
) -> None:
    """The decision of the second request changes, and it alone has no outcome."""
    result = run(rows, a_side(**floor(0.75)), r0=True, r2=True, r3=True)
    assert (result.changed, result.errors.requests, result.errors.no_overlap) == (1, 3, 0)
    assert not result.errors.answerable
    judged = judge(result, read_condition("error>+0.5pp"))
    assert judged.answer is ConditionState.CANNOT_SAY
    assert judged.told.startswith("no outcome is of a request whose decision changes (1), so")
