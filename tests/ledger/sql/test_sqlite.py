"""Tests what SQLite says about a place where it cannot write."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import LedgerUnavailable
from router.ledger.sql.database import Database


def test_two_thousand_pages_wait_beside_the_file(tmp_path: Path) -> None:
    """With SQLite's own 1,000 pages each fiftieth lone request would wait for the disk."""
    path = tmp_path / "ledger.db"
    database = Database.open(path)
    try:
        connection = database.connect()
        for number in range(2_000):
            connection.execute(f"PRAGMA user_version = {number}")  # one page, one commit
        connection.close()
        assert (tmp_path / "ledger.db-wal").stat().st_size > 2_000 * 4_096
    finally:
        database.close()


def test_folder_without_room_for_a_journal_is_told_as_one(tmp_path: Path) -> None:
    """As on a file system that is read-only: SQLite keeps a journal beside the file."""
    path = tmp_path / "ledger.db"
    Database.open(path).close()
    (tmp_path / "ledger.db-wal").mkdir()
    with pytest.raises(LedgerUnavailable, match="in a folder that this user may write"):
        Database.open(path)
