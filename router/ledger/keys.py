"""API keys: created and shown once, stored as SHA-256, revoked for all workers within a second.

The server keeps a snapshot of all keys, less than a second old; a counter in the database says
whether it must be read again. So a flood of unknown keys costs no query at all. Secrets are never
logged, and are no part of any value's representation.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection

from router.errors import LedgerError
from router.ledger.database import Database
from router.types import Clock, Identity, Scope

PREFIX = "tg_"
MAX_AGE_MS = 900.0  # a second is promised
_GENERATION = "keys_generation"
_COLUMNS = "key_id, tenant, name, scopes, created_at_ms, revoked_at_ms"


@dataclass(frozen=True, slots=True)
class KeyInfo:
    """A key as it may be shown."""

    key_id: str
    tenant: str
    name: str
    scopes: frozenset[Scope]
    created_at_ms: int
    revoked_at_ms: int | None


@dataclass(frozen=True, slots=True)
class CreatedKey:
    """A new key with its secret, which is not kept and can't be shown again."""

    info: KeyInfo
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Snapshot:
    generation: str
    by_secret: Mapping[bytes, tuple[bytes, Identity]]  # by SHA-256 of the secret; none revoked
    any: bool  # whether a key was ever created
    read_at_ms: float


class SqlKeyStore:
    """The keys of a ledger's database: the Protocol `types.KeyStore`, and their administration."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._snapshot: _Snapshot | None = None
        self._refreshing_at_ms = -MAX_AGE_MS

    async def identify(self, secret: str) -> Identity | None:
        """Whose key this is; None when unknown or revoked. Raises LedgerError."""
        asked = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        found = (await self._current()).by_secret.get(asked)
        if found is None or not hmac.compare_digest(found[0], asked):
            return None
        return found[1]

    async def any(self) -> bool:
        """Whether a key was ever created: revoking the last opens nothing. Raises LedgerError."""
        return (await self._current()).any

    def create(self, tenant: str, scopes: Iterable[Scope], name: str = "") -> CreatedKey:
        """A new key of 256 random bits; blocks. Raises LedgerError for an empty tenant."""
        if not tenant.strip():
            raise LedgerError("a key needs a tenant; found an empty name")
        secret = PREFIX + secrets.token_urlsafe(32)
        info = KeyInfo(
            f"key_{secrets.token_hex(8)}",
            tenant,
            name,
            frozenset(scopes),
            self._clock.now_ms(),
            None,
        )
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO keys (key_id, secret_sha256, tenant, name, scopes, created_at_ms) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                (
                    info.key_id,
                    hashlib.sha256(secret.encode()).digest(),
                    tenant,
                    name,
                    orjson.dumps(sorted(scope.value for scope in info.scopes)).decode(),
                    info.created_at_ms,
                ),
            )
            _bump(connection)
        self._snapshot = None
        return CreatedKey(info, secret)

    def list(self, tenant: str | None = None) -> tuple[KeyInfo, ...]:
        """All keys, revoked ones too, oldest first; blocks. Raises LedgerError."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT {_COLUMNS} FROM keys ORDER BY created_at_ms, key_id"
            ).fetchall()
        found = (_info(row) for row in rows)
        return tuple(info for info in found if tenant in (None, info.tenant))

    def revoke(self, key_id: str) -> bool:
        """Revoke a key; False when there is none by that id or it was revoked; blocks."""
        with self._database.writing() as connection:
            changed = connection.exec_driver_sql(
                "UPDATE keys SET revoked_at_ms = ? WHERE key_id = ? AND revoked_at_ms IS NULL",
                (self._clock.now_ms(), key_id),
            ).rowcount
            _bump(connection)
        self._snapshot = None
        return changed > 0

    async def _current(self) -> _Snapshot:
        """The snapshot, read again when it is half its age; others use the old one meanwhile."""
        snapshot, now_ms = self._snapshot, self._clock.monotonic_ms()
        age_ms = now_ms - snapshot.read_at_ms if snapshot is not None else MAX_AGE_MS
        if snapshot is not None and age_ms < MAX_AGE_MS:
            refreshing = now_ms - self._refreshing_at_ms < MAX_AGE_MS / 2
            if age_ms < MAX_AGE_MS / 2 or refreshing:
                return snapshot
        self._refreshing_at_ms = now_ms
        fresh = await asyncio.to_thread(self._read, snapshot)
        self._snapshot = fresh
        return fresh

    def _read(self, before: _Snapshot | None) -> _Snapshot:
        read_at_ms = self._clock.monotonic_ms()
        with self._database.reading() as connection:
            generation = connection.exec_driver_sql(
                "SELECT content FROM meta WHERE name = ?", (_GENERATION,)
            ).scalar()
            generation = str(generation or "0")
            if before is not None and before.generation == generation:
                return _Snapshot(generation, before.by_secret, before.any, read_at_ms)
            rows = connection.exec_driver_sql(
                f"SELECT {_COLUMNS}, secret_sha256 FROM keys"
            ).fetchall()
        by_secret: dict[bytes, tuple[bytes, Identity]] = {}
        for row in rows:
            info, stored = _info(row), bytes(row[6])
            if info.revoked_at_ms is not None:
                continue
            by_secret[stored] = (stored, Identity(info.tenant, info.key_id, info.scopes))
        return _Snapshot(generation, by_secret, bool(rows), read_at_ms)


def _bump(connection: Connection) -> None:
    connection.exec_driver_sql(
        "INSERT INTO meta (name, content) VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET "
        "content = CAST(CAST(meta.content AS BIGINT) + 1 AS TEXT)",
        (_GENERATION,),
    )


def _info(row: Sequence[object]) -> KeyInfo:
    known = {scope.value: scope for scope in Scope}
    scopes = orjson.loads(str(row[3]))
    revoked = row[5]
    return KeyInfo(
        str(row[0]),
        str(row[1]),
        str(row[2]),
        # A scope that this version does not know gives no right.
        frozenset(known[scope] for scope in scopes if scope in known),
        int(str(row[4])),
        None if revoked is None else int(str(revoked)),
    )
