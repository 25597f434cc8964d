"""What reports read adds up with the rows it was read from."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from router.ledger.columns import BaselineSum, Period, columns, reason_counts, rollup
from router.ledger.database import Database
from router.ledger.store import SqlLedger
from router.types import Baselines, RequestState
from tests.ledger_rows import NOW_MS, StandingClock, attempt, request


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """Ten requests of `fast` with latencies 1 to 10, one escalated one of `large`, one open."""
    ledger = SqlLedger.open(tmp_path / "ledger.db", clock=StandingClock(), budget_of=lambda _: None)

    async def write() -> None:
        for number in range(1, 11):
            row_id = f"r{number:02d}"
            row = request(row_id, attempt(row_id, cost=number))
            await ledger.finish(replace(row, latency_ms=float(number)))
        draft = replace(attempt("big", 1, cost=5), discarded=True)
        row = request("big", draft, attempt("big", 2, cost=50), tenant="other")
        row = replace(
            row,
            tier="large",
            state=RequestState.FAILED,
            reasons=("novel",),
            baselines=Baselines(None, 70, None, None),
        )
        await ledger.finish(row)
        await ledger.hold(request("open"), attempt("open"))

    asyncio.run(write())
    yield ledger.database
    ledger.close_now()


def test_columns_join_the_sums_of_attempts(database: Database) -> None:
    rows = {row.request_id: row for row in columns(database)}
    assert len(rows) == 11
    big = rows["big"]
    assert (big.attempts, big.discarded_nano_usd, big.cost_nano_usd) == (2, 5, 55)
    assert (big.domain, big.request_type, big.reasons) == ("finance", "decision", ("novel",))


def test_rollup_by_tier(database: Database) -> None:
    fast, large = rollup(database, ["tier"])
    assert (fast.group, fast.requests, fast.spent_nano_usd) == (("fast",), 10, 55)
    assert (fast.latency_p50_ms, fast.latency_p95_ms) == (5.0, 10.0)
    assert (large.failed, large.escalated, large.discarded_nano_usd) == (1, 1, 5)


def test_baseline_sums_leave_out_requests_that_do_not_know_it(database: Database) -> None:
    (everything,) = rollup(database)
    assert everything.baselines == (
        BaselineSum("requested_model", 10, 9_000, 55),
        BaselineSum("all_level_2", 11, 8_070, 110),
        BaselineSum("all_level_3", 10, 90_000, 55),
        BaselineSum("people", 0, 0, 0),
    )


def test_period_bounds_what_is_counted(database: Database) -> None:
    assert rollup(database, period=Period(until_ms=NOW_MS)) == ()
    assert [g.requests for g in rollup(database, ["day"], Period(tenant="acme"))] == [10]


def test_reasons_are_counted_once_per_request(database: Database) -> None:
    assert reason_counts(database) == {"novel": 11, "lowest_expected_loss": 10}
