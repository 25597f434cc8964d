"""Computes a view once for all callers that want it at the same time, and shares it for a while.

The work runs in a worker thread, at most `AT_ONCE` of all views together. So many open dashboards
cost as much as one, and the event loop and the other threads are free for requests.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TypeVar, cast

from router.types import Clock

T = TypeVar("T")
MAX_KEPT = 256
AT_ONCE = 2


class Snapshots:
    """Keeps results by key, each for as long as its caller wants."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, asyncio.Future[object]]] = OrderedDict()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def get(self, key: Hashable, ttl_ms: float, work: Callable[[], T]) -> T:
        """Returns the result of `work` for this key if it is younger than `ttl_ms`, or a new one.

        Raises the errors of `work`; a failure is not kept. A caller that is cancelled leaves the
        others their result.
        """
        made_at_ms, task = self._kept.get(key, (0.0, None))
        # A result that is still being made is never too old: its callers share it.
        old = task is not None and task.done() and self._age(made_at_ms) >= ttl_ms
        if task is None or old or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._made(work))
            self._kept[key] = (self._clock.monotonic_ms(), task)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        # Without the shield, one caller's cancellation would cancel the work of all.
        return cast(T, await asyncio.shield(task))

    async def _made(self, work: Callable[[], object]) -> object:
        async with self._room:
            return await asyncio.to_thread(work)

    def _age(self, made_at_ms: float) -> float:
        return self._clock.monotonic_ms() - made_at_ms
