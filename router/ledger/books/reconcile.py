"""Settles calls of unknown or estimated cost by the provider's bill, and known ones on request.

A finished row is chained, so it is never edited. The correction is a row of its own, whose one
attempt has the difference (billed less booked, signed) and the start of the call. So the windows
that the call counted in move, the sums stay sums, and the chain goes on. The row's id is made of
the attempt's id, so a call is settled once, whoever settles it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import orjson
from msgspec import Struct
from msgspec.structs import replace

from router.ledger.rollup import compared_with, got_answer
from router.ledger.row_builder import Kept, Times, build_row, origin_of, spent_on
from router.ledger.row_reading import (
    CORRECTION_PREFIX,
    RECONCILE,
    Doubt,
    doubt_of,
    row_names,
    was_made,
)
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.rows import TENANT_OF_ATTEMPT, attempt_from, select_sql
from router.ledger.sql.schema import attempts
from router.types import (
    AttemptRow,
    AttemptState,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    Usage,
)

NOT_UNKNOWN = "no call of unknown or estimated cost has this id"
KNOWN = "its cost is known"
NO_CALL = "no call of this ledger has this id: it failed here, was purged, or was made elsewhere"
_UNCORRECTED = (
    "NOT EXISTS (SELECT 1 FROM requests WHERE requests.request_id = "
    f"'{CORRECTION_PREFIX}' || attempts.attempt_id)"
)
_QUERY = (
    f"{select_sql(attempts)} WHERE (state IN ('held', 'unknown_cost') OR estimated = 1) "
    f"AND {_UNCORRECTED} ORDER BY started_at_ms, attempt_id"
)
_AT_ONCE = 500  # ids in one query, below what any database takes
_NO_BILL = frozenset({Role.CACHE, Role.RESOLVER, Role.TRIAGE, Role.REVIEW, Role.RECONCILE})


class UnknownCall(Struct, frozen=True):
    """Describes a call that a bill may settle: it counts at `booked_nano_usd` until then.

    Estimated calls count at a bound that is never too low, those of unknown cost at their hold.
    """

    request_id: str
    attempt_id: str
    tenant: str
    answerer: str
    model: str
    upstream_id: str  # the provider's id; "" where it never answered
    started_at_ms: int
    open: bool  # its request still runs, or its worker has just died
    booked_nano_usd: int
    doubt: Doubt | None = Doubt.UNKNOWN  # None: its cost is known, and a bill says another one
    shared: bool = False  # other calls have the same upstream id, so a bill's line may be of all


class Refusal(Struct, frozen=True):
    """Says why an amount was not booked."""

    name: str  # the attempt or upstream id that came with it
    why: str
    # What the call counts at, with its corrections, where its cost is known. None: no such call.
    booked_nano_usd: int | None = None

    @property
    def of_known_cost(self) -> bool:
        """Returns True where the call is known, and so is its cost."""
        return self.why.startswith(KNOWN)


class Settlement(Struct, frozen=True):
    """Holds the bill's amount for one call."""

    call: UnknownCall
    billed_nano_usd: int

    @property
    def difference_nano_usd(self) -> int:
        """Returns the signed difference: below 0 the call cost less than it was booked at."""
        return self.billed_nano_usd - self.call.booked_nano_usd


def unknown_calls(database: Database, tenant: str | None = None) -> list[UnknownCall]:
    """Returns all calls of unknown or estimated cost, oldest first; blocks. Raises LedgerError."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql(_QUERY).fetchall()
    running = _running(database)
    calls = (_call(attempt_from(row), str(row[TENANT_OF_ATTEMPT]), running) for row in rows)
    return [call for call in calls if call is not None and tenant in (None, call.tenant)]


def correctable(
    database: Database,
    amounts: Mapping[str, int],
    rounding: Mapping[str, int] | None,
    *,
    by_upstream: bool,
) -> list[UnknownCall]:
    """Returns all calls that these amounts may settle; blocks. Raises LedgerError.

    `rounding` also lets them correct known costs: by the same name, the most nano-dollars by which
    an amount may differ from a cost that it agrees with.
    """
    calls = unknown_calls(database)
    ids, shared, agreed = list(amounts), set[str](), set[str]()
    if by_upstream:
        ids, shared, booked = _with_upstream_ids(database, amounts)
        calls = [replace(call, shared=call.upstream_id in shared) for call in calls]
    if rounding is None:
        return calls
    if by_upstream:  # one line may bill all calls of a shared id
        agreed = {name for name in shared if _agrees(booked[name], name, amounts, rounding)}
    running = _running(database)
    for attempt, tenant in _uncorrected(database, ids):
        name = attempt.upstream_id if by_upstream else attempt.attempt_id
        if doubt_of(attempt) is not None or not _on_a_bill(attempt) or name in agreed:
            continue
        if name in shared or not _agrees(attempt.cost_nano_usd, name, amounts, rounding):
            known = _described(attempt, tenant, None, running)
            calls.append(replace(known, shared=name in shared))
    return calls


def _agrees(
    cost_nano_usd: int, name: str, amounts: Mapping[str, int], rounding: Mapping[str, int]
) -> bool:
    return abs(amounts[name] - cost_nano_usd) <= rounding.get(name, 0)


def _with_upstream_ids(
    database: Database, names: Collection[str]
) -> tuple[list[str], set[str], Counter[str]]:
    """Returns the attempts with these upstream ids, ids of several calls, and what all cost.

    A call that was corrected counts, its correction does not: that is no call.
    """
    ids: list[str] = []
    calls, booked = Counter[str](), Counter[str]()
    with database.reading() as connection:  # one pass: no index has these ids
        rows = connection.exec_driver_sql(
            "SELECT attempt_id, upstream_id, role, cost_nano_usd FROM attempts "
            "WHERE upstream_id <> ''"
        )
        for attempt_id, name, role, cost in rows:
            if name in names:
                booked[name] += int(cost)
                if role not in _NO_BILL:
                    ids.append(str(attempt_id))
                    calls[name] += 1
    return ids, {name for name, times in calls.items() if times > 1}, booked


def _uncorrected(database: Database, ids: Sequence[str]) -> Iterator[tuple[AttemptRow, str]]:
    """Yields those of these attempts that have no correction, each with its tenant."""
    with database.reading() as connection:
        for start in range(0, len(ids), _AT_ONCE):
            some = tuple(ids[start : start + _AT_ONCE])
            marks = ", ".join("?" * len(some))
            rows = connection.exec_driver_sql(
                f"{select_sql(attempts)} WHERE attempt_id IN ({marks}) AND {_UNCORRECTED}", some
            )
            for row in rows.fetchall():
                yield attempt_from(row), str(row[TENANT_OF_ATTEMPT])


def _on_a_bill(attempt: AttemptRow) -> bool:
    """Returns True for a call that a provider may bill: made, outside, paid for by itself.

    What a list price above it covers is not: the answer's line has that price.
    """
    covered = attempt.cost_basis is CostBasis.LIST_PRICE and not attempt.cost_nano_usd
    own = attempt.cost_basis is CostBasis.OWN_COMPUTE
    return was_made(attempt) and attempt.role not in _NO_BILL and not covered and not own


def _running(database: Database) -> set[str]:
    """Returns the open requests: only their end says what their costs are compared with."""
    with database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT request_id FROM requests WHERE state = 'open'")
        return {str(request_id) for (request_id,) in rows}


def _call(attempt: AttemptRow, tenant: str, running: Collection[str]) -> UnknownCall | None:
    doubt = doubt_of(attempt)
    return None if doubt is None else _described(attempt, tenant, doubt, running)


def _described(
    attempt: AttemptRow, tenant: str, doubt: Doubt | None, running: Collection[str]
) -> UnknownCall:
    is_held = attempt.state is AttemptState.HELD
    return UnknownCall(
        attempt.request_id,
        attempt.attempt_id,
        tenant,
        attempt.answerer,
        attempt.model,
        attempt.upstream_id,
        attempt.started_at_ms,
        is_held or attempt.request_id in running,
        attempt.held_nano_usd if is_held else attempt.cost_nano_usd,
        doubt,
    )


def choose(
    calls: Iterable[UnknownCall], amounts: Mapping[str, int], *, by_upstream: bool
) -> tuple[list[Settlement], list[Refusal]]:
    """Returns the calls that the amounts settle, and the amounts that settle nothing; pure.

    `amounts` are nano-dollars by attempt id, or by the provider's id.
    """
    known = list(calls)
    names = [call.upstream_id if by_upstream else call.attempt_id for call in known]
    twice = {name for name, times in Counter(names).items() if times > 1}
    by_name = dict(zip(names, known, strict=True))
    settlements: list[Settlement] = []
    refusals: list[Refusal] = []
    for name, amount in amounts.items():
        call = by_name.get(name)
        if call is None or not name:
            why = NOT_UNKNOWN
        elif name in twice or call.shared:
            why = "several calls have this id; settle each with --attempt"
        elif call.open:
            why = "its request is still open at a worker that runs; wait until it has ended"
        elif amount < 0:
            why = "an amount below 0; expected what the provider billed, in dollars"
        else:
            settlements.append(Settlement(call, amount))
            continue
        refusals.append(Refusal(name, why))
    return settlements, refusals


def explained(
    database: Database, refused: Iterable[Refusal], *, by_upstream: bool
) -> list[Refusal]:
    """Returns refusals that say why a call is of no unknown cost; blocks. Raises LedgerError.

    By attempt, the user named the call, so its refusal says precisely why. By the provider's id it
    has what is booked, so that the bill can be compared with it, or says that there is no call.
    """
    refusals = list(refused)
    if not by_upstream:
        return [
            replace(one, why=why_refused(database, one.name)) if one.why == NOT_UNKNOWN else one
            for one in refusals
        ]
    booked = _booked(database, {one.name for one in refusals if one.why == NOT_UNKNOWN})
    return [_known(one, booked) if one.why == NOT_UNKNOWN else one for one in refusals]


def _known(refusal: Refusal, booked: Mapping[str, int]) -> Refusal:
    cost = booked.get(refusal.name)
    if cost is None:
        return replace(refusal, why=NO_CALL)
    return replace(refusal, why=KNOWN, booked_nano_usd=cost)


def _booked(database: Database, upstream_ids: Collection[str]) -> dict[str, int]:
    """Returns what is booked of each of these calls. A correction has the id of its call."""
    booked: dict[str, int] = {}
    if not upstream_ids:
        return booked
    with database.reading() as connection:  # one pass: no index has these ids
        rows = connection.exec_driver_sql(
            "SELECT upstream_id, cost_nano_usd FROM attempts WHERE upstream_id <> ''"
        )
        for name, cost in rows:
            if name in upstream_ids:
                booked[str(name)] = booked.get(str(name), 0) + int(cost)
    return booked


def why_refused(database: Database, attempt_id: str) -> str:
    """Says why an attempt is not of unknown or estimated cost; blocks. Raises LedgerError."""
    with database.reading() as connection:
        row = connection.exec_driver_sql(
            f"{select_sql(attempts)} WHERE attempt_id = ?", (attempt_id,)
        ).first()
        correction_id = CORRECTION_PREFIX + attempt_id
        corrected = connection.exec_driver_sql(
            "SELECT 1 FROM requests WHERE request_id = ?", (correction_id,)
        ).first()
    if row is None:
        return "there is no such attempt; see `tiergate ledger reconcile`"
    if corrected is not None:
        return "it was reconciled before"
    return f"{KNOWN}, it is {attempt_from(row).state.value}"


def correction(database: Database, settlement: Settlement, now_ms: int) -> RequestRow:
    """Returns the row that settles a call; blocks. Raises LedgerError.

    A call held at $0.0004 and billed at $0.0001 gives a row of -300,000 nano-dollars.
    """
    call = settlement.call
    original = reading.get(database, call.request_id, None)
    assert original is not None, "an attempt without its request: verify names it"
    attempt = next(line for line in original.attempts if line.attempt_id == call.attempt_id)
    request_id, difference = CORRECTION_PREFIX + call.attempt_id, settlement.difference_nano_usd
    is_review, basis = attempt.role is Role.REVIEW, attempt.cost_basis
    # A bill is a fact, also where nobody knows a price, and of a call that failed.
    if basis in (CostBasis.UNKNOWN, CostBasis.NONE):
        basis = CostBasis.REVIEWER_TIME if is_review else CostBasis.TOKEN_PRICE
    line = replace(
        attempt,
        attempt_id=request_id,
        request_id=request_id,
        ordinal=0,
        # The role decides whether it counts in windows.
        role=Role.REVIEW if is_review else Role.RECONCILE,
        state=AttemptState.SETTLED,
        held_nano_usd=0,
        cost_nano_usd=difference,
        cost_basis=basis,
        price_version="bill",
        latency_ms=0.0,
        usage=Usage(),
        estimated=False,
        discarded=False,
        provider_cost_nano_usd=_beyond_stated(attempt, settlement.billed_nano_usd),
        compute_ms=0.0,
        finish_reason="",
        error_code="",
        images=0,
        cores=0,
    )
    return _row(original, line, settlement, now_ms)


def _beyond_stated(attempt: AttemptRow, billed_nano_usd: int) -> int | None:
    """Returns the bill less what the provider stated, None where that was not above the booking.

    Budgets have counted what was stated, so this is what is left for them.
    """
    stated = attempt.provider_cost_nano_usd
    counted_more = stated is not None and stated > attempt.cost_nano_usd
    return billed_nano_usd - stated if stated is not None and counted_more else None


def _row(original: RequestRow, line: AttemptRow, settlement: Settlement, now_ms: int) -> RequestRow:
    domain, request_type = row_names(original)
    record: dict[str, dict[str, object]] = {
        # A domain pays what its calls cost in truth, so the correction is charged to the same one.
        "signals": {"domain": domain, "request_type": request_type},
        "reconciles": {
            "request_id": original.request_id,
            "attempt_id": settlement.call.attempt_id,
            "booked_nano_usd": settlement.call.booked_nano_usd,
            "billed_nano_usd": settlement.billed_nano_usd,
            "answered": got_answer(original),
        },
    }
    if settlement.call.doubt is not Doubt.UNKNOWN:  # what was booked counts where it was compared
        record["reconciles"]["compared"] = compared_with(original)
    if settlement.call.doubt is Doubt.ESTIMATED:  # so roll-ups can take it out of what is estimated
        record["reconciles"]["estimated"] = True
    return build_row(
        origin_of(original, line.request_id, RECONCILE),
        spent_on(line, RequestState.SETTLED),
        Times(now_ms, now_ms),
        kept=Kept(
            record=JsonText(orjson.dumps(record).decode()),
            domain=domain,
            request_type=request_type,
        ),
    )
