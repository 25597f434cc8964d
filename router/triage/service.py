"""Triage as the gateway sees it: a request in, signals out.

Each policy has a `TriageService` with its terms, currencies and knowledge over the one
`TriageEngine`. Nothing in a service ever changes: a policy is reloaded by making a new one. The
reading of a turn is kept under a digest of its text, so that the earlier turns of a conversation
cost nothing when its next request comes. It knows nothing about tiers.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from router.triage.engine import TriageConfig, TriageEngine
from router.triage.reading import (
    TurnFacts,
    TurnReading,
    estimate_input_tokens,
    signals_of,
    turns_of,
)
from router.types import ChatRequest, SessionMemory, Signals

Scope = Callable[[ChatRequest], tuple[str, str | None]]

CACHED_TURNS = 20_000
"""Readings kept per policy, about 0.7 kB each."""


class TurnCache:
    """Readings by digest of the text, at most `entries`, the least recently used half dropped.

    Two generations of plain dictionaries: every step is one atomic operation, so that threads may
    share it without a lock; at worst a reading is made twice.
    """

    def __init__(self, entries: int) -> None:
        self._half = max(1, entries // 2)
        self._young: dict[bytes, TurnReading] = {}
        self._old: dict[bytes, TurnReading] = {}

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: bytes) -> TurnReading | None:
        """The reading, which counts as used; None when it is not kept."""
        found = self._young.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is not None:
                self.put(key, found)
        return found

    def put(self, key: bytes, reading: TurnReading) -> None:
        """Keep a reading; past half the entries, the older half is dropped."""
        if len(self._young) >= self._half:
            self._young, self._old = {}, self._young
        self._young[key] = reading


class TriageService:
    """`types.Triage` for one policy. Never raises for any text."""

    def __init__(
        self,
        engine: TriageEngine,
        config: TriageConfig,
        *,
        scope: Scope | None = None,
        tasks: Mapping[str, TriageConfig] = MappingProxyType({}),
        cached_turns: int = CACHED_TURNS,
    ) -> None:
        """`scope` names the classification task that a request asks for and the text to classify;
        `tasks` has a configuration for each, whose knowledge holds that task's classes alone.
        """
        self._engine = engine
        self._config = config
        self._scope = scope
        self._tasks = tasks
        self._cache = TurnCache(cached_turns)

    async def read(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        """Returns what is read in a request, without blocking the event loop."""
        return (await self.measured(request, memory))[0]

    async def measured(
        self, request: ChatRequest, memory: SessionMemory | None
    ) -> tuple[Signals, float]:
        """Signals, and core-milliseconds: of this thread, and this request's share of the worker's.

        Nothing else runs on this thread in between, since there is no await but the worker's.
        """
        began_s, worker_ms = time.thread_time(), 0.0
        reading, config = self._begin(request)
        if reading.wanted or reading.turns.older:
            begun_s = time.thread_time() - began_s
            found = await self._engine.read(reading.wanted, reading.turns.older, config)
            began_s = time.thread_time() - begun_s  # what others did while we waited is left out
            worker_ms = found.compute_ms
            reading.add(found.readings, found.older)
        signals = reading.signals(memory, self._engine.version)
        return signals, worker_ms + 1000.0 * (time.thread_time() - began_s)

    def read_now(self, request: ChatRequest, memory: SessionMemory | None) -> Signals:
        """The same on the calling thread."""
        reading, config = self._begin(request)
        found = self._engine.read_now(reading.wanted, reading.turns.older, config)
        reading.add(found.readings, found.older)
        return reading.signals(memory, self._engine.version)

    def _begin(self, request: ChatRequest) -> tuple[_Reading, TriageConfig]:
        if self._tasks and self._scope is not None:
            text, task = self._scope(request)
            if task is not None:
                return _Reading(request, self._cache, task, text), self._tasks[task]
        return _Reading(request, self._cache), self._config


class _Reading:
    """One request under way: which turns are known, which are wanted, and what comes of them."""

    __slots__ = ("_cache", "_found", "_keys", "_older", "_request", "turns", "wanted")

    def __init__(
        self, request: ChatRequest, cache: TurnCache, task: str = "", text: str | None = None
    ) -> None:
        self._request, self._cache = request, cache
        turns = turns_of(request)
        self.turns = turns if text is None else replace(turns, last=text)
        texts = (self.turns.last, *self.turns.earlier)
        self._keys = [_digest(f"{task}\0{text}") for text in texts]
        self._found = [cache.get(key) for key in self._keys]
        self._older: TurnFacts | None = None
        self.wanted = [
            text for text, known in zip(texts, self._found, strict=True) if known is None
        ]

    def add(self, readings: Sequence[TurnReading], older: TurnFacts | None) -> None:
        self._older = older
        fresh = iter(readings)
        for index, key in enumerate(self._keys):
            if self._found[index] is None:
                reading = self._found[index] = next(fresh)
                if not reading.degraded:  # the model may do better next time
                    self._cache.put(key, reading)

    def signals(self, memory: SessionMemory | None, version: str) -> Signals:
        return signals_of(
            self.turns,
            [reading for reading in self._found if reading is not None],
            self._older,
            memory,
            input_tokens=estimate_input_tokens(self._request),
            version=version,
        )


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
