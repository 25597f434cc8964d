"""Remembers for a moment which requests failed, so that one that comes again is known to.

SDKs of OpenAI and Anthropic say so in a header. What wraps them says nothing (tenacity in
LlamaIndex), nor do other clients (the Vercel AI SDK, litellm). This process alone remembers, and
only digests.
"""

from __future__ import annotations

import hashlib
from functools import partial

import msgspec
from msgspec.structs import replace

from router.errors import AnswererError, TiergateError
from router.threads.offload import offloaded
from router.types import ChatRequest, Clock, Identity

REMEMBERED_MS = 30_000.0
"""Clients wait 1 to 16 s before they ask again; a person who tries later has all tries anew."""
MOST_REMEMBERED = 1_000
"""Bounds the memory (100 KB) where an outage lets very many requests fail."""


class FailedBefore:
    """Marks requests that failed within the last half minute and come again under the same key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._failed_ms: dict[bytes, float] = {}  # by digest; the oldest stand first

    async def marked(self, request: ChatRequest, identity: Identity) -> ChatRequest:
        """Returns the request, marked as repeated where an equal one failed a moment ago."""
        if request.repeated or not self._failed_ms:
            return request
        self._forget()
        digest = await _digest(request, identity)
        return replace(request, repeated=True) if digest in self._failed_ms else request

    async def note(
        self, request: ChatRequest, identity: Identity, error: TiergateError | None
    ) -> None:
        """Remembers a request that failed since no answerer answered; others are not remembered."""
        if not isinstance(error, AnswererError):
            return
        digest = await _digest(request, identity)
        self._failed_ms.pop(digest, None)
        self._failed_ms[digest] = self._clock.monotonic_ms()
        self._forget()

    def _forget(self) -> None:
        """Forgets what failed too long ago, and the oldest of too many."""
        now_ms = self._clock.monotonic_ms()
        while self._failed_ms:
            oldest = next(iter(self._failed_ms))
            fresh = now_ms - self._failed_ms[oldest] <= REMEMBERED_MS
            if fresh and len(self._failed_ms) <= MOST_REMEMBERED:
                return
            del self._failed_ms[oldest]


async def _digest(request: ChatRequest, identity: Identity) -> bytes:
    """Returns a digest of who asks what.

    A thread reads long requests, and those with parts: an image may have megabytes.
    """
    parts = (
        (identity.tenant, identity.key_id, request.endpoint, request.requested_model),
        request.messages,
        request.sampling,
        request.response_format,
        request.tools,
    )
    return await offloaded(partial(_hashed, parts), when=request.is_long or bool(request.parts))


def _hashed(parts: tuple[object, ...]) -> bytes:
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=16).digest()
