"""Keeps one pair of answer caches for each policy, with the policy's bounds of size and age."""

from __future__ import annotations

from router.caches.exact import MemoryAnswerCache
from router.caches.semantic import MemorySemanticCache
from router.types import Clock


class PolicyCaches:
    """Implements the Protocol `types.AnswerCaches` within one process.

    A reload that changes the limits begins with an empty cache. In effect any reload does, because
    every key holds the policy's hash.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._exact: dict[str, tuple[tuple[int, int], MemoryAnswerCache]] = {}
        self._near: dict[str, tuple[tuple[int, int], MemorySemanticCache]] = {}

    def exact(self, policy: str, ttl_s: int, max_entries: int) -> MemoryAnswerCache:
        """Returns the policy's exact cache; the first call makes it."""
        limits = (ttl_s, max_entries)
        kept = self._exact.get(policy)
        if kept is None or kept[0] != limits:
            made = MemoryAnswerCache(clock=self._clock, ttl_s=ttl_s, max_entries=max_entries)
            kept = self._exact[policy] = limits, made
        return kept[1]

    def near(self, policy: str, ttl_s: int, max_entries: int) -> MemorySemanticCache:
        """Returns the policy's semantic cache; the first call makes it."""
        limits = (ttl_s, max_entries)
        kept = self._near.get(policy)
        if kept is None or kept[0] != limits:
            made = MemorySemanticCache(clock=self._clock, ttl_s=ttl_s, max_entries=max_entries)
            kept = self._near[policy] = limits, made
        return kept[1]
