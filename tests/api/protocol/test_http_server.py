"""Tests how a server ends: it takes no new connection, finishes answers, and cuts late ones."""

from __future__ import annotations

import asyncio
import socket

import pytest

from router.api.protocol.exchange import Event
from tests.kits.server_kit import eventually
from tests.kits.socket_kit import (
    PATIENCE_S,
    Place,
    Receive,
    Send,
    answer,
    echo,
    get,
    serving,
    statuses,
)


class Slow:
    """Streams one piece, waits for `go_on`, then ends; keeps how its requests ended."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.running = asyncio.Event()
        self.cancelled = 0

    async def __call__(self, scope: Event, receive: Receive, send: Send) -> None:
        if scope["path"] == "/quick":
            await answer(send, b"quick")
            return
        await send({"type": "http.response.start", "status": 200})
        await send({"type": "http.response.body", "body": b"first", "more_body": True})
        self.running.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        await send({"type": "http.response.body", "body": b"last"})


async def refusing(place: Place) -> None:
    """Waits until no new connection is taken."""
    with pytest.raises(ConnectionError):  # noqa: PT012
        async with asyncio.timeout(PATIENCE_S):
            while True:
                (await place.connect()).writer.close()


async def test_idle_connections_are_closed_at_once() -> None:
    async with serving(echo, most_s=60) as place:
        silent, used = await place.connect(), await place.connect()
        await used.send(get("/"))
        await used.until(b">")
        place.stop.set()
        assert await used.rest() == await silent.rest() == b""
        await asyncio.wait_for(place.ended, PATIENCE_S)
    assert place.cuts == 0


@pytest.mark.parametrize("kept", [False, True], ids=["new connections", "kept connections"])
async def test_requests_that_came_and_were_not_read_are_answered(kept: bool) -> None:
    async with serving(echo, most_s=60) as place:
        # The loop does not run while these connect and send.
        clients = [socket.create_connection(("127.0.0.1", place.port)) for _ in range(60)]
        if kept:
            for client in clients:
                client.sendall(get("/first"))
                await asyncio.to_thread(client.recv, 1_000)
        for client in clients:
            client.sendall(get("/last"))
        place.stop.set()
        said = [await asyncio.to_thread(_rest_of, client) for client in clients]
        await asyncio.wait_for(place.ended, PATIENCE_S)
    assert {statuses(one)[-1] for one in said} == {200}
    assert all(b"/last" in one for one in said)


def _rest_of(client: socket.socket) -> bytes:
    with client, client.makefile("rb") as file:
        return file.read()


async def test_head_that_had_begun_to_come_is_answered_when_it_is_whole() -> None:
    async with serving(echo, most_s=60) as place:
        client = await place.connect()
        await client.send(get("/late")[:-4])
        await asyncio.to_thread(eventually, lambda: place.state.arrivals == 2)
        place.stop.set()
        await refusing(place)
        await client.send(get("/late")[-4:])
        said = await client.rest()
        assert b"/late" in said
        assert b"connection: close" in said
        await asyncio.wait_for(place.ended, PATIENCE_S)


async def test_head_that_never_ends_does_not_hold_up_the_end() -> None:
    async with serving(echo, request_s=600.0, most_s=600.0) as place:
        client = await place.connect()
        await client.send(get("/never")[:-4])
        await asyncio.to_thread(eventually, lambda: place.state.arrivals == 2)
        place.stop.set()
        assert await client.rest() == b""
        await asyncio.wait_for(place.ended, PATIENCE_S)
    assert place.cuts == 0


async def test_running_stream_ends_before_the_server_does() -> None:
    slow = Slow()
    async with serving(slow, most_s=60) as place:
        client = await place.connect()
        await client.send(get("/"))
        await slow.running.wait()
        place.stop.set()
        await refusing(place)
        slow.go_on.set()
        assert b"first\r\n4\r\nlast\r\n0\r\n\r\n" in await client.rest()
        await asyncio.wait_for(place.ended, PATIENCE_S)
    assert (slow.cancelled, place.cuts) == (0, 0)


async def test_what_was_asked_before_the_end_is_answered() -> None:
    slow = Slow()
    async with serving(slow, most_s=60) as place:
        client = await place.connect()
        await client.send(get("/") + get("/quick") * 2)
        await slow.running.wait()
        place.stop.set()
        await refusing(place)
        slow.go_on.set()
        said = await client.rest()
        assert said.count(b"quick") == 2
        assert said.count(b"connection: close") == 1


@pytest.mark.parametrize("hurried", [False, True])
async def test_stream_is_cut_when_the_time_to_drain_is_over(hurried: bool) -> None:
    slow = Slow()
    async with serving(slow, most_s=60 if hurried else 0.05) as place:
        client = await place.connect()
        await client.send(get("/") + get("/quick"))
        await slow.running.wait()
        place.stop.set()
        if hurried:
            place.hurry.set()
        said = await client.rest()
        assert said.endswith(b"5\r\nfirst\r\n")
        await asyncio.wait_for(place.ended, PATIENCE_S)
    assert (slow.cancelled, place.cuts) == (1, 1)
