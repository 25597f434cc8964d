"""A database that another program has locked: each request waits for it once, five seconds."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from router.errors import LedgerUnavailable
from router.ledger.sql.database import Database
from router.ledger.sql.postgres import NOTICED_MS
from tests.kits.books.ledger_sql import locked, query
from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import Served, Upstream, eventually, write_policy

FOREVER_MS = 1_000
WAITS = 60  # as many full waits would take three times as long as any test may


def write(database: Database) -> None:
    with database.writing() as connection:
        connection.exec_driver_sql("INSERT INTO meta (name, content) VALUES ('a', 'b')")


def refused_briefly(database: Database) -> None:
    """Writes WAITS times in vain, in less than half the time of as many full waits."""
    deadline = time.monotonic() + WAITS * FOREVER_MS / 1000 / 2
    for _ in range(WAITS):
        with pytest.raises(LedgerUnavailable):
            write(database)
        assert time.monotonic() < deadline


@pytest.mark.slow
def test_only_the_first_to_write_waits_in_full(address: str) -> None:
    database = Database.open(address, busy_timeout_ms=FOREVER_MS)
    with locked(address):
        refused_briefly(database)
    write(database)
    database.close()


@pytest.mark.slow
def test_a_table_that_another_program_locked_is_waited_for_once(postgres: Postgres) -> None:
    """As CREATE INDEX and VACUUM FULL lock it: the writers' own lock is free meanwhile."""
    address = postgres.new_database()
    database = Database.open(address, busy_timeout_ms=FOREVER_MS)
    with psycopg.connect(address) as other:
        other.execute("LOCK TABLE meta IN SHARE MODE")
        refused_briefly(database)
    write(database)
    database.close()


@pytest.mark.slow
def test_who_waited_for_the_writers_lock_waits_less_for_a_table(postgres: Postgres) -> None:
    """Both waits together take no longer than one."""
    address = postgres.new_database()
    database = Database.open(address, busy_timeout_ms=60_000)
    waiting = (
        "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'advisory' "
        f"AND clock_timestamp() - query_start > interval '{2 * NOTICED_MS} ms'"
    )
    with ThreadPoolExecutor(1) as pool:
        with locked(address):
            left_ms = pool.submit(lock_timeout, database)
            eventually(lambda: query(address, waiting) != [])
        assert left_ms.result() < 60_000 - NOTICED_MS
    assert lock_timeout(database) == 60_000  # nobody waited
    database.close()


def lock_timeout(database: Database) -> int:
    """Returns the milliseconds that a statement waits for a lock in a transaction that writes."""
    asked = "SELECT setting FROM pg_settings WHERE name = 'lock_timeout'"
    with database.writing() as connection:
        return int(connection.exec_driver_sql(asked).scalar_one())


@pytest.mark.slow
def test_while_it_is_locked_one_thread_tries_for_all(address: str) -> None:
    database = Database.open(address, busy_timeout_ms=200)
    refused: list[LedgerUnavailable] = []

    def try_once() -> None:
        try:
            write(database)
        except LedgerUnavailable as error:
            refused.append(error)

    with locked(address):
        try_once()
        threads = [threading.Thread(target=try_once) for _ in range(30)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(refused) == 31
    assert all(error.message == refused[0].message for error in refused)
    write(database)
    database.close()


@pytest.mark.slow
def test_a_lock_that_ends_in_time_is_waited_for_again(address: str) -> None:
    """After an outage the patience is what it was before."""
    database = Database.open(address, busy_timeout_ms=2_000)
    with locked(address), pytest.raises(LedgerUnavailable):
        write(database)
    with database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM meta WHERE name = 'a'")
    holding, release = threading.Event(), threading.Event()

    def hold() -> None:
        with locked(address):
            holding.set()
            release.wait(30)

    holder = threading.Thread(target=hold)
    holder.start()
    holding.wait(30)
    threading.Timer(0.7, release.set).start()  # longer than the short wait of an outage
    write(database)
    holder.join()
    database.close()


@pytest.mark.process
def test_a_request_waits_for_a_locked_ledger_once(tmp_path: Path) -> None:
    """Its session, its hold and its final row wanted five seconds each."""
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url)) as served,
    ):
        assert served.chat().status_code == 200
        with locked(served.database):
            began = time.monotonic()
            said = [served.chat(routing={"session": f"s{n}"} if n % 2 else {}) for n in range(5)]
            assert time.monotonic() < began + 45  # seconds; each waited 15 before, 75 in all
        assert {one.status_code for one in said} == {503}
        assert {one.json()["error"]["code"] for one in said} == {"ledger_unavailable"}
        assert {one.headers["retry-after"] for one in said} == {"1"}
        assert served.chat().status_code == 200
