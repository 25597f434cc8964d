"""Tests a PostgreSQL standby that took the server's place and is promoted later."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from router.errors import LedgerUnavailable
from router.ledger.books.verify import verify
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import eventually


async def test_row_is_written_once_a_standby_is_promoted(
    postgres: Postgres, ledgers: Ledgers
) -> None:
    books = postgres.new_database()
    ledger, row = ledgers(books), request("r1", attempt("r1"))
    await ledger.hold(row, row.attempts[0])
    postgres.become_standby()
    with suppress(LedgerUnavailable):  # it may meet the lost connection
        await ledger.finish(row)
    with pytest.raises(LedgerUnavailable):
        await ledger.hold(request("r2"), attempt("r2"))
    assert not ledger.healthy
    postgres.run("postgres", "SELECT pg_promote()")
    await asyncio.to_thread(eventually, lambda: ledger.healthy)
    await ledger.close()
    report = verify(books)
    assert (report.findings, report.open_requests, report.rows) == ((), 0, 1)
