"""The figures of a closed month never change. What comes later counts in the next month."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.compose.books import Books
from router.errors import LedgerError
from router.ledger.books.closed_months import close_month, closed_months
from router.ledger.books.purge import purge
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.hash_chain import FindingKind
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.types import AttemptState, RequestRow, RequestState
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.books.ledger_rows import StandingClock, attempt, request
from tests.kits.changed import replace
from tests.kits.examples import examples
from tests.kits.server_kit import tiergate


def ms(*when: int) -> int:
    return round(datetime(*when, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


SEPTEMBER, OCTOBER, NOVEMBER = ms(2026, 9, 1), ms(2026, 10, 1), ms(2026, 11, 1)
NOW = ms(2026, 11, 18)


def row(name: str, at_ms: int, cost: int = 120, **changes: object) -> RequestRow:
    line = replace(attempt(name, cost=cost, started_at_ms=at_ms), **changes)  # type: ignore[arg-type]
    return replace(request(name, line), created_at_ms=at_ms, finished_at_ms=at_ms + 9)


async def written(address: str, *rows: RequestRow) -> None:
    ledger = opened(address)
    for one in rows:
        await ledger.finish(one)
    await ledger.close()


def opened(address: str) -> SqlLedger:
    return SqlLedger.open(address, clock=StandingClock(NOW), budget_of=lambda _tenant: None)


@pytest.fixture
def database(address: str) -> Iterator[Database]:
    found = Database.open(address)
    yield found
    found.close()


def spent(database: Database, since_ms: int, until_ms: int) -> int:
    rows = reading.rows(database, since_ms=since_ms, until_ms=until_ms)
    return sum(one.cost_nano_usd for one in rows)


async def test_closing_says_what_the_month_came_to(address: str, database: Database) -> None:
    await written(address, row("r1", OCTOBER), row("r2", NOVEMBER - 1), row("r3", NOVEMBER))
    (month,) = close_month(database, OCTOBER, NOW)
    assert (month.month, month.rows, month.cost_nano_usd) == ("2026-10", 2, 240)
    assert closed_months(database) == [month]
    assert verify(address).whole


async def test_earlier_months_are_closed_with_it(address: str, database: Database) -> None:
    await written(address, row("r1", SEPTEMBER), row("r2", OCTOBER))
    assert [one.month for one in close_month(database, OCTOBER, NOW)] == ["2026-09", "2026-10"]


async def test_month_that_is_not_over_is_refused(database: Database) -> None:
    with pytest.raises(LedgerError, match="2026-11 is not over; it can be closed from 2026-12 on"):
        close_month(database, NOVEMBER, NOW)


async def test_month_is_closed_once(database: Database) -> None:
    close_month(database, OCTOBER, NOW)
    with pytest.raises(LedgerError, match="2026-10 is closed"):
        close_month(database, OCTOBER, NOW)


async def test_month_with_an_open_request_is_refused(address: str, database: Database) -> None:
    ledger, late = opened(address), row("late", NOVEMBER - 1)
    await ledger.hold(late, late.attempts[0])
    with pytest.raises(LedgerError, match=r"2026-10 has 1 open requests \(late\); wait"):
        close_month(database, OCTOBER, NOW)
    await ledger.finish(late)
    assert close_month(database, OCTOBER, NOW)[0].cost_nano_usd == 120
    await ledger.close()


async def test_what_a_bill_says_later_stands_in_the_next_month(
    address: str, database: Database
) -> None:
    unknown = row("u", OCTOBER, 400, state=AttemptState.UNKNOWN_COST, estimated=True)
    await written(address, replace(unknown, state=RequestState.UNKNOWN_COST))
    close_month(database, OCTOBER, NOW)
    with Books.open(address) as books:
        settled, refused = await asyncio.to_thread(
            books.reconcile, {"u/1": 100}, None, by_upstream=False
        )
    assert (len(settled), refused) == (1, [])
    assert spent(database, OCTOBER, NOVEMBER) == 400
    assert spent(database, NOVEMBER, NOW * 2) == -300
    with database.reading() as connection:
        windows = connection.exec_driver_sql(
            "SELECT start_ms, spent_nano_usd FROM budget_windows WHERE kind = 'month'"
        ).fetchall()
    assert [tuple(window) for window in windows if window[0] == OCTOBER] == [(OCTOBER, 400)]
    assert verify(address).whole


async def test_worker_whose_clock_is_behind_writes_in_the_open_month(
    address: str, database: Database
) -> None:
    ledger = opened(address)  # it runs while the month is closed
    close_month(database, OCTOBER, NOW)
    behind = row("r1", OCTOBER + 5)
    await ledger.hold(behind, behind.attempts[0])
    await ledger.settle(behind.attempts[0], "acme")
    await ledger.finish(behind)
    await ledger.close()
    response = reading.get(database, "r1", None)
    assert response is not None
    assert (response.created_at_ms, response.attempts[0].started_at_ms) == (NOVEMBER, NOVEMBER)
    assert spent(database, OCTOBER, NOVEMBER) == 0
    assert verify(address).whole


async def test_closed_month_stays_whole_when_its_rows_are_purged(
    address: str, database: Database
) -> None:
    await written(address, row("r1", OCTOBER), row("r2", NOVEMBER))
    close_month(database, OCTOBER, NOW)
    assert purge(database, NOVEMBER, NOW) == 1
    assert verify(address).whole


async def test_changed_closed_month_is_found(address: str, database: Database) -> None:
    await written(address, row("r1", OCTOBER))
    close_month(database, OCTOBER, NOW)
    with database.writing() as connection:
        connection.exec_driver_sql("UPDATE closed_months SET cost_nano_usd = 121")
    (finding,) = verify(address).findings
    assert finding.kind is FindingKind.CLOSED_MONTH_CHANGED
    assert "2026-10 was closed at 121 nano-dollars, its rows sum to 120" in finding.detail


@examples(15)
@given(st.lists(st.tuples(st.integers(SEPTEMBER, NOW), st.integers(-50, 500)), max_size=6),
       st.lists(st.tuples(st.integers(SEPTEMBER, NOW), st.integers(-50, 500)), max_size=6),
       st.booleans())  # fmt: skip
def test_no_later_row_moves_a_closed_month(
    tmp_path_factory: pytest.TempPathFactory,
    before: list[tuple[int, int]],
    after: list[tuple[int, int]],
    purged: bool,
) -> None:
    path = str(empty_ledger(tmp_path_factory.mktemp("closing") / "ledger.db"))
    asyncio.run(written(path, *(row(f"a{n}", *one) for n, one in enumerate(before))))
    database = Database.open(path)
    close_month(database, OCTOBER, NOW)
    figures, sums = closed_months(database), spent(database, 0, NOVEMBER)
    asyncio.run(written(path, *(row(f"b{n}", *one) for n, one in enumerate(after))))
    assert (closed_months(database), spent(database, 0, NOVEMBER)) == (figures, sums)
    assert sum(month.cost_nano_usd for month in figures) == sums
    total = sum(cost for _, cost in (*before, *after))
    assert sums + spent(database, NOVEMBER, NOW * 2) == total
    if purged:
        purge(database, OCTOBER + 10**9, NOW)
    database.close()
    assert verify(path).findings == ()


@pytest.mark.process
def test_command_closes_and_lists(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    asyncio.run(written(str(path), row("r1", OCTOBER, 1_500_000_000)))
    none = tiergate("ledger", "close", "-d", path)
    assert "No month is closed" in none.stdout
    closed = tiergate("ledger", "close", "2026-10", "-d", path)
    assert closed.returncode == 0, closed.stderr
    assert "2026-10  closed " in closed.stdout
    assert "1 row  $1.50" in closed.stdout
    (month,) = json.loads(tiergate("ledger", "close", "-d", path, "--json").stdout)
    assert (month["month"], month["cost_nano_usd"]) == ("2026-10", 1_500_000_000)


@pytest.mark.process
@pytest.mark.parametrize("text", ["2026-13", "October", "2026-10-01", "2026"])
def test_what_is_no_month_is_refused(tmp_path: Path, text: str) -> None:
    run = tiergate("ledger", "close", text, "-d", tmp_path / "ledger.db")
    assert run.returncode == 2
    assert "is no month; expected one like 2026-10" in run.stderr
