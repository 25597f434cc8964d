"""Views that many ask for at once are made once, and a failure is kept for nobody."""

from __future__ import annotations

import asyncio
import threading

import pytest

from router.api.dashboard.snapshots import MAX_KEPT, Snapshots
from router.errors import LedgerUnavailable
from tests.kits.books.ledger_rows import StandingClock


class Work:
    """Counts how often it is done; waits for `go` where it is told to."""

    def __init__(self) -> None:
        self.done = 0
        self.go = threading.Event()
        self.go.set()

    def __call__(self) -> int:
        self.go.wait(120)
        self.done += 1
        return self.done


async def test_callers_at_the_same_time_share_one_result() -> None:
    snapshots, work = Snapshots(StandingClock()), Work()
    work.go.clear()
    waiting = [asyncio.ensure_future(snapshots.get("now", 1_000, work)) for _ in range(10)]
    await asyncio.sleep(0)
    work.go.set()
    assert await asyncio.gather(*waiting) == [1] * 10


@pytest.mark.parametrize(("later_ms", "result"), [(999, 1), (1_000, 2)])
async def test_a_result_is_as_old_as_its_caller_allows(later_ms: int, result: int) -> None:
    clock, work = StandingClock(), Work()
    snapshots = Snapshots(clock)
    await snapshots.get("now", 1_000, work)
    clock.at_ms += later_ms
    assert await snapshots.get("now", 1_000, work) == result


async def test_keys_have_results_of_their_own() -> None:
    snapshots, work = Snapshots(StandingClock()), Work()
    assert [await snapshots.get(key, 1_000, work) for key in ("a", "b", "a")] == [1, 2, 1]


async def test_a_failure_is_tried_again() -> None:
    snapshots, work = Snapshots(StandingClock()), Work()

    def fails() -> int:
        raise LedgerUnavailable("locked")

    with pytest.raises(LedgerUnavailable):
        await snapshots.get("now", 1_000, fails)
    assert await snapshots.get("now", 1_000, work) == 1


async def test_a_caller_that_leaves_does_not_take_the_others_result() -> None:
    snapshots, work = Snapshots(StandingClock()), Work()
    work.go.clear()
    leaves, stays = (asyncio.ensure_future(snapshots.get("now", 1_000, work)) for _ in range(2))
    await asyncio.sleep(0)
    leaves.cancel()
    work.go.set()
    assert await stays == 1


async def test_the_oldest_results_make_room() -> None:
    snapshots, work = Snapshots(StandingClock()), Work()
    for key in range(MAX_KEPT):
        await snapshots.get(key, 1_000, work)
    assert await snapshots.get(0, 1_000, work) == 1
    await snapshots.get("one more", 1_000, work)
    assert await snapshots.get(0, 1_000, work) == MAX_KEPT + 2
