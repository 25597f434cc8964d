"""Keeps API keys: created and shown once, stored as SHA-256; changes are known within a second.

The server keeps a snapshot of all keys, less than a second old. A counter in the database shows
when to read it again. So a flood of unknown keys costs no query at all. Secrets are never logged,
and are no part of any value's representation.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping, Sequence

import orjson
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from router.errors import AuthenticationFailed, LedgerError
from router.ledger.sql.database import Database
from router.money.days import DAY_MS, utc_minute
from router.types import Clock, Identity, Scope

PREFIX = "tg_"
MAX_AGE_MS = 900.0  # a second is promised
_GENERATION = "keys_generation"
_COLUMNS = (
    "key_id, tenant, name, scopes, created_at_ms, revoked_at_ms, policies, tiers, expires_at_ms, "
    "previous_until_ms"
)


class KeyInfo(Struct, frozen=True):
    """Describes a key with all that may be shown of it."""

    key_id: str
    tenant: str
    name: str
    scopes: frozenset[Scope]
    created_at_ms: int
    revoked_at_ms: int | None = None
    policies: tuple[str, ...] = ()  # that it may use; empty: all
    tiers: tuple[str, ...] = ()  # likewise
    expires_at_ms: int | None = None
    previous_until_ms: int | None = None  # end of the secret before the last rotation

    def active(self, now_ms: int) -> bool:
        """Returns True while the key opens anything."""
        expired = self.expires_at_ms is not None and self.expires_at_ms <= now_ms
        return self.revoked_at_ms is None and not expired


class CreatedKey(Struct, frozen=True):
    """Holds a new key with its secret, which is not kept and can't be shown again."""

    info: KeyInfo
    secret: str

    def __repr__(self) -> str:
        """Leaves the secret out, so that no log can show it."""
        return f"CreatedKey(info={self.info!r})"


class _Known(Struct, frozen=True):
    """Holds one secret that was not revoked, and its ends where it has some."""

    digest: bytes
    identity: Identity
    expires_at_ms: int | None
    grace_ends_ms: int | None = None  # of a secret that was rotated

    def valid(self, now_ms: int) -> bool:
        """Returns True while the secret opens anything."""
        expires, grace_ends = self.expires_at_ms, self.grace_ends_ms
        return (expires is None or expires > now_ms) and (grace_ends is None or grace_ends > now_ms)


class _Snapshot(Struct, frozen=True):
    generation: str
    by_secret: Mapping[bytes, _Known]  # by SHA-256 of the secret; none revoked
    any: bool  # whether a key was ever created
    read_at_ms: float


class SqlKeyStore:
    """Manages the keys of a ledger's database; implements the Protocol `types.KeyStore`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._snapshot: _Snapshot | None = None
        self._refreshing_at_ms = -MAX_AGE_MS

    async def identify(self, secret: str) -> Identity | None:
        """Returns the key's owner; None when unknown, rotated or revoked.

        Raises AuthenticationFailed for a key that has expired, and LedgerError.
        """
        digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
        known = (await self._current()).by_secret.get(digest)
        if known is None or not hmac.compare_digest(known.digest, digest):
            return None
        now_ms = self._clock.now_ms()
        if known.expires_at_ms is not None and known.expires_at_ms <= now_ms:
            # litellm recognises a wrong key only by OpenAI's first four words.
            raise AuthenticationFailed(
                f"Incorrect API key provided: it expired at {utc_minute(known.expires_at_ms)}. "
                "Ask whoever runs this gateway for another (`tiergate keys create --tenant NAME`)."
            )
        return known.identity if known.valid(now_ms) else None

    async def by_id(self, key_id: str) -> Identity | None:
        """Returns the owner of a valid key by its id. Raises LedgerError."""
        now_ms = self._clock.now_ms()
        for known in (await self._current()).by_secret.values():
            if known.identity.key_id == key_id and known.valid(now_ms):
                return known.identity
        return None

    async def any(self) -> bool:
        """Returns True once a key was created, even if all are revoked now. Raises LedgerError."""
        return (await self._current()).any

    def create(
        self,
        tenant: str,
        scopes: Iterable[Scope],
        name: str = "",
        *,
        policies: Iterable[str] = (),
        tiers: Iterable[str] = (),
        expires_at_ms: int | None = None,
    ) -> CreatedKey:
        """Creates a key of 256 random bits; blocks.

        `policies` and `tiers` are those that it may use, all where empty. Raises LedgerError for an
        empty tenant, and for an end that is past.
        """
        if not tenant.strip():
            raise LedgerError("a key needs a tenant; found an empty name")
        if expires_at_ms is not None and expires_at_ms <= self._clock.now_ms():
            raise LedgerError("a key needs an end that is still to come; this one is past")
        secret = _new_secret()
        info = KeyInfo(
            f"key_{secrets.token_hex(8)}",
            tenant,
            name,
            frozenset(scopes),
            self._clock.now_ms(),
            policies=tuple(sorted(set(policies))),
            tiers=tuple(sorted(set(tiers))),
            expires_at_ms=expires_at_ms,
        )
        with self._database.writing() as connection:
            connection.exec_driver_sql(
                "INSERT INTO keys (key_id, secret_sha256, tenant, name, scopes, created_at_ms, "
                "policies, tiers, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    info.key_id,
                    _digest(secret),
                    tenant,
                    name,
                    orjson.dumps(sorted(scope.value for scope in info.scopes)).decode(),
                    info.created_at_ms,
                    orjson.dumps(info.policies).decode(),
                    orjson.dumps(info.tiers).decode(),
                    expires_at_ms,
                ),
            )
            _bump(connection)
        self._snapshot = None
        return CreatedKey(info, secret)

    def list(self, tenant: str | None = None) -> tuple[KeyInfo, ...]:
        """Returns all keys, revoked ones too, oldest first; blocks. Raises LedgerError."""
        with self._database.reading() as connection:
            rows = connection.exec_driver_sql(
                f"SELECT {_COLUMNS} FROM keys ORDER BY created_at_ms, key_id"
            ).fetchall()
        infos = (_info(row) for row in rows)
        return tuple(info for info in infos if tenant in (None, info.tenant))

    def any_in_use(self) -> bool:
        """Returns True when there is a key that is not revoked; blocks. Raises LedgerError."""
        return any(key.revoked_at_ms is None for key in self.list())

    def rotate(self, key_id: str, grace_ms: int = DAY_MS) -> CreatedKey | None:
        """Creates a new secret for a key; the old one is valid for `grace_ms` more, 0: no more.

        None when there is no active key by that id. A secret that was still in the grace of an
        earlier rotation ends now. Blocks. Raises LedgerError.
        """
        secret, now_ms = _new_secret(), self._clock.now_ms()
        with self._database.writing() as connection:
            row = connection.exec_driver_sql(
                f"SELECT {_COLUMNS} FROM keys WHERE key_id = ?", (key_id,)
            ).first()
            if row is None or not _info(row).active(now_ms):
                return None
            until_ms = now_ms + grace_ms if grace_ms > 0 else None
            connection.exec_driver_sql(
                "UPDATE keys SET previous_sha256 = "
                f"{'secret_sha256' if grace_ms > 0 else 'NULL'}, previous_until_ms = ?, "
                "secret_sha256 = ? WHERE key_id = ?",
                (until_ms, _digest(secret), key_id),
            )
            _bump(connection)
        self._snapshot = None
        return CreatedKey(replace(_info(row), previous_until_ms=until_ms), secret)

    def revoke(self, key_id: str) -> bool:
        """Revokes a key; returns False without such a key or when it was revoked; blocks."""
        with self._database.writing() as connection:
            changed = connection.exec_driver_sql(
                "UPDATE keys SET revoked_at_ms = ? WHERE key_id = ? AND revoked_at_ms IS NULL",
                (self._clock.now_ms(), key_id),
            ).rowcount
            _bump(connection)
        self._snapshot = None
        return changed > 0

    async def _current(self) -> _Snapshot:
        """Returns the snapshot; reads it again at half its age, while others use the old one."""
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
                f"SELECT {_COLUMNS}, secret_sha256, previous_sha256 FROM keys"
            ).fetchall()
        by_secret: dict[bytes, _Known] = {}
        for row in rows:
            *_, stored, previous = row
            info = _info(row)
            if info.revoked_at_ms is not None:
                continue
            identity = _identity(info)
            by_secret[bytes(stored)] = _Known(bytes(stored), identity, info.expires_at_ms)
            if previous is not None and info.previous_until_ms is not None:
                ends = (info.expires_at_ms, info.previous_until_ms)
                by_secret[bytes(previous)] = _Known(bytes(previous), identity, *ends)
        # A database that was replaced by an empty one opens this process to nobody. Another process
        # that starts over it knows of no key, and takes the server for one without any.
        ever = bool(rows) or (before is not None and before.any)
        return _Snapshot(generation, by_secret, ever, read_at_ms)


def _new_secret() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _identity(info: KeyInfo) -> Identity:
    return Identity(
        info.tenant,
        info.key_id,
        info.scopes,
        frozenset(info.policies),
        frozenset(info.tiers),
        info.name,
    )


def _bump(connection: Connection) -> None:
    connection.exec_driver_sql(
        "INSERT INTO meta (name, content) VALUES (?, '1') ON CONFLICT (name) DO UPDATE SET "
        "content = CAST(CAST(meta.content AS BIGINT) + 1 AS TEXT)",
        (_GENERATION,),
    )


def _info(row: Sequence[object]) -> KeyInfo:
    known = {scope.value: scope for scope in Scope}
    scopes = orjson.loads(str(row[3]))
    return KeyInfo(
        str(row[0]),
        str(row[1]),
        str(row[2]),
        # A scope that this version does not know gives no right.
        frozenset(known[scope] for scope in scopes if scope in known),
        int(str(row[4])),
        _moment(row[5]),
        tuple(orjson.loads(str(row[6]))),
        tuple(orjson.loads(str(row[7]))),
        _moment(row[8]),
        _moment(row[9]),
    )


def _moment(value: object) -> int | None:
    return None if value is None else int(str(value))
