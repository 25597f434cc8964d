"""Carries what one event loop makes to a reader on another, in order and a little ahead.

It costs less than one hand-over for each event: what came meanwhile is read together.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Generic, TypeVar

T = TypeVar("T")

AHEAD = 16
"""Bounds the events that wait for the reader: some for a reader that is busy, and no answer."""


class Channel(Generic[T]):
    """Joins one generator, which `pump` runs at home, to one reader, who calls `read`."""

    def __init__(self, reader: asyncio.AbstractEventLoop, home: asyncio.AbstractEventLoop) -> None:
        self.reader, self._home = reader, home
        self._guard = threading.Lock()
        self._waiting: list[T] = []
        self._over = False
        self._arrived = asyncio.Event()  # of the reader's loop
        self._room = asyncio.Event()  # of the home loop
        self._task: asyncio.Task[object] | None = None
        self._stopped = False
        self._read_at: float | None = None  # None: the reader waits now

    @property
    def unread_s(self) -> float:
        """Returns for how many seconds the reader has not asked for an event."""
        read_at = self._read_at
        return 0.0 if read_at is None else time.monotonic() - read_at

    async def pump(self, events: AsyncGenerator[T, None]) -> None:
        """Runs the generator to its end, or until `stop`. Raises what it raises."""
        self._task = asyncio.current_task()
        try:
            if not self._stopped:
                async with aclosing(events):
                    async for event in events:
                        await self._put(event)
        finally:
            self._over = True
            self._wake_reader()

    async def read(self) -> list[T] | None:
        """Waits for events, and returns those that came; None at the end."""
        while not self._waiting and not self._over:
            self._arrived.clear()
            # One that came before the line above is seen here.
            if not self._waiting and not self._over:
                self._read_at = None
                await self._arrived.wait()
        self._read_at = time.monotonic()
        with self._guard:
            some, self._waiting = self._waiting, []
        if len(some) >= AHEAD:
            self._at_home(self._room.set)
        return some or None

    def note_reading(self) -> None:
        """Notes that the reader is done with an event of those it has."""
        self._read_at = time.monotonic()

    async def stop(self) -> None:
        """Ends the generator where it runs, and waits until it is closed."""
        if not self._over:
            self._at_home(self._stop)
        self._read_at = None
        while not self._over:
            self._arrived.clear()
            if not self._over:
                await self._arrived.wait()

    def _stop(self) -> None:
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    def _at_home(self, function: object) -> None:
        with suppress(RuntimeError):  # that loop is closed, and so is the generator
            self._home.call_soon_threadsafe(function)  # type: ignore[arg-type]

    async def _put(self, event: T) -> None:
        while len(self._waiting) >= AHEAD:
            self._room.clear()
            # A read before the line above is seen here.
            if len(self._waiting) >= AHEAD:
                await self._room.wait()
        with self._guard:
            self._waiting.append(event)
            first = len(self._waiting) == 1
        if first:  # a reader is woken once for all that comes until it reads
            self._wake_reader()

    def _wake_reader(self) -> None:
        with suppress(RuntimeError):  # its loop is closed, and nobody reads
            self.reader.call_soon_threadsafe(self._arrived.set)
