"""Vectors whose asker left, and whose row the ledger refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

import pytest

from router.api.compose.clock import SystemClock, UlidIds
from router.errors import LedgerCorrupt
from router.policy.sections.answering.embedders import EmbedderSection
from router.specialists.booked_vectors import BookedVectors, VectorOrder
from router.types import (
    AttemptRow,
    Identity,
    Ledger,
    OutsideVectors,
    RequestRow,
    RowUnwritten,
    Scope,
)
from tests.kits.decision_kit import a_policy
from tests.kits.upstreams.upstream_tier_kit import Listener

ASKER = Identity("acme", "k1", frozenset({Scope.CHAT}))


class BrokenLedger:
    """Holds a call, and cannot finish its row."""

    async def hold(self, request: RequestRow, attempt: AttemptRow) -> None:
        return

    async def finish(self, request: RequestRow) -> None:
        raise LedgerCorrupt("the chain has a gap")


async def test_a_row_that_nobody_waits_for_is_told_when_it_is_not_written() -> None:
    listener, asked = Listener(), asyncio.Event()

    async def embed(_: EmbedderSection, __: Sequence[str], ___: int | None) -> OutsideVectors:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    booked = BookedVectors(
        embed,
        ledger=cast(Ledger, BrokenLedger()),
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
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    async with asyncio.timeout(30):
        while not listener.events:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    (unwritten,) = listener.events
    assert isinstance(unwritten, RowUnwritten)
    assert (unwritten.code, bool(unwritten.request_id)) == (LedgerCorrupt.code, True)
    assert unread == []
