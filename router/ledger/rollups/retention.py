"""Updates roll-ups when rows are purged or a tenant is erased, and verifies them.

Purged rows stay in the sums; their part is kept a second time (`purged` = 1), so that the rows
which are left and the purged part must still add up to the whole. Days of an erased tenant without
any row are anonymised: the sums stay, its name and the names of its keys go.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from sqlalchemy import Connection

from router.ledger.aggregates import Cell, Kind, PlacedCell, tier_name
from router.ledger.hash_chain import ChainRow, Finding, FindingKind
from router.ledger.rollups import stored
from router.ledger.rollups.settled import settled
from router.ledger.rollups.stored import ERASED, OTHER, Fold, Key
from router.money.days import DAY_MS

EVER = (-(2**62), 2**62)
KINDS = tuple(Kind)
NAMED_FIGURES = 3  # of a cell that differs; the rest are counted


def keep_purged(connection: Connection, writer_id: str, first: int, last: int) -> None:
    """Stores the sums of these rows of a chain, before they are dropped.

    What bills settled is noted in the sums of the day on which they did: nobody could tell later.
    """
    page = stored.chain_page(connection, writer_id, first - 1, last - first + 1, last)
    fold, change = Fold(), Fold()
    for _, row in page:
        fold.add(row)
    for row, billed_ms in settled(connection, (row for _, row in page)):
        fold.settle(row, billed_ms)
        change.settle(row, billed_ms)
    stored.store(connection, fold, purged=1)
    stored.store(connection, change, purged=0)


def anonymise(connection: Connection, tenant: str) -> int:
    """Gives the tenant's days without rows to ERASED; returns the number of days."""
    whole = _requests_by_day(connection, tenant, purged=0)
    gone = _requests_by_day(connection, tenant, purged=1)
    days = [day for day, requests in whole.items() if gone.get(day) == requests]
    for day in days:
        for purged in (0, 1):
            _give_away(connection, tenant, day, purged)
    return len(days)


def _requests_by_day(connection: Connection, tenant: str, purged: int) -> dict[int, int]:
    rows = connection.exec_driver_sql(
        "SELECT start_ms, requests FROM rollups WHERE kind = 'whole' AND tenant = ? AND purged = ?",
        (tenant, purged),
    )
    return {int(day): int(requests) for day, requests in rows}


def _give_away(connection: Connection, tenant: str, day: int, purged: int) -> None:
    fold = Fold()
    until = day + DAY_MS
    for placed in stored.cells(connection, day, until, tenant, KINDS, purged):
        name = ERASED if placed.kind in (Kind.KEY, Kind.TAG) else placed.name
        if placed.cell.whole is not None:
            placed.cell.whole.named_unknown = []
            placed.cell.whole.named_settled = []
        key = (placed.kind.value, placed.start_ms, ERASED, name)
        fold.cells.setdefault(key, Cell()).merge(placed.cell)
    stored.store(connection, fold, purged)
    connection.exec_driver_sql(
        "DELETE FROM rollups WHERE tenant = ? AND start_ms >= ? AND start_ms < ? AND purged = ?",
        (tenant, day, until, purged),
    )


class Check:
    """Checks that the roll-ups are the sum of the rows and the purged part."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._marks = stored.marks(connection)
        self._fold = Fold()

    def watch(self, rows: Iterator[tuple[ChainRow, bool]]) -> Iterator[tuple[ChainRow, bool]]:
        """Passes rows on, and adds up those that are in the roll-ups."""
        for chained, fits in rows:
            if chained.sequence <= self._marks.get(chained.writer_id, 0):
                self._fold.add(chained.row)
            yield chained, fits

    def findings(self) -> Iterator[Finding]:
        """Yields one finding for each cell that differs, after all rows have passed."""
        expected = self._fold.cells
        for placed in stored.cells(self._connection, *EVER, None, KINDS, purged=1):
            expected.setdefault(_key(placed), Cell()).merge(placed.cell)
        in_store = {
            _key(cell): cell.cell for cell in stored.cells(self._connection, *EVER, None, KINDS)
        }
        shared = {key[:3] for key in (*in_store, *expected) if _is_other(key)}
        for key in sorted({*expected, *in_store}):
            if key[:3] in shared:
                continue  # which names came first is not known any more; compared below
            yield from _compared(key, expected.get(key, Cell()), in_store.get(key, Cell()))
        for group in sorted(shared):
            both = (_sum(expected, group), _sum(in_store, group))
            yield from _compared((*group, "all names"), *both)


def _key(stored: PlacedCell) -> Key:
    return stored.kind.value, stored.start_ms, stored.tenant, stored.name


def _is_other(key: Key) -> bool:
    return key[3] == OTHER or (key[0] == Kind.TIER.value and tier_name(key[3]).tier == OTHER)


def _sum(cells: dict[Key, Cell], group: tuple[str, int, str]) -> Cell:
    total = Cell()
    for key, cell in cells.items():
        if key[:3] == group:
            total.merge(cell)
    return total


def _compared(key: Key, expected: Cell, stored_cell: Cell) -> Iterator[Finding]:
    if expected != stored_cell:
        kind, start_ms, tenant, name = key
        yield Finding(
            FindingKind.ROLLUP_DOES_NOT_SUM,
            f"{kind} {name!r} of tenant {tenant!r} from {start_ms}: "
            f"{_differences(expected, stored_cell)}",
        )


def _differences(expected: Cell, stored_cell: Cell) -> str:
    """Names the first figures that differ, and how many more do.

    Spend edited from 5 to 4 is "spend_nano_usd: the rows add up to 5, the roll-up says 4".
    """
    differing = list(_differing("", *map(msgspec.to_builtins, (expected, stored_cell))))
    sentences = [
        f"{name}: the rows add up to {ours}, the roll-up says {theirs}"
        for name, ours, theirs in differing[:NAMED_FIGURES]
    ]
    if more := len(differing) - len(sentences):
        sentences.append("1 more figure differs" if more == 1 else f"{more} more figures differ")
    return "; ".join(sentences)


def _differing(
    name: str, expected: object, stored_figure: object
) -> Iterator[tuple[str, object, object]]:
    """Yields the figures that differ, by their place in the cell; a missing one is its default."""
    groups = [figure for figure in (expected, stored_figure) if isinstance(figure, dict)]
    if groups and all(
        isinstance(figure, dict) or figure is None for figure in (expected, stored_figure)
    ):
        for key in dict.fromkeys(key for group in groups for key in group):
            pair = [
                figure.get(key) if isinstance(figure, dict) else None
                for figure in (expected, stored_figure)
            ]
            yield from _differing(f"{name}.{key}" if name else str(key), *pair)
    elif expected != stored_figure:
        yield name, expected or 0, stored_figure or 0
