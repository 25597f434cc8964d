"""A clock that is set back locks nobody out, and gives nothing away beyond one window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.compose.clock import MOST_AHEAD_MS, SystemClock
from router.ledger.books.anchors import EVERY_MS
from router.rate_limits.gcra import DEBT_NS, MINUTE_NS, admission
from router.rate_limits.stores.local import SharedRates
from router.request.shadows.shadow_money import Spent
from router.types import RateAsk, RateLimiter
from tests.kits.books.ledger_rows import NOW_MS, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.upstreams.upstream_kit import eventually

HOUR_MS = 3_600_000
Store = Callable[[object], RateLimiter]


@dataclass
class SetClock:
    """A machine's two clocks: people set the one, and nobody the other."""

    wall_ms: int = NOW_MS
    up_ms: int = 5_000_000

    def pass_ms(self, ms: int) -> None:
        self.wall_ms += ms
        self.up_ms += ms

    def now_ms(self) -> int:
        return self.wall_ms

    def monotonic_ms(self) -> float:
        return float(self.up_ms)

    def steady(self) -> SystemClock:
        """The gateway's clock over these two."""
        return SystemClock(lambda: self.wall_ms * 10**6, lambda: self.up_ms * 10**6)


def one(amount: int = 1, limit: int = 10) -> RateAsk:
    return RateAsk("acme", "requests", "requests", limit, amount)


async def admitted(limiter: RateLimiter, count: int) -> int:
    return sum([(await limiter.take([one()])).refused is None for _ in range(count)])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    def opened(clock: SetClock) -> RateLimiter:
        return SharedRates(tmp_path / "l.db.rates", clock)

    return opened


@pytest.mark.parametrize("set_ms", [-HOUR_MS, -90_000, HOUR_MS])
async def test_rates_know_nothing_of_a_clock_that_is_set(store: Store, set_ms: int) -> None:
    limiter = store(clock := SetClock())
    assert await admitted(limiter, 20) == 10
    clock.wall_ms += set_ms
    assert await admitted(limiter, 20) == 0
    clock.pass_ms(6_000)
    assert await admitted(limiter, 20) == 1


async def test_a_clock_set_back_before_a_restart_locks_nobody_out(tmp_path: Path) -> None:
    clock = SetClock()
    assert await admitted(SharedRates(tmp_path / "l.db.rates", clock), 20) == 10
    clock.wall_ms -= HOUR_MS
    again = SharedRates(tmp_path / "l.db.rates", clock)
    clock.pass_ms(6_000)
    assert await admitted(again, 20) == 1


async def test_a_time_that_cannot_be_is_an_empty_bucket_that_fills(store: Store) -> None:
    """After a reboot a machine counts from zero; so did files of versions that kept wall time."""
    clock = SetClock(up_ms=400 * HOUR_MS)
    limiter = store(clock)
    assert await admitted(limiter, 20) == 10
    clock.up_ms = 30_000
    assert await admitted(limiter, 20) == 0
    assert (await limiter.take([one()])).retry_ms == 6_000
    clock.pass_ms(60_000)
    assert await admitted(limiter, 20) == 10


@given(st.lists(st.tuples(st.integers(0, 30_000), st.booleans()), min_size=1, max_size=60))
def test_no_steps_back_admit_more_than_the_time_that_passed_allows(steps) -> None:
    """Ten, and one in six seconds that passed, whatever the bucket's own clock is set to."""
    now, full_at, passed, let_in = 1_000 * MINUTE_NS, 1_000 * MINUTE_NS, 0, 0
    for ms, back in steps:
        now += ms * 1_000_000
        passed += ms
        if back:
            now -= HOUR_MS * 1_000_000
        (full_at,), taken = admission([full_at], [one()], now)
        let_in += taken.refused is None
        assert full_at <= now + DEBT_NS
    assert let_in <= 10 + passed / 6_000


def test_time_goes_on_at_half_its_pace_until_a_clock_set_back_has_caught_up() -> None:
    machine = SetClock()
    clock = machine.steady()
    began = clock.now_ms()
    machine.wall_ms -= HOUR_MS
    assert clock.now_ms() == began
    machine.pass_ms(HOUR_MS)
    assert clock.now_ms() == began + HOUR_MS // 2
    machine.pass_ms(HOUR_MS)
    assert clock.now_ms() == machine.wall_ms
    machine.pass_ms(1_000)
    assert clock.now_ms() == machine.wall_ms


def test_a_clock_set_forward_is_followed() -> None:
    machine = SetClock()
    clock = machine.steady()
    machine.wall_ms += HOUR_MS
    assert clock.now_ms() == machine.wall_ms


def test_a_clock_that_was_days_ahead_is_believed_when_it_is_put_right() -> None:
    machine = SetClock()
    clock = machine.steady()
    clock.now_ms()
    machine.wall_ms -= MOST_AHEAD_MS + 1
    assert clock.now_ms() == machine.wall_ms


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-(10**7), 10**7)), max_size=50))
def test_time_never_goes_back_by_hours_nor_falls_behind_the_clock(steps) -> None:
    machine = SetClock()
    clock = machine.steady()
    told = clock.now_ms()
    for passed, set_by in steps:
        machine.pass_ms(passed)
        machine.wall_ms += set_by
        now = clock.now_ms()
        assert now >= machine.wall_ms
        assert now >= told or now == machine.wall_ms <= told - MOST_AHEAD_MS
        told = now


def test_a_restart_goes_on_from_the_newest_row(tmp_path: Path, ledgers: Ledgers) -> None:
    async def newest() -> int:
        ledger = ledgers(tmp_path / "l.db", budget_of=lambda _: ())
        assert ledger.newest_ms() == 0
        await ledger.finish(replace(request("r1"), created_at_ms=NOW_MS))
        found = ledger.newest_ms()
        await ledger.close()
        return found

    machine = SetClock(wall_ms=NOW_MS - HOUR_MS)
    clock = machine.steady()
    clock.not_before(asyncio.run(newest()))
    assert clock.now_ms() == NOW_MS
    machine.pass_ms(10_000)
    assert clock.now_ms() == NOW_MS + 5_000


async def test_anchors_are_written_every_minute_whatever_the_clock_is_set_to(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    clock = SetClock()
    ledger = ledgers(tmp_path / "l.db", clock=clock, budget_of=lambda _: ())
    await ledger.finish(request("r1"))
    clock.wall_ms -= HOUR_MS
    clock.pass_ms(EVERY_MS)
    await ledger.finish(request("r2"))

    def anchored() -> bool:
        with ledger.database.reading() as connection:
            return bool(connection.exec_driver_sql("SELECT count(*) FROM anchors").scalar())

    await eventually(anchored)


def test_money_for_shadows_is_a_days_however_often_the_day_goes_back() -> None:
    spent = Spent(day=10, nano_usd=7)
    spent.on(9)
    assert spent.nano_usd == 7
    spent.on(11)
    assert (spent.day, spent.nano_usd) == (11, 0)
