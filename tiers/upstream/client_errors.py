"""Names what can go wrong between the HTTP client and an upstream, and turns it into our errors.

An upstream's own words are never repeated: they may hold a key. It knows nothing about calls.
"""

from __future__ import annotations

import os
import ssl

from router.errors import (
    DeadlineExceeded,
    StreamCut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRejected,
    UpstreamUnreachable,
)


class HttpFault(Exception):
    """Something between the client and an upstream; its text says the cause in plain words."""


class BadAddress(HttpFault):
    """The address is none; nothing was sent."""


class NotConnected(HttpFault):
    """There is no connection: no such host, refused, too late, TLS; nothing was sent."""


class NoFiles(NotConnected):
    """This process may open no more files; nothing was sent, and the upstream is not at fault."""


class BadHttp(HttpFault):
    """What came is no HTTP, or has a head without end."""


class Disconnected(HttpFault):
    """The connection ended before a response came; the request may have been read."""


class Incomplete(HttpFault):
    """The connection ended within a response."""


FOREIGN = (HttpFault, ssl.SSLError, TimeoutError, OSError)
"""All that the client raises for what an upstream does; a test walks the exception classes."""

_BY_NAME = "; SSL_CERT_FILE names a file of those to trust"
_CERTIFICATE_FAULTS = {
    9: "its certificate is not valid yet; compare the clocks",
    10: "its certificate has expired",
    18: f"its certificate is signed by itself, and this machine does not trust it{_BY_NAME}",
    19: f"its certificate comes from an authority that this machine does not trust{_BY_NAME}",
    20: f"its certificate comes from an authority that this machine does not know{_BY_NAME}",
    62: "its certificate is for another host name",
    64: "its certificate is for another address",
}
"""The reasons of OpenSSL (X509_V_ERR_*) that an operator can act on, by their numbers."""


def why(error: BaseException) -> str:
    """Returns the cause in plain words, or the name of the error's class."""
    if isinstance(error, HttpFault):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        code = getattr(error, "verify_code", 0)  # an error that OpenSSL did not raise has none
        return _CERTIFICATE_FAULTS.get(code, "its certificate is not trusted")
    if isinstance(error, ssl.SSLError):
        return "TLS failed"
    number = getattr(error, "errno", None)
    return os.strerror(number).lower() if number else type(error).__name__


def to_ours(error: BaseException, answerer: str = "") -> UpstreamError | DeadlineExceeded:
    """Returns our error for one of the client's; `sent` is True when the upstream may have read it.

    It names `answerer` where it is known and nothing was sent. Clients read it, so it names no
    address: the log has that.
    """
    cause, who = why(error), answerer or "The upstream"
    if isinstance(error, BadHttp):
        return UpstreamInvalid(f"The upstream does not speak HTTP as expected ({cause}).")
    if isinstance(error, BadAddress):
        return UpstreamRejected(f"The upstream's address cannot be used ({cause}).", sent=False)
    if isinstance(error, NotConnected):
        return UpstreamUnreachable(f"{who} cannot be reached ({cause}).", sent=False)
    if isinstance(error, Incomplete):
        return StreamCut(f"The upstream's answer broke off ({cause}).")
    if isinstance(error, TimeoutError):
        return DeadlineExceeded(f"The upstream did not answer in time ({cause}).")
    return UpstreamUnreachable(f"The connection to the upstream was lost ({cause}).")
