"""Stores roll-ups: the finished rows of each UTC day and tenant, added up for reports.

A mark per writer names the last row of its chain that is in the sums. The rows after it are the
tail, which a reader adds up itself, so figures are exact at any moment. Folding reads a page of the
tail, adds it up outside any transaction, and stores sums and mark in one short transaction, only if
the mark has not moved. So a row is counted once, also with several processes and after a crash.

A tenant's day has one cell per name of each kind and at most 96 cells by quarter hour: every time
zone's midnight falls on one. Beyond MAX_NAMES names of a kind the rest shares one cell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

import msgspec
from sqlalchemy import Connection

from router.errors import LedgerCorrupt
from router.ledger.aggregates import (
    Cell,
    CellOf,
    Kind,
    PlacedCell,
    TierName,
    decode,
    encode,
    tier_name,
)
from router.ledger.rollup import QUARTER_MS, contribute, note_settled
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.rows import request_from, select_sql
from router.ledger.sql.schema import requests
from router.money.days import DAY_MS
from router.types import RequestRow

FOLD_AT_ONCE = 200
"""Rows read in one go, about 7 ms of one core. Storing the sums of a page takes some 4 ms, and the
lock that answers wait for, however few rows it has: of 50 rows it was 80 us each, of 200 it is 20.
"""
STORE_AT_ONCE = 250
"""Cells from which a transaction takes no further row: answers wait for its lock, some 10 ms."""

LOOK_UP_AT_ONCE = 100  # cells in one query
MAX_NAMES = 256
"""Most names of one kind in a tenant's day, more than it has; further ones share the name OTHER."""

OTHER = "(other)"
ERASED = "(erased)"
"""Tenant of sums without rows whose own tenant was erased."""

Key = tuple[str, int, str, str]  # kind, start_ms, tenant, name
BOUNDED = (Kind.TIER, Kind.KEY, Kind.POLICY, Kind.TAG, Kind.ENDPOINT)
"""Kinds whose names are in no closed set."""

_REQUESTS = select_sql(requests)
_UPSERT = (
    "INSERT INTO rollups (kind, start_ms, tenant, name, purged, requests, cost_nano_usd, content) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, start_ms, tenant, name, purged) "
    "DO UPDATE SET requests = excluded.requests, cost_nano_usd = excluded.cost_nano_usd, "
    "content = excluded.content"
)
_MOVE_MARK = (
    "INSERT INTO rollup_marks (writer_id, sequence) VALUES (?, ?) ON CONFLICT (writer_id) "
    "DO UPDATE SET sequence = excluded.sequence WHERE rollup_marks.sequence = ?"
)


class Fold:
    """Adds up finished rows by day; `store` writes the result."""

    def __init__(self) -> None:
        self.cells: dict[Key, Cell] = {}

    def add(self, row: RequestRow) -> None:
        """Counts one row in the day (UTC) that it was created in."""
        contribute(row, self._cells_of(row))

    def settle(self, row: RequestRow, billed_ms: int) -> None:
        """Notes on the day of a bill that it made the row's unknown cost known."""
        note_settled(row, self._cells_of(row, billed_ms))

    def _cells_of(self, row: RequestRow, at_ms: int | None = None) -> CellOf:
        """Opens the row's cells, of the day on which it was created or of another moment."""
        at_ms = row.created_at_ms if at_ms is None else at_ms
        day = at_ms - at_ms % DAY_MS
        quarter = at_ms - at_ms % QUARTER_MS

        def cell_of(kind: Kind, name: str) -> Cell:
            # `_value_` is read in C; the property `value` calls a Python function, 13 times a row.
            key = (kind._value_, quarter if kind is Kind.TIME else day, row.tenant, name)
            cell = self.cells.get(key)
            if cell is None:
                cell = self.cells[key] = Cell()
            return cell

        return cell_of


def catch_up(database: Database, *, rows_at_once: int = FOLD_AT_ONCE) -> int:
    """Folds the tails of all chains in pages; returns the number of rows; blocks.

    Raises LedgerError.
    """
    with database.reading() as connection:
        chains = reading.writers(connection)
    folded = 0
    for writer_id in chains:
        while rows := fold_page(database, writer_id, rows_at_once):
            folded += rows
    return folded


def fold_page(
    database: Database,
    writer_id: str,
    limit: int = FOLD_AT_ONCE,
    pause: Callable[[], object] = lambda: None,
) -> int:
    """Folds the next rows of a chain; calls `pause` after each transaction.

    Returns the number of rows. It is below `limit` at the chain's end, and where another process
    was faster.
    """
    with database.reading() as connection:
        mark = marks(connection).get(writer_id, 0)
        page = chain_page(connection, writer_id, mark, limit)
    done = 0
    while done < len(page):
        fold, first = Fold(), done
        while done < len(page) and len(fold.cells) < STORE_AT_ONCE:
            fold.add(page[done][1])
            done += 1
            time.sleep(0)  # gives the interpreter away: a request that waits for it goes first
        now = page[done - 1][0]
        with database.writing() as connection:
            if not _move_mark(connection, writer_id, mark, now):
                return first
            store(connection, fold, purged=0)
        mark = now
        pause()
    return done


def marks(connection: Connection) -> dict[str, int]:
    """Returns the last row of each chain that is in the roll-ups."""
    rows = connection.exec_driver_sql("SELECT writer_id, sequence FROM rollup_marks")
    return {str(writer_id): int(sequence) for writer_id, sequence in rows}


def unfolded(connection: Connection) -> int:
    """Returns the number of finished rows that are not in the roll-ups yet."""
    known = marks(connection)
    heads = (reading.chain_head(connection, writer_id) for writer_id in reading.writers(connection))
    firsts = {head.writer_id: head.sequence for head in reading.checkpoints(connection)}
    return sum(
        max(0, head.sequence - max(known.get(head.writer_id, 0), firsts.get(head.writer_id, 0)))
        for head in heads
    )


def chain_page(
    connection: Connection, writer_id: str, after: int, limit: int, upto: int = 2**62
) -> list[tuple[int, RequestRow]]:
    """Returns the next rows of a chain after `after`, with their sequence."""
    page = connection.exec_driver_sql(
        f"{_REQUESTS} WHERE writer_id = ? AND sequence > ? AND sequence <= ? "
        f"ORDER BY sequence LIMIT {limit}",
        (writer_id, after, upto),
    ).fetchall()
    attempts = reading.attempts_of(connection, [row[0] for row in page])
    return [(int(row[-3]), request_from(tuple(row), attempts[row[0]])) for row in page]


def _move_mark(connection: Connection, writer_id: str, before: int, now: int) -> bool:
    moved = connection.exec_driver_sql(_MOVE_MARK, (writer_id, now, before))
    return moved.rowcount == 1


def store(connection: Connection, fold: Fold, purged: int) -> None:
    """Adds a fold's cells to the stored ones, within the caller's transaction."""
    pending: dict[Key, Cell] = {}
    names: dict[tuple[str, int, str], int] = {}
    known = _stored(connection, list(fold.cells), purged)
    for key, cell in sorted(fold.cells.items()):  # in one order, so that no two can lock each other
        stored = pending.get(key) or known.get(key)
        if stored is None and Kind(key[0]) in BOUNDED:
            key, stored = _bounded(connection, key, purged, names, pending)
        if stored is None:
            pending[key] = cell
        else:
            stored.merge(cell)
            pending[key] = stored
    lines = [
        (*key, purged, cell.requests, cell.spend_nano_usd, encode(cell))
        for key, cell in pending.items()
    ]
    if lines:
        connection.exec_driver_sql(_UPSERT, lines)


def _bounded(
    connection: Connection,
    key: Key,
    purged: int,
    names: dict[tuple[str, int, str], int],
    pending: dict[Key, Cell],
) -> tuple[Key, Cell | None]:
    """Returns the key of a new name, or that of OTHER where its kind is full."""
    group = key[:3]
    if group not in names:
        names[group] = connection.exec_driver_sql(
            "SELECT count(*) FROM rollups WHERE kind = ? AND start_ms = ? AND tenant = ? "
            "AND purged = ?",
            (*group, purged),
        ).scalar_one()
    if names[group] < MAX_NAMES:
        names[group] += 1
        return key, None
    other = (*group, other_name(key[0], key[3]))
    return other, pending.get(other) or _stored(connection, [other], purged).get(other)


def other_name(kind: str, name: str) -> str:
    """Returns the name of the cell for names beyond MAX_NAMES; tiers keep their level there."""
    if kind != Kind.TIER.value:
        return OTHER
    return msgspec.json.encode(TierName(tier_name(name).level, OTHER, OTHER)).decode()


def _stored(connection: Connection, keys: Sequence[Key], purged: int) -> dict[Key, Cell]:
    """Returns those of the cells that are stored."""
    cells: dict[Key, Cell] = {}
    same_key = "(kind = ? AND start_ms = ? AND tenant = ? AND name = ? AND purged = ?)"
    for start in range(0, len(keys), LOOK_UP_AT_ONCE):
        part = keys[start : start + LOOK_UP_AT_ONCE]
        rows = connection.exec_driver_sql(
            "SELECT kind, start_ms, tenant, name, content FROM rollups WHERE "
            + " OR ".join([same_key] * len(part)),
            tuple(value for key in part for value in (*key, purged)),
        )
        for kind, start_ms, tenant, name, content in rows:
            cells[str(kind), int(start_ms), str(tenant), str(name)] = _cell(str(content))
    return cells


def _cell(content: str) -> Cell:
    try:
        return decode(content)
    except msgspec.DecodeError as error:
        raise LedgerCorrupt(f"a roll-up cannot be read: {error}; see `ledger verify`") from error


def names(connection: Connection, kind: Kind) -> frozenset[str]:
    """Returns all names of a kind."""
    rows = connection.exec_driver_sql(
        "SELECT DISTINCT name FROM rollups WHERE kind = ?", (kind.value,)
    )
    return frozenset(str(name) for name in rows.scalars())


def cells(
    connection: Connection,
    since_ms: int,
    until_ms: int,
    tenant: str | None,
    kinds: Sequence[Kind],
    purged: int = 0,
) -> Iterator[PlacedCell]:
    """Yields the cells of these kinds that start in [since, until)."""
    for kind in kinds:
        where = "kind = ? AND start_ms >= ? AND start_ms < ? AND purged = ?"
        values: list[object] = [kind.value, since_ms, until_ms, purged]
        if tenant is not None:
            where += " AND tenant = ?"
            values.append(tenant)
        for start_ms, owner, name, content in connection.exec_driver_sql(
            f"SELECT start_ms, tenant, name, content FROM rollups WHERE {where}", tuple(values)
        ):
            yield PlacedCell(kind, int(start_ms), str(owner), str(name), _cell(str(content)))
