"""How many requests a second the ledger takes: `python benchmarks/ledger.py [seconds]`.

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

from router.ledger.store import SqlLedger
from router.policy import BudgetSection
from router.types import (
    AttemptRow,
    AttemptState,
    Baselines,
    CostBasis,
    JsonText,
    RequestRow,
    RequestState,
    Role,
    Usage,
)


class WallClock:
    """The system's clock."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> float:
        return time.monotonic() * 1000


def request_row(request_id: str, now_ms: int) -> RequestRow:
    record = (
        '{"signals":{"domain":"finance","request_type":"decision"},"rungs":['
        + "1234567," * 250
        + "0]}"
    )
    return RequestRow(
        request_id=request_id,
        created_at_ms=now_ms,
        finished_at_ms=now_ms + 5,
        tenant="acme",
        key_id="k1",
        state=RequestState.SETTLED,
        endpoint="chat.completions",
        stream=False,
        mode="route",
        policy="default",
        policy_hash="0123456789abcdef",
        requested_model="auto",
        tier="fast",
        tier_number=1,
        answerer="upstream",
        model="nano",
        verdict="accepted",
        reason="lowest_expected_loss",
        reasons=("lowest_expected_loss",),
        confidence=0.93,
        escalations=0,
        cost_nano_usd=12_000,
        baselines=Baselines(90_000, 80_000, 900_000, None),
        usage=Usage(120, 0, 0, 40, 0, True),
        latency_ms=4.2,
        first_token_ms=None,
        triage_ms=0.9,
        prompt_digest="a" * 64,
        answer_digest="b" * 64,
        session_digest="",
        tags=(),
        record=JsonText(record),
    )


def attempt_row(request_id: str, now_ms: int) -> AttemptRow:
    return AttemptRow(
        attempt_id=request_id + "-1",
        request_id=request_id,
        ordinal=1,
        role=Role.ANSWER,
        answerer="upstream",
        tier="fast",
        level=1,
        model="nano",
        state=AttemptState.SETTLED,
        held_nano_usd=40_000,
        cost_nano_usd=12_000,
        cost_basis=CostBasis.TOKEN_PRICE,
        price_version="2026-11-01",
        started_at_ms=now_ms,
        latency_ms=4.0,
        usage=Usage(120, 0, 0, 40, 0, True),
    )


async def one_finish(ledger: SqlLedger, request_id: str, now_ms: int) -> None:
    attempt = attempt_row(request_id, now_ms)
    await ledger.finish(replace(request_row(request_id, now_ms), attempts=(attempt,)))


async def hold_finish(ledger: SqlLedger, request_id: str, now_ms: int) -> None:
    request, attempt = request_row(request_id, now_ms), attempt_row(request_id, now_ms)
    await ledger.hold(request, attempt)
    await ledger.finish(replace(request, attempts=(attempt,)))


async def measure(
    name: str,
    work: Callable[[SqlLedger, str, int], Awaitable[None]],
    callers: int,
    seconds: float,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        clock = WallClock()
        ledger = SqlLedger.open(
            Path(folder) / "ledger.db",
            clock=clock,
            budget_of=lambda _: BudgetSection(usd_per_day=1e6, usd_per_month=1e7),
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
            f"{name:12} {callers:3} callers: {len(waits) / wall:8,.0f}/s  p50 "
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


if __name__ == "__main__":
    main()
