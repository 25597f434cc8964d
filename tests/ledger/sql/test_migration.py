"""A ledger that version 0.1.0 wrote, dumped as SQL text: it upgrades, and its chain holds."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from router.analysis.prices.reprice import reprice
from router.errors import LedgerError
from router.ledger.books.purge import purge
from router.ledger.books.reconcile import Settlement, correction, unknown_calls
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.hash_chain import FindingKind
from router.ledger.rollups.stored import catch_up
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.sql.schema import EARLIER_NAMES, SCHEMA_VERSION, metadata
from router.ledger.tables.reviews import SqlReviewQueue
from router.types import Domain, Price, ReviewItem, Urgency
from tests import ROOT
from tests.kits.books import ledger_sql
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.ledger_sql import become
from tests.kits.books.old_ledgers import restored
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Three requests with four attempts in the schema of migration 0001, one anchor over them."""
    return restored("0001", tmp_path)


def version(path: Path) -> str:
    connection = sqlite3.connect(path)
    (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    connection.close()
    return str(found)


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()


def migrate(path: Path, newest: str) -> None:
    """Run the migrations up to this one, as a Tiergate did whose newest it was."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "router/ledger/sql/migrations"))
    config.set_main_option("recursive_version_locations", "true")
    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001_first_schema'")
        config.attributes["connection"] = connection
        command.upgrade(config, newest)
    engine.dispose()


def add(path: Path) -> None:
    """A request in today's schema after the old ones, with images and cores."""

    async def write() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        seen = replace(attempt("new"), images=2, cores=4)
        await ledger.finish(request("new", seen))
        await ledger.close()

    asyncio.run(write())


def test_opening_an_old_ledger_upgrades_it(old: Path) -> None:
    assert version(old) == "0001"
    Database.open(old).close()
    assert version(old) == SCHEMA_VERSION


@pytest.mark.parametrize(("number", "name"), EARLIER_NAMES.items())
def test_a_ledger_that_was_numbered_alone_is_read_as_what_it_is(
    old: Path, number: str, name: str
) -> None:
    migrate(old, name)
    change(old, f"UPDATE alembic_version SET version_num = '{number}'")
    Database.open(old).close()
    assert version(old) == SCHEMA_VERSION
    database = Database.open(old)
    with database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()


NEXT = f"{int(SCHEMA_VERSION[:4]) + 1:04}"


@pytest.mark.parametrize("newer", [f"{NEXT}_windows_of_another_day", NEXT])
def test_a_ledger_of_a_newer_version_is_refused(old: Path, newer: str) -> None:
    change(old, f"UPDATE alembic_version SET version_num = '{newer}'")
    with pytest.raises(LedgerError, match="install the newer one"):
        Database.open(old)
    assert version(old) == newer


def test_the_chain_of_an_old_ledger_is_whole_after_the_upgrade(old: Path) -> None:
    verification = verify(old)
    assert (verification.findings, verification.rows, verification.cost_nano_usd) == ((), 3, 1_369)


def test_a_new_row_continues_the_old_chain(old: Path) -> None:
    add(old)
    verification = verify(old)
    assert (verification.findings, verification.rows, verification.writers) == ((), 4, 1)


def test_a_new_row_keeps_its_images_and_cores(old: Path) -> None:
    add(old)
    database = Database.open(old)
    (kept,) = [row for row in reading.rows(database) if row.request_id == "new"]
    database.close()
    assert [(a.images, a.cores) for a in kept.attempts] == [(2, 4)]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE attempts SET images = 1 WHERE request_id = 'r0'",
        "UPDATE attempts SET cores = 1 WHERE request_id = 'r0'",
        "UPDATE attempts SET images = 0, cores = 0 WHERE request_id = 'new'",
    ],
)
def test_editing_a_column_that_came_later_is_found(old: Path, statement: str) -> None:
    add(old)
    change(old, statement)
    assert [finding.kind for finding in verify(old).findings] == [FindingKind.EDITED]


def test_an_upgrade_writes_one_line_and_a_new_ledger_none(
    old: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "router.ledger.sql.database")
    before = version(old)
    for path in (old, old, tmp_path / "new.db"):
        Database.open(path).close()
    (line,) = [line for line in caplog.records if line.msg == "ledger_upgraded"]
    reason = str(vars(line)["reason"])
    assert f"{old} had version {before}" in reason
    assert reason.endswith(SCHEMA_VERSION)


def test_usage_of_an_old_ledger_is_priced_again(old: Path) -> None:
    database = Database.open(old)
    price = Price(10**9, 10**8, None, 4 * 10**9)
    repricing = reprice(reading.rows(database), lambda _row, _call: price)
    database.close()
    # 80 fresh input tokens, 20 cached and 30 of output each: 80,000 + 2,000 + 120,000. One of the
    # four calls was booked as own compute, at nothing; one has its provider's cost of 1,100.
    assert repricing.total.again_nano_usd == 4 * 202_000
    assert repricing.total.booked_nano_usd == 1_369
    assert repricing.provider.figures().difference_nano_usd == 1_100 - 999


@pytest.mark.parametrize(
    "earlier",
    ["0018_price_books", "0020_stated_costs_in_windows", "0021_rollups_without_a_tier"],
)
def test_sums_of_an_earlier_version_are_added_up_anew(tmp_path: Path, earlier: str) -> None:
    path = tmp_path / "ledger.db"
    add(path)
    database = Database.open(path)
    catch_up(database)
    database.close()
    connection = sqlite3.connect(path)
    edit = "UPDATE rollups SET content = replace(content, '\"requests\":1', '\"requests\":7')"
    assert connection.execute(edit).rowcount
    become(connection, earlier)
    connection.commit()
    connection.close()
    assert verify(path).findings == ()


async def test_statements_of_the_guide_have_sums_added_up_anew(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    """A part of the rows is purged: its sums stay, and the rows that are left are added."""
    path = tmp_path / "ledger.db"
    ledger = ledgers(path)
    for name, at_ms in (("old", 10**12), ("new", 2 * 10**12)):
        row = request(name, attempt(name))
        await ledger.finish(replace(row, created_at_ms=at_ms, finished_at_ms=at_ms + 7))
    await ledger.close()
    database = Database.open(path)
    assert purge(database, 15 * 10**11, 3 * 10**12) == 1
    catch_up(database)
    database.close()
    connection = sqlite3.connect(path)
    edit = "UPDATE rollups SET content = replace(content, '\"requests\":1', '\"requests\":7')"
    connection.execute(f"{edit} WHERE purged = 0")
    connection.commit()
    assert {finding.kind for finding in verify(path).findings} == {FindingKind.ROLLUP_DOES_NOT_SUM}
    guide = (ROOT / "docs/guides/ledger.md").read_text("utf-8")
    connection.executescript(guide.partition("```sql\n")[2].partition("```")[0])
    connection.close()
    database = Database.open(path)
    catch_up(database)
    with database.reading() as reader:
        counts = reader.exec_driver_sql(
            "SELECT purged, sum(requests) FROM rollups WHERE kind = 'whole' GROUP BY purged"
        ).fetchall()
    database.close()
    assert sorted(tuple(count) for count in counts) == [(0, 2), (1, 1)]
    assert verify(path).findings == ()


@pytest.mark.parametrize("booked", [120, 0])
async def test_windows_of_an_older_version_count_what_providers_stated(
    tmp_path: Path, ledgers: Ledgers, booked: int
) -> None:
    path = tmp_path / "ledger.db"
    ledger = ledgers(path)
    line = replace(attempt("r1", cost=booked), provider_cost_nano_usd=900)
    await ledger.finish(request("r1", line))
    await ledger.close()
    with sqlite3.connect(path) as connection:  # as 0019 wrote it
        connection.execute("UPDATE budget_windows SET spent_nano_usd = ?", (booked,))
        connection.execute("DELETE FROM budget_windows WHERE spent_nano_usd = 0")
        become(connection, "0019_rollups_of_compared")
    connection.close()
    Database.open(path).close()
    assert verify(path).findings == ()


async def test_windows_count_a_call_that_an_older_version_settled_by_its_bill_as_the_bill(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    """Booked at 120, stated as 900, billed at 800: an older correction has 680 and states nothing.

    The windows hold 800, and a limit that sums them anew finds the same.
    """
    path = tmp_path / "ledger.db"
    ledger = ledgers(path)
    line = replace(attempt("r1", cost=120), estimated=True, provider_cost_nano_usd=900)
    await ledger.finish(request("r1", line))
    (call,) = unknown_calls(ledger.database)
    settled = correction(ledger.database, Settlement(call, 800), line.started_at_ms)
    (bill,) = settled.attempts
    assert bill.provider_cost_nano_usd == -100
    older = replace(settled, attempts=(replace(bill, provider_cost_nano_usd=None),))
    await ledger.finish(older)
    await ledger.close()
    with sqlite3.connect(path) as connection:  # as 0019 wrote it
        connection.execute("UPDATE budget_windows SET spent_nano_usd = 800")
        become(connection, "0019_rollups_of_compared")
    connection.close()
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        spent = connection.execute("SELECT DISTINCT spent_nano_usd FROM budget_windows").fetchall()
    connection.close()
    assert spent == [(800,)]
    assert verify(path).findings == ()


async def test_older_matters_of_high_risk_wait_as_grave(address: str, ledgers: Ledgers) -> None:
    ledger = ledgers(address)
    for name, reason in (("r1", "novel"), ("r2", "high_risk_legal")):
        await ledger.finish(replace(request(name, attempt(name)), reason=reason))
        item = ReviewItem(f"rev_{name}", name, "acme", Domain.LEGAL, NOW_MS)
        await SqlReviewQueue(ledger.database, clock=StandingClock()).add(item)
    await ledger.close()
    ledger_sql.change(address, *ledger_sql.steps_back("0022_rollups_of_grounds"))
    database = Database.open(address)
    waiting = await SqlReviewQueue(database, clock=StandingClock()).list(None)
    database.close()
    assert [(item.request_id, item.urgency) for item in waiting] == [
        ("r2", Urgency.GRAVE),
        ("r1", Urgency.ORDINARY),
    ]
