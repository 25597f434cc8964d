"""Answers a repeated request with its first answer, at no cost (`Idempotency-Key`).

`Idempotency` wraps a handler; without the header nothing changes. With it, the answer is recorded
as it goes out, and kept when its row shows that it was an answer. Errors are not kept, so a retry
tries again. The work goes on when the client leaves, so its repeat finds the answer and it is paid
for once. All workers share the store, which outlives them. A request whose key is being answered
waits for that answer.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import orjson

from router.api.http.asgi import Event, Handler, Receive, Scope, Send, headers_of, read_body
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import id_headers, rate_headers
from router.api.http.repeat_admission import GivenAgain
from router.api.http.repeat_row import replayed_row
from router.api.observability.metrics import Metrics
from router.errors import KeyReused, LedgerError
from router.types import (
    Clock,
    Identity,
    Ids,
    Ledger,
    RateState,
    Reply,
    ReplyStore,
    RequestRow,
    Standing,
)
from router.types import Scope as KeyScope
from router.wire.checks import wrong_value
from router.wire.hints import HINT_HEADERS
from router.wire.public_ids import decision_id, request_id_of

HEADER = "Idempotency-Key"
_NAME = HEADER.lower().encode()
MAX_KEY = 255
RENEW_S = 4.0
"""Sets how often a running request renews its claim: a few times within the store's lease."""
FIRST_POLL_S, LONGEST_POLL_S = 0.02, 0.25
"""Sets the first and the longest pause between two looks for another process's answer."""
MAX_REPLY_BYTES = 8 * 1024 * 1024
"""Bounds the size of a kept answer; the repeat of a larger one is a new request."""
_RIGHTS = frozenset({KeyScope.HINTS_LOWER, KeyScope.SECURITY})
"""Lists the scopes by which equal requests of two keys may get unequal answers."""
OF_ONE_RESPONSE = (
    b"x-tiergate-cost-usd",
    b"x-tiergate-saved-usd",
    b"x-ratelimit-",
    b"server-timing",
)
"""Lists how the headers begin that describe one response and not its repeat."""


@dataclass(slots=True)
class _Run:
    """Describes a request under a key that is being answered now."""

    fingerprint: str
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Idempotency:
    """Wraps handlers: `idempotent(handler)` follows the header."""

    def __init__(
        self,
        replies: ReplyStore,
        door: Doorkeeper,
        metrics: Metrics,
        *,
        given_again: GivenAgain,
        ledger: Ledger,
        max_body_bytes: Callable[[], int],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._replies = replies
        self._door = door
        self._metrics = metrics
        self._given_again = given_again
        self._ledger = ledger
        self._max_body_bytes = max_body_bytes
        self._clock = clock
        self._ids = ids
        self._running: dict[tuple[str, str], _Run] = {}

    def __call__(self, handler: Handler) -> Handler:
        """Returns the handler, with its answers kept under the keys that clients give."""

        def once(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            for name, _ in scope["headers"]:
                if name == _NAME:
                    return self._once(handler, scope, receive, send)
            return handler(scope, receive, send)

        return once

    async def _once(self, handler: Handler, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the kept answer or the handler's, one at a time for each key. Raises KeyReused."""
        started = self._clock.monotonic_ms()
        headers = headers_of(scope)
        key = _checked(headers[HEADER.lower()])
        identity = await self._door.admit(headers, KeyScope.CHAT)
        body = await read_body(headers, receive, self._max_body_bytes())
        fingerprint = _fingerprint(scope["path"], headers, body)
        name = (identity.tenant, _kept_under(key, identity))
        # Within one process an event is enough; the store's claim waits for other processes.
        while (other := self._running.get(name)) is not None:  # ends with the request that runs
            _require_same(other.fingerprint, fingerprint)
            await other.done.wait()
        # No await since the last look, so no other request can have come between.
        run = self._running[name] = _Run(fingerprint)
        try:
            standing = await self._claimed(*name, fingerprint)
            if standing.reply is None:
                recorder = _Recorder(send)
                async with self._answering(*name, standing.token, recorder):
                    await handler(_plain(scope), _given(body), recorder.send)
                # The last bytes go out after the answer is kept, so a fast repeat finds it.
                await recorder.finish()
                return
        finally:
            del self._running[name]
            run.done.set()
        first = await self._ledger.get(standing.reply.request_id, identity.tenant)
        if first is None:  # its row was purged, so nothing shows any more which answer it was
            await handler(_plain(scope), _given(body), send)
            return
        rates = await self._given_again.admit(identity, first)
        await self._again(standing.reply, first, identity, rates, started, send)

    async def _claimed(self, tenant: str, key: str, fingerprint: str) -> Standing:
        """Returns the answer, or the right to answer; waits while another process answers.

        Raises KeyReused, LedgerError.
        """
        pause_s = FIRST_POLL_S
        while True:  # ends with the other process's answer, or with its lease
            standing = await self._replies.claim(tenant, key, fingerprint)
            if not standing.same:
                raise _reused()
            if not standing.running:
                return standing
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_POLL_S)

    @asynccontextmanager
    async def _answering(
        self, tenant: str, key: str, token: str, recorder: _Recorder
    ) -> AsyncIterator[None]:
        """Holds the claim during the block; then keeps the answer, or lets the next request try."""
        renewing = asyncio.create_task(self._renew(tenant, key, token))
        reply: Reply | None = None
        try:
            yield
            with suppress(LedgerError):
                reply = await self._reply(recorder, tenant)
        finally:
            renewing.cancel()
            # The answer is paid for, so a ledger that cannot be used loses only the copy of it.
            with suppress(LedgerError):
                if reply is None:
                    await self._replies.release(tenant, key, token)
                else:
                    await self._replies.keep(tenant, key, token, reply)

    async def _renew(self, tenant: str, key: str, token: str) -> None:
        while True:  # ends when it is cancelled
            await asyncio.sleep(RENEW_S)
            with suppress(LedgerError):
                await self._replies.renew(tenant, key, token)

    async def _reply(self, recorder: _Recorder, tenant: str) -> Reply | None:
        """Returns the sent answer as a reply to keep; None unless its row shows that it was an
        answer.

        A stream that broke has the same status as a whole one, so the status is not enough.
        """
        decision = dict(recorder.headers).get(b"x-tiergate-decision-id")
        if recorder.status != 200 or not recorder.complete or decision is None:
            return None
        row = await self._ledger.get(request_id_of(decision.decode()), tenant)
        if row is None or not row.verdict:
            return None
        return Reply(row.request_id, tuple(recorder.headers), tuple(recorder.pieces))

    async def _again(
        self,
        kept: Reply,
        first: RequestRow,
        identity: Identity,
        rates: Sequence[RateState],
        started: float,
        send: Send,
    ) -> None:
        """Sends a kept answer once more, and books a row of no cost."""
        request_id, now_ms = self._ids.new(), self._clock.now_ms()
        latency_ms = self._clock.monotonic_ms() - started
        row = replayed_row(first, request_id, identity.key_id, now_ms, latency_ms)
        await self._ledger.finish(row, answers=True)
        self._metrics.replayed()
        # The repeat has a row and an id of its own; all other headers are the first answer's.
        ids = dict(id_headers(request_id))
        ids[b"request-id"] = ids[b"x-request-id"]  # the name that Anthropic's clients read
        headers = [
            *((k, ids.get(k, v)) for k, v in kept.headers if not k.startswith(OF_ONE_RESPONSE)),
            *rate_headers(rates),
            (b"x-tiergate-cost-usd", b"0"),
            (b"x-tiergate-replay-of", decision_id(first.request_id).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        for piece in kept.pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


class _Recorder:
    """Passes a response on, and keeps the bytes that went out.

    The last piece waits for `finish`, so a client that has the whole answer can rely on the copy.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._size = 0
        self._gone = False
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.pieces: list[bytes] = []
        self.complete = False
        self._last: Event | None = None

    async def send(self, event: Event) -> None:
        if event["type"] == "http.response.start":
            self.status, self.headers = event["status"], list(event["headers"])
        else:
            self._keep(event.get("body", b""))
            fits = self._size <= MAX_REPLY_BYTES
            self.complete = fits and not event.get("more_body", False)
            if not event.get("more_body", False):
                self._last = event
                return
        await self._pass(event)

    async def finish(self) -> None:
        """Sends the last piece, where there was one."""
        if self._last is not None:
            await self._pass(self._last)

    async def _pass(self, event: Event) -> None:
        if self._gone:
            return
        try:
            await self._send(event)
        except OSError:  # some servers raise this when the client left; its answer is kept
            self._gone = True

    def _keep(self, piece: bytes) -> None:
        self._size += len(piece)
        if self._size > MAX_REPLY_BYTES:
            # An answer this large is not kept, so its bytes need no memory.
            self.pieces.clear()
        elif piece:
            self.pieces.append(piece)


def _plain(scope: Scope) -> Scope:
    """Returns the scope without the headers of the body's coding: the body is decompressed.

    Nor does the handler learn that the client left, since its repeat wants the answer.
    """
    names = (b"content-encoding", b"content-length")
    headers = [pair for pair in scope["headers"] if pair[0] not in names]
    return {**scope, "headers": headers, "extensions": {}}


def _given(body: bytes) -> Receive:
    """Returns a `receive` that gives the body, and then nothing, not even that the client left."""
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
    """Returns equal values for equal requests: path, hints, body with keys in any order."""
    # The handler reports a body that is no JSON or too deep; its bytes are enough here.
    with suppress(orjson.JSONDecodeError, orjson.JSONEncodeError, RecursionError):
        body = orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    # Other headers (a client's version, a trace id) may differ between tries.
    hints = sorted(
        (name, value) for name, value in headers.items() if name.startswith(HINT_HEADERS)
    )
    digest = hashlib.sha256(repr((path, hints)).encode())
    digest.update(body)
    return digest.hexdigest()


def _kept_under(key: str, identity: Identity) -> str:
    """Returns the name of a key's answer: another one for keys whose scopes change what goes out.

    So what a key of the scope `security` got is never given to one that would be refused.
    """
    rights = sorted(scope.value for scope in identity.scopes & _RIGHTS)
    # No client's key has a line feed, so no key names what was kept for other rights.
    return "\n".join((key, *rights))


def _require_same(first: str, fingerprint: str) -> None:
    if first != fingerprint:
        raise _reused()


def _reused() -> KeyReused:
    return KeyReused(
        f"This {HEADER} came with another request before; expected the same path, body and "
        "hints. Send a new key for a new request.",
        param=HEADER,
    )
