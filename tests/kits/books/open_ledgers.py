"""Opens ledgers and databases for a test, and closes them in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from router.ledger.books.store import SqlLedger
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables.reviews import SqlReviewQueue
from router.types import NOBODY, Clock, Events, RequestRow, ReviewItem
from tests.kits.books.ledger_rows import StandingClock


class Ledgers:
    """Keeps what a test opened. A test may close a ledger earlier: a second call does nothing."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(
        self,
        address: str | Path,
        *,
        clock: Clock | None = None,
        budget_of: Callable[..., Sequence[object] | None] = lambda _tenant: None,
        events: Events = NOBODY,
        **options: int,
    ) -> SqlLedger:
        """Returns a ledger at a path or a server's address; without a budget if none is given."""
        clock = clock or StandingClock()
        ledger = SqlLedger.open(address, clock=clock, budget_of=budget_of, events=events, **options)
        self._stack.callback(ledger.close_now)
        return ledger

    def database(self, address: str | Path, **options: object) -> Database:
        """Returns the bare database of a ledger."""
        database = Database.open(address, **options)  # type: ignore[arg-type]
        self._stack.callback(database.close)
        return database


def requests_in(ledger: SqlLedger, **chosen: Any) -> Iterator[RequestRow]:
    """Yields the requests of a ledger with their attempts, oldest first; see `reading.rows`."""
    return reading.rows(ledger.database, **chosen)


def write_ledger(
    path: Path, rows: Iterable[RequestRow], waiting: Iterable[ReviewItem] = ()
) -> Path:
    """Writes finished rows, and what waits for a person, to a ledger; returns its path."""

    async def write() -> None:
        clock = StandingClock()
        ledger = SqlLedger.open(path, clock=clock, budget_of=lambda _tenant: None)
        for row in rows:
            await ledger.finish(row)
        for item in waiting:
            await SqlReviewQueue(ledger.database, clock=clock).add(item)
        await ledger.close()

    asyncio.run(write())
    return path
