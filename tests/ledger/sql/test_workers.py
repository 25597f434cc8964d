"""Several processes have one ledger open: workers that serve, and commands that administer."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from router.ledger.books.purge import purge
from router.ledger.books.verify import verify
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables.keys import SqlKeyStore
from router.ledger.tables.policies import policy_content, record_policy
from router.ledger.tables.texts import TextStore
from router.types import Scope
from tests.kits.books.ledger_rows import NOW_MS, StandingClock
from tests.kits.server_kit import environment

pytestmark = pytest.mark.process

HANGS_S = 120.0  # only for what never comes true: a worker that waits for a lock for ever
WORKER = """
import asyncio, sys
from tests.kits.changed import replace
from router.ledger.books.store import SqlLedger
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request

async def one(ledger, row_id, turn):
    at_ms = NOW_MS + turn
    line = attempt(row_id, held=400, cost=turn, started_at_ms=at_ms)
    row = replace(request(row_id, line), created_at_ms=at_ms)
    await ledger.hold(row, line)
    await ledger.settle(line, "acme")
    await ledger.finish(row)

async def caller(ledger, name, until):
    turn = 0
    while not until(turn):
        turn += 1
        await one(ledger, f"{name}-{turn}", turn)
    return turn

async def main(path, name, turns):
    ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _: None)
    print("ready", flush=True)
    stop = asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    if turns:
        await stop
    until = (lambda turn: turn >= turns) if turns else (lambda turn: stop.done())
    done = await asyncio.gather(*(caller(ledger, f"{name}-{n}", until) for n in range(8)))
    await ledger.close()
    print(sum(done), flush=True)

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def worker(path: str, name: str, turns: int = 0) -> subprocess.Popen[str]:
    """Eight callers with so many requests each, once told to start; 0: until told to stop."""
    started = subprocess.Popen(
        [sys.executable, "-c", WORKER, path, name, str(turns)],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert started.stdout is not None
    assert started.stdout.readline() == "ready\n"
    return started


@contextmanager
def serving(path: str) -> Iterator[Database]:
    """Another process writes into the ledger all through the block, and none of it fails."""
    other = worker(path, "w")
    database = Database.open(path, create=False)
    try:
        until_rows(database, 50)
        yield database
    finally:
        said, _ = other.communicate("stop\n")
        database.close()
    assert other.returncode == 0  # no request waited so long for a lock that it failed
    assert int(said) > 0
    assert verify(path).findings == ()


def until_rows(database: Database, count: int) -> None:
    """Wait until the other process has finished so many."""
    finished = 0
    while finished < count:
        time.sleep(0.02)
        with database.reading() as connection:
            finished = sum(head.sequence for head in reading.chain_heads(connection))


@pytest.fixture
def path(address: str) -> str:
    return address


def test_two_workers_finish_200_rows_each_at_the_same_time(path: str) -> None:
    workers = [worker(path, name, turns=25) for name in ("one", "two")]
    for each in workers:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    finished = [int(each.communicate(timeout=HANGS_S)[0]) for each in workers]
    assert finished == [200, 200]
    report = verify(path)
    assert (report.findings, report.rows, report.writers) == ((), 400, 2)
    assert report.cost_nano_usd == 2 * 8 * sum(range(1, 26))


def test_books_are_whole_at_any_moment_while_another_process_serves(path: str) -> None:
    with serving(path):
        seen = [verify(path) for _ in range(3)]
    assert [report.findings for report in seen] == [()] * 3
    assert seen[-1].rows > seen[0].rows


def test_rows_are_read_while_another_process_serves(path: str) -> None:
    with serving(path) as database:
        first = [row.request_id for row in reading.rows(database, until_ms=NOW_MS + 2)]
        assert first == [row.request_id for row in reading.rows(database, until_ms=NOW_MS + 2)]
        assert list(reading.rows(database, tenant="other")) == []


def test_rows_are_purged_while_another_process_serves(path: str) -> None:
    with serving(path) as database:
        until_rows(database, 1_500)  # more than one transaction drops
        assert purge(database, NOW_MS + 150, NOW_MS) > 1_000
        assert verify(path).findings == ()


async def test_keys_are_administered_while_another_process_serves(path: str) -> None:
    with serving(path) as database:
        keys = SqlKeyStore(database, StandingClock())
        created = keys.create("acme", [Scope.CHAT])
        assert await keys.identify(created.secret) is not None
        assert keys.revoke(created.info.key_id)
        assert [info.revoked_at_ms for info in keys.list()] == [NOW_MS]


def test_tenant_is_erased_while_another_process_serves(path: str) -> None:
    with serving(path) as database:
        assert TextStore(database, StandingClock()).erase("acme").texts == 0


def test_policy_is_recorded_while_another_process_serves(path: str) -> None:
    with serving(path) as database:
        record_policy(database, "ab12", "default", "a", NOW_MS)
        assert policy_content(database, "ab12") == "a"
