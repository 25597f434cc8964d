"""Caches answers to the same question in other words, in memory: bounded in number, size and age.

Vectors propose, words decide. Of the kept questions with near vectors, the cache takes the nearest
one that no gate separates (`semantic_gates`). A tenant sees only its own questions, and of those
only one scope: policy, model name, sampling and the conversation before the question.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.caches.exact import answer_bytes, first_generation
from router.caches.semantic_gates import Meaning, gate_between, meaning_of
from router.types import CachedAnswer, Clock

MAX_BYTES = 16 * 1024 * 1024  # of answer text, for any number of entries
NEAREST = 8
"""Questions whose words are compared: the gates let few pass, and those are among the nearest."""

Place = tuple[str, int, str]  # tenant, its generation, scope


class _Kept(Struct, frozen=True):
    place: Place
    row: int  # of the matrix
    meaning: Meaning
    cached: CachedAnswer
    size: int
    until_ms: float


class MemorySemanticCache:
    """Implements the Protocol `types.NearCache` within one process; belongs to one event loop."""

    def __init__(
        self,
        *,
        clock: Clock,
        ttl_s: int,
        max_entries: int,
        max_bytes: int = MAX_BYTES,
        generation_of: Callable[[str], int] = first_generation,
    ) -> None:
        """Stores the parts: an answer is found while its tenant's generation stays the same."""
        self._generation_of = generation_of
        self._clock = clock
        self._ttl_ms = 1000.0 * ttl_s
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._bytes = 0
        self._next = 0
        self._kept: OrderedDict[int, _Kept] = OrderedDict()  # least recently used first
        self._places: dict[Place, dict[int, None]] = {}
        self._free: list[int] = []
        self._vectors: npt.NDArray[np.float32] = np.empty((0, 0), np.float32)  # (rows, width)

    def __len__(self) -> int:
        return len(self._kept)

    def find(
        self, tenant: str, scope: str, vector: bytes, text: str, threshold: float
    ) -> CachedAnswer | None:
        """Returns the answer to the nearest question that asks the same, None without one.

        `vector` is little-endian float32 of length 1, `threshold` a cosine.
        """
        place = (tenant, self._generation_of(tenant), scope)
        self._drop_old(place)
        ids = list(self._places.get(place, ()))
        meaning = meaning_of(text) if ids else None
        if meaning is None:
            return None
        rows = np.array([self._kept[entry_id].row for entry_id in ids])
        cosines = self._vectors[rows] @ np.frombuffer(vector, "<f4")  # (kept here,)
        for position in np.argsort(-cosines)[:NEAREST].tolist():
            if cosines[position] < threshold:
                return None
            kept = self._kept[ids[position]]
            if gate_between(kept.meaning, meaning) is None:
                self._kept.move_to_end(ids[position])
                return kept.cached
        return None

    def put(self, tenant: str, scope: str, vector: bytes, text: str, cached: CachedAnswer) -> None:
        """Keeps an answer; the least recently used ones make room."""
        meaning, size = meaning_of(text), answer_bytes(cached.answer)
        if meaning is None or size > self._max_bytes:
            return
        place = (tenant, self._generation_of(tenant), scope)
        self._drop_old(place)
        for entry_id in list(self._places.get(place, ())):
            if self._kept[entry_id].meaning == meaning:
                self._drop(entry_id)
        while self._kept and (
            len(self._kept) >= self._max_entries or self._bytes + size > self._max_bytes
        ):
            self._drop(next(iter(self._kept)))
        row = self._row_for(np.frombuffer(vector, "<f4"))
        until = self._clock.monotonic_ms() + self._ttl_ms
        self._kept[self._next] = _Kept(place, row, meaning, cached, size, until)
        self._places.setdefault(place, {})[self._next] = None
        self._next += 1
        self._bytes += size

    def _drop_old(self, place: Place) -> None:
        now = self._clock.monotonic_ms()
        for entry_id in list(self._places.get(place, ())):
            if now >= self._kept[entry_id].until_ms:
                self._drop(entry_id)

    def _drop(self, entry_id: int) -> None:
        kept = self._kept.pop(entry_id)
        here = self._places[kept.place]
        del here[entry_id]
        if not here:
            del self._places[kept.place]
        self._vectors[kept.row] = 0.0  # a vector tells something of its text
        self._free.append(kept.row)
        self._bytes -= kept.size

    def _row_for(self, vector: npt.NDArray[np.float32]) -> int:
        """Returns a row of the matrix for the vector; the matrix doubles until it is full."""
        if not self._free:
            rows = len(self._vectors)
            more = min(max(16, rows), max(1, self._max_entries - rows))
            grown = np.zeros((rows + more, len(vector)), np.float32)
            if rows:
                grown[:rows] = self._vectors
            self._vectors = grown
            self._free = list(range(rows + more - 1, rows - 1, -1))
        row = self._free.pop()
        self._vectors[row] = vector
        return row
