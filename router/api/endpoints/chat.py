"""Handles every endpoint that answers: JSON in, one answer or a stream of events out.

It translates between a wire format and the gateway; `router.gateway` is the path between. Only the
bytes of the formats differ: keys, bounds, hints, headers, errors and cancellation are handled here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from msgspec.structs import replace

from router.api.endpoints.silences import Sounding
from router.api.http.access_line import note_error
from router.api.http.asgi import (
    Event,
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
    begun_headers,
    committed_headers,
    outcome_headers,
)
from router.api.http.decision_views import routing_object, stream_end
from router.api.observability.metrics import Metrics
from router.errors import ClientGone, Stopping, TiergateError
from router.gateway import Gateway
from router.threads.offload import offloaded
from router.types import (
    LONG_CHARACTERS,
    REFUSAL_MODEL,
    SAFE_ANSWER_MODEL,
    Answer,
    Begun,
    ChatRequest,
    Choice,
    Clock,
    Committed,
    Delta,
    Identity,
    Outcome,
    StreamStep,
    Usage,
    Verdict,
    WordsAhead,
)
from router.wire.protocols import AnswerStream, Exchange, WireFormat

STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class Answering:
    """Handles one format's path. Raises TiergateError, which the server sends."""

    def __init__(
        self,
        wire: WireFormat,
        gateway: Gateway,
        door: Doorkeeper,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._wire = wire
        self._gateway = gateway
        self._door = door
        self._metrics = metrics
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = headers_of(scope)
        try:
            max_body_bytes = self._gateway.router.default.policy.max_body_bytes
            identity, body = await self._door.receive(headers, receive, max_body_bytes)
            # Parsing a large body takes milliseconds, which other requests would wait for.
            reading = partial(self._wire.read, body, headers)
            exchange = await offloaded(reading, when=len(body) > LONG_CHARACTERS)
            first = exchange.requests[0]
            with Watch(scope, receive, send) as watch:
                # A dry run calls no tier, so there is nothing to stream.
                if first.stream and not first.hints.dry_run:
                    await self._stream(exchange, identity, watch)
                else:
                    await self._whole(exchange, identity, watch.send)
        except ClientGone:
            return

    async def _whole(self, exchange: Exchange, identity: Identity, send: Send) -> None:
        outcomes = []
        for request in exchange.requests:
            outcome = await self._gateway.complete(request, identity)
            if outcome.answer is not None:
                self._metrics.answered(outcome)
            outcomes.append(outcome)
        outcome, first = together(outcomes), exchange.requests[0]
        debug = first.hints.debug or first.hints.dry_run
        body = exchange.whole(
            _shown(outcome.answer or _dry_answer(outcome), first),
            id=outcome.request_id,
            created=self._clock.now_ms() // 1000,
            routing=routing_object(outcome) if debug else None,
        )
        ids = self._wire.id_headers(outcome.request_id)
        await send_bytes(send, 200, body, [*outcome_headers(outcome), *ids])

    async def _stream(self, exchange: Exchange, identity: Identity, watch: Watch) -> None:
        """Streams an answer.

        Errors before the first byte leave as JSON with their status; later ones leave as an error
        event. The first byte goes out with the commit, after a silence, or with
        words on whom to call.
        """
        first = exchange.requests[0]
        async with aclosing(self._gateway.stream_steps(first, identity)) as events:
            begun = await anext(events)
            assert isinstance(begun, Begun)
            ids = self._wire.id_headers(begun.request_id)
            create = partial(
                exchange.stream, id=begun.request_id, created=self._clock.now_ms() // 1000
            )
            early = partial(_early_headers, begun, ids)
            with Sounding(watch.send, self._wire.sign_of_life, early) as out:
                stream: AnswerStream | None = None
                try:
                    answer = await anext(events)
                    assert isinstance(answer, WordsAhead | Committed)
                    stream = create(model=answer.model, usage=answer.usage)
                    if isinstance(answer, Committed):
                        said, headers = list[Delta](), committed_headers(answer)
                    else:
                        said, headers = answer.pieces, begun_headers(begun)
                    await out.begin([*STREAM_HEADERS, *headers, *ids])
                    # Some formats open with an event of their own.
                    if opening := stream.begin() + b"".join(map(stream.delta, said)):
                        await out.send(_body(opening))
                    await self._answers(events, exchange, stream, identity, out.send)
                    return
                except TiergateError as error:
                    if not out.begun:
                        raise
                    failed = error
                # The server ends; a client that left needs no farewell.
                except asyncio.CancelledError:
                    if watch.gone or not out.begun:
                        raise
                    failed = Stopping()
                self._metrics.failed(failed)
                note_error(failed)
                failed.forget_frames()
                opening = b""
                if stream is None:
                    stream = create(model=first.requested_model, usage=Usage())
                    opening = stream.begin()
                last = opening + stream.failure(failed)
                await out.send({"type": "http.response.body", "body": last})

    async def _answers(
        self,
        events: AsyncGenerator[StreamStep, None],
        exchange: Exchange,
        stream: AnswerStream,
        identity: Identity,
        send: Send,
    ) -> None:
        """Sends the answer to the first request, whose events have begun, and to any
        further one.
        """
        first, *further = exchange.requests
        outcomes = [await self._events(events, stream, first, 0, send)]
        for request in further:
            async with aclosing(self._gateway.stream_steps(request, identity)) as others:
                # A multiple of n would be wrong: some upstreams give one choice, whatever the
                # request says.
                first_index = sum(len(o.answer.choices) for o in outcomes if o.answer is not None)
                outcomes.append(await self._events(others, stream, request, first_index, send))
        outcome = together(outcomes)
        assert outcome.answer is not None
        last = stream.finish(_shown(outcome.answer, first), stream_end(outcome, first))
        await send({"type": "http.response.body", "body": last})

    async def _events(
        self,
        events: AsyncGenerator[StreamStep, None],
        stream: AnswerStream,
        request: ChatRequest,
        first_index: int,
        send: Send,
    ) -> Outcome:
        """Sends the pieces of one request's answer, whose choices count from `first_index`."""
        async for event in events:
            if isinstance(event, WordsAhead | list):
                pieces = event if isinstance(event, list) else event.pieces
                shown = [_placed(delta, request, first_index) for delta in pieces]
                # One call of the system for all pieces that came together.
                if body := b"".join(map(stream.delta, shown)):
                    await send(_body(body))
            elif isinstance(event, Outcome):
                self._metrics.answered(event)
                return event
        raise AssertionError("a stream ends in an Outcome or raises")


def _early_headers(begun: Begun, ids: Headers) -> Headers:
    """Returns the headers of a stream of which no rung is committed yet."""
    return [*STREAM_HEADERS, *begun_headers(begun), *ids]


def _body(piece: bytes) -> Event:
    return {"type": "http.response.body", "body": piece, "more_body": True}


def _placed(delta: Delta, request: ChatRequest, first_index: int) -> Delta:
    """Returns a piece as the client gets it: at its choice, with log-probabilities it asked for."""
    if delta.logprobs and not request.sampling.logprobs:
        delta = replace(delta, logprobs=())
    return replace(delta, index=delta.index + first_index) if first_index else delta


def together(outcomes: list[Outcome]) -> Outcome:
    """Returns several requests of one body as one outcome.

    It has the first request's decision, the sum of all costs, and the verdict on the first answer
    that was not accepted. Each request has a ledger row of its own.
    """
    first, *others = outcomes
    if not others:
        return first
    # A dry run has no answers, only decisions.
    answers = [o.answer for o in outcomes if o.answer is not None]
    baselines = [o.baselines.requested_model for o in outcomes]
    known = [baseline for baseline in baselines if baseline is not None]
    # One doubtful answer makes the whole body doubtful.
    doubted = next((o for o in outcomes if o.verdict is not Verdict.ACCEPTED), first)
    return replace(
        first,
        answer=_joined(answers) if len(answers) == len(outcomes) else None,
        verdict=doubted.verdict,
        review_id=next((o.review_id for o in outcomes if o.review_id), ""),
        cost_nano_usd=sum(o.cost_nano_usd for o in outcomes),
        cost_known=all(o.cost_known for o in outcomes),
        # A sum over some of the requests would understate the saving's base.
        baselines=replace(
            first.baselines, requested_model=sum(known) if len(known) == len(baselines) else None
        ),
        escalations=sum(o.escalations for o in outcomes),
        attempts=tuple(attempt for o in outcomes for attempt in o.attempts),
    )


def _joined(answers: list[Answer]) -> Answer:
    used = [answer.usage for answer in answers]
    usage = Usage(
        input_tokens=sum(u.input_tokens for u in used),
        cached_input_tokens=sum(u.cached_input_tokens for u in used),
        cache_write_tokens=sum(u.cache_write_tokens for u in used),
        output_tokens=sum(u.output_tokens for u in used),
        hour_write_tokens=sum(u.hour_write_tokens or 0 for u in used) or None,
        reasoning_tokens=sum(u.reasoning_tokens for u in used),
        reported=all(u.reported for u in used),
    )
    choices = tuple(choice for answer in answers for choice in answer.choices)
    return replace(answers[0], choices=choices, usage=usage)


def _shown(answer: Answer, request: ChatRequest) -> Answer:
    """Returns the answer without log-probabilities that only verification wanted."""
    if request.sampling.logprobs or not any([c.logprobs for c in answer.choices]):
        return answer
    return replace(answer, choices=tuple(replace(c, logprobs=()) for c in answer.choices))


def _dry_answer(outcome: Outcome) -> Answer:
    """Returns the empty answer of a dry run, which calls nothing; the decision is in `routing`.

    Its model is the tier, or what a call would have where no tier is asked.
    """
    words = REFUSAL_MODEL if outcome.verdict is Verdict.REFUSED else SAFE_ANSWER_MODEL
    model = words if outcome.words_alone else f"tier:{outcome.rung.tier}"
    return Answer((Choice("", "stop"),), model, Usage())
