"""Closes months: their figures never change, and later rows are dated in a month that is open.

A month can be closed once it is over and no request of it is open. From then on every writer, in
its own transaction, moves later rows to the first open moment: corrections by a bill, reviews, rows
of a worker whose clock is late. So no row is refused and no closed figure changes; `verify` sums
each closed month again.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection

from router.errors import LedgerError
from router.ledger.hash_chain import Finding, FindingKind
from router.ledger.sql.database import Database
from router.money.budgets import WindowKind, window_end, window_start
from router.types import AttemptRow, RequestRow

CLOSED_UNTIL_SQL = "SELECT coalesce(max(until_ms), 0) FROM closed_months"
NAMED = 5
"""Number of open requests that a refusal names."""


class ClosedMonth(Struct, frozen=True):
    """Holds the figures of a closed month: of the rows created in it, of every tenant."""

    since_ms: int
    until_ms: int
    closed_at_ms: int
    rows: int
    cost_nano_usd: int

    @property
    def month(self) -> str:
        """Returns the month in UTC, as in 2026-11."""
        return month_name(self.since_ms)


def month_name(at_ms: int) -> str:
    """Returns the month of a moment in UTC, as in 2026-11."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m")


def closed_months(database: Database) -> list[ClosedMonth]:
    """Returns all closed months, oldest first; blocks. Raises LedgerError."""
    with database.reading() as connection:
        return _stored(connection)


def close_month(database: Database, since_ms: int, now_ms: int) -> list[ClosedMonth]:
    """Closes the month that begins then, and all before it; returns those that were still open.

    Blocks. Raises LedgerError where it is not over, was closed before or has open requests.
    """
    until_ms = window_end(WindowKind.MONTH, since_ms)
    name = month_name(since_ms)
    if now_ms < until_ms:
        raise LedgerError(f"{name} is not over; it can be closed from {month_name(until_ms)} on")
    with database.writing() as connection:
        closed_ms = int(connection.exec_driver_sql(CLOSED_UNTIL_SQL).scalar_one())
        if until_ms <= closed_ms:
            raise LedgerError(f"{name} is closed; `tiergate ledger close` lists closed months")
        _refuse_open(connection, name, until_ms)
        months = []
        for begin in _months(connection, closed_ms, until_ms):
            end = window_end(WindowKind.MONTH, begin)
            month = ClosedMonth(begin, end, now_ms, *_figures(connection, begin, end))
            connection.exec_driver_sql(
                "INSERT INTO closed_months (since_ms, until_ms, closed_at_ms, row_count, "
                "cost_nano_usd) VALUES (?, ?, ?, ?, ?)",
                (begin, end, now_ms, month.rows, month.cost_nano_usd),
            )
            months.append(month)
        return months


def changed_months(connection: Connection) -> Iterator[Finding]:
    """Yields closed months whose rows, purged ones too, no longer have the figures of then."""
    for month in _stored(connection):
        _, cost_nano_usd = _figures(connection, month.since_ms, month.until_ms)
        if cost_nano_usd != month.cost_nano_usd:
            yield Finding(
                FindingKind.CLOSED_MONTH_CHANGED,
                f"{month.month} was closed at {month.cost_nano_usd} nano-dollars, its rows sum to "
                f"{cost_nano_usd}",
            )


def dated(request: RequestRow, closed_ms: int) -> RequestRow:
    """Returns the row with nothing before the first open moment; the same row where nothing is."""
    if request.created_at_ms < closed_ms:
        request = replace(
            request,
            created_at_ms=closed_ms,
            finished_at_ms=max(request.finished_at_ms, closed_ms),
        )
    if any(attempt.started_at_ms < closed_ms for attempt in request.attempts):
        attempts = tuple(dated_attempt(attempt, closed_ms) for attempt in request.attempts)
        request = replace(request, attempts=attempts)
    return request


def dated_attempt(attempt: AttemptRow, closed_ms: int) -> AttemptRow:
    """Returns the attempt, begun at the first open moment at the earliest."""
    return replace(attempt, started_at_ms=max(attempt.started_at_ms, closed_ms))


def _refuse_open(connection: Connection, name: str, until_ms: int) -> None:
    ids = [
        str(row[0])
        for row in connection.exec_driver_sql(
            "SELECT request_id FROM requests WHERE state = 'open' AND created_at_ms < ? "
            "ORDER BY created_at_ms",
            (until_ms,),
        )
    ]
    if ids:
        listed = ", ".join(ids[:NAMED]) + (", ..." if len(ids) > NAMED else "")
        raise LedgerError(
            f"{name} has {len(ids)} open requests ({listed}); wait until they end. Those of a "
            "worker that died end when the next one starts"
        )


def _months(connection: Connection, closed_ms: int, until_ms: int) -> list[int]:
    """Returns the starts of open months from the first with rows to the one before `until_ms`."""
    last = window_start(WindowKind.MONTH, until_ms - 1)
    (first,) = connection.exec_driver_sql(
        "SELECT min(at) FROM (SELECT min(created_at_ms) AS at FROM requests UNION ALL "
        "SELECT min(start_ms) FROM rollups WHERE kind = 'whole') AS ends"
    ).one()
    begin = last if first is None else min(last, window_start(WindowKind.MONTH, int(first)))
    begin = max(begin, closed_ms)
    months = []
    while begin <= last:
        months.append(begin)
        begin = window_end(WindowKind.MONTH, begin)
    return months


def _figures(connection: Connection, since_ms: int, until_ms: int) -> tuple[int, int]:
    """Returns rows and nano-dollars of a month, with those that have been purged."""
    rows = cost = 0
    for sql in (
        "SELECT count(*), coalesce(sum(cost_nano_usd), 0) FROM requests WHERE state <> 'open' "
        "AND created_at_ms >= ? AND created_at_ms < ?",
        "SELECT coalesce(sum(requests), 0), coalesce(sum(cost_nano_usd), 0) FROM rollups "
        "WHERE kind = 'whole' AND purged = 1 AND start_ms >= ? AND start_ms < ?",
    ):
        figures = connection.exec_driver_sql(sql, (since_ms, until_ms)).one()
        rows, cost = rows + int(figures[0]), cost + int(figures[1])
    return rows, cost


def _stored(connection: Connection) -> list[ClosedMonth]:
    return [
        ClosedMonth(*map(int, row))
        for row in connection.exec_driver_sql(
            "SELECT since_ms, until_ms, closed_at_ms, row_count, cost_nano_usd FROM closed_months "
            "ORDER BY since_ms"
        )
    ]
