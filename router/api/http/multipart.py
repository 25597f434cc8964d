"""Reads `multipart/form-data` (RFC 7578) as it comes, without holding a file in memory.

Fields are small and kept; the content of the one file is passed on in parts of bounded size.
Headers of parts, their number, and the bytes of all are bounded. Nested parts are not read.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from router.errors import RequestError, UnsupportedMedia

MAX_FIELD = 4_096  # bytes of a field that is no file
MAX_FIELDS = 16
MAX_HEAD = 8_192  # bytes of the headers of one part
MAX_BOUNDARY = 200
MAX_NAME = 255

_NAME = re.compile(r'(?:^|;)\s*name="((?:[^"\\]|\\.)*)"', re.IGNORECASE)
_FILENAME = re.compile(r'(?:^|;)\s*filename="((?:[^"\\]|\\.)*)"', re.IGNORECASE)


@dataclass(slots=True)
class Form:
    """Holds what came so far: fields by name, and the name of the file whose content follows."""

    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None


def boundary_of(content_type: str) -> bytes:
    """Returns the boundary of a form. Raises UnsupportedMedia for another type."""
    kind, _, parameters = content_type.partition(";")
    match = re.search(r'boundary=(?:"([^"]+)"|([^;\s]+))', parameters)
    boundary = (match[1] or match[2]) if match else ""
    if kind.strip().lower() != "multipart/form-data" or not 1 <= len(boundary) <= MAX_BOUNDARY:
        raise UnsupportedMedia(
            f"Content-Type is {kind.strip()[:80]!r}; send multipart/form-data with a boundary."
        )
    return boundary.encode("latin-1", "replace")


FILE_FIELD = "file"


async def file_of(
    chunks: AsyncIterator[bytes], boundary: bytes, form: Form
) -> AsyncIterator[bytes]:
    """Yields the content of the field `file`, and fills `form` with the other fields.

    Fields after the file are in `form` once the iterator has ended. Raises RequestError for a
    body that is no form, for a second file, and for bounds.
    """
    mark = b"\r\n--" + boundary
    buffer = b"\r\n"  # the first boundary has no line before it
    state, head, small, parts = "preamble", "", b"", 0
    async for chunk in chunks:
        buffer += chunk
        while True:
            if state in ("preamble", "file", "field"):
                at = buffer.find(mark)
                kept = len(mark) + 4
                piece = buffer[:at] if at >= 0 else buffer[:-kept]
                if state == "file" and piece:
                    yield piece
                elif state == "field":
                    small += piece
                    if len(small) > MAX_FIELD:
                        raise _bad(f"the field {head!r} has more than {MAX_FIELD} bytes")
                if at < 0:
                    buffer = buffer[-kept:]
                    break
                if state == "field":
                    form.fields[head] = small.decode("utf-8", "replace")
                buffer, state = buffer[at + len(mark) :], "boundary"
            if state == "boundary":
                if len(buffer) < 2:
                    break
                if buffer[:2] == b"--":
                    return
                if buffer[:2] != b"\r\n":
                    raise _bad("a boundary is not followed by a line")
                buffer, state = buffer[2:], "head"
            at = buffer.find(b"\r\n\r\n")
            if at > MAX_HEAD or (at < 0 and len(buffer) > MAX_HEAD):
                raise _bad(f"the headers of a part have more than {MAX_HEAD} bytes")
            if at < 0:
                break
            parts += 1
            if parts > MAX_FIELDS:
                raise _bad(f"it has more than {MAX_FIELDS} fields")
            disposition = _disposition(buffer[:at].decode("utf-8", "replace"))
            name = _NAME.search(disposition)
            filename = _FILENAME.search(disposition)
            head, small = name[1] if name else "", b""
            buffer = buffer[at + 4 :]
            if head == FILE_FIELD:
                if form.filename is not None:
                    raise _bad(f"it has two fields {FILE_FIELD!r}")
                form.filename = filename[1][:MAX_NAME] if filename else "upload"
                state = "file"
            else:
                state = "field"
    raise _bad("it ends before its last boundary")


def _disposition(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value
    return ""


def _bad(reason: str) -> RequestError:
    return RequestError(f"The form cannot be read: {reason}.", code="invalid_form")
