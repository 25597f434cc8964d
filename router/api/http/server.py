"""Sends each path to its handler, and gives every error one form."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from router.api.endpoints.analyze import PREFIX, Analyses
from router.api.endpoints.chat import Answering
from router.api.endpoints.count_tokens import TokenCounts
from router.api.endpoints.embeddings import Embeddings
from router.api.endpoints.feedback import FeedbackEndpoint, no_decision
from router.api.endpoints.listing import models_page
from router.api.endpoints.moderations import Moderations
from router.api.endpoints.openai_tokens import OpenaiTokens
from router.api.endpoints.reviews import PREFIX as REVIEWS
from router.api.endpoints.reviews import Reviews
from router.api.http.access_line import note_error
from router.api.http.admin_address import AdminAddress
from router.api.http.asgi import (
    INNER,
    BodyRoom,
    Handler,
    Receive,
    Scope,
    Send,
    headers_of,
    send_bytes,
    send_error,
)
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import Headers, id_headers, request_header
from router.api.http.decision_views import decision_document
from router.api.http.idempotency import Idempotency
from router.api.http.kept_steps import kept_steps
from router.api.http.rate_limit_headers import Remaining
from router.api.http.repeat_admission import GivenAgain
from router.api.observability.log import Log
from router.api.observability.metrics import Metrics
from router.api.openapi import docs_page, document
from router.api.openapi.unknown_paths import nothing_at
from router.errors import (
    LedgerUnavailable,
    MethodNotAllowed,
    ModelNotFound,
    NotFound,
    Stopping,
    TiergateError,
)
from router.gateway import Gateway
from router.request.review_verdicts import Reviewer
from router.routing.key_access import reachable
from router.specialists.booked_vectors import BookedVectors
from router.specialists.service import Analyst, NamedSpecialist
from router.types import (
    Clock,
    Embedder,
    FeedbackBook,
    Ids,
    Ledger,
    RateLimiter,
    ReplyStore,
    ReviewDesk,
    TextReader,
)
from router.types import Scope as KeyScope
from router.wire.anthropic.render import render_anthropic_model, render_anthropic_models
from router.wire.anthropic.request import MessagesFormat
from router.wire.openai.chat import ChatFormat
from router.wire.openai.completions import CompletionsFormat
from router.wire.openai.render import render_model, render_models, to_json
from router.wire.protocols import WireFormat
from router.wire.public_ids import request_id_of
from router.wire.responses.request import CompactFormat, InputTokensFormat, ResponsesFormat

OPENAI, ANTHROPIC = ChatFormat(), MessagesFormat()
WIRE_FORMATS: dict[str, WireFormat] = {
    "/v1/chat/completions": OPENAI,
    "/v1/responses": ResponsesFormat(),
    "/v1/responses/compact": CompactFormat(),
    "/v1/messages": ANTHROPIC,
    "/v1/completions": CompletionsFormat(),
}
"""Lists the paths that answer chats, each with its wire format."""

NO_DETAILS = "Send a key with the scope admin; with --admin-listen, to that address."
LEDGER_AWAY = (
    "The ledger does not answer, so no key can be checked. The log says why (ledger_lost)."
)

Paths = dict[str, tuple[str, Handler]]
"""Holds the method and the handler of each path."""
Prefixed = tuple[str, str, Handler]
"""Holds a prefix of paths, with their method and handler."""
Readiness = Callable[[], tuple[bool, dict[str, object]]]


@dataclass(frozen=True, slots=True)
class OwnModels:
    """Holds the services that answer from the triage model; `moderation` finds the heads to use."""

    analyst: Analyst
    moderation: Callable[[], Awaitable[NamedSpecialist]]
    embedder: Embedder
    tokens: OpenaiTokens
    outside: BookedVectors
    limiter: RateLimiter


@dataclass(frozen=True, slots=True)
class Learnt:
    """Holds the stores of what comes after an answer: feedback, reviews and reviewers' verdicts."""

    feedback: FeedbackBook
    desk: ReviewDesk
    reviewer: Reviewer
    texts: TextReader


class Server:
    """Serves one gateway as an ASGI application."""

    def __init__(
        self,
        gateway: Gateway,
        own: OwnModels,
        replies: ReplyStore,
        given_again: GivenAgain,
        ledger: Ledger,
        learnt: Learnt,
        secret_of: Callable[[str], bytes],
        door: Doorkeeper,
        metrics: Metrics,
        readiness: Readiness,
        clock: Clock,
        ids: Ids,
        life: Callable[[], AbstractAsyncContextManager[None]],
        remaining: Remaining,
        body_memory_mb: int,
        *,
        admin_port: int = 0,
    ) -> None:
        """Takes the parts.

        With `admin_port`, operators' paths answer only there; 0: at every address.
        """
        self._bodies = BodyRoom(1_000_000 * body_memory_mb)
        self._admin_address = AdminAddress(admin_port)
        self._gateway = gateway
        self._ledger = ledger
        self._learnt = learnt
        self._door = door
        self._metrics = metrics
        self._readiness = readiness
        self._clock = clock
        self._ids = ids
        self._life = life
        self._remaining = remaining
        self._started_s = clock.now_ms() // 1000
        self.idempotent = Idempotency(
            replies,
            door,
            metrics,
            given_again=given_again,
            ledger=ledger,
            clock=clock,
            ids=ids,
            max_body_bytes=self._max_body_bytes,
        )
        self.analyses: Handler = Analyses(own.analyst, gateway.router, door, metrics)
        self._log = Log("tiergate.server")
        reviews = Reviews(
            learnt.desk, learnt.reviewer, learnt.texts, door, ids, self._max_body_bytes
        )
        # Most requests find their handler by one look-up; prefixes are tried only after it.
        self._exact = (
            self._answering() | self._own_models(own, secret_of) | self._operating(reviews)
        )
        self._prefixed: Sequence[Prefixed] = (
            ("/v1/models/", "GET", self._model),
            ("/v1/decisions/", "GET", self._decision),
            (REVIEWS, "*", reviews.one),
            (PREFIX, "POST", self.idempotent(self.analyses)),
        )

    def _max_body_bytes(self) -> int:
        return self._gateway.router.default.policy.max_body_bytes

    def _answering(self) -> Paths:
        """Returns the paths that the gateway answers, one for each wire format."""
        gateway, door = self._gateway, self._door
        paths: Paths = {
            path: (
                "POST",
                self.idempotent(Answering(wire, gateway, door, self._metrics, self._clock)),
            )
            for path, wire in WIRE_FORMATS.items()
        }
        router, ids = gateway.router, self._ids
        counts = TokenCounts(MessagesFormat(capped=False), router, door, ids)
        counts_of_openai = TokenCounts(
            InputTokensFormat(), router, door, ids, "response.input_tokens"
        )
        return {
            **paths,
            "/v1/messages/count_tokens": ("POST", counts),
            "/v1/responses/input_tokens": ("POST", counts_of_openai),
        }

    def _own_models(self, own: OwnModels, secret_of: Callable[[str], bytes]) -> Paths:
        """Returns the paths that own models answer."""
        router, door, metrics = self._gateway.router, self._door, self._metrics
        embeddings = Embeddings(
            own.embedder,
            own.tokens,
            own.outside,
            own.limiter,
            router,
            door,
            metrics,
            ledger=self._ledger,
            secret_of=secret_of,
            clock=self._clock,
            ids=self._ids,
        )
        moderations = Moderations(own.analyst, own.moderation, router, door, metrics)
        return {
            "/v1/embeddings": ("POST", self.idempotent(embeddings)),
            "/v1/moderations": ("POST", self.idempotent(moderations)),
        }

    def _operating(self, reviews: Reviews) -> Paths:
        """Returns the paths that call no model."""
        feedback = FeedbackEndpoint(
            self._learnt.feedback, self._ledger, self._door, self._clock, self._max_body_bytes
        )
        return {
            "/v1/models": ("GET", self._models),
            "/v1/feedback": ("POST", feedback),
            "/v1/reviews": ("GET", reviews.list),
            "/healthz": ("GET", self._healthz),
            "/readyz": ("GET", self._readyz),
            "/metrics": ("GET", self._metrics_page),
            "/docs": ("GET", self._docs),
            "/openapi.json": ("GET", self._openapi),
            "/": ("GET", self._docs),
        }

    def mount(self, prefix: str, method: str, handler: Handler) -> None:
        """Gives a handler all paths that begin with `prefix`, before the existing handlers."""
        self._prefixed = ((prefix, method, handler), *self._prefixed)

    def answer(self, path: str, handler: Handler) -> None:
        """Gives a handler this one path, with every method."""
        self._exact[path] = ("*", handler)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            # 1008 is "policy violation" (RFC 6455): there are no WebSockets here.
            await send({"type": "websocket.close", "code": 1008})
            return
        inner = INNER in scope
        response = self._remaining.begin(send, inner=inner)
        body = self._bodies.body(receive)
        try:
            await self._handler(scope)(scope, body, response)
        except TiergateError as error:
            self._metrics.failed(error)
            await self._send_error(response, error, scope)
        except asyncio.CancelledError:  # the time to drain is over
            if response.started:
                raise
            stopping = Stopping()
            self._metrics.failed(stopping)
            await self._send_error(response, stopping, scope)
        except Exception:  # the outermost handler: the client still gets an error in our form
            self._log.exception("unexpected", path=scope["path"])
            ours = TiergateError("The server met an error of its own. It was logged.")
            self._metrics.failed(ours)
            # A second status line is impossible, so the broken response must end the connection.
            if response.started:
                raise
            await self._send_error(response, ours, scope)
        finally:
            body.release()
            self._remaining.end(inner=inner)

    def _handler(self, scope: Scope) -> Handler:
        path: str = scope["path"]
        route = self._exact.get(path)
        if route is None:
            route = next(((m, h) for p, m, h in self._prefixed if path.startswith(p)), None)
        if route is None:
            raise NotFound(nothing_at(path, self._admin_address.known_paths(scope)))
        self._admin_address.check(scope)
        method, handler = route
        # GET answers HEAD too; the server sends no body then.
        if method not in ("*", scope["method"]) and not (
            method == "GET" and scope["method"] == "HEAD"
        ):
            raise MethodNotAllowed(
                f"{path[:200]} takes {method}, not {scope['method']}.", allow=_allowed(method)
            )
        return handler

    async def _send_error(self, send: Send, error: TiergateError, scope: Scope) -> None:
        """Sends an error in the form that the client reads: OpenAI's unless it is another's.

        It carries the decision's id only when that id finds a row.
        """
        note_error(error)
        error.forget_frames()
        # A request that failed before its row was written has no decision to look up.
        booked = bool(error.request_id) and await self._gateway.booked(error.request_id)
        request_id = error.request_id or self._ids.new()
        wire = errors_of(scope["path"], scope["headers"])
        ids = id_headers(request_id) if booked else request_header(request_id)
        headers = [*ids, *wire.id_headers(request_id)]
        await send_error(send, error, wire.error(error, request_id), headers, wire.status(error))

    def refusal(self, error: TiergateError, path: str) -> tuple[bytes, Headers]:
        """Returns the body and headers that refuse bytes which never became a request."""
        self._metrics.failed(error)
        request_id, wire = self._ids.new(), errors_of(path)
        headers = [*request_header(request_id), *wire.id_headers(request_id)]
        return wire.error(error, request_id), headers

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        async with self._life():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    async def _models(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        known = self._gateway.router.models_for(identity)
        if "anthropic-version" in headers:  # one address, two APIs: the header shows which
            body = render_anthropic_models(*models_page(scope, known), self._started_s)
        else:
            body = render_models([(name, self._started_s, "tiergate") for name in known])
        await send_bytes(send, 200, body, request_header(self._ids.new()))

    async def _model(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT)
        name = scope["path"].removeprefix("/v1/models/")
        router = self._gateway.router
        if not router.has_model(name) or not reachable(identity, name, router.default):
            known = ", ".join(router.models_for(identity))
            raise ModelNotFound(
                f"The model {name[:200]!r} is unknown here. Known are: {known}.", param="model"
            )
        body = render_model(name, self._started_s, "tiergate")
        if "anthropic-version" in headers:
            body = render_anthropic_model(name, self._started_s)
        await send_bytes(send, 200, body, request_header(self._ids.new()))

    async def _decision(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        identity = await self._door.admit(headers, KeyScope.CHAT, KeyScope.REPORTS)
        self._door.require_own_name(headers, identity)
        public_id = scope["path"].removeprefix("/v1/decisions/")
        # Other tenants' decisions do not exist for a key without the scope `admin`.
        tenant = None if KeyScope.ADMIN in identity.scopes else identity.tenant
        request_id = request_id_of(public_id)
        # Approved words promise the checked answer under their reference, which names the review.
        if public_id.startswith("rev_") and (
            case := await self._learnt.desk.case(public_id, tenant)
        ):
            request_id = case.item.request_id
        row = await self._ledger.get(request_id, tenant)
        if row is None:
            raise no_decision(public_id)
        heard = await self._learnt.feedback.of(row.request_id)
        case = await self._learnt.desk.of_request(row.request_id) if row.review_id else None
        steps = await kept_steps(self._learnt.texts, row)
        document = decision_document(row, heard, case, steps)
        await send_bytes(send, 200, document, id_headers(row.request_id))

    async def _healthz(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send_bytes(send, 200, b'{"status":"ok"}', request_header(self._ids.new()))

    async def _readyz(self, scope: Scope, receive: Receive, send: Send) -> None:
        ready, detail = self._readiness()
        withheld = await self._why_withheld(scope)
        details = {"details": withheld} if withheld else detail
        body = to_json({"status": "ready" if ready else "not_ready", **details})
        await send_bytes(send, 200 if ready else 503, body, request_header(self._ids.new()))

    async def _why_withheld(self, scope: Scope) -> str:
        """Returns "" for a key with the scope `admin`; a probe gets the status, whatever it sends.

        Others get the words that say why they see no details.
        """
        if self._admin_address.divides and not self._admin_address.received(scope):
            return NO_DETAILS
        headers: dict[str, str] = {}
        try:
            headers = headers_of(scope)
            identity = await self._door.admit(headers, KeyScope.ADMIN)
            self._door.require_own_name(headers, identity)
        except LedgerUnavailable:  # nobody learns it who sent no key
            keyed = "authorization" in headers or "x-api-key" in headers
            return LEDGER_AWAY if keyed else NO_DETAILS
        except TiergateError:
            return NO_DETAILS
        return ""

    async def _metrics_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._admin_address.received(scope):
            await self._door.admit_to_operators_page(headers_of(scope))
        else:
            await self._door.admit_to_figures(headers_of(scope))
        kind = b"text/plain; version=0.0.4; charset=utf-8"
        page = await asyncio.to_thread(self._metrics.page)  # budgets are read from the ledger
        await send_bytes(send, 200, page, request_header(self._ids.new()), kind)

    async def _docs(self, scope: Scope, receive: Receive, send: Send) -> None:
        page = docs_page.page().encode()
        kind = b"text/html; charset=utf-8"
        await send_bytes(send, 200, page, request_header(self._ids.new()), kind)

    async def _openapi(self, scope: Scope, receive: Receive, send: Send) -> None:
        described = document.openapi()
        runtimes = self._gateway.router.runtimes
        if any(runtime.policy.endpoints for runtime in runtimes.values()):
            from router.api.endpoints.domains import known_sections
            from router.api.openapi.domains import with_paths

            described = with_paths(described, known_sections(runtimes))
        body = to_json(described)
        await send_bytes(send, 200, body, request_header(self._ids.new()))


def _allowed(method: str) -> str:
    return "GET, HEAD" if method == "GET" else method


def errors_of(path: str, headers: Sequence[tuple[bytes, bytes]] = ()) -> WireFormat:
    """Returns the wire format of errors: the path's, or the client's where a path has none."""
    anthropic = any([name == b"anthropic-version" for name, _ in headers])
    anthropic = anthropic or path.startswith("/v1/messages")
    return WIRE_FORMATS.get(path, ANTHROPIC if anthropic else OPENAI)
