"""Defines the Protocols of a wire format: bytes to requests, and answers to bytes.

Endpoints that answer differ only in their format. Every format produces a ChatRequest, so triage,
decision, verification and accounting exist only once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from router.errors import TiergateError
from router.types import Answer, ChatRequest, Delta, JsonText, Usage


class AnswerStream(Protocol):
    """Renders an answer as events: `begin`, a `delta` per piece, then `finish` or `failure`."""

    def begin(self) -> bytes:
        """Returns the bytes before the first piece, or b"" for none."""
        ...

    def delta(self, delta: Delta) -> bytes:
        """Returns the bytes of one piece, or b"" for a piece without content."""
        ...

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """Returns the end of a good stream. `routing` is what the headers did not say."""
        ...

    def failure(self, error: TiergateError) -> bytes:
        """Returns the end of a stream that failed after its first byte, unlike a good end."""
        ...


class Exchange(Protocol):
    """Holds the requests of one body, and renders the answers to them."""

    @property
    def requests(self) -> tuple[ChatRequest, ...]:
        """Returns at least one request. A body with several prompts has one for each.

        They differ only in the prompt.
        """
        ...

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        """Returns the body of a whole answer; `created` in seconds; `id` without prefix."""
        ...

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> AnswerStream:
        """Returns the renderer of the same answer as events.

        `model` is the answering model. `usage` is its usage, as far as it is known at the commit.
        """
        ...


class OneRequest(Struct, frozen=True):
    """Holds the request of an exchange that has only one."""

    request: ChatRequest

    @property
    def requests(self) -> tuple[ChatRequest, ...]:
        """Returns the only request."""
        return (self.request,)


SKIPPED_COMMENT = b": wait\n\n"
"""Is an event of nothing but a comment, which readers of event streams skip."""


class WireFormat(Protocol):
    """Reads bodies and renders errors of one endpoint."""

    sign_of_life: bytes
    """Is what a stream says in a silence, before its first event too; clients skip it."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> Exchange:
        """Returns the exchange for a body; header names are in lower case.

        Raises RequestError (400) that names the key.
        """
        ...

    def error(self, error: TiergateError, request_id: str) -> bytes:
        """Returns the body of an error, in the form that clients of this format read."""
        ...

    def status(self, error: TiergateError) -> int:
        """Returns the status of an error, as clients of this format read it."""
        ...

    def id_headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        """Returns further headers with the request's id, for clients of this format."""
        ...
