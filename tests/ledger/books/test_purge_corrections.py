"""A purge keeps a correction until its call goes, in whatever order the chains have them."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.analysis.report.build import Extra, build_report
from router.analysis.report.figures import Report
from router.ledger.aggregates import Kind
from router.ledger.books.purge import purge
from router.ledger.books.reconcile import Settlement, correction, unknown_calls
from router.ledger.books.store import SqlLedger
from router.ledger.books.verify import verify
from router.ledger.rollups.reading import portion
from router.ledger.rollups.settled import settled_later
from router.ledger.rollups.stored import catch_up
from router.ledger.sql.database import Database
from router.money.budgets import WindowKind, window_end, window_start
from router.types import AttemptState
from tests.kits.books.empty_ledger import empty_ledger
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, cancelled, request
from tests.kits.books.ledger_sql import query
from tests.kits.books.postgres_kit import Postgres
from tests.kits.changed import replace
from tests.kits.examples import examples

CALLS = st.lists(
    st.tuples(
        st.booleans(),  # in which of two chains
        st.integers(0, 9),  # when it was created
        st.one_of(st.none(), st.tuples(st.booleans(), st.integers(0, 9), st.integers(0, 900))),
    ),
    min_size=1,
    max_size=12,
)
"""Calls of unknown cost, each with the chain, the time and the bill of its correction, if any."""

Calls = list[tuple[bool, int, tuple[bool, int, int] | None]]


async def _write(address: str, calls: Calls) -> int:
    """Writes the calls into two chains and corrects some; returns the sum."""
    ledgers = [
        SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None) for _ in range(2)
    ]
    database, total = Database.open(address), 0
    for number, (chain, at, bill) in enumerate(calls):
        line = replace(attempt(f"r{number}", cost=400), state=AttemptState.UNKNOWN_COST)
        row = cancelled(request(f"r{number}", replace(line, estimated=True)))
        await ledgers[chain].finish(replace(row, created_at_ms=NOW_MS + at))
        total += 400
        if bill is None:
            continue
        (call,) = [one for one in unknown_calls(database) if one.request_id == f"r{number}"]
        change = correction(database, Settlement(call, bill[2]), NOW_MS + bill[1])
        await ledgers[bill[0]].finish(change)
        total += bill[2] - 400
    database.close()
    for ledger in ledgers:
        await ledger.close()
    return total


def _report(database: Database, since_ms: int | None = None, until_ms: int | None = None) -> Report:
    period = since_ms, until_ms
    catch_up(database)
    parts = portion(database, *period, None, tuple(Kind))
    extra = Extra(cells=parts.cells, settled=settled_later(database, *period, None))
    return build_report(
        parts.rows, since_ms=since_ms, until_ms=until_ms, now_ms=NOW_MS, extra=extra
    )


def _check(address: str, calls: Calls, before: int) -> None:
    total = asyncio.run(_write(address, calls))
    database = Database.open(address)
    unsettled = {call.request_id for call in unknown_calls(database)}
    told = _report(database)
    purge(database, NOW_MS + before, NOW_MS + 100)
    assert _report(database) == told, "a report over the same requests says something else"
    again = {call.request_id for call in unknown_calls(database)}
    database.close()
    assert told.unknown.settled == sum(bill is not None for _, _, bill in calls)
    assert again <= unsettled, "a call that a bill settled is of unknown cost again"
    assert verify(address).whole
    assert set(query(address, "SELECT spent_nano_usd FROM budget_windows")) == {(total,)}
    assert query(address, "SELECT cost_nano_usd FROM rollups WHERE kind = 'whole' AND purged = 0")[
        0
    ] == (total,)


@examples(30)
@given(CALLS, st.integers(0, 10))
def test_no_settled_call_becomes_unknown_in_a_file(calls: Calls, before: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _check(str(empty_ledger(Path(folder) / "ledger.db")), calls, before)


def test_no_settled_call_becomes_unknown_on_a_server(
    postgres: Postgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # its anchors go below the working folder
    address = postgres.new_database()
    _check(address, [(False, 9, None), (False, 1, (True, 2, 100)), (True, 1, (True, 3, 500))], 5)


def test_a_month_says_the_same_of_itself_before_a_later_bill_and_after_its_purge(
    tmp_path: Path,
) -> None:
    """The call is of October, its bill of November; a request of November has one in time."""
    address, day = str(empty_ledger(tmp_path / "ledger.db")), 86_400_000
    month, after = _month(NOW_MS), NOW_MS + 40 * day
    database = Database.open(address)
    asyncio.run(_write(address, [(False, 0, None), (False, 1, None)]))
    first = _report(database, *month)
    assert (first.unknown.requests, first.unknown.held_nano_usd) == (2, 800)

    asyncio.run(_settle(address, "r0", after))
    assert _report(database, *month) == first
    whole = _report(database)
    assert (whole.unknown.requests, whole.unknown.settled) == (1, 1)

    purge(database, NOW_MS + 1, after + day)
    assert _report(database, *month) == first
    assert _report(database) == whole
    later = _report(database, month[1], None)
    assert (later.unknown.requests, later.unknown.settled, later.spend_nano_usd) == (0, 0, -300)
    assert verify(address).whole
    database.close()


def _month(at_ms: int) -> tuple[int, int]:
    begin = window_start(WindowKind.MONTH, at_ms)
    return begin, window_end(WindowKind.MONTH, begin)


async def _settle(address: str, request_id: str, at_ms: int) -> None:
    """Books a bill of 100 nano-dollars for the request's call."""
    ledger = SqlLedger.open(address, clock=StandingClock(), budget_of=lambda _: None)
    database = Database.open(address)
    (call,) = [one for one in unknown_calls(database) if one.request_id == request_id]
    await ledger.finish(correction(database, Settlement(call, 100), at_ms))
    database.close()
    await ledger.close()
