"""Keeps one pair of answer caches for each policy, with the policy's bounds of size and age."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from router.caches.exact import MemoryAnswerCache, first_generation
from router.caches.semantic import MemorySemanticCache
from router.types import Clock

_Cache = TypeVar("_Cache", MemoryAnswerCache, MemorySemanticCache)


class PolicyCaches:
    """Implements the Protocol `types.AnswerCaches` within one process.

    A reload that changes the limits begins with an empty cache. In effect any reload does, because
    every key holds the policy's hash.
    """

    def __init__(
        self, clock: Clock, generation_of: Callable[[str], int] = first_generation
    ) -> None:
        """Stores the parts: a change of a tenant's generation forgets all of its answers."""
        self._clock = clock
        self._generation_of = generation_of
        # By policy: the limits and the cache that has them.
        self._exact: dict[str, tuple[tuple[int, int], MemoryAnswerCache]] = {}
        self._near: dict[str, tuple[tuple[int, int], MemorySemanticCache]] = {}

    def exact(self, policy: str, ttl_s: int, max_entries: int) -> MemoryAnswerCache:
        """Returns the policy's exact cache; the first call makes it."""
        return self._cache(MemoryAnswerCache, self._exact, policy, (ttl_s, max_entries))

    def near(self, policy: str, ttl_s: int, max_entries: int) -> MemorySemanticCache:
        """Returns the policy's semantic cache; the first call makes it."""
        return self._cache(MemorySemanticCache, self._near, policy, (ttl_s, max_entries))

    def _cache(
        self,
        kind: type[_Cache],
        caches: dict[str, tuple[tuple[int, int], _Cache]],
        policy: str,
        limits: tuple[int, int],
    ) -> _Cache:
        kept = caches.get(policy)
        if kept is None or kept[0] != limits:
            ttl_s, max_entries = limits
            made = kind(
                clock=self._clock,
                ttl_s=ttl_s,
                max_entries=max_entries,
                generation_of=self._generation_of,
            )
            kept = caches[policy] = limits, made
        return kept[1]
