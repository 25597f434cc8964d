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
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from router.threads.channel import Channel

T = TypeVar("T")

LOOKS_S = 0.05  # how late the end of the wait for running work may be noticed
UNREAD_S = 1.0
"""Is how long a stream may stay unread before nobody waits for its end. A reader that works on an
event takes milliseconds; one that was left never comes back."""
TIDIES_S = 5.0
"""Bounds the wait for work that was cut: it writes its rows, and closes its connections."""

Needs = Channel[Any] | asyncio.AbstractEventLoop | None


@dataclass(frozen=True, slots=True)
class Ends:
    """Says what happens at the end. `over` and `cut` return what callers get to hear then."""

    last: Callable[[], Awaitable[None]]  # runs when all work is over
    cutting: Callable[[], None]  # runs before work is cut
    over: Callable[[], Exception]  # for work that comes after `end`
    cut: Callable[[], Exception]  # for work that `end` cuts


class OwnLoop:
    """Runs one loop from `start` to `end`; any thread may hand work over meanwhile."""

    def __init__(self, name: str, ends: Ends) -> None:
        self._ends = ends
        self._loop = asyncio.new_event_loop()
        self._guard = threading.Lock()
        self._open = True
        self._ending = asyncio.Event()
        self._drain_s = 0.0
        self._stuck: asyncio.AbstractEventLoop | None = None  # whoever ends us holds it up
        self._cutting = False
        self._running: dict[asyncio.Task[Any], Needs] = {}
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
        try:
            self._require_other_thread()
        except RuntimeError:
            work.close()
            raise
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

    def join(self) -> None:
        """Waits for the end of the thread, after `end`. Raises what went wrong at the end."""
        self._require_other_thread()
        self._ended.result()
        self._thread.join()

    def _require_other_thread(self) -> None:
        if threading.current_thread() is self._thread:
            raise RuntimeError("This thread runs the event loop that the call would wait for.")

    def _submitted(self, work: Coroutine[object, object, T], needs: Needs) -> Future[T]:
        """Hands work over; what is handed over before `end` begins before it, too."""
        with self._guard:
            if self._open:
                return asyncio.run_coroutine_threadsafe(self._watched(work, needs), self._loop)
        work.close()
        raise self._ends.over()

    async def _watched(self, work: Coroutine[object, object, T], needs: Needs) -> T:
        task = asyncio.current_task()
        assert task is not None
        self._running[task] = needs
        try:
            return await work
        except asyncio.CancelledError:
            # To the caller a CancelledError would look as if it had been cancelled itself.
            if self._cutting:
                raise self._ends.cut() from None
            raise
        finally:
            del self._running[task]

    def _run(self) -> None:
        loop, pool = self._loop, _Pool(thread_name_prefix=self._thread.name)
        loop.set_default_executor(pool)
        failed: Exception | None = None
        try:
            loop.run_until_complete(self._serve())
        # This is the top of the thread, and whoever waits for its end gets the error.
        except Exception as error:
            failed = error
        finally:
            self._tidy(pool)
            if failed is None:
                self._ended.set_result(None)
            else:
                self._ended.set_exception(failed)

    def _tidy(self, pool: _Pool) -> None:
        """Closes the loop as `asyncio.Runner` does, which ends its pool in a thread.

        A program at its exit starts no thread.
        """
        self._loop.run_until_complete(_left_cancelled())
        self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        pool.shutdown()
        self._loop.close()

    async def _serve(self) -> None:
        await self._ending.wait()
        await self._drain()
        await self._ends.last()

    async def _drain(self) -> None:
        """Waits for the work that runs, and cuts what takes too long."""
        until = time.monotonic() + self._drain_s
        while awaited := [*filter(self._may_end, self._running)]:
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            await asyncio.wait(awaited, timeout=min(left_s, LOOKS_S))
        if self._running:
            self._cutting = True
            self._ends.cutting()
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


async def _left_cancelled() -> None:
    """Ends what the work has left running."""
    left = asyncio.all_tasks() - {asyncio.current_task()}
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)


class _Pool(ThreadPoolExecutor):
    """Runs what blocks in its threads, or where it is, when Python exits and starts no more."""

    def submit(self, work: Callable[..., T], /, *given: Any, **named: Any) -> Future[T]:
        try:
            return super().submit(work, *given, **named)
        except RuntimeError:
            done: Future[T] = Future()
            try:
                done.set_result(work(*given, **named))
            except Exception as error:
                done.set_exception(error)
            return done
