"""Runs the one thread that writes the ledger: it commits whatever is queued as a group.

    callers --> queue --> [ take all | BEGIN | Batch | COMMIT ] --> wake callers

A batch is all that came in while the batch before was being committed, so there is no timer: one
caller waits for one commit, a thousand callers share a few. The thread is woken once per pass of
the caller's event loop, not once per operation: woken at once it would take the core from the loop
and commit a batch of one. The transaction's lock serialises the workers that share a database. So
a budget check is valid across processes, and on PostgreSQL across machines.

A full queue refuses holds, so no more money is spent than can be written down. Settlements and
final rows were bounded by their holds, and are never refused. When the database cannot be written
(disk full, locked, the server gone) the waiters of the batch get LedgerUnavailable and the thread
goes on. Settlements and final rows are then owed: the thread tries them again before new
operations, so that no hold stays open for a passing fault. Owed rows for which money was spent are
all kept, of the others as many as the queue holds. A row that nothing will write, or that the
database refuses for itself (by a trigger), is told as lost.

A database that says nothing (a frozen server, a disk that hangs) holds the thread up. After
PATIENCE_S a second thread tells all who wait, and whoever comes then is refused at once, until the
database answers. A hold that was refused so is not written any more; one that the running commit
writes all the same is released. When anybody else cannot read or write, the writer tries too, so
that readiness tells of it at once. What it writes then takes the room of a row: a full disk takes
an empty transaction.

A client whose answer waits for its row gets none when the row cannot be written. Such a row is owed
as one without an answer.

A connection that breaks during a COMMIT leaves it in doubt. So after each new connection the head
of the chain is read again, and owed operations that were committed after all change nothing. Holds
that may be committed so, though they were refused, are released.

What is owed when the ledger closes is tried for CLOSES_S. Rows that cannot be written even then are
lost, and told with what is needed to book them. It knows nothing about what the operations do.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from router.errors import LedgerError, LedgerFull, LedgerUnavailable, TiergateError
from router.ledger.books.batch import OperationBatch
from router.ledger.books.lost_rows import lost_rows
from router.ledger.books.operations import (
    Finish,
    Hold,
    Name,
    Operation,
    owed_operation,
    release_operation,
)
from router.ledger.hash_chain import Head
from router.ledger.sql.database import FOREIGN_ERRORS, Database, ledger_error
from router.ledger.sql.room import prove_room
from router.ledger.sql.writer_slots import Slot
from router.types import NOBODY, Events, StoreTurned

MAX_BATCH = 256  # beyond this a commit gets longer and no cheaper per row
RETRY_S = 1.0  # how long owed operations wait for the next try when nothing else comes
PATIENCE_S = 5.0  # how long callers wait for a commit: as for a lock
WATCH_S = 0.5  # how often the second thread looks if they wait longer
IDLE_S = 60.0  # how often `idle` is called when nothing comes
CLOSES_S = 5.0  # how long closing tries to write what is owed
AGAIN_S = 5.0  # after the start, when `again` is called: a server under load notices deaths late

_FAULTS: tuple[type[Exception], ...] = (*FOREIGN_ERRORS, LedgerError)


@dataclass(slots=True)
class _Job:
    operation: Operation
    future: asyncio.Future[None] | None  # None: owed, and nobody waits for it
    refused: bool = False  # a hold whose caller was told so while the database was silent


Outcome = tuple[asyncio.Future[None], TiergateError | None]


class Writer:
    """Owns the writing connection and its chain's head. Thread-safe: `submit` from any loop."""

    def __init__(
        self,
        database: Database,
        slot: Slot,
        head: Head,
        *,
        queue_size: int,
        resume: Callable[[], Head],
        committed: Callable[[Head], None],
        idle: Callable[[], None],
        again: Callable[[Head], Head] | None = None,
        events: Events = NOBODY,
    ) -> None:
        """Stores the parts; `start` starts the thread.

        The thread calls `committed` (after it woke the waiters), `idle` and `resume`, and `events`
        when nothing can be written and when writing works again. `queue_size` bounds holds: beyond
        it a hold is refused. `resume` returns the end of the slot's chain, once there is a new
        connection; it raises LedgerError where it cannot. `again` is called once, AGAIN_S after the
        start, with the chain's head, and returns the new one.
        """
        self._database = database
        self._slot = slot
        self._connections = slot.connections
        self._resume = resume
        self._head = head
        self._queue_size = queue_size
        self._committed = committed
        self._idle = idle
        self._again = again
        self._again_at = time.monotonic() + AGAIN_S
        self._events = events
        self._queue: deque[_Job] = deque()
        self._knocks: SimpleQueue[None] = SimpleQueue()  # what the thread sleeps on
        self._knocking: set[asyncio.AbstractEventLoop] = set()  # that will knock in this pass
        self._owed: list[_Job] = []
        self._taken: list[_Job] = []  # being committed
        self._committing = False  # a COMMIT was sent, and its answer did not come yet
        self._closed = False
        self.closing = False  # seen by the thread
        self._fault: str = ""
        self._watched = threading.RLock()  # guards the next two, and the fault
        self._begun_s: float | None = None  # when the commit began that runs
        self._silent = False  # a commit took longer than PATIENCE_S, and none succeeded since
        self._suspected = False  # somebody else could not read or write
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tiergate-ledger", daemon=True)

    def start(self) -> None:
        """Starts to write submitted operations."""
        self._thread.start()
        threading.Thread(target=self._watch, name="tiergate-ledger-watch", daemon=True).start()

    @property
    def fault(self) -> str:
        """Returns why nothing can be written now; "" when writing works."""
        if self._fault or self._thread.is_alive():
            return self._fault
        return "the ledger's writer has stopped"

    @property
    def waiting(self) -> int:
        """Returns the number of queued operations."""
        return len(self._queue)

    @property
    def busy(self) -> bool:
        """Returns True while the thread waits for the database."""
        return self._begun_s is not None

    def submit(self, operation: Operation) -> asyncio.Future[None]:
        """Queues an operation; the future is done once it is committed or refused.

        A caller that is cancelled meanwhile leaves the operation queued: it is still committed.
        Raises: LedgerFull (a hold), LedgerUnavailable (closed; or the database has been silent: a
        hold is refused, everything else is owed).
        """
        if self._closed:
            if isinstance(operation, Finish):  # it has its settlements, too
                self._tell_lost([operation])
            raise LedgerUnavailable("the ledger is closed")
        if self._silent and self._begun_s is not None:
            self._queue.extend(self._owed_of([operation], self._queue_size - len(self._queue)))
            raise LedgerUnavailable(self._fault)
        if isinstance(operation, Hold) and len(self._queue) >= self._queue_size:
            raise LedgerFull(f"{self._queue_size} ledger operations are waiting; try again shortly")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[None] = loop.create_future()
        self._queue.append(_Job(operation, future))
        if loop not in self._knocking:
            self._knocking.add(loop)
            loop.call_soon(self._knock, loop)
        return future

    def _knock(self, loop: asyncio.AbstractEventLoop) -> None:
        """Wakes the thread, unless it has already taken what came in this pass of the loop.

        One knock is enough until the thread hears it, since it looks at the queue afterwards. A
        busy thread hears no knocks, and they would pile up.
        """
        self._knocking.discard(loop)
        if self._queue and self._knocks.empty():
            self._knocks.put(None)

    def suspect(self) -> None:
        """Looks if the database can be written: somebody could not use it. Any thread calls it."""
        if not self._suspected and not self._fault:
            self._suspected = True
            self._knocks.put(None)

    def close(self) -> None:
        """Commits the queue and ends the thread. Blocks.

        Operations that are owed are tried for CLOSES_S; their rows are told as lost after it.
        """
        if not self._closed:
            self._closed = True
            self._knocks.put(None)
            self._thread.join()

    def _run(self) -> None:
        try:
            self._serve()
        except Exception as error:  # the top of a background task: fail the waiters, say so
            self._closed = True
            self._set_fault(f"the ledger's writer has stopped: {error}")
            self._owe(self._taken)
            stopped = LedgerUnavailable(self._fault)
            _wake([(job.future, stopped) for job in self._taken if job.future is not None])
            self._fail_queued(stopped)
            raise
        finally:
            self._ended.set()

    def _watch(self) -> None:
        """Tells who waits for a commit that has taken too long; the commit itself goes on."""
        while not self._ended.wait(WATCH_S):
            with self._watched:
                begun_s = self._begun_s
                if begun_s is None or time.monotonic() - begun_s < PATIENCE_S:
                    continue
                self._silent = True
                self._set_fault(f"the ledger's database has said nothing for {PATIENCE_S:.0f} s")
                # Under the lock, so that nobody is told of a commit that has just succeeded.
                waiting = [*self._taken, *self._queue.copy()]
                for job in waiting:
                    if isinstance(job.operation, Hold):
                        job.refused = True
                    else:  # also of the commit that runs, as long as it sent no COMMIT
                        job.operation = owed_operation(job.operation)
                error = LedgerUnavailable(self._fault)
                _wake([(job.future, error) for job in waiting if job.future is not None])

    def _serve(self) -> None:
        ends_s = float("inf")
        while not self.closing or (self._owed and time.monotonic() < ends_s):
            jobs = self._taken = self._take()
            if self.closing:
                ends_s = min(ends_s, time.monotonic() + CLOSES_S)
            before, looking = self._head, bool(self._fault) or self._suspected
            with self._timed():
                if jobs or looking:
                    self._suspected = False
                    outcomes = self._commit(jobs)
                    self._taken = []
                    _wake(outcomes)
                self._recover_again()
                if self._head is not before:
                    self._committed(self._head)
                elif not jobs and not looking:
                    self._idle()
        self._fail_queued(LedgerUnavailable("the ledger is closed"))

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Lets the second thread see how long the block takes, which waits for the database."""
        with self._watched:
            self._begun_s = time.monotonic()
        try:
            yield
        finally:
            with self._watched:
                self._begun_s = None

    def _recover_again(self) -> None:
        """Calls `again` when its time has come; a fault leaves the rest to the next start."""
        if self._again is None or time.monotonic() < self._again_at or self._fault:
            return
        again, self._again = self._again, None
        # After a new connection `resume` reads the head first, and recovers itself.
        if self._connections != self._slot.connections:
            return
        try:
            self._head = again(self._head)
        except _FAULTS:
            self._connections = 0  # some rows may be written: the next batch reads the head anew

    def _take(self) -> list[_Job]:
        """Takes owed jobs first, then queued ones; waits for a first one where none is due."""
        jobs, self._owed = self._owed[:MAX_BATCH], self._owed[MAX_BATCH:]
        full = len(jobs) + MAX_BATCH  # owed rows take no place from callers that wait
        wait_s = RETRY_S if jobs or self._fault else IDLE_S
        if self._again is not None and not self._fault:
            wait_s = max(0.0, min(wait_s, self._again_at - time.monotonic()))
        if jobs and not self._fault:
            wait_s = 0.0
        try:
            # A knock may be about what was taken.
            while not self._queue and (not self._closed or self.closing) and not self._suspected:
                self._knocks.get(timeout=wait_s)
        except Empty:
            pass
        self.closing = self._closed and len(self._queue) <= full - len(jobs)
        while self._queue and len(jobs) < full:
            job = self._queue.popleft()
            if not job.refused:
                jobs.append(job)
        return jobs

    def _commit(self, jobs: list[_Job]) -> list[Outcome]:
        """Commits all in one transaction; when one row spoils it, each in its own."""
        self._committing = False
        try:
            refusals = self._transact(jobs)
        except _FAULTS as error:
            refused = error if isinstance(error, LedgerError) else ledger_error(error)
            if isinstance(refused, LedgerUnavailable):
                self._set_fault(refused.message)
                self._owe(jobs)
                refusals = [refused] * len(jobs)
            elif len(jobs) != 1:
                alone = [[job] for job in jobs if not job.refused]
                return [outcome for job in alone for outcome in self._commit(job)]
            else:
                self._tell_lost(job.operation for job in jobs if isinstance(job.operation, Finish))
                refusals = [refused]
        return [
            (job.future, refusal)
            for job, refusal in zip(jobs, refusals, strict=True)
            if job.future is not None
        ]

    def _transact(self, jobs: list[_Job]) -> list[TiergateError | None]:
        cursor = self._slot.cursor()
        if self._connections != self._slot.connections:
            self._head = self._resume()
            self._connections = self._slot.connections
        batch = OperationBatch(cursor, self._head)
        with self._database.transaction(cursor.execute):
            if jobs:
                operations = [job.operation for job in jobs]  # as they are now: BEGIN may wait
                refusals = batch.run(operations)
            else:
                prove_room(cursor)
                operations, refusals = [], []
            with self._watched:
                # Whose callers were told meanwhile that nothing can be written wait for the next
                # batch, with what they were told.
                if any(job.operation is not now for job, now in zip(jobs, operations, strict=True)):
                    raise LedgerUnavailable(self._fault)
                self._committing = True
        self._committing = False
        with self._watched:
            # Of jobs that are committed one by one, the next one begins.
            self._begun_s, self._silent = time.monotonic(), False
            if self._fault:
                self._set_fault("")
            refused = [job for job in jobs if job.refused]
            if refused:
                # Before all others: a request that ends before its release is booked at its hold.
                self._owed = [*_releases(refused), *self._owed]
        self._head = batch.head
        return refusals

    def _set_fault(self, fault: str) -> None:
        """Keeps why nothing can be written, and reports when that begins and ends."""
        with self._watched:
            turned = bool(fault) is not bool(self._fault)
            self._fault = fault
        if turned:
            self._events.happened(StoreTurned("ledger", bool(fault), fault))

    def _owe(self, jobs: list[_Job]) -> None:
        """Keeps settlements and final rows for the next try; a refused hold was never an intent.

        Where its COMMIT may have succeeded, its release is owed, before all others.
        """
        kept = self._owed_of([job.operation for job in jobs], self._queue_size - len(self._owed))
        releases = _releases(jobs) if self._committing else []
        self._owed = [*releases, *self._owed, *kept]

    def _owed_of(self, operations: Iterable[Operation], room: int) -> list[_Job]:
        """Returns what is written later, and tells rows without spending that find no room."""
        kept: list[_Job] = []
        lost: list[Operation] = []
        for operation in operations:
            if isinstance(operation, Hold | Name):
                continue  # it was refused, or the call's end says it too
            spent = not isinstance(operation, Finish) or operation.spent
            if spent or len(kept) < room:
                kept.append(_Job(owed_operation(operation), None))
            else:
                lost.append(operation)
        self._tell_lost(lost)
        return kept

    def _fail_queued(self, error: LedgerError) -> None:
        """Ends: fails who waits, and tells what is lost."""
        outcomes: list[Outcome] = []
        lost = [job.operation for job in self._owed]
        while self._queue:
            job = self._queue.popleft()
            lost.append(job.operation)
            if job.future is not None:
                outcomes.append((job.future, error))
        self._owed = []
        self._tell_lost(lost)
        _wake(outcomes)

    def _tell_lost(self, operations: Iterable[Operation]) -> None:
        for row in lost_rows(operations):
            self._events.happened(row)


def _releases(jobs: Iterable[_Job]) -> list[_Job]:
    """Returns what takes the holds among these jobs back."""
    return [
        _Job(release_operation(job.operation), None)
        for job in jobs
        if isinstance(job.operation, Hold)
    ]


def _wake(outcomes: list[Outcome]) -> None:
    """Resolves the futures, with one call into each event loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Outcome]] = {}
    for outcome in outcomes:
        by_loop.setdefault(outcome[0].get_loop(), []).append(outcome)
    for loop, resolved in by_loop.items():
        try:
            loop.call_soon_threadsafe(_resolve, resolved)
        except RuntimeError:
            continue  # the loop was closed; nobody waits there any more


def _resolve(outcomes: list[Outcome]) -> None:
    for future, error in outcomes:
        if future.done():
            continue
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error.own())
