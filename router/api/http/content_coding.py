"""Bodies that come compressed (`Content-Encoding`): gzip, deflate and zstd, one at a time.

Codex sends zstd, and conversations are long. The limit on bodies holds for what comes out, and is
met before more comes out: a bomb costs as much as the largest body that is allowed. RFC 9110,
section 8.4.1; RFC 9659 bounds zstd's window to 8 MB.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Callable
from typing import Protocol

from router.errors import BodyTooLarge, RequestError, UnsupportedMedia

CODINGS = ("gzip", "deflate", "zstd")
MAX_MEMBERS = 64
"""Members of gzip, or frames of zstd, in one body: clients write one, and each is a copy of the
rest."""
_WINDOW_LOG = 23
_ZLIB_BITS = {"gzip": 31, "deflate": 15}


class _Decoder(Protocol):
    """Describes what zlib's and zstd's decompressors share."""

    def decompress(self, data: bytes, max_length: int, /) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...


def coding_of(headers: dict[str, str]) -> str:
    """The body's one coding, "" for none. Raises UnsupportedMedia for another one, or several."""
    said = headers.get("content-encoding", "").strip().lower()
    coding = "gzip" if said == "x-gzip" else said
    if coding in ("", "identity"):
        return ""
    if coding not in CODINGS:
        raise UnsupportedMedia(
            f"Content-Encoding is {said[:64]!r}; expected one of {', '.join(CODINGS)}, or none."
        )
    return coding


def decoded(body: bytes, coding: str, limit: int) -> bytes:
    """Unpacks the body, to at most `limit` bytes. Raises BodyTooLarge, RequestError."""
    new, failures = _decoders(coding)
    pieces: list[bytes] = []
    size, rest = 0, body
    for _ in range(MAX_MEMBERS):
        decoder = new()
        try:
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
