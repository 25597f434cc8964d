"""Reads rows: one request, a stream of requests, and the heads of the chains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection

from router.ledger.feedback_chain import FEEDBACK_CHAIN, start_of
from router.ledger.hash_chain import ChainRow, Head, genesis
from router.ledger.row_reading import derived_values
from router.ledger.row_values import Value
from router.ledger.sql.database import Database
from router.ledger.sql.rows import (
    SqlRow,
    attempt_from,
    chain_row_from,
    request_from,
    select_sql,
)
from router.ledger.sql.schema import attempts, requests
from router.types import AttemptRow, RequestRow

PAGE = 500  # rows read at a time: a long read would keep SQLite's log from being folded back
_REQUESTS = select_sql(requests)
_ATTEMPTS = select_sql(attempts)


def get(database: Database, request_id: str, tenant: str | None) -> RequestRow | None:
    """Returns a request with its attempts; None when unknown or another tenant's.

    Raises LedgerError.
    """
    with database.reading() as connection:
        row = connection.exec_driver_sql(f"{_REQUESTS} WHERE request_id = ?", (request_id,)).first()
        if row is None:
            return None
        request = request_from(tuple(row), attempts_of(connection, [request_id])[request_id])
        return request if tenant is None or request.tenant == tenant else None


def chain_row(database: Database, request_id: str) -> ChainRow | None:
    """Returns a finished request with its place in the chain; None for an open or unknown one."""
    with database.reading() as connection:
        row = connection.exec_driver_sql(
            f"{_REQUESTS} WHERE request_id = ? AND sequence IS NOT NULL", (request_id,)
        ).first()
        if row is None:
            return None
        return chain_row_from(tuple(row), attempts_of(connection, [request_id])[request_id])


def attempts_of(
    connection: Connection, request_ids: Sequence[str]
) -> dict[str, tuple[AttemptRow, ...]]:
    """Returns the attempts of these requests, each in the order of ordinals."""
    by_request: dict[str, list[AttemptRow]] = {request_id: [] for request_id in request_ids}
    order = "ORDER BY request_id, ordinal, attempt_id"
    for line in _of_requests(connection, _ATTEMPTS, request_ids, order):
        attempt = attempt_from(line)
        by_request[attempt.request_id].append(attempt)
    return {request_id: tuple(rows) for request_id, rows in by_request.items()}


def rows_of(connection: Connection, request_ids: Sequence[str]) -> list[RequestRow]:
    """Returns the requests of these ids that there are, oldest first."""
    lines = list(_of_requests(connection, _REQUESTS, request_ids))
    attempts_by_id = attempts_of(connection, [str(line[0]) for line in lines])
    known = [request_from(line, attempts_by_id[str(line[0])]) for line in lines]
    return sorted(known, key=lambda row: (row.created_at_ms, row.request_id))


def existing(connection: Connection, request_ids: Sequence[str]) -> set[str]:
    """Returns those of the ids that a request has."""
    return {*created_at(connection, request_ids)}


def created_at(connection: Connection, request_ids: Sequence[str]) -> dict[str, int]:
    """Returns when each of these requests was created; those that are no request are left out."""
    select = "SELECT request_id, created_at_ms FROM requests"
    lines = _of_requests(connection, select, request_ids)
    return {str(line[0]): int(str(line[1])) for line in lines}


def _of_requests(
    connection: Connection, select: str, request_ids: Sequence[str], order: str = ""
) -> Iterator[SqlRow]:
    """Yields what `select` reads of these requests, a page of ids at a time, each in `order`."""
    for start in range(0, len(request_ids), PAGE):
        page = tuple(request_ids[start : start + PAGE])
        marks = ",".join("?" * len(page))
        sql = f"{select} WHERE request_id IN ({marks}) {order}"
        yield from map(tuple, connection.exec_driver_sql(sql, page).fetchall())


def rows(
    database: Database,
    *,
    since_ms: int | None = None,
    until_ms: int | None = None,
    tenant: str | None = None,
    limit: int | None = None,
) -> Iterator[RequestRow]:
    """Yields requests created in [since, until), oldest first, in pages. Raises LedgerError."""
    after: tuple[Value, Value] = (-(2**62) if since_ms is None else since_ms, "")
    left = limit
    while left is None or left > 0:
        size = PAGE if left is None else min(PAGE, left)
        where, values = ["(created_at_ms, request_id) > (?, ?)"], list[Value](after)
        if until_ms is not None:
            where.append("created_at_ms < ?")
            values.append(until_ms)
        if tenant is not None:
            where.append("tenant = ?")
            values.append(tenant)
        with database.reading() as connection:
            page = connection.exec_driver_sql(
                f"{_REQUESTS} WHERE {' AND '.join(where)} "
                f"ORDER BY created_at_ms, request_id LIMIT {size}",
                tuple(values),
            ).fetchall()
            attempts_by_id = attempts_of(connection, [row[0] for row in page])
        for row in page:
            yield request_from(tuple(row), attempts_by_id[row[0]])
        if len(page) < size:
            return
        after = (page[-1][1], page[-1][0])
        left = None if left is None else left - len(page)


def open_requests(connection: Connection, writer_id: str, limit: int) -> list[RequestRow]:
    """Returns open requests of one writer, with their attempts."""
    page = connection.exec_driver_sql(
        f"{_REQUESTS} WHERE state = 'open' AND writer_id = ? LIMIT {limit}", (writer_id,)
    ).fetchall()
    attempts_by_id = attempts_of(connection, [row[0] for row in page])
    return [request_from(tuple(row), attempts_by_id[row[0]]) for row in page]


def any_open(connection: Connection, since_ms: int, until_ms: int) -> bool:
    """Returns True while a request created in [since, until) is open."""
    return (
        connection.exec_driver_sql(
            "SELECT 1 FROM requests WHERE state = 'open' AND created_at_ms >= ? "
            "AND created_at_ms < ? LIMIT 1",
            (since_ms, until_ms),
        ).first()
        is not None
    )


def chain_rows(connection: Connection) -> Iterator[tuple[ChainRow, bool]]:
    """Yields all finished rows by writer and sequence, a page at a time.

    The flag is True when the columns `domain` and `request_type` still fit the record.
    """
    derived_at = len(requests.c) - 6
    after: tuple[Value, Value] = ("", -1)
    while True:
        page = connection.exec_driver_sql(
            f"{_REQUESTS} WHERE sequence IS NOT NULL AND (writer_id, sequence) > (?, ?) "
            f"ORDER BY writer_id, sequence LIMIT {PAGE}",
            after,
        ).fetchall()
        attempts_by_id = attempts_of(connection, [row[0] for row in page])
        for row in page:
            chained = chain_row_from(tuple(row), attempts_by_id[row[0]])
            derived = derived_values(chained.row.record)
            yield chained, derived == tuple(row[derived_at : derived_at + 2])
        if len(page) < PAGE:
            return
        after = (page[-1][-4], page[-1][-3])


def chain_head(connection: Connection, writer_id: str) -> Head:
    """Returns the end of a writer's chain: its last row, or the end of a purge, or genesis."""
    row = connection.exec_driver_sql(
        "SELECT sequence, row_hash FROM requests WHERE writer_id = ? AND sequence IS NOT NULL "
        "ORDER BY sequence DESC LIMIT 1",
        (writer_id,),
    ).first()
    if row is None:
        row = connection.exec_driver_sql(
            "SELECT sequence, row_hash FROM checkpoints WHERE writer_id = ?", (writer_id,)
        ).first()
    return (
        Head(writer_id, 0, genesis(writer_id)) if row is None else Head(writer_id, row[0], row[1])
    )


def writers(connection: Connection) -> tuple[str, ...]:
    """Returns the writers that have a row, in order."""
    writer_ids: list[str] = []
    last = ""
    while True:  # one index seek per writer; DISTINCT would read the whole index
        row = connection.exec_driver_sql(
            "SELECT min(writer_id) FROM requests WHERE writer_id > ?", (last,)
        ).first()
        if row is None or row[0] is None:
            return tuple(writer_ids)
        last = str(row[0])
        writer_ids.append(last)


def chain_heads(connection: Connection) -> tuple[Head, ...]:
    """Returns the heads of all chains that have a row or a checkpoint, feedback's too."""
    known = {head.writer_id for head in checkpoints(connection)}.union(writers(connection))
    heads = [chain_head(connection, name) for name in sorted(known - {FEEDBACK_CHAIN})]
    return tuple(head for head in (*heads, feedback_head(connection)) if head.sequence > 0)


def feedback_head(connection: Connection) -> Head:
    """Returns the last word in the chain of feedback, or the end of a purge, or genesis."""
    row = connection.exec_driver_sql(
        "SELECT sequence, row_hash FROM feedback ORDER BY sequence DESC LIMIT 1"
    ).first()
    if row is None:
        return start_of(checkpoints(connection))
    return Head(FEEDBACK_CHAIN, row[0], row[1])


def checkpoints(connection: Connection) -> tuple[Head, ...]:
    """Returns the end of the purges of each writer."""
    return tuple(
        Head(row[0], row[1], row[2])
        for row in connection.exec_driver_sql(
            "SELECT writer_id, sequence, row_hash FROM checkpoints ORDER BY writer_id"
        )
    )
