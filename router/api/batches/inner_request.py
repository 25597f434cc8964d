"""Asks the server's own ASGI application, without a socket: the request of one line of a batch.

So a line takes the same path as a request from outside: rates, budgets, triage, row, errors. It
comes in under the identity that made the batch.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from router.api.http.asgi import INNER, Event, Handler
from router.api.http.authentication import ACTING
from router.types import Identity
from router.wire.hints import PREFIX

MAX_REPLY_BYTES = 8 * 1024 * 1024
"""Bounds an answer that is kept; a longer one is an error of its line."""


@dataclass(slots=True)
class InnerReply:
    """Collects a response."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytearray = field(default_factory=bytearray)

    async def send(self, event: Event) -> None:
        """Takes an event of the response."""
        if event["type"] == "http.response.start":
            self.status = event["status"]
            self.headers = dict(event["headers"])
        elif len(self.body) <= MAX_REPLY_BYTES:
            self.body += event.get("body", b"")

    @property
    def too_long(self) -> bool:
        """Returns True for a reply that was not kept whole."""
        return len(self.body) > MAX_REPLY_BYTES

    @property
    def request_id(self) -> str:
        """Returns the request's public id."""
        return self.headers.get(b"x-request-id", b"").decode("latin-1")


async def inner_reply(
    application: Handler, path: str, body: bytes, identity: Identity, tags: tuple[str, ...]
) -> InnerReply:
    """Returns the application's response to a POST of JSON by this identity."""
    reply = InnerReply()
    given = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Event:
        if given:
            return given.pop()
        # The asker of a batch never leaves; the handler's watch is cancelled when it is done.
        await asyncio.Event().wait()
        raise AssertionError("nobody sets this event")

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (f"{PREFIX}tags".encode(), ",".join(tags).encode()),
        ],
        "client": None,
        "server": ("batch", 0),
        INNER: True,
    }
    token = ACTING.set(identity)
    try:
        await application(scope, receive, reply.send)
    finally:
        ACTING.reset(token)
    return reply
