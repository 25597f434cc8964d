"""Provides a bounded mapping: the least recently used entries leave first, and old ones too."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

from router.types import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class BoundedMap(Generic[K, V]):
    """Holds at most `max_entries` values of at most `max_weight` together, each for `ttl_ms`.

    Not thread-safe: it belongs to one event loop. `ttl_ms` counts from the last `put`.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        max_entries: int,
        ttl_ms: float,
        max_weight: int | None = None,
    ) -> None:
        self._clock = clock
        self._max_entries = max_entries
        self._max_weight = max_weight
        self._ttl_ms = ttl_ms
        self._entries: OrderedDict[K, tuple[V, int, float]] = OrderedDict()
        self._weight = 0

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: K) -> V | None:
        """Returns the value and makes it the most recently used; None when unknown or too old."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock.monotonic_ms() >= entry[2]:
            self.pop(key)
            return None
        self._entries.move_to_end(key)
        return entry[0]

    def put(self, key: K, value: V, weight: int = 1) -> None:
        """Keeps a value, unless it is heavier than the whole map may be."""
        self.pop(key)
        if self._max_weight is not None and weight > self._max_weight:
            return
        self._entries[key] = (value, weight, self._clock.monotonic_ms() + self._ttl_ms)
        self._weight += weight
        while len(self._entries) > self._max_entries or (
            self._max_weight is not None and self._weight > self._max_weight
        ):
            _, (_, gone, _) = self._entries.popitem(last=False)
            self._weight -= gone

    def pop(self, key: K) -> V | None:
        """Removes a key; returns its value."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        self._weight -= entry[1]
        return entry[0]
