"""Keeps what was read of texts, by digest and bounded. Knows nothing of what it keeps."""

from __future__ import annotations

from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class TurnCache(Generic[Kept]):
    """Keeps readings by digest of the text, at most `entries`; drops the least recently used half.

    Two generations of plain dictionaries: every step is one atomic operation, so that threads may
    share it without a lock; at worst a reading is made twice.
    """

    def __init__(self, entries: int) -> None:
        self._half = max(1, entries // 2)
        self._young: dict[bytes, Kept] = {}
        self._old: dict[bytes, Kept] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: bytes) -> Kept | None:
        """Returns the reading, which counts as used; None when it is not kept."""
        reading = self._young.get(key)
        if reading is None:
            reading = self._old.pop(key, None)
            if reading is not None:
                self.put(key, reading)
        return reading

    def put(self, key: bytes, reading: Kept) -> None:
        """Keeps a reading; past half the entries, the older half is dropped."""
        if len(self._young) >= self._half:
            self._young, self._old = {}, self._young
        self._young[key] = reading
