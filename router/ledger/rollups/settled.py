"""Finds the bills of calls whose cost was no fact: those within a period, and those after it.

Rows still call such a cost unknown, since they are never edited. A bill's money counts on the day
on which it is booked, so in a period that ends before it the hold is still what the sum has. A
purge keeps both: what it drops is noted in the sums of the bill's day.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from router.ledger.row_reading import CORRECTION_PREFIX, attempt_cost_known, cost_known
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.types import RequestRow

Bills = tuple[list[RequestRow], list[tuple[RequestRow, RequestRow]], list[RequestRow]]
"""Holds rows that bills of their period settled, rows with a bill from after it, and bills of the
period for calls from before it."""

_BILLED = (
    "FROM requests bill "
    f"JOIN attempts ON attempts.attempt_id = substr(bill.request_id, {len(CORRECTION_PREFIX) + 1}) "
    "JOIN requests asked ON asked.request_id = attempts.request_id "
    "WHERE bill.request_id >= ? AND bill.request_id < ?"
)
# The character after "-" ends the range of ids, so the primary key finds them.
_IDS = (CORRECTION_PREFIX, CORRECTION_PREFIX[:-1] + ".")


def settled_later(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> list[RequestRow]:
    """Returns rows of [since, until) whose unknown cost bills of that time state, oldest first.

    Raises LedgerError.
    """
    condition, values = _of_period(since_ms, until_ms, tenant)
    with database.reading() as connection:
        ids = connection.exec_driver_sql(
            f"SELECT DISTINCT asked.request_id {_BILLED}{condition}", (*_IDS, *values)
        )
        rows = reading.rows_of(connection, [str(row[0]) for row in ids.fetchall()])
        return [
            row
            for row, billed_ms in settled(connection, rows)
            if until_ms is None or billed_ms < until_ms
        ]


def bills_after(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> list[tuple[RequestRow, RequestRow]]:
    """Returns rows of [since, until) that a later bill corrects, each with that bill.

    There is none without an end. Raises LedgerError.
    """
    if until_ms is None:
        return []
    condition, values = _of_period(since_ms, until_ms, tenant)
    # A purge in between would leave a pair without its rows.
    with database.snapshot() as connection:
        found = connection.exec_driver_sql(
            f"SELECT asked.request_id, bill.request_id {_BILLED}{condition} "
            "AND bill.created_at_ms >= ? ORDER BY bill.created_at_ms, bill.request_id",
            (*_IDS, *values, until_ms),
        ).fetchall()
        pairs = [(str(asked), str(bill)) for asked, bill in found]
        ids = list(dict.fromkeys(name for pair in pairs for name in pair))
        by_id = {row.request_id: row for row in reading.rows_of(connection, ids)}
    return [(by_id[asked], by_id[bill]) for asked, bill in pairs]


def bills_of_before(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> list[RequestRow]:
    """Returns the bills of [since, until) for calls from before it, while their rows are kept.

    There is none without a begin. Raises LedgerError.
    """
    if since_ms is None:
        return []
    condition, values = _of_period(None, since_ms, tenant)
    end = "" if until_ms is None else " AND bill.created_at_ms < ?"
    bounds = (since_ms,) if until_ms is None else (since_ms, until_ms)
    with database.snapshot() as connection:
        found = connection.exec_driver_sql(
            f"SELECT bill.request_id {_BILLED}{condition} AND bill.created_at_ms >= ?{end}",
            (*_IDS, *values, *bounds),
        ).fetchall()
        return list(reading.rows_of(connection, [str(row[0]) for row in found]))


def _of_period(
    since_ms: int | None, until_ms: int | None, tenant: str | None
) -> tuple[str, tuple[int | str, ...]]:
    """Returns the condition of a period's requests, and its values."""
    bounds = (
        ("asked.created_at_ms >= ?", since_ms),
        ("asked.created_at_ms < ?", until_ms),
        ("asked.tenant = ?", tenant),
    )
    used = [(condition, value) for condition, value in bounds if value is not None]
    return "".join(f" AND {condition}" for condition, _ in used), tuple(v for _, v in used)


def settled(connection: Connection, rows: Iterable[RequestRow]) -> list[tuple[RequestRow, int]]:
    """Returns those of the rows whose every call of unknown cost a bill has settled.

    Each comes with the time at which the last of its bills was booked.
    """
    doubtful: dict[str, tuple[RequestRow, list[str]]] = {}
    for row in rows:
        unknown = [a.attempt_id for a in row.attempts if not attempt_cost_known(a)]
        if unknown and not cost_known(row):
            doubtful[row.request_id] = (row, [CORRECTION_PREFIX + name for name in unknown])
    bills = [name for _, names in doubtful.values() for name in names]
    booked = reading.created_at(connection, bills)
    return [
        (row, max(booked[name] for name in names))
        for row, names in doubtful.values()
        if booked.keys() >= {*names}
    ]
