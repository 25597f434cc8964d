"""Tells of an anchors file that cannot be added to, and of one that can be again.

The server goes on: rows and the anchors in the database are written all the same. It knows nothing
about what an anchor holds.
"""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from router.api.compose.mounted.clock_watch import LOOKS_EVERY_S
from router.api.compose.mounted.recurring import Recurring
from router.api.observability.call_metrics import CallMetrics
from router.api.observability.log import Log
from router.errors import LedgerError
from router.ledger.books.anchors import check_outside
from router.ledger.books.store import SqlLedger
from router.ledger.sql.address import Address
from router.ledger.sql.database import Database

NEXT = "requests are served and booked; their anchors stand in the database alone"


class AnchorsWatch:
    """Logs each change, and shows it in the metrics; see `Recurring`."""

    def __init__(self, ledger: SqlLedger, metrics: CallMetrics) -> None:
        self._ledger, self._metrics, self._told = ledger, metrics, ""
        self._log = Log("tiergate.app")
        metrics.watch_store("anchors")

    async def look(self) -> None:
        """Looks once, and logs what changed since the look before."""
        fault = self._ledger.anchors_fault
        if fault == self._told:
            return
        if fault:
            self._log.error("anchors_not_written", reason=fault, next=NEXT)
        else:
            self._log.info("anchors_written_again")
        self._metrics.watch_store("anchors", up=not fault)
        self._told = fault


def watching(
    ledger: SqlLedger, metrics: CallMetrics, *others: Callable[[], Awaitable[None]]
) -> Recurring:
    """Returns a watch over a ledger's anchors, which looks at once; other looks go with it."""
    looks = (AnchorsWatch(ledger, metrics).look, *others)

    async def look() -> None:
        for one in looks:
            await one()

    return Recurring(look, LOOKS_EVERY_S)


def anchors_fault(ledger: str | Path, anchors: Path | None) -> str:
    """Returns why the anchors file cannot be added to, for a process that keeps no ledger open."""
    try:
        database = Database.open(ledger, create=False)
    except LedgerError:
        return ""  # which others tell
    try:
        check_outside(database, anchors or database.address.anchors)
    except LedgerError as error:
        return error.message
    finally:
        database.close()
    return ""


def anchors_found(ledger: str | Path, anchors: Path | None) -> tuple[Path, str]:
    """Returns the anchors file of a ledger and its fault, "" where it has none; makes no file.

    Raises LedgerError for an address that cannot be read.
    """
    address = Address.parse(ledger)
    file = anchors or address.anchors
    folders = (place for place in file.absolute().parents if place.exists())
    try:
        if file.exists() and address.may_exist:
            return file, anchors_fault(ledger, file)
        if not file.exists():
            with tempfile.TemporaryFile(dir=next(folders)):
                return file, ""
        # A new ledger adds to an empty file only.
        return file, "" if file.stat().st_size == 0 else f"{str(file)!r} is another ledger's file"
    except OSError as error:
        return file, f"cannot write the anchors file {str(file)!r}: {error.strerror}"
