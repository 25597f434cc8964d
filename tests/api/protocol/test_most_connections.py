"""Bounds of the number of connections: idle ones give way, busy ones do not."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Sequence

import pytest
from structlog.testing import capture_logs

from router.api.protocol.exchange import Event
from router.api.protocol.limits import HEAD_KEEPS_PLACE_S, most_connections
from tests.kits.socket_kit import (
    PATIENCE_S,
    Client,
    Place,
    Receive,
    Send,
    answer,
    echo,
    get,
    serving,
)
from tests.kits.upstreams.upstream_kit import eventually

LONG = b"x" * 32_000_000  # more than the system holds for a client that does not read


@contextlib.asynccontextmanager
async def busy(
    count: int, most: int, unbounded: Sequence[socket.socket] = ()
) -> AsyncIterator[tuple[Place, list[Client]]]:
    """Serves with so many connections whose requests are answered at the end."""
    gate = asyncio.Event()

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await gate.wait()
        await answer(send, b"at last")

    async with serving(
        application, most_connections=most, most_s=30.0, unbounded=unbounded
    ) as place:
        clients = [await place.connect() for _ in range(count)]
        for client in clients:
            await client.send(get())
        await eventually(lambda: len(place.state.tasks) == count)
        yield place, clients
        gate.set()
        for client in clients:
            assert (await client.until(b"at last")).startswith(b"HTTP/1.1 200 ")


async def test_an_idle_connection_gives_way_to_a_new_one() -> None:
    async with serving(echo, most_connections=2) as place:
        first, second = await place.connect(), await place.connect()
        await second.send(get())
        await second.until(b">")
        third = await place.connect()
        await third.send(get())
        await third.until(b">")
        assert await first.rest() == b""
        await second.send(get())
        await second.until(b">")


async def test_a_probe_on_a_listener_of_its_own_always_has_a_place() -> None:
    """Otherwise a server that is only busy would be taken for a dead one."""
    own = socket.create_server(("127.0.0.1", 0))
    port = own.getsockname()[1]
    async with busy(4, 4, [own]) as (place, clients):
        assert (await place.said_to(get())).startswith(b"HTTP/1.1 503 ")
        probe = Client(*await asyncio.open_connection("127.0.0.1", port))
        await probe.send(get())
        clients.append(probe)  # those are answered with 200


async def test_connections_up_to_the_bound_stay() -> None:
    async with serving(echo, most_connections=3) as place:
        clients = [await place.connect() for _ in range(3)]
        for client in clients * 2:
            await client.send(get())
            await client.until(b">")


async def test_a_busy_connection_does_not_give_way() -> None:
    async with busy(4, most=4) as (place, _):
        response = await place.said_to()
        assert response.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: 1\r\n" in response
        assert b'"overloaded"' in response


async def test_a_request_that_arrives_does_not_give_way() -> None:
    async with serving(echo, most_connections=4) as place:
        begun = [await place.connect() for _ in range(4)]
        for client in begun:
            await client.send(get()[:-2])
        await eventually(lambda: place.state.arrivals == 8)  # four connections, and bytes of each
        assert b'"overloaded"' in await place.said_to()
        for client in begun:
            await client.send(b"\r\n")
            await client.until(b">")


async def test_a_head_that_does_not_end_gives_way() -> None:
    """Otherwise clients without a key keep all others out for as long as a request may take."""
    async with serving(echo, most_connections=4) as place:
        begun = [await place.connect() for _ in range(4)]
        for client in begun:
            await client.send(get()[:-2])
        await eventually(lambda: place.state.arrivals == 8)  # four connections, and bytes of each
        await asyncio.sleep(HEAD_KEEPS_PLACE_S + 0.1)
        late = await place.connect()
        await late.send(get())
        assert (await late.until(b">")).startswith(b"HTTP/1.1 200 ")
        assert await begun[0].rest() == b""
        await begun[1].send(b"\r\n")
        await begun[1].until(b">")


async def test_a_body_that_arrives_does_not_give_way() -> None:
    async with serving(echo, most_connections=4) as place:
        begun = [await place.connect() for _ in range(4)]
        for client in begun:
            await client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx")
        await eventually(lambda: len(place.state.tasks) == 4)
        await asyncio.sleep(HEAD_KEEPS_PLACE_S + 0.1)
        assert b'"overloaded"' in await place.said_to()


async def test_a_client_that_has_yet_to_read_its_answer_does_not_give_way() -> None:
    """Its open file is not free yet: clients that never read would take all of them."""

    async def application(scope: Event, receive: Receive, send: Send) -> None:
        await answer(send, LONG)
        answered.set()

    answered = asyncio.Event()
    async with serving(application, request_s=60.0, most_connections=1) as place:
        reads_later = await place.connect()
        await reads_later.send(get())
        (unread,) = place.state.connections
        await asyncio.wait_for(answered.wait(), PATIENCE_S)
        assert unread.transport.get_write_buffer_size()  # type: ignore[attr-defined]
        with contextlib.suppress(ConnectionError):
            assert await place.said_to() == b""  # one is so few that not even a refusal is written
        assert unread in place.state.connections
        await reads_later.until(b"\r\n\r\n")
        assert await reads_later.reader.readexactly(len(LONG)) == LONG
        await eventually(lambda: len(place.state.connections) == 1)
        next_one = await place.connect()
        await next_one.send(get())
        await next_one.until(b"\r\n\r\n")


async def test_far_above_the_bound_nothing_is_written() -> None:
    async with busy(4, most=4) as (place, _):
        refused = await place.connect()
        assert b'"overloaded"' in await refused.until(b"}")
        with pytest.raises((ConnectionError, AssertionError)):
            assert await place.said_to()


async def test_idle_connections_are_found_behind_busy_ones() -> None:
    async with busy(150, most=151) as (place, _):
        idle = await place.connect()
        await eventually(lambda: len(place.state.connections) == 151)
        refused = await place.said_to()  # the first hundred were looked at
        assert b'"overloaded"' in refused
        await place.connect()
        assert await idle.rest() == b""


async def test_want_of_room_is_logged_once_in_a_while() -> None:
    with capture_logs() as lines:
        async with busy(4, most=4) as (place, _):
            for _ in range(3):
                await place.said_to()
    told = [line for line in lines if line["event"] == "connections_full"]
    assert [(line["most"], line["closed"], line["refused"]) for line in told] == [(4, 0, 1)]


@pytest.mark.parametrize(
    ("files", "most"), [(1_024, 480), (65_536, 32_736), (128, 32), (127, 31), (64, 16)]
)
def test_half_of_many_and_a_quarter_of_few_open_files_are_for_connections(
    files: int, most: int
) -> None:
    assert most_connections(files) == most
