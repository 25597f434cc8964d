"""Keeps tenants' keys for digests.

Requests take keys from memory, on the event loop, so nothing there may wait for the database. A
thread looks for changes of the table, and a new tenant's key is made in a thread as well.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
from contextlib import suppress

from sqlalchemy import Connection

from router.errors import LedgerError
from router.ledger.sql.database import Database
from router.types import Clock

LOOKS_S = 0.9  # an erasure elsewhere is seen within a second
MAX_TENANTS_IN_MEMORY = 10_000


class TenantSecrets:
    """Keeps one random key of 32 bytes per tenant, made at its first use.

    The newest keys are in memory. While the database cannot be read they stay in use: nobody can
    erase anything then, and what was paid for needs its key for its row.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        """Stores the parts; `start` begins to look for erasures."""
        self._database = database
        self._clock = clock
        self._known: dict[str, bytes] = {}
        self._generations: dict[str, int] = {}  # of the tenants in `_known`
        self._state: tuple[int, int] | None = None
        self._looks = True  # otherwise no key is kept in memory
        # One thread reads at a time, so that none keeps a key that was erased meanwhile.
        self._reading = threading.Lock()
        self._ended = threading.Event()

    def start(self) -> None:
        """Starts the thread that looks at once, and again every LOOKS_S."""
        threading.Thread(target=self._keep_looking, name="tiergate-keys", daemon=True).start()

    def close(self) -> None:
        """Lets the thread end; does not wait for it."""
        self._ended.set()

    def key_soon(self, tenant: str) -> bytes:
        """Returns the tenant's key for `privacy.digest`, erased a second ago at most.

        Blocks only where the key is not in memory: `ready` was not awaited, or the table has
        changed since. Raises LedgerError.
        """
        return self._known.get(tenant) or self._read(tenant)[0]

    def generation_soon(self, tenant: str) -> int:
        """Returns a number that `forget_answers` changes, a second old at most.

        Caches keep answers under it, so that a change leaves nothing to be found. Blocks only
        where `key_soon` blocks. Raises LedgerError.
        """
        generation = self._generations.get(tenant)
        return self._read(tenant)[1] if generation is None else generation

    async def ready(self, tenant: str) -> None:
        """Brings the tenant's key into memory without blocking the event loop.

        Raises LedgerError.
        """
        if tenant not in self._known:
            await asyncio.to_thread(self._read, tenant)

    def _read(self, tenant: str) -> tuple[bytes, int]:
        with self._reading:
            key, generation = self._row_now(tenant)
            if self._looks:
                if len(self._known) >= MAX_TENANTS_IN_MEMORY:
                    oldest = next(iter(self._known))
                    self._known.pop(oldest)
                    self._generations.pop(oldest, None)
                self._generations[tenant] = generation
                self._known[tenant] = key
                self._state = None  # a tenant that comes and goes between two looks leaves no trace
        return key, generation

    def _keep_looking(self) -> None:
        try:
            looking = True
            while looking:
                with suppress(LedgerError):  # readiness tells of it; known keys stay in use
                    self.look()
                looking = not self._ended.wait(LOOKS_S)
        finally:
            if not self._ended.is_set():  # a fault of our own: nobody sees an erasure any more
                with self._reading:
                    self._looks, self._known, self._generations = False, {}, {}

    def look(self) -> None:
        """Reads the keys again if the table has changed; blocks. Raises LedgerError."""
        with self._reading:
            state = self._table_state()
            if state == self._state:
                return
            query = (
                "SELECT tenant, secret, created_at_ms FROM tenant_secrets "
                "ORDER BY created_at_ms DESC LIMIT ?"
            )
            with self._database.reading() as connection:
                rows = connection.exec_driver_sql(query, (MAX_TENANTS_IN_MEMORY,)).fetchall()
            self._generations = {str(tenant): int(since) for tenant, _, since in rows}
            self._known = {str(tenant): bytes(secret) for tenant, secret, _ in rows}
            self._state = state

    def _table_state(self) -> tuple[int, int]:
        """Returns what no new key and no erasure leaves as it was: a count and a sum of times."""
        with self._database.reading() as connection:
            return _state_of(connection)

    def key_now(self, tenant: str) -> bytes:
        """Returns the tenant's key from the database; blocks."""
        return self._row_now(tenant)[0]

    def keys_now(self) -> list[bytes]:
        """Returns all tenants' keys from the database; blocks."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql("SELECT secret FROM tenant_secrets").fetchall()
        return [bytes(secret) for (secret,) in rows]

    def _row_now(self, tenant: str) -> tuple[bytes, int]:
        query = "SELECT secret, created_at_ms FROM tenant_secrets WHERE tenant = ?"
        with self._database.reading() as connection:
            row = connection.exec_driver_sql(query, (tenant,)).first()
        if row is not None:
            return bytes(row[0]), int(row[1])
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO tenant_secrets (tenant, secret, created_at_ms) VALUES (?, ?, ?) "
                "ON CONFLICT (tenant) DO NOTHING",
                (tenant, secrets.token_bytes(32), self._clock.now_ms()),
            )
            secret, since = connection.exec_driver_sql(query, (tenant,)).one()
        return bytes(secret), int(since)


def forget_answers(connection: Connection, tenant: str | None, now_ms: int) -> None:
    """Begins a new generation of a tenant's cached answers (None: of every tenant's).

    The time of the key's row is the generation: servers look at it for erasures already. The key
    stays, so what is sealed under it opens as before. Raises LedgerError.
    """
    before = _state_of(connection)
    changed = 1
    while changed and _state_of(connection) == before:  # equal once in a million: then once more
        changed = connection.exec_driver_sql(
            "UPDATE tenant_secrets SET created_at_ms = CASE WHEN created_at_ms < ? THEN ? "
            "ELSE created_at_ms + 1 END WHERE tenant = ? OR ? IS NULL",
            (now_ms, now_ms, tenant, tenant),
        ).rowcount


def _state_of(connection: Connection) -> tuple[int, int]:
    query = "SELECT count(*), coalesce(sum(created_at_ms % 1000003), 0) FROM tenant_secrets"
    count, times = connection.exec_driver_sql(query).one()
    return int(count), int(times)
