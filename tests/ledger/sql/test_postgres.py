"""Tests what only a server can do to a ledger: restart, refuse, run full, lose its clients."""

from __future__ import annotations

import asyncio
import inspect
import resource
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from router.api.http.server import NO_DETAILS
from router.errors import LedgerCorrupt, LedgerError, LedgerUnavailable
from router.errors.installing import pip_install
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database, ledger_error
from router.ledger.sql.postgres import format_style
from router.ledger.sql.silence import SILENT_S
from router.ledger.tables.keys import MAX_AGE_MS
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.types import AttemptState, JsonText, RequestState
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.ledger_sql import change, locked, query
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.books.postgres_kit import Postgres
from tests.kits.books.postgres_proxy import Proxy
from tests.kits.changed import replace
from tests.kits.fakes import Clock
from tests.kits.server_kit import Served, Upstream, environment, eventually, tiergate, write_policy

SECRET = "swordfish"


@pytest.fixture
def books(postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a ledger on the server."""
    monkeypatch.chdir(tmp_path)
    return postgres.new_database()


def psycopg_errors() -> list[type[psycopg.Error]]:
    return [
        kind
        for _, kind in inspect.getmembers(psycopg.errors, inspect.isclass)
        if issubclass(kind, psycopg.Error)
    ]


def test_every_error_of_the_driver_becomes_ours() -> None:
    known = {kind: ledger_error(DBAPIError(None, None, kind("x"))) for kind in psycopg_errors()}
    assert len(known) > 200
    assert all(isinstance(error, LedgerError) for error in known.values())
    assert {kind for kind in known if isinstance(known[kind], LedgerCorrupt)} == {
        psycopg.errors.DataCorrupted,
        psycopg.errors.IndexCorrupted,
    }


@pytest.mark.parametrize(
    ("kind", "ours"),
    [
        (psycopg.errors.AdminShutdown, LedgerUnavailable),
        (psycopg.errors.CannotConnectNow, LedgerUnavailable),
        (psycopg.errors.DiskFull, LedgerUnavailable),
        (psycopg.errors.LockNotAvailable, LedgerUnavailable),
        (psycopg.errors.DeadlockDetected, LedgerUnavailable),
        (psycopg.errors.TooManyConnections, LedgerUnavailable),
        (psycopg.errors.ReadOnlySqlTransaction, LedgerUnavailable),
        (psycopg.errors.InternalError_, LedgerUnavailable),
        (psycopg.OperationalError, LedgerUnavailable),
        (psycopg.InterfaceError, LedgerUnavailable),
        (psycopg.errors.InsufficientPrivilege, LedgerUnavailable),
        (psycopg.errors.UndefinedTable, LedgerUnavailable),
        (psycopg.errors.FeatureNotSupported, LedgerUnavailable),
        (psycopg.errors.InvalidPassword, LedgerError),
        (psycopg.errors.UniqueViolation, LedgerError),
        (psycopg.errors.UntranslatableCharacter, LedgerError),
        (psycopg.DataError, LedgerError),
    ],
)
def test_error_that_passes_is_told_from_one_that_stays(
    kind: type[psycopg.Error], ours: type[LedgerError]
) -> None:
    assert type(ledger_error(kind("x"))) is ours


def test_statements_are_written_once_for_both_databases() -> None:
    asked = "SELECT a % 7, '?%' FROM t WHERE b = ? AND (c = ? OR ? IS NULL)"
    assert format_style(asked) == (
        "SELECT a %% 7, '?%%' FROM t WHERE b = %s AND (c = %s OR %s::text IS NULL)"
    )


def test_missing_driver_is_named_with_the_command_that_installs_it() -> None:
    code = (
        "import sys\n"
        "sys.modules['psycopg'] = None\n"
        "from router.errors import LedgerError\n"
        "from router.ledger.sql.database import Database\n"
        "try:\n"
        "    Database.open('postgresql://me:swordfish@localhost/x')\n"
        "except LedgerError as error:\n"
        "    print(error.message)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True
    )
    assert pip_install("scale") in done.stdout
    assert SECRET not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "address",
    [
        f"postgresql://me:{SECRET}@127.0.0.1:9/books",
        f"postgresql://127.0.0.1:9/books?user=me&password={SECRET}",
        f"postgresql://me:{SECRET}@127.0.0.1:port/books",
        f"postgresql://me:{SECRET}@127.0.0.1:9/books?no_such_option=1",
        f"mongodb://me:{SECRET}@127.0.0.1/books",
    ],
)
def test_password_is_never_shown(address: str) -> None:
    run = tiergate("ledger", "verify", "--database", address)
    assert run.returncode == 4
    assert SECRET not in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_address_is_shown_without_its_password() -> None:
    address = Address.parse(f"postgres://me:{SECRET}@db.example:5433/books?sslmode=require")
    assert address.shown == "postgresql://me:***@db.example:5433/books?sslmode=require"
    assert SECRET not in repr(address)
    assert address.anchors == Path(".tiergate/postgresql-db.example-books.anchors")


def test_server_without_a_ledger_is_no_ledger(postgres: Postgres) -> None:
    empty = postgres.new_database("template0")
    with pytest.raises(LedgerError, match="no ledger at"):
        Database.open(empty, create=False)


def test_database_that_is_not_utf8_is_refused(postgres: Postgres) -> None:
    options = "TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'"
    postgres.run("postgres", f"CREATE DATABASE latin {options}")
    with pytest.raises(LedgerError, match="expected UTF8"):
        Database.open(postgres.address("latin"))


def test_sum_of_money_is_an_integer(books: str) -> None:
    database = Database.open(books)
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT sum(x) FROM (VALUES (?), (?)) AS t (x)", (1, 2))
        total = found.scalar_one()
    database.close()
    assert (total, type(total)) == (3, int)


async def test_text_with_a_nul_is_kept_without_it(books: str, ledgers: Ledgers) -> None:
    ledger = ledgers(books)
    await ledger.finish(replace(request("r1", attempt("r1")), requested_model="a\0b"))
    row = await ledger.get("r1", None)
    await ledger.close()
    assert row is not None
    assert row.requested_model == "a\ufffdb"
    assert verify(books).findings == ()


async def test_id_with_a_nul_finds_nothing(books: str, ledgers: Ledgers) -> None:
    ledger = ledgers(books)
    assert await ledger.get("\0", None) is None
    assert await ledger.get("r1\0", "acme") is None


@pytest.mark.parametrize("value", ["a\0b", ("a\0b", 1)], ids=["plain", "named"])
def test_statement_takes_a_nul(books: str, value: object) -> None:
    database = Database.open(books)
    with database.reading() as connection:
        if isinstance(value, tuple):
            found = connection.execute(text("SELECT CAST(:said AS text)"), {"said": value[0]})
        else:
            found = connection.exec_driver_sql("SELECT CAST(? AS text)", (value,))
        assert found.scalar_one() == "a\ufffdb"
    database.close()


async def caller(ledger: SqlLedger, name: str, stop: asyncio.Event, seen: set[str]) -> int:
    """Requests as the gateway makes them, one after the other; returns how many were refused."""
    refused = turn = 0
    while not stop.is_set():
        turn += 1
        row_id = f"{name}-{turn}"
        line = attempt(row_id, held=400, cost=120)
        try:
            await ledger.hold(request(row_id), line)
        except LedgerUnavailable:
            # Nothing was called. Whether the hold was written down is in doubt; this settles it.
            line = replace(line, state=AttemptState.RELEASED, cost_nano_usd=0)
            refused += 1
            await asyncio.sleep(0.02)
        try:
            await ledger.finish(request(row_id, line))
        except LedgerUnavailable:
            continue  # owed
        seen.add(row_id)
    return refused


@pytest.mark.parametrize("mode", ["fast", "immediate"])
async def test_no_row_is_lost_when_the_server_restarts_under_load(
    postgres: Postgres, books: str, mode: str, ledgers: Ledgers
) -> None:
    ledger, stop = ledgers(books), asyncio.Event()
    seen: set[str] = set()
    callers = [asyncio.ensure_future(caller(ledger, f"c{n}", stop, seen)) for n in range(8)]
    await asyncio.sleep(0.3)
    await asyncio.to_thread(postgres.restart, mode)
    before = len(seen)
    await asyncio.to_thread(eventually, lambda: len(seen) > before + 50)
    stop.set()
    refused = sum(await asyncio.gather(*callers))
    await ledger.close()
    kept = {row[0]: row[1] for row in query(books, "SELECT request_id, state FROM requests")}
    assert refused > 0
    assert seen <= kept.keys()
    assert set(kept.values()) == {RequestState.SETTLED.value}
    report = verify(books)
    assert (report.findings, report.open_requests, report.held_nano_usd) == ((), 0, 0)
    assert report.writers == 1


async def test_writer_whose_place_was_taken_goes_on_in_another(
    postgres: Postgres, books: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(books)
    await ledger.finish(request("r1", attempt("r1")))
    pids = postgres.pids(books)
    postgres.run("postgres", *(f"SELECT pg_terminate_backend({pid})" for pid in pids))
    eventually(lambda: not set(postgres.pids(books)) & set(pids))
    second = ledgers(books)
    await second.finish(request("r2", attempt("r2")))
    await ledger.finish(request("r3", attempt("r3")))
    await ledger.close()
    await second.close()
    rows = query(books, "SELECT request_id, writer_id FROM requests ORDER BY request_id")
    assert rows == [("r1", "w1"), ("r2", "w1"), ("r3", "w2")]
    assert verify(books).findings == ()


async def test_server_that_restarted_while_nobody_asked_refuses_nobody(
    postgres: Postgres, books: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(books)
    await ledger.finish(request("r1", attempt("r1")))
    for number in range(2, 5):
        postgres.restart()
        await ledger.hold(request(f"r{number}"), attempt(f"r{number}"))
        await ledger.finish(request(f"r{number}", attempt(f"r{number}")))
        assert ledger.healthy
    await ledger.close()
    rows = query(books, "SELECT request_id, writer_id FROM requests ORDER BY request_id")
    assert rows == [("r1", "w1"), ("r2", "w1"), ("r3", "w1"), ("r4", "w1")]
    assert verify(books).findings == ()


async def test_row_of_a_full_disk_is_written_later(
    postgres: Postgres, books: str, ledgers: Ledgers
) -> None:
    # A server that is started under this limit has its writes beyond 17 MB a file refused by the
    # operating system. That leaves its log of 16 MB files alone, and no room for a larger row.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    postgres.stop()
    resource.setrlimit(resource.RLIMIT_FSIZE, (17_000_000, before[1]))
    try:
        postgres.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    ledger = ledgers(books)
    await ledger.hold(request("r1"), attempt("r1"))
    big = JsonText(f'"{secrets.token_hex(20_000_000)}"')
    row = replace(request("r1", attempt("r1")), record=big, domain="", request_type="")
    await ledger.finish(row)  # paid for, so nobody is refused; it is owed
    assert not ledger.healthy
    postgres.restart()
    # This row meets the lost connection, or the next try of the row that failed has met it before.
    with suppress(LedgerUnavailable):
        await ledger.finish(request("r2", attempt("r2")))
    await asyncio.to_thread(eventually, lambda: ledger.healthy)  # large rows take their time
    kept = await ledger.get("r1", None)
    await ledger.close()
    assert kept is not None
    assert kept.record == big
    assert verify(books).findings == ()


async def test_row_is_written_once_its_table_is_back(books: str, ledgers: Ledgers) -> None:
    """Tables are away while a copy is restored, and so are rights that somebody revoked."""
    ledger, row = ledgers(books), request("r1", attempt("r1"))
    await ledger.hold(row, row.attempts[0])
    change(books, "ALTER TABLE attempts RENAME TO away")
    await ledger.finish(row)  # paid for, so nobody is refused; it is owed
    assert not ledger.healthy
    with pytest.raises(LedgerUnavailable):
        await ledger.hold(request("r2"), attempt("r2"))
    change(books, "ALTER TABLE away RENAME TO attempts")
    await asyncio.to_thread(eventually, lambda: ledger.healthy)
    await ledger.close()
    report = verify(books)
    assert (report.findings, report.open_requests, report.rows) == ((), 0, 1)


async def test_ledger_that_another_session_has_locked_is_unavailable(
    books: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(books, busy_timeout_ms=100)
    with locked(books), pytest.raises(LedgerUnavailable):
        await ledger.hold(request("r1"), attempt("r1"))
    await ledger.hold(request("r1"), attempt("r1"))


def test_reader_of_a_lost_server_tells_readiness(
    postgres: Postgres, books: str, ledgers: Ledgers
) -> None:
    """Requests are refused where they read first, so that the writer is never asked."""
    ledger = ledgers(books)
    postgres.stop()
    try:
        with pytest.raises(LedgerUnavailable):
            ledger.newest_ms()
        eventually(lambda: not ledger.healthy)
    finally:
        postgres.start()
    eventually(lambda: ledger.healthy)  # by itself: nothing is written


def test_known_key_of_a_tenant_outlives_an_outage(postgres: Postgres, books: str) -> None:
    """Without it the final row of a call that was paid for could not be made."""
    database = Database.open(books)
    keys = TenantSecrets(database, Clock())
    known = keys.key_soon("acme")
    postgres.stop()
    try:
        with pytest.raises(LedgerUnavailable):
            keys.look()
        assert keys.key_soon("acme") == known
        with pytest.raises(LedgerUnavailable):
            keys.key_soon("another")
    finally:
        postgres.start()
        database.close()


@pytest.mark.slow
async def test_server_that_says_nothing_is_away(
    postgres: Postgres, books: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(books)
    paid = request("r1", attempt("r1", held=400, cost=120))
    await ledger.hold(paid, paid.attempts[0])
    with postgres.frozen(books):
        refused = [ledger.hold(request(f"h{n}"), attempt(f"h{n}")) for n in range(3)]
        outcomes = await asyncio.gather(ledger.finish(paid), *refused, return_exceptions=True)
        assert [type(outcome) for outcome in outcomes] == [type(None), *[LedgerUnavailable] * 3]
        assert not ledger.healthy
        with pytest.raises(LedgerUnavailable):
            await asyncio.to_thread(ledger.newest_ms)
        with pytest.raises(LedgerUnavailable):
            await ledger.hold(request("late"), attempt("late"))
    await asyncio.to_thread(eventually, lambda: ledger.healthy)
    await ledger.finish(request("r2", attempt("r2")))
    for number in range(3):  # as the gateway does for a hold that was refused
        name = f"h{number}"
        line = replace(attempt(name), state=AttemptState.RELEASED, cost_nano_usd=0)
        await ledger.finish(request(name, line))
    await ledger.close()
    report = verify(books)
    assert (report.findings, report.open_requests, report.held_nano_usd) == ((), 0, 0)
    assert report.cost_nano_usd == 120 + 120


@pytest.mark.slow
@pytest.mark.parametrize("answers", [False, True])
async def test_session_that_a_proxy_lost_holds_nobody_up(
    postgres: Postgres, books: str, ledgers: Ledgers, tmp_path: Path, answers: bool
) -> None:
    """The server is well, and its process waits, with the locks of the writer and of its slot."""
    proxy = Proxy(tmp_path, postgres.socket)
    try:
        ledger = ledgers(f"{books.partition('?')[0]}?host={tmp_path}")
        paid = request("r1", attempt("r1", held=400, cost=120))
        await ledger.hold(paid, paid.attempts[0])
        proxy.lose(answers=answers)
        with pytest.raises(LedgerUnavailable):
            await ledger.hold(request("h1"), attempt("h1"))
        await ledger.finish(paid)
        await asyncio.to_thread(eventually, lambda: ledger.healthy)
        line = replace(attempt("h1"), state=AttemptState.RELEASED, cost_nano_usd=0)
        await ledger.finish(request("h1", line))
        await ledger.close()
    finally:
        proxy.close()
    report = verify(books)
    assert (report.findings, report.open_requests, report.held_nano_usd) == ((), 0, 0)
    assert report.cost_nano_usd == 120
    assert query(books, "SELECT DISTINCT writer_id FROM requests") == [("w1",)]


@pytest.mark.slow
def test_query_that_takes_long_is_waited_for(books: str) -> None:
    database = Database.open(books)
    with database.reading() as connection:
        slept = connection.exec_driver_sql("SELECT 1 FROM pg_sleep(?)", (SILENT_S + 0.5,))
        assert slept.scalar_one() == 1
    database.close()


def test_gateway_answers_503_while_the_server_is_away(
    postgres: Postgres, books: str, tmp_path: Path
) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url)
        with Served(tmp_path, policy, ledger=books) as server:
            assert server.chat().status_code == 200
            postgres.stop("immediate")
            try:
                away = server.chat()
                time.sleep(MAX_AGE_MS / 1000)  # what was read of the keys before is used so long
                told = server.client.get("/readyz", headers={"x-api-key": "tg_one"}).json()
                keyless = server.client.get("/readyz").json()
            finally:
                postgres.start()
            eventually(lambda: server.chat().status_code == 200)
            assert "***" not in server.output
            assert server.end() == 0
    assert (away.status_code, away.headers["retry-after"]) == (503, "1")
    assert (told["status"], "ledger_lost" in told["details"]) == ("not_ready", True)
    assert keyless == {"status": "not_ready", "details": NO_DETAILS}
    assert away.json()["error"]["code"] == "ledger_unavailable"
    report = verify(books)
    assert (report.findings, report.open_requests) == ((), 0)
