"""Views that many ask for at once are made once: shared while they are made, and a little longer.

The work runs in a worker thread, at most `AT_ONCE` of all views together, so that a room full of
open dashboards costs what one does and leaves the event loop and the other threads to requests.
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
    """Results by key, each kept for as long as its caller says."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: OrderedDict[Hashable, tuple[float, asyncio.Future[object]]] = OrderedDict()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def get(self, key: Hashable, ttl_ms: float, work: Callable[[], T]) -> T:
        """What `work` returned for this key less than `ttl_ms` ago, else what it returns now.

        Raises what `work` raises; a failure is not kept. A caller that is cancelled leaves the
        others their result.
        """
        made_at_ms, task = self._kept.get(key, (0.0, None))
        old = task is not None and task.done() and self._age(made_at_ms) >= ttl_ms
        if task is None or old or (task.done() and (task.cancelled() or task.exception())):
            task = asyncio.ensure_future(self._made(work))
            self._kept[key] = (self._clock.monotonic_ms(), task)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_KEPT:
                self._kept.popitem(last=False)
        return cast(T, await asyncio.shield(task))

    async def _made(self, work: Callable[[], object]) -> object:
        async with self._room:
            return await asyncio.to_thread(work)

    def _age(self, made_at_ms: float) -> float:
        return self._clock.monotonic_ms() - made_at_ms
