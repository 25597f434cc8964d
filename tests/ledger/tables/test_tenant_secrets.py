"""Tests where tenants' keys come from: from memory on the event loop, and never an erased one."""

from __future__ import annotations

import asyncio
import threading

import pytest
from sqlalchemy import event

from router.ledger.sql.database import Database
from router.ledger.tables.tenant_secrets import LOOKS_S, TenantSecrets
from router.ledger.tables.texts import TextStore
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.server_kit import eventually


class Asked:
    """Notes which threads ask the table of keys."""

    def __init__(self, database: Database) -> None:
        self.threads: list[str] = []
        event.listen(database.engine, "before_cursor_execute", self._note)

    def _note(self, *seen: object) -> None:
        if any(isinstance(sql, str) and "tenant_secrets" in sql for sql in seen):
            self.threads.append(threading.current_thread().name)


async def test_event_loop_asks_the_database_for_no_key(address: str, ledgers: Ledgers) -> None:
    """A server that says nothing would hold up every request for as long as it is waited for."""
    database, clock = ledgers.database(address), StandingClock()
    TenantSecrets(database, clock).key_now("known")
    asked, keys = Asked(database), TenantSecrets(database, clock)
    keys.start()
    try:
        await keys.ready("new")
        await asyncio.to_thread(eventually, lambda: len(asked.threads) > 8)  # it looked often
        first = {name: keys.key_soon(name) for name in ("known", "new")}
        assert {name: keys.key_now(name) for name in first} == first
    finally:
        keys.close()
    own = threading.current_thread().name
    assert asked.threads.count(own) == 2  # key_now's


class Faulty(TenantSecrets):
    """Cannot look, by a mistake of its own."""

    def look(self) -> None:
        raise ZeroDivisionError


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_without_its_thread_no_key_is_kept(address: str, ledgers: Ledgers) -> None:
    database, clock = ledgers.database(address), StandingClock()
    here, before = Faulty(database, clock), set(threading.enumerate())
    here.start()
    for thread in set(threading.enumerate()) - before:
        thread.join()
    first = here.key_soon("acme")
    clock.at_ms += 1
    TextStore(database, clock).erase("acme")
    assert here.key_soon("acme") != first


async def test_thread_sees_an_erasure_elsewhere(address: str, ledgers: Ledgers) -> None:
    assert LOOKS_S < 1.0  # which the guides promise
    database, clock = ledgers.database(address), StandingClock()
    here, elsewhere = (TenantSecrets(database, clock) for _ in range(2))
    here.start()
    try:
        first = {name: here.key_soon(name) for name in ("acme", "globex")}
        clock.at_ms += 1
        TextStore(database, clock).erase("acme")
        new = elsewhere.key_soon("acme")
        await asyncio.to_thread(eventually, lambda: here.key_soon("acme") != first["acme"])
        assert here.key_soon("acme") == new
        assert here.key_soon("globex") == first["globex"]
    finally:
        here.close()


def test_key_that_was_read_before_its_erasure_does_not_stay(address: str, ledgers: Ledgers) -> None:
    database, clock = ledgers.database(address), StandingClock()
    keys = TenantSecrets(database, clock)
    key = keys.key_now("acme")
    keys.look()
    erased: list[bool] = []

    def erase_between(*_: object) -> None:
        if not erased:
            erased.append(True)
            TextStore(database, clock).erase("acme")

    event.listen(database.engine, "after_cursor_execute", erase_between)
    keys._known.clear()  # as for the oldest of very many tenants
    assert keys.key_soon("acme") == key  # it was erased while it was read
    keys.look()
    assert keys.key_soon("acme") != key


async def test_key_made_during_a_look_stays_in_memory(address: str, ledgers: Ledgers) -> None:
    """Otherwise the event loop would ask the database for it."""
    database = ledgers.database(address)
    keys = TenantSecrets(database, StandingClock())
    all_read, go_on = threading.Event(), threading.Event()

    def stop_after_all_keys(*seen: object) -> None:
        if any(isinstance(sql, str) and "ORDER BY created_at_ms" in sql for sql in seen):
            all_read.set()
            go_on.wait(30)

    event.listen(database.engine, "after_cursor_execute", stop_after_all_keys)
    look = asyncio.create_task(asyncio.to_thread(keys.look))
    await asyncio.to_thread(all_read.wait)
    ready = asyncio.create_task(keys.ready("acme"))
    await asyncio.wait({ready}, timeout=0.2)  # one that does not wait for the look is done by then
    go_on.set()
    await asyncio.gather(look, ready)
    asked = Asked(database)
    keys.key_soon("acme")
    assert not asked.threads


def test_key_that_lived_between_two_looks_does_not_stay(address: str, ledgers: Ledgers) -> None:
    database, clock = ledgers.database(address), StandingClock()
    keys = TenantSecrets(database, clock)
    keys.look()
    key = keys.key_soon("acme")
    TextStore(database, clock).erase("acme")
    keys.look()
    assert keys.key_soon("acme") != key


def test_table_is_read_anew_only_after_a_change(address: str, ledgers: Ledgers) -> None:
    database, clock = ledgers.database(address), StandingClock()
    keys = TenantSecrets(database, clock)
    keys.key_soon("acme")
    keys.look()
    asked = Asked(database)
    for _ in range(3):
        keys.look()
    assert len(asked.threads) == 3  # each looks for a change
    keys.key_soon("globex")
    keys.look()
    assert len(asked.threads) == 3 + 3 + 2  # its key is looked for, made and read; then all are
