"""Limits the calls that one answerer has under way, and those that wait. It knows no answerer.

A call that waits too long is worth little to whoever made it, and makes everybody behind it late as
well. So only as many wait as can be answered in time; the others are refused at once, and told when
to come again.
"""

from __future__ import annotations

import asyncio
import math

from router.errors import Overloaded

PATIENCE = 1.0
"""Longest wait for a slot, in calls: who waits no longer than a call takes is answered within twice
as long as alone, which leaves a third of the threefold to a gateway that is busy too."""
LATE_S = 0.05
"""Time at the end of a call in which no slot is worth having. Whoever called has the same deadline
and may cancel first, by some milliseconds; then nobody would know that nothing was sent."""
REMEMBERED = 256  # calls; then older ones count half


def most_waiting(concurrency: int, service_s: float | None, left_s: float) -> int:
    """Returns how many calls may wait before this one, so that it is answered in time.

    In time is within `left_s` and after at most PATIENCE times what a call takes (None: not known
    yet). Eight slots, two seconds a call, a minute left: 8 may wait. With three seconds left 4 may,
    as the last of them begins after one.
    """
    patience = PATIENCE
    if service_s:
        patience = min(patience, max(0.0, (left_s - service_s) / service_s))
    return int(patience * concurrency + 1e-9)


class CallSlots:
    """`concurrency` slots, given in order of asking. Nothing is sent while a call waits."""

    def __init__(self, name: str, concurrency: int, max_waiting: int | None = None) -> None:
        """Lets at most `max_waiting` calls wait; None: the number from `most_waiting`."""
        self._name = name
        self._concurrency = concurrency
        self._max_waiting = max_waiting
        self._free = asyncio.Semaphore(concurrency)
        self._waiting = 0
        self._busy = 0
        self._done = 0.0  # calls that ended
        self._busy_s = 0.0  # how long slots were busy, all of them together
        self._seen_at = 0.0

    @property
    def service_s(self) -> float | None:
        """Returns how long the last calls took once they had a slot; None before the first.

        Busy time by calls that ended, which needs no clock for each call (Little's law).
        """
        return self._busy_s / self._done if self._done else None

    async def take(self, ends_at: float) -> None:
        """Waits for a slot until `ends_at`, in the event loop's time.

        Raises Overloaded when too many wait already, or when no slot came free in time.
        """
        if self._free.locked():
            await self._wait(ends_at)
        else:
            await self._free.acquire()
        self._count(1)

    def release(self) -> None:
        """Gives a slot back, exactly once."""
        self._count(-1)
        self._done += 1
        if self._done > REMEMBERED:
            self._done, self._busy_s = self._done / 2, self._busy_s / 2
        self._free.release()

    async def _wait(self, ends_at: float) -> None:
        most = self._max_waiting
        if most is None:
            left_s = ends_at - asyncio.get_running_loop().time()
            most = most_waiting(self._concurrency, self.service_s, left_s)
        if self._waiting >= most:
            raise self._refusal()
        self._waiting += 1
        try:
            async with asyncio.timeout_at(ends_at - LATE_S) as limit:
                await self._free.acquire()
        except (TimeoutError, asyncio.CancelledError) as error:
            # On a busy loop both limits end in one pass, and the caller's one hides this one.
            if not limit.expired():
                raise
            raise Overloaded(
                f"{self._name} had no free slot in time. Try again later, or raise `concurrency` "
                "in the policy.",
                retry_after_s=float(math.ceil(self.service_s or 1.0)),
            ) from error
        finally:
            self._waiting -= 1

    def _refusal(self) -> Overloaded:
        """Returns the refusal; its retry time is when those that wait now have begun."""
        waits_s = (self.service_s or 1.0) * (self._waiting + 1) / self._concurrency
        return Overloaded(
            f"{self._name} answers {self._concurrency} calls at one time, and {self._waiting} more "
            "wait: this one could not be answered in time. Try again later, or raise `concurrency` "
            "in the policy, or --max-waiting.",
            retry_after_s=float(math.ceil(waits_s)),
        )

    def _count(self, change: int) -> None:
        now = asyncio.get_running_loop().time()
        self._busy_s += self._busy * (now - self._seen_at)
        self._seen_at = now
        self._busy += change
