"""The thread that folds rows into roll-ups leaves off while requests come, and goes on after."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from router.ledger.books.store import SqlLedger
from router.ledger.rollups import folding_thread, stored
from router.ledger.rollups.folding_thread import Folder
from router.ledger.sql.database import Database
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.report_rows import a_row, an_attempt

ROWS = 6 * stored.FOLD_AT_ONCE
PATIENCE_S = 30.0


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "ledger.db"

    async def write() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        for n in range(ROWS):
            name = f"r-{n}"
            await ledger.finish(
                a_row(n, 1, request_id=name, attempts=[an_attempt(name, 1, 1_000 + n)])
            )
        await ledger.close()

    asyncio.run(write())
    opened = Database.open(path)
    yield opened
    opened.close()


@pytest.fixture
def folder(database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    """Looks often, and rests for long between its pages."""
    for name, seconds in (("EVERY_S", 0.05), ("LOOK_S", 0.01), ("PAUSE_S", 0.1)):
        monkeypatch.setattr(folding_thread, name, seconds)
    opened = Folder(database, ROWS)
    yield opened
    opened.close()


def left(database: Database) -> int:
    with database.reading() as connection:
        return stored.unfolded(connection)


def wait(until: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@contextmanager
def requests_come(folder: Folder) -> Iterator[None]:
    """Notes a hundred new rows every few milliseconds."""
    over = threading.Event()

    def come() -> None:
        sequence = ROWS
        while not over.wait(0.002):
            sequence += 100
            folder.committed(sequence)

    thread = threading.Thread(target=come)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_rows_are_folded_while_it_is_quiet(database: Database, folder: Folder) -> None:
    folder.start()
    wait(lambda: left(database) == 0)


def test_folding_leaves_off_while_requests_come(
    database: Database, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding_thread, "MAX_TAIL", 10**9)
    folder.start()
    wait(lambda: left(database) < ROWS)
    with requests_come(folder):
        begun = 0
        while begun != left(database):  # a page that was begun is folded whole
            begun = left(database)
            time.sleep(0.5)
        assert begun > 0
    wait(lambda: left(database) == 0)


def test_too_long_a_tail_is_folded_while_requests_come(
    database: Database, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folding_thread, "MAX_TAIL", 1)
    with requests_come(folder):
        folder.start()
        wait(lambda: left(database) == 0)
