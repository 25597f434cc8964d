"""A wire format as the server uses it: bytes in, requests out, and the answer to them as bytes.

Endpoints that answer differ in nothing else. Whatever came in, what goes on from here is a
ChatRequest, so that triage, decision, verification and accounting exist once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from router.errors import TiergateError
from router.types import Answer, ChatRequest, Delta, JsonText, Usage


class AnswerStream(Protocol):
    """One answer as events: `begin`, a `delta` for each piece, then `finish` or `failure`."""

    def begin(self) -> bytes:
        """What comes before the first piece, b"" for nothing."""
        ...

    def delta(self, delta: Delta) -> bytes:
        """One piece, b"" for one that says nothing."""
        ...

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """What ends a good stream; `routing` only when debug was asked for."""
        ...

    def failure(self, error: TiergateError) -> bytes:
        """What ends a stream that failed after its first byte: never what a good one ends with."""
        ...


class Exchange(Protocol):
    """What one body asked for, and how the answer to it is said."""

    @property
    def requests(self) -> tuple[ChatRequest, ...]:
        """At least one; several where a body has several prompts, alike in all but that."""
        ...

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        """The body of a whole answer; `created` in seconds; `id` without the format's prefix."""
        ...

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> AnswerStream:
        """The same as events; `model` is what answers, and `usage` what it uses, as far as is known
        at the commit."""
        ...


class OneRequest(Struct, frozen=True):
    """What exchanges of one request have in common."""

    request: ChatRequest

    @property
    def requests(self) -> tuple[ChatRequest, ...]:
        """The request alone."""
        return (self.request,)


class WireFormat(Protocol):
    """One endpoint's language."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Exchange:
        """The exchange that a body asks for; header names are in lower case.

        Raises RequestError (400) that names the key.
        """
        ...

    def error(self, error: TiergateError, request_id: str) -> bytes:
        """The body of an error, as clients of this format read it."""
        ...

    def id_headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """Headers with the request's id which clients of this format read, beside our own."""
        ...
