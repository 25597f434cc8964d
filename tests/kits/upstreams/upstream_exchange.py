"""Holds one request to the fake upstream and writes the bytes of its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

import orjson

from tests.kits.upstreams.upstream_wire import STREAM_HEAD, chunked, event, whole


@dataclass(frozen=True, slots=True)
class Seen:
    """Holds one request as it arrived."""

    path: str
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes
    at_s: float  # seconds of the event loop's clock

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in self.raw_headers}

    @property
    def fields(self) -> dict[str, object]:
        body_fields = orjson.loads(self.body)
        assert isinstance(body_fields, dict)
        return body_fields


@dataclass(slots=True)
class Exchange:
    """Answers one request: writes bytes, and waits while the client does not read them."""

    transport: asyncio.Transport
    writable: asyncio.Event
    seen: Seen
    stream: bool
    argument: str
    failures: Iterator[int]  # counts the requests to `flaky`, over all connections

    async def write(self, data: bytes) -> None:
        self.transport.write(data)
        await self.writable.wait()

    async def answer(self, document: object) -> None:
        await self.write(whole(200, orjson.dumps(document)))

    async def events(self, *values: object, done: bool = True) -> None:
        await self.write(STREAM_HEAD)
        for value in values:
            await self.write(chunked(event(value)))
        await self.write((chunked(b"data: [DONE]\n\n") if done else b"") + b"0\r\n\r\n")

    async def refuse(
        self, status: int, code: str | None, *headers: str, words: str = "no: sk-upstream-secret"
    ) -> None:
        body = {"error": {"message": words, "type": "x", "code": code}}
        await self.write(whole(status, orjson.dumps(body), "application/json", *headers))


Behaviour = Callable[[Exchange], Coroutine[None, None, None]]
