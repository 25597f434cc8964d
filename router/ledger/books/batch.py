"""Applies ledger operations in one transaction: to rows, windows and the chain.

An attempt is held, then settled; its request is open, then final. What has been spent or is held
moves with the attempt's state, in the same transaction:

    operation   attempt before     windows of the attempt's start (`windows`)
    hold        -                  held += hold          (after the budget check)
    settle      held               held -= hold, spent += cost
    finish      held               held -= hold, spent += cost
    finish      -, settled         spent += cost - cost before
    any         final request      nothing: duplicates are harmless

The operations of a batch see one another's effects in their order; a refused one leaves no trace.
It knows nothing about threads, queues or futures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from router.errors import BudgetExceeded, LedgerError, TiergateError
from router.ledger.books.closed_months import CLOSED_UNTIL_SQL, dated, dated_attempt
from router.ledger.books.operations import (
    Finish,
    Hold,
    Name,
    OfCall,
    Operation,
    Values,
    finish_operation,
    hold_operation,
    name_operation,
    replaced,
    settle_operation,
)
from router.ledger.budgets.holds import Known, Payer, Windows
from router.ledger.hash_chain import Head, link_digest
from router.ledger.sql.cursor import Cursor
from router.ledger.sql.rows import attempt_from, select_sql, upsert_sql
from router.ledger.sql.schema import attempts, requests
from router.types import AttemptRow, AttemptState, RequestRow, RequestState

_KNOWN_SQL = (
    "SELECT r.request_id, r.state, r.tenant, r.key_id, r.policy, a.attempt_id, a.role, a.state, "
    "a.held_nano_usd, a.cost_nano_usd, a.started_at_ms, a.tier, a.provider_cost_nano_usd "
    "FROM requests r LEFT JOIN attempts a ON a.request_id = r.request_id "
    "WHERE r.request_id IN "
)
_UPSERT_REQUEST = upsert_sql(requests)
_UPSERT_ATTEMPT = upsert_sql(attempts)
_STORED_SQL = select_sql(attempts) + " WHERE request_id = ?"


class OperationBatch:
    """Applies operations in one transaction that its caller has begun, and will commit.

    `head` is the writer's chain head after the batch, to be kept once the commit succeeded.
    """

    def __init__(self, cursor: Cursor, head: Head) -> None:
        self.head = head
        self._cursor = cursor
        self._states: dict[str, str] = {}  # request_id -> state
        self._payers: dict[str, Payer] = {}  # by request_id, as it was opened
        self._known: dict[str, dict[str, Known]] = {}  # request_id -> attempt_id -> attempt
        self._windows = Windows(cursor)
        self._request_rows: dict[str, Values] = {}
        self._attempt_rows: dict[tuple[str, str], Values] = {}

    def run(self, operations: Sequence[Operation]) -> list[TiergateError | None]:
        """Applies all; returns None or the refusal of each. Driver errors pass through."""
        self._windows.begin()
        self._cursor.execute(CLOSED_UNTIL_SQL)
        self._closed_ms = int(self._cursor.fetchone()[0])
        self._load({_request_id(operation) for operation in operations})
        refusals = [self._apply(operation) for operation in operations]
        self._flush()
        return refusals

    def _apply(self, operation: Operation) -> TiergateError | None:
        try:
            operation = self._dated(operation)
            if isinstance(operation, Finish):
                self._finish(operation)
            elif isinstance(operation, Hold):
                self._hold(operation)
            else:
                self._settle(operation)
        except (BudgetExceeded, LedgerError) as refusal:
            return refusal
        return None

    def _dated(self, operation: Operation) -> Operation:
        """Returns the operation with nothing in a closed month. Raises LedgerError."""
        closed_ms = self._closed_ms
        if isinstance(operation, Finish):
            request = dated(operation.request, closed_ms)
            if request is operation.request:
                return operation
            return replaced(operation, request)
        attempt = operation.attempt
        if isinstance(operation, OfCall):
            if attempt.started_at_ms >= closed_ms:
                return operation
            make = name_operation if isinstance(operation, Name) else settle_operation
            return make(dated_attempt(attempt, closed_ms), operation.tenant)
        if min(attempt.started_at_ms, operation.request.created_at_ms) >= closed_ms:
            return operation
        request = dated(operation.request, closed_ms)
        return hold_operation(request, dated_attempt(attempt, closed_ms), operation.limits)

    def _hold(self, operation: Hold) -> None:
        request_id, attempt = operation.request.request_id, operation.attempt
        state = self._states.get(request_id)
        known = self._known.setdefault(request_id, {})
        if attempt.attempt_id in known:
            return
        if state is not None and state != RequestState.OPEN:
            raise LedgerError(f"request {request_id} is finished; nothing more can be held for it")
        for limit in operation.limits:
            if not self._windows.known(limit, attempt):
                self._flush()
            self._windows.check(limit, attempt)
        payer = self._payer(*_paying(operation.request))
        if state is None:
            self._states[request_id] = RequestState.OPEN
            self._request_rows[request_id] = (
                *operation.request_values,
                *_names(operation.request),
                self.head.writer_id,
                None,
                "",
                "",
            )
        self._put(payer, attempt, operation.attempt_values)

    def _settle(self, operation: OfCall) -> None:
        attempt = operation.attempt
        state = self._states.get(attempt.request_id)
        if state is not None and state != RequestState.OPEN:
            return
        known = self._known.get(attempt.request_id, {}).get(attempt.attempt_id)
        if known is None:
            raise LedgerError(f"attempt {attempt.attempt_id} is settled, but was never held")
        if known.state == AttemptState.HELD:
            payer = self._payer(attempt.request_id, operation.tenant)
            self._put(payer, attempt, operation.attempt_values)

    def _finish(self, operation: Finish) -> None:
        request = operation.request
        state = self._states.get(request.request_id)
        if state is not None and state != RequestState.OPEN:
            return
        payer = self._payer(*_paying(request))
        known = self._known.get(request.request_id, {})
        stale = [
            attempt_id
            for attempt_id in operation.unsettled
            if attempt_id in known and known[attempt_id].state != AttemptState.HELD
        ]
        if stale or not known.keys() <= operation.attempt_values.keys():
            operation = self._with_stored(operation, stale)
            request = operation.request
        for attempt in request.attempts:
            self._put(payer, attempt, operation.attempt_values[attempt.attempt_id])
        previous = self.head
        row_hash = link_digest(previous.row_hash, operation.row_digest)
        self.head = Head(previous.writer_id, previous.sequence + 1, row_hash)
        self._states[request.request_id] = request.state
        self._request_rows[request.request_id] = (
            *operation.request_values,
            *_names(request),
            previous.writer_id,
            self.head.sequence,
            previous.row_hash,
            row_hash,
        )

    def _with_stored(self, operation: Finish, stale: Sequence[str]) -> Finish:
        """Returns the row with stored attempts that it lacks, or has as held though they settled.

        They cost money all the same: settled ones at their cost, held ones at their hold.
        """
        self._flush()
        self._cursor.execute(_STORED_SQL, (operation.request.request_id,))
        named = [a for a in operation.request.attempts if a.attempt_id not in stale]
        names = {attempt.attempt_id for attempt in named}
        stored = map(attempt_from, self._cursor.fetchall())
        missing = [attempt for attempt in stored if attempt.attempt_id not in names]
        return finish_operation(replace(operation.request, attempts=(*named, *missing)))

    def _put(self, payer: Payer, attempt: AttemptRow, values: Values) -> None:
        """Writes the attempt and moves its windows from its old amount to its new one."""
        now = Known.of(attempt)
        known = self._known.setdefault(attempt.request_id, {})
        self._windows.change(payer, known.get(attempt.attempt_id), now)
        known[attempt.attempt_id] = now
        self._attempt_rows[attempt.request_id, attempt.attempt_id] = (*values, payer[0])

    def _payer(self, request_id: str, tenant: str, key_id: str = "", policy: str = "") -> Payer:
        """Returns who pays for this request's attempts: the payer it was opened for.

        Raises: LedgerError for another tenant, from whose windows its holds would be taken.
        """
        payer = self._payers.setdefault(request_id, (tenant, key_id, policy))
        if payer[0] != tenant:
            raise LedgerError(
                f"request {request_id} was opened for the tenant {payer[0]!r}; it cannot go on as "
                f"{tenant!r}'s"
            )
        return payer

    def _load(self, request_ids: set[str]) -> None:
        """Reads what the ledger has of these requests, so that duplicates are recognised."""
        ids = list(request_ids)
        ids += ids[-1:] * (_round_up(len(ids)) - len(ids))  # few different statements to prepare
        self._cursor.execute(f"{_KNOWN_SQL}({','.join('?' * len(ids))})", ids)
        for (
            request_id,
            state,
            tenant,
            key_id,
            policy,
            attempt_id,
            *known,
        ) in self._cursor.fetchall():
            self._states[request_id] = state
            self._payers[request_id] = (tenant, key_id, policy)
            if attempt_id is not None:
                self._known.setdefault(request_id, {})[attempt_id] = Known(*known)

    def _flush(self) -> None:
        _write(self._cursor, _UPSERT_REQUEST, self._request_rows.values())
        _write(self._cursor, _UPSERT_ATTEMPT, self._attempt_rows.values())
        self._windows.flush()
        self._request_rows.clear()
        self._attempt_rows.clear()


def _write(cursor: Cursor, sql: str, rows: Iterable[Values]) -> None:
    lines = list(rows)
    if lines:
        cursor.executemany(sql, lines)


def _names(request: RequestRow) -> tuple[str, str]:
    """Returns the columns between those of the chain's bytes and the row's place in the chain."""
    return str(request.domain), str(request.request_type)


def _paying(request: RequestRow) -> tuple[str, str, str, str]:
    return request.request_id, request.tenant, request.key_id, request.policy


def _request_id(operation: Operation) -> str:
    if isinstance(operation, OfCall):
        return operation.attempt.request_id
    return operation.request.request_id


def _round_up(number: int) -> int:
    """Returns the next power of two: 5 -> 8."""
    return 1 << (number - 1).bit_length()
