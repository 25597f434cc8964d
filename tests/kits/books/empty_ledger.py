"""Copies an empty ledger, because making its tables takes a hundred times as long."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

from router.ledger.sql.database import Database


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        Database.open(path).close()  # the last connection merges the journal into the file
        return path.read_bytes()


def empty_ledger(path: Path) -> Path:
    """Writes an empty ledger at `path`, unless a file is there; returns the path."""
    if not path.exists():
        path.write_bytes(_content())
    return path
