"""Tells which rows are lost with operations that nothing will write any more. Pure.

Where money was spent, calls were held, so the next start books them at their hold. What is told is
what `tiergate ledger reconcile` needs to book them at their cost. Other rows have no call to book.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.ledger.books.operations import Finish, Operation, Settle
from router.types import AttemptRow, LostCall, Role, RowLost


def lost_rows(operations: Iterable[Operation]) -> list[RowLost]:
    """Returns what is lost with these operations, each request once; nothing is lost with a hold.

    A settlement is part of its request's final row where that is lost, too.
    """
    rows: dict[str, RowLost] = {}
    calls: dict[str, tuple[str, list[AttemptRow]]] = {}
    for operation in operations:
        if isinstance(operation, Finish):
            row = operation.request
            rows[row.request_id] = RowLost(
                row.request_id,
                row.tenant,
                row.key_id,
                row.policy,
                row.cost_nano_usd,
                _calls(row.attempts) if operation.spent else (),
            )
        elif isinstance(operation, Settle):
            of_request = calls.setdefault(operation.attempt.request_id, (operation.tenant, []))
            of_request[1].append(operation.attempt)
    for request_id, (tenant, attempts) in calls.items():
        cost = sum(attempt.cost_nano_usd for attempt in attempts)
        rows.setdefault(request_id, RowLost(request_id, tenant, "", "", cost, _calls(attempts)))
    return list(rows.values())


def _calls(attempts: Sequence[AttemptRow]) -> tuple[LostCall, ...]:
    return tuple(
        LostCall(
            attempt.attempt_id,
            attempt.tier,
            attempt.answerer,
            attempt.model,
            attempt.upstream_id,
            attempt.state.value,
            attempt.started_at_ms,
            attempt.cost_nano_usd,
        )
        for attempt in attempts
        if attempt.role is not Role.TRIAGE  # it was never held, and no bill has it
    )
