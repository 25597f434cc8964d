"""Budgets of any scope and window: kept exactly, also where they come or change in flight."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest

from router.errors import BudgetExceeded
from router.ledger.books.purge import purge
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.money.budgets import (
    Budgets,
    BudgetScope,
    Payer,
    WindowKind,
    window_end,
    window_start,
)
from router.policy.schema import BudgetSection, LimitSection
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace

CENT = 10_000_000
KINDS = ("usd_per_minute", "usd_per_hour", "usd_per_day", "usd_per_month")
SCOPES = (
    {"tenant": "acme"},
    {"tenant": "*"},
    {"key": "key_1"},
    {"key": "*"},
    {"policy": "default"},
    {"tier": "fast"},
    {"policy": "default", "tier": "fast"},
    {"tenant": "*", "key": "*", "policy": "*", "tier": "*"},
    {},
)


def ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


def opened(
    ledgers: Ledgers, database: Path, *limits: LimitSection, **tenants: BudgetSection
) -> SqlLedger:
    budgets = Budgets(tenants, limits)
    return ledgers(database, budget_of=budgets.money)


async def held(
    ledger: SqlLedger,
    request_id: str,
    nano_usd: int = CENT,
    *,
    at_ms: int = NOW_MS,
    tier: str = "fast",
    **payer: str,
) -> bool:
    """Returns True when a request of this payer may hold so much."""
    row = replace(request(request_id), created_at_ms=at_ms, **payer)
    line = replace(attempt(request_id, held=nano_usd, started_at_ms=at_ms), tier=tier)
    try:
        await ledger.hold(row, line)
    except BudgetExceeded:
        return False
    return True


async def spend(ledger: SqlLedger, request_id: str, nano_usd: int, **changes: object) -> None:
    """A finished request that cost so much and was never held."""
    line = attempt(request_id, held=nano_usd, cost=nano_usd)
    await ledger.finish(replace(request(request_id, line), **changes))


@pytest.mark.parametrize(
    ("kind", "at", "start", "end"),
    [
        ("minute", (2026, 3, 1, 0, 0, 59), (2026, 3, 1, 0, 0), (2026, 3, 1, 0, 1)),
        ("hour", (2026, 3, 1, 23, 59, 59), (2026, 3, 1, 23), (2026, 3, 2, 0)),
        ("day", (2026, 12, 31, 23, 59, 59), (2026, 12, 31), (2027, 1, 1)),
        ("month", (2026, 12, 31, 23, 59, 59), (2026, 12, 1), (2027, 1, 1)),
        ("month", (2026, 2, 28, 23, 59, 59), (2026, 2, 1), (2026, 3, 1)),
        ("month", (2028, 2, 29, 12, 0, 0), (2028, 2, 1), (2028, 3, 1)),
        ("month", (2026, 1, 31, 0, 0, 0), (2026, 1, 1), (2026, 2, 1)),
    ],
)
def test_windows_follow_the_utc_calendar(
    kind: str, at: tuple[int, ...], start: tuple[int, ...], end: tuple[int, ...]
) -> None:
    found = window_start(WindowKind(kind), ms(*at))
    assert (found, window_end(WindowKind(kind), found)) == (ms(*start), ms(*end))


@pytest.mark.parametrize("kind", KINDS)
async def test_last_millisecond_of_a_window_leaves_the_next_one_whole(
    database: Path, kind: str, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, database, LimitSection(key="*", **{kind: 0.01}))
    end = window_end(window := WindowKind(kind[8:]), window_start(window, NOW_MS))
    assert await held(ledger, "r1", at_ms=end - 1)
    assert not await held(ledger, "r2", at_ms=end - 1)
    assert await held(ledger, "r3", at_ms=end)
    assert not await held(ledger, "r4", at_ms=end)
    await ledger.close()
    assert verify(database).findings == ()


@pytest.mark.parametrize(
    ("limit", "payer", "counted"),
    [
        ({"tenant": "acme"}, Payer("acme", "k", "p", "t"), BudgetScope("acme")),
        ({"tenant": "acme"}, Payer("other", "k", "p", "t"), None),
        ({"key": "*"}, Payer("acme", "k", "p", "t"), BudgetScope("", "k")),
        ({"key": "k", "tier": "t"}, Payer("acme", "k", "p", "t"), BudgetScope("", "k", "", "t")),
        ({"key": "k", "tier": "t"}, Payer("acme", "k", "p", "other"), None),
        ({"tier": "*"}, Payer("acme", "k", "p", ""), None),
        ({"policy": "p", "tenant": "*"}, Payer("acme", "k", "p"), BudgetScope("acme", "", "p")),
        ({}, Payer("acme", "k", "p", "t"), BudgetScope()),
    ],
)
def test_limit_counts_what_it_names(
    limit: dict[str, str], payer: Payer, counted: BudgetScope | None
) -> None:
    found = Budgets({}, [LimitSection(usd_per_day=1, **limit)]).money(payer)
    assert [one.scope for one in found] == ([] if counted is None else [counted])


def test_tenants_without_a_budget_of_their_own_share_the_stars_figures_not_its_money() -> None:
    budgets = Budgets({"acme": BudgetSection(usd_per_day=1), "*": BudgetSection(usd_per_day=2)})
    figures = [
        (one.scope.tenant, one.nano_usd)
        for tenant in ("acme", "b", "c")
        for one in budgets.money(Payer(tenant))
    ]
    assert figures == [("acme", 100 * CENT), ("b", 200 * CENT), ("c", 200 * CENT)]


@pytest.mark.parametrize("scope", SCOPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
async def test_hundred_concurrent_holds_on_a_budget_for_ten(
    database: Path, kind: str, scope: dict[str, str], ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, database, LimitSection(**scope, **{kind: 0.10}))
    outcomes = await asyncio.gather(*(held(ledger, f"r{n}") for n in range(100)))
    assert sum(outcomes) == 10
    await ledger.close()
    assert verify(database).findings == ()


@pytest.mark.parametrize(
    ("limit", "other"),
    [
        ({"key": "*"}, {"key_id": "key_2"}),
        ({"key": "key_1"}, {"key_id": "key_2"}),
        ({"policy": "*"}, {"policy": "mail"}),
        ({"tier": "*"}, {"tier": "deep"}),
        ({"tenant": "*", "tier": "fast"}, {"tenant": "other"}),
    ],
)
async def test_what_another_spent_refuses_nobody(
    database: Path, limit: dict[str, str], other: dict[str, str], ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, database, LimitSection(**limit, usd_per_day=0.01))
    assert await held(ledger, "r1", **other)
    assert await held(ledger, "r2")
    assert not await held(ledger, "r3", 1)


async def test_smallest_of_several_limits_decides(database: Path, ledgers: Ledgers) -> None:
    ledger = opened(
        ledgers,
        database,
        LimitSection(key="*", usd_per_day=0.02),
        acme=BudgetSection(usd_per_hour=0.01),
    )
    assert await held(ledger, "r1")
    assert not await held(ledger, "r2", 1)
    assert await held(ledger, "r3", tenant="other")
    assert not await held(ledger, "r4", 1, tenant="other")


@pytest.mark.parametrize("scope", SCOPES, ids=str)
@pytest.mark.parametrize("kind", KINDS)
async def test_budget_that_comes_in_flight_counts_what_was_spent_before(
    database: Path, kind: str, scope: dict[str, str], ledgers: Ledgers
) -> None:
    before = opened(ledgers, database)
    await spend(before, "r0", CENT)
    assert await held(before, "r1")
    with_limit = opened(ledgers, database, LimitSection(**scope, **{kind: 0.03}))
    assert await held(with_limit, "r2")
    assert not await held(with_limit, "r3", 1)
    await before.settle(attempt("r1", held=CENT, cost=CENT // 2), "acme")  # knows of no limit
    assert await held(with_limit, "r4", CENT // 2)
    assert not await held(with_limit, "r5", 1)
    await before.close()
    await with_limit.close()
    assert verify(database).findings == ()


async def test_budget_that_is_raised_in_flight_admits_at_once(
    database: Path, ledgers: Ledgers
) -> None:
    budgets = Budgets({}, [LimitSection(key="*", usd_per_hour=0.01)])
    ledger = ledgers(database, budget_of=lambda payer: budgets.money(payer))
    assert await held(ledger, "r1")
    assert not await held(ledger, "r2")
    budgets = Budgets({}, [LimitSection(key="*", usd_per_hour=0.02)])
    assert await held(ledger, "r3")
    assert not await held(ledger, "r4", 1)


async def test_budget_lowered_below_what_is_held_refuses_until_it_fits(
    database: Path, ledgers: Ledgers
) -> None:
    first = opened(ledgers, database, LimitSection(key="*", usd_per_hour=1))
    assert await held(first, "r1", 5 * CENT)
    second = opened(ledgers, database, LimitSection(key="*", usd_per_hour=0.02))
    assert not await held(second, "r2", 1)
    await first.settle(attempt("r1", held=5 * CENT, cost=CENT), "acme")
    assert await held(second, "r3")


async def test_budget_that_went_away_for_long_comes_back_exact(
    database: Path, ledgers: Ledgers
) -> None:
    limit = LimitSection(key="*", usd_per_minute=0.02)
    later = NOW_MS + 3 * 3_600_000
    ledger = opened(ledgers, database, limit)
    assert await held(ledger, "r1")
    await ledger.close()
    ledger = opened(ledgers, database)
    assert await held(ledger, "r2", at_ms=later)
    await ledger.close()
    ledger = opened(ledgers, database, limit)
    assert await held(ledger, "r3", at_ms=later)
    assert not await held(ledger, "r4", 1, at_ms=later)
    await ledger.close()
    assert verify(database).findings == ()


async def test_hold_of_a_worker_whose_clock_is_behind_counts_in_its_own_window(
    database: Path, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, database, LimitSection(key="*", usd_per_minute=0.01))
    assert await held(ledger, "r1")
    assert await held(ledger, "r2", at_ms=NOW_MS - 60_000)
    assert not await held(ledger, "r3", 1, at_ms=NOW_MS - 60_000)
    await ledger.close()
    assert verify(database).findings == ()


async def test_old_windows_of_minutes_are_dropped(database: Path, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, database, LimitSection(key="*", usd_per_minute=1))
    for minute in range(0, 200, 20):
        assert await held(ledger, f"r{minute}", at_ms=NOW_MS + minute * 60_000)
    await ledger.close()
    with sqlite3.connect(database) as connection:
        (kept,) = connection.execute(
            "SELECT count(*) FROM budget_windows WHERE kind = 'minute'"
        ).fetchone()
    connection.close()
    assert kept == 4  # 120, 140, 160 and 180 minutes: an hour back
    assert verify(database).findings == ()


async def test_windows_of_keys_stay_whole_when_rows_are_purged(
    database: Path, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, database, LimitSection(key="*", usd_per_hour=0.03))
    assert await held(ledger, "r1")
    await ledger.finish(request("r1", attempt("r1", held=CENT, cost=CENT)))
    assert await held(ledger, "r2")
    await ledger.finish(request("r2", attempt("r2", held=CENT, cost=CENT)))
    assert purge(ledger.database, NOW_MS + 1, NOW_MS) == 2
    assert verify(database).findings == ()
    assert await held(ledger, "r3")
    assert not await held(ledger, "r4", 1)


async def test_edited_window_of_a_key_is_found(database: Path, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, database, LimitSection(key="*", usd_per_hour=1))
    assert await held(ledger, "r1")
    await ledger.close()
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE budget_windows SET held_nano_usd = 0 WHERE key_id = 'key_1'")
    connection.close()
    (finding,) = verify(database).findings
    assert "key 'key_1'" in finding.detail


async def test_refusal_names_scope_window_and_figures(database: Path, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, database, LimitSection(key="*", tier="fast", usd_per_hour=0.01))
    with pytest.raises(
        BudgetExceeded, match=r"hour's budget of key 'key_1', tier 'fast' is \$0\.01"
    ):
        await ledger.hold(request("r1"), attempt("r1", held=2 * CENT))


@pytest.mark.parametrize("scope", [{"tenant": "acme"}, {"tenant": "*"}, {"tier": "fast"}])
async def test_windows_sum_what_providers_stated(
    ledgers: Ledgers, database: Path, scope: dict[str, str]
) -> None:
    before = opened(ledgers, database)
    stated = replace(attempt("r1", cost=120), provider_cost_nano_usd=9_000_000)
    await before.finish(request("r1", stated))
    await before.close()
    ledger = opened(ledgers, database, LimitSection(**scope, usd_per_hour=0.01))
    assert await held(ledger, "r2", 1_000_000)
    assert not await held(ledger, "r3", 1)
    less = replace(attempt("r2", held=1_000_000, cost=120), provider_cost_nano_usd=50)
    await ledger.finish(request("r2", less))
    assert await held(ledger, "r4", 1_000_000 - 120)
    assert not await held(ledger, "r5", 1)
    purge(ledger.database, before_ms=NOW_MS + 1, now_ms=NOW_MS + 1)
    await ledger.close()
    assert verify(database).findings == ()
