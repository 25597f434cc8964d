"""Says how much of a spent window is of unknown cost, for the words of a refusal.

Such calls count at their worst case, so an upstream that answers with nonsense can use a budget up
that nobody spent. The sum reads the window's rows. So a thread reads it, each window at most once
in KEPT_S, and a refusal waits for it WAITS_S at most.
"""

from __future__ import annotations

import asyncio
import time

from msgspec import Struct

from router.errors import LedgerError
from router.ledger.budgets.windows import Window, unknown_in
from router.ledger.sql.database import Database
from router.types import exact_usd

KEPT_S = 15.0
SLOW_TIMES = 50
"""Keeps a sum for so many times as long as it took, so that a month of rows is read seldom."""
WAITS_S = 0.5
"""Bounds what a refusal waits for its words. It is chosen by hand: a client hardly notices it."""
MOST_WINDOWS = 1_000


class _Known(Struct, frozen=True):
    words: str
    until_s: float


class UnknownSpending:
    """Keeps what was read of windows; threads read them. Used by one event loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[Window, _Known] = {}
        self._reading: set[Window] = set()

    async def words(self, window: Window) -> str:
        """Returns a sentence, "" where all is known or nothing could be read in time."""
        known = self._known.get(window)
        fresh = known is not None and time.monotonic() < known.until_s
        if not fresh and window not in self._reading:
            self._reading.add(window)
            loop = asyncio.get_running_loop()
            await asyncio.wait({loop.run_in_executor(None, self._read, window)}, timeout=WAITS_S)
            known = self._known.get(window)
        return "" if known is None else known.words

    def _read(self, window: Window) -> None:
        began_s = time.monotonic()
        words = ""
        try:
            with self._database.reading() as connection:
                calls, spent = connection.exec_driver_sql(*unknown_in(window)).one()
            words = _words(int(calls), int(spent or 0))
        except LedgerError:
            pass  # the refusal itself is no less true
        finally:
            self._reading.discard(window)
        now_s = time.monotonic()
        if len(self._known) >= MOST_WINDOWS:
            self._known.pop(next(iter(self._known)), None)  # other threads make room, too
        kept_s = max(KEPT_S, SLOW_TIMES * (now_s - began_s))
        self._known[window] = _Known(words, now_s + kept_s)


def _words(calls: int, nano_usd: int) -> str:
    if not nano_usd:
        return ""
    counted = "1 call" if calls == 1 else f"{calls} calls"
    return (
        f" Of what is spent, ${exact_usd(nano_usd)} is the worst case of {counted} of unknown "
        "cost: the upstream did not say what it used, as where its reply is no answer of an API. "
        "Who runs this gateway sees them with `tiergate ledger reconcile`, and settles them by the "
        "provider's bill."
    )
