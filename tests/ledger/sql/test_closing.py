"""Closes a ledger's database while threads use it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from router.ledger.sql import database as module
from router.ledger.sql.database import Database


class Reader(threading.Thread):
    """Reads until it is told to end."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self.reads, self.may_end = threading.Event(), threading.Event()
        self._database = database
        self.start()
        self.reads.wait()

    def run(self) -> None:
        with self._database.reading() as connection:
            connection.exec_driver_sql("SELECT 1")
            self.reads.set()
            self.may_end.wait()


def test_closing_waits_for_a_thread_that_reads(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    database = Database.open(path)
    reader = Reader(database)
    closing = threading.Thread(target=database.close, daemon=True)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    reader.may_end.set()
    closing.join()
    # The last connection has merged the journal into the file.
    assert [file.name for file in tmp_path.glob("ledger.db-*")] == []


def test_closing_does_not_wait_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CLOSES_S", 0.01)
    database = Database.open(tmp_path / "ledger.db")
    reader = Reader(database)
    database.close()
    reader.may_end.set()
