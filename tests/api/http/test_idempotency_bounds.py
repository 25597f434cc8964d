"""Tests what an idempotency key keeps at most, and what goes out when the ledger fails."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from router.api.compose.clock import SystemClock, UlidIds
from router.api.http.asgi import Event, Handler, Receive, Scope, Send
from router.api.http.authentication import Doorkeeper
from router.api.http.idempotency import MAX_REPLY_BYTES, Idempotency
from router.api.http.repeat_admission import GivenAgain
from router.api.observability.metrics import Metrics
from router.ledger.tables.idempotent_replies import SqlReplies
from router.ledger.tables.keys import SqlKeyStore
from router.money.budgets import Budgets
from tests.kits.books.ledger_rows import request
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.changed import replace
from tests.kits.memory_rates import MemoryRates


@pytest.mark.parametrize(("size", "calls"), [(MAX_REPLY_BYTES, 1), (MAX_REPLY_BYTES + 1, 2)])
async def test_an_answer_that_is_too_large_is_not_kept(
    tmp_path: Path, size: int, calls: int, ledgers: Ledgers
) -> None:
    clock = SystemClock()
    ledger = ledgers(tmp_path / "l.db", clock=clock)
    await ledger.finish(replace(request("one", tenant="local"), verdict="accepted"))
    door = Doorkeeper(SqlKeyStore(ledger.database, clock), open_without_keys=True)
    replies = SqlReplies(ledger.database, clock, lambda _: b"secret")
    idempotent = Idempotency(
        replies, door, Metrics(),
        given_again=GivenAgain(lambda: Budgets({}), MemoryRates(clock)), ledger=ledger,
        max_body_bytes=lambda: 1_000, clock=clock, ids=UlidIds(),
    )  # fmt: skip
    called = 0

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal called
        called += 1
        headers = [(b"x-tiergate-decision-id", b"dec_one")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x" * size})

    assert [await _body_of(idempotent(answer)) for _ in range(2)] == [size, size]
    assert called == calls


async def test_an_answer_goes_out_whose_row_cannot_be_read(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    clock = SystemClock()
    ledger = ledgers(tmp_path / "l.db", clock=clock)
    door = Doorkeeper(SqlKeyStore(ledger.database, clock), open_without_keys=True)
    idempotent = Idempotency(
        SqlReplies(ledger.database, clock, lambda _: b"secret"), door, Metrics(),
        given_again=GivenAgain(lambda: Budgets({}), MemoryRates(clock)), ledger=ledger,
        max_body_bytes=lambda: 1_000, clock=clock, ids=UlidIds(),
    )  # fmt: skip

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        with closing(sqlite3.connect(tmp_path / "l.db")) as books:
            books.execute("DROP TABLE requests")
        headers = [(b"x-tiergate-decision-id", b"dec_one")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"said"})

    assert await _body_of(idempotent(answer)) == len(b"said")


async def _body_of(handler: Handler) -> int:
    """The size of the answer to one request under a key."""
    sent: list[Event] = []

    async def receive() -> Event:
        return {"type": "http.request", "body": b"{}", "more_body": False}

    async def send(event: Event) -> None:
        sent.append(event)

    scope = {"path": "/v1/x", "headers": [(b"idempotency-key", b"k")]}
    await handler(scope, receive, send)
    return sum(len(event.get("body", b"")) for event in sent)
