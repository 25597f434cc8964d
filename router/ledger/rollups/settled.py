"""Finds requests whose unknown cost bills have made known since.

Their rows still call it unknown, since rows are never edited. A purge takes them out of the sums
for good, as it drops the corrections too.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from router.ledger.row_reading import CORRECTION_PREFIX, attempt_cost_known, cost_known
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.types import RequestRow

_BILLED = (
    "SELECT DISTINCT asked.request_id FROM requests bill "
    f"JOIN attempts ON attempts.attempt_id = substr(bill.request_id, {len(CORRECTION_PREFIX) + 1}) "
    "JOIN requests asked ON asked.request_id = attempts.request_id "
    "WHERE bill.request_id >= ? AND bill.request_id < ?"
)
# The character after "-" ends the range of ids, so the primary key finds them.
_IDS = (CORRECTION_PREFIX, CORRECTION_PREFIX[:-1] + ".")


def settled_later(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> list[RequestRow]:
    """Returns such rows of [since, until), oldest first. Raises LedgerError."""
    bounds = [("asked.created_at_ms >= ?", since_ms), ("asked.created_at_ms < ?", until_ms)]
    used = [(c, value) for c, value in (*bounds, ("asked.tenant = ?", tenant)) if value is not None]
    query = " AND ".join([_BILLED, *(condition for condition, _ in used)])
    with database.reading() as connection:
        ids = connection.exec_driver_sql(query, (*_IDS, *(value for _, value in used)))
        rows = reading.rows_of(connection, [str(row[0]) for row in ids.fetchall()])
        return settled(connection, rows)


def settled(connection: Connection, rows: Iterable[RequestRow]) -> list[RequestRow]:
    """Returns those of the rows whose every call of unknown cost a bill has settled."""
    doubtful: dict[str, tuple[RequestRow, list[str]]] = {}
    for row in rows:
        unknown = [a.attempt_id for a in row.attempts if not attempt_cost_known(a)]
        if unknown and not cost_known(row):
            doubtful[row.request_id] = (row, [CORRECTION_PREFIX + name for name in unknown])
    bills = [name for _, names in doubtful.values() for name in names]
    billed = reading.existing(connection, bills)
    return [row for row, names in doubtful.values() if billed.issuperset(names)]
