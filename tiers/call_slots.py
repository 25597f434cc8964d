"""How many calls one answerer may have under way, and how many may wait. It knows no answerer."""

from __future__ import annotations

import asyncio

from router.errors import AnswererNotReady, UpstreamUnreachable

WAITING_PER_SLOT = 10  # calls that may wait for each slot; more are refused at once


class CallSlots:
    """`concurrency` slots, given in order of asking. Nothing is sent while a call waits."""

    def __init__(self, name: str, concurrency: int) -> None:
        self._name = name
        self._free = asyncio.Semaphore(concurrency)
        self._most_waiting = WAITING_PER_SLOT * concurrency
        self._waiting = 0

    async def take(self, ends_at: float) -> None:
        """Wait for a slot until `ends_at`, in the event loop's time.

        Raises AnswererNotReady when too many wait already, UpstreamUnreachable (not sent) when no
        slot came free in time.
        """
        if not self._free.locked():
            await self._free.acquire()
            return
        if self._waiting >= self._most_waiting:
            raise AnswererNotReady(
                f"{self._waiting} calls are waiting for {self._name}; try again later."
            )
        self._waiting += 1
        try:
            async with asyncio.timeout_at(ends_at):
                await self._free.acquire()
        except TimeoutError as error:
            raise UpstreamUnreachable(
                f"{self._name} had no free slot in time.", sent=False
            ) from error
        finally:
            self._waiting -= 1

    def release(self) -> None:
        """Give a slot back, exactly once."""
        self._free.release()
