"""`Idempotency-Key`: a request that is sent again under its key gets its first answer, and costs
nothing.

`Idempotency` wraps a handler; without the header nothing changes. With it the answer is recorded as
it goes out, and kept when its row says that it was one; errors are not, so a retry tries again. The
work goes on when the client leaves: what it then asks for again is there, and paid for once.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import orjson

from router.api.access import Doorkeeper
from router.api.http import Event, Handler, Receive, Scope, Send, headers_of, read_body
from router.api.metrics import Metrics
from router.api.views import decision_id, id_headers, request_id_of
from router.errors import KeyReused
from router.replaying import replayed_row
from router.types import Clock, Identity, Ids, Ledger, Reply, ReplyStore
from router.types import Scope as KeyScope
from router.wire.checks import wrong_value

HEADER = "Idempotency-Key"
_NAME = HEADER.lower().encode()
MAX_KEY = 255
MAX_REPLY_BYTES = 8 * 1024 * 1024
"""A larger answer is not kept; its repeat is a new request."""
HINTS = ("x-tiergate-", "x-session-id")
"""Headers that change what a request means, so another one of them is another request."""
OF_ONE_RESPONSE = (
    b"x-tiergate-cost-usd",
    b"x-tiergate-saved-usd",
    b"x-ratelimit-",
    b"server-timing",
)
"""What the headers begin with that say nothing of a repeat."""


@dataclass(slots=True)
class _Run:
    """A request under a key that is being answered now."""

    fingerprint: str
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Idempotency:
    """What wraps handlers: `idempotent(handler)` is the handler with the header's meaning."""

    def __init__(
        self,
        replies: ReplyStore,
        door: Doorkeeper,
        metrics: Metrics,
        *,
        ledger: Ledger,
        max_body_bytes: Callable[[], int],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._replies = replies
        self._door = door
        self._metrics = metrics
        self._ledger = ledger
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._ids = ids
        self._running: dict[tuple[str, str], _Run] = {}

    def __call__(self, handler: Handler) -> Handler:
        """The handler, whose answers are kept under the keys that clients give."""

        async def once(scope: Scope, receive: Receive, send: Send) -> None:
            if any(name == _NAME for name, _ in scope["headers"]):
                await self._once(handler, scope, receive, send)
            else:
                await handler(scope, receive, send)

        return once

    async def _once(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        """The kept answer, else the handler's, one at a time for each key. Raises KeyReused."""
        started = self._clock.monotonic_ms()
        headers = headers_of(scope)
        key = _checked(headers[HEADER.lower()])
        identity = await self._door.admit(headers, KeyScope.CHAT)
        body = await read_body(headers, receive, self._max_body_bytes())
        fingerprint = _fingerprint(scope["path"], headers, body)
        name = (identity.tenant, key)
        while (other := self._running.get(name)) is not None:  # ends with the one that runs
            _require_same(other.fingerprint, fingerprint)
            await other.done.wait()
        run = self._running[name] = _Run(fingerprint)
        try:
            kept = await self._replies.get(*name)
            if kept is None:
                recorder = _Recorder(send)
                await handler(_plain(scope), _given(body), recorder.send)
                reply = await self._reply(recorder, identity, fingerprint)
                if reply is not None:
                    await self._replies.put(*name, reply)
                return
        finally:
            del self._running[name]
            run.done.set()
        _require_same(kept.fingerprint, fingerprint)
        await self._again(kept, identity, started, send)

    async def _reply(
        self, recorder: _Recorder, identity: Identity, fingerprint: str
    ) -> Reply | None:
        """What was sent as a reply to keep; None unless its row says that it was an answer.

        A stream that broke has the status of one that did not, so the status is not enough.
        """
        decision = dict(recorder.headers).get(b"x-tiergate-decision-id")
        if recorder.status != 200 or not recorder.complete or decision is None:
            return None
        row = await self._ledger.get(request_id_of(decision.decode()), identity.tenant)
        if row is None or not row.verdict:
            return None
        return Reply(fingerprint, row, tuple(recorder.headers), tuple(recorder.pieces))

    async def _again(self, kept: Reply, identity: Identity, started: float, send: Send) -> None:
        """Send a kept answer once more, and book that it cost nothing."""
        request_id, now_ms = self._ids.new(), self._clock.now_ms()
        latency_ms = self._clock.monotonic_ms() - started
        row = replayed_row(kept.row, request_id, identity.key_id, now_ms, latency_ms)
        await self._ledger.finish(row)
        self._metrics.replayed()
        ids = dict(id_headers(request_id))
        ids[b"request-id"] = ids[b"x-request-id"]  # Anthropic's name for it
        headers = [
            *((k, ids.get(k, v)) for k, v in kept.headers if not k.startswith(OF_ONE_RESPONSE)),
            (b"x-tiergate-cost-usd", b"0"),
            (b"x-tiergate-replay-of", decision_id(kept.row.request_id).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in kept.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Recorder:
    """Passes a response on and keeps what went out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._size = 0
        self._gone = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.complete = False

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self.status, self.headers = event["status"], list(event["headers"])
        else:
            self._keep(event.get("body", b""))
            fits = self._size <= MAX_REPLY_BYTES
            self.complete = fits and not event.get("more_body", False)
        if self._gone:
            return
        try:
            await self._send(event)
        except OSError:  # the client left, which some servers tell so; its answer is kept
            self._gone = True

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_REPLY_BYTES:
            self.pieces.clear()
        elif piece:
            self.pieces.append(piece)


def _plain(scope: Scope) -> Scope:
    """The request without what said how its body came: it is decompressed by now."""
    said = (b"content-encoding", b"content-length")
    return {**scope, "headers": [pair for pair in scope["headers"] if pair[0] not in said]}


def _given(body: bytes) -> Receive:
    """The body that was read already; then nothing more, not even that the client left."""
    events: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> Event:
        if not events:
            await asyncio.Event().wait()
        return events.pop()

    return receive


def _checked(key: str) -> str:
    if not (1 <= len(key) <= MAX_KEY and key.isascii() and key.isprintable()):
        raise wrong_value(HEADER, key, f"1 to {MAX_KEY} printable ASCII characters")
    return key


def _fingerprint(path: str, headers: dict[str, str], body: bytes) -> str:
    """Equal for requests that ask for the same: path, hints and body, its keys in any order."""
    # What is no JSON, or too deep, is told by the handler; its bytes will do here.
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    hints = sorted((name, value) for name, value in headers.items() if name.startswith(HINTS))
    said = hashlib.sha256(repr((path, hints)).encode())
    said.update(body)
    return said.hexdigest()


def _require_same(first: str, fingerprint: str) -> None:
    if first != fingerprint:
        raise KeyReused(
            f"This {HEADER} came with another request before; expected the same path, body and "
            "hints. Send a new key for a new request.",
            param=HEADER,
        )
