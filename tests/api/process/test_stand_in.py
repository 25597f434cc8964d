"""What answers in place of the workers never keeps the server from stopping them."""

from __future__ import annotations

import asyncio
import socket

from router.api.compose.clock import UlidIds
from router.api.process.stand_in import StandIn


async def test_a_stand_in_whose_sockets_are_closed_ends_quietly() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        stand_in = StandIn([listener], UlidIds())
    stand_in.begin()
    await asyncio.sleep(0)
    await stand_in.close()


async def test_a_stand_in_that_failed_begins_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        sockets = [listener.dup()]
        stand_in = StandIn(sockets, UlidIds())
        sockets[0].close()
        stand_in.begin()
        await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        writer.write(b"GET /v1/models HTTP/1.1\r\nHost: a\r\n\r\n")
        sockets[0] = listener
        stand_in.begin()
        async with asyncio.timeout(5):
            assert (await reader.readline()).startswith(b"HTTP/1.1 503")
        writer.close()
        await stand_in.close()
