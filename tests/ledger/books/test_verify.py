"""`verify` over a real file: falsified rows are found; erasure and purge are not falsifications."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from router.errors import LedgerError
from router.ledger.books.anchors import add_outside, insert_anchor
from router.ledger.books.purge import purge
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.hash_chain import FindingKind
from router.ledger.sql.database import Database
from router.ledger.tables.tenant_secrets import TenantSecrets
from router.ledger.tables.texts import TextStore
from router.privacy.digest import digest
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.books.ledger_sql import change
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace

DAY_MS = 86_400_000


@pytest.fixture
def path(address: str) -> str:
    """A ledger with 20 requests, two of them a month old, and an anchor for all."""
    ledger = SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None)

    async def write() -> None:
        for number in range(20):
            at_ms = NOW_MS - (30 * DAY_MS if number < 2 else 0)
            row_id = f"r{number:02d}"
            line = attempt(row_id, cost=number + 1, started_at_ms=at_ms)
            await ledger.finish(replace(request(row_id, line), created_at_ms=at_ms))
        await ledger.close()

    asyncio.run(write())
    return address


def kinds(path: str) -> set[FindingKind]:
    return {finding.kind for finding in verify(path).findings}


def test_untouched_ledger_is_whole(path: str) -> None:
    report = verify(path)
    assert report.whole
    assert (report.rows, report.cost_nano_usd, report.outside_anchors) == (20, 210, 1)


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE requests SET tenant = 'x' WHERE sequence = 3", {FindingKind.EDITED}),
        ("UPDATE requests SET domain = 'legal' WHERE sequence = 3", {FindingKind.EDITED}),
        ("UPDATE requests SET record = '{}' WHERE sequence = 3", {FindingKind.EDITED}),
        ("UPDATE attempts SET model = 'x' WHERE request_id = 'r05'", {FindingKind.EDITED}),
        (
            "UPDATE attempts SET cost_nano_usd = 0 WHERE request_id = 'r05'",
            {
                FindingKind.EDITED,
                FindingKind.ATTEMPTS_DO_NOT_SUM,
                FindingKind.WINDOW_DOES_NOT_SUM,
            },
        ),
        ("DELETE FROM requests WHERE sequence = 7", {FindingKind.REMOVED}),
        (
            "UPDATE budget_windows SET spent_nano_usd = 0 WHERE kind = 'day'",
            {FindingKind.WINDOW_DOES_NOT_SUM},
        ),
        ("UPDATE budget_windows SET held_nano_usd = 9", {FindingKind.WINDOW_DOES_NOT_SUM}),
        ("DELETE FROM anchors", {FindingKind.ANCHOR_REMOVED}),
        ("UPDATE anchors SET created_at_ms = 1", {FindingKind.ANCHOR_EDITED}),
    ],
)
def test_falsified_database_is_found(path: str, statement: str, expected: set[FindingKind]) -> None:
    change(path, statement)
    assert kinds(path) == expected


def test_exchanged_rows_are_found(path: str) -> None:
    change(
        path,
        "UPDATE requests SET sequence = -1 WHERE sequence = 4",
        "UPDATE requests SET sequence = 4 WHERE sequence = 9",
        "UPDATE requests SET sequence = 9 WHERE sequence = -1",
    )
    assert kinds(path) == {FindingKind.SWAPPED}


def test_cut_tail_is_found_by_the_file_when_the_databases_anchors_are_cut_too(path: str) -> None:
    change(
        path,
        "DELETE FROM attempts WHERE request_id >= 'r15'",
        "DELETE FROM requests WHERE sequence > 15",
        "DELETE FROM anchors",
        "UPDATE budget_windows SET spent_nano_usd = 117 WHERE start_ms > 1794000000000",
    )
    assert {FindingKind.CUT_TAIL, FindingKind.ANCHOR_REMOVED} <= kinds(path)


def test_missing_anchors_file_that_was_named_is_an_error(path: str) -> None:
    with pytest.raises(LedgerError, match="anchors file"):
        verify(path, Path("nowhere.anchors"))


def test_missing_database_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no ledger"):
        verify(tmp_path / "nowhere.db")


def test_purge_drops_old_rows_and_the_books_stay_whole(path: str) -> None:
    database = Database.open(path)
    assert purge(database, NOW_MS - DAY_MS, NOW_MS) == 2
    assert purge(database, NOW_MS - DAY_MS, NOW_MS) == 0
    database.close()
    report = verify(path)
    assert report.findings == ()
    assert report.rows == 18


async def test_chain_goes_on_after_everything_was_purged(path: str, ledgers: Ledgers) -> None:
    database = Database.open(path)
    assert purge(database, NOW_MS + 1, NOW_MS) == 20
    database.close()
    ledger = ledgers(path)
    await ledger.finish(request("r99", attempt("r99")))
    await ledger.close()
    report = verify(path)
    assert (report.findings, report.rows) == ((), 1)


def test_removal_dressed_up_as_a_purge_is_found(path: str) -> None:
    change(
        path,
        "DELETE FROM attempts WHERE request_id < 'r05'",
        "INSERT INTO checkpoints SELECT writer_id, sequence, row_hash, 1, 5 FROM requests "
        "WHERE sequence = 5",
        "DELETE FROM requests WHERE sequence <= 5",
    )
    assert FindingKind.CHECKPOINT_UNANCHORED in kinds(path)


def test_anchors_follow_one_another(path: str) -> None:
    database = Database.open(path)
    for turn in range(3):
        with database.writing() as connection:
            anchor = insert_anchor(connection, NOW_MS + turn)
        add_outside(database, database.address.anchors, anchor)
    database.close()
    report = verify(path)
    assert (report.findings, report.anchors, report.outside_anchors) == ((), 4, 4)


async def test_erasure_deletes_texts_with_their_key_and_the_books_stay_whole(
    address: str, ledgers: Ledgers
) -> None:
    path, clock = address, StandingClock()
    ledger = ledgers(path, clock=clock)
    tenants, texts = TenantSecrets(ledger.database, clock), TextStore(ledger.database, clock)
    key = tenants.key_soon("acme")
    row = replace(request("r1", attempt("r1")), prompt_digest=digest(key, "hello"))
    await ledger.finish(row)
    await texts.put("r1", "acme", "prompt", "hello", store="full", retention_days=1)
    assert await texts.get("r1", "acme", "prompt") == "hello"
    assert verify(path).findings == ()
    erased = texts.erase("acme")
    assert (erased.texts, erased.key) == (1, True)
    assert await texts.get("r1", None, "prompt") is None
    assert tenants.key_now("acme") != key
    await ledger.close()
    assert verify(path).findings == ()


async def test_text_with_a_nul_fits_its_digest(address: str, ledgers: Ledgers) -> None:
    """PostgreSQL keeps no NUL, and a client that sends one must not look like a falsifier."""
    path, clock = address, StandingClock()
    ledger = ledgers(path, clock=clock)
    key = TenantSecrets(ledger.database, clock).key_soon("acme")
    texts = TextStore(ledger.database, clock)
    await ledger.finish(replace(request("r1"), prompt_digest=digest(key, "a\0b")))
    await texts.put("r1", "acme", "prompt", "a\0b", store="full", retention_days=1)
    await ledger.close()
    assert verify(path).findings == ()


async def test_edited_text_is_found(address: str, ledgers: Ledgers) -> None:
    path, clock = address, StandingClock()
    ledger = ledgers(path, clock=clock)
    key = TenantSecrets(ledger.database, clock).key_soon("acme")
    texts = TextStore(ledger.database, clock)
    await ledger.finish(replace(request("r1"), answer_digest=digest(key, "yes")))
    await texts.put("r1", "acme", "answer", "yes", store="full", retention_days=1)
    await ledger.close()
    change(path, "UPDATE texts SET content = 'no'")
    assert kinds(path) == {FindingKind.TEXT_EDITED}


async def test_expired_text_is_neither_shown_nor_kept(address: str) -> None:
    clock = StandingClock()
    database = Database.open(address)
    texts = TextStore(database, clock)
    await texts.put(
        "r1", "acme", "prompt", "call +1 415 555 0132", store="redacted", retention_days=1
    )
    assert await texts.get("r1", "acme", "prompt") == "call [PHONE]"
    assert await texts.get("r1", "other", "prompt") is None
    clock.at_ms += DAY_MS
    assert await texts.get("r1", "acme", "prompt") is None
    assert texts.purge_expired() == 1
    database.close()


async def test_nothing_is_stored_when_the_policy_stores_nothing(address: str) -> None:
    database = Database.open(address)
    texts = TextStore(database, StandingClock())
    await texts.put("r1", "acme", "prompt", "secret", store="none", retention_days=1)
    assert await texts.get("r1", None, "prompt") is None
    database.close()
