"""Opens connections to upstreams, keeps them for the next call, and reads bodies with bounds.

It takes no proxy, cookie or password from the environment and follows no redirect. It has no limit
of connections, since an answerer has its own.
"""

from __future__ import annotations

import asyncio
import errno
import functools
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

from aiohappyeyeballs import start_connection

from router.errors import UpstreamInvalid, UpstreamPage, UpstreamTooMuch
from tiers.upstream.client_errors import FOREIGN, BadAddress, NoFiles, NotConnected, why
from tiers.upstream.connection import Connection, Response

MAX_BODY_BYTES = 16_000_000
MAX_REFUSAL_BYTES = 65_536
REFUSAL_READ_S = 1.0  # for a refusal's body: it holds a code that says more than the status
# Below the 5 s after which uvicorn and node close idle connections: a request sent into a closing
# connection is lost without our knowing whether it was read.
KEEP_ALIVE_S = 4.0
LAST_READ_S = 0.02  # for the end of a stream whose answer is whole, to keep the connection
NAMES_KEPT_S = 30.0  # for the addresses of a host, which few servers let live shorter
SECOND_ADDRESS_S = 0.25  # until the next address is tried beside a silent one (RFC 8305)

_PATH_SAFE = "/%:@!$&'()*+,;=-._~"  # what a path may contain besides letters and digits

AddressInfo = tuple[int, int, int, str, tuple[str | int | bytes, ...]]
"""One address of a host, as `socket.getaddrinfo` gives it."""


class Target(NamedTuple):
    """Names where requests go."""

    tls: bool
    host: str  # in ASCII
    port: int
    shown: str  # host and port as the Host header has them
    path: str


def target_of(url: str) -> Target:
    """Returns the parts of an http or https address. Raises BadAddress."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
        port = parts.port
    except ValueError as error:
        raise BadAddress("no host and port can be read in it") from error
    if parts.scheme not in ("http", "https") or not host or not host.isprintable() or " " in host:
        raise BadAddress("expected http:// or https:// and a host")
    path = quote(parts.path or "/", safe=_PATH_SAFE)
    query = "?" + quote(parts.query, safe=_PATH_SAFE + "?") if parts.query else ""
    tls = parts.scheme == "https"
    standard = 443 if tls else 80
    named = f"[{host}]" if ":" in host else host
    shown = named if port in (None, standard) else f"{named}:{port}"
    return Target(tls, host, port or standard, shown, path + query)


def first_lines(method: str, target: Target, headers: Mapping[str, str]) -> bytes:
    """Returns the head of a request without its last line, which is empty.

    Raises ValueError for a header that would end its line early.
    """
    lines = [f"{method} {target.path} HTTP/1.1\r\nHost: {target.shown}\r\n"]
    lines += [header_line(name, value) for name, value in headers.items()]
    return "".join(lines).encode()


def header_line(name: str, value: str) -> str:
    """Returns one line of a head. Raises ValueError for a value that would end it early."""
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError(f"The header {name} has a character that would end it.")
    return f"{name}: {value}\r\n"


class HttpClient:
    """Sends requests over connections that it keeps; for one event loop."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        """Trusts the certificates that the machine trusts, or those of `tls`."""
        self.closed = False
        self._tls = tls
        self._open: set[Connection] = set()
        self._idle: dict[tuple[bool, str, int], list[Connection]] = {}
        self._names: dict[tuple[str, int], tuple[float, list[AddressInfo]]] = {}
        self._asked_names: dict[tuple[str, int], asyncio.Task[list[AddressInfo]]] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    async def ask(
        self,
        target: Target,
        head: bytes,
        body: bytes = b"",
        connect_s: float | None = None,
        tell_sent: Callable[[bool], None] | None = None,
    ) -> Response:
        """Returns the response to one request once its head is here.

        `head` is whole, with the empty line at its end. A connection must stand after `connect_s`.
        `tell_sent` is told True once it does, before the first byte goes out. Raises HttpFault and
        OSError.
        """
        connection = self._kept(target) or await self._connect(target, connect_s)
        if tell_sent is not None:
            tell_sent(True)
        response = connection.ask(head, body)
        try:
            await response.head()
        except BaseException:
            response.close()
            raise
        return response

    async def close(self) -> None:
        """Closes all connections, those with a call under way too."""
        self.closed = True
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        for task in self._asked_names.values():
            task.cancel()
        for connection in list(self._open):
            connection.transport.abort()
        self._idle.clear()
        await asyncio.sleep(0)  # the loop closes the sockets in its next pass

    def _kept(self, target: Target) -> Connection | None:
        """Returns the connection that was used last; None when all of them were idle too long."""
        idle = self._idle.get(target[:3])
        if not idle:
            return None
        connection = idle.pop()
        oldest = connection.loop.time() - KEEP_ALIVE_S
        if connection.free_since >= oldest and connection.is_quiet:
            return connection
        connection.transport.abort()
        for older in idle:
            older.transport.abort()
        idle.clear()
        return None

    def _keep(self, place: tuple[bool, str, int], connection: Connection) -> None:
        if self.closed:
            connection.transport.abort()
            return
        connection.free_since = connection.loop.time()
        self._idle.setdefault(place, []).append(connection)
        if self._sweeping is None:
            self._sweeping = connection.loop.call_later(KEEP_ALIVE_S, self._sweep)

    def _sweep(self) -> None:
        """Closes what was idle too long; looks again while something is idle."""
        loop = asyncio.get_running_loop()
        oldest = loop.time() - KEEP_ALIVE_S
        for place, idle in list(self._idle.items()):
            fresh = [connection for connection in idle if connection.free_since > oldest]
            for connection in idle:
                if connection.free_since <= oldest:
                    connection.transport.abort()
            if fresh:
                self._idle[place] = fresh
            else:
                del self._idle[place]
        self._sweeping = loop.call_later(KEEP_ALIVE_S, self._sweep) if self._idle else None

    def _lost(self, place: tuple[bool, str, int], connection: Connection) -> None:
        self._open.discard(connection)
        idle = self._idle.get(place)
        if idle and connection in idle:
            idle.remove(connection)

    async def _connect(self, target: Target, connect_s: float | None) -> Connection:
        """Returns a new connection. Raises NotConnected."""
        loop, place = asyncio.get_running_loop(), target[:3]
        try:
            addresses = await self._addresses(target.host, target.port)
        except OSError as error:
            raise NotConnected("no such host") from error
        context = (self._tls or await _tls_context()) if target.tls else None
        try:
            async with asyncio.timeout(connect_s):
                sock = await start_connection(addresses, happy_eyeballs_delay=SECOND_ADDRESS_S)
                _, connection = await loop.create_connection(
                    lambda: Connection(
                        functools.partial(self._keep, place), functools.partial(self._lost, place)
                    ),
                    sock=sock,
                    ssl=context,
                    server_hostname=target.host.rstrip(".") if context else None,
                )
        except OSError as error:
            if error.errno in (errno.EMFILE, errno.ENFILE):
                raise NoFiles(f"{why(error)} here; raise the limit, ulimit -n") from error
            late = isinstance(error, TimeoutError) and error.errno is None
            raise NotConnected("no connection in time" if late else why(error)) from error
        if self.closed:
            connection.transport.abort()
            raise NotConnected("the client is closed")
        self._open.add(connection)
        return connection

    async def _addresses(self, host: str, port: int) -> list[AddressInfo]:
        """Returns the addresses of a host, each time beginning with the next one. Raises OSError.

        Calls that ask at the same time share one look-up, which goes on if one of them leaves.
        """
        try:
            version = ipaddress.ip_address(host).version
        except ValueError:
            pass
        else:
            family = socket.AF_INET6 if version == 6 else socket.AF_INET
            return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port))]
        loop, name = asyncio.get_running_loop(), (host, port)
        known = self._names.get(name)
        if known is not None and known[0] > loop.time():
            addresses = known[1]
            addresses.append(addresses.pop(0))
            return list(addresses)
        task = self._asked_names.get(name)
        if task is None:
            task = self._asked_names[name] = loop.create_task(self._look_up(host, port))
            task.add_done_callback(functools.partial(self._looked_up, name))
        return list(await asyncio.shield(task))

    async def _look_up(self, host: str, port: int) -> list[AddressInfo]:
        return list(
            await asyncio.get_running_loop().getaddrinfo(
                host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
            )
        )

    def _looked_up(self, name: tuple[str, int], task: asyncio.Task[list[AddressInfo]]) -> None:
        del self._asked_names[name]
        if not task.cancelled() and task.exception() is None:
            until = asyncio.get_running_loop().time() + NAMES_KEPT_S
            self._names[name] = (until, task.result())


async def _tls_context() -> ssl.SSLContext:
    """Returns the context of all calls. Reading the machine's certificates takes milliseconds."""
    if _new_tls_context.cache_info().currsize:
        return _new_tls_context()
    return await asyncio.to_thread(_new_tls_context)


@functools.cache
def _new_tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


PAGES = frozenset({"text/html", "application/xhtml+xml"})


def check_type(response: Response, expected: str) -> None:
    """Raises UpstreamInvalid for another content type and for compression nobody asked for.

    Raises UpstreamPage for a page of HTML.
    """
    sent = response.content_type
    if sent != expected and "content-type" in response.headers:
        shown = sent if sent.isascii() and len(sent) < 80 else "something else"
        if sent in PAGES:
            page = UpstreamPage(
                f"The upstream sent a page ({sent}) with status 200; expected {expected}. "
                "Tell who runs this gateway."
            )
            page.advice = (
                "A proxy, a login or another server may stand at its address: check the answerer's "
                "base_urls."
            )
            raise page
        raise UpstreamInvalid(f"The upstream sent {shown}; expected {expected}.")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise UpstreamInvalid("The upstream sent a compressed body, which it was not asked for.")


def read_json(response: Response) -> Awaitable[bytes]:
    """Returns the whole body. Raises UpstreamInvalid for one of more than 16 MB."""
    check_type(response, "application/json")
    return read_body(response)


async def read_body(response: Response, most: int = MAX_BODY_BYTES) -> bytes:
    """Returns the whole body. Raises UpstreamInvalid for one of more than `most` bytes."""
    piece = await response.piece()
    if response.at_end and len(piece) <= most:
        return piece
    body = bytearray()
    while piece and len(body) + len(piece) <= most:
        body += piece
        piece = await response.piece()
    if piece:
        raise UpstreamTooMuch(f"The upstream's answer is longer than {most} bytes.")
    return bytes(body)


async def read_refusal(response: Response) -> bytes:
    """Returns what comes of a refusal's body in its first 64 kB and its first second.

    Its status is known and needs no body, so one that hangs or breaks off is no further fault.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(REFUSAL_READ_S):
            while len(body) < MAX_REFUSAL_BYTES and (piece := await response.piece()):
                body += piece
    except FOREIGN:
        pass
    finally:
        response.close()
    return bytes(body)


async def read_to_end(response: Response) -> None:
    """Reads what follows `[DONE]`, so that the connection can serve the next call."""
    if response.at_end:
        return
    try:
        async with asyncio.timeout(LAST_READ_S):
            await response.piece()
    except FOREIGN:
        response.close()
