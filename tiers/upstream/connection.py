"""Speaks HTTP/1.1 with one upstream over httptools: one request, one response, and again.

It trusts no upstream: heads are bounded, what nobody asked for closes the connection, and no byte
is decompressed. A response is read no faster than its reader takes it. It knows no hosts, no
deadlines and no retries: whoever waits sets the limit of time.
"""

from __future__ import annotations

import asyncio
import select
import socket
import sys
from collections.abc import Callable

import httptools

from tiers.upstream.client_errors import BadHttp, Disconnected, HttpFault, Incomplete, why

MAX_HEAD_BYTES = 65_536
"""Of a response's first line and headers, and of what comes between two pieces of its body."""
MAX_UNREAD_BYTES = 131_072
"""Of a body that its reader has not taken yet. Above it the socket is not read."""


class Response:
    """One response: its head, and its body as it comes."""

    __slots__ = (
        "_connection",
        "_fault",
        "_pieces",
        "_unread_bytes",
        "_waiter",
        "complete",
        "content_type",
        "headers",
        "status",
    )

    def __init__(self, connection: Connection) -> None:
        self.status = 0  # until the head is here
        self.headers: dict[str, str] = {}  # names in lower case; of equal ones the first
        self.content_type = ""  # without parameters, in lower case; "" where none was sent
        self.complete = False  # all of the body has come
        self._connection = connection
        self._pieces: list[bytes] = []
        self._unread_bytes = 0
        self._fault: HttpFault | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def at_end(self) -> bool:
        """Returns True when the body has come and was read."""
        return self.complete and not self._pieces

    async def head(self) -> None:
        """Waits for the head. Raises HttpFault for a connection that ends or speaks no HTTP."""
        while not self.status:
            if self._fault is not None:
                raise self._fault
            await self._news()

    async def begun(self) -> None:
        """Waits for the first bytes of the body, its end or a fault, and takes none of them."""
        while not (self._pieces or self.complete or self._fault is not None):
            await self._news()

    async def piece(self) -> bytes:
        """Returns what has come since the last piece, b"" at the end.

        Raises HttpFault where the end is missing.
        """
        while not self._pieces:
            if self._fault is not None:
                raise self._fault
            if self.complete:
                return b""
            await self._news()
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        self._pieces = []
        if self._unread_bytes > MAX_UNREAD_BYTES:
            self._connection.read_on()
        self._unread_bytes = 0
        return body

    def close(self) -> None:
        """Leaves: closes the connection, unless the response is complete."""
        if not self.complete:
            self._connection.transport.abort()

    # The connection calls these.

    def take(self, piece: bytes) -> bool:
        """Keeps a piece of the body. Returns False when no more should be read for now."""
        self._pieces.append(piece)
        self._unread_bytes += len(piece)
        return self._unread_bytes <= MAX_UNREAD_BYTES

    def fail(self, fault: HttpFault) -> None:
        """Ends the response without its end."""
        if self._fault is None:
            self._fault = fault
        self.wake()

    def wake(self) -> None:
        """Wakes whoever waits for more."""
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _news(self) -> asyncio.Future[None]:
        """Returns what is done once something has come, or the response has failed."""
        self._waiter = waiter = self._connection.loop.create_future()
        return waiter


class Connection(asyncio.Protocol):
    """One connection to an upstream, with at most one request at a time."""

    def __init__(self, free: Callable[[Connection], None], lost: Callable[[Connection], None]):
        """Calls `free` when the next request may be sent, and `lost` when none can be any more."""
        self.transport: asyncio.Transport
        self.loop = asyncio.get_running_loop()
        self.free_since = 0.0  # of the event loop's clock; the pool's own note
        self._free = free
        self._lost = lost
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        # As lenient as the client that this one replaces: some servers end lines by LF alone.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._response: Response | None = None
        self._headers: dict[str, str] = {}
        self._silent_bytes = 0  # came since the head began, or since the last piece of the body
        self._keep = False
        self._ends_by_closing = False
        self._paused = False

    def ask(self, head: bytes, body: bytes) -> Response:
        """Sends a request whose head is whole, and returns the response that will come."""
        assert self._response is None
        self._response = response = Response(self)
        self._silent_bytes = 0
        if len(body) < MAX_HEAD_BYTES:
            self.transport.write(head + body)
        else:  # without a copy
            self.transport.writelines((head, body))
        return response

    @property
    def is_quiet(self) -> bool:
        """Returns True while nothing has come: no end of the server, nothing that nobody asked for.

        It asks the socket. The event loop may be about to read what came: a request sent behind it
        would be lost.
        """
        raw = self.transport.get_extra_info("socket")
        if raw is None or self.transport.is_closing():
            return False
        if sys.platform == "win32":  # without poll, and its select takes a socket of any number
            return not select.select([raw], [], [], 0)[0]
        news = select.poll()
        news.register(raw.fileno(), select.POLLIN)
        return not news.poll(0)

    def read_on(self) -> None:
        """Reads again, where the reader was too slow."""
        if self._paused:
            self._paused = False
            self.transport.resume_reading()

    # The event loop calls these.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Sends small pieces at once."""
        self.transport = transport
        raw = transport.get_extra_info("socket")
        if raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
            raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        """Reads the response; closes for bytes that nobody asked for."""
        response = self._response
        if response is None:
            self.transport.abort()
            return
        assert self._parser is not None
        self._silent_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            if response.complete:  # what follows a whole response only costs the connection
                self._keep = False
            else:
                other = isinstance(error, httptools.HttpParserUpgrade)
                fault = "it turns to another protocol" if other else "its bytes are no HTTP/1.1"
                self._fail(response, BadHttp(fault))
                return
        if response.complete:
            self._end(response)
        elif self._silent_bytes > MAX_HEAD_BYTES:
            self._fail(response, BadHttp(f"a head of more than {MAX_HEAD_BYTES} bytes"))
        else:
            response.wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the reader of a response whose end has not come."""
        response, self._response = self._response, None
        self._parser = None  # it refers to us: a circle would live until the next collection
        if response is not None:
            if self._ends_by_closing and exc is None:
                response.complete = True
                response.wake()
            elif response.status:
                response.fail(Incomplete(why(exc) if exc else "its end is missing"))
            else:
                response.fail(Disconnected(why(exc) if exc else "it closed the connection"))
        self._lost(self)

    # The parser calls these.

    def on_message_begin(self) -> None:
        """Begins a head; a second response to one request makes the connection useless."""
        self._headers = {}
        response = self._response
        if response is not None and response.complete:
            self._keep = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header; trailers are dropped with the next head."""
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        """Hands the head over, unless it only says that another one follows (1xx)."""
        response, parser = self._response, self._parser
        assert response is not None
        assert parser is not None
        status = parser.get_status_code()
        if response.status or 100 <= status < 200:
            return
        headers = self._headers
        self._silent_bytes = 0
        self._headers = {}
        self._keep = parser.should_keep_alive()
        self._ends_by_closing = (
            "content-length" not in headers
            and not headers.get("transfer-encoding", "").lower().endswith("chunked")
            and status not in (204, 304)
        )
        response.headers = headers
        response.content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        response.status = status

    def on_body(self, body: bytes) -> None:
        """Hands a piece of the body over."""
        response = self._response
        assert response is not None
        self._silent_bytes = 0
        if response.complete:  # of a second response, which nobody asked for
            return
        if not response.take(body) and not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def on_message_complete(self) -> None:
        """Notes the end of the response."""
        response = self._response
        if response is not None and response.status:
            response.complete = True

    def _end(self, response: Response) -> None:
        """Frees the connection for the next request, or closes it."""
        self._response = None
        response.wake()
        transport = self.transport
        if self._keep and not transport.is_closing() and not transport.get_write_buffer_size():
            self.read_on()
            self._free(self)
        else:  # the server closes, or answered before it had read all
            transport.abort()

    def _fail(self, response: Response, fault: HttpFault) -> None:
        response.fail(fault)
        self.transport.abort()
