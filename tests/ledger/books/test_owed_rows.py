"""What the ledger owes, and whom it refused: written, released, or told as lost at its end."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from router.errors import LedgerError, LedgerUnavailable
from router.ledger.books import writer as module
from router.ledger.books.lost_rows import lost_rows
from router.ledger.books.operations import (
    finish_operation,
    hold_operation,
    settle_operation,
)
from router.ledger.books.verify import verify
from router.types import LostCall, RequestState, RowLost
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.books.ledger_sql import change, is_server, locked, query
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.books.postgres_kit import Postgres
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_behaviours
from tests.kits.upstreams.upstream_tier_kit import Listener

PAID = request("r1", attempt("r1", held=400, cost=120))
LOST = RowLost(
    "r1",
    "acme",
    "key_1",
    "default",
    120,
    (LostCall("r1/1", "fast", "nano", "nano-1", "chatcmpl-r1", "settled", NOW_MS, 120),),
)

FILE_REFUSES_R1 = (
    "CREATE TRIGGER refuse BEFORE UPDATE ON requests WHEN new.request_id = 'r1' "
    "BEGIN SELECT raise(abort, 'not this one'); END",
)
SERVER_REFUSES_R1 = (
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql "
    "AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$",
    "CREATE TRIGGER refuse BEFORE UPDATE ON requests FOR EACH ROW "
    "WHEN (new.request_id = 'r1') EXECUTE FUNCTION refuse()",
)


def lost(listener: Listener) -> list[RowLost]:
    return [event for event in listener.events if isinstance(event, RowLost)]


async def becomes(condition: Callable[[], bool]) -> None:
    await asyncio.to_thread(eventually, condition)


def open_holds(address: str) -> int:
    (row,) = query(address, "SELECT count(*) FROM attempts WHERE state = 'held'")
    return int(row[0])


async def test_row_that_is_finished_after_the_ledger_closed_is_told_as_lost(
    address: str, ledgers: Ledgers
) -> None:
    listener = Listener()
    ledger = ledgers(address, events=listener)
    await ledger.hold(PAID, PAID.attempts[0])
    await ledger.close()
    await ledger.finish(PAID)  # its client paid, and gets its answer
    assert lost(listener) == [LOST]


async def test_row_without_spending_is_told_as_lost_like_any_other(
    address: str, ledgers: Ledgers
) -> None:
    listener = Listener()
    ledger = ledgers(address, events=listener)
    await ledger.close()
    with pytest.raises(LedgerUnavailable):
        await ledger.finish(request("r1"))
    assert lost(listener) == [RowLost("r1", "acme", "key_1", "default", 0, ())]


async def test_rows_that_find_no_room_while_the_database_is_away_are_told_as_lost(
    address: str, ledgers: Ledgers
) -> None:
    listener = Listener()
    ledger = ledgers(address, events=listener, queue_size=4, busy_timeout_ms=20)
    with locked(address):
        await asyncio.gather(
            *(ledger.finish(request(f"r{n}")) for n in range(20)), return_exceptions=True
        )
    await ledger.close()
    written = {name for (name,) in query(address, "SELECT request_id FROM requests")}
    gone = [row.request_id for row in lost(listener)]
    assert len(written) == 4
    assert sorted([*written, *gone]) == sorted(f"r{n}" for n in range(20))


async def test_row_that_cannot_be_written_before_the_end_is_told_as_lost(
    address: str, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CLOSES_S", 0.01)
    listener = Listener()
    ledger = ledgers(address, events=listener, busy_timeout_ms=20)
    await ledger.hold(PAID, PAID.attempts[0])
    with locked(address):
        await ledger.finish(PAID)
        await asyncio.to_thread(ledger.writer.close)
    assert lost(listener) == [LOST]
    await ledger.close()
    again = ledgers(address)  # books the call at its hold; `reconcile` books its cost
    await again.close()
    assert verify(address).cost_nano_usd == 400


async def test_row_that_the_database_refuses_is_told_as_lost(
    address: str, ledgers: Ledgers
) -> None:
    listener = Listener()
    ledger = ledgers(address, events=listener)
    others = [request(f"r{n}", attempt(f"r{n}", held=400, cost=120)) for n in (2, 3)]
    for row in (PAID, *others):
        await ledger.hold(row, row.attempts[0])
    change(address, *(SERVER_REFUSES_R1 if is_server(address) else FILE_REFUSES_R1))
    finished = (ledger.finish(row) for row in (PAID, *others))
    refused, *written = await asyncio.gather(*finished, return_exceptions=True)
    assert isinstance(refused, LedgerError)
    assert written == [None, None]
    assert lost(listener) == [LOST]
    assert ledger.healthy
    await ledger.close()
    assert query(address, "SELECT request_id FROM requests WHERE state = 'open'") == [("r1",)]


async def test_closing_writes_what_is_owed_once_the_database_answers(
    address: str, ledgers: Ledgers
) -> None:
    listener = Listener()
    ledger = ledgers(address, events=listener, busy_timeout_ms=20)
    await ledger.hold(PAID, PAID.attempts[0])
    with locked(address):
        await ledger.finish(PAID)
        closing = threading.Thread(target=ledger.writer.close)
        closing.start()
        await becomes(lambda: ledger.writer.closing)
    await asyncio.to_thread(closing.join)
    assert lost(listener) == []
    assert verify(address).cost_nano_usd == 120


def test_settlement_is_lost_with_the_row_of_its_request() -> None:
    other = attempt("r2")
    finish, settled = finish_operation(PAID), settle_operation(PAID.attempts[0], "acme")
    alone = settle_operation(other, "acme")
    held = hold_operation(request("r3"), attempt("r3"))
    first, second = lost_rows([settled, alone, held, finish])
    assert first == LOST
    assert (second.request_id, second.tenant, second.policy) == ("r2", "acme", "")
    assert [call.attempt_id for call in second.calls] == [other.attempt_id]


@pytest.fixture
def books(postgres: Postgres) -> str:
    return postgres.new_database()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes callers wait hardly at all; its value makes them wait long again."""
    monkeypatch.setattr(module, "PATIENCE_S", 0.05)
    monkeypatch.setattr(module, "WATCH_S", 0.01)
    return partial(monkeypatch.setattr, module, "PATIENCE_S", 600.0)


async def test_hold_that_was_refused_counts_in_no_budget(
    address: str, ledgers: Ledgers, patient: Callable[[], None]
) -> None:
    """One is being committed when the database falls silent, the other one waits behind it."""
    ledger = ledgers(address, busy_timeout_ms=60_000)
    with locked(address):
        first = asyncio.ensure_future(ledger.hold(request("r1"), attempt("r1")))
        await becomes(lambda: ledger.writer.busy)
        second = asyncio.ensure_future(ledger.hold(request("r2"), attempt("r2")))
        for refused in (first, second):
            with pytest.raises(LedgerUnavailable):
                await refused
        patient()
    await becomes(lambda: ledger.healthy)
    await ledger.finish(request("r3", attempt("r3")))
    await becomes(lambda: open_holds(address) == 0)
    assert query(address, "SELECT sum(held_nano_usd) FROM budget_windows") == [(0,)]
    assert query(address, "SELECT count(*) FROM requests WHERE request_id = 'r2'") == [(0,)]
    await ledger.close()
    assert verify(address).findings == ()


@pytest.mark.usefixtures("patient")
async def test_hold_that_was_refused_is_released_before_its_request_ends(
    address: str, ledgers: Ledgers, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else its request would be booked at the hold, though nobody was called."""
    monkeypatch.setattr(module, "MAX_BATCH", 1)
    ledger = ledgers(address, busy_timeout_ms=60_000)
    others = [settle_operation(attempt(name), "acme") for name in ("r8", "r9")]
    with locked(address):
        ledger.writer._owed += [module._Job(other, None) for other in others]
        with pytest.raises(LedgerUnavailable):
            await ledger.hold(request("r1"), attempt("r1", held=400))
        with pytest.raises(LedgerUnavailable):  # it is written all the same, once that is possible
            await ledger.finish(replace(request("r1"), state=RequestState.FAILED))
    await becomes(lambda: ledger.healthy)
    await ledger.close()
    assert query(address, "SELECT state, cost_nano_usd FROM requests") == [("failed", 0)]
    assert query(address, "SELECT state FROM attempts") == [("released",)]
    assert verify(address).findings == ()


class Cutting:
    """Passes bytes on to a server's socket; once armed, it cuts the connection after a COMMIT."""

    def __init__(self, folder: Path, server: Path) -> None:
        self.armed = False
        self._server = server
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / server.name))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65_536):
                # The server's answer to a COMMIT names it, too; libpq's query begins otherwise.
                if self.armed and b"COMMIT\0" in piece and piece[:1] in (b"C", b"1", b"2"):
                    self.armed = False
                    break
                target.sendall(piece)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


async def test_hold_whose_commit_is_in_doubt_is_released(
    postgres: Postgres, books: str, tmp_path: Path, ledgers: Ledgers
) -> None:
    """The connection breaks after the server has committed: the caller is refused."""
    proxy = Cutting(tmp_path, next(postgres.socket.glob(".s.PGSQL.*[0-9]")))
    ledger = ledgers(books.replace(quote(str(postgres.socket)), quote(str(tmp_path))))
    try:
        proxy.armed = True
        with pytest.raises(LedgerUnavailable):
            await ledger.hold(request("r1"), attempt("r1"))
        assert not proxy.armed
        assert query(books, "SELECT count(*) FROM attempts") == [(1,)]
        await becomes(lambda: open_holds(books) == 0)
        await ledger.close()
    finally:
        proxy.close()
    assert query(books, "SELECT sum(held_nano_usd) FROM budget_windows") == [(0,)]
    assert verify(books).findings == ()


async def test_hold_is_refused_while_late_recovery_waits_for_the_database(
    address: str,
    ledgers: Ledgers,
    monkeypatch: pytest.MonkeyPatch,
    patient: Callable[[], None],
) -> None:
    monkeypatch.setattr(module, "AGAIN_S", 0.0)
    ledger = ledgers(address, busy_timeout_ms=60_000)
    begins, may_end = threading.Event(), threading.Event()

    def recover(head: object) -> object:
        begins.set()
        may_end.wait()
        return head

    writer = ledger.writer
    writer._again, writer._again_at = recover, 0.0  # type: ignore[assignment]
    writer.suspect()  # wakes the thread
    try:
        await asyncio.to_thread(begins.wait)
        with pytest.raises(LedgerUnavailable, match="has said nothing"):
            await ledger.hold(request("r1"), attempt("r1"))
    finally:
        patient()
        may_end.set()
    await becomes(lambda: ledger.healthy)
    await ledger.hold(request("r2"), attempt("r2"))


@pytest.mark.slow
@pytest.mark.process
def test_line_of_a_lost_row_books_its_calls(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with Upstream(tmp_path) as upstream:
        policy, *_ = write_behaviours(tmp_path, upstream.url, "slow")
        with Served(tmp_path, policy) as server:
            with ThreadPoolExecutor() as threads:
                answer = threads.submit(server.chat)
                eventually(lambda: upstream.seen()["count"])
                with locked(path):
                    assert answer.result().status_code == 200
                    assert server.end() == 0
            line = json.loads(re.search(r".*row_lost.*", server.output)[0])  # type: ignore[index]
        (call,) = line["calls"]
        with Served(tmp_path, policy):
            booked = ("--attempt", call["attempt"], "--cost-usd", call["cost_usd"])
            ended = tiergate("ledger", "reconcile", *booked, "--database", path)
            assert ended.returncode == 0, ended.stdout + ended.stderr
    report = verify(path)
    assert report.findings == ()
    assert report.cost_nano_usd == Decimal(call["cost_usd"]) * 10**9
