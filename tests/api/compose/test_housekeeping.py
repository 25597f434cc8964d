"""A server tidies its ledger, and says so where it cannot empty the write-ahead log."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from router.api.compose.mounted.housekeeping import Housekeeping
from router.ledger.sql.database import Database
from router.ledger.tables.texts import TextStore
from router.request.review_verdicts import Judgement
from router.types import ReviewVerdict
from tests.kits.books.feedback_kit import Learning, learning
from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.server_kit import Served, Upstream, write_policy

WORDS = "Waldemar Quetzal's parcel " * 1_000  # fills pages that no other row is put into


@contextlib.contextmanager
def reading(path: Path) -> Iterator[None]:
    """Reads in a second connection, so that SQLite must keep the log as it is."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT COUNT(*) FROM texts").fetchone()
        yield


async def expired_text(database: Database) -> TextStore:
    """Stores a text for a day; returns the store two days later."""
    texts = TextStore(database, StandingClock(1_000))
    await texts.put("r1", "acme", "prompt", WORDS, store="full", retention_days=1)
    return TextStore(database, StandingClock(1_000 + 2 * 86_400_000))


async def events_of(house: Learning, texts: TextStore) -> list[str]:
    """Returns the events that one round of housekeeping logs."""
    with capture_logs() as lines:
        tidied = Housekeeping([texts.purge_expired], house.reviewer, house.ledger.database)
        await tidied.tidy()
    return [line["event"] for line in lines]


async def test_a_reader_that_keeps_deleted_words_in_the_log_is_told(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        ledger = Path(house.path)
        texts = await expired_text(house.ledger.database)
        with reading(ledger):
            assert await events_of(house, texts) == ["deleted_still_in_log"]
            assert b"Quetzal" in ledger_bytes(ledger)


async def test_nothing_is_told_where_the_log_is_emptied(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        ledger = Path(house.path)
        texts = await expired_text(house.ledger.database)
        assert await events_of(house, texts) == []
        assert b"Quetzal" not in ledger_bytes(ledger)


async def test_reviews_are_booked_before_the_log_is_emptied(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        ledger = Path(house.path)
        texts = await expired_text(house.ledger.database)
        await house.answered("r1")
        verdict = Judgement(ReviewVerdict.APPROVE, 2.5)
        await house.reviewer.decide(await house.handed_over("r1"), None, verdict)
        with contextlib.closing(sqlite3.connect(ledger)) as connection, connection:
            connection.execute("UPDATE reviews SET booked = 0, request_id = 'r0'")
        with reading(ledger):
            told = ["reviews_not_booked", "deleted_still_in_log"]
            assert await events_of(house, texts) == told


@pytest.mark.process
async def test_a_server_says_that_its_log_still_holds_what_it_deleted(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Upstream(tmp_path) as upstream, contextlib.closing(Database.open(path)) as database:
        await expired_text(database)
        with reading(path), Served(tmp_path, write_policy(tmp_path, upstream.url)) as served:
            served.wait_for("deleted_still_in_log")
            assert b"Quetzal" in ledger_bytes(path)
