"""A request that failed and comes again is known for half a minute, under its own key."""

from __future__ import annotations

import asyncio

import pytest

from router.errors import BudgetExceeded, TiergateError, UpstreamOverloaded
from router.request.calls.failed_before import MOST_REMEMBERED, REMEMBERED_MS, FailedBefore
from router.types import ChatRequest, ContentPart, Identity, JsonText, Message
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Clock, ask

BUSY = UpstreamOverloaded("The upstream is overloaded.")


async def noted(clock: Clock, error: TiergateError | None = BUSY) -> FailedBefore:
    failed = FailedBefore(clock)
    await failed.note(ask("hello"), ALICE, error)
    return failed


@pytest.mark.parametrize(
    ("request_", "identity", "known"),
    [
        (ask("hello"), ALICE, True),
        (ask("hello", stream=True), ALICE, True),
        (ask("hello!"), ALICE, False),
        (ask("hello", requested_model="auto:other"), ALICE, False),
        (ask("hello"), replace(ALICE, key_id="key-2"), False),
        (ask("hello"), replace(ALICE, tenant="other"), False),
    ],
)
async def test_only_an_equal_request_of_the_key_is_known(
    request_: ChatRequest, identity: Identity, *, known: bool
) -> None:
    failed = await noted(Clock())
    assert (await failed.marked(request_, identity)).repeated is known


@pytest.mark.parametrize(("later_ms", "known"), [(-2.0, True), (2.0, False)])
async def test_a_request_is_known_for_half_a_minute(later_ms: float, *, known: bool) -> None:
    clock = Clock()
    failed = await noted(clock)
    clock.now += REMEMBERED_MS + later_ms
    assert (await failed.marked(ask("hello"), ALICE)).repeated is known


@pytest.mark.parametrize("error", [None, BudgetExceeded("Spent.")])
async def test_what_no_answerer_failed_at_is_not_remembered(error: TiergateError | None) -> None:
    failed = await noted(Clock(), error)
    assert not (await failed.marked(ask("hello"), ALICE)).repeated


async def test_the_oldest_of_too_many_is_forgotten() -> None:
    failed = await noted(Clock())
    for i in range(MOST_REMEMBERED - 1):
        await failed.note(ask(f"hello {i}"), ALICE, BUSY)
    assert (await failed.marked(ask("hello"), ALICE)).repeated
    await failed.note(ask("one more"), ALICE, BUSY)
    assert not (await failed.marked(ask("hello"), ALICE)).repeated
    assert (await failed.marked(ask("hello 0"), ALICE)).repeated


async def test_an_image_is_read_beside_the_loop() -> None:
    image = ContentPart("image_url", JsonText('{"url": "data:image/png;base64,AAAA"}'))
    request = replace(ask(), messages=(Message("user", "What is it?", parts=(image,)),))
    failed = FailedBefore(Clock())
    for reading in (failed.note(request, ALICE, BUSY), failed.marked(request, ALICE)):
        task = asyncio.ensure_future(reading)
        await asyncio.sleep(0)
        assert not task.done()
        await task
