"""Connections that their server closes just before the next request, on each of both loops."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable

import pytest
import uvloop

from tiers.upstream.client import HttpClient, first_lines, read_body, target_of

PATIENCE_S = 60.0
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Closing:
    """Answers the one request of each connection, and says `last` to it when it is told to."""

    def __init__(self, last: bytes) -> None:
        self.opened = 0
        self._last = last
        self._told, self._said = threading.Event(), threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1"

    def close_first(self) -> None:
        """Says the last words on the first connection, while the caller's event loop stands."""
        self._told.set()
        assert self._said.wait(PATIENCE_S)

    def end(self) -> None:
        self._thread.join(PATIENCE_S)
        self._socket.close()

    def _serve(self) -> None:
        for _ in range(2):
            connection, _ = self._socket.accept()
            with connection:
                self.opened += 1
                connection.recv(65_536)
                connection.sendall(HELLO)
                assert self._told.wait(PATIENCE_S)
                if self._last:
                    connection.sendall(self._last)
            self._said.set()


async def asked(client: HttpClient, url: str) -> bytes:
    target = target_of(url)
    return await read_body(await client.ask(target, first_lines("GET", target, {}) + b"\r\n"))


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
@pytest.mark.parametrize("last", [b"", b"HTTP/1.1 408 Request Timeout\r\n\r\n"])
def test_what_came_unread_keeps_the_next_request_off_a_connection(
    loop: Callable[[], asyncio.AbstractEventLoop], last: bytes
) -> None:
    server = Closing(last)

    async def main() -> None:
        client = HttpClient()
        try:
            async with asyncio.timeout(PATIENCE_S):
                assert await asked(client, server.url) == b"hello"
                server.close_first()
                assert await asked(client, server.url) == b"hello"
        finally:
            await client.close()

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
    server.end()
    assert server.opened == 2
