"""What aiohttp raises for what an upstream does, as errors of ours.

An upstream's own words are never repeated: they may hold a key. It knows nothing about calls.
"""

from __future__ import annotations

import ssl

import aiohttp

from router.errors import (
    DeadlineExceeded,
    StreamCut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRejected,
    UpstreamUnreachable,
)

FOREIGN = (
    aiohttp.ClientError,
    aiohttp.http_exceptions.HttpProcessingError,
    aiohttp.WebSocketError,
    aiohttp.WSMessageTypeError,
    aiohttp.EofStream,
    ssl.SSLError,
    TimeoutError,
    OSError,
)
"""All that aiohttp raises for what an upstream does; a test walks its exception classes."""

# First match counts: the narrow ones stand above their bases.
_NOT_SENT = (
    aiohttp.ClientConnectorError,  # refused, no such host, TLS, proxy
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
)
_INVALID = (
    aiohttp.ClientResponseError,
    aiohttp.http_exceptions.HttpProcessingError,
    aiohttp.RedirectClientError,
    aiohttp.WebSocketError,
    aiohttp.WSMessageTypeError,
)
_MISDIRECTED = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)
_CUT = (aiohttp.ClientPayloadError, aiohttp.EofStream)


def to_ours(error: BaseException) -> UpstreamError | DeadlineExceeded:
    """Our error for one of aiohttp's; `sent`: whether the upstream may have read the request."""
    kind = type(error).__name__
    if isinstance(error, aiohttp.http_exceptions.PayloadEncodingError):
        return StreamCut(f"The upstream's answer broke off ({kind}).")
    if isinstance(error, _INVALID):
        return UpstreamInvalid(f"The upstream does not speak HTTP as expected ({kind}).")
    if isinstance(error, _MISDIRECTED):
        return UpstreamRejected(f"The upstream's address cannot be used ({kind}).", sent=False)
    if isinstance(error, _NOT_SENT):
        return UpstreamUnreachable(f"The upstream cannot be reached ({kind}).", sent=False)
    if isinstance(error, _CUT):
        return StreamCut(f"The upstream's answer broke off ({kind}).")
    if isinstance(error, TimeoutError):
        return DeadlineExceeded(f"The upstream did not answer in time ({kind}).")
    return UpstreamUnreachable(f"The connection to the upstream was lost ({kind}).")
