"""Bounds the tokens that a provider counts for a file of a request. Pure.

Providers read a PDF as text and as a picture of each page, so its pages count and not its bytes: an
11 kB file may have a hundred. A file that only its provider has, by an id or an address, and a PDF
whose pages cannot be counted, have MOST_PAGES.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib

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
_BASE64 = re.compile(rf"{_PDF}[A-Za-z0-9+/=_\-\\]*")
_PAGE = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_COUNT = re.compile(rb"/Count\s+(\d{1,9})")
_STREAM = re.compile(rb"/ObjStm\b.{0,1000}?stream\r?\n", re.DOTALL)
_KIDS = re.compile(rb"/Kids\s*\[([^\]]*)\]")
_UNCLEAR = re.compile(rb"/Encrypt\b|/[A-Za-z]*#[0-9A-Fa-f]{2}")
"""Finds what hides words: encryption, and names with escaped letters."""

_known: dict[tuple[int, int], int] = {}
_MOST_KNOWN = 256


def file_bound(payload: str) -> int:
    """Returns more tokens than a provider counts for one file, given as JSON of its part."""
    size = len(payload) if payload.isascii() else len(payload.encode("utf-8", "replace"))
    if _ADDRESS.search(payload, 0, 2_000) or _ADDRESS.search(payload, max(0, len(payload) - 2_000)):
        return max(size, MOST_PAGES * PAGE_TOKENS)
    if _PDF not in payload:
        return size
    # Each rung and each try asks again, and a file of ten megabytes takes long to read.
    key = (len(payload), hash(payload))
    pages = _known.get(key)
    if pages is None:
        pages = _pages(payload)
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = pages
    return max(size, pages * PAGE_TOKENS)


def _pages(payload: str) -> int:
    """Returns how many pages the PDF in a payload has, at most MOST_PAGES; that where it is
    unclear."""
    found = _BASE64.search(payload)
    if found is None:
        return MOST_PAGES
    text = found[0].replace("\\", "").translate(str.maketrans("-_", "+/")).rstrip("=")
    try:
        data = base64.b64decode(text[: len(text) - len(text) % 4])
    except binascii.Error:
        return MOST_PAGES
    left, parts = MOST_INFLATED, [data]
    for stream in _STREAM.finditer(data):
        inflated = _inflated(data, stream.end(), left)
        if inflated is None:
            return MOST_PAGES
        left -= len(inflated)
        parts.append(inflated)
    if any(map(_UNCLEAR.search, parts)):
        return MOST_PAGES
    listed = sum([len(_PAGE.findall(part)) for part in parts])
    held = sum([kids.count(b"R") for part in parts for kids in _KIDS.findall(part)])
    counts = [int(number) for part in parts for number in _COUNT.findall(part)]
    return min(max(listed, held, *counts, 0), MOST_PAGES) or MOST_PAGES


def _inflated(data: bytes, start: int, most: int) -> bytes | None:
    """Returns what a stream of objects holds; None where it is too much, or packed otherwise."""
    packed = zlib.decompressobj()
    try:
        inflated = packed.decompress(data[start:], max(1, most))
    except zlib.error:
        return None
    return inflated if packed.eof else None
