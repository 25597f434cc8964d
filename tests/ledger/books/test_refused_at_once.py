"""What is refused before a row is written is counted by the minute, and kept for an hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.ledger.books.refused_at_once import MOST_NAMES, OTHERS, RefusedAtOnceCounts, kept
from router.ledger.books.verify import verify
from router.ledger.sql.database import Database
from router.money.days import MINUTE_MS
from router.types import CallRefused
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.dashboard_kit import create_key
from tests.kits.fakes import Clock, Ids
from tests.kits.server_kit import Served, Upstream, eventually, write_policy

LIMIT = "requests_per_minute"
REFUSED = CallRefused("acme", "k1", "rate_limit_exceeded", LIMIT, "", "", False, "")


def rates_of(database: Database, clock: Clock, worker: int = 0) -> RefusedAtOnceCounts:
    return RefusedAtOnceCounts(database, clock, Ids(1_000 * worker))


def rows(database: Database) -> list[str]:
    with database.reading() as connection:
        found = connection.exec_driver_sql("SELECT name FROM meta").scalars().all()
    return [name for name in found if name.startswith("refused_at_once:")]


@pytest.fixture
def database(address: str, ledgers: Ledgers) -> Database:
    return ledgers.database(address)


async def test_a_flood_of_refusals_is_one_write(database: Database) -> None:
    rates = rates_of(database, Clock())
    for _ in range(1_000):
        rates.refused(REFUSED)
    rates.refused(replace(REFUSED, request_id="r1"))  # it has a row of its own
    await rates.look()
    await rates.look()
    assert len(rows(database)) == 1
    assert kept(database, 0) == {("acme", "k1", LIMIT): 1_000}


async def test_the_counts_of_all_workers_add_up(database: Database) -> None:
    clock = Clock()
    for worker in range(2):
        rates = rates_of(database, clock, worker)
        rates.refused(REFUSED)
        rates.refused(replace(REFUSED, tenant="beta", limit="", code="max_cost_too_low"))
        await rates.look()
    assert kept(database, 0) == {("acme", "k1", LIMIT): 2, ("beta", "k1", "max_cost_too_low"): 2}


async def test_names_beyond_the_first_share_a_line(database: Database) -> None:
    rates = rates_of(database, Clock())
    for n in range(MOST_NAMES + 30):
        rates.refused(replace(REFUSED, key_id=f"k{n}"))
    await rates.look()
    found = kept(database, 0)
    assert len(found) == MOST_NAMES + 1
    assert found[OTHERS, "", LIMIT] == 30


async def test_what_is_an_hour_old_goes_though_nothing_more_is_refused(database: Database) -> None:
    clock = Clock()
    rates = rates_of(database, clock)
    rates.refused(REFUSED)
    await rates.look()
    first = clock.now_ms() // MINUTE_MS
    assert kept(database, first) == {("acme", "k1", LIMIT): 1}
    assert kept(database, first + 1) == {}
    clock.now += 60 * MINUTE_MS
    await rates.look()
    assert len(rows(database)) == 1
    clock.now += MINUTE_MS
    await rates.look()
    assert rows(database) == []


async def test_counts_wait_for_a_ledger_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Database.open(path).writing():  # its lock is held for longer than a look waits
        database = Database.open(path)
        rates = rates_of(database, Clock())
        rates.refused(REFUSED)
        await rates.look()
        assert kept(database, 0) == {}
    await rates.look()
    assert kept(database, 0) == {("acme", "k1", LIMIT): 1}


@pytest.mark.slow
@pytest.mark.process
def test_who_is_refused_at_once_leaves_books_that_add_up(address: str, tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        limits = [{"tenant": "hasty", "requests_per_minute": 1}]
        policy = write_policy(tmp_path, upstream.url, limits=limits)
        with Served(tmp_path, policy, ledger=address) as served:
            key = create_key(served, "hasty", "chat")
            bearer, statuses = {"authorization": f"Bearer {key}"}, list[int]()

            def refused_often() -> bool:
                assert served.chat(key="tg_wrong").status_code == 401
                statuses.append(served.chat(key=key).status_code)
                assert served.post("/v1/chat/completions", b"[]", **bearer).status_code == 400
                return statuses.count(429) == 5

            eventually(refused_often)  # where that takes a minute, another one is admitted
            assert served.end() == 0
    assert set(statuses) == {200, 429}
    report = verify(address)
    assert (report.findings, report.open_requests) == ((), 0)
    assert report.requests == statuses.count(200)


@pytest.mark.process
def test_what_was_counted_is_written_when_the_gateway_stops(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        limits = [{"tenant": "hasty", "requests_per_minute": 1}]
        policy = write_policy(tmp_path, upstream.url, limits=limits)
        with Served(tmp_path, policy) as served:
            key = create_key(served, "hasty", "chat")
            statuses = [served.chat(key=key).status_code for _ in range(20)]
            assert served.end() == 0
    database = Database.open(tmp_path / "ledger.db")
    assert sum(kept(database, 0).values()) == statuses.count(429) > 0


@pytest.mark.slow
@pytest.mark.process
def test_the_dashboard_counts_what_a_rate_refused(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        limits = [{"tenant": "hasty", "requests_per_minute": 1}]
        policy = write_policy(tmp_path, upstream.url, limits=limits)
        with Served(tmp_path, policy) as served:
            key, admin = create_key(served, "hasty", "chat"), create_key(served, "boss", "admin")
            statuses = list[int]()

            def refused_often() -> bool:
                statuses.append(served.chat(key=key).status_code)
                return statuses.count(429) == 5

            eventually(refused_often)
            headers = {"authorization": f"Bearer {admin}"}

            def refused() -> dict[str, object]:
                told = served.client.get("/api/v1/dashboard/now", headers=headers).json()
                return told if told["refused_at_once"] else {}

            eventually(lambda: bool(refused()), 45)
            (alert,) = [a for a in refused()["alerts"] if a["code"] == "refused_at_once"]  # type: ignore[attr-defined]
    assert alert["subject"] == "hasty"
    assert f"by {LIMIT}" in alert["message"]
