"""Reads requests out of a connection's bytes by httptools, and bounds what a head may take.

It knows nothing about sockets, time and answers.
"""

from __future__ import annotations

import enum
import re
from typing import Protocol
from urllib.parse import unquote

import httptools
import msgspec

from router.api.protocol.faults import head_too_large, malformed, wrong_coding, wrong_host
from router.api.protocol.limits import MAX_HEAD_BYTES
from router.errors import TiergateError

_HOST = re.compile(rb"(?:[A-Za-z0-9._-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")


class Part(enum.Enum):
    """Names the part of a request that is arriving."""

    NONE = "none"  # between two requests
    HEAD = "head"
    BODY = "body"  # with the trailers


# Each header is asked for its part; Python 3.11 takes 0.2 us to find a member in an enum.
_NONE, _HEAD, _BODY = Part


class RequestHead(msgspec.Struct, frozen=True):
    """Describes a request by its first line and headers."""

    method: str
    path: str  # without escapes and query
    raw_path: bytes
    query: bytes
    http_version: str
    headers: list[tuple[bytes, bytes]]  # names in lower case
    keep_alive: bool
    expects_continue: bool


class Receiver(Protocol):
    """Takes the parts of requests in their order. An error that it raises ends the reading."""

    def begin_request(self, head: RequestHead) -> None:
        """Takes a whole head."""

    def take_body(self, piece: bytes) -> None:
        """Takes the next piece of the body of the newest request."""

    def end_request(self) -> None:
        """Learns that the newest request is here whole."""


class RequestReader:
    """Gives a receiver the requests that it reads, until the first fault."""

    def __init__(self, receiver: Receiver) -> None:
        self.part = _NONE
        self.target = b""  # of the request that arrives or came last, as its client wrote it
        self._split_target: bytes | None = None  # the last good target
        self._split = ("", b"", b"")  # its path, without and with escapes, and its query
        self._receiver: Receiver | None = receiver
        self._parser: httptools.HttpRequestParser | None = self._new_parser()
        self._headers: list[tuple[bytes, bytes]] = []
        self._hosts: list[bytes] = []  # the values of every Host among them
        self._expects_continue = False
        self._head_bytes = 0
        self._silent_bytes = 0  # came since the parser called anything here
        self._called = False
        self._fault: TiergateError | None = None

    def feed(self, data: bytes) -> TiergateError | None:
        """Reads on. Returns the error to refuse the request with, None while it is a good one."""
        self._called = False
        try:
            self._parse(data)
        except httptools.HttpParserError:
            return self._fault or malformed()
        if self._called or self.part is _NONE:
            self._silent_bytes = 0
            return None
        # The parser keeps one header, or one chunk's extension, until its end.
        self._silent_bytes += len(data)
        return head_too_large() if self._silent_bytes > MAX_HEAD_BYTES else None

    def close(self) -> None:
        """Lets go of the receiver, which refers to this reader."""
        self._receiver = self._parser = None

    def _parse(self, data: bytes) -> None:
        """Parses data without regard to offers of another protocol (RFC 9110, section 7.8).

        Java's own client offers h2c with every request. The parser drops the body of such a
        request, so another parser reads it again without the offer.
        """
        while data:
            assert self._parser is not None
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as offer:
                version = self._parser.get_http_version().encode()
                lines = [b"%s %s HTTP/%s" % (self._parser.get_method(), self.target, version)]
                lines += [b"%s: %s" % h for h in self._headers if h[0] != b"upgrade"]
                data = b"\r\n".join(lines) + b"\r\n\r\n" + data[offer.args[0] :]
                self._parser = self._new_parser()

    def _new_parser(self) -> httptools.HttpRequestParser:
        parser = httptools.HttpRequestParser(self)
        # A client may send on after `Connection: close`; its request is answered all the same.
        parser.set_dangerous_leniencies(lenient_data_after_close=True)
        return parser

    # The rest is called by the parser.

    def on_message_begin(self) -> None:
        """Begins a head."""
        self._called = True
        self.part = _HEAD
        self.target = b""
        self._headers = []
        self._hosts = []
        self._expects_continue = False
        self._head_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Takes a piece of the request's target."""
        self._called = True
        self._head_bytes += len(url)
        if self._head_bytes > MAX_HEAD_BYTES:
            raise self._refused(head_too_large())
        self.target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """Takes a header; drops a trailer, which may not say what a header did not."""
        self._called = True
        self._head_bytes += len(name) + len(value) + 4
        if self._head_bytes > MAX_HEAD_BYTES:
            raise self._refused(head_too_large())
        if self.part is _BODY:
            return
        name = name.lower()
        if name == b"host":
            self._hosts.append(value)
        elif name == b"transfer-encoding" and value.strip().lower() != b"chunked":
            raise self._refused(wrong_coding(value))
        elif name == b"expect" and value.lower() == b"100-continue":
            self._expects_continue = True
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        """Hands over the head, once its host and target are good."""
        self._called = True
        parser, receiver = self._parser, self._receiver
        assert parser is not None
        assert receiver is not None
        method = parser.get_method()
        if parser.should_upgrade():
            if method == b"CONNECT":
                raise self._refused(malformed())
            return
        version = parser.get_http_version()
        if version not in ("1.1", "1.0"):
            raise self._refused(malformed())
        self._check_host(version)
        # Nearly every request has the target of the one before it.
        if self.target != self._split_target:
            url = httptools.parse_url(self.target)
            path = url.path.decode("ascii")
            plain = unquote(path) if "%" in path else path
            self._split_target, self._split = self.target, (plain, url.path, url.query or b"")
        receiver.begin_request(
            RequestHead(
                method.decode("ascii"),
                *self._split,
                version,
                self._headers,
                version != "1.0" and parser.should_keep_alive(),
                self._expects_continue,
            )
        )
        self.part = _BODY

    def on_body(self, body: bytes) -> None:
        """Hands over a piece of the body."""
        self._called = True
        assert self._receiver is not None
        self._receiver.take_body(body)

    def on_message_complete(self) -> None:
        """Ends the request, unless it offers another protocol: then it is read again."""
        assert self._parser is not None
        assert self._receiver is not None
        if not self._parser.should_upgrade():
            self.part = _NONE
            self._receiver.end_request()

    def _check_host(self, version: str) -> None:
        """Refuses a head without exactly one good Host (RFC 9112, section 3.2).

        What is before us on the way may have read another one of two.
        """
        hosts = self._hosts
        if not hosts and version == "1.0":
            return
        if len(hosts) != 1 or _HOST.fullmatch(hosts[0]) is None:
            raise self._refused(wrong_host(hosts))

    def _refused(self, fault: TiergateError) -> TiergateError:
        """Remembers the fault, since the parser raises an error of its own in place of it."""
        self._fault = fault
        return fault
