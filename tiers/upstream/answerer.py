"""Answers from any server with OpenAI's or Anthropic's API, over a client that trusts none.

A call waits for a slot (bounded), takes the replica with the fewest calls, and posts one body
(`exchange`). The deadline covers everything, bytes that drip included. Bodies, lines and streams
are bounded, redirects are not followed, and the key goes only to the configured addresses. Leaving
early closes the connection, which tells the upstream. Failures that are tried again, and breakers
that turn, are reported as events here; the gateway reports other failures.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial

from msgspec.structs import replace

from router.errors import AnswererError, TiergateError
from router.policy.schema import UpstreamAnswerer
from router.threads.offload import offloaded
from router.types import (
    NOBODY,
    Answer,
    AnswererFacts,
    AnswererStatus,
    Call,
    ChatRequest,
    Clock,
    Delta,
    Events,
    Work,
)
from router.wire.openai.answers import upstream_object
from router.wire.openai.render import deltas_of
from router.wire.openai.upstream_events import EventDecoder, SaidBound
from router.wire.openai.usage import MAX_TOKENS
from router.wire.stop_sequences import stopped_answer
from tiers.resilience.base import asked_for, bytes_of_stream, completed, final_of
from tiers.upstream.client import (
    HttpClient,
    check_type,
    first_lines,
    read_json,
    read_to_end,
    target_of,
)
from tiers.upstream.client_errors import FOREIGN
from tiers.upstream.connection import Response
from tiers.upstream.exchange import Connections, Exchange
from tiers.upstream.stopped import StoppedFolder
from tiers.upstream.wires import Folder, wire_of

COUNT_S = 3.0  # for a count of tokens; clients wait for it, and a bound is at hand
COUNTS_AT_ONCE = 8  # agents ask for fifty in a second
USER_AGENT = "tiergate"
EVENTS = "text/event-stream"

_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "Accept-Encoding": "identity",
    "User-Agent": USER_AGENT,
}


class UpstreamTier:
    """Implements types.Answerer over HTTP. Raises AnswererError and its kin, and Overloaded."""

    def __init__(
        self,
        section: UpstreamAnswerer,
        facts: AnswererFacts,
        *,
        api_key: str | None,
        clock: Clock,
        events: Events = NOBODY,
        max_waiting: int | None = None,
    ) -> None:
        """Lets `max_waiting` calls of a tenant wait for a slot, and twice as many of all tenants.

        None: as many as can be answered in time.
        """
        self._section = section
        self._facts = facts
        self._clock = clock
        self._wire = wire_of(section, facts)
        self._headers = {**_HEADERS, **self._wire.headers(api_key)}
        self._connections = Connections(
            section,
            facts,
            self._wire,
            self._headers,
            clock=clock,
            events=events,
            client=self._open_client,
            max_waiting=max_waiting,
        )
        self._counts = asyncio.Semaphore(COUNTS_AT_ONCE)
        self._client: HttpClient | None = None

    @property
    def facts(self) -> AnswererFacts:
        return self._facts

    def status(self) -> AnswererStatus:
        """Returns ready unless every replica is out of use. Asks no upstream."""
        return self._connections.replicas.status(self._clock.monotonic_ms())

    async def start(self) -> None:
        self._open_client()

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the upstream's whole answer.

        A stream's first byte shows that the upstream works; a whole answer's shows it at the end.
        """
        if self._section.first_byte_s is not None:
            return await final_of(self.stream(work, call), work.tell_pieces)
        work.tell_streams(False)
        async with Exchange(self._connections, work) as exchange:
            with exchange.deadline:
                response = await exchange.respond(stream=False)
                stops = self._stops(work, exchange)
                streams = response.content_type == EVENTS
                answer = None if streams else self._wire.whole(await read_json(response))
            if answer is None:
                # The server streams, though it was asked not to; the answer is paid.
                work.tell_pieces([])
                folder = self._wire.folder(work.request.sampling.n)
                most = bytes_of_stream(work, self._facts)
                async with aclosing(_pieces(response, folder, exchange, work, most)) as steps:
                    async for pieces in steps:
                        work.tell_pieces(pieces)
                answer = folder.finish()
            exchange.succeed()
        return self._final(stopped_answer(answer, stops), work)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields the answer in pieces; closing the iterator early closes the connection."""
        async with Exchange(self._connections, work) as exchange:
            with exchange.silence:
                response = await exchange.respond(stream=True)
                stops = self._stops(work, exchange)
                ignored = response.content_type == "application/json"
                if ignored:
                    await response.begun()
            if ignored:
                # The server ignored `stream`; its whole answer is as good.
                work.tell_streams(False)
                exchange.hear([])
                with exchange.deadline:
                    whole = self._wire.whole(await read_json(response))
                answer = stopped_answer(asked_for(whole, work), stops)
                *deltas, _ = deltas_of(answer)
                if deltas:
                    yield deltas
            else:
                check_type(response, EVENTS)
                asked = self._wire.folder(work.request.sampling.n)
                cut = StoppedFolder(asked, stops) if stops else None
                folder = asked if cut is None else cut
                most = bytes_of_stream(work, self._facts)
                async with aclosing(_pieces(response, folder, exchange, work, most)) as steps:
                    async for pieces in steps:
                        yield pieces
                answer = folder.finish()
                if cut is not None and (left := cut.left()):
                    yield left
            exchange.succeed()
            yield [Delta(final=self._final(answer, work))]

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Returns the provider's own count, None where it has none or does not answer soon.

        The count costs nothing and is no call of the books: it has no retry and no breaker.
        """
        question = await offloaded(partial(self._wire.counting, request), when=request.is_long)
        if question is None:
            return None
        body, own_headers = question
        url = self._section.base_urls[0].rstrip("/") + self._wire.path + "/count_tokens"
        length = {"Content-Length": str(len(body))}
        try:
            target = target_of(url)
            head = first_lines("POST", target, {**self._headers, **own_headers, **length})
            async with asyncio.timeout(COUNT_S), self._counts:
                response = await self._open_client().ask(target, head + b"\r\n", body)
                try:
                    count = upstream_object(await read_json(response)).get("input_tokens")
                finally:
                    response.close()
        except (*FOREIGN, TiergateError):
            return None
        if response.status != 200 or not isinstance(count, int):
            return None
        return count if 0 < count <= MAX_TOKENS else None

    def _stops(self, work: Work, exchange: Exchange) -> tuple[str, ...]:
        """Returns the stop sequences that nobody has sent, so that the answer is cut here."""
        if "stop" in exchange.left_out:
            return work.request.sampling.stop
        return self._wire.unasked_stops(work.request)

    def _final(self, answer: Answer, work: Work) -> Answer:
        """Returns the completed answer; an adapter's has the name and the prices of its base."""
        adapter = self._section.adapter_for(work.signals.domain)
        if adapter is not None:
            answer = replace(answer, model=self._facts.model, adapter=adapter.name)
        return completed(answer, work, self._facts)

    def _open_client(self) -> HttpClient:
        if self._client is None:
            self._client = HttpClient()
        return self._client


async def _pieces(
    response: Response, folder: Folder, exchange: Exchange, work: Work, most_bytes: int
) -> AsyncGenerator[list[Delta], None]:
    """Yields a streamed answer as it comes, and says its id and usage as they are known.

    The stream may have `most_bytes` on the wire. Where an answer has come to its end and its stream
    has not, silence or a lost connection ends it: the answer is whole, and paid.
    """
    decoder, said = EventDecoder(most_bytes), SaidBound()
    piece, named, told, unsaid = b":", False, folder.usage, 0
    while piece and not folder.done:
        try:
            with exchange.silence:
                piece = await response.piece()
        except FOREIGN:
            if not _is_whole(folder):
                raise
            return
        pieces: list[Delta] = []
        try:
            for event in decoder.feed(piece):
                pieces += folder.fold(event)
            said.add(pieces, folder.unsaid)
            exchange.hear(pieces)
        finally:  # what came before a fault is the client's all the same
            if not named and folder.upstream_id:
                named = True
                work.name_answer(folder.upstream_id)
            if folder.usage is not told:
                told = folder.usage
                work.tell_usage(told)
            if folder.unsaid != unsaid:
                unsaid = folder.unsaid
                work.tell_unsaid(unsaid)
            if pieces:
                yield pieces
    await read_to_end(response)


def _is_whole(folder: Folder) -> bool:
    """Returns True once each choice of a streamed answer has come to its end."""
    try:
        folder.finish()
    except AnswererError:
        return False
    return True
