"""The thread that folds finished rows into the roll-ups while a ledger is open.

It waits for quiet moments: while operations are queued it lets the writer be, until MAX_TAIL rows
wait to be folded. It reads what is committed and nothing else, so a crash loses nothing: whoever
opens the ledger next goes on at the mark.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from router.errors import LedgerError
from router.ledger import reading, rollups
from router.ledger.database import Database

EVERY_S = 5.0  # how long rows wait at least; a report adds them itself
PAUSE_S = 0.05  # between two pages: others get the write lock, and the interpreter
MAX_TAIL = 10_000  # rows; a report reads that many in about a second


class Folder:
    """Folds in the background; `fault` says why it could not."""

    def __init__(self, database: Database, busy: Callable[[], bool], sequence: int) -> None:
        """`busy` says whether the writer has work; `sequence` is where its chain ends now."""
        self._database = database
        self._busy = busy
        self._head = self._seen = sequence
        self._stop = threading.Event()
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="tiergate-roll-ups", daemon=True)

    def start(self) -> None:
        """Begin; the first look is after EVERY_S."""
        self._thread.start()

    def committed(self, sequence: int) -> None:
        """The writer's chain now ends there. Called on the writer's thread."""
        self._head = sequence

    def close(self) -> None:
        """End the thread after the page it is at. Blocks."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        first = True  # rows of before, and of writers that are gone
        while not self._stop.wait(EVERY_S):
            if not first and self._head == self._seen:
                continue
            if self._busy() and self._head - self._seen < MAX_TAIL:
                continue
            self._seen, first = self._head, False
            try:
                self._fold()
            except LedgerError as error:
                self.fault = error.message  # nothing is lost: the rows stay in the tail
                first = True
            else:
                self.fault = ""

    def _fold(self) -> None:
        with self._database.reading() as connection:
            chains = reading.writers(connection)
        for writer_id in chains:
            while not self._stop.is_set() and rollups.fold_some(self._database, writer_id):
                self._stop.wait(PAUSE_S)
