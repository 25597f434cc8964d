"""Restores ledgers of earlier versions from their dumps in `tests/fixtures`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests import ROOT


def restored(migration: str, folder: Path) -> Path:
    """Returns the path of a ledger in this folder, in the schema of this migration: `0001`."""
    path, dump = folder / "ledger.db", ROOT / f"tests/fixtures/ledger_{migration}.sql"
    with sqlite3.connect(path) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    connection.close()
    return path
