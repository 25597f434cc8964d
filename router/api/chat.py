"""`POST /v1/chat/completions`: JSON in, one answer or a stream of events out.

Translates between the wire and the gateway; what happens in between is `router.gateway`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from router.api.access import Doorkeeper
from router.api.http import (
    Receive,
    Scope,
    Send,
    Watch,
    error_ids,
    headers_of,
    read_body,
    require_json,
    send_bytes,
    send_error,
)
from router.api.metrics import Metrics
from router.api.views import committed_headers, outcome_headers, routing_object
from router.errors import ClientGone, TiergateError
from router.gateway import Gateway
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    Clock,
    Committed,
    Delta,
    Identity,
    Ids,
    Outcome,
    StreamEvent,
    Usage,
)
from router.types import Scope as KeyScope
from router.wire.openai_chat import StreamRenderer, parse_chat_request, render_completion

STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class ChatCompletions:
    """The handler, with what it needs."""

    def __init__(
        self, gateway: Gateway, door: Doorkeeper, metrics: Metrics, clock: Clock, ids: Ids
    ) -> None:
        self._gateway = gateway
        self._door = door
        self._metrics = metrics
        self._clock = clock
        self._ids = ids

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        try:
            identity = await self._door.admit(headers, KeyScope.CHAT)
            require_json(headers)
            body = await read_body(
                headers, receive, self._gateway.router.default.policy.max_body_bytes
            )
            request = parse_chat_request(body, headers)
            async with Watch(receive, send) as watch:
                try:
                    if request.stream and not request.hints.dry_run:
                        await self._stream(request, identity, watch.send)
                    else:
                        await self._whole(request, identity, watch.send)
                except asyncio.CancelledError:
                    if not watch.gone:
                        raise
        except ClientGone:
            return
        except TiergateError as error:
            self._metrics.failed(error)
            await send_error(send, error, await error_ids(error, self._gateway.booked, self._ids))

    async def _whole(self, request: ChatRequest, identity: Identity, send: Send) -> None:
        outcome = await self._gateway.complete(request, identity)
        debug = request.hints.debug or request.hints.dry_run
        body = render_completion(
            _shown(outcome.answer or _dry_answer(outcome), request),
            id=f"chatcmpl-{outcome.request_id}",
            created=self._clock.now_ms() // 1000,
            routing=routing_object(outcome) if debug else None,
        )
        if outcome.answer is not None:
            self._metrics.answered(outcome)
        await send_bytes(send, 200, body, outcome_headers(outcome))

    async def _stream(self, request: ChatRequest, identity: Identity, send: Send) -> None:
        """Errors before the commit leave as JSON with their status; after it as an error event."""
        async with aclosing(self._gateway.stream(request, identity)) as events:
            first = await anext(events)
            assert isinstance(first, Committed)
            renderer = StreamRenderer(
                id=f"chatcmpl-{first.request_id}",
                created=self._clock.now_ms() // 1000,
                model=first.model,
                include_usage=request.include_usage,
            )
            headers = [*STREAM_HEADERS, *committed_headers(first)]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            try:
                await self._events(events, renderer, request, send)
            except TiergateError as error:
                self._metrics.failed(error)
                last = renderer.failure(error)
                await send({"type": "http.response.body", "body": last})

    async def _events(
        self,
        events: AsyncGenerator[StreamEvent, None],
        renderer: StreamRenderer,
        request: ChatRequest,
        send: Send,
    ) -> None:
        async for event in events:
            if isinstance(event, Delta):
                if event.logprobs and not request.sampling.logprobs:
                    event = replace(event, logprobs=())
                piece = renderer.delta(event)
                if piece:
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
            elif isinstance(event, Outcome):
                self._metrics.answered(event)
                routing = routing_object(event) if request.hints.debug else None
                assert event.answer is not None
                last = renderer.finish(event.answer, routing)
                await send({"type": "http.response.body", "body": last})


def _shown(answer: Answer, request: ChatRequest) -> Answer:
    """The answer as the client asked for it: log-probabilities that verification read stay here."""
    if request.sampling.logprobs or not any(c.logprobs for c in answer.choices):
        return answer
    return replace(answer, choices=tuple(replace(c, logprobs=()) for c in answer.choices))


def _dry_answer(outcome: Outcome) -> Answer:
    """A dry run calls nothing: an empty answer, with the decision in `routing`."""
    return Answer((Choice("", "stop"),), f"tier:{outcome.rung.tier}", Usage())
