"""Reads bounded bodies, sends bytes and errors: the parts of HTTP that all handlers share.

Handlers are plain ASGI: the request path is too hot for a framework's request objects. It knows
nothing about routing or models.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, MutableMapping
from contextvars import ContextVar
from typing import Any

from router.api.http.content_coding import coding_of, decoded
from router.api.http.decision_headers import Headers, rate_headers
from router.errors import (
    QUOTA_EXHAUSTED,
    AnswererNotReady,
    BodyTooLarge,
    BudgetExceeded,
    ClientGone,
    LedgerUnavailable,
    MethodNotAllowed,
    NoUsableAnswer,
    Overloaded,
    RateLimited,
    RequestError,
    TiergateError,
    TooManyWrongKeys,
    UnsupportedMedia,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
)
from router.threads.shares import KEPT_PART
from router.types import Identity
from router.wire.hints import HINT_HEADERS

# ASGI's own types are open dictionaries; they stop here.
Scope = MutableMapping[str, Any]
Event = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Event]]
Send = Callable[[Event], Awaitable[None]]
Handler = Callable[[Scope, Receive, Send], Awaitable[None]]


ON_LEAVE = "tiergate.on_leave"
"""Names our server's extension of ASGI: what it is given is called when the client leaves."""

GRACE_S = 0.05
"""Sets how late a departed client may be noticed; it is short next to any call of an LLM."""

LENGTH_DIGITS = 19
"""Bounds the digits of a declared length that are read: no body that is accepted has so many."""

INNER = "tiergate.inner"
"""Marks the scope of a request that this server sends to itself: a line of a batch."""

SMALL_BODY = 65_536
"""Bytes of a body that count in no `BodyRoom`: a chat's request fits, so that large ones, however
many arrive, never keep it out."""

LONGEST_REST_S = 60
"""Bounds the wait that an upstream asks of clients: we ask it again after a minute ourselves."""

GUARDED = "tiergate.guarded"
"""Marks the scope of a request that an outer application has let in."""

JOINED = frozenset({"anthropic-beta", "authorization", "x-api-key"})
"""Names headers of which no line may be lost: a list, and keys, of which there must be one."""

HINTS = tuple([name.encode() for name in HINT_HEADERS])
"""Lists how headers begin that say how to route a request, and of which a second would undo one
that a proxy in front has set."""

PEER, LET_IN = ":peer", ":let-in"
"""Name the client's address and GUARDED among the headers; no header's own name has a colon."""


def headers_of(scope: Scope) -> dict[str, str]:
    """Returns the request headers by lower-case name, and PEER and LET_IN.

    The last of a repeated name wins, but all lines of one of JOINED make one list (RFC 9110,
    section 5.3). Raises RequestError for a repeated hint.
    """
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in scope["headers"]}
    # Only a repeated header can have lost a value.
    if len(headers) < len(scope["headers"]):
        for name in JOINED & headers.keys():
            lines = [v for k, v in scope["headers"] if k == name.encode()]
            headers[name] = b",".join(lines).decode("latin-1")
        _require_single_hints(scope["headers"])
    client = scope.get("client")
    headers[PEER] = client[0] if client else ""
    # Another server may let such names through, so both are always our own.
    headers[LET_IN] = "yes" if GUARDED in scope else ""
    return headers


def _require_single_hints(lines: Headers) -> None:
    """Refuses a hint in two lines with unlike values. Raises RequestError."""
    hints = dict[bytes, bytes]()
    for name, value in lines:
        if name.startswith(HINTS) and hints.setdefault(name, value) != value:
            shown = name.decode("latin-1")
            raise RequestError(
                f"{shown} came more than once, with unlike values, and nobody can tell which one "
                "counts. Send it once.",
                param=shown,
            )


CALLER: ContextVar[Identity | None] = ContextVar("caller", default=None)
"""Holds the identity of the request under way; None until its key is known."""


class BodyRoom:
    """Bounds the bytes of the large bodies that are held at once, each until its answer is out.

    One body always has room, however large; `read_body` bounds it by itself. Tenants who
    hold an eighth of the room at most may fill an eighth beyond it, so that nobody keeps them out.
    """

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self.held_bytes = 0
        self._of_tenants: dict[str, int] = {}  # bytes; none without

    def body(self, receive: Receive) -> HeldBody:
        """Returns the body that comes by `receive`, of which nothing is held yet."""
        return HeldBody(self, receive)

    def take(self, size: int, own: int, tenant: str = "") -> None:
        """Counts `size` more bytes of a body that holds `own`. Raises Overloaded."""
        of_tenant = self._of_tenants.get(tenant, 0) + size
        kept = self._most_bytes // KEPT_PART
        most = self._most_bytes + (kept if of_tenant <= kept else 0)
        if self.held_bytes > own and self.held_bytes + size > most:
            raise Overloaded(
                f"Other requests with large bodies fill the {self._most_bytes // 1_000_000} MB "
                "that this server holds of them at once. Try again, or send a shorter request; "
                "operators raise --body-memory-mb."
            )
        self.held_bytes += size
        self._of_tenants[tenant] = of_tenant

    def give_back(self, size: int, tenant: str) -> None:
        """Counts `size` bytes of a tenant as no longer held."""
        self.held_bytes -= size
        left = self._of_tenants.pop(tenant, 0) - size
        if left > 0:
            self._of_tenants[tenant] = left


class HeldBody:
    """Receives the body of one request, and counts what is kept of it."""

    def __init__(self, room: BodyRoom, receive: Receive) -> None:
        self._room = room
        self._receive = receive
        self._counted = 0
        self._tenant = ""

    def __call__(self) -> Awaitable[Event]:
        """Waits for the next piece."""
        return self._receive()

    def keep(self, size: int) -> None:
        """Counts that `size` bytes are kept in all by now. Raises Overloaded."""
        more = size - SMALL_BODY - self._counted
        if more > 0:
            if not self._counted:
                caller = CALLER.get()
                self._tenant = caller.tenant if caller is not None else ""
            self._room.take(more, self._counted, self._tenant)
            self._counted += more

    def release(self) -> None:
        """Gives back what was counted, since nobody needs the body any more."""
        self._room.give_back(self._counted, self._tenant)
        self._counted = 0


async def read_body(headers: dict[str, str], receive: Receive, limit: int) -> bytes:
    """Returns the whole body, at most `limit` bytes, decompressed where it came compressed.

    Raises BodyTooLarge, ClientGone, Overloaded, UnsupportedMedia, and RequestError for a body that
    does not have the coding it declares.
    """
    coding = coding_of(headers)
    held = receive if isinstance(receive, HeldBody) else None
    # A declared length saves reading a body that is too large anyway. Python reads no number of
    # thousands of digits, and zeros before a length are allowed.
    declared = headers.get("content-length", "").lstrip("0")[:LENGTH_DIGITS]
    if declared.isdecimal() and int(declared) > limit:
        raise _too_large(int(declared), limit)
    chunks: list[bytes] = []
    size, more = 0, True
    while more:  # ends with the body, the limit or the connection
        event = await receive()
        if event["type"] == "http.disconnect":
            raise ClientGone("The client closed the connection before its body was read.")
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise _too_large(size, limit)
        if held is not None:
            held.keep(size)
        chunks.append(chunk)
        more = event.get("more_body", False)
    # One chunk is the usual case, and needs no copy.
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if coding:
        body = await asyncio.to_thread(decoded, body, coding, limit)
        if held is not None:
            held.keep(len(body))
    return body


def require_json(headers: dict[str, str]) -> None:
    """Raises UnsupportedMedia when the body's declared type is not plain JSON."""
    kind = headers.get("content-type", "application/json").split(";")[0].strip().lower()
    if kind != "application/json":
        raise UnsupportedMedia(
            f"Content-Type is {kind!r}; send JSON with Content-Type: application/json."
        )


def _too_large(size: int, limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"The body has at least {size} bytes; this server takes at most {limit}. Shorten the "
        "messages, or raise max_body_bytes in the policy."
    )


async def send_bytes(
    send: Send,
    status: int,
    body: bytes,
    headers: Headers,
    content_type: bytes = b"application/json",
) -> None:
    """Sends a whole response."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", content_type),
                (b"content-length", str(len(body)).encode()),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


async def send_error(
    send: Send, error: TiergateError, body: bytes, headers: Headers, status: int | None = None
) -> None:
    """Sends an error's `body` with the headers that tell an SDK when to try again.

    `status` is its own unless the client's format has another one.
    """
    extra = list(headers)
    waiting_errors = (
        Overloaded
        | UpstreamRateLimited
        | UpstreamOverloaded
        | LedgerUnavailable
        | TooManyWrongKeys
        | AnswererNotReady
        | BudgetExceeded
    )
    # A wait of less than a second would be written as 0, which clients read as "at once".
    if isinstance(error, waiting_errors) and error.retry_after_s is not None:
        seconds = max(1, math.ceil(error.retry_after_s))
        if isinstance(error, UpstreamRateLimited | UpstreamOverloaded):
            seconds = min(seconds, LONGEST_REST_S)
        extra.append((b"retry-after", str(seconds).encode()))
    if isinstance(error, MethodNotAllowed) and error.allow:
        extra.append((b"allow", error.allow.encode()))
    if isinstance(error, RateLimited):
        extra += rate_headers(error.rates)
        if error.retry_after_ms >= 0:
            seconds = max(1, -(-error.retry_after_ms // 1000))
            extra.append((b"retry-after", str(seconds).encode()))
            extra.append((b"retry-after-ms", str(error.retry_after_ms).encode()))
    # The official SDKs retry a 429 by themselves unless this header stops them.
    hopeless = isinstance(error, RateLimited) and error.retry_after_ms < 0
    hopeless = hopeless or error.code == QUOTA_EXHAUSTED
    hopeless = hopeless or (isinstance(error, AnswererNotReady) and error.key_refused)
    hopeless = hopeless or (isinstance(error, UpstreamError) and error.final)
    final = NoUsableAnswer | TooManyWrongKeys | UpstreamRejected
    spent = isinstance(error, BudgetExceeded) and error.retry_after_s is None
    if hopeless or spent or isinstance(error, final):
        extra.append((b"x-should-retry", b"false"))
    await send_bytes(send, status or error.status, body, extra)


class Watch:
    """Cancels the handler when the client goes away.

    That cancellation ends with the block. Any other is the server's, whose drain time is over.

    Our own server calls when the client leaves (`ON_LEAVE`). Other servers report it as
    `http.disconnect`, for which a task waits. It begins after `GRACE_S`: most answers are sent by
    then, and a task for each of them would cost more than reading the request. Handlers send
    through `send`, so that a disconnect after a complete response does not count.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._extensions = scope.get("extensions")
        self._receive = receive
        self._send = send
        self._complete = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self.gone = False

    def __enter__(self) -> Watch:
        handler = asyncio.current_task()
        assert handler is not None
        self._handler: asyncio.Task[Any] = handler
        on_leave = self._extensions.get(ON_LEAVE) if self._extensions else None
        if on_leave is not None:
            on_leave(self._leave)
        else:
            # A timer costs far less than a task.
            self._timer = asyncio.get_running_loop().call_later(GRACE_S, self._begin)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        self._complete = True
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()
        return self.gone and kind is asyncio.CancelledError

    def _begin(self) -> None:
        self._task = asyncio.ensure_future(self._wait())

    def send(self, event: Event) -> Awaitable[None]:
        """Sends an event of the response."""
        if event["type"] == "http.response.body" and not event.get("more_body", False):
            self._complete = True
        return self._send(event)

    async def _wait(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._leave()

    def _leave(self) -> None:
        # Servers report a disconnect after every complete response, too.
        if not self._complete:
            self.gone = True
            self._handler.cancel()
