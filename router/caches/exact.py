"""Caches answers for exact repeats of a request, in memory: bounded in number, size and age."""

from __future__ import annotations

from collections.abc import Callable

from router.caches.lru import BoundedMap
from router.types import Answer, CachedAnswer, Clock

MAX_BYTES = 64 * 1024 * 1024  # of answer text, for any number of entries


def first_generation(tenant: str) -> int:
    """Returns the generation of tenants whose answers nobody erases."""
    return 0


class MemoryAnswerCache:
    """Implements `types.AnswerCache` within one process; a tenant sees its own answers only."""

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
        self._answers: BoundedMap[tuple[str, int, str], CachedAnswer] = BoundedMap(
            clock=clock, max_entries=max_entries, ttl_ms=ttl_s * 1000.0, max_weight=max_bytes
        )

    def __len__(self) -> int:
        return len(self._answers)

    async def get(self, tenant: str, digest: str) -> CachedAnswer | None:
        """Returns the stored answer, None when there is none or it is too old."""
        return self._answers.get((tenant, self._generation_of(tenant), digest))

    async def put(self, tenant: str, digest: str, cached: CachedAnswer) -> None:
        """Stores an answer; the least recently used ones make room."""
        place = (tenant, self._generation_of(tenant), digest)
        self._answers.put(place, cached, answer_bytes(cached.answer))


def answer_bytes(answer: Answer) -> int:
    """Estimates the bytes of an answer's text: at most four a character, one for ASCII."""
    parts = [len(fact) for fact in answer.facts]
    for choice in answer.choices:
        parts.append(len(choice.text) + len(choice.reasoning or "") + len(choice.refusal or ""))
        parts += [len(call.arguments) + len(call.name) for call in choice.tool_calls]
        # A log-probability with its alternatives is an object of about 100 bytes each.
        parts += [100 * (1 + len(logprob.top)) for logprob in choice.logprobs]
    return 500 + sum(parts)
