"""Makes the operations of a batch: a hold, a settlement, a final row. Pure.

Each is laid out in its columns on the caller's thread, and a final row has its digest already, so
that the writer's thread has little left to do.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from msgspec.structs import replace

from router.errors import LedgerError, LedgerUnavailable
from router.ledger.hash_chain import attempt_values, canonical_values, request_values
from router.ledger.row_builder import unanswered
from router.ledger.row_values import Value
from router.money.budgets import WindowKind, WindowLimit, window_start
from router.types import AttemptRow, AttemptState, CostBasis, RequestRow, RequestState

Values = tuple[Value, ...]
NUL_AS_JSON = b"\\u0000"
"""A row whose bytes lack this has no NUL, so one search replaces one in each text. A record may
contain it as ordinary text; then the texts are searched and stay as they are."""


@dataclass(slots=True)
class Hold:
    request: RequestRow
    attempt: AttemptRow
    limits: Sequence[WindowLimit]
    request_values: Values
    attempt_values: Values


@dataclass(slots=True)
class Settle:
    attempt: AttemptRow
    tenant: str
    attempt_values: Values


@dataclass(slots=True)
class Name:
    """Holds what is known of a call before it ends: nobody waits for it, and it may be lost."""

    attempt: AttemptRow
    tenant: str
    attempt_values: Values


@dataclass(slots=True)
class Finish:
    request: RequestRow
    request_values: Values
    attempt_values: dict[str, Values]  # by attempt_id, in the order of ordinals
    unsettled: tuple[str, ...]  # attempts that came as held
    row_digest: bytes
    spent: bool = True  # it was held, or costs money: the row must never be lost
    answers: bool = False  # its client gets the answer once it is committed, otherwise none


OfCall = Name | Settle
Operation = Hold | OfCall | Finish


def hold_operation(
    request: RequestRow, attempt: AttemptRow, limits: Sequence[WindowLimit] = ()
) -> Hold:
    """Returns the intent: request open, attempt held. Raises LedgerError for an impossible time."""
    opened, held = request, attempt
    if request.state is not RequestState.OPEN or request.attempts:
        opened = replace(request, state=RequestState.OPEN, attempts=())
    if attempt.state is not AttemptState.HELD or attempt.cost_nano_usd:
        held = replace(attempt, state=AttemptState.HELD, cost_nano_usd=0)
    if held.held_nano_usd < 0:
        raise LedgerError(
            f"attempt {held.attempt_id} holds {held.held_nano_usd} nano-dollars; expected its "
            "worst case, 0 or more"
        )
    _check_time(held)
    return Hold(
        request, held, limits, storable(request_values(opened)), storable(attempt_values(held))
    )


def settle_operation(attempt: AttemptRow, tenant: str) -> Settle:
    """Returns an attempt's outcome. Raises LedgerError for an impossible time."""
    final = _final(attempt)
    _check_time(final)
    return Settle(final, tenant, storable(attempt_values(final)))


def name_operation(attempt: AttemptRow, tenant: str) -> Name:
    """Returns the operation that writes the provider's id of a call that goes on."""
    return Name(attempt, tenant, storable(attempt_values(attempt)))


def release_operation(hold: Hold) -> Settle:
    """Returns the operation that releases a hold whose caller was refused and made no call.

    A batch refuses it where the ledger never had the hold; nobody waits for that.
    """
    released = replace(hold.attempt, state=AttemptState.RELEASED, error_code=LedgerUnavailable.code)
    return settle_operation(released, hold.request.tenant)


def finish_operation(request: RequestRow, *, held: bool = True) -> Finish:
    """Returns a final row made whole: attempts in order, none held, and their costs sum to its own.

    `held` is True when anything was ever held for it.
    Raises: LedgerError for a row that is open, has an attempt twice or holds what JSON cannot.
    """
    if request.state is RequestState.OPEN:
        raise LedgerError(f"request {request.request_id} is finished, but its state is open")
    done, unsettled = _finished(request.attempts)
    cost_nano_usd, lines = 0, {}
    for attempt in done:
        _check_time(attempt)
        cost_nano_usd += attempt.cost_nano_usd
        lines[attempt.attempt_id] = attempt_values(attempt)
    if done is not request.attempts or cost_nano_usd != request.cost_nano_usd:
        request = replace(request, attempts=done, cost_nano_usd=cost_nano_usd)
    cells = request_values(request)
    if len(lines) != len(done):
        raise LedgerError(f"request {request.request_id} has two attempts with one attempt_id")
    row_bytes = _row_bytes(request.request_id, cells, lines)
    if NUL_AS_JSON in row_bytes:
        cells = storable(cells)
        lines = {attempt_id: storable(line) for attempt_id, line in lines.items()}
        row_bytes = _row_bytes(request.request_id, cells, lines)
    return Finish(
        request,
        cells,
        lines,
        unsettled,
        _digest(row_bytes),
        spent=held or costs_money(request),
    )


def owed_operation(operation: OfCall | Finish) -> OfCall | Finish:
    """Returns what is written later, once its caller was told that it cannot be written now.

    A client whose answer waited for its row gets none, so the row says so.
    """
    if not isinstance(operation, Finish) or not operation.answers:
        return operation
    row = unanswered(operation.request, LedgerUnavailable.code)
    return replaced(operation, row)


def replaced(operation: Finish, request: RequestRow) -> Finish:
    """Returns the operation for another row of its request."""
    made = finish_operation(request, held=operation.spent)
    return dataclasses.replace(made, unsettled=operation.unsettled)


def _finished(
    attempts: tuple[AttemptRow, ...],
) -> tuple[tuple[AttemptRow, ...], tuple[str, ...]]:
    """Returns attempts in their order with none held, and the ids of those that came as held."""
    for place, attempt in enumerate(attempts):
        if attempt.ordinal != place or attempt.state is AttemptState.HELD:
            break
    else:  # nearly always
        return attempts, ()
    done = [_final(attempt) for attempt in attempts]
    done.sort(key=lambda attempt: (attempt.ordinal, attempt.attempt_id))
    return tuple(done), tuple(a.attempt_id for a in attempts if a.state is AttemptState.HELD)


def _row_bytes(request_id: str, cells: Values, lines: dict[str, Values]) -> bytes:
    """Returns what the chain covers. Raises LedgerError for a row that JSON cannot hold."""
    try:
        return canonical_values(cells, tuple(lines.values()))
    except TypeError as error:
        raise LedgerError(f"request {request_id} cannot be recorded: {error}") from error


FAR_MS = 4_102_444_800_000
"""The year 2100. Only a time before 1970 or after this is looked up in the calendar."""

DIGEST_PIECE = 2_047
"""From 2,048 bytes on, hashlib gives the interpreter to waiting threads. Taking it back needs more
time than hashing a row of 3 to 5 kB."""


def _digest(row_bytes: bytes) -> bytes:
    """Returns the SHA-256 of a row."""
    digest = hashlib.sha256()
    for start in range(0, len(row_bytes), DIGEST_PIECE):
        digest.update(row_bytes[start : start + DIGEST_PIECE])
    return digest.digest()


def costs_money(request: RequestRow) -> bool:
    """Returns True when an attempt's cost is more than own compute."""
    for attempt in request.attempts:
        if attempt.cost_nano_usd and attempt.cost_basis is not CostBasis.OWN_COMPUTE:
            return True
    return False


def is_free(attempt: AttemptRow) -> bool:
    """Returns True when a held attempt is known to cost nothing: own compute without a price."""
    held = attempt.state is AttemptState.HELD
    return held and not attempt.held_nano_usd and attempt.cost_basis is CostBasis.OWN_COMPUTE


def _check_time(attempt: AttemptRow) -> None:
    if 0 <= attempt.started_at_ms < FAR_MS:
        return
    try:
        window_start(WindowKind.MONTH, attempt.started_at_ms)
    except (ValueError, OverflowError, OSError) as error:
        raise LedgerError(
            f"attempt {attempt.attempt_id} started at {attempt.started_at_ms} ms; expected "
            "milliseconds since the epoch"
        ) from error


def _final(attempt: AttemptRow) -> AttemptRow:
    """Returns a finished attempt; one that is still held has an unknown outcome, at its hold."""
    if attempt.state is not AttemptState.HELD:
        return attempt
    return replace(
        attempt,
        state=AttemptState.UNKNOWN_COST,
        cost_nano_usd=attempt.held_nano_usd,
        estimated=True,
    )


def storable(values: Values) -> Values:
    """Returns the values without NUL: PostgreSQL's text cannot hold it, SQLite's tools cut at it.

    An upstream may send one; its row must not be lost for that.
    """
    try:
        if NUL_AS_JSON not in orjson.dumps(values):
            return values
    except TypeError:
        pass  # an integer beyond 64 bits, or text that is not valid Unicode: look at each text
    return tuple(v.replace("\0", "\ufffd") if isinstance(v, str) else v for v in values)
