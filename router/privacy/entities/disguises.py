"""Undoes encodings before anything is looked for, and knows where each character came from.

Percent signs (URL), HTML entities, escapes of JSON and characters without width are undone in
place; a text in base64 is read on its own. Pure, and linear in the text.
"""

from __future__ import annotations

import base64
import binascii
import html
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import unquote

from msgspec import Struct

from router.regexes.late import late_regex

_ENCODED = late_regex(
    r"(?:%[0-9A-Fa-f]{2})+"
    r"|&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"
    r"|(?:\\u[0-9A-Fa-f]{4})+"
    r"|[\u200b-\u200d\u2060\ufeff\u00ad]"
)
_MAYBE_ENCODED = late_regex(r"%[0-9A-Fa-f]{2}|&[#A-Za-z]|\\u|[\u200b-\u200d\u2060\ufeff\u00ad]")
_BASE64 = late_regex(r"(?<![A-Za-z0-9+/_\-=])[A-Za-z0-9+/_\-]{16,20000}={0,2}(?![A-Za-z0-9+/_\-=])")
_LEAST_READABLE = 0.9
"""The share of letters, digits and blanks from which decoded bytes count as a text."""


class Plain(Struct, frozen=True):
    """Holds a text without its encodings.

    `places` map its characters back to the original text; "" where nothing was encoded.
    """

    text: str
    starts: tuple[int, ...] = ()  # of pieces of the plain text
    origins: tuple[tuple[int, int, bool], ...] = ()  # start, end and encoding of each piece

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Returns the place in the original text of the plain characters [start, end)."""
        if not self.starts:
            return start, end
        return self._of(start)[0], self._of(end - 1)[1]

    def _of(self, place: int) -> tuple[int, int]:
        piece = bisect_right(self.starts, place) - 1
        start, end, encoded = self.origins[piece]
        if encoded:
            return start, end
        shifted = start + place - self.starts[piece]
        return shifted, shifted + 1


def plain(text: str) -> Plain:
    """Returns the text with its encodings undone.

    >>> found = plain("write to jo%40example.com now")
    >>> found.text, found.origin(9, 23)
    ('write to jo@example.com now', (9, 25))
    """
    if _MAYBE_ENCODED.search(text) is None:
        return Plain(text)
    kept: list[str] = []
    starts: list[int] = []
    origins: list[tuple[int, int, bool]] = []
    position = length = 0
    for match in _ENCODED.finditer(text):
        decoded = _decoded(match[0])
        if decoded == match[0]:
            continue
        if position < match.start():
            starts.append(length)
            origins.append((position, match.start(), False))
            kept.append(text[position : match.start()])
            length += match.start() - position
        if decoded:
            starts.append(length)
            origins.append((match.start(), match.end(), True))
            kept.append(decoded)
            length += len(decoded)
        position = match.end()
    if not position:
        return Plain(text)
    if position < len(text):
        starts.append(length)
        origins.append((position, len(text), False))
        kept.append(text[position:])
    return Plain("".join(kept), tuple(starts), tuple(origins))


def _decoded(piece: str) -> str:
    if piece[0] == "%":
        return unquote(piece, errors="replace")
    if piece[0] == "&":
        return html.unescape(piece)
    if piece[0] == "\\":
        units = [int(unit, 16) for unit in piece.split("\\u")[1:]]
        packed = b"".join([unit.to_bytes(2, "big") for unit in units])
        return packed.decode("utf-16-be", "replace")
    return ""


def base64_texts(text: str) -> Iterator[tuple[int, int, str]]:
    """Yields the place and the content of each text in base64.

    >>> list(base64_texts("token am9obi5kb2VAZXhhbXBsZS5jb20= end"))
    [(6, 34, 'john.doe@example.com')]
    """
    for match in _BASE64.finditer(text):
        piece = match[0]
        if piece.isalpha() and (piece.islower() or len(piece) < 24):
            continue  # a long word
        padded = piece.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            content = base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
            decoded = content.decode()
        except (binascii.Error, ValueError):
            continue
        readable = sum([letter.isalnum() or letter in " @.,;:-_+/\n'\"{}()" for letter in decoded])
        if readable >= _LEAST_READABLE * len(decoded):
            yield match.start(), match.end(), decoded
