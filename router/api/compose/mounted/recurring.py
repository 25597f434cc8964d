"""Repeats one piece of work in the background, for as long as the process serves."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


class Recurring:
    """Runs its work at once, and again after each pause, from `start` to `close`."""

    def __init__(self, work: Callable[[], Awaitable[None]], every_s: float) -> None:
        """Takes the work and the pause between two runs. An error of the work ends them."""
        self._work, self._every_s = work, every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begins, and does not wait for the first run."""
        self._task = asyncio.ensure_future(self._go_on())

    def close(self) -> None:
        """Ends the repetition, also within a run."""
        if self._task is not None:
            self._task.cancel()

    async def _go_on(self) -> None:
        while True:  # it is cancelled when the process ends
            await self._work()
            await asyncio.sleep(self._every_s)
