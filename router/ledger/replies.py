"""Answers kept under a client's idempotency key, in memory: bounded in number, in size and in age.

In memory alone, because answers are text and by default none is stored. So each worker has its own,
and a restart forgets them.
"""

from __future__ import annotations

from router.ledger.lru import BoundedMap
from router.types import Clock, Reply

TTL_S = 24 * 3600
MAX_ENTRIES = 10_000
MAX_BYTES = 64 * 1024 * 1024  # of all answers together; the least recently used go first
ROW_BYTES = 8_000
"""About what a row with its record takes beside the answer."""


class MemoryReplies:
    """The Protocol `types.ReplyStore` within one process; a tenant sees its own answers only."""

    def __init__(
        self, *, clock: Clock, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES
    ) -> None:
        self._replies: BoundedMap[tuple[str, str], Reply] = BoundedMap(
            clock=clock, max_entries=max_entries, ttl_ms=TTL_S * 1000.0, max_weight=max_bytes
        )

    def __len__(self) -> int:
        return len(self._replies)

    async def get(self, tenant: str, key: str) -> Reply | None:
        """The kept answer, None when there is none or it is too old."""
        return self._replies.get((tenant, key))

    async def put(self, tenant: str, key: str, reply: Reply) -> None:
        """Keep an answer; the least recently used ones make room."""
        weight = ROW_BYTES + sum(map(len, reply.pieces))
        self._replies.put((tenant, key), reply, weight)
