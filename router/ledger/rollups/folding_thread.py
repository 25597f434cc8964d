"""Runs the thread that folds finished rows into the roll-ups while a ledger is open.

Adding a row up takes a third to a half of the time of writing it, so it is not done in the writer's
transaction: the thread waits for quiet moments, or until MAX_TAIL rows wait, and leaves off when
requests come again. It reads only committed rows, so a crash loses nothing: the process that opens
the ledger next goes on at the mark.
"""

from __future__ import annotations

import threading
from time import monotonic

from router.errors import LedgerError
from router.ledger.rollups import stored
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.threads.giving_way import giving_way

EVERY_S = 5.0  # how often it looks; a report adds rows itself that came since
QUIET_ROWS_PER_S = 100  # folding as many takes a twentieth of a core at most
LOOK_S = 0.25  # how often it looks, while it folds, if it is still quiet
PAUSE_S = 0.02  # between two transactions: others get the write lock, and the interpreter
MAX_TAIL = 50_000  # rows of one writer; a report adds that many up in about four seconds


class Folder:
    """Folds in the background; `fault` says why it could not."""

    def __init__(self, database: Database, sequence: int) -> None:
        """Stores the parts; `sequence` is the present end of the writer's chain."""
        self._database = database
        self._head = sequence
        self._stop = threading.Event()
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="tiergate-roll-ups", daemon=True)

    def start(self) -> None:
        """Starts the thread; it looks for the first time after EVERY_S."""
        self._thread.start()

    def committed(self, sequence: int) -> None:
        """Notes the new end of the writer's chain. The writer's thread calls it."""
        self._head = sequence

    def close(self) -> None:
        """Ends the thread after its present page. Blocks."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        folded = before = self._head
        rest = True  # rows of before, or after a fault
        while not self._stop.wait(EVERY_S):
            head, came = self._head, self._head - before
            before = head
            if not rest and head == folded:
                continue
            urgent = head - folded >= MAX_TAIL
            if _busy(came, EVERY_S) and not urgent:
                continue
            try:
                with giving_way():
                    rest = not self._fold(urgent)
            except LedgerError as error:
                self.fault = error.message  # nothing is lost: the rows stay in the tail
                rest = True
            else:
                self.fault, folded = "", folded if rest else head

    def _fold(self, urgent: bool) -> bool:
        """Folds each chain up to its last page, which a busy writer never leaves full for long.

        Returns False where it left rows because requests came; where it is urgent it leaves none.
        """
        with self._database.reading() as connection:
            chains = reading.writers(connection)
        seen, since = self._head, monotonic()
        for writer_id in chains:
            full = True
            while full and not self._stop.is_set():
                rows = stored.fold_page(self._database, writer_id, pause=self._pause)
                full = rows == stored.FOLD_AT_ONCE
                passed = monotonic() - since
                if passed < LOOK_S:
                    continue
                if _busy(self._head - seen, passed) and not urgent:
                    return False
                seen, since = self._head, monotonic()
        return True

    def _pause(self) -> None:
        self._stop.wait(PAUSE_S)


def _busy(rows: int, seconds: float) -> bool:
    return rows > QUIET_ROWS_PER_S * seconds
