"""No window ever holds less than nothing, whatever is held, released or settled, and by whom."""

from __future__ import annotations

import sqlite3
from itertools import product
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine

from router.errors import LedgerError
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.sql.database import Database
from router.money.budgets import Budgets
from router.policy.schema import LimitSection
from router.types import AttemptState, Role
from tests import ROOT
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace

HOUR_MS = 3_600_000


def opened(ledgers: Ledgers, address: str, *limits: LimitSection) -> SqlLedger:
    budgets = Budgets({}, limits)
    return ledgers(address, budget_of=budgets.money)


def windows(address: str) -> list[tuple[int, int]]:
    """(spent, held) of all windows."""
    database = Database.open(address, create=False)
    with database.reading() as connection:
        rows = connection.exec_driver_sql(
            "SELECT spent_nano_usd, held_nano_usd FROM budget_windows"
        ).fetchall()
    database.close()
    return [(int(row[0]), int(row[1])) for row in rows]


async def test_held_review_counts_in_no_window_when_it_is_settled(
    address: str, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, address)
    line = replace(attempt("r1"), role=Role.REVIEW)
    await ledger.hold(request("r1"), line)
    await ledger.settle(line, "acme")
    await ledger.finish(request("r1", line))
    await ledger.close()
    assert windows(address) == []
    assert verify(address).whole


async def test_every_role_leaves_windows_whole_in_every_state(
    address: str, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, address, LimitSection(key="*", usd_per_hour=1))
    for number, (role, state) in enumerate(product(Role, AttemptState)):
        line = replace(attempt(f"r{number}", state=state), role=role)
        await ledger.hold(request(f"r{number}"), line)
        assert min(held for _, held in windows(address) or [(0, 0)]) >= 0
        await ledger.settle(line, "acme")
        await ledger.finish(request(f"r{number}", line))
        assert {held for _, held in windows(address)} <= {0}
    await ledger.close()
    assert verify(address).whole


async def test_attempt_whose_role_is_told_late_releases_what_it_held(
    address: str, ledgers: Ledgers
) -> None:
    ledger = opened(ledgers, address)
    await ledger.hold(request("r1"), attempt("r1"))
    await ledger.finish(request("r1", replace(attempt("r1"), role=Role.REVIEW)))
    await ledger.close()
    assert set(windows(address)) == {(0, 0)}
    assert verify(address).whole


async def test_hold_below_zero_is_refused(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address)
    with pytest.raises(LedgerError, match="holds -1 nano-dollars; expected its worst case"):
        await ledger.hold(request("r1"), attempt("r1", held=-1))


async def test_request_cannot_go_on_as_another_tenants(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address)
    await ledger.hold(request("r1"), attempt("r1"))
    with pytest.raises(LedgerError, match="opened for the tenant 'acme'; it cannot go on as 'b"):
        await ledger.settle(attempt("r1"), "bolt")
    with pytest.raises(LedgerError, match="opened for the tenant 'acme'"):
        await ledger.finish(request("r1", attempt("r1"), tenant="bolt"))
    await ledger.finish(request("r1", attempt("r1")))
    await ledger.close()
    assert verify(address).whole


async def test_database_refuses_a_window_below_nothing(address: str, ledgers: Ledgers) -> None:
    ledger = opened(ledgers, address)
    await ledger.hold(request("r1"), attempt("r1"))
    with (
        pytest.raises(LedgerError, match=r"no_less_than_nothing|CheckViolation|CHECK"),
        ledger.database.writing() as connection,
    ):
        connection.exec_driver_sql("UPDATE budget_windows SET held_nano_usd = held_nano_usd - 401")


@pytest.mark.parametrize("hours", [0, 1, 23, 24, 25, 26, 48, 49])
async def test_hold_after_a_watch_has_ended_is_released_from_what_it_was_added_to(
    address: str, hours: int, ledgers: Ledgers
) -> None:
    """An hour's windows are kept for a day after the last check; workers' clocks differ."""
    ledger = opened(ledgers, address, LimitSection(key="*", usd_per_hour=1))
    await ledger.hold(request("r1"), attempt("r1"))
    unlimited = opened(ledgers, address)
    later = NOW_MS + hours * HOUR_MS
    row = replace(request("r2"), created_at_ms=later)
    line = attempt("r2", started_at_ms=later)
    await unlimited.hold(row, line)
    at_ms = NOW_MS + 24 * HOUR_MS
    await ledger.hold(
        replace(request("r3"), created_at_ms=at_ms), attempt("r3", started_at_ms=at_ms)
    )
    await unlimited.finish(replace(request("r2", line), created_at_ms=later))
    assert min(held for _, held in windows(address)) >= 0
    assert verify(address).whole


def test_window_below_nothing_of_an_earlier_version_is_mended(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    config = Config()
    config.set_main_option("script_location", str(ROOT / "router/ledger/sql/migrations"))
    config.set_main_option("recursive_version_locations", "true")
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0006_reviews_in_no_budget")
        connection.exec_driver_sql(
            "INSERT INTO budget_windows VALUES ('acme', '', '', '', 'day', 0, 7, -1, 3), "
            "('bolt', '', '', '', 'day', 0, 8, 2, 0)"
        )
    engine.dispose()
    Database.open(path).close()
    with sqlite3.connect(path) as found:
        rows = found.execute(
            "SELECT tenant, spent_nano_usd, held_nano_usd, purged_nano_usd FROM budget_windows"
        ).fetchall()
    found.close()
    assert rows == [("acme", 7, 0, 3), ("bolt", 8, 2, 0)]
