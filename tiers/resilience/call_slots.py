"""Limits the calls that one answerer has under way, and those that wait. It knows no answerer.

A call that waits too long is worth little to whoever made it, and makes everybody behind it late as
well. So only as many wait as can be answered in time; the others are refused at once, and told when
to come again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque

from router.errors import Overloaded
from router.threads.shares import Shares

PATIENCE = 1.0
"""Longest wait for a slot, in calls: who waits no longer than a call takes is answered within twice
as long as alone, which leaves a third of the threefold to a gateway that is busy too."""
LATE_S = 0.05
"""Time at the end of a call in which no slot is worth having. Whoever called has the same deadline
and may cancel first, by some milliseconds; then nobody would know that nothing was sent."""
FOR_ALL = 2
"""Calls of all tenants that wait, in times what one may have: it fills one half, and leaves as much
to the others."""
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
    """Gives slots to the waiting tenant who has the fewest, and to its calls in order of asking.

    There are `concurrency` of them. Nothing is sent while a call waits.
    """

    def __init__(self, name: str, concurrency: int, max_waiting: int | None = None) -> None:
        """Lets `max_waiting` calls of a tenant wait; None: the number from `most_waiting`.

        Where several tenants wait, each has its part of that, and one call at least; twice as many
        (FOR_ALL) wait of all tenants together.
        """
        self._name = name
        self._concurrency = concurrency
        self._max_waiting = max_waiting
        widest = int(PATIENCE * concurrency) if max_waiting is None else max_waiting
        self._most_of_all = FOR_ALL * widest
        self._shares = Shares()
        self._held: dict[str, int] = {}  # slots, by tenant; none without
        self._queues: dict[str, deque[asyncio.Future[None]]] = {}  # who got one last is the last
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

    async def take(self, ends_at: float, tenant: str = "") -> None:
        """Waits for a slot until `ends_at`, in the event loop's time.

        Raises Overloaded when too many wait already, or when no slot came free in time.
        """
        now = time.monotonic()
        self._shares.note(tenant, now)
        if self._busy < self._concurrency and self._may_hold_more(tenant, now):
            self._give(tenant, now)
        else:
            await self._wait(ends_at, tenant, now)

    def release(self, tenant: str = "") -> None:
        """Gives a slot back, exactly once."""
        self._done += 1
        self._take_back(tenant)
        if self._done > REMEMBERED:
            self._done, self._busy_s = self._done / 2, self._busy_s / 2

    async def _wait(self, ends_at: float, tenant: str, now: float) -> None:
        most = self._max_waiting
        if most is None:
            left_s = ends_at - asyncio.get_running_loop().time()
            most = most_waiting(self._concurrency, self.service_s, left_s)
        queue = self._queues.get(tenant)
        own = len(queue) if queue else 0
        # Tenants take turns, so as many wait before this call as one has, times all who have some.
        tenants = len(self._queues) + (queue is None)
        if own * tenants >= most or self._waiting >= self._most_of_all:
            raise self._refusal(tenant, now)
        granted = asyncio.get_running_loop().create_future()
        self._queues.setdefault(tenant, deque()).append(granted)
        self._waiting += 1
        try:
            async with asyncio.timeout_at(ends_at - LATE_S) as limit:
                await granted
        except (TimeoutError, asyncio.CancelledError) as error:
            self._forget(granted, tenant)
            # On a busy loop both limits end in one pass, and the caller's one hides this one.
            if not limit.expired():
                raise
            raise Overloaded(
                f"{self._name} had no free slot in time. Try again later, or raise `concurrency` "
                "in the policy.",
                retry_after_s=float(math.ceil(self.service_s or 1.0)),
            ) from error

    def _forget(self, granted: asyncio.Future[None], tenant: str) -> None:
        """Takes a call out of its queue, or its slot back, which came as the call ended."""
        if granted.done() and not granted.cancelled():
            self._take_back(tenant)
            return
        queue = self._queues.get(tenant)
        if queue and granted in queue:  # else its turn came when it had ended
            queue.remove(granted)
            self._waiting -= 1
            if not queue:
                del self._queues[tenant]

    def _may_hold_more(self, tenant: str, now: float) -> bool:
        return self._held.get(tenant, 0) < self._shares.most(tenant, self._concurrency, now)

    def _give(self, tenant: str, now: float) -> None:
        self._held[tenant] = self._held.get(tenant, 0) + 1
        self._count(1, now)

    def _take_back(self, tenant: str) -> None:
        """Takes a slot back, and gives free ones to the tenants who have the fewest."""
        now = time.monotonic()
        left = self._held.pop(tenant) - 1
        if left:
            self._held[tenant] = left
        self._count(-1, now)
        while self._queues and self._busy < self._concurrency:
            able = [name for name in self._queues if self._may_hold_more(name, now)]
            if not able:
                return
            following = min(able, key=lambda name: self._held.get(name, 0))
            queue = self._queues.pop(following)
            granted = queue.popleft()
            self._waiting -= 1
            if queue:
                self._queues[following] = queue  # behind all others
            if not granted.done():  # else its call ended in this pass of the loop
                granted.set_result(None)
                self._give(following, now)

    def _refusal(self, tenant: str, now: float) -> Overloaded:
        """Returns the refusal; its retry time is when those that wait now have begun."""
        waits_s = (self.service_s or 1.0) * (self._waiting + 1) / self._concurrency
        most = self._shares.most(tenant, self._concurrency, now)
        share = f" (of one tenant {most} while others ask)" if most < self._concurrency else ""
        return Overloaded(
            f"{self._name} answers {self._concurrency} calls at one time{share}, and "
            f"{self._waiting} more wait: this one could not be answered in time. Try again later, "
            "or raise `concurrency` in the policy, or --max-waiting.",
            retry_after_s=float(math.ceil(waits_s)),
        )

    def _count(self, change: int, now: float) -> None:
        self._busy_s += self._busy * (now - self._seen_at)
        self._seen_at = now
        self._busy += change
