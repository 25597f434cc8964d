"""Implements the ledger over a database: the Protocol `types.Ledger`, reads, recovery, anchors.

Opening claims a writer's slot, continues its chain, and closes requests of dead writers: their
unsettled attempts count at their hold, state unknown_cost. Writes go through the one writer thread;
reads take a connection of their own in a worker thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from router.errors import BudgetExceeded, LedgerError, LedgerUnavailable
from router.ledger.books import anchors
from router.ledger.books.batch import OperationBatch
from router.ledger.books.operations import (
    finish_operation,
    hold_operation,
    is_free,
    name_operation,
    settle_operation,
)
from router.ledger.books.writer import Writer
from router.ledger.budgets.unknown_spending import UnknownSpending
from router.ledger.hash_chain import Head
from router.ledger.rollups.folding_thread import Folder
from router.ledger.row_reading import derived_values
from router.ledger.sql import reading
from router.ledger.sql.database import Database, Synchronous
from router.ledger.sql.writer_slots import DYING_S, Slot, Slots, slots_of
from router.ledger.tables import policies
from router.money.budgets import Payer, WindowLimit, check_priced
from router.types import (
    NOBODY,
    AttemptRow,
    AttemptState,
    Clock,
    Events,
    RequestRow,
    RequestState,
)

BudgetOf = Callable[[Payer], Sequence[WindowLimit] | None]
"""Returns the windows that a call must fit in, from `Budgets.money`; None: no limit."""
INTERRUPTED = "interrupted"
RECOVER_AT_ONCE = 500  # open requests finished in one transaction


class SqlLedger:
    """Keeps the books of all tenants. Several processes may have the same database open."""

    def __init__(
        self,
        database: Database,
        writer: Writer,
        slot: Slot,
        anchorer: anchors.Anchorer,
        folder: Folder,
        budget_of: BudgetOf,
        clock: Clock,
        queue_size: int,
    ) -> None:
        """Stores the parts. Callers use `open`, which makes them."""
        self.database = database
        self.writer = writer
        self._slot = slot
        self._anchorer = anchorer
        self._folder = folder
        self._budget_of = budget_of
        self._clock = clock
        self._held: set[str] = set()  # requests that hold something and are not finished
        self._unknown = UnknownSpending(database)
        self._room = asyncio.Semaphore(queue_size)  # for rows of requests that held nothing

    @classmethod
    def open(
        cls,
        database: str | Path,
        *,
        clock: Clock,
        budget_of: BudgetOf,
        anchors_file: Path | None = None,
        synchronous: Synchronous = "normal",
        busy_timeout_ms: int = 5_000,
        queue_size: int = 10_000,
        events: Events = NOBODY,
    ) -> SqlLedger:
        """Opens, migrates and recovers; blocks (about 10 ms for a ready file).

        `queue_size` is the number of operations that may wait before holds are refused.
        `anchors_file` defaults to `Address.anchors`; another volume is safer. `budget_of` is called
        on the caller's thread for each hold. `events` learns when nothing can be written and when
        writing works again. Raises: LedgerError, LedgerCorrupt.
        """
        opened = Database.open(database, synchronous=synchronous, busy_timeout_ms=busy_timeout_ms)
        slots = slots_of(opened)
        slot = slots.claim()
        outside = anchors_file or opened.address.anchors
        try:
            head, others = recover(opened, slots, slot.writer_id, clock)
            anchorer = anchors.Anchorer(opened, outside, head, clock)
        except LedgerError:
            slot.release()
            opened.close()
            raise
        anchorer.look()
        anchorer.write()
        folder = Folder(opened, head.sequence)

        def committed(now: Head) -> None:
            anchorer.committed(now)
            folder.committed(now.sequence)

        writer = Writer(
            opened,
            slot,
            head,
            queue_size=queue_size,
            resume=_Resuming(opened, slots, slot, clock),
            again=partial(_recover_late, opened, slots, slot, clock) if others else None,
            committed=committed,
            idle=anchorer.idle,
            events=events,
        )
        opened.unreadable = writer.suspect
        writer.start()
        folder.start()
        return cls(opened, writer, slot, anchorer, folder, budget_of, clock, queue_size)

    async def hold(self, request: RequestRow, attempt: AttemptRow) -> None:
        """Commits the intent and the worst case before money is spent.

        A call that is known to cost nothing (own compute without a price) fits every budget.
        Cancelling the wait does not undo the hold: `finish` the request all the same.
        Raises: BudgetExceeded (PriceUnknown where a budget counts a call that nobody prices),
        LedgerFull, LedgerError.
        """
        payer = Payer(request.tenant, request.key_id, request.policy, attempt.tier)
        limits = () if is_free(attempt) else self._budget_of(payer) or ()
        check_priced(limits, attempt)
        operation = hold_operation(request, attempt, limits)
        try:
            await self.writer.submit(operation)
        except asyncio.CancelledError:
            self._held.add(request.request_id)
            raise
        except BudgetExceeded as refused:
            if refused.window is not None:
                refused.message += await self._unknown.words(refused.window)
            raise
        self._held.add(request.request_id)

    async def settle(self, attempt: AttemptRow, tenant: str) -> None:
        """Replaces the hold by the outcome; a second call, or one after `finish`, changes nothing.

        Never refused for a full queue. Raises: LedgerUnavailable (the outcome is owed, and written
        later), LedgerError (also for an attempt that was never held).
        """
        await self.writer.submit(settle_operation(attempt, tenant))

    def name(self, attempt: AttemptRow, tenant: str) -> None:
        """Writes the provider's id of a held call soon; nobody waits, and no fault is raised."""
        with suppress(LedgerUnavailable):
            self.writer.submit(name_operation(attempt, tenant)).add_done_callback(_heard)

    async def finish(self, request: RequestRow, *, answers: bool = False) -> None:
        """Commits the final row with all its attempts; a second call changes nothing.

        The request's cost is stored as the sum of its attempts. An attempt that is still held
        counts at its hold, and one that the row lacks is added.

        Never refused for a full queue. Where nothing was held and nothing spent but own compute,
        at most `queue_size` rows are queued, and further callers wait their turn; a caller that is
        cancelled before its turn leaves no row. Raises: LedgerUnavailable (nothing was held; the
        row is owed, and written later: as one without an answer, where this one `answers`),
        LedgerError.
        """
        held = request.request_id in self._held
        operation = finish_operation(request, held=held)
        operation.answers = answers and not held
        self._held.discard(request.request_id)
        try:
            if operation.spent:
                await self.writer.submit(operation)
            else:
                async with self._room:
                    await self.writer.submit(operation)
        except LedgerUnavailable:
            # Calls that were made are in the books at their hold, and this row is owed. A client
            # that got no answer for it would ask, and pay, again.
            if not held:
                raise

    async def get(self, request_id: str, tenant: str | None) -> RequestRow | None:
        """Returns the request with its attempts; None without one of that tenant (None: any)."""
        return await asyncio.to_thread(reading.get, self.database, request_id, tenant)

    async def record_policy(
        self, policy_hash: str, name: str, content: str, prices: str = ""
    ) -> None:
        """Keeps a policy's content under its hash; the first one stays. Raises LedgerError."""
        now_ms = self._clock.now_ms()
        await asyncio.to_thread(
            policies.record_policy, self.database, policy_hash, name, content, now_ms, prices
        )

    def chained_beside(self) -> None:
        """Notes that feedback was chained: an anchor is due within a minute, or on close."""
        self._anchorer.beside()

    def newest_ms(self) -> int:
        """Returns when the newest request was created, ms since the epoch; 0 without any; blocks.

        Raises LedgerError.
        """
        with self.database.reading() as connection:
            query = "SELECT max(created_at_ms) FROM requests"
            return int(connection.exec_driver_sql(query).scalar() or 0)

    @property
    def healthy(self) -> bool:
        """Returns True when the last batch could be written and the writer lives."""
        return not self.writer.fault

    @property
    def fault(self) -> str:
        """Returns why nothing can be written now; "" when writing works."""
        return self.writer.fault

    @property
    def anchors_fault(self) -> str:
        """Returns why the anchors file cannot be added to; "" where it can. Serving goes on."""
        return self._anchorer.fault

    async def close(self) -> None:
        """Commits the queue, anchors it, and closes the file. A second call does nothing."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """Does what `close` does, for callers without an event loop; blocks."""
        lost = self.fault
        self._folder.close()
        self.writer.close()
        if not lost:  # otherwise the rows get their anchor at the next start
            self._anchorer.write()
        self._slot.release()
        self.database.close()


class _Resuming:
    """Finds the end of a writer's chain after its connection was lost."""

    def __init__(self, database: Database, slots: Slots, slot: Slot, clock: Clock) -> None:
        self._database, self._slots, self._slot, self._clock = database, slots, slot, clock
        self._writer_id = slot.writer_id

    def __call__(self) -> Head:
        """Returns the head of its chain, or of the slot that it has now. Raises LedgerError.

        Its own open requests stay open: its callers go on.
        """
        writer_id = self._slot.writer_id
        if writer_id == self._writer_id:
            with self._database.reading() as connection:
                return reading.chain_head(connection, writer_id)
        head, _ = recover(self._database, self._slots, writer_id, self._clock)
        self._writer_id = writer_id
        return head


def recover(database: Database, slots: Slots, writer_id: str, clock: Clock) -> tuple[Head, bool]:
    """Finishes requests that dead writers left open, in `writer_id`'s chain.

    Returns its head, and True where others that seem to live have open requests. The caller holds
    the slot of `writer_id`; the slots of others are tried, so a living worker's open requests stay
    open. Raises: LedgerError.
    """
    with database.reading() as connection:
        head = reading.chain_head(connection, writer_id)
    others = False
    for owner in sorted(_owners(database)):
        if owner == writer_id:
            head = _finish_open(database, owner, head, clock)
            continue
        after = _recover_dead(database, slots, owner, head, clock, DYING_S)
        others = others or after is None
        head = after or head
    return head, others


def _recover_late(database: Database, slots: Slots, slot: Slot, clock: Clock, head: Head) -> Head:
    """Returns the head after what died before our start and was noticed after it is finished.

    Raises: LedgerError.
    """
    for owner in sorted(_owners(database) - {slot.writer_id}):
        head = _recover_dead(database, slots, owner, head, clock, 0.0) or head
    return head


def _owners(database: Database) -> set[str]:
    """Returns the ids of the writers that have open requests."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT DISTINCT writer_id FROM requests WHERE state = 'open'"
        )
        return {str(row[0]) for row in rows}


def _recover_dead(
    database: Database, slots: Slots, owner: str, head: Head, clock: Clock, wait_s: float
) -> Head | None:
    """Finishes what a dead writer left open; returns the head, None where it seems to live."""
    place = slots.claim_dead(owner, wait_s)
    if place is None:
        return None
    try:
        return _finish_open(database, owner, head, clock)
    finally:
        place.release()


def _finish_open(database: Database, owner: str, head: Head, clock: Clock) -> Head:
    """Finishes all open requests of a dead writer, some at a time."""
    while True:
        with database.writing() as connection:
            left = reading.open_requests(connection, owner, RECOVER_AT_ONCE)
            if not left:
                return head
            raw = connection.connection.driver_connection
            assert raw is not None
            batch = OperationBatch(database.cursor(raw), head)
            batch.run([finish_operation(_recovered(row, clock.now_ms())) for row in left])
        head = batch.head


def _recovered(request: RequestRow, now_ms: int) -> RequestRow:
    """Returns the final row of a request whose process died: exact where all is settled.

    A call that is known to cost nothing broke off at that cost; every other counts at its hold.
    """
    lines = tuple(map(_broken_off, request.attempts))
    unknown = any(line.state in (AttemptState.HELD, AttemptState.UNKNOWN_COST) for line in lines)
    domain, request_type = derived_values(request.record)  # the open row's columns are empty
    return replace(
        request,
        attempts=lines,
        domain=domain,
        request_type=request_type,
        state=RequestState.UNKNOWN_COST if unknown else RequestState.FAILED,
        finished_at_ms=max(now_ms, request.created_at_ms),
        error_code=INTERRUPTED,
    )


def _broken_off(attempt: AttemptRow) -> AttemptRow:
    if is_free(attempt):
        return replace(attempt, state=AttemptState.FAILED, error_code=INTERRUPTED)
    held = attempt.state is AttemptState.HELD
    return replace(attempt, error_code=INTERRUPTED) if held else attempt


def _heard(written: asyncio.Future[None]) -> None:
    """Takes the fault of what nobody waits for."""
    if not written.cancelled():
        written.exception()
