"""Keeps, for an hour, how many requests were refused before anything of them was written.

Whom a rate refuses could ask thousands of times a second, so no row is written for one request: a
worker adds up in memory who was refused and by what, and writes the sums under one name, seldom.
They stand beside the chain, in `meta`; nobody proves anything by them.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping

import msgspec

from router.errors import LedgerError
from router.ledger.sql.database import Database
from router.money.days import MINUTE_MS
from router.types import CallRefused, Clock, Ids

Refused = tuple[str, str, str]
"""Names a tenant, a key and the limit that refused."""
OTHERS = "(others)"
KEPT_MINUTES = 60
MOST_NAMES = 50
"""Tenants, keys and limits that one look writes by name; the refusals of others share one line."""

_NAME, _DIGITS = "refused_at_once:", 12
_OURS = f"substr(name, 1, {len(_NAME)}) = '{_NAME}'"
_MINUTE = f"substr(name, {len(_NAME) + 1}, {_DIGITS})"
_ROWS = list[tuple[Refused, int]]


class RefusedAtOnceCounts:
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
        before, worker = minute - KEPT_MINUTES, self._ids.new()
        try:
            await asyncio.to_thread(keep, self._database, minute, worker, counts, before)
            self._tidy_at = minute + KEPT_MINUTES + 1
        except LedgerError:  # others tell of it; the next look tries again
            for who, count in counts.items():
                self._add(who, count)


def keep(
    database: Database, minute: int, worker: str, counts: Mapping[Refused, int], before: int
) -> None:
    """Writes what one worker counted up to a minute, and deletes what is older than `before`.

    Blocks. Raises LedgerError.
    """
    with database.writing() as connection:
        connection.exec_driver_sql(
            f"DELETE FROM meta WHERE {_OURS} AND {_MINUTE} < ?", (_digits(before),)
        )
        if counts:
            connection.exec_driver_sql(
                "INSERT INTO meta (name, content) VALUES (?, ?)",
                (
                    f"{_NAME}{_digits(minute)}:{worker}",
                    msgspec.json.encode([*counts.items()]).decode(),
                ),
            )


def kept(database: Database, since: int) -> Counter[Refused]:
    """Returns what all workers counted from a minute on; blocks. Raises LedgerError."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT content FROM meta WHERE {_OURS} AND {_MINUTE} >= ?", (_digits(since),)
        ).fetchall()
    total = Counter[Refused]()
    for (content,) in rows:
        total.update(dict(msgspec.json.decode(content, type=_ROWS)))
    return total


def _digits(minute: int) -> str:
    """Returns a minute as a name has it, so that texts are in the order of time."""
    return f"{minute:0{_DIGITS}d}"
