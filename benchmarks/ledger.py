"""Measures requests a second into the ledger: `python -m benchmarks ledger`.

It writes full rows with a 2 kB record, with 1, 8 and 64 callers that each wait for their row, into
a file of SQLite on disk, and into a PostgreSQL server on this machine that waits for its disk at
each commit. Measurements alternate between the two, so that load hits both.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from router.api.compose.clock import SystemClock
from router.ledger.books.store import SqlLedger
from router.money.budgets import Budgets
from router.policy.schema import BudgetSection, LimitSection
from router.types import AttemptRow, JsonText, RequestRow
from tests.kits.books import postgres_kit
from tests.kits.books.ledger_rows import attempt, request

Line = dict[str, Any]  # a line of the table, as JSON has it
RECORD = JsonText('{"signals":{"domain":"finance"},"rungs":[' + "1234567," * 250 + "0]}")


def rows(request_id: str, now_ms: int) -> tuple[RequestRow, AttemptRow]:
    """Returns a settled request with one attempt, and that attempt."""
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


KINDS = (
    ("finish", one_finish, TENANT),
    ("hold+finish", hold_finish, TENANT),
    ("hold, no budget", hold_finish, Budgets()),
    ("hold, 5 budgets", hold_finish, EVERYONE),
)


async def measure(
    address: str,
    folder: Path,
    work: Callable[[SqlLedger, str, int], Awaitable[None]],
    callers: int,
    seconds: float,
    budgets: Budgets = TENANT,
) -> Line:
    """Measures one line of the table, on a ledger of its own."""
    clock = SystemClock()
    ledger = SqlLedger.open(
        address,
        clock=clock,
        budget_of=budgets.money,
        anchors_file=folder / "anchors",
    )
    waits: list[float] = []
    end = time.perf_counter() + seconds

    async def caller(number: int) -> None:
        turn = 0
        while (begin := time.perf_counter()) < end:
            turn += 1
            # Ids must differ between callers, and rise as real ids do.
            await work(ledger, f"{turn:09d}-{number:03d}", clock.now_ms())
            waits.append((time.perf_counter() - begin) * 1000)

    cpu = time.process_time()
    begin = time.perf_counter()
    await asyncio.gather(*(caller(number) for number in range(callers)))
    wall = time.perf_counter() - begin
    cpu = time.process_time() - cpu
    await ledger.close()
    waits.sort()
    return {
        "requests_per_s": len(waits) / wall,
        "p50_ms": statistics.median(waits),
        "p99_ms": waits[int(len(waits) * 0.99)],
        "cpu_us": cpu / len(waits) * 1e6,  # of our process only, not of PostgreSQL's
    }


def measure_all(seconds: float, say: Callable[[str], None]) -> list[Line]:
    """Returns all lines: work, callers and database with their figures."""
    lines: list[Line] = []
    with postgres_kit.running(durable=True) as server:
        for callers in (1, 8, 64):
            for name, work, budgets in KINDS:
                say(f"ledger, {name}, {callers} callers")
                for database in ("sqlite", "postgresql"):
                    with tempfile.TemporaryDirectory() as folder:
                        file = f"{folder}/ledger.db"
                        address = file if database == "sqlite" else server.new_database()
                        figures = asyncio.run(
                            measure(address, Path(folder), work, callers, seconds, budgets)
                        )
                    settings: Line = {"work": name, "callers": callers, "database": database}
                    lines.append({**settings, **figures})
    return lines


def show(lines: list[Line]) -> str:
    """Returns the lines as a table."""
    table = ["work            callers  database    requests/s   p50 ms   p99 ms  CPU us"]
    table += [
        f"{line['work']:15} {line['callers']:7}  {line['database']:10} "
        f"{line['requests_per_s']:11,.0f} {line['p50_ms']:8.2f} {line['p99_ms']:8.2f} "
        f"{line['cpu_us']:7.0f}"
        for line in lines
    ]
    return "\n".join(table)
