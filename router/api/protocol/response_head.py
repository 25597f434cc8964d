"""Writes the first lines of a response: the status, the date and the headers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from email.utils import formatdate
from http import HTTPStatus

import msgspec

Headers = list[tuple[bytes, bytes]]

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
STATUS_LINES = {
    status: f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode()
    for status in range(100, 600)
}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_NOT_IN_A_NAME = re.compile(rb'[\x00-\x1f\x7f()<>@,;:\[\]={} \t\\"]')
_IN_A_VALUE = bytes(byte for byte in range(256) if byte == 9 or (byte >= 32 and byte != 127))
_LENGTH, _CONNECTION = b"\r\ncontent-length: ", b"\r\nconnection: "
_CODING = b"\r\ntransfer-encoding: "
_OF_THE_FRAME = frozenset((_LENGTH, _CONNECTION, _CODING))
MAX_NAMES = 1_000
"""Names of headers whose line starts are kept. The gateway has about fifty."""


class HeadLines(msgspec.Struct, frozen=True):
    """Describes the head of a response: its lines, and what they say of the body."""

    lines: bytes  # without the end of the last one
    length: int | None  # bytes of the body, None where nothing states it
    closes: bool  # True when the headers announce the end of the connection


class HeadWriter:
    """Writes heads of responses. It keeps what comes again and again: names, and the date."""

    def __init__(self) -> None:
        self._starts: dict[bytes, bytes] = {}  # of lines, by the checked name of a header
        self._second = -1
        self._date = b""

    def lines(self, status: int, headers: Iterable[tuple[bytes, bytes]]) -> HeadLines:
        """Returns the status, the date and the headers as lines.

        `Transfer-Encoding` is left out: the server decides how a body is framed. Raises ValueError
        for a byte that may be in no header.
        """
        parts = [STATUS_LINES[status], self._date_line()]
        length, closes = None, False
        for name, value in headers:
            start = self._starts.get(name) or self._start_of(name)
            if start in _OF_THE_FRAME:
                if start == _CODING:
                    continue
                if start == _LENGTH:
                    length = int(value)
                else:
                    closes = closes or b"close" in _tokens(value)
            parts.append(start)
            parts.append(value)
        lines = b"".join(parts)
        # The status and each start have a line's end, two bytes; every further such byte is in a
        # value. One look at all of them costs a tenth of one at each.
        if len(lines.translate(None, _IN_A_VALUE)) != len(parts):
            raise ValueError("The value of a response's header has a byte that may be in none.")
        return HeadLines(lines, length, closes)

    def _start_of(self, name: bytes) -> bytes:
        if _NOT_IN_A_NAME.search(name):
            raise ValueError(f"{name!r} has a byte that may be in no header's name.")
        start = b"\r\n" + name.lower() + b": "
        if len(self._starts) < MAX_NAMES:
            self._starts[name] = start
        return start

    def _date_line(self) -> bytes:
        """Returns the `Date` header of the present second (RFC 9110, section 6.6.1)."""
        second = int(time.time())
        if second != self._second:
            self._second = second
            self._date = b"date: %s" % formatdate(second, usegmt=True).encode()
        return self._date


def _tokens(value: bytes) -> list[bytes]:
    """Returns the words of a list that is parted by commas, in lower case."""
    return [token.strip() for token in value.lower().split(b",")]
