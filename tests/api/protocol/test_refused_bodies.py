"""Tests that a client that is refused early may send its body to the end, and reads the refusal."""

from __future__ import annotations

import asyncio

import pytest

from router.api.protocol.exchange import Event
from router.api.protocol.limits import LINGER_S, MAX_LINGER_BYTES
from tests.api.protocol.test_connection import once
from tests.kits.socket_kit import Client, Receive, Send, answer, get, serving, statuses


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


@pytest.mark.parametrize("framing", ["content-length: 60000000", "transfer-encoding: chunked"])
async def test_a_client_that_reads_only_after_sending_60_mb_learns_the_refusal(
    framing: str,
) -> None:
    """Such clients are urllib and the fetch of Node: a reset is all they would learn."""

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"too large", status=413)

    chunked = "chunked" in framing
    piece = b"x" * 1_000_000
    sent = b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece
    async with serving(application) as place:
        client = await place.connect()
        await client.send(get("/", framing, method="POST"))
        for _ in range(60):
            await client.send(sent)
        said = await client.rest()
    assert statuses(said) == [413]


async def send_all(client: Client, size: int) -> None:
    piece = b"x" * 5_000_000
    for _ in range(size // len(piece)):
        await client.send(piece)


@pytest.mark.parametrize(
    "framing", [f"content-length: {MAX_LINGER_BYTES + 1}", "transfer-encoding: chunked"]
)
async def test_no_more_than_the_bound_is_dropped_of_a_refused_body(framing: str) -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"too large", status=413)

    async with serving(application) as place:
        client = await place.connect()
        await client.send(get("/", framing, method="POST"))
        with pytest.raises(ConnectionError):
            await send_all(client, 3 * MAX_LINGER_BYTES)


async def test_a_refused_body_that_does_not_come_is_not_waited_for() -> None:
    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, b"too large", status=413)

    async with serving(application, request_s=3600) as place:
        client = await place.connect()
        await client.send(get("/", "content-length: 12000000", method="POST") + b"x")
        assert statuses(await client.until(b"too large")) == [413]
        await once(lambda: not place.state.connections)
