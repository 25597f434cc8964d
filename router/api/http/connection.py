"""One client's connection, bounded in time and memory whatever it sends.

uvicorn's protocol waits for ever for a head or a body that does not come, keeps headers without
end, and answers what is no HTTP with a line of text. Here a request has `request_s` to arrive, from
its first byte to its last; its head has MAX_HEAD_BYTES; trailers are not read; a client that asks
and does not read is dropped; and every refusal has the shape of the API that the path is of.
It knows nothing about what requests mean.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from router.api.http.decision_views import Headers
from router.errors import HeadTooLarge, MalformedHttp, RequestTimeout, TiergateError

MAX_HEAD_BYTES = 65_536
"""Of a request's first line and headers. Clients send one kilobyte; the largest cookies have eight;
nginx takes 32 kB and Apache 800 kB by default."""

MAX_WAITING = 100
"""Requests that one connection may send ahead. Clients send none; without a bound 200 MB of them
took 2.7 GB here."""

LINGER_S, LINGER_BYTES = 1.0, 1_000_000
"""After a refusal: so long, and so much, of what still comes is read and dropped, since closing at
once would reset the connection and could take the answer with it (RFC 9112, section 9.6)."""

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

Refuse = Callable[[TiergateError, str], tuple[bytes, Headers]]
"""An error and the path that was asked for, as the body and the headers of its response."""


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's protocol with bounds. A subclass by `bounded` says which."""

    request_s: float
    refuse: Refuse

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._incoming = False  # a request has begun and is not here whole
        self._head_read = False
        self._head_bytes = 0
        self._silent_bytes = 0  # since the parser last told us anything
        self._heard = False
        self._fault: TiergateError | None = None
        self._over = False  # refused; what still comes is dropped
        self._dropped_bytes = 0
        self._answered: RequestResponseCycle | None = None  # the request that is answered now
        self._arriving: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None

    # --- the connection -------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        # Until the first byte a connection is idle, as it is between two requests.
        self.timeout_keep_alive_task = self.loop.call_later(
            self.timeout_keep_alive, self.timeout_keep_alive_handler
        )

    def connection_lost(self, exc: Exception | None) -> None:
        self._unset_keepalive_if_required()
        for timer in (self._arriving, self._leaving):
            if timer is not None:
                timer.cancel()
        self._over = True
        if self._answered is not None and not self._answered.response_complete:
            # uvicorn tells the request that came last alone, which need not be this one.
            self._answered.disconnected = True
            self._answered.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._over:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > LINGER_BYTES:
                self.transport.abort()
            return
        self._unset_keepalive_if_required()
        self._heard = False
        try:
            self._feed(data)
        except httptools.HttpParserError:
            self._end(self._fault or _malformed())
        if self._over or self.transport.is_closing():
            return
        if not self._incoming:
            self._silent_bytes = 0
            if self._arriving is not None:
                self._arriving.cancel()
                self._arriving = None
            return
        self._silent_bytes = 0 if self._heard else self._silent_bytes + len(data)
        if self._silent_bytes > MAX_HEAD_BYTES:  # one header, or one chunk's extension, with no end
            self._end(_head_too_large())
        elif self._arriving is None:
            self._arriving = self.loop.call_later(self.request_s, self._too_late)

    def _feed(self, data: bytes) -> None:
        """Parse. No other protocol is spoken here, so an offer of one is passed over (RFC 9110,
        section 7.8); Java's own client offers h2c with every request. The parser drops the body of
        such a request: another one reads it again, without the offer."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            method, version = self.parser.get_method(), self.parser.get_http_version()
            if method == b"CONNECT":
                self._end(_malformed())
                return
            lines = [b"%s %s HTTP/%s" % (method, self.url, version.encode())]
            lines += [name + b": " + value for name, value in self.headers if name != b"upgrade"]
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn's
            self._feed(b"\r\n".join(lines) + b"\r\n\r\n" + data[offer.args[0] :])

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._leaving is None:
            self._leaving = self.loop.call_later(self.request_s, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    # --- what the parser tells --------------------------------------------------------------------

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._incoming, self._head_read, self._heard = True, False, True
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value) + 4)
        if not self._head_read:  # a trailer may not say what a header did not
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._heard = True
        if self.parser.should_upgrade():
            return
        self._check_host()
        super().on_headers_complete()
        self._head_read = True
        if len(self.pipeline) > MAX_WAITING:
            raise ValueError("too many requests wait")  # ends the parser

    def on_body(self, body: bytes) -> None:
        self._heard = True
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._incoming = False
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.pipeline:
            self.flow.pause_reading()  # what was sent ahead is answered first

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answered = cycle
        app = _ended_early(self, cycle, app)
        if cycle.scope["http_version"] == "1.0":
            app = _without_chunks(cycle, app)
        super()._start_asgi_task(cycle, app)

    def _count(self, more: int) -> None:
        self._heard = True
        self._head_bytes += more
        if self._head_bytes > MAX_HEAD_BYTES:
            self._fault = _head_too_large()
            raise ValueError("the head is too large")  # ends the parser

    def _check_host(self) -> None:
        """Ends the parser for a head without exactly one good Host (RFC 9112, section 3.2): what
        stands before us may have read another one of two."""
        hosts = [value for name, value in self.headers if name == b"host"]
        if not hosts and self.parser.get_http_version() == "1.0":
            return
        if len(hosts) != 1 or _HOST.fullmatch(hosts[0]) is None:
            self._fault = _wrong_host(hosts)
            raise ValueError("the Host is wrong")

    def is_sending(self, cycle: RequestResponseCycle) -> bool:
        """True while the client has not sent all of the request's body."""
        return self._incoming and self._head_read and self.cycle is cycle

    def linger(self) -> None:
        """Close, once what the client still sends was dropped for a moment: closing at once would
        reset the connection and could take the answer with it."""
        self._over = True
        if self._arriving is not None:
            self._arriving.cancel()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(LINGER_S, self.transport.close)

    # --- refusals -------------------------------------------------------------------------------

    def _waits_behind(self) -> bool:
        """Whether the request that is coming in stands behind one that is still answered."""
        if self._head_read:
            return bool(self.pipeline)
        return self.cycle is not None and not self.cycle.response_complete

    def _too_late(self) -> None:
        self._arriving = None
        if self._waits_behind():  # reading rests meanwhile, which is no fault of the client
            self._arriving = self.loop.call_later(self.request_s, self._too_late)
            return
        part = "body" if self._head_read else "head"
        self._end(
            RequestTimeout(
                f"The {part} of the request was not here after {self.request_s:g} s; expected all "
                "of it by then. Send it faster or shorten it; operators set --request-s."
            )
        )

    def _end(self, error: TiergateError) -> None:
        """Refuse what is coming in, unless something of an answer went out, and close."""
        self._over = True
        if self._arriving is not None:
            self._arriving.cancel()
        own = self.cycle if self._head_read else None
        if self._waits_behind() or (own is not None and own.response_started):
            self.transport.close()
            return
        if own is not None:  # its handler waits for a body that will not come
            own.disconnected = True
            own.message_event.set()
        body, headers = self.refuse(error, self.url.decode("latin-1"))
        self.transport.write(_response(error.status, body, headers))
        self.linger()


def bounded(request_s: float, refuse: Refuse) -> type[BoundedConnection]:
    """The protocol for uvicorn's `http`: a request has `request_s` seconds to arrive."""

    class Connection(BoundedConnection):
        pass

    Connection.request_s = request_s
    Connection.refuse = staticmethod(refuse)
    return Connection


class _Lingering:
    """A transport for an answer that comes before the end of its request: it closes by `linger`."""

    def __init__(self, connection: BoundedConnection) -> None:
        self._connection = connection

    def write(self, data: bytes) -> None:
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        return bool(self._connection.transport.is_closing())

    def close(self) -> None:
        self._connection.linger()


def _ended_early(connection: BoundedConnection, cycle: RequestResponseCycle, app: Any) -> Any:
    """The application whose answer ends the connection where the client is still sending: the rest
    of a body that was refused would be read to its end, to no use."""

    async def ending(scope: Any, receive: Any, send: Any) -> None:
        async def sending(event: Any) -> None:
            if event["type"] == "http.response.start" and connection.is_sending(cycle):
                event = {**event, "headers": [*event["headers"], (b"connection", b"close")]}
                cycle.transport = _Lingering(connection)  # type: ignore[assignment]
            await send(event)

        await app(scope, receive, sending)

    return ending


def _without_chunks(cycle: RequestResponseCycle, app: Any) -> Any:
    """The application for a client of HTTP/1.0, which knows no chunks: what has no stated length
    ends with the connection (RFC 9112, section 6.1). uvicorn sends it in chunks all the same.
    """

    async def plain(scope: Any, receive: Any, send: Any) -> None:
        async def sending(event: Any) -> None:
            if event["type"] == "http.response.start":
                if all(name.lower() != b"content-length" for name, _ in event["headers"]):
                    cycle.chunked_encoding = False
            elif cycle.chunked_encoding is False and not cycle.expected_content_length:
                cycle.expected_content_length = len(event.get("body", b""))
            await send(event)

        await app(scope, receive, sending)

    return plain


def _head_too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"The request line and headers have more than {MAX_HEAD_BYTES} bytes; send fewer or "
        "shorter headers."
    )


def _wrong_host(hosts: list[bytes]) -> MalformedHttp:
    found = f"{len(hosts)} Host headers" if len(hosts) != 1 else f"the Host {hosts[0][:100]!r}"
    return MalformedHttp(
        f"Found {found}; expected exactly one with a name or an address, and a port where it is "
        "not 80. The connection is closed."
    )


def _malformed() -> MalformedHttp:
    return MalformedHttp(
        "What came is not HTTP/1.1 as RFC 9112 has it; expected a request line, headers and a "
        "body of the stated length or in chunks. The connection is closed."
    )


def _response(status: int, body: bytes, headers: Headers) -> bytes:
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    lines = [
        f"HTTP/1.1 {status} {phrase}".encode(),
        b"content-type: application/json",
        b"content-length: %d" % len(body),
        b"connection: close",
        *(name + b": " + value for name, value in headers),
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body
