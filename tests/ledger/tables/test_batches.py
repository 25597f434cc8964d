"""How many batches with work an owner may have, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio

import pytest

from router.api.compose.clock import SystemClock
from router.ledger.tables.batches import SqlBatches
from router.types import Batch, BatchState, Owner
from tests.kits.books.open_ledgers import Ledgers

OWNER, OTHER = Owner("acme", "k1"), Owner("acme", "k2")


def batch(number: int, owner: Owner = OWNER, state: BatchState = BatchState.VALIDATING) -> Batch:
    chat = "/v1/chat/completions"
    return Batch(f"batch_{number}", owner, chat, "file-1", state, number, 9_000_000)


@pytest.fixture
def batches(address: str, ledgers: Ledgers) -> SqlBatches:
    return SqlBatches(ledgers.database(address), SystemClock(), lambda _: b"s" * 32)


async def test_those_that_come_at_once_are_not_more_than_may_have_work(
    batches: SqlBatches,
) -> None:
    added = await asyncio.gather(*(batches.add(batch(number), 3) for number in range(12)))
    assert sum(added) == 3
    assert len(await batches.listed(OWNER, None, 20)) == 3


async def test_others_and_what_has_ended_do_not_count(batches: SqlBatches) -> None:
    assert await batches.add(batch(1, OTHER), 1)
    assert await batches.add(batch(2, state=BatchState.COMPLETED), 1)
    assert await batches.add(batch(3), 1)
    assert not await batches.add(batch(4), 1)
