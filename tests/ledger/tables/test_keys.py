"""API keys: shown once, compared in constant time, revoked for every worker within a second."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from router.errors import AuthenticationFailed, LedgerError
from router.ledger.sql.database import Database
from router.ledger.tables.keys import SqlKeyStore
from router.types import Identity, Scope
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.ledger_sql import query


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    database = Database.open(address)
    yield database
    database.close()


async def test_created_key_identifies_its_tenant(database: Database) -> None:
    store = SqlKeyStore(database, StandingClock())
    created = store.create("acme", [Scope.CHAT, Scope.HINTS_LOWER], "laptop")
    assert await store.identify(created.secret) == Identity(
        "acme", created.info.key_id, frozenset({Scope.CHAT, Scope.HINTS_LOWER})
    )


@pytest.mark.parametrize(
    "secret", ["", "tg_", "nonsense", "tg_" + "a" * 43, "\ud800", "' OR 1=1 --", "x" * 100_000]
)
async def test_unknown_key_is_nobody(database: Database, secret: str) -> None:
    store = SqlKeyStore(database, StandingClock())
    store.create("acme", [Scope.CHAT])
    assert await store.identify(secret) is None


async def test_beginning_of_a_key_is_nobody(database: Database) -> None:
    store = SqlKeyStore(database, StandingClock())
    created = store.create("acme", [Scope.CHAT])
    assert await store.identify(created.secret[:-1]) is None
    assert await store.identify(created.secret + "x") is None


async def test_key_revoked_by_another_worker_is_nobody_within_a_second(database: Database) -> None:
    clock = StandingClock()
    server, administration = SqlKeyStore(database, clock), SqlKeyStore(database, clock)
    created = administration.create("acme", [Scope.CHAT])
    assert await server.identify(created.secret) is not None
    assert administration.revoke(created.info.key_id)
    clock.at_ms += 1000
    assert await server.identify(created.secret) is None


async def test_server_with_keys_stays_closed_over_an_emptied_database(database: Database) -> None:
    """As after a restore that failed: a server without keys answers whoever reaches it."""
    clock = StandingClock()
    store = SqlKeyStore(database, clock)
    created = store.create("acme", [Scope.CHAT])
    assert await store.any()
    with database.writing() as connection:
        for table in ("keys", "meta"):
            connection.exec_driver_sql(f"DELETE FROM {table}")
    clock.at_ms += 1000
    assert await store.identify(created.secret) is None
    assert await store.any()


async def test_key_created_by_another_worker_is_known_within_a_second(database: Database) -> None:
    clock = StandingClock()
    server, administration = SqlKeyStore(database, clock), SqlKeyStore(database, clock)
    assert not await server.any()
    created = administration.create("acme", [Scope.CHAT])
    clock.at_ms += 1000
    assert await server.any()
    assert await server.identify(created.secret) is not None


async def test_secret_is_neither_stored_nor_printed(database: Database) -> None:
    created = SqlKeyStore(database, StandingClock()).create("acme", [Scope.CHAT])
    assert created.secret not in repr(created)
    stored = query(database.address.shown, "SELECT * FROM keys")
    assert len(stored) == 1
    assert created.secret not in repr(stored)
    assert created.secret.encode() not in [bytes(x) for x in stored[0] if isinstance(x, bytes)]


def test_revoked_key_is_listed_as_such(database: Database) -> None:
    store = SqlKeyStore(database, StandingClock())
    created = store.create("acme", [Scope.CHAT])
    store.create("other", [Scope.CHAT])
    assert store.revoke(created.info.key_id)
    assert not store.revoke(created.info.key_id)
    assert not store.revoke("key_unknown")
    assert [info.revoked_at_ms is not None for info in store.list()] == [True, False] or [
        info.tenant for info in store.list() if info.revoked_at_ms
    ] == ["acme"]
    assert [info.tenant for info in store.list("other")] == ["other"]


def test_key_without_tenant_is_refused(database: Database) -> None:
    with pytest.raises(LedgerError, match="tenant"):
        SqlKeyStore(database, StandingClock()).create(" ", [Scope.CHAT])


async def test_revoking_the_last_key_leaves_keys_needed(database: Database) -> None:
    store = SqlKeyStore(database, StandingClock())
    assert not await store.any()
    created = store.create("acme", [Scope.CHAT])
    store.revoke(created.info.key_id)
    assert await store.any()
    assert await store.identify(created.secret) is None


async def test_an_expired_key_hears_when_it_ended(database: Database) -> None:
    clock = StandingClock()
    store = SqlKeyStore(database, clock)
    created = store.create("acme", [Scope.CHAT], expires_at_ms=clock.now_ms() + 60_000)
    assert await store.identify(created.secret) is not None
    clock.at_ms += 60_000
    with pytest.raises(AuthenticationFailed, match=r"it expired at 20\d\d-\d\d-\d\d \d\d:\d\d"):
        await store.identify(created.secret)
    assert await store.by_id(created.info.key_id) is None


async def test_a_rotated_secret_is_nobody_once_its_grace_is_over(database: Database) -> None:
    clock = StandingClock()
    store = SqlKeyStore(database, clock)
    created = store.create("acme", [Scope.CHAT], expires_at_ms=clock.now_ms() + 120_000)
    assert store.rotate(created.info.key_id, grace_ms=60_000) is not None
    assert await store.identify(created.secret) is not None
    clock.at_ms += 60_000
    assert await store.identify(created.secret) is None
    clock.at_ms += 60_000
    with pytest.raises(AuthenticationFailed, match="it expired at"):
        await store.identify(created.secret)
