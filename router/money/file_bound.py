"""Bounds the tokens that a provider counts for a file of a request. Pure.

Providers read a PDF as text and as a picture of each page, so its pages count and not its bytes: an
11 kB file may have a hundred. A file that only its provider has, by an id or an address, and a PDF
whose pages cannot be counted, have MOST_PAGES.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import zlib

from router.types import ContentPart, utf8_size

PAGE_TOKENS = 3_500
"""Tokens of a page. Anthropic's documents of 2026 say 1,500 to 3,000 for its text; the picture is
part of that. Dense tables are dearer."""

MOST_PAGES = 100
"""Pages that providers read of one PDF at most, in most models of 2026."""

MOST_INFLATED = 32 * 1_024 * 1_024
"""Bytes that are inflated of one file to count its pages; of more they cannot be counted."""

_PDF = "JVBERi"
"""Base64 of `%PDF-`, as far as its last character does not depend on what follows."""
_ADDRESS = re.compile(r'"(?:file_id|file_url)"\s*:|"file_data"\s*:\s*"https?:')
_DATA = re.compile(r'(?:;base64,|"file_data"\s{0,9}:\s{0,9}")([A-Za-z0-9+/=_\\-]{16,})')
_SAYS_PDF = re.compile(r"application/pdf|\.pdf\b", re.IGNORECASE)
_ONE_ALPHABET = str.maketrans("-_", "+/")
_PAGE = re.compile(rb"/Type\s{0,99}/Page(?![A-Za-z])")
_COUNT = re.compile(rb"/Count\s{1,99}(\d{1,9})")
_KID = re.compile(rb"\d\s{1,9}R")
_STREAM = re.compile(rb"stream\r?\n")
_UNCLEAR = re.compile(rb"/Encrypt\b|/[A-Za-z]{0,99}#[0-9A-Fa-f]{2}")
"""Finds what hides words: encryption, and names with escaped letters."""
_OBJECTS = b"/ObjStm"
_KIDS = b"/Kids"
_NEAR = 1_000
"""Bytes between the name of a stream of objects and its beginning, at most."""
MOST_STREAMS = 256
"""Streams of objects of one file that are inflated; of more its pages cannot be counted."""

MOST_KNOWN = 256
"""Files whose pages are remembered; then counting begins anew."""


class PageCounts:
    """Remembers the pages of files by their digests: each turn of a conversation sends them again.

    A file of ten megabytes takes half a second to read, and a twentieth of that to digest. Only
    its digest stays.
    """

    def __init__(self) -> None:
        self._pages: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._pages)

    def of(self, payload: str) -> int:
        """Returns how many pages the PDF in a payload has, by `_pages`."""
        digest = hashlib.sha256(payload.encode("utf-8", "surrogatepass")).digest()
        pages = self._pages.get(digest)
        if pages is None:
            pages = _pages(payload)
            if len(self._pages) >= MOST_KNOWN:
                self._pages.clear()
            self._pages[digest] = pages
        return pages


COUNTS = PageCounts()
"""Serves all requests of a process: what a file holds does not depend on who sends it."""


def file_bound(part: ContentPart) -> int:
    """Returns as many tokens as providers count for one file at most.

    The part keeps the number, as `measured_once` does: each rung and each try asks again.
    """
    bound: int | None = part.__dict__.get("file_bound")
    if bound is None:
        bound = part.__dict__["file_bound"] = _bound(part.payload)
    return bound


def _bound(payload: str) -> int:
    size = utf8_size(payload)
    last = max(0, len(payload) - 2_000)
    if _ADDRESS.search(payload, 0, 2_000) or _ADDRESS.search(payload, last):
        return max(size, MOST_PAGES * PAGE_TOKENS)
    if not _is_pdf(payload):
        return size
    return max(size, COUNTS.of(payload) * PAGE_TOKENS)


def _is_pdf(payload: str) -> bool:
    """Returns True for what may be taken for a PDF, whose mark may stand behind other bytes."""
    if _PDF in payload or _SAYS_PDF.search(payload) is not None:
        return True
    found = _DATA.search(payload)
    return found is not None and b"%PDF" in _decoded(found[1][:4_000])


def _decoded(text: str) -> bytes:
    """Returns the bytes of base64 of either alphabet; b"" where it is none."""
    text = text.replace("\\", "").translate(_ONE_ALPHABET).rstrip("=")
    try:
        return base64.b64decode(text[: len(text) - len(text) % 4])
    except binascii.Error:
        return b""


def _pages(payload: str) -> int:
    """Returns how many pages the PDF in a payload has, at most MOST_PAGES; that where it is
    unclear."""
    found = _DATA.search(payload)
    data = b"" if found is None else _decoded(found[1])
    parts = _parts(data)
    if parts is None or any(map(_UNCLEAR.search, parts)):
        return MOST_PAGES
    listed = sum([len(_PAGE.findall(part)) for part in parts])
    held = max([_most_kids(part) for part in parts])
    counts = [int(number) for part in parts for number in _COUNT.findall(part)]
    return min(max(listed, held, *counts, 0), MOST_PAGES) or MOST_PAGES


def _parts(data: bytes) -> list[bytes] | None:
    """Returns a file and what its streams of objects hold; None where that is too much."""
    parts, left, place = [data], MOST_INFLATED, data.find(_OBJECTS)
    while place >= 0:
        begin = _STREAM.search(data, place, place + _NEAR)
        if begin is None or len(parts) > MOST_STREAMS:
            return None
        inflated = _inflated(data, begin.end(), left)
        if inflated is None:
            return None
        left -= len(inflated)
        parts.append(inflated)
        place = data.find(_OBJECTS, begin.end())
    return parts


def _most_kids(part: bytes) -> int:
    """Returns how many references stand in all lists of pages, whatever the pages are."""
    held, place = 0, part.find(_KIDS)
    while place >= 0 and held < MOST_PAGES:
        end = part.find(b"]", place)
        end = len(part) if end < 0 else end
        held += len(_KID.findall(part, place, end))
        place = part.find(_KIDS, end)
    return held


def _inflated(data: bytes, start: int, most: int) -> bytes | None:
    """Returns what a stream of objects holds; None where it is too much, or packed otherwise."""
    packed = zlib.decompressobj()
    try:
        inflated = packed.decompress(memoryview(data)[start:], max(1, most))
    except zlib.error:
        return None
    return inflated if packed.eof else None
