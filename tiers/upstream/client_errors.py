"""Turns the errors of aiohttp into ours.

An upstream's own words are never repeated: they may hold a key. It knows nothing about calls.
"""

from __future__ import annotations

import os
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


_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (aiohttp.ClientConnectorDNSError, "no such host"),
    (aiohttp.ClientConnectorCertificateError, "its certificate is not trusted"),
    (aiohttp.ClientSSLError, "TLS failed"),
    (aiohttp.ConnectionTimeoutError, "no connection in time"),
    (aiohttp.ServerDisconnectedError, "it closed the connection"),
)


def _why(error: BaseException) -> str:
    """Returns the cause in plain words, or the name of the error's class."""
    for kind, words in _WORDS:
        if isinstance(error, kind):
            return words
    number = getattr(getattr(error, "os_error", error), "errno", None)
    return os.strerror(number).lower() if number else type(error).__name__


def to_ours(
    error: BaseException, answerer: str = "", host: str = ""
) -> UpstreamError | DeadlineExceeded:
    """Returns our error for one of aiohttp's; `sent` is True when the upstream may have read it.

    It names `answerer` and `host` where they are known and nothing was sent.
    """
    kind, who = _why(error), answerer or "The upstream"
    if isinstance(error, aiohttp.http_exceptions.PayloadEncodingError):
        return StreamCut(f"The upstream's answer broke off ({kind}).")
    if isinstance(error, _INVALID):
        return UpstreamInvalid(f"The upstream does not speak HTTP as expected ({kind}).")
    if isinstance(error, _MISDIRECTED):
        return UpstreamRejected(f"The upstream's address cannot be used ({kind}).", sent=False)
    if isinstance(error, _NOT_SENT):
        place = f" at {host}" if host else ""
        return UpstreamUnreachable(f"{who} cannot be reached{place} ({kind}).", sent=False)
    if isinstance(error, _CUT):
        return StreamCut(f"The upstream's answer broke off ({kind}).")
    if isinstance(error, TimeoutError):
        return DeadlineExceeded(f"The upstream did not answer in time ({kind}).")
    return UpstreamUnreachable(f"The connection to the upstream was lost ({kind}).")
