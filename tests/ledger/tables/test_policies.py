"""Policies are kept by their hash, once, for whoever has a row that names them."""

from __future__ import annotations

import asyncio

from router.ledger.sql.database import Database
from router.ledger.tables.policies import (
    kept_policies,
    policy_content,
    record_policy,
)
from router.types import KeptPolicy
from tests.kits.books.ledger_rows import NOW_MS, StandingClock
from tests.kits.books.ledger_sql import query
from tests.kits.books.open_ledgers import Ledgers


async def test_recorded_policy_is_found_by_its_hash(address: str, ledgers: Ledgers) -> None:
    ledger = ledgers(address)
    await ledger.record_policy("ab12", "default", "name: default # ü\n")
    assert policy_content(ledger.database, "ab12") == "name: default # ü\n"
    assert policy_content(ledger.database, "cd34") is None


async def test_policy_that_two_workers_record_is_kept_once(address: str, ledgers: Ledgers) -> None:
    path, clock = address, StandingClock()
    first = ledgers(path, clock=clock)
    second = ledgers(path, clock=clock)
    await asyncio.gather(
        *(ledger.record_policy("ab12", "default", "a") for ledger in (first, second) * 5)
    )
    clock.at_ms += 1
    await second.record_policy("ab12", "default", "a  # the same, with a comment")
    await first.close()
    await second.close()
    assert query(path, "SELECT * FROM policy_versions") == [("ab12", "default", "a", NOW_MS, "")]


def test_a_policy_of_an_earlier_version_gets_its_price_book_once(address: str) -> None:
    database = Database.open(address)
    for prices in ("", "book 1", "book 2", ""):
        record_policy(database, "ab12", "default", "a", NOW_MS, prices)
    assert kept_policies(database) == [KeptPolicy("a", "book 1", "ab12")]
    database.close()


def test_known_policy_is_recorded_again_while_another_program_writes(address: str) -> None:
    database = Database.open(address, busy_timeout_ms=1)
    record_policy(database, "ab12", "default", "a", NOW_MS)
    with database.writing():
        record_policy(database, "ab12", "default", "a", NOW_MS)
    assert policy_content(database, "ab12") == "a"
    database.close()
