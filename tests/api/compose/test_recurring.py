"""What recurs is done at once, then after each pause, and no more once it is closed."""

from __future__ import annotations

import asyncio

from router.api.compose.mounted.recurring import Recurring


async def test_it_is_done_again_after_a_pause_and_no_more_once_closed() -> None:
    done = asyncio.Queue[int]()
    turns = 0

    async def work() -> None:
        nonlocal turns
        turns += 1
        await done.put(turns)

    recurring = Recurring(work, 0.001)
    recurring.start()
    async with asyncio.timeout(30):
        assert [await done.get() for _ in range(3)] == [1, 2, 3]
    recurring.close()
    closed_at = turns
    await asyncio.sleep(0.05)
    assert turns == closed_at


async def test_its_first_turn_has_no_wait_before() -> None:
    begun = asyncio.Event()

    async def work() -> None:
        begun.set()

    recurring = Recurring(work, 3_600)
    recurring.start()
    async with asyncio.timeout(30):
        await begun.wait()
    recurring.close()
