"""A worker that is killed with SIGKILL under load leaves books that add up after the next start."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from router.ledger.books import writer
from router.ledger.books.reconcile import unknown_calls
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.row_reading import cost_known
from router.types import AttemptState, CostBasis, RequestState
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.open_ledgers import Ledgers, requests_in
from tests.kits.changed import replace
from tests.kits.server_kit import environment

pytestmark = pytest.mark.crash

DAY_MS = 86_400_000
NOTICED_S = 60.0
UNDER_LOAD = """
import asyncio, os, sys
from router.ledger.books.store import SqlLedger
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.server_kit import environment

async def caller(ledger, name):
    turn = 0
    while True:
        turn += 1
        row_id = f"{name}-{turn}"
        await ledger.hold(request(row_id), attempt(row_id, 1, held=400))
        await ledger.settle(attempt(row_id, 1, held=400, cost=120), "acme")
        await ledger.hold(request(row_id), attempt(row_id, 2, held=900))
        lines = (attempt(row_id, 1, held=400, cost=120), attempt(row_id, 2, held=900, cost=700))
        await ledger.finish(request(row_id, *lines))
        os.write(1, f"{row_id}\\n".encode())

async def main():
    ledger = SqlLedger.open(sys.argv[1], clock=StandingClock(), budget_of=lambda _: None)
    await asyncio.gather(*(caller(ledger, f"{os.getpid()}-{n}") for n in range(16)))

asyncio.run(main())
"""


def killed_under_load(path: str, workers: int = 1) -> list[str]:
    """Runs workers for a while, kills them, and returns the requests they saw acknowledged."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", UNDER_LOAD, path], env=environment(), stdout=subprocess.PIPE
        )
        for _ in range(workers)
    ]
    acknowledged: list[str] = []
    for worker in running:  # let each finish some before the axe falls
        assert worker.stdout is not None
        acknowledged += [worker.stdout.readline().decode().strip() for _ in range(50)]
    time.sleep(0.2)
    for worker in running:
        worker.send_signal(signal.SIGKILL)
    for worker in running:
        assert worker.stdout is not None
        lines = worker.stdout.read().decode().split("\n")
        acknowledged += [line for line in lines[:-1] if line]
        worker.wait()
        worker.stdout.close()
    return acknowledged


@pytest.mark.parametrize("workers", [1, 2])
def test_books_add_up_after_kill_9(address: str, workers: int, ledgers: Ledgers) -> None:
    path = address
    acknowledged = killed_under_load(path, workers)
    ledger = ledgers(path)
    # A busy server may notice a death late; the ledger then looks once more.
    until = time.monotonic() + NOTICED_S
    while (
        rows := {row.request_id: row for row in requests_in(ledger)}
    ) and time.monotonic() < until:
        if RequestState.OPEN not in {row.state for row in rows.values()}:
            break
        time.sleep(0.2)
    asyncio.run(ledger.close())
    assert acknowledged
    assert all(rows[name].state is RequestState.SETTLED for name in acknowledged)
    assert RequestState.OPEN not in {row.state for row in rows.values()}
    report = verify(path)
    assert report.findings == ()
    assert (report.held_nano_usd, report.open_requests) == (0, 0)
    assert report.cost_nano_usd == sum(
        line.cost_nano_usd for row in rows.values() for line in row.attempts
    )


async def crashed(ledgers: Ledgers, path: str) -> SqlLedger:
    """A ledger that lets go of its slot as a dying process does, with all it had open."""
    ledger = ledgers(path)
    await ledger.hold(request("r1"), attempt("r1", 1, held=400))
    await ledger.settle(attempt("r1", 1, held=400, cost=120), "acme")
    await ledger.hold(request("r1"), attempt("r1", 2, held=900))
    await ledger.hold(request("r2"), attempt("r2", 1, held=50))
    await ledger.settle(attempt("r2", 1, held=50, cost=30), "acme")
    await ledger.close()
    return ledgers(path)


async def test_writer_that_dies_unnoticed_is_recovered_later(
    address: str, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "AGAIN_S", 1.5)
    dying = ledgers(address)
    await dying.hold(request("r1"), attempt("r1", 1, held=400))
    ledger = ledgers(address)
    row = await ledger.get("r1", None)
    assert row is not None
    assert row.state is RequestState.OPEN
    await dying.close()
    until = time.monotonic() + NOTICED_S
    while row is not None and row.state is RequestState.OPEN and time.monotonic() < until:
        await asyncio.sleep(0.1)
        row = await ledger.get("r1", None)
    assert row is not None
    assert (row.state, row.cost_nano_usd) == (RequestState.UNKNOWN_COST, 400)
    await ledger.hold(request("r2"), attempt("r2", 1, held=50))
    await ledger.finish(request("r2", attempt("r2", 1, held=50, cost=30)))
    await ledger.close()
    assert verify(address).findings == ()


async def test_unsettled_attempt_of_a_dead_worker_counts_at_its_hold(
    address: str, ledgers: Ledgers
) -> None:
    ledger = await crashed(ledgers, address)
    row = await ledger.get("r1", None)
    assert row is not None
    assert (row.state, row.cost_nano_usd) == (RequestState.UNKNOWN_COST, 1020)
    states = [line.state for line in row.attempts]
    assert states == [AttemptState.SETTLED, AttemptState.UNKNOWN_COST]
    assert [line.error_code for line in row.attempts] == ["", "interrupted"]


async def test_named_attempt_of_a_dead_worker_keeps_its_providers_id(
    address: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(address)
    await ledger.hold(request("r1"), attempt("r1", 1, held=400))
    for name in ("r1", "never-held"):
        call = attempt(name, 1, held=400, state=AttemptState.HELD)
        ledger.name(replace(call, upstream_id="chatcmpl-1"), "acme")
    await ledger.close()
    row = await ledgers(address).get("r1", None)
    assert row is not None
    assert (row.state, row.cost_nano_usd) == (RequestState.UNKNOWN_COST, 400)
    assert [line.upstream_id for line in row.attempts] == ["chatcmpl-1"]
    assert verify(address).findings == ()


async def test_settled_request_of_a_dead_worker_failed_at_a_known_cost(
    address: str, ledgers: Ledgers
) -> None:
    ledger = await crashed(ledgers, address)
    row = await ledger.get("r2", None)
    assert row is not None
    found = (row.state, row.cost_nano_usd, row.error_code)
    assert found == (RequestState.FAILED, 30, "interrupted")


async def test_free_call_of_a_dead_worker_is_kept_at_no_cost(
    address: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(address)
    free = replace(attempt("r1", held=0), cost_basis=CostBasis.OWN_COMPUTE)
    await ledger.hold(request("r1"), replace(free, state=AttemptState.HELD))
    await ledger.close()
    ledger = ledgers(address)
    row = await ledger.get("r1", None)
    assert row is not None
    assert (row.state, row.error_code) == (RequestState.FAILED, "interrupted")
    (line,) = row.attempts
    assert (line.state, line.cost_nano_usd) == (AttemptState.FAILED, 0)
    assert cost_known(row)
    assert unknown_calls(ledger.database) == []
    await ledger.close()
    assert verify(address).findings == ()


async def test_free_call_that_runs_waits_for_no_bill(address: str, ledgers: Ledgers) -> None:
    ledger = ledgers(address)
    free = replace(attempt("r1", held=0), cost_basis=CostBasis.OWN_COMPUTE)
    await ledger.hold(request("r1"), replace(free, state=AttemptState.HELD))
    await ledger.hold(request("r2"), attempt("r2", held=0))  # nobody knows its price
    assert [call.request_id for call in unknown_calls(ledger.database)] == ["r2"]


async def test_clock_that_jumps_leaves_books_that_add_up(address: str, ledgers: Ledgers) -> None:
    clock = StandingClock()
    ledger = ledgers(address, clock=clock)
    for number, jump_ms in enumerate((0, -40 * DAY_MS, 400 * DAY_MS, -3_600_000, 1)):
        clock.at_ms = NOW_MS + jump_ms
        line = attempt(f"r{number}", held=400, cost=120, started_at_ms=clock.now_ms())
        row = replace(request(f"r{number}", line), created_at_ms=clock.now_ms())
        await ledger.hold(row, line)
        clock.at_ms -= 2 * DAY_MS  # the call ends before it began
        await ledger.settle(line, "acme")
        await ledger.settle(line, "acme")
        await ledger.finish(replace(row, finished_at_ms=clock.now_ms()))
    clock.at_ms = NOW_MS - 1000 * DAY_MS
    await ledger.close()
    report = verify(address)
    assert (report.findings, report.rows, report.cost_nano_usd) == ((), 5, 5 * 120)
    assert report.held_nano_usd == 0
    assert report.anchors == report.outside_anchors > 0
