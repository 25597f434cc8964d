"""Deadlines end blocks of tasks as `asyncio.timeout_at` does, over one timer."""

from __future__ import annotations

import asyncio
import time

import pytest

from router.threads.deadlines import Deadlines


def _in(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def _sleeps(deadlines: Deadlines, limit_s: float, sleep_s: float) -> float:
    """Returns after how many seconds the block ended."""
    began = time.monotonic()
    try:
        with deadlines.at(_in(limit_s)):
            await asyncio.sleep(sleep_s)
    except TimeoutError:
        return time.monotonic() - began
    return -1.0


async def _sleeps_twice(deadlines: Deadlines, outer_s: float, inner_s: float) -> None:
    with deadlines.at(_in(outer_s)):
        assert inner_s - 0.01 < await _sleeps(deadlines, inner_s, 5.0) < outer_s
        await asyncio.sleep(5.0)


async def test_overdue_block_raises_timeout_error() -> None:
    assert 0.04 < await _sleeps(Deadlines(), 0.05, 5.0) < 4.0


async def test_block_that_ends_in_time_goes_on() -> None:
    assert await _sleeps(Deadlines(), 5.0, 0.0) == -1.0


async def test_block_whose_time_is_past_ends_at_its_first_wait() -> None:
    assert 0.0 <= await _sleeps(Deadlines(), -1.0, 5.0) < 4.0


async def test_each_block_ends_at_its_own_time_whatever_the_order_of_entering() -> None:
    deadlines = Deadlines()
    limits = (0.20, 0.05, 5.0, 0.12)
    ended = await asyncio.gather(
        *(_sleeps(deadlines, limit, 0.4 if limit == 5.0 else 5.0) for limit in limits)
    )
    assert ended[2] == -1.0
    assert ended[1] < ended[3] < ended[0]
    for limit, seconds in zip(limits, ended, strict=True):
        assert limit == 5.0 or limit - 0.01 < seconds < limit + 4.0


async def test_timer_of_a_finished_block_ends_no_later_one() -> None:
    deadlines = Deadlines()
    assert await _sleeps(deadlines, 0.05, 0.0) == -1.0
    assert await _sleeps(deadlines, 5.0, 0.1) == -1.0
    assert 0.04 < await _sleeps(deadlines, 0.05, 5.0) < 4.0


async def test_cancellation_from_outside_is_no_timeout() -> None:
    deadlines = Deadlines()
    task = asyncio.create_task(_sleeps(deadlines, 5.0, 5.0))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_cancellation_at_the_same_moment_wins_over_the_end() -> None:
    async def cancelled_and_late() -> None:
        task = asyncio.current_task()
        assert task is not None
        with Deadlines().at(_in(0.01)):
            asyncio.get_running_loop().call_later(0.0, task.cancel)
            time.sleep(0.05)  # noqa: ASYNC251  both are due in the next pass of the loop
            await asyncio.sleep(5.0)

    with pytest.raises(asyncio.CancelledError):
        await asyncio.create_task(cancelled_and_late())


async def test_inner_block_leaves_the_outer_one_its_own_end() -> None:
    deadlines = Deadlines()
    outer = asyncio.create_task(_sleeps_twice(deadlines, 1.0, 0.05))
    with pytest.raises(TimeoutError):
        await outer


async def test_error_of_the_block_stays_what_it_is() -> None:
    with pytest.raises(ValueError, match="own"), Deadlines().at(_in(5.0)):
        raise ValueError("own")


def test_deadlines_serve_one_loop_after_another() -> None:
    deadlines = Deadlines()
    assert asyncio.run(_sleeps(deadlines, 5.0, 0.0)) == -1.0
    assert 0.04 < asyncio.run(_sleeps(deadlines, 0.05, 5.0)) < 4.0
