"""Keeps the ledger tidy, when a process starts and once a day.

It deletes what expired or was erased, books reviews that a crash left, and empties the database's
write-ahead log. It knows nothing about what each store holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from router.api.observability.log import Log
from router.errors import LedgerError
from router.ledger.sql.database import Database
from router.request.review_verdicts import Reviewer

DAY_S = 86_400.0


class Housekeeping:
    """Tidies what the stores of a ledger hold; see `Recurring`."""

    def __init__(
        self, purges: Sequence[Callable[[], object]], reviewer: Reviewer, database: Database
    ) -> None:
        """Takes `purges`, each of which deletes what expired in one store.

        They block and may raise LedgerError.
        """
        self._purges, self._reviewer, self._database = purges, reviewer, database
        self._log = Log("tiergate.app")

    async def tidy(self) -> None:
        """Runs every purge once; logs those that failed."""
        try:
            for purge in self._purges:
                await asyncio.to_thread(purge)
            if (left := await self._reviewer.book_left()).gone:
                self._log.warning("reviews_not_booked", request="gone", reviews=left.gone)
            # Last: everything deleted above is in the log, and a fault here leaves nothing undone.
            if not await asyncio.to_thread(self._database.emptied_log, hasty=True):
                self._log.warning("deleted_still_in_log")
        # A ledger that is busy now is tried again tomorrow; serving goes on.
        except LedgerError as error:
            self._log.warning("housekeeping_failed", reason=error.message)
