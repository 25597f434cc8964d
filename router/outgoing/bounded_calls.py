"""Calls other servers within a deadline, reads so many bytes at most, and follows no redirect.

A timeout of a socket bounds each wait for a byte. A server that sends one byte a second passes it
for days. So a thread does the work, and at the deadline another one cuts its connection.
"""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import NamedTuple, TypeVar, cast

Value = TypeVar("Value")


class Answer(NamedTuple):
    """Holds what a server answered; a redirect too is an answer."""

    status: int
    reason: str
    content: bytes


class Line:
    """Holds the connection of a piece of work, so that it can be cut from outside."""

    def __init__(self) -> None:
        self._held: socket.socket | None = None
        self._is_cut = False
        self._changes = threading.Lock()

    def hold(self, connection: socket.socket) -> None:
        """Takes a connection. A second descriptor of it stays good below TLS."""
        with self._changes:
            self._held = connection.dup()
            if self._is_cut:
                self._end()

    def cut(self) -> None:
        """Ends the connection; one that is held later ends at once."""
        with self._changes:
            self._is_cut = True
            self._end()

    def close(self) -> None:
        """Gives the second descriptor back."""
        with self._changes:
            if self._held is not None:
                self._held.close()
                self._held = None

    def _end(self) -> None:
        if self._held is not None:
            with suppress(OSError):  # the other side may have ended it
                self._held.shutdown(socket.SHUT_RDWR)


def within(timeout_s: float, work: Callable[[Line], Value]) -> Value:
    """Returns what the work returns. Raises its error, and TimeoutError after `timeout_s`.

    The work passes its connection to `Line.hold`. Of a connection that is not yet made, it waits
    for longer in its own thread, at most for the timeouts of its addresses.
    """
    line, pool = Line(), ThreadPoolExecutor(1)

    def done() -> Value:
        try:
            return work(line)
        finally:
            line.close()

    future = pool.submit(done)
    try:
        return future.result(timeout_s)
    except TooLate:
        if future.done():  # the work itself ran into a timeout
            return future.result()
        raise TimeoutError(f"no whole answer within {timeout_s:g} s") from None
    finally:
        line.cut()
        pool.shutdown(wait=False)


def call(
    method: str,
    url: str,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_s: float,
    most_bytes: int = 0,
) -> Answer:
    """Returns the answer to one request, with at most `most_bytes` of content (0: none is read).

    Raises OSError, TimeoutError among them, where there is no whole answer in time, and ValueError
    for an address that is none, and for content of more bytes.
    """

    def work(line: Line) -> Answer:
        request = urllib.request.Request(url, body, dict(headers), method=method)
        try:
            with cast("HTTPResponse", _opener(line).open(request, timeout=timeout_s)) as response:
                content = response.read(most_bytes + 1) if most_bytes else b""
                answer = Answer(response.status, response.reason, content)
        except urllib.error.URLError as error:
            raise error.reason if isinstance(error.reason, OSError) else error from None
        except OSError:  # some are of both kinds
            raise
        except HTTPException as error:
            raise OSError(f"answered what is no HTTP: {type(error).__name__}") from error
        if len(content) > most_bytes:
            raise ValueError(f"answered with more than {most_bytes:,} bytes")
        return answer

    return within(timeout_s, work)


def _opener(line: Line) -> urllib.request.OpenerDirector:
    """Returns an opener without what follows redirects and what makes errors of statuses."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler())
    opener.add_handler(_Handler(line))
    return opener


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens connections that a line holds."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def http_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(self._made(_Held), request)

    def https_open(self, request: urllib.request.Request) -> HTTPResponse:
        return self.do_open(self._made(_HeldByTls), request)

    def _made(self, kind: type[_Held]) -> Callable[..., _Held]:
        def made(host: str, **settings: object) -> _Held:
            connection = kind(host, **settings)  # type: ignore[arg-type]
            connection.line = self._line
            return connection

        return made


class _Held(HTTPConnection):
    line: Line

    def connect(self) -> None:
        super().connect()
        self.line.hold(self.sock)


class _HeldByTls(HTTPSConnection, _Held):
    """Has its line hold the connection before the handshake, by the order of its bases."""
