"""Serves the triage encoder's vectors in OpenAI's form: `POST /v1/embeddings`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from router.api.endpoints.openai_tokens import OpenaiTokens
from router.api.http.asgi import (
    Receive,
    Scope,
    Send,
    Watch,
    headers_of,
    send_bytes,
)
from router.api.http.authentication import Doorkeeper
from router.api.http.decision_headers import (
    Headers,
    dropped_header,
    id_headers,
    model_header,
    rate_headers,
)
from router.api.http.decision_views import usd
from router.api.observability.metrics import Metrics
from router.policy.schema import Policy
from router.policy.sections.answering.embedders import EmbedderSection
from router.rate_limits.limits import request_rates
from router.routing.key_access import check_policy
from router.routing.planner import Router
from router.specialists.booked_vectors import BookedVectors, VectorOrder
from router.specialists.builtin_models import EMBEDDING_TIER, Embedding, embedding_row, require_own
from router.threads.offload import offloaded
from router.types import (
    EMBEDDER_PREFIX,
    EMBEDDING_MODEL,
    LONG_CHARACTERS,
    AttemptState,
    Clock,
    Embedded,
    Embedder,
    Identity,
    Ids,
    Ledger,
    RateLimiter,
)
from router.wire.checks import integer
from router.wire.openai.embeddings import (
    EmbeddingRequest,
    parse_embedding_request,
    render_embeddings,
)
from router.wire.openai.hosts import is_openais

MOST_DIMENSIONS = 16_384
"""Bounds what is asked of an upstream, which has its own bound."""


class Embeddings:
    """Handles the path."""

    def __init__(
        self,
        embedder: Embedder,
        tokens: OpenaiTokens,
        outside: BookedVectors,
        limiter: RateLimiter,
        router: Router,
        door: Doorkeeper,
        metrics: Metrics,
        *,
        ledger: Ledger,
        secret_of: Callable[[str], bytes],
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._embedder = embedder
        self._tokens = tokens
        self._outside = outside
        self._limiter = limiter
        self._router = router
        self._door = door
        self._metrics = metrics
        self._ledger = ledger
        self._secret_of = secret_of
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        policy = self._router.default.policy
        identity, body = await self._door.receive(headers, receive, policy.max_body_bytes)
        check_policy(identity, policy.name)  # its aliases say who embeds, and it has the row
        most = MOST_DIMENSIONS if policy.embedders else self._embedder.width
        embedding_request = await offloaded(
            partial(parse_embedding_request, body, headers, most), when=len(body) > LONG_CHARACTERS
        )
        section = _outside_of(policy, embedding_request.model)
        if section is None:
            require_own(policy, embedding_request.model, EMBEDDING_MODEL)
            if embedding_request.dimensions is not None:
                integer(embedding_request.dimensions, "dimensions", 1, self._embedder.width)
        # Some clients send token ids instead of texts.
        if embedding_request.ids and not reads_ids(section):
            texts = tuple(await self._tokens.texts(embedding_request.ids))
            embedding_request = replace(embedding_request, texts=texts, ids=())
        with Watch(scope, receive, send) as watch:
            if section is None:
                await self._answer(embedding_request, identity, watch.send)
            else:
                await self._asked_outside(embedding_request, section, identity, watch.send)

    async def _asked_outside(
        self,
        asked: EmbeddingRequest,
        section: EmbedderSection,
        identity: Identity,
        send: Send,
    ) -> None:
        """Asks the upstream, and sends the vectors. The call counts in rates and budgets."""
        runtime = self._router.default.on(self._clock.now_ms())
        order = VectorOrder(
            runtime.policy,
            runtime.policy_hash,
            runtime.policy.embedder(section.name) or section,  # at the price of this moment
            asked.texts or [" ".join(map(str, row)) for row in asked.ids],
            asked.dimensions,
            asked.model,
            asked.tags,
            ids=asked.ids,
            redirected=runtime.redirected,
        )
        rates = request_rates(
            self._limiter, self._router.budgets, identity, runtime.policy.name, ()
        )
        vectors, settled = await self._outside.made(order, identity, rates)
        self._metrics.analysed(runtime.policy.name, 1, None, EMBEDDING_TIER)
        model = vectors.model or section.model
        body = render_embeddings(vectors.vectors, model, vectors.tokens, base64=asked.base64)
        headers = [
            *id_headers(settled.request_id),
            *rate_headers(() if rates is None else rates.states),
            (b"x-tiergate-tier", EMBEDDING_TIER.encode()),
            *model_header(model),
            (b"x-tiergate-policy", f"{runtime.policy.name}@{runtime.policy_hash}".encode()),
            *dropped_header(asked.dropped),
        ]
        if settled.attempts[0].state is AttemptState.SETTLED:
            headers.append((b"x-tiergate-cost-usd", usd(settled.cost_nano_usd).encode()))
        await send_bytes(send, 200, body, headers)

    async def _answer(
        self, embedding_request: EmbeddingRequest, identity: Identity, send: Send
    ) -> None:
        started = self._clock.monotonic_ms()
        embedded = await self._embedder.embed(
            embedding_request.texts, embedding_request.dimensions, identity.tenant
        )
        runtime = self._router.default
        now_ms, latency_ms = self._clock.now_ms(), self._clock.monotonic_ms() - started
        done = Embedding(
            request_id=self._ids.new(),
            identity=identity,
            policy=runtime.policy,
            policy_hash=runtime.policy_hash,
            requested_model=embedding_request.model,
            model=f"{EMBEDDING_MODEL}@{self._embedder.version}",
            texts=embedding_request.texts,
            tags=embedding_request.tags,
            tokens=embedded.tokens,
            now_ms=now_ms,
            latency_ms=latency_ms,
            compute_ms=embedded.compute_ms,
            price=runtime.on(now_ms - round(latency_ms)).triage_price,
        )
        # The row is written before the answer goes out: nothing is sent unbooked.
        row = embedding_row(done, self._secret_of(identity.tenant))
        await self._ledger.finish(row, answers=True)
        self._metrics.analysed(runtime.policy.name, 1, done.cost_nano_usd, EMBEDDING_TIER)
        body = render_embeddings(
            embedded.vectors, EMBEDDING_MODEL, embedded.tokens, base64=embedding_request.base64
        )
        headers = [*_headers(done, embedded), *dropped_header(embedding_request.dropped)]
        await send_bytes(send, 200, body, headers)


def _outside_of(policy: Policy, model: str) -> EmbedderSection | None:
    """Returns the upstream's model that a name leads to by an alias, None for our own."""
    alias = policy.alias(model) if policy.embedders else None
    if alias is None or alias.to is None or not alias.to.startswith(EMBEDDER_PREFIX):
        return None
    return policy.embedder(alias.to.removeprefix(EMBEDDER_PREFIX))


def reads_ids(section: EmbedderSection | None) -> bool:
    """Returns True for a model of OpenAI's, whose tokens clients send; others have their own."""
    return section is not None and is_openais(section.base_url)


def _headers(done: Embedding, embedded: Embedded) -> Headers:
    headers = [
        *id_headers(done.request_id),
        (b"x-tiergate-tier", EMBEDDING_TIER.encode()),
        (b"x-tiergate-model", done.model.encode()),
        (b"x-tiergate-policy", f"{done.policy.name}@{done.policy_hash}".encode()),
        (b"x-tiergate-cost-usd", usd(done.cost_nano_usd).encode()),
        (b"server-timing", f"total;dur={done.latency_ms:.3f}".encode()),
    ]
    if embedded.cut:
        headers.append((b"x-tiergate-cut", str(embedded.cut).encode()))
    return headers
