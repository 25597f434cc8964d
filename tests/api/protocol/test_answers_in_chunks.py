"""The head of an answer in chunks: it waits for a first piece, but for no longer than a moment."""

from __future__ import annotations

import asyncio

from router.api.protocol.exchange import Event
from tests.kits.socket_kit import CLOSE, Receive, Send, get, serving, statuses


async def test_head_of_an_answer_in_chunks_does_not_wait_long_for_a_first_piece() -> None:
    go_on = asyncio.Event()

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await go_on.wait()
        await send({"type": "http.response.body", "body": b"ab"})

    async with serving(application) as place:
        client = await place.connect()
        await client.send(get("/", CLOSE))
        head = await client.until(b"\r\n\r\n")
        assert statuses(head) == [200]
        go_on.set()
        assert await client.rest() == b"2\r\nab\r\n0\r\n\r\n"
