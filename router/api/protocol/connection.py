"""Carries the requests of one client to the application, bounded whatever the client sends.

A request has `request_s` to arrive, from its first byte to its last. A client that asks and does
not read is dropped after the same time. Requests that are sent ahead wait for their turn. Every
refusal has the shape of the API that its path is of. It knows nothing about what requests mean.
"""

from __future__ import annotations

import asyncio
from collections import deque

from router.api.protocol.exchange import REFUSED, Exchange
from router.api.protocol.faults import malformed, no_room, own_fault, response, too_late
from router.api.protocol.limits import (
    HEAD_KEEPS_PLACE_S,
    LINGER_BYTES,
    LINGER_S,
    MAX_LINGER_BYTES,
    MAX_WAITING,
)
from router.api.protocol.request_reader import Part, RequestHead, RequestReader
from router.api.protocol.server_state import ServerState
from router.errors import TiergateError

_NONE = Part.NONE  # Python 3.11 takes 0.2 us to find a member in an enum


class Connection(asyncio.Protocol):
    """Speaks HTTP/1.1, and 1.0, with one client."""

    def __init__(self, state: ServerState, *, always: bool) -> None:
        """`always`: it has a place, however many others there are."""
        self._state = state
        self._always = always
        self._loop = asyncio.get_running_loop()
        self._reader = RequestReader(self)
        self.transport: asyncio.Transport
        self._server: tuple[str, int] | None = None
        self._client: tuple[str, int] | None = None
        self._current: Exchange | None = None  # is being answered
        self._waiting: deque[Exchange] = deque()  # for their turn, the oldest first
        self._newest: Exchange | None = None  # its body may still be arriving
        self._over = False  # refused or lost; what still comes is dropped
        self._dropped_bytes, self._droppable_bytes = 0, LINGER_BYTES
        self._reading_paused = False
        self._unsent: list[bytes] = []  # waits for what follows in this pass of the event loop
        self.writable: asyncio.Event | None = None  # there while the client reads too slowly
        self._idle_since = self._loop.time()
        self._closing: asyncio.TimerHandle | None = None
        self._arriving: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    # The event loop calls these.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins to wait for the first request."""
        self.transport = transport
        self._server = _address(transport, "sockname")
        self._client = _address(transport, "peername")
        if not self._state.admit(self, always=self._always):
            if self._state.crowded:
                self._over = True
                transport.abort()
            else:
                self._answer(no_room(), b"")
            return
        if self._state.stopping:  # it was being accepted when the server stopped
            self._closing = self._loop.call_later(LINGER_S, self._close_unasked)
        else:
            self._closing = self._loop.call_later(self._state.keep_alive_s, self._close_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the application that the client is gone."""
        self._over = True
        for timer in (self._closing, self._arriving, self._unread):
            if timer is not None:
                timer.cancel()
        self._waiting.clear()
        self._unsent.clear()
        for exchange in (self._current, self._newest):
            if exchange is not None:
                exchange.disconnect()
        # A circle of references would live until the next collection, which is seldom here.
        self._current = self._newest = None
        self._let_write()
        self._reader.close()
        self._state.lost(self)

    def data_received(self, data: bytes) -> None:
        """Reads requests; refuses what is none."""
        self._state.arrivals += 1
        if self._over:
            self._dropped_bytes += len(data)
            if self._dropped_bytes > self._droppable_bytes:
                self.transport.abort()
            return
        fault = self._reader.feed(data)
        if fault is not None:
            self._refuse(fault)
        elif self._reader.part is not _NONE and self._arriving is None:
            self._arriving = self._loop.call_later(self._state.request_s, self._give_up)

    def pause_writing(self) -> None:
        """Makes the application wait; drops a client that does not read for `request_s`."""
        self.writable = asyncio.Event()
        self._drop_unread()

    def resume_writing(self) -> None:
        """Lets the application go on."""
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        if self.transport.is_closing():
            self._drop_unread()
        self._let_write()

    # The reader calls these.

    def begin_request(self, head: RequestHead) -> None:
        """Starts a request, or lets it wait behind those that came before it."""
        state = self._state
        if len(self._waiting) >= MAX_WAITING:  # those before it are answered, and then it closes
            raise malformed()
        exchange = Exchange(self, head, state.heads, self._server, self._client)
        self._newest = exchange
        if state.stopping:
            exchange.keep_alive = False
        if self._current is None:
            self._start(exchange)
            return
        self._waiting.append(exchange)
        self._pause_reading()

    def take_body(self, piece: bytes) -> None:
        """Gives a piece of the body to the newest request, unless it is answered already."""
        exchange = self._newest
        assert exchange is not None
        if not exchange.complete and not exchange.take(piece):
            self._pause_reading()

    def end_request(self) -> None:
        """Ends the time in which the newest request had to arrive."""
        assert self._newest is not None
        self._newest.end_of_body()
        self._stop_arriving()

    # Exchanges call these.

    def resume_reading(self) -> None:
        """Reads on, where the client had to wait."""
        if self._reading_paused:
            self._reading_paused = False
            self.transport.resume_reading()

    def write(self, piece: bytes, *, waits: bool = False) -> None:
        """Sends a part of a response.

        With `waits` it goes out with what follows it, or when this pass of the event loop is over:
        a call of the system costs more than all else that is done for a piece of a stream.
        """
        self._unsent.append(piece)
        if waits:
            self._loop.call_soon(self.flush)
        else:
            self.flush()

    def flush(self) -> None:
        """Sends what waits."""
        if self._unsent:
            pieces, self._unsent = self._unsent, []
            self.transport.writelines(pieces)

    def is_sending(self, exchange: Exchange) -> bool:
        """Returns True while the client has not sent all of the request's body."""
        return self._reader.part is Part.BODY and exchange is self._newest

    def answered(self, exchange: Exchange) -> None:
        """Goes on with the next request, or closes after the last one."""
        self._current = None
        if not exchange.keep_alive:
            if exchange.ends_early:
                self._linger(exchange.announced_bytes or MAX_LINGER_BYTES)
            else:
                self._close()
        elif not self.transport.is_closing():
            self.resume_reading()
            self._idle_since = self._loop.time()
            if self._waiting:
                self._start(self._waiting.popleft())
            if self._waiting:  # what was sent ahead is answered first
                self._pause_reading()

    def failed(self, exchange: Exchange) -> None:
        """Answers for an application that did not; cuts a response that it began."""
        if exchange.started:
            self._close()
        else:
            exchange.disconnect()
            self._answer(own_fault(), exchange.scope["raw_path"])

    # The server calls these.

    def give_way(self) -> bool:
        """Closes if nothing is asked, nothing arrives and all is sent. Returns False otherwise.

        A client that has yet to read its answer keeps its open file, so it keeps its place, too. A
        head that is not whole after HEAD_KEEPS_PLACE_S keeps none: whoever begins many of them and
        ends none, for which no key is needed, would keep all others out.
        """
        asked = self._current is not None or self._is_arriving()
        idle = not (asked or self._over or self.transport.get_write_buffer_size())
        if idle:
            self._over = True
            self.transport.close()
        return idle

    def drain(self) -> None:
        """Closes at once if nothing is asked, otherwise after the answer to the newest request.

        The rest of a request's head has LINGER_S to come.
        """
        if self._current is not None and self._newest is not None:
            self._newest.keep_alive = False
        elif self._over or self._reader.part is Part.NONE:
            self._close()
        else:
            if self._closing is not None:
                self._closing.cancel()
            self._closing = self._loop.call_later(LINGER_S, self._close_unasked)

    def cut(self) -> None:
        """Closes after the present answer, which is about to be cut."""
        self._waiting.clear()
        if self._current is not None:
            self._current.keep_alive = False

    def _start(self, exchange: Exchange) -> None:
        self._current = exchange
        self._state.run(exchange, self._loop)

    def _pause_reading(self) -> None:
        if not self._reading_paused and not self.transport.is_closing():
            self._reading_paused = True
            self.transport.pause_reading()

    def _is_arriving(self) -> bool:
        """Returns True while a body arrives, and for a moment while a head does."""
        if self._reader.part is not Part.HEAD or self._arriving is None:
            return self._reader.part is not Part.NONE
        left_s = self._arriving.when() - self._loop.time()
        return self._state.request_s - left_s < HEAD_KEEPS_PLACE_S

    def _let_write(self) -> None:
        if self.writable is not None:
            self.writable.set()
            self.writable = None

    def _waits_behind(self) -> bool:
        """Returns True when the request that is arriving comes after one without its answer."""
        if self._reader.part is Part.BODY:
            return bool(self._waiting)
        return self._current is not None

    def _close_idle(self) -> None:
        """Closes after `keep_alive_s` without a request.

        One timer looks again and again: to set one after each answer costs more.
        """
        left_s = self._state.keep_alive_s
        if self._current is None and self._reader.part is Part.NONE:
            left_s -= self._loop.time() - self._idle_since
        if left_s <= 0:
            self._close()
        else:
            self._closing = self._loop.call_later(left_s, self._close_idle)

    def _close_unasked(self) -> None:
        """Closes unless a request's head has come since the server stopped."""
        if self._current is None:
            self._close()

    def _give_up(self) -> None:
        self._arriving = None
        if self._waits_behind():  # reading rests meanwhile, which is no fault of the client
            self._arriving = self._loop.call_later(self._state.request_s, self._give_up)
            return
        part = "body" if self._reader.part is Part.BODY else "head"
        self._refuse(too_late(part, self._state.request_s))

    def _refuse(self, error: TiergateError) -> None:
        """Refuses the request that is arriving, and closes.

        No second answer follows one that is under way. A request that came whole before is
        answered: after a `Content-Length` that is too short, its answer says what is wrong.
        """
        newest = self._newest
        arriving = newest if self._reader.part is Part.BODY else None
        if newest is not None and newest.whole and self._waits_behind():
            self._over = True
            self._stop_arriving()
            newest.keep_alive = False
            return
        if self._waits_behind() or (arriving is not None and arriving.started):
            self._over = True
            self._stop_arriving()
            self._close()
            return
        if arriving is not None:  # the application waits for a body that will not come
            arriving.disconnect()
        self._answer(error, self._reader.target, arriving)

    def _answer(
        self, error: TiergateError, target: bytes, exchange: Exchange | None = None
    ) -> None:
        """Answers in place of the application, which learns it where it had the request."""
        path = target.decode("latin-1")
        body, headers = self._state.refuse(error, path)
        if exchange is not None:
            exchange.scope[REFUSED] = error, headers
        elif self._state.told is not None:
            self._state.told(error, path, headers)
        self.transport.write(response(error, body, headers))
        self._linger()

    def _linger(self, body_bytes: int = 0) -> None:
        """Closes once what the client still sends was dropped: for a moment, or a body to its end.

        `body_bytes` is the most that the body may still have; of too large a one, no more than a
        beginning is dropped.
        """
        self._over = True
        self._stop_arriving()
        if self.transport.is_closing():
            return
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.resume_reading()
        if self._closing is not None:
            self._closing.cancel()
        linger_s = LINGER_S
        if LINGER_BYTES < body_bytes <= MAX_LINGER_BYTES:
            self._droppable_bytes, linger_s = body_bytes, self._state.request_s
        self._close_silent(-1, self._loop.time() + linger_s)

    def _close_silent(self, dropped_before: int, last: float) -> None:
        """Closes after LINGER_S without a byte, and at the time `last` in any case."""
        left_s = min(LINGER_S, last - self._loop.time())
        if left_s <= 0 or self._dropped_bytes == dropped_before:
            self._close()
        else:
            look = self._close_silent
            self._closing = self._loop.call_later(left_s, look, self._dropped_bytes, last)

    def _stop_arriving(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None

    def _close(self) -> None:
        """Closes when all is sent, or after `request_s` in which the client did not read it."""
        self.flush()
        self.transport.close()
        self._drop_unread()

    def _drop_unread(self) -> None:
        if self._unread is None:
            self._unread = self._loop.call_later(self._state.request_s, self.transport.abort)


def _address(transport: asyncio.Transport, name: str) -> tuple[str, int] | None:
    """Returns the host and port of one end; None where it is no address of the internet."""
    address = transport.get_extra_info(name)
    return (str(address[0]), int(address[1])) if isinstance(address, tuple) else None
