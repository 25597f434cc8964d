"""Makes the errors that a connection answers with, and the bytes of such an answer."""

from __future__ import annotations

from collections.abc import Callable

from router.api.protocol.limits import MAX_HEAD_BYTES
from router.api.protocol.response_head import STATUS_LINES, Headers
from router.errors import HeadTooLarge, MalformedHttp, Overloaded, RequestTimeout, TiergateError

Refuse = Callable[[TiergateError, str], tuple[bytes, Headers]]
"""Takes an error and the path of its request. Returns the body and the headers of the response, in
the shape of the API that the path is of."""


def head_too_large() -> HeadTooLarge:
    """Returns the error for a head above MAX_HEAD_BYTES."""
    return HeadTooLarge(
        f"The request line and headers have more than {MAX_HEAD_BYTES} bytes; send fewer or "
        "shorter headers."
    )


def wrong_host(hosts: list[bytes]) -> MalformedHttp:
    """Returns the error for a request whose Host headers are not exactly one good one."""
    sent = f"{len(hosts)} Host headers" if len(hosts) != 1 else f"the Host {_shown(hosts[0])}"
    return MalformedHttp(
        f"Found {sent}; expected exactly one with a name or an address, and a port where it is "
        "not 80. The connection is closed."
    )


def wrong_coding(value: bytes) -> MalformedHttp:
    """Returns the error for a body in another transfer coding, which would be read as it is."""
    return MalformedHttp(
        f"Found Transfer-Encoding {_shown(value)}; expected chunked alone. Send a compressed body "
        "with Content-Encoding. The connection is closed."
    )


def _shown(value: bytes) -> str:
    """Returns the beginning of a header's value between quotation marks, on one line."""
    return repr(value[:100].decode("latin-1"))


def malformed() -> MalformedHttp:
    """Returns the error for bytes that are no request."""
    return MalformedHttp(
        "What came is not HTTP/1.1 as RFC 9112 has it; expected a request line, headers and a "
        "body of the stated length or in chunks. The connection is closed."
    )


def too_late(part: str, request_s: float) -> RequestTimeout:
    """Returns the error for a request whose `part` ("head" or "body") took too long."""
    return RequestTimeout(
        f"The {part} of the request was not here after {request_s:g} s; expected all of it by "
        "then. Send it faster or shorten it; operators set --request-s."
    )


def no_room() -> Overloaded:
    """Returns the error for a connection above the bound while all others are asked something."""
    return Overloaded(
        "As many connections as this server keeps are busy. Try again; operators raise the limit "
        "of open files (ulimit -n)."
    )


def own_fault() -> TiergateError:
    """Returns the error for an application that failed before it answered."""
    return TiergateError("The server met an error of its own. It was logged.")


def response(error: TiergateError, body: bytes, headers: Headers) -> bytes:
    """Returns a whole response after which the connection closes."""
    lines = [
        STATUS_LINES[error.status],
        b"content-type: application/json\r\n",
        b"content-length: %d\r\n" % len(body),
        b"connection: close\r\n",
        *(b"%s: %s\r\n" % header for header in headers),
        b"retry-after: %d\r\n" % error.retry_after_s if isinstance(error, Overloaded) else b"",
        b"\r\n",
        body,
    ]
    return b"".join(lines)
