"""How many requests a second the ledger takes: `python -m benchmarks.ledger [seconds]`.

Full rows with a 2 kB record, 64 callers that each wait for their row, one database file on disk.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from router.api.clock import SystemClock
from router.budgets import Budgets
from router.ledger.store import SqlLedger
from router.policy import BudgetSection, LimitSection
from router.types import AttemptRow, JsonText, RequestRow
from tests.ledger_rows import attempt, request

RECORD = JsonText('{"signals":{"domain":"finance"},"rungs":[' + "1234567," * 250 + "0]}")


def rows(request_id: str, now_ms: int) -> tuple[RequestRow, AttemptRow]:
    """A settled request with one attempt, and that attempt."""
    only = attempt(request_id, started_at_ms=now_ms)
    row = request(request_id, only)
    return replace(row, created_at_ms=now_ms, finished_at_ms=now_ms + 5, record=RECORD), only


async def one_finish(ledger: SqlLedger, request_id: str, now_ms: int) -> None:
    row, _ = rows(request_id, now_ms)
    await ledger.finish(row)


async def hold_finish(ledger: SqlLedger, request_id: str, now_ms: int) -> None:
    row, only = rows(request_id, now_ms)
    await ledger.hold(row, only)
    await ledger.finish(row)


TENANT = Budgets({"*": BudgetSection(usd_per_day=1e6, usd_per_month=1e7)})
EVERYONE = Budgets(
    {"*": BudgetSection(usd_per_day=1e6, usd_per_month=1e7)},
    [
        LimitSection(key="*", usd_per_minute=1e6),
        LimitSection(policy="*", usd_per_hour=1e6),
        LimitSection(tenant="*", tier="*", usd_per_day=1e6),
    ],
)


async def measure(
    name: str,
    work: Callable[[SqlLedger, str, int], Awaitable[None]],
    callers: int,
    seconds: float,
    budgets: Budgets = TENANT,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = SystemClock()
        ledger = SqlLedger.open(
            Path(folder) / "ledger.db",
            clock=clock,
            budget_of=budgets.money,
        )
        waits: list[float] = []
        end = time.perf_counter() + seconds

        async def caller(number: int) -> None:
            turn = 0
            while (begin := time.perf_counter()) < end:
                turn += 1
                await work(ledger, f"{turn:09d}-{number:03d}", clock.now_ms())
                waits.append((time.perf_counter() - begin) * 1000)

        cpu = time.process_time()
        begin = time.perf_counter()
        await asyncio.gather(*(caller(number) for number in range(callers)))
        wall = time.perf_counter() - begin
        cpu = time.process_time() - cpu
        waits.sort()
        print(
            f"{name:18} {callers:3} callers: {len(waits) / wall:8,.0f}/s  p50 "
            f"{statistics.median(waits):6.2f} ms  p99 {waits[int(len(waits) * 0.99)]:7.2f} ms  "
            f"CPU {cpu / len(waits) * 1e6:5.0f} us each",
            flush=True,
        )
        await ledger.close()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3.0
    for callers in (1, 8, 64):
        asyncio.run(measure("finish", one_finish, callers, seconds))
        asyncio.run(measure("hold+finish", hold_finish, callers, seconds))
        asyncio.run(measure("hold, no budget", hold_finish, callers, seconds, Budgets()))
        asyncio.run(measure("hold, 5 budgets", hold_finish, callers, seconds, EVERYONE))


if __name__ == "__main__":
    main()
