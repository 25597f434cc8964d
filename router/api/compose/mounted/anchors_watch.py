"""Tells of an anchors file that cannot be added to, and of one that can be again.

The server goes on: rows and the anchors in the database are written all the same. It knows nothing
about what an anchor holds.
"""

from __future__ import annotations

import structlog

from router.api.compose.core import Settings
from router.api.compose.mounted.recurring import Recurring
from router.errors import LedgerError
from router.ledger.books.anchors import check_outside
from router.ledger.books.store import SqlLedger
from router.ledger.sql.database import Database

LOOKS_EVERY_S = 5.0  # it compares two texts; an anchor is written at most every minute
NEXT = "requests are served and booked; their anchors stand in the database alone"


class AnchorsWatch:
    """Logs each change; see `Recurring`."""

    def __init__(self, ledger: SqlLedger) -> None:
        self._ledger, self._told = ledger, ""
        self._log = structlog.get_logger("tiergate.app")

    async def look(self) -> None:
        """Looks once, and logs what changed since the look before."""
        fault = self._ledger.anchors_fault
        if fault == self._told:
            return
        if fault:
            self._log.error("anchors_not_written", reason=fault, next=NEXT)
        else:
            self._log.info("anchors_written_again")
        self._told = fault


def watching(ledger: SqlLedger) -> Recurring:
    """Returns a watch over a ledger's anchors, which looks at once when it is started."""
    return Recurring(AnchorsWatch(ledger).look, LOOKS_EVERY_S)


def anchors_fault(settings: Settings) -> str:
    """Returns why the anchors file cannot be added to, for a process that keeps no ledger open."""
    try:
        database = Database.open(settings.database, create=False)
    except LedgerError:
        return ""  # which the workers tell
    try:
        check_outside(database, settings.anchors or database.address.anchors)
    except LedgerError as error:
        return error.message
    finally:
        database.close()
    return ""
