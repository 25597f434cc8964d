"""Passes W3C trace contexts on: from a client's `traceparent` to our calls of upstreams.

It is in use only where spans are exported (`--otlp`); otherwise no request has a trace. Spans are
made after the request, in `spans`, from its row; so their ids follow from the row's.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

from router.api.http.asgi import Handler, Receive, Scope, Send
from router.types import TRACE, Trace

HEADER, STATE = b"traceparent", b"tracestate"
LONGEST_STATE = 512  # what W3C asks everybody to pass on
SAMPLED = 1
_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")

Samples = Callable[[Trace], bool]


def trace_of(headers: list[tuple[bytes, bytes]], samples: Samples) -> Trace:
    """Returns the trace that the client began, or a new one where it names none that is valid.

    W3C Trace Context, section 3.2: a broken header begins a new trace.
    """
    named = [value for name, value in headers if name == HEADER]
    match = _FORM.fullmatch(named[0].strip()) if len(named) == 1 else None
    if match is None or not _valid(match):
        trace = Trace(secrets.token_hex(16))
    else:
        state = b",".join(value for name, value in headers if name == STATE).decode("latin-1")
        kept = state if len(state) <= LONGEST_STATE and state.isprintable() else ""
        flags = int(match[4], 16) & SAMPLED
        trace = Trace(match[2].decode(), match[3].decode(), bool(flags), kept)
    return Trace(trace.trace_id, trace.parent_id, samples(trace), trace.state)


def _valid(match: re.Match[bytes]) -> bool:
    """Returns True for a known form with ids that are not all zeros."""
    version, trace_id, parent_id, more = match[1], match[2], match[3], match[5]
    if version == b"ff" or (version == b"00" and more):
        return False
    return trace_id.strip(b"0") != b"" and parent_id.strip(b"0") != b""


class Traced:
    """Gives each request its trace."""

    def __init__(self, app: Handler, samples: Samples) -> None:
        self._app = app
        self._samples = samples

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        token = TRACE.set(trace_of(scope["headers"], self._samples))
        try:
            await self._app(scope, receive, send)
        finally:
            TRACE.reset(token)
