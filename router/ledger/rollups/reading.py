"""Reads a period of the ledger for a report: cells of its whole UTC days, and the other rows.

Marks, heads, cells and open requests come from one snapshot; the rows are read a page at a time
after it. Each finished row counts once: in a cell, or in the tail (behind the mark, up to the head
of the snapshot), or as a row of a day that the period cuts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from router.ledger.aggregates import Kind, PlacedCell
from router.ledger.rollups import stored
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.money.days import DAY_MS
from router.types import RequestRow

BEGIN, END = -(2**62), 2**62


class Portion(Struct, frozen=True):
    """Holds all from which a report of a period is made."""

    cells: tuple[PlacedCell, ...]
    rows: Iterator[RequestRow]  # to be read once
    lost: int  # purged requests of days that the period cuts: they are in no figure


def portion(
    database: Database,
    since_ms: int | None,
    until_ms: int | None,
    tenant: str | None,
    kinds: Sequence[Kind],
) -> Portion:
    """Returns the cells and rows of requests created in [since, until). Raises LedgerError."""
    begin = BEGIN if since_ms is None else since_ms
    end = END if until_ms is None else until_ms
    first = begin if since_ms is None else -(-begin // DAY_MS) * DAY_MS
    last = end if until_ms is None else end // DAY_MS * DAY_MS
    if first >= last:
        first = last = end
    with database.snapshot() as connection:
        cells = tuple(stored.cells(connection, first, last, tenant, kinds))
        tails = _tails(connection)
        opened = _open(connection, first, last, tenant)
        cut = {moment // DAY_MS * DAY_MS for moment in (begin, end) if moment % DAY_MS}
        if since_ms is None:
            cut.discard(begin // DAY_MS * DAY_MS)
        lost = sum(_purged(connection, day, tenant) for day in cut if abs(day) < END // 2)
    rows = _rows(database, (begin, first, last, end), tenant, tails, opened)
    return Portion(cells, rows, lost)


def purged(
    database: Database, since_ms: int | None, until_ms: int | None, tenant: str | None
) -> int:
    """Counts purged requests of days that overlap [since, until). Raises LedgerError."""
    begin = BEGIN if since_ms is None else since_ms // DAY_MS * DAY_MS
    end = END if until_ms is None else until_ms
    with database.snapshot() as connection:
        placed_cells = stored.cells(connection, begin, end, tenant, (Kind.WHOLE,), purged=1)
        return sum(placed.cell.requests for placed in placed_cells)


def _rows(
    database: Database,
    bounds: tuple[int, int, int, int],
    tenant: str | None,
    tails: dict[str, tuple[int, int]],
    opened: list[RequestRow],
) -> Iterator[RequestRow]:
    begin, first, last, end = bounds
    for since, until in ((begin, first), (last, end)):
        if since < until:
            yield from reading.rows(database, since_ms=since, until_ms=until, tenant=tenant)
    yield from opened
    for writer_id, (mark, head) in tails.items():
        while mark < head:
            with database.reading() as connection:
                page = stored.chain_page(connection, writer_id, mark, reading.PAGE, head)
            for _, row in page:
                if first <= row.created_at_ms < last and tenant in (None, row.tenant):
                    yield row
            mark = page[-1][0] if page else head


def _tails(connection: Connection) -> dict[str, tuple[int, int]]:
    """Returns the mark and the head of each chain."""
    known = stored.marks(connection)
    heads = (reading.chain_head(connection, writer_id) for writer_id in reading.writers(connection))
    return {head.writer_id: (known.get(head.writer_id, 0), head.sequence) for head in heads}


def _open(connection: Connection, since: int, until: int, tenant: str | None) -> list[RequestRow]:
    rows = (
        row
        for writer_id in reading.writers(connection)
        for row in reading.open_requests(connection, writer_id, END)
    )
    return [
        row for row in rows if since <= row.created_at_ms < until and tenant in (None, row.tenant)
    ]


def _purged(connection: Connection, day: int, tenant: str | None) -> int:
    placed_cells = stored.cells(connection, day, day + DAY_MS, tenant, (Kind.WHOLE,), purged=1)
    return sum(placed.cell.requests for placed in placed_cells)
