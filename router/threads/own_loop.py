"""Runs an event loop in a thread of its own, to which other threads and loops hand work over.

Loops of callers come and go: each `asyncio.run` has one, and so has each request of some web
servers. What outlives a call, such as a connection, therefore belongs to a loop that no caller
owns. It knows nothing of what the work is.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from router.threads.channel import Channel

T = TypeVar("T")

LOOKS_S = 0.05  # how late the end of the wait for running work may be noticed
UNREAD_S = 1.0
"""Is how long a stream may stay unread before nobody waits for its end. A reader that works on an
event takes milliseconds; one that was left never comes back."""
TIDIES_S = 5.0
"""Bounds the wait for work that was cut: it writes its rows, and closes its connections."""

Refusal = Callable[[], Exception]


class OwnLoop:
    """Runs one loop from `start` to `end`; any thread may hand work over meanwhile."""

    def __init__(
        self, name: str, last: Callable[[], Awaitable[None]], over: Refusal, cut: Refusal
    ) -> None:
        """`last` runs when all work is over.

        What comes after `end` is refused by what `over` returns; work that it cuts raises what
        `cut` returns.
        """
        self._last, self._over, self._cut = last, over, cut
        self._loop = asyncio.new_event_loop()
        self._guard = threading.Lock()
        self._open = True
        self._ending = asyncio.Event()
        self._drain_s = 0.0
        self._stuck: asyncio.AbstractEventLoop | None = None  # whoever ends us holds it up
        self._cutting = False
        self._running: dict[asyncio.Task[Any], Channel[Any] | asyncio.AbstractEventLoop | None] = {}
        self._ended: Future[None] = Future()
        # From here on nobody who waits for it, and is cancelled, cancels it for all others.
        self._ended.set_running_or_notify_cancel()
        # A daemon thread does not keep a program alive that forgot to end it.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def result(self, work: Coroutine[object, object, T]) -> T:
        """Runs work on the loop, and returns its result. Blocks, and not the loop's own thread."""
        if threading.current_thread() is self._thread:
            work.close()
            raise RuntimeError("This thread runs the call's own event loop, which would stand.")
        future = self._submitted(work, None)
        try:
            return future.result()
        except BaseException:  # also Ctrl-C in the thread that waits
            future.cancel()
            raise

    async def awaited(
        self, work: Coroutine[object, object, T], needs: asyncio.AbstractEventLoop | None = None
    ) -> T:
        """Runs work on the loop, and returns its result to a caller in any loop.

        The work `needs` the loop of a caller whose functions it awaits.
        """
        return await asyncio.wrap_future(self._submitted(work, needs))

    async def streamed(self, events: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Yields to a caller in any loop what the generator yields on this one.

        The generator is closed when this one is.
        """
        channel = Channel[T](asyncio.get_running_loop(), self._loop)
        pumping = self._submitted(channel.pump(events), channel)
        try:
            while (some := await channel.read()) is not None:
                for event in some:
                    yield event
                    channel.note_reading()
            await asyncio.wrap_future(pumping)  # raises what ended it
        finally:
            await channel.stop()

    def end(self, drain_s: float, stuck: asyncio.AbstractEventLoop | None = None) -> Future[None]:
        """Begins to end the loop; its future is done once the loop is closed.

        Work that runs has `drain_s` to end and is cut then. Work that needs a loop that is `stuck`
        until the end is cut at once. Only the first call counts.
        """
        with self._guard:
            if self._open:
                self._open, self._drain_s, self._stuck = False, drain_s, stuck
                self._loop.call_soon_threadsafe(self._ending.set)
        return self._ended

    def _submitted(
        self,
        work: Coroutine[object, object, T],
        needs: Channel[Any] | asyncio.AbstractEventLoop | None,
    ) -> Future[T]:
        """Hands work over; what is handed over before `end` begins before it, too."""
        with self._guard:
            if self._open:
                return asyncio.run_coroutine_threadsafe(self._watched(work, needs), self._loop)
        work.close()
        raise self._over()

    async def _watched(
        self,
        work: Coroutine[object, object, T],
        needs: Channel[Any] | asyncio.AbstractEventLoop | None,
    ) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._running[task] = needs
        try:
            return await work
        except asyncio.CancelledError:
            # To the caller a CancelledError would look as if it had been cancelled itself.
            if self._cutting:
                raise self._cut() from None
            raise
        finally:
            del self._running[task]

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except BaseException as error:
            self._ended.set_exception(error)
        else:
            self._ended.set_result(None)

    async def _serve(self) -> None:
        await self._ending.wait()
        await self._drain()
        await self._last()

    async def _drain(self) -> None:
        """Waits for the work that runs, and cuts what takes too long."""
        until = time.monotonic() + self._drain_s
        while awaited := [*filter(self._may_end, self._running)]:
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            await asyncio.wait(awaited, timeout=min(left_s, LOOKS_S))
        self._cutting = True
        for task in self._running:
            task.cancel()
        if self._running:
            await asyncio.wait([*self._running], timeout=TIDIES_S)

    def _may_end(self, task: asyncio.Task[Any]) -> bool:
        """Returns False for work whose caller does not take what it makes."""
        needs = self._running.get(task)
        if isinstance(needs, Channel):
            return needs.reader is not self._stuck and needs.unread_s < UNREAD_S
        return needs is None or (needs is not self._stuck and not needs.is_closed())
