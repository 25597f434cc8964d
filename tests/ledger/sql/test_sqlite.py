"""Tests what SQLite says about a place where it cannot write."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import LedgerUnavailable
from router.ledger.sql.database import Database


def test_folder_without_room_for_a_journal_is_told_as_one(tmp_path: Path) -> None:
    """As on a file system that is read-only: SQLite keeps a journal beside the file."""
    path = tmp_path / "ledger.db"
    Database.open(path).close()
    (tmp_path / "ledger.db-wal").mkdir()
    with pytest.raises(LedgerUnavailable, match="in a folder that this user may write"):
        Database.open(path)
