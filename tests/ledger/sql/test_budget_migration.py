"""A ledger of schema 0002, dumped as SQL text: its tenants' windows and its keys go on."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from router.errors import BudgetExceeded
from router.ledger.books.verify import verify
from router.ledger.sql.database import Database
from router.ledger.tables.keys import SqlKeyStore
from router.money.budgets import Budgets
from router.policy.schema import BudgetSection
from tests.kits.books.ledger_rows import StandingClock, attempt, request
from tests.kits.books.old_ledgers import restored
from tests.kits.books.open_ledgers import Ledgers

SPENT = 123 + 124 + 5_000  # two settled requests of acme, and one whose process died at its hold


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Three finished requests of two tenants, one that is still open, one key."""
    return restored("0002", tmp_path)


def test_windows_of_tenants_are_kept_as_they_were(old: Path) -> None:
    with sqlite3.connect(old) as connection:
        before = connection.execute("SELECT * FROM budget_windows ORDER BY 1, 2, 3").fetchall()
    connection.close()
    Database.open(old).close()
    with sqlite3.connect(old) as connection:
        after = connection.execute("SELECT * FROM budget_windows ORDER BY 1, 5, 6").fetchall()
    connection.close()
    assert after == [(row[0], "", "", "", *row[1:]) for row in before]
    assert len(after) == 4


def test_books_of_an_old_ledger_are_whole(old: Path) -> None:
    verification = verify(old)
    assert (verification.findings, verification.rows, verification.open_requests) == ((), 3, 1)


@pytest.mark.parametrize(("left_nano_usd", "admitted"), [(0, True), (-1, False)])
async def test_what_was_spent_before_the_upgrade_counts(
    old: Path, left_nano_usd: int, admitted: bool, ledgers: Ledgers
) -> None:
    budget = BudgetSection(usd_per_month=(SPENT + 400 + left_nano_usd) / 1e9)
    ledger = ledgers(old, budget_of=Budgets({"acme": budget}).money)
    try:
        await ledger.hold(request("new"), attempt("new", held=400))
    except BudgetExceeded:
        assert not admitted
    else:
        assert admitted
    await ledger.close()
    assert verify(old).findings == ()


async def test_old_key_reaches_all_policies_and_tiers(old: Path) -> None:
    database = Database.open(old)
    identity = await SqlKeyStore(database, StandingClock()).identify("tg_of_version_0002")
    database.close()
    assert identity is not None
    assert identity.tenant == "acme"
