"""Serves a small ASGI application by our own protocol, for clients that speak over raw sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from router.api.protocol.exchange import Application, Event
from router.api.protocol.http_server import HttpServer
from router.api.protocol.server_state import ServerState
from router.errors import TiergateError

Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
BACKLOG = 100
PATIENCE_S = 60.0


def refusal(error: TiergateError, path: str) -> tuple[bytes, list[tuple[bytes, bytes]]]:
    """Returns a body that tests can read, and one header."""
    return json.dumps({"code": error.code, "path": path}).encode(), [(b"x-refused", b"yes")]


@dataclass
class Place:
    """Holds a server that runs, and the means to stop it."""

    port: int
    state: ServerState
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    most_s: float = 0.0
    cuts: int = 0
    ended: asyncio.Task[None] | None = None

    def cut(self) -> None:
        self.cuts += 1

    async def connect(self) -> Client:
        return Client(*await asyncio.open_connection("127.0.0.1", self.port))

    async def said_to(self, *pieces: bytes) -> bytes:
        """Returns all that comes on a new connection until the server closes it."""
        client = await self.connect()
        for piece in pieces:
            await client.send(piece)
        return await client.rest()


@dataclass
class Client:
    """Speaks over one connection, and fails after PATIENCE_S of silence."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await asyncio.wait_for(self.writer.drain(), PATIENCE_S)

    async def until(self, end: bytes) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(end), PATIENCE_S)

    async def rest(self) -> bytes:
        rest = await asyncio.wait_for(self.reader.read(), PATIENCE_S)
        self.writer.close()
        return rest


@contextlib.asynccontextmanager
async def serving(
    application: Application,
    *,
    request_s: float = 5.0,
    keep_alive_s: float = 60.0,
    most_s: float = 0.0,
    most_connections: int = 1_000,
    unbounded: Sequence[socket.socket] = (),
) -> AsyncIterator[Place]:
    """Serves on a free port; drains for `most_s` when the block ends or `stop` is set."""
    listener = socket.create_server(("127.0.0.1", 0))
    state = ServerState(
        application, refusal, request_s, keep_alive_s, most_connections=most_connections
    )
    server = HttpServer(state, [listener], BACKLOG, unbounded)
    place = Place(listener.getsockname()[1], state, most_s=most_s)
    ready = asyncio.Event()

    async def serve() -> None:
        await server.serve(ready.set, place.stop)
        await server.drain(place.most_s, place.cut, place.hurry)

    place.ended = asyncio.create_task(serve())
    await ready.wait()
    try:
        yield place
    finally:
        place.stop.set()
        await place.ended


def get(path: str = "/", *headers: str, version: str = "1.1", method: str = "GET") -> bytes:
    """Returns a request without a body."""
    lines = [f"{method} {path} HTTP/{version}", "host: x", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def post(body: bytes, *headers: str, path: str = "/") -> bytes:
    """Returns a request with a body of stated length."""
    return get(path, f"content-length: {len(body)}", *headers, method="POST") + body


CLOSE = "connection: close"


async def body_of(receive: Receive) -> bytes:
    """Returns the whole body of a request. Raises ConnectionError when its client leaves."""
    body = b""
    while True:
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ConnectionError
        body += event["body"]
        if not event["more_body"]:
            return body


async def answer(send: Send, body: bytes, *headers: tuple[bytes, bytes], status: int = 200) -> None:
    """Sends a whole response of stated length."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [length, *headers]})
    await send({"type": "http.response.body", "body": body})


async def echo(scope: Event, receive: Receive, send: Send) -> None:
    """Answers with what it was asked: method, path, query, and the body."""
    body = await body_of(receive)
    asked = f"{scope['method']} {scope['path']} {scope['query_string'].decode()} ".encode()
    await answer(send, b"<" + asked + body + b">")


def statuses(said: bytes) -> list[int]:
    """Returns the status codes of the answers in these bytes, in their order."""
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", said)]
