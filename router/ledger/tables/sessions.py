"""Remembers what conversations have seen: bounded in number and age; no text, no client's name.

Memories are in the ledger's database, so that all workers share them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec

from router.ledger.sql.database import Database
from router.privacy.digest import digest
from router.types import Clock, SessionMemory

TTL_S = 24 * 3600


class SqlSessionStore:
    """Implements `types.SessionStore` over the ledger's database, shared by its workers.

    A session is kept under its digest with the tenant's key, so that erasing the key forgets it.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secret_of: Callable[[str], bytes],
        *,
        ttl_s: int = TTL_S,
    ) -> None:
        self._database = database
        self._clock = clock
        self._secret_of = secret_of
        self._ttl_ms = ttl_s * 1000

    async def get(self, tenant: str, session: str) -> SessionMemory | None:
        """Returns what the conversation has seen; None when unknown or old. Raises LedgerError."""
        memory = await asyncio.to_thread(self._select, tenant, self._name(tenant, session))
        return None if memory is None else msgspec.json.decode(memory, type=SessionMemory)

    async def put(self, tenant: str, sessions: Sequence[str], memory: SessionMemory) -> None:
        """Remembers what the conversation has seen, under each name. Raises LedgerError."""
        text = msgspec.json.encode(memory).decode()
        names = [self._name(tenant, session) for session in sessions]
        await asyncio.to_thread(self._upsert, tenant, names, text)

    def purge_expired(self) -> int:
        """Drops conversations that are too old; returns their number; blocks.

        Raises LedgerError.
        """
        oldest = self._clock.now_ms() - self._ttl_ms
        with self._database.writing() as connection:
            query = "DELETE FROM sessions WHERE updated_at_ms < ?"
            return connection.exec_driver_sql(query, (oldest,)).rowcount

    def _name(self, tenant: str, session: str) -> str:
        return digest(self._secret_of(tenant), session)

    def _select(self, tenant: str, name: str) -> str | None:
        oldest = self._clock.now_ms() - self._ttl_ms
        with self._database.reading() as connection:
            memory = connection.exec_driver_sql(
                "SELECT memory FROM sessions WHERE tenant = ? AND session = ? "
                "AND updated_at_ms >= ?",
                (tenant, name, oldest),
            ).scalar()
        return None if memory is None else str(memory)

    def _upsert(self, tenant: str, names: Sequence[str], text: str) -> None:
        now_ms = self._clock.now_ms()
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO sessions (tenant, session, memory, updated_at_ms) VALUES (?, ?, ?, ?) "
                "ON CONFLICT (tenant, session) DO UPDATE SET memory = excluded.memory, "
                "updated_at_ms = excluded.updated_at_ms",
                [(tenant, name, text, now_ms) for name in names],
            )
