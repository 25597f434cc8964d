"""Copies a whole ledger into another, empty database: from SQLite to PostgreSQL, or back.

Every table is copied as it is. So chains, sums, keys, budgets and stored texts are the same, and
what verified before the copy verifies after it. It knows nothing of what the tables mean.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import Connection, func, select

from router.errors import LedgerError
from router.ledger.feedback_chain import FEEDBACK_CHAIN
from router.ledger.hash_chain import Head
from router.ledger.sql import reading
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database
from router.ledger.sql.schema import metadata
from router.ledger.sql.writer_slots import slots_of

AT_ONCE = 16
"""Rows in memory: one of `file_parts` has 256 kB, one of `models` or `replies` some megabytes."""
FIRST_WRITER = "w1"
"""Names the slot that a server takes first, so that one is seen that has no row yet."""


def copy_into(source: Database, address: str | Path) -> int:
    """Does what `copy_ledger` does, with the database at an address; makes a file that is missing.

    Raises LedgerError.
    """
    Address.parse(address).make_folder()
    target = Database.open(address)
    try:
        return copy_ledger(source, target)
    finally:
        target.close()


def copy_ledger(source: Database, target: Database) -> int:
    """Copies all rows in one transaction; returns their number; blocks.

    Raises LedgerError where a server writes to the source, before or meanwhile, or the target has a
    row already. Then the target is as it was.
    """
    _refuse_running(source)
    copied = 0
    with source.snapshot() as old, target.writing() as new:
        _refuse_rows(new, target)
        heads = reading.chain_heads(old)
        for table in metadata.sorted_tables:
            result = old.execute(select(table), execution_options={"yield_per": AT_ONCE})
            for rows in result.partitions():
                new.execute(table.insert(), [dict(row._mapping) for row in rows])
                copied += len(rows)
        _refuse_running(source)
        _refuse_later_rows(source, heads)
    return copied


def _refuse_running(source: Database) -> None:
    """Raises LedgerError where a writer lives: what it writes later would be in no copy."""
    with source.reading() as connection:
        marks = reading.checkpoints(connection)  # of a chain whose rows are all purged
        writers = {FIRST_WRITER, *reading.writers(connection), *(mark.writer_id for mark in marks)}
    slots = slots_of(source)
    for writer_id in sorted(writers - {FEEDBACK_CHAIN}):
        slot = slots.claim_dead(writer_id, 0.0)
        if slot is None:
            raise LedgerError(
                f"found a server that writes to {source.address.shown!r} (writer {writer_id}); "
                "expected none, since the copy would lack its rows: stop it and copy again"
            )
        slot.release()


def _refuse_later_rows(source: Database, heads: Sequence[Head]) -> None:
    """Raises LedgerError where chains have grown since these heads: a server came and went."""
    with source.reading() as connection:
        if reading.chain_heads(connection) != heads:
            raise LedgerError(
                f"found rows in {source.address.shown!r} that were written meanwhile; expected "
                "none, since the copy lacks them: copy again while no server runs"
            )


def _refuse_rows(connection: Connection, target: Database) -> None:
    for table in metadata.sorted_tables:
        rows = connection.execute(select(func.count()).select_from(table)).scalar_one()
        if rows:
            raise LedgerError(
                f"found {rows:,} rows in the table {table.name!r} of {target.address.shown!r}; "
                "expected an empty database: name a new file, or one of createdb, and copy again"
            )
