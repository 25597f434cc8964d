"""Does one thing again and again in the background, for as long as the process serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Recurring:
    """Does it at once, and after each pause again, from `start` to `close`."""

    def __init__(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Sets the work, which ends the whole where it raises, and the pause between two turns."""
        self._work, self._every_s = work, every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins; a start does not wait for the first turn."""
        self._task = asyncio.ensure_future(self._go_on())

    def close(self) -> None:
        """Ends it."""
        if self._task is not None:
            self._task.cancel()

    async def _go_on(self) -> None:
        while True:  # it is cancelled when the process ends
            await self._work()
            await asyncio.sleep(self._every_s)
