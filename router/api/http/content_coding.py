"""Decompresses bodies (`Content-Encoding`): gzip, deflate and zstd, one coding at a time.

Codex sends zstd, and conversations are long. The limit on bodies counts decompressed bytes, and
stops before more of them are made: a compression bomb costs as much as the largest allowed body.
RFC 9110, section 8.4.1; RFC 9659 bounds zstd's window to 8 MB.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from router.errors import BodyTooLarge, RequestError, UnsupportedMedia

CODINGS = ("gzip", "deflate", "zstd")
MAX_MEMBERS = 64
"""Bounds the members of gzip, or frames of zstd, in one body.

Clients write one, and each further one copies the rest of the body.
"""
# 2^23 bytes is the window of RFC 9659. zlib takes 31 for a gzip header and 15 for its own.
_WINDOW_LOG = 23
_ZLIB_BITS = {"gzip": 31, "deflate": 15}


class _Decoder(Protocol):
    """Describes the interface that zlib's and zstd's decompressors share."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


def coding_of(headers: dict[str, str]) -> str:
    """Returns the body's coding, "" for none. Raises UnsupportedMedia for others or several."""
    header = headers.get("content-encoding", "").strip().lower()
    coding = "gzip" if header == "x-gzip" else header
    if coding in ("", "identity"):
        return ""
    if coding not in CODINGS:
        raise UnsupportedMedia(
            f"Content-Encoding is {header[:64]!r}; expected one of {', '.join(CODINGS)}, or none."
        )
    return coding


def decoded(body: bytes, coding: str, limit: int) -> bytes:
    """Returns the decompressed body of at most `limit` bytes. Raises BodyTooLarge, RequestError."""
    new, failures = _decoders(coding)
    pieces: list[bytes] = []
    size, rest = 0, body
    for _ in range(MAX_MEMBERS):
        decoder = new()
        try:
            # One byte more than allowed shows that there is more, without making the rest.
            piece = decoder.decompress(rest, limit - size + 1)
        except failures as error:
            raise _broken(coding, f"is no {coding}") from error
        pieces.append(piece)
        size += len(piece)
        if size > limit:
            raise BodyTooLarge(
                f"The body has more than {limit} bytes once decompressed, which is what this "
                "server takes. Shorten the messages, or raise max_body_bytes in the policy."
            )
        if not decoder.eof:
            raise _broken(coding, "breaks off")
        rest = decoder.unused_data
        if not rest:
            return pieces[0] if len(pieces) == 1 else b"".join(pieces)
    raise _broken(coding, f"has more than {MAX_MEMBERS} pieces")


def _decoders(coding: str) -> tuple[Callable[[], _Decoder], tuple[type[Exception], ...]]:
    if coding != "zstd":
        return lambda: zlib.decompressobj(_ZLIB_BITS[coding]), (zlib.error,)
    if sys.version_info >= (3, 14):
        # Imported late: most bodies come uncompressed.
        from compression import zstd
    else:
        from backports import zstd
    options = {int(zstd.DecompressionParameter.window_log_max): _WINDOW_LOG}
    return lambda: zstd.ZstdDecompressor(options=options), (zstd.ZstdError,)


def _broken(coding: str, what: str) -> RequestError:
    return RequestError(
        f"The body {what}, though Content-Encoding says {coding}; expected JSON compressed with "
        "it, or no Content-Encoding.",
        code="invalid_value",
    )
