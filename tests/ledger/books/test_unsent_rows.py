"""Rows of answers that wait for their row, where it cannot be written: they say nobody got one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from router.errors import LedgerUnavailable
from router.ledger.books import writer as module
from router.ledger.books.verify import verify
from router.ledger.row_builder import unanswered
from router.types import Baselines, RequestRow, RequestState
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.books.ledger_sql import locked, rows_in
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.server_kit import eventually

READ = request("r1", attempt("r1", held=0, cost=120))
"""Nothing was held for it, and it cost something all the same."""


async def becomes(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, condition)


def says_nothing_went_out(row: RequestRow) -> bool:
    """Returns True for a row without an answer, whose call keeps its cost."""
    assert (row.verdict, row.baselines, row.cost_nano_usd) == ("", Baselines(), 120)
    return (row.state, row.error_code) == (RequestState.FAILED, "ledger_unavailable")


async def test_row_of_an_answer_that_was_refused_is_owed_without_the_answer(
    address: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(address, busy_timeout_ms=20)
    with locked(address), pytest.raises(LedgerUnavailable):
        await ledger.finish(READ, answers=True)
    await becomes(lambda: ledger.healthy)
    await ledger.close()
    assert says_nothing_went_out(rows_in(address)["r1"])
    assert verify(address).findings == ()


async def test_answer_refused_while_the_database_is_silent_is_owed_without_it(
    address: str, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one's commit runs when its client is told, the second one waits behind it."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    monkeypatch.setattr(module, "WATCH_S", 0.01)
    ledger = ledgers(address, busy_timeout_ms=60_000)
    behind = request("r2", attempt("r2", held=0, cost=120))
    with locked(address):
        first = asyncio.ensure_future(ledger.finish(READ, answers=True))
        await becomes(lambda: ledger.writer.busy)
        for waiting in (first, ledger.finish(behind, answers=True)):
            with pytest.raises(LedgerUnavailable):
                await waiting
        monkeypatch.setattr(module, "PATIENCE_S", 600.0)
    await becomes(lambda: ledger.healthy)
    await ledger.close()
    assert all(says_nothing_went_out(row) for row in rows_in(address).values())
    assert len(rows_in(address)) == 2
    assert verify(address).findings == ()


async def test_answer_whose_call_was_held_goes_out_and_its_row_says_so(
    address: str, ledgers: Ledgers
) -> None:
    paid = request("r1", attempt("r1", held=400, cost=120))
    ledger = ledgers(address, busy_timeout_ms=20)
    await ledger.hold(paid, paid.attempts[0])
    with locked(address):
        await ledger.finish(paid, answers=True)
    await becomes(lambda: ledger.healthy)
    await ledger.close()
    assert rows_in(address)["r1"].state is RequestState.SETTLED


def test_row_that_tells_of_no_answer_stays_as_it_is() -> None:
    failed = replace(READ, state=RequestState.FAILED, error_code="stream_cut", verdict="")
    assert unanswered(failed, "ledger_unavailable") is failed


async def test_write_beside_the_ledger_that_finds_no_room_is_told(
    address: str, ledgers: Ledgers
) -> None:
    ledger = ledgers(address, busy_timeout_ms=20)
    with locked(address):
        with pytest.raises(LedgerUnavailable), ledger.database.writing():
            pass
        await becomes(lambda: not ledger.healthy)
    await becomes(lambda: ledger.healthy)
