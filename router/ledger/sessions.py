"""What conversations have seen so far, in memory: bounded in number and in age; no text."""

from __future__ import annotations

from router.ledger.lru import BoundedMap
from router.types import Clock, SessionMemory

TTL_S = 24 * 3600
MAX_SESSIONS = 50_000  # about 1 kB each


class MemorySessionStore:
    """The Protocol `types.SessionStore` within one process; a tenant sees its own sessions only."""

    def __init__(
        self, *, clock: Clock, ttl_s: int = TTL_S, max_sessions: int = MAX_SESSIONS
    ) -> None:
        self._sessions: BoundedMap[tuple[str, str], SessionMemory] = BoundedMap(
            clock=clock, max_entries=max_sessions, ttl_ms=ttl_s * 1000.0
        )

    def __len__(self) -> int:
        return len(self._sessions)

    async def get(self, tenant: str, session: str) -> SessionMemory | None:
        """What the conversation has seen; None when unknown or too old."""
        return self._sessions.get((tenant, session))

    async def put(self, tenant: str, session: str, memory: SessionMemory) -> None:
        """Remember; the least recently used conversations make room."""
        self._sessions.put((tenant, session), memory)
