"""The one thread that writes the ledger: group commit of whatever is queued.

    callers --> queue (bounded) --> [ take all | BEGIN IMMEDIATE | Batch | COMMIT ] --> wake callers

A batch is what came in while the one before was being committed, so there is no timer: one caller
waits for one commit, a thousand callers share a few. BEGIN IMMEDIATE serialises the workers that
share a file, which makes a budget check hold across processes. When the database cannot be written
(disk full, locked) the waiters of the batch get a LedgerError and the thread goes on; settlements
and final rows are owed, and tried again before whatever comes next, so that no hold stays open for
a passing fault. It knows nothing about what the operations do.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor

from router.audit import Head
from router.errors import LedgerError, LedgerFull, TiergateError
from router.ledger.batch import Batch, Hold, Operation
from router.ledger.database import FOREIGN_ERRORS, UNAVAILABLE, Database, ledger_error

MAX_BATCH = 256  # beyond this a commit gets longer and no cheaper per row
RETRY_S = 1.0  # how long owed operations wait for the next try when nothing else comes
IDLE_S = 60.0  # how often `idle` is called when nothing comes


@dataclass(slots=True)
class _Job:
    operation: Operation
    future: asyncio.Future[None] | None  # None: owed, nobody waits any more


Outcome = tuple[asyncio.Future[None], TiergateError | None]


class Writer:
    """Owns the writing connection and its chain's head. Thread-safe: `submit` from any loop."""

    def __init__(
        self,
        database: Database,
        head: Head,
        *,
        queue_size: int,
        committed: Callable[[Head], None],
        idle: Callable[[], None],
    ) -> None:
        """`committed` (after the waiters were woken) and `idle` are called on the thread."""
        self._database = database
        self._head = head
        self._queue_size = queue_size
        self._committed = committed
        self._idle = idle
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._owed: list[_Job] = []
        self._closed = False
        self._fault: str = ""
        self._thread = threading.Thread(target=self._run, name="tiergate-ledger", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def fault(self) -> str:
        """Why nothing can be written now; "" when all is well."""
        if self._fault or self._thread.is_alive():
            return self._fault
        return "the ledger's writer has stopped"

    @property
    def waiting(self) -> int:
        """How many operations are queued."""
        return self._queue.qsize()

    def submit(self, operation: Operation) -> asyncio.Future[None]:
        """Queue an operation; the future is done once it is committed or refused.

        A caller that is cancelled meanwhile leaves the operation queued: it is still committed.
        Raises: LedgerFull, LedgerError (closed).
        """
        if self._closed:
            raise LedgerError("the ledger is closed", code=UNAVAILABLE)
        if self._queue.qsize() >= self._queue_size:
            raise LedgerFull(f"{self._queue_size} ledger operations are waiting; try again shortly")
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put(_Job(operation, future))
        return future

    def close(self) -> None:
        """Commit what is queued and end the thread. Blocks."""
        if not self._closed:
            self._closed = True
            self._queue.put(None)
            self._thread.join()

    def _run(self) -> None:
        try:
            pooled = self._database.engine.raw_connection()
            connection = pooled.driver_connection
            assert connection is not None
            try:
                self._serve(connection)
            finally:
                pooled.close()
        except Exception as error:  # the top of a background task: fail the waiters, say so
            self._closed = True
            self._fault = f"the ledger's writer has stopped: {error}"
            self._fail_queued(LedgerError(self._fault, code=UNAVAILABLE))
            raise

    def _serve(self, connection: DBAPIConnection) -> None:
        cursor = connection.cursor()
        open_for_business = True
        while open_for_business:
            jobs, open_for_business = self._take()
            before = self._head
            if jobs:
                _wake(self._commit(cursor, jobs))
            if self._head != before:
                self._committed(self._head)
            elif not jobs:
                self._idle()
        self._fail_queued(LedgerError("the ledger is closed", code=UNAVAILABLE))

    def _take(self) -> tuple[list[_Job], bool]:
        """Owed jobs and whatever is queued; waits for a first one. False: close after these."""
        jobs, self._owed = self._owed, []
        try:
            job = self._queue.get(timeout=RETRY_S if jobs else IDLE_S)
            while job is not None:
                jobs.append(job)
                if len(jobs) >= MAX_BATCH:
                    break
                job = self._queue.get_nowait()
            else:
                return jobs, False
        except Empty:
            pass
        return jobs, True

    def _commit(self, cursor: DBAPICursor, jobs: list[_Job]) -> list[Outcome]:
        """One transaction for all; when one row spoils it, one transaction for each."""
        try:
            refusals = self._transact(cursor, jobs)
        except FOREIGN_ERRORS as error:
            refused = ledger_error(error)
            if refused.code == UNAVAILABLE:
                self._fault = refused.message
                self._owe(jobs)
                refusals = [refused] * len(jobs)
            elif len(jobs) > 1:
                return [outcome for job in jobs for outcome in self._commit(cursor, [job])]
            else:
                refusals = [refused]
        return [
            (job.future, refusal)
            for job, refusal in zip(jobs, refusals, strict=True)
            if job.future is not None
        ]

    def _transact(self, cursor: DBAPICursor, jobs: list[_Job]) -> list[TiergateError | None]:
        batch = Batch(cursor, self._head)
        cursor.execute("BEGIN IMMEDIATE")
        try:
            refusals = batch.run([job.operation for job in jobs])
            cursor.execute("COMMIT")
        except BaseException:
            _roll_back(cursor)
            raise
        self._fault = ""
        self._head = batch.head
        return refusals

    def _owe(self, jobs: list[_Job]) -> None:
        """Keep settlements and final rows for the next try; a refused hold was never an intent."""
        room = self._queue_size - len(self._owed)
        kept = [_Job(job.operation, None) for job in jobs if not isinstance(job.operation, Hold)]
        self._owed += kept[:room]

    def _fail_queued(self, error: LedgerError) -> None:
        outcomes: list[Outcome] = []
        while not self._queue.empty():
            job = self._queue.get_nowait()
            if job is not None and job.future is not None:
                outcomes.append((job.future, error))
        _wake(outcomes)


def _roll_back(cursor: DBAPICursor) -> None:
    try:
        cursor.execute("ROLLBACK")
    except FOREIGN_ERRORS:
        return  # the driver has rolled back by itself (disk full, I/O error)


def _wake(outcomes: list[Outcome]) -> None:
    """Resolve the futures, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome[0].get_loop(), []).append(outcome)
    for loop, its in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, its)
        except RuntimeError:
            continue  # the loop was closed; nobody waits there any more


def _resolve(outcomes: list[Outcome]) -> None:
    for future, error in outcomes:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
