"""Budgets hold while the clock of the machine is set an hour back and forth."""

from __future__ import annotations

from collections import Counter

import pytest

from router.api.compose.clock import SystemClock
from router.errors import BudgetExceeded
from router.ledger.books.verify import verify
from router.money.budgets import Budgets, WindowKind, window_start
from router.policy.schema import LimitSection
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace

CENT = 10_000_000
HOUR_MS = 3_600_000
SETS = ((HOUR_MS,), (-HOUR_MS,), (HOUR_MS, -HOUR_MS), (-HOUR_MS, HOUR_MS), (-HOUR_MS, -HOUR_MS))


@pytest.mark.parametrize("sets", SETS)
async def test_no_hour_and_no_day_admits_more_than_its_limit_while_the_clock_is_set(
    sets: tuple[int, ...], address: str, ledgers: Ledgers
) -> None:
    wall_ms, up_ms = NOW_MS, 5_000_000
    clock = SystemClock(lambda: wall_ms * 10**6, lambda: up_ms * 10**6)
    hour = LimitSection(key="*", usd_per_hour=0.03)
    day = LimitSection(tenant="*", usd_per_day=0.05)
    ledger = ledgers(address, clock=clock, budget_of=Budgets({}, (hour, day)).money)
    admitted: list[int] = []
    for step in (0, *sets, 0):
        wall_ms += step
        for _ in range(4):
            at_ms = clock.now_ms()
            name = f"r{up_ms}"
            line = attempt(name, held=CENT, started_at_ms=at_ms)
            try:
                await ledger.hold(replace(request(name), created_at_ms=at_ms), line)
                admitted.append(at_ms)
            except BudgetExceeded:
                pass
            wall_ms, up_ms = wall_ms + 7, up_ms + 7
    hours = Counter(window_start(WindowKind.HOUR, at_ms) for at_ms in admitted)
    days = Counter(window_start(WindowKind.DAY, at_ms) for at_ms in admitted)
    assert max(hours.values()) == 3
    assert max(days.values()) <= 5
    assert len(admitted) >= 3
    await ledger.close()
    assert verify(address).findings == ()
