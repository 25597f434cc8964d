"""Carries one request to the application and its answer back, in the terms of ASGI 3.

It knows nothing about parsing and time; the connection that it is part of does the rest.
"""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Protocol

import structlog

from router.api.protocol.limits import MAX_UNREAD_BODY
from router.api.protocol.request_reader import RequestHead
from router.api.protocol.response_head import CONTINUE, HeadWriter

# ASGI's own shapes are open dictionaries.
Event = MutableMapping[str, Any]
Application = Callable[
    [Event, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]], Awaitable[None]
]

ASGI = {"version": "3.0", "spec_version": "2.3"}
ON_LEAVE = "tiergate.on_leave"
"""Names the extension of ASGI by which an application asks to be called when its client leaves.

A task that waits for `http.disconnect` would cost more than reading the request."""

REFUSED = "tiergate.refused"
"""Names in a scope the error, and the headers, with which the connection itself answered: the rest
of the request did not come in time, or was no HTTP."""

NO_BODY = (204, 304)
"""Statuses whose responses have no body and no length (RFC 9110, section 6.4.1)."""


class Framing(enum.Enum):
    """Names the ways by which a client knows the end of a body (RFC 9112, section 6)."""

    LENGTH = "length"
    CHUNKS = "chunks"
    CLOSE = "close"  # the end of the connection: HTTP/1.0 knows no chunks
    DROPPED = "dropped"  # nothing of it is sent, since the method is HEAD


# Python 3.11 takes 0.2 us to find a member in an enum, and every piece of a body asks for one.
_LENGTH, _CHUNKS, _CLOSE, _DROPPED = Framing


class Line(Protocol):
    """Does for an exchange what concerns its connection."""

    transport: asyncio.Transport
    writable: asyncio.Event | None
    """Is there while the client reads too slowly, and set when it has read."""

    def resume_reading(self) -> None:
        """Reads on, where the client had to wait."""

    def write(self, piece: bytes, *, waits: bool = False) -> None:
        """Sends a part of a response; with `waits` together with what follows it at once."""

    def flush(self) -> None:
        """Sends now what waits for more."""

    def is_sending(self, exchange: Exchange) -> bool:
        """Returns True while the client has not sent all of the request's body."""

    def answered(self, exchange: Exchange) -> None:
        """Learns that the response is out whole."""

    def failed(self, exchange: Exchange) -> None:
        """Learns that no whole response will come."""


class Exchange:
    """Holds what came of a request, and how far its response is."""

    def __init__(
        self,
        line: Line,
        head: RequestHead,
        heads: HeadWriter,
        server: tuple[str, int] | None,
        client: tuple[str, int] | None,
    ) -> None:
        self.scope: Event = {
            "type": "http",
            "asgi": ASGI,
            "http_version": head.http_version,
            "server": server,
            "client": client,
            "scheme": "http",
            "root_path": "",
            "headers": head.headers,
            "method": head.method,
            "path": head.path,
            "raw_path": head.raw_path,
            "query_string": head.query,
        }
        self.keep_alive = head.keep_alive
        self.disconnected = False  # the client is gone, or was refused
        self.complete = False  # all of it did
        self.ends_early = False  # the response began before the request's end
        self._begun = False  # the head of the response is made
        self._line = line
        self._heads = heads
        self._owes_continue = head.expects_continue
        self._pieces: list[bytes] = []  # of the body, until the application asks
        self._unread_bytes = 0
        self.whole = False  # all of the request is here
        self._news = False  # something of the body has come since `receive`
        self._wake: asyncio.Event | None = None
        self._leaving: Callable[[], None] | None = None
        self._framing = _LENGTH
        self._left = 0  # bytes of the response's body that its length still promises
        self._held = b""  # the head of a response whose length is known, until its body comes

    @property
    def started(self) -> bool:
        """Returns True when a part of the response went out."""
        return self._begun and not self._held

    @property
    def announced_bytes(self) -> int:
        """Returns the length of the body that the head announced, 0 for none or chunks."""
        headers = self.scope["headers"]
        return next((int(value) for name, value in headers if name == b"content-length"), 0)

    # The connection calls these.

    def take(self, piece: bytes) -> bool:
        """Keeps a piece of the body. Returns False when no more should be read for now."""
        self._pieces.append(piece)
        self._unread_bytes += len(piece)
        self._news = True
        self._wake_up()
        return self._unread_bytes <= MAX_UNREAD_BODY

    def end_of_body(self) -> None:
        """Marks the request as here whole."""
        self.whole = self._news = True
        self._wake_up()

    def disconnect(self) -> None:
        """Drops what the application still sends, and tells it by `http.disconnect`."""
        if not self.complete:
            self.disconnected = True
            if self._leaving is not None:
                self._leaving()
        self._wake_up()

    async def run(self, application: Application) -> None:
        """Calls the application. Logs what it raises; without a whole response it closes."""
        self.scope["extensions"] = {ON_LEAVE: self.on_leave}
        try:
            await application(self.scope, self.receive, self.send)
        except Exception:
            structlog.get_logger("tiergate.server").exception(
                "application_failed", path=self.scope["path"]
            )
        finally:  # also when the time to drain is over, and this is cancelled
            # A circle of references would live until the next collection, which is seldom here.
            self.scope["extensions"], self._leaving = None, None
            if not self.complete and not self.disconnected:
                self._line.failed(self)

    # The application calls these.

    async def receive(self) -> Event:
        """Waits for more of the body. Returns it, or `http.disconnect` when nothing will come."""
        if self._owes_continue and not (self.disconnected or self._line.transport.is_closing()):
            self._line.transport.write(CONTINUE)
            self._owes_continue = False
        while not (self._news or self.disconnected or self.complete):
            self._line.resume_reading()
            if self._wake is None:
                self._wake = asyncio.Event()
            self._wake.clear()
            await self._wake.wait()
        if self.disconnected or self.complete:
            return {"type": "http.disconnect"}
        pieces, self._pieces = self._pieces, []
        self._unread_bytes, self._news = 0, False
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        return {"type": "http.request", "body": body, "more_body": not self.whole}

    def on_leave(self, leaving: Callable[[], None]) -> None:
        """Calls `leaving` when the client leaves before it has the whole response."""
        self._leaving = leaving
        if self.disconnected:
            leaving()
        else:
            self._line.resume_reading()  # a client that leaves is noticed by reading only

    async def send(self, event: Event) -> None:
        """Sends the head of the response or a piece of its body, when the client reads.

        Raises RuntimeError for an event out of order or a body of another length than stated, and
        ValueError for headers that are none.
        """
        writable = self._line.writable
        if writable is not None:
            await writable.wait()
        if self.disconnected:
            return
        if event["type"] != ("http.response.body" if self._begun else "http.response.start"):
            raise RuntimeError(f"{event['type']} was sent at a wrong time.")
        if not self._begun:
            self._start(event)
        elif not self.complete:
            self._continue(event)
        else:
            raise RuntimeError("A body was sent after its end.")

    def _start(self, event: Event) -> None:
        status: int = event["status"]
        head = self._heads.lines(status, event.get("headers", ()))
        lines = head.lines
        self._begun, self._owes_continue = True, False
        # The rest of a body that was refused would be read to its end, to no use.
        self.ends_early = self._line.is_sending(self)
        if self.ends_early or head.closes:
            self.keep_alive = False
        if not (self.keep_alive or head.closes):
            lines += b"\r\nconnection: close"
        if self.scope["method"] == "HEAD":
            self._framing = _DROPPED
        elif status in NO_BODY:
            self._left = 0
        elif head.length is not None:
            self._left = head.length
        elif self.scope["http_version"] == "1.0":
            self._framing = _CLOSE
        else:
            self._framing = _CHUNKS
            lines += b"\r\ntransfer-encoding: chunked"
        lines += b"\r\n\r\n"
        if head.length is None or status in NO_BODY:
            self._line.write(lines, waits=True)
        else:
            # Its body follows at once: together they need one call of the system, not two.
            self._held = lines

    def _continue(self, event: Event) -> None:
        body: bytes = event.get("body", b"")
        last = not event.get("more_body", False)
        framing, held, line = self._framing, self._held, self._line
        if framing is _CHUNKS:
            chunk = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            if body or last:
                line.write(chunk + b"0\r\n\r\n" if last else chunk)
        elif framing is _LENGTH:
            self._left -= len(body)
            if self._left < 0 or (last and self._left):
                raise RuntimeError("The body has another length than Content-Length says.")
            self._held = b""
            line.transport.writelines([held, body] if held else [body])
        elif framing is _CLOSE:
            line.write(body)
        elif held:
            self._held = b""
            line.write(held)
        if last:
            line.flush()
            self.complete = True
            self._wake_up()
            line.answered(self)

    def _wake_up(self) -> None:
        if self._wake is not None:
            self._wake.set()
