"""Tests that a client that is refused early may send its body to the end, and reads the refusal."""

from __future__ import annotations

import asyncio

import pytest

from router.api.protocol.exchange import Event
from router.api.protocol.limits import LINGER_S
from tests.api.protocol.test_connection import once
from tests.kits.socket_kit import Receive, Send, answer, get, serving, statuses


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_refused_body_may_be_sent_to_its_announced_end(at_once: bool) -> None:
    piece = b"x" * 1_000_000

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"too large", status=413)

    async with serving(application) as place:
        client = await place.connect()
        await client.send(get("/", f"content-length: {12 * len(piece)}", method="POST"))
        for _ in range(12):
            if not at_once:
                await asyncio.sleep(LINGER_S / 8)
            await client.send(piece)
        said = await client.rest()
    assert statuses(said) == [413]


async def test_a_refused_body_that_does_not_come_is_not_waited_for() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"too large", status=413)

    async with serving(application, request_s=3600) as place:
        client = await place.connect()
        await client.send(get("/", "content-length: 12000000", method="POST") + b"x")
        assert statuses(await client.until(b"too large")) == [413]
        await once(lambda: not place.state.connections)
