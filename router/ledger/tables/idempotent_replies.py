"""Keeps answers under clients' idempotency keys, for all workers and over restarts.

An answer is text, and by default no text is stored. So it is kept sealed: it opens only with the
idempotency key, which the client sends again and nobody keeps, and with the tenant's secret, which
an erasure deletes. Keys and fingerprints of requests are kept as keyed hashes. After `TTL_S` an
answer is deleted.

A key is claimed before its request is answered. The claim ends with the answer, with a failure, or
`LEASE_S` after its process last renewed it; a killed process renews nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable

import msgspec
from msgspec import Struct
from sqlalchemy import Connection

from router.ledger.sql.database import Database
from router.privacy.digest import digest
from router.privacy.encryption import NONCE_BYTES, seal, sealing_key, unseal
from router.types import Clock, Reply, Standing

TTL_S = 24 * 3600
LEASE_S = 15.0
MAX_ENTRIES = 100_000
MAX_BYTES = 1024 * 1024 * 1024  # of all answers together; the oldest go first
TIDY_EVERY = 256  # answers that one process keeps between two looks at these bounds

_SELECT = (
    "SELECT fingerprint, token, lease_until_ms, sealed FROM replies "
    "WHERE tenant = ? AND name = ? AND expires_at_ms > ?"
)


class _Names(Struct, frozen=True):
    """Holds the names of a key and its request in the database, and the key of the answer."""

    tenant: str
    name: str
    fingerprint: str
    sealing_key: bytes


class SqlReplies:
    """Implements the Protocol `types.ReplyStore` over a ledger's database."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        secret_of: Callable[[str], bytes],
        *,
        max_entries: int = MAX_ENTRIES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        """Stores the parts: `secret_of` gives a tenant's secret; may block, raises LedgerError."""
        self._database = database
        self._clock = clock
        self._secret_of = secret_of
        self._max_entries = max_entries
        self._max_bytes = max_bytes
        self._until_tidy = 0

    async def claim(self, tenant: str, key: str, fingerprint: str) -> Standing:
        """Claims a key and returns what is known of it; the claim is the caller's if nothing is.

        Raises LedgerError.
        """
        return await asyncio.to_thread(self._claim, self._names(tenant, key, fingerprint))

    async def renew(self, tenant: str, key: str, token: str) -> None:
        """Notes that the request is still being answered. Raises LedgerError."""
        until_ms = self._clock.now_ms() + round(LEASE_S * 1000)
        names = self._names(tenant, key)
        await asyncio.to_thread(self._update, "lease_until_ms = ?", (until_ms,), names, token)

    async def keep(self, tenant: str, key: str, token: str, reply: Reply) -> None:
        """Keeps the answer to a request whose key was claimed. Raises LedgerError."""
        await asyncio.to_thread(self._keep, self._names(tenant, key), token, reply)

    async def release(self, tenant: str, key: str, token: str) -> None:
        """Ends a claim without an answer: the next request may try again. Raises LedgerError."""
        await asyncio.to_thread(self._release, self._names(tenant, key), token)

    def purge_expired(self) -> None:
        """Drops answers that are too old, and the oldest where there are too many; blocks.

        Raises LedgerError.
        """
        with self._database.writing() as connection:
            self._tidy(connection)

    def _claim(self, names: _Names) -> Standing:
        with self._database.reading() as connection:  # a repeat waits for no writer
            known = self._standing(connection, names)
        if known is not None:
            return known
        now_ms = self._clock.now_ms()
        with self._database.writing() as connection:
            known = self._standing(connection, names)
            if known is not None:
                return known
            token = secrets.token_hex(8)
            connection.exec_driver_sql(
                "DELETE FROM replies WHERE tenant = ? AND name = ?", (names.tenant, names.name)
            )
            connection.exec_driver_sql(
                "INSERT INTO replies (tenant, name, fingerprint, token, lease_until_ms, sealed, "
                "size, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, NULL, 0, ?, ?)",
                (
                    names.tenant,
                    names.name,
                    names.fingerprint,
                    token,
                    now_ms + round(LEASE_S * 1000),
                    now_ms,
                    now_ms + TTL_S * 1000,
                ),
            )
        return Standing(token=token)

    def _standing(self, connection: Connection, names: _Names) -> Standing | None:
        """Returns the state of a key that is in use; None for one that may be claimed."""
        now_ms = self._clock.now_ms()
        parameters = (names.tenant, names.name, now_ms)
        row = connection.exec_driver_sql(_SELECT, parameters).first()
        if row is None:
            return None
        fingerprint, token, lease_until_ms, sealed = row
        # A lease that ends later than any begun now was given by a clock that went back since.
        if sealed is None and not now_ms < lease_until_ms <= now_ms + round(LEASE_S * 1000):
            return None
        if fingerprint != names.fingerprint:
            return Standing(same=False)
        if sealed is None:
            return Standing(running=str(token))
        opened = unseal(names.sealing_key, bytes(sealed))
        if opened is None:  # damaged: as if it had not been kept
            return None
        return Standing(reply=msgspec.msgpack.decode(opened, type=Reply))

    def _keep(self, names: _Names, token: str, reply: Reply) -> None:
        text = msgspec.msgpack.encode(reply)
        sealed = seal(names.sealing_key, secrets.token_bytes(NONCE_BYTES), text)
        self._update("sealed = ?, size = ?", (sealed, len(sealed)), names, token)
        self._until_tidy -= 1
        if self._until_tidy < 0:
            self._until_tidy = TIDY_EVERY
            self.purge_expired()

    def _update(self, change: str, values: tuple[object, ...], names: _Names, token: str) -> None:
        """Changes a claim, where it is still the caller's."""
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                f"UPDATE replies SET {change} WHERE tenant = ? AND name = ? AND token = ?",
                (*values, names.tenant, names.name, token),
            )

    def _release(self, names: _Names, token: str) -> None:
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "DELETE FROM replies WHERE tenant = ? AND name = ? AND token = ? "
                "AND sealed IS NULL",
                (names.tenant, names.name, token),
            )

    def _tidy(self, connection: Connection) -> None:
        now_ms = self._clock.now_ms()
        connection.exec_driver_sql("DELETE FROM replies WHERE expires_at_ms <= ?", (now_ms,))
        count, size = 0, 0
        newest_first = connection.exec_driver_sql(
            "SELECT created_at_ms, size FROM replies ORDER BY created_at_ms DESC"
        )
        for created_at_ms, its_size in newest_first:
            count, size = count + 1, size + its_size
            if count > self._max_entries or size > self._max_bytes:
                connection.exec_driver_sql(
                    "DELETE FROM replies WHERE created_at_ms <= ? AND sealed IS NOT NULL",
                    (created_at_ms,),
                )
                return

    def _names(self, tenant: str, key: str, fingerprint: str = "") -> _Names:
        secret = self._secret_of(tenant)
        sealing = sealing_key(secret, key)
        # Under the sealing key: from a bare hash of a prompt one could tell a right guess.
        fingerprint_digest = digest(sealing, fingerprint)
        return _Names(tenant, digest(secret, f"idempotency\0{key}"), fingerprint_digest, sealing)
