"""A ledger's database as another program sees it: by SQL of its own, past all of our code."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from router.ledger.sql.postgres import LOCKS, WRITING


def is_server(address: str | Path) -> bool:
    """Whether it is a database of a PostgreSQL server."""
    return str(address).startswith("postgresql://")


def query(address: str | Path, statement: str) -> list[tuple[Any, ...]]:
    """All rows that a query yields."""
    if is_server(address):
        with psycopg.connect(str(address), autocommit=True) as connection:
            return connection.execute(statement.encode()).fetchall()
    with closing(sqlite3.connect(address)) as file:
        return file.execute(statement).fetchall()


def change(address: str | Path, *statements: str) -> int:
    """Run statements in one transaction; returns how many rows the last one changed."""
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
    """Another program has the ledger to itself within the block."""
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


MADE_LATER = {"replies": "0007", "closed_months": "0010"}
"""Tables by the first version of the ledger that has them, from 0006 on."""


def become(connection: sqlite3.Connection, version: str) -> None:
    """Make a ledger one of an earlier version: its name, and no table that was made later."""
    for table, since in MADE_LATER.items():
        if since > version:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
