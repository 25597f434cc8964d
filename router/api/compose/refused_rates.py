"""Counts for the dashboard what is refused before a row is written, by a rate or a client's cap.

Counts wait in memory until the next look writes them, so that a refused request costs no write.
"""

from __future__ import annotations

import asyncio
from collections import Counter

from router.analysis.last_hour import MINUTES
from router.api.observability.call_metrics import OTHERS
from router.errors import LedgerError
from router.ledger.books import refused_rates
from router.ledger.books.refused_rates import Refused
from router.ledger.sql.database import Database
from router.money.days import MINUTE_MS
from router.types import CallRefused, Clock, Ids

MOST_NAMES = 50
"""Tenants, keys and limits that one look writes by name; the refusals of others share one line."""


class RefusedRates:
    """Counts events, and keeps the sums in the ledger; see `Recurring`. Only the loop calls it."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database, self._clock, self._ids = database, clock, ids
        self._waiting = Counter[Refused]()
        self._tidy_at = 0  # the minute in which old sums are looked for, though nothing was refused

    def refused(self, event: CallRefused) -> None:
        """Counts a request without a row; one with a row is in the ledger already."""
        if not event.request_id:
            self._add((event.tenant, event.key_id, event.limit or event.code), 1)

    def _add(self, who: Refused, count: int) -> None:
        named = who in self._waiting or len(self._waiting) < MOST_NAMES
        self._waiting[who if named else (OTHERS, "", who[2])] += count

    async def look(self) -> None:
        """Writes what was counted since the look before, and deletes what is an hour old."""
        minute = self._clock.now_ms() // MINUTE_MS
        if not self._waiting and minute < self._tidy_at:
            return
        counts, self._waiting = self._waiting, Counter()
        before, worker = minute - MINUTES, self._ids.new()
        try:
            await asyncio.to_thread(
                refused_rates.keep, self._database, minute, worker, counts, before
            )
            self._tidy_at = minute + MINUTES + 1
        except LedgerError:  # others tell of it; the next look tries again
            for who, count in counts.items():
                self._add(who, count)
