"""Stored roll-ups: the same figures as the rows, whoever folds, and after purge and erasure."""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.report.build import Extra, build_report
from router.analysis.report.figures import Report
from router.ledger.aggregates import Kind, decode, encode
from router.ledger.books.purge import purge
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.hash_chain import FindingKind
from router.ledger.rollups import stored
from router.ledger.rollups.reading import portion
from router.ledger.sql import reading
from router.ledger.sql.database import Database
from router.ledger.tables.texts import TextStore
from router.policy.schema import ReportSection
from router.types import AttemptState, CostBasis, RequestRow, RequestState, Role
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.books.ledger_sql import become, locked
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.books.report_rows import a_row, an_attempt
from tests.kits.changed import replace
from tests.kits.examples import examples
from tests.kits.server_kit import tiergate

DAY_MS = 86_400_000
START_MS = int(datetime(2026, 10, 30, tzinfo=UTC).timestamp()) * 1000


def write(path: Path, rows: Iterable[RequestRow]) -> None:
    """Finish the rows through a real ledger; an open one is held and left."""

    async def work() -> None:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _tenant: None)
        for row in rows:
            if row.state is RequestState.OPEN:
                await ledger.hold(replace(row, attempts=()), row.attempts[0])
            else:
                await ledger.finish(row)
        await ledger.close()

    asyncio.run(work())


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "ledger.db")
    yield opened
    opened.close()


def days_of_rows(days: int = 4, per_day: int = 6, tenant: str = "acme") -> list[RequestRow]:
    return [
        a_row(
            day * 1_000 + n,
            1 + n % 3,
            tenant=tenant,
            created_at_ms=START_MS + day * DAY_MS + n * 3_600_000 * 4,
            request_id=f"{tenant}-{day}-{n}",
            attempts=[an_attempt(f"{tenant}-{day}-{n}", 1 + n % 3, 1_000 + n)],
        )
        for day in range(days)
        for n in range(per_day)
    ]


def from_rows(
    database: Database, since: int | None, until: int | None, tenant: str | None, zone: str = "UTC"
) -> Report:
    rows = reading.rows(database, since_ms=since, until_ms=until, tenant=tenant)
    return build_report(
        rows,
        config=ReportSection(),
        since_ms=since,
        until_ms=until,
        now_ms=START_MS + 9 * DAY_MS,
        extra=Extra(zone=zone),
    )


def from_rollups(
    database: Database, since: int | None, until: int | None, tenant: str | None, zone: str = "UTC"
) -> Report:
    parts = portion(database, since, until, tenant, tuple(Kind))
    return build_report(
        parts.rows,
        config=ReportSection(),
        since_ms=since,
        until_ms=until,
        now_ms=START_MS + 9 * DAY_MS,
        extra=Extra(cells=parts.cells, zone=zone, lost=parts.lost),
    )


@st.composite
def ledgers(draw: st.DrawFn) -> list[RequestRow]:
    """Rows of any kind over three days, of two tenants."""
    rows = []
    for number in range(draw(st.integers(0, 14))):
        level = draw(st.sampled_from([1, 2, 3]))
        request_id = f"r{number:03d}"
        state = draw(st.sampled_from(RequestState))
        at_ms = START_MS + draw(st.integers(0, 3 * DAY_MS - 1))
        calls = [
            an_attempt(
                request_id,
                draw(st.sampled_from([1, 2, 3])),
                draw(st.integers(0, 10**12)),
                attempt_id=f"{request_id}/{at}",
                ordinal=at,
                started_at_ms=at_ms,
                role=draw(st.sampled_from(Role)),
                state=draw(
                    st.sampled_from([AttemptState.SETTLED, AttemptState.UNKNOWN_COST])
                    if state is not RequestState.OPEN
                    else st.just(AttemptState.HELD)
                ),
                cost_basis=draw(st.sampled_from(CostBasis)),
                discarded=draw(st.booleans()),
                adapter=draw(st.sampled_from(["", "legal"])),
            )
            for at in range(draw(st.integers(1 if state is RequestState.OPEN else 0, 3)))
        ]
        rows.append(
            a_row(
                number,
                level,
                request_id=request_id,
                attempts=calls,
                state=state,
                tenant=draw(st.sampled_from(["acme", "bolt"])),
                key_id=draw(st.sampled_from(["k1", "k2"])),
                tags=tuple(draw(st.lists(st.sampled_from(["a", "b"]), max_size=2))),
                endpoint=draw(st.sampled_from(["chat.completions", "messages"])),
                mode=draw(st.sampled_from(["route", "observe"])),
                error_code=draw(st.sampled_from(["", "insufficient_quota", "upstream_error"])),
                created_at_ms=at_ms,
                latency_ms=draw(st.floats(0, 1e7)),
            )
        )
    return rows


@given(
    ledgers(),
    st.integers(0, 14),
    st.none() | st.integers(0, 3 * DAY_MS),
    st.none() | st.integers(0, 3 * DAY_MS),
    st.sampled_from([None, "acme"]),
    st.booleans(),
)
@examples(25)
def test_a_report_from_rollups_is_the_report_from_rows(
    rows: list[RequestRow],
    folded: int,
    since: int | None,
    until: int | None,
    tenant: str | None,
    whole_days: bool,
) -> None:
    begin, end = (None if at is None else START_MS + at for at in (since, until))
    if whole_days:
        begin, end = (None if at is None else at - at % DAY_MS for at in (begin, end))
    with tempfile.TemporaryDirectory() as folder:
        path = empty_ledger(Path(folder) / "ledger.db")
        write(path, rows[:folded])
        opened = Database.open(path)
        stored.catch_up(opened, rows_at_once=3)
        opened.close()
        write(path, rows[folded:])  # the tail, by the same writer
        opened = Database.open(path)
        assert from_rollups(opened, begin, end, tenant) == from_rows(opened, begin, end, tenant)
        stored.catch_up(opened)
        assert from_rollups(opened, begin, end, tenant) == from_rows(opened, begin, end, tenant)
        opened.close()
        assert verify(path).whole


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "America/New_York", "Pacific/Chatham"])
def test_days_are_cut_at_the_zones_midnight(database: Database, zone: str) -> None:
    write(database.address.path, days_of_rows())
    stored.catch_up(database)
    report = from_rollups(database, None, None, None, zone)
    assert report.days == from_rows(database, None, None, None, zone).days
    assert report.days != from_rows(database, None, None, None, "UTC").days
    assert sum(day.figures.requests for day in report.days) == 24


def test_a_row_is_counted_once_however_often_it_is_folded(database: Database) -> None:
    write(database.address.path, days_of_rows())
    assert stored.catch_up(database) == 24
    assert stored.catch_up(database) == 0
    with database.reading() as connection:
        assert stored.unfolded(connection) == 0
        whole = stored.cells(connection, 0, 2**62, None, (Kind.WHOLE,))
        assert [one.cell.requests for one in whole] == [6, 6, 6, 6]


def test_who_comes_second_folds_nothing(database: Database) -> None:
    write(database.address.path, days_of_rows(days=1))
    with database.reading() as connection:
        (writer_id,) = reading.writers(connection)
    assert stored.fold_page(database, writer_id, limit=4) == 4
    with database.writing() as connection:  # another process is at the end already
        connection.exec_driver_sql("UPDATE rollup_marks SET sequence = 6")
    assert stored.fold_page(database, writer_id) == 0
    assert from_rollups(database, None, None, None).counts.requests == 4


def test_rows_of_many_tenants_are_folded_in_short_transactions(database: Database) -> None:
    """Answers wait for the lock of each."""
    one_day = [a_row(number, tenant=f"tenant-{number}") for number in range(100)]
    write(database.address.path, one_day)
    with database.reading() as connection:
        (writer_id,) = reading.writers(connection)
    marks: list[int] = []

    def note() -> None:
        with database.reading() as connection:
            marks.append(stored.marks(connection)[writer_id])

    assert stored.fold_page(database, writer_id, limit=100, pause=note) == 100
    assert marks[-1] == 100
    # A row touches at most eleven cells here, and the last one may pass the bound.
    assert max(now - before for before, now in itertools.pairwise([0, *marks])) <= 50
    report = from_rollups(database, None, None, None)
    assert report == from_rows(database, None, None, None)


def test_two_hundred_rows_of_a_tenant_take_the_lock_once(database: Database) -> None:
    write(database.address.path, [a_row(number) for number in range(200)])
    with database.reading() as connection:
        (writer_id,) = reading.writers(connection)
    stores: list[None] = []
    assert stored.fold_page(database, writer_id, pause=lambda: stores.append(None)) == 200
    assert len(stores) == 1


def test_who_is_overtaken_between_two_transactions_stops(database: Database) -> None:
    write(database.address.path, [a_row(n, tenant=f"tenant-{n}") for n in range(100)])
    with database.reading() as connection:
        (writer_id,) = reading.writers(connection)

    def overtake() -> None:
        with database.writing() as connection:
            connection.exec_driver_sql("UPDATE rollup_marks SET sequence = 100")

    folded = stored.fold_page(database, writer_id, limit=100, pause=overtake)
    assert 0 < folded < 100
    assert from_rollups(database, None, None, None).counts.requests == folded


@pytest.mark.parametrize(("names", "cells"), [(stored.MAX_NAMES, 256), (300, 257)])
def test_names_of_a_day_stay_bounded(database: Database, names: int, cells: int) -> None:
    fold = stored.Fold()
    for number in range(names):
        fold.add(a_row(number, key_id=f"key-{number:04d}"))
    with database.writing() as connection:
        stored.store(connection, fold, purged=0)
        found = list(stored.cells(connection, 0, 2**62, None, (Kind.KEY,)))
    assert len(found) == cells
    assert sum(one.cell.requests for one in found) == names


def test_a_cell_is_its_json_again(database: Database) -> None:
    fold = stored.Fold()
    for row in days_of_rows(days=1):
        fold.add(row)
    assert all(decode(encode(cell)) == cell for cell in fold.cells.values())


@pytest.mark.slow
def test_an_open_ledger_folds_by_itself_when_it_is_quiet(tmp_path: Path, ledgers: Ledgers) -> None:
    path = tmp_path / "ledger.db"

    async def work() -> int:
        ledger = ledgers(path)
        for row in days_of_rows(days=1):
            await ledger.finish(row)
        for _ in range(300):
            await asyncio.sleep(0.1)
            with ledger.database.reading() as connection:
                if stored.unfolded(connection) == 0:
                    break
        with ledger.database.reading() as connection:
            left = stored.unfolded(connection)
        await ledger.close()
        return left

    assert asyncio.run(work()) == 0


def test_purged_rows_stay_in_every_figure_of_whole_days(database: Database) -> None:
    write(database.address.path, days_of_rows())
    before = from_rollups(database, None, None, None)
    assert purge(database, START_MS + 2 * DAY_MS, START_MS + 9 * DAY_MS) == 12
    assert from_rollups(database, None, None, None) == before
    assert verify(database).whole


def test_a_period_that_cuts_a_purged_day_says_what_is_lost(database: Database) -> None:
    write(database.address.path, days_of_rows())
    purge(database, START_MS + 2 * DAY_MS, START_MS + 9 * DAY_MS)
    report = from_rollups(database, START_MS + DAY_MS // 2, None, None)
    assert report.counts.requests == 18
    assert any("6 requests were purged" in note for note in report.notes)
    assert not any("purged" in n for n in from_rollups(database, START_MS, None, None).notes)


def test_an_erased_tenant_is_named_in_no_rollup_of_purged_days(database: Database) -> None:
    write(database.address.path, days_of_rows(tenant="acme"))
    write(database.address.path, days_of_rows(tenant="bolt"))
    spend = from_rollups(database, None, None, None).spend_nano_usd
    purge(database, START_MS + 9 * DAY_MS, START_MS + 9 * DAY_MS)
    TextStore(database, StandingClock()).erase("acme")
    report = from_rollups(database, None, None, None)
    assert sorted(tenant.name for tenant in report.tenants) == ["(erased)", "bolt"]
    assert report.spend_nano_usd == spend
    with database.reading() as connection:
        stored = connection.exec_driver_sql("SELECT tenant, name, content FROM rollups").fetchall()
    assert not any("acme" in str(cell) for row in stored for cell in row)
    assert verify(database).whole


def test_erasure_leaves_days_alone_whose_rows_still_name_the_tenant(database: Database) -> None:
    write(database.address.path, days_of_rows())
    stored.catch_up(database)
    TextStore(database, StandingClock()).erase("acme")
    assert [tenant.name for tenant in from_rollups(database, None, None, None).tenants] == ["acme"]
    assert verify(database).whole


@pytest.mark.parametrize(
    ("statement", "figure"),
    [
        (
            "UPDATE rollups SET content = replace(content, '\"spend_nano_usd\":6015', "
            "'\"spend_nano_usd\":6014') WHERE kind = 'whole'",
            ": spend_nano_usd: the rows add up to 6015, the roll-up says 6014",
        ),
        (
            "UPDATE rollups SET content = replace(content, '\"attempts_nano_usd\":6015', "
            "'\"attempts_nano_usd\":6014') WHERE kind = 'whole'",
            ": whole.attempts_nano_usd: the rows add up to 6015, the roll-up says 6014",
        ),
        (
            "DELETE FROM rollups WHERE kind = 'key'",
            ": requests: the rows add up to 6, the roll-up says 0; ",
        ),
    ],
)
def test_verify_names_a_rollup_that_was_changed_and_the_figure_that_differs(
    database: Database, statement: str, figure: str
) -> None:
    write(database.address.path, days_of_rows(days=1))
    stored.catch_up(database)
    with sqlite3.connect(database.address.path) as connection:
        assert connection.execute(statement).rowcount == 1
    connection.close()
    (finding,) = verify(database).findings
    assert finding.kind is FindingKind.ROLLUP_DOES_NOT_SUM
    assert "acme" in finding.detail
    assert figure in finding.detail


def as_of_version_8(path: Path) -> None:
    """Make the ledger one of the version before tags and endpoints were counted."""
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM rollups WHERE kind IN ('tag', 'endpoint')")
        become(connection, "0008_no_hold_below_zero")
    connection.close()


def test_rollups_of_an_earlier_version_are_added_up_anew(database: Database) -> None:
    write(database.address.path, days_of_rows())
    stored.catch_up(database)
    database.close()
    as_of_version_8(database.address.path)
    opened = Database.open(database.address.path)
    assert stored.catch_up(opened) == 24
    assert from_rollups(opened, None, None, None) == from_rows(opened, None, None, None)
    assert verify(opened).whole
    opened.close()


def test_what_an_earlier_version_purged_has_a_line_of_its_own(database: Database) -> None:
    write(database.address.path, days_of_rows())
    purge(database, START_MS + 2 * DAY_MS, START_MS + 9 * DAY_MS)
    before = from_rollups(database, None, None, None)
    database.close()
    as_of_version_8(database.address.path)
    opened = Database.open(database.address.path)
    stored.catch_up(opened)
    report = from_rollups(opened, None, None, None)
    assert {tag.name: tag.figures.requests for tag in report.tags} == {
        "(no tag)": 12,
        "(purged before it was counted)": 12,
    }
    assert (
        sum(endpoint.figures.spend_nano_usd for endpoint in report.endpoints)
        == report.spend_nano_usd
    )
    assert (report.domains, report.tenants, report.tiers) == (
        before.domains,
        before.tenants,
        before.tiers,
    )
    assert verify(opened).whole
    opened.close()


def test_an_erased_tenants_tags_are_in_no_rollup_of_purged_days(database: Database) -> None:
    rows = [replace(row, tags=("client-jones",)) for row in days_of_rows(days=1)]
    write(database.address.path, rows)
    purge(database, START_MS + 9 * DAY_MS, START_MS + 9 * DAY_MS)
    TextStore(database, StandingClock()).erase("acme")
    with database.reading() as connection:
        names = connection.exec_driver_sql("SELECT name, content FROM rollups").fetchall()
    assert not any("jones" in str(cell) for row in names for cell in row)
    assert [tag.name for tag in from_rollups(database, None, None, None).tags] == ["(erased)"]
    assert verify(database).whole


@pytest.mark.process
def test_report_reads_rows_where_nothing_can_be_added_up(tmp_path: Path) -> None:
    """A full disk refuses the sums, and so do a standby and a writer that stays."""
    path = tmp_path / "ledger.db"
    write(path, [a_row(1), a_row(2)])
    with locked(path):
        run = tiergate("report", "--json", "--database", path)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["requests"] == 2
