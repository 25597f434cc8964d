"""Vectors whose asker left while the ledger cannot be written."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from router.api.compose.clock import SystemClock, UlidIds
from router.policy.sections.answering.embedders import EmbedderSection
from router.specialists.booked_vectors import BookedVectors, VectorOrder
from router.types import Identity, OutsideVectors, RowUnwritten, Scope, StoreTurned
from tests.kits.books.open_ledgers import Ledgers
from tests.kits.decision_kit import a_policy
from tests.kits.upstreams.upstream_tier_kit import Listener

ASKER = Identity("acme", "k1", frozenset({Scope.CHAT}))


async def test_a_row_that_nobody_waits_for_is_told_when_it_is_not_written(
    tmp_path: Path, ledgers: Ledgers
) -> None:
    listener, path, asked = Listener(), tmp_path / "ledger.db", asyncio.Event()
    ledger = ledgers(path, busy_timeout_ms=20, events=listener)  # type: ignore[arg-type]

    async def embed(_: EmbedderSection, __: Sequence[str], ___: int | None) -> OutsideVectors:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    booked = BookedVectors(
        embed,
        ledger=ledger,
        secret_of=lambda _: b"s" * 32,
        clock=SystemClock(),
        ids=UlidIds(),
        events=listener,
    )
    large = EmbedderSection(name="large", model="large", base_url="http://127.0.0.1:9/v1")
    order = VectorOrder(a_policy(), "hash", large, ("a text",))
    unread: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unread.append(context))
    asking = asyncio.ensure_future(booked.made(order, ASKER))
    await asked.wait()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(30):
        while len(listener.events) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    other.execute("ROLLBACK")
    other.close()
    lost, unwritten = listener.events
    assert isinstance(lost, StoreTurned)
    assert isinstance(unwritten, RowUnwritten)
    assert (unwritten.code, bool(unwritten.request_id)) == ("ledger_unavailable", True)
    assert unread == []
