"""Reads the lines of a batch's file, checks them, and writes the lines of its results.

Memory is bounded by the longest line that is allowed: a file passes in parts. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping

import orjson
from msgspec import Struct

from router.errors import RequestError
from router.types import BatchError
from router.wire.checks import json_object, shown

ENDPOINTS = ("/v1/chat/completions", "/v1/embeddings", "/v1/moderations", "/v1/responses")
"""Lists the paths that a batch may ask, in the order of its documentation."""
BY_DOMAIN = re.compile(r"/api/v1/[a-z][a-z0-9_]{0,63}/[a-z][a-z0-9_]{0,63}/analyze")
"""Matches the paths of specialists and endpoints by domain, which a batch may ask too."""
BY_DOMAIN_WORDS = "/api/v1/{domain}/{task}/analyze"
BOM = b"\xef\xbb\xbf"
"""Begins files of UTF-8 that editors on Windows write."""
MAX_CUSTOM_ID = 512  # characters
MAX_ERRORS = 20
"""Bounds the mistakes that one batch reports: a file of nonsense has one in each line."""


class TooLong(Exception):
    """Says that a line of a file has more bytes than are read."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class Line(Struct, frozen=True):
    """Holds one request of a batch. `number` counts from 1, as editors do."""

    number: int
    custom_id: str
    body: bytes  # JSON
    stream: bool = False


def lines_of(parts: Iterable[bytes], most_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Yields number and bytes of each line that is not blank, without a byte order mark before all.

    Raises TooLong.

    >>> list(lines_of([b"a\\nb", b"b\\n\\nc"], 9))
    [(1, b'a'), (2, b'bb'), (4, b'c')]
    """
    rest, number = b"", 0
    for part in parts:
        *whole, rest = (rest + part).split(b"\n")
        for line in whole:
            number += 1
            if number == 1:
                line = line.removeprefix(BOM)
            if len(line) > most_bytes:
                raise TooLong(number)
            if line.strip():
                yield number, line
        if len(rest) > most_bytes:
            raise TooLong(number + 1)
    if number == 0:
        rest = rest.removeprefix(BOM)
    if rest.strip():
        yield number + 1, rest


def line_of(number: int, raw: bytes, endpoint: str) -> Line | BatchError:
    """Returns the request of one line, or its mistake."""
    try:
        given = json_object(raw)
    except RequestError as error:
        message = error.message.replace("The body", "The line", 1)
        return BatchError("invalid_json_line", message, None, number)
    custom_id, body = given.get("custom_id"), given.get("body")
    if type(custom_id) is not str or not 1 <= len(custom_id) <= MAX_CUSTOM_ID:
        message = f"found {shown(custom_id)}; expected a string of 1 to {MAX_CUSTOM_ID} characters"
        return BatchError("invalid_custom_id", message, "custom_id", number)
    method, url = given.get("method"), given.get("url")
    if method != "POST":
        return BatchError(
            "invalid_method", f"found {shown(method)}; expected POST", "method", number
        )
    if url != endpoint:
        message = f"found {shown(url)}; expected {endpoint}, the endpoint of the batch"
        return BatchError("mismatched_url", message, "url", number)
    if type(body) is not dict:
        message = f"found {shown(body)}; expected an object"
        return BatchError("missing_required_parameter", message, "body", number)
    try:
        content = orjson.dumps(body)
    except orjson.JSONEncodeError as error:  # what can be read may be too deep to be written
        return BatchError("invalid_json_line", f"body: {error}", "body", number)
    return Line(number, custom_id, content, bool(body.get("stream")))


def checked(
    parts: Iterable[bytes], endpoint: str, most_lines: int, most_bytes: int
) -> tuple[int, tuple[BatchError, ...]]:
    """Returns the number of requests in a file, and its mistakes: the first few, if any."""
    errors: list[BatchError] = []
    seen: dict[bytes, int] = {}  # lines by digests, so that long names need no memory
    count = 0
    try:
        for number, raw in lines_of(parts, most_bytes):
            count += 1
            if count > most_lines:
                message = f"the file has more than {most_lines} requests; divide it"
                errors.append(BatchError("too_many_requests", message))
                break
            line = line_of(number, raw, endpoint)
            if isinstance(line, Line):
                name = hashlib.blake2b(line.custom_id.encode("utf-8", "replace"), digest_size=12)
                first = seen.setdefault(name.digest(), number)
                if first != number:
                    message = f"line {first} has the same custom_id {shown(line.custom_id)}"
                    line = BatchError("duplicate_custom_id", message, "custom_id", number)
            if isinstance(line, BatchError):
                errors.append(line)
                if len(errors) >= MAX_ERRORS:
                    break
    except TooLong as error:
        message = f"the line has more than {most_bytes} bytes"
        errors.append(BatchError("line_too_long", message, None, error.number))
    if not count and not errors:
        errors.append(BatchError("empty_file", "the file has no request"))
    return count, tuple(errors)


def answered_line(line: Line, batch_id: str, status: int, request_id: str, body: object) -> bytes:
    """Returns the line of a request that got a response, whatever its status."""
    response = {"status_code": status, "request_id": request_id, "body": body}
    return _written(line, batch_id, response, None)


def failed_line(line: Line, batch_id: str, code: str, message: str) -> bytes:
    """Returns the line of a request that was never sent."""
    return _written(line, batch_id, None, {"code": code, "message": message})


def _written(line: Line, batch_id: str, response: object, error: Mapping[str, str] | None) -> bytes:
    return orjson.dumps(
        {
            "id": f"batch_req_{batch_id.removeprefix('batch_')}_{line.number}",
            "custom_id": line.custom_id,
            "response": response,
            "error": error,
        }
    )
