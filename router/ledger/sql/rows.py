"""Turns rows of the tables into the types of the contract, and makes the SQL that writes them.

The store turns rows into types here and nowhere else. `router.ledger.columns` lists the columns.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from sqlalchemy import Table

from router.ledger.columns import ATTEMPT_COLUMNS, REQUEST_COLUMNS, chained, names, of_row
from router.ledger.hash_chain import ChainRow
from router.ledger.row_values import Value, reader
from router.types import AttemptRow, Baselines, RequestRow, Usage

TENANT_OF_ATTEMPT = names(ATTEMPT_COLUMNS).index("tenant")
"""Position of the cell that `attempts` has and an attempt has not."""

SqlRow = Sequence[Value]


def upsert_sql(table: Table) -> str:
    """Returns an INSERT of one row; it replaces a row with the same primary key."""
    names = [column.name for column in table.c]
    key = [column.name for column in table.primary_key]
    values = "(" + ",".join("?" * len(names)) + ")"
    changes = ", ".join(f"{name} = excluded.{name}" for name in names if name not in key)
    return (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {values} "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    )


def select_sql(table: Table) -> str:
    """Returns a SELECT of all columns in the order of the table."""
    return f"SELECT {', '.join(column.name for column in table.c)} FROM {table.name}"


_PARTS: dict[str, type[Struct]] = {"usage": Usage, "baselines": Baselines}
attempt_from = reader(AttemptRow, chained(ATTEMPT_COLUMNS), _PARTS)
"""Makes an attempt from the cells of its columns in `attempts`; it ignores the cells after them."""
_request_from = reader(RequestRow, of_row(REQUEST_COLUMNS), _PARTS)


def request_from(row: SqlRow, its_attempts: tuple[AttemptRow, ...]) -> RequestRow:
    """Makes a request from the cells of its columns in `requests`, and its attempts.

    It ignores the cells after them.
    """
    return _request_from(row, its_attempts)


def chain_row_from(row: SqlRow, its_attempts: tuple[AttemptRow, ...]) -> ChainRow:
    """Makes a finished request with its place in the chain, from all columns of `requests`."""
    writer_id, sequence, prev_hash, row_hash = row[-4:]
    return ChainRow(
        str(writer_id),
        int(sequence or 0),
        str(prev_hash),
        str(row_hash),
        request_from(row, its_attempts),
    )
