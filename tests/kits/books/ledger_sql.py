"""Reads and changes a ledger's database as another program does, with its own SQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.postgres import LOCKS, WRITING
from router.types import RequestRow


def is_server(address: str | Path) -> bool:
    """Returns True for a database of a PostgreSQL server."""
    return str(address).startswith("postgresql://")


def query(address: str | Path, statement: str) -> list[tuple[Any, ...]]:
    """Returns all rows of a query."""
    if is_server(address):
        with psycopg.connect(str(address), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()
    with closing(sqlite3.connect(address)) as file:
        return file.execute(statement).fetchall()


def rows_in(address: str | Path) -> dict[str, RequestRow]:
    """Returns all rows by the id of their request, of a ledger that its gateway has closed."""
    database = Database.open(address)
    try:
        return {row.request_id: row for row in reading.rows(database)}
    finally:
        database.close()


def change(address: str | Path, *statements: str) -> int:
    """Runs statements in one transaction; returns how many rows the last one changed."""
    changed = 0
    if is_server(address):
        with psycopg.connect(str(address)) as connection:
            for statement in statements:
                changed = connection.execute(statement.encode()).rowcount
        return changed
    with closing(sqlite3.connect(address)) as file, file:
        for statement in statements:
            changed = file.execute(statement).rowcount
    return changed


@contextmanager
def locked(address: str | Path) -> Iterator[None]:
    """Locks the ledger within the block, as another program that writes to it."""
    if is_server(address):
        with psycopg.connect(str(address)) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s, %s)", (LOCKS, WRITING))
            yield
            connection.rollback()
        return
    with closing(sqlite3.connect(address, isolation_level=None)) as file:
        file.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            file.execute("ROLLBACK")


MADE_LATER = {
    "replies": "0007",
    "closed_months": "0010",
    "files": "0012",
    "file_parts": "0012",
    "batches": "0012",
    "batch_results": "0012",
    "models": "0013",
    "rollout_changes": "0014",
}
"""Maps a table to the first version of the ledger that has it, from 0006 on."""

COLUMNS_MADE_LATER = {
    ("attempts", "audio_input_tokens"): "0017",
    ("policy_versions", "prices"): "0018",
    ("reviews", "urgency"): "0023",
    ("attempts", "hour_write_tokens"): "0028",
}
"""Maps a column to the first version of the ledger whose migration adds it."""


def steps_back(version: str) -> list[str]:
    """Returns statements that turn a ledger into one of an earlier version, by its name."""
    tables = [
        f"DROP TABLE IF EXISTS {name}" for name, since in MADE_LATER.items() if since > version
    ]
    columns = [
        f"ALTER TABLE {table} DROP COLUMN {column}"
        for (table, column), since in COLUMNS_MADE_LATER.items()
        if since > version
    ]
    return [*tables, *columns, f"UPDATE alembic_version SET version_num = '{version}'"]


def become(connection: sqlite3.Connection, version: str) -> None:
    """Turns a ledger into one of an earlier version: its version name, without what came later."""
    for statement in steps_back(version):
        connection.execute(statement)
