"""Ends work at a moment, as `asyncio.timeout_at` does, with one timer of the loop for all work.

To set and cancel a timer costs more than reading a small body, and nearly every call is over long
before its end. So the timer stands at the earliest moment, and moves on when it comes.
"""

from __future__ import annotations

import asyncio
import math
from types import TracebackType


class Deadlines:
    """Makes the deadlines of one part of the program, which runs on one event loop at a time."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: dict[Deadline, None] = {}  # in the order of entering
        self._timer: asyncio.TimerHandle | None = None
        self._comes_at = math.inf  # no later than the first of these ends

    def at(self, when: float, loop: asyncio.AbstractEventLoop | None = None) -> Deadline:
        """Returns the end at `when`, in the event loop's time, for a `with` block of one task.

        The block's task is cancelled then, and the block raises TimeoutError. `loop` is the one
        that runs; None: it is looked up, which is a call of the system.
        """
        return Deadline(self, when, loop or asyncio.get_running_loop())

    def enter(self, deadline: Deadline) -> None:
        """Watches over a block that begins."""
        loop = deadline.loop
        if loop is not self._loop:  # timers of an earlier loop do not come any more
            self._loop, self._open, self._timer, self._comes_at = loop, {}, None, math.inf
        self._open[deadline] = None
        if deadline.when < self._comes_at:
            self._set(deadline.when)

    def leave(self, deadline: Deadline) -> None:
        """Forgets a block that is over. Its timer stays, since most blocks end at such a time."""
        self._open.pop(deadline, None)

    def _set(self, when: float) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._comes_at = self._loop.call_at(when, self._come, when), when

    def _come(self, when: float) -> None:
        """Ends the blocks whose time has come, and sets the timer for the next one."""
        if self._loop is not asyncio.get_running_loop():
            return  # an earlier loop's timer
        now = max(when, self._loop.time())  # a timer may come a little early
        self._timer, self._comes_at = None, math.inf
        for deadline in [deadline for deadline in self._open if deadline.when <= now]:
            del self._open[deadline]
            deadline.expire()
        if self._open:
            self._set(min(deadline.when for deadline in self._open))


class Deadline:
    """Is the end of one block. Reuse it for another block only after the first has ended."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "_task", "loop", "when")

    def __init__(self, deadlines: Deadlines, when: float, loop: asyncio.AbstractEventLoop) -> None:
        self.when = when
        self.loop = loop
        self._deadlines = deadlines

    def __enter__(self) -> None:
        task = asyncio.current_task(self.loop)
        assert task is not None
        self._task: asyncio.Task[object] = task
        self._expired = False
        self._cancelling = task.cancelling()
        self._deadlines.enter(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._deadlines.leave(self)
        # Another cancellation than ours goes on.
        last = self._expired and self._task.uncancel() <= self._cancelling
        if last and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def expire(self) -> None:
        """Cancels the block's task."""
        self._expired = True
        self._task.cancel()
