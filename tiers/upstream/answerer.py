"""Answers from any server with OpenAI's or Anthropic's API, over a client that trusts none.

Theory of operation. A call waits for a slot (bounded), takes the replica with the least calls, and
posts one body. Only what certainly cost nothing is tried again here: no connection, or a status
that says so; after a lost connection or a bad answer the gateway decides, since it keeps the books.
The deadline covers everything, bytes that drip included. Bodies, lines and streams are bounded,
redirects are not followed, and the key goes to the configured addresses only. Leaving early closes
the connection, which is how an upstream learns of it. Who listens for events is told of failures
that are tried again, and of breakers that turn; of other failures the gateway tells.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import aiohttp

from router.errors import (
    AnswererError,
    TiergateError,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRateLimited,
    UpstreamRejected,
)
from router.policy.schema import UpstreamAnswerer
from router.types import (
    NOBODY,
    Answer,
    AnswererFacts,
    AnswererStatus,
    Call,
    CallFailed,
    ChatRequest,
    Clock,
    Delta,
    Events,
    Work,
)
from router.wire.openai.completion import MAX_TOKENS, upstream_object
from router.wire.openai.names import EventDecoder, deltas_of, shown_code_in
from tiers.remote.base import completed, end_of_call, made_of, too_late
from tiers.remote.call_slots import CallSlots
from tiers.remote.refusals import (
    Asked,
    RetryBudget,
    error_for_status,
    read_retry_after,
    shown_url,
    wait_s,
    worth_retrying,
)
from tiers.remote.replicas import (
    KEY_OUTCOMES,
    Outcome,
    ReplicaSet,
    Taken,
    cancelled,
    out_of_use,
    outcome_of,
)
from tiers.upstream.client_errors import FOREIGN, to_ours
from tiers.upstream.wires import wire_of

E = TypeVar("E", bound=AnswererError)
Session = aiohttp.ClientSession
MAX_BODY_BYTES = 16_000_000
MAX_ERROR_BYTES = 65_536
COUNT_S = 3.0  # for a count of tokens; clients wait for it, and a bound is at hand
COUNTS_AT_ONCE = 8  # agents ask for fifty in a second
# Below the 5 s after which uvicorn and node close idle connections: a request sent into a closing
# connection is lost without our knowing whether it was read.
KEEP_ALIVE_S = 4.0
LAST_READ_S = 0.02  # for the end of a stream whose answer is whole, to keep the connection
TIMER_SLACK_S = 0.002  # a timer may fire this much early, and a rest would not be over
USER_AGENT = "tiergate"

_HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "Accept-Encoding": "identity",
    "User-Agent": USER_AGENT,
}


@dataclass(slots=True)
class _Place:
    """Tells where one call is: its place at the replica that was asked last."""

    taken: Taken | None = None

    def named(self, error: E) -> E:
        """The error with the host of that replica."""
        if self.taken is not None:
            error.host = self.taken.replica.host
        return error


class UpstreamTier:
    """types.Answerer over aiohttp. Raises AnswererError and its kin, and Overloaded."""

    def __init__(
        self,
        section: UpstreamAnswerer,
        facts: AnswererFacts,
        *,
        api_key: str | None,
        clock: Clock,
        events: Events = NOBODY,
        session: aiohttp.ClientSession | None = None,
        max_waiting: int | None = None,
    ) -> None:
        """`session`, when given, is shared and stays open; it must follow `new_session`.

        `max_waiting` calls may wait for a slot; None: as many as can be answered in time.
        """
        self._section = section
        self._facts = facts
        self._clock = clock
        self._events = events
        self._wire = wire_of(section, facts)
        self._headers = {**_HEADERS, **self._wire.headers(api_key)}
        self._replicas = ReplicaSet(
            [url.rstrip("/") + self._wire.path for url in section.base_urls],
            failures=section.breaker_failures,
            reset_ms=1000.0 * section.breaker_reset_s,
            answerer=section.name,
            events=events,
        )
        self._retries = RetryBudget(section.retry_budget)
        self._slots = CallSlots(section.name, section.concurrency, max_waiting)
        self._counts = asyncio.Semaphore(COUNTS_AT_ONCE)
        self._session = session
        self._owns_session = session is None
        self._timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=section.connect_timeout_s, sock_read=None
        )

    @property
    def facts(self) -> AnswererFacts:
        return self._facts

    def status(self) -> AnswererStatus:
        """Ready unless every replica is out of use. Asks no upstream."""
        return self._replicas.status(self._clock.monotonic_ms())

    async def start(self) -> None:
        self._open_session()

    async def close(self) -> None:
        if self._session is not None and self._owns_session:
            await self._session.close()
            self._session = None

    async def answer(self, work: Work, call: Call) -> Answer:
        """The upstream's whole answer."""
        ends_at = end_of_call(work, self._section.deadline_s, self._clock)
        place = _Place()
        await self._slots.take(ends_at)
        try:
            async with asyncio.timeout_at(ends_at):
                response = await self._respond(work, False, ends_at, place)
                try:
                    answer = self._wire.whole(await _read_json(response))
                finally:
                    if not response.closed:
                        response.close()
            self._give_back(place, Outcome.HEALTHY)
        except TimeoutError as error:
            self._give_back(place, Outcome.FAILED)
            raise place.named(too_late(self._facts)) from error
        except FOREIGN as error:
            self._give_back(place, Outcome.FAILED)
            raise place.named(to_ours(error)) from error
        except AnswererError as error:
            self._give_back(place, Outcome.FAILED)
            place.named(error)
            raise
        finally:
            self._give_back(place, cancelled(ends_at))
            self._slots.release()
        return completed(answer, work, self._facts)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[Delta, None]:
        """The answer in pieces; closing the iterator early closes the connection."""
        ends_at = end_of_call(work, self._section.deadline_s, self._clock)
        place = _Place()
        response: aiohttp.ClientResponse | None = None
        await self._slots.take(ends_at)
        try:
            async with asyncio.timeout_at(ends_at):
                response = await self._respond(work, True, ends_at, place)
            if response.content_type == "application/json":
                # The server ignored `stream`; its whole answer is as good.
                async with asyncio.timeout_at(ends_at):
                    answer = self._wire.whole(await _read_json(response))
                for delta in deltas_of(answer):
                    if delta.final is None:
                        yield delta
            else:
                _check_type(response, "text/event-stream")
                decoder, folder = EventDecoder(), self._wire.folder()
                piece = b":"
                while piece and not folder.done:
                    async with asyncio.timeout_at(ends_at):
                        piece = await response.content.readany()
                    for event in decoder.feed(piece):
                        for delta in folder.fold(event):
                            yield delta
                answer = folder.finish()
                await _read_to_end(response)
            self._give_back(place, Outcome.HEALTHY)
            yield Delta(final=completed(answer, work, self._facts))
        except TimeoutError as error:
            self._give_back(place, Outcome.FAILED)
            raise place.named(too_late(self._facts)) from error
        except FOREIGN as error:
            self._give_back(place, Outcome.FAILED)
            raise place.named(to_ours(error)) from error
        except AnswererError as error:
            self._give_back(place, Outcome.FAILED)
            place.named(error)
            raise
        finally:
            if response is not None and not response.closed:
                response.close()
            self._give_back(place, cancelled(ends_at))
            self._slots.release()

    async def count_tokens(self, request: ChatRequest) -> int | None:
        """Asks the provider for its own count; None where it has none or does not answer soon.
        Costs nothing and is no call of the books: no retry, no breaker."""
        asked = await made_of(request, partial(self._wire.counting, request))
        if asked is None:
            return None
        body, named = asked
        url = self._section.base_urls[0].rstrip("/") + self._wire.path + "/count_tokens"
        try:
            async with asyncio.timeout(COUNT_S), self._counts:
                response = await self._open_session().post(
                    url, data=body, headers={**self._headers, **named}, allow_redirects=False
                )
                try:
                    counted = upstream_object(await _read_json(response)).get("input_tokens")
                finally:
                    if not response.closed:
                        response.close()
        except (*FOREIGN, TiergateError):
            return None
        if response.status != 200 or not isinstance(counted, int):
            return None
        return counted if 0 < counted <= MAX_TOKENS else None

    # --- one call -------------------------------------------------------------------------------

    async def _respond(
        self, work: Work, stream: bool, ends_at: float, place: _Place
    ) -> aiohttp.ClientResponse:
        """A response with status 200, after the retries allowed; `place` says where it is."""
        self._retries.earn()
        try:
            body = await made_of(work.request, partial(self._wire.body, work, stream=stream))
            return await self._tried(work, body, ends_at, place)
        except UpstreamRejected as error:
            # A seal may have been made by another replica, or be too old. The client would send it
            # again with every later turn.
            bare = None
            if error.upstream_status == 400:
                unsealed = partial(self._wire.unsealed, work, stream=stream)
                bare = await made_of(work.request, unsealed)
            if bare is None:
                raise
            self._tell_retry(place.named(error), "tried again without what was sealed", work)
        answered = await self._tried(work, bare, ends_at, place)
        self._wire.did_without_seals(work)
        return answered

    async def _tried(
        self, work: Work, body: bytes, ends_at: float, place: _Place
    ) -> aiohttp.ClientResponse:
        """As `_respond`, for one body."""
        place.taken = taken = self._take()
        for tried in range(1, self._section.retries + 1):
            try:
                return await self._post(place, work, body, ends_at)
            except UpstreamError as error:
                if not (worth_retrying(error) or self._other_key(error, taken)):
                    raise
                place.named(error)
                place.taken = taken = await self._next_try(error, taken, tried, ends_at, work)
        return await self._post(place, work, body, ends_at)

    async def _next_try(
        self, failed: UpstreamError, before: Taken, tried: int, ends_at: float, work: Work
    ) -> Taken:
        """A place for the next try: at another replica at once, else after the wait that the
        upstream asked for. Raises the failure again when a retry is out of the question."""
        wait: float | None = 0.0
        if not self._replicas.has_other(before.replica, self._clock.monotonic_ms()):
            wait = wait_s(failed, tried, ends_at - asyncio.get_running_loop().time())
        if wait is None or not self._retries.spend():
            raise failed
        if wait > 0.0:
            await asyncio.sleep(wait + TIMER_SLACK_S)
        taken = self._replicas.take(self._clock.monotonic_ms(), before.replica)
        if taken is None:
            raise failed
        waited = f" after {wait:.3g} s" if wait else ""
        self._tell_retry(failed, f"tried again at {taken.replica.host}{waited}", work)
        return taken

    def _tell_retry(self, failed: UpstreamError, next_is: str, work: Work) -> None:
        self._events.happened(
            CallFailed(
                answerer=self._section.name,
                host=failed.host,
                status=failed.upstream_status,
                code=failed.code,
                next=next_is,
                retried=True,
                request_id=work.request_id,
            )
        )

    def _other_key(self, error: UpstreamError, taken: Taken) -> bool:
        """Returns True when our key was refused, which costs nothing, and another may know it."""
        refused = outcome_of(error.upstream_status or 0) in KEY_OUTCOMES
        return refused and self._replicas.has_other(taken.replica, self._clock.monotonic_ms())

    def _take(self) -> Taken:
        now_ms = self._clock.monotonic_ms()
        taken = self._replicas.take(now_ms)
        if taken is not None:
            return taken
        rest_ms = self._replicas.rest_left_ms(now_ms)
        if rest_ms is not None:
            raise UpstreamRateLimited(
                f"{self._section.name} asked us to wait; {rest_ms / 1000.0:.1f} s are left.",
                sent=False,
                retry_after_s=rest_ms / 1000.0,
            )
        raise out_of_use(self._section.name, self._replicas, now_ms)

    async def _post(
        self, place: _Place, work: Work, body: bytes, ends_at: float
    ) -> aiohttp.ClientResponse:
        """The response to one post when its status is 200; else gives the place back and raises."""
        taken, outcome = place.taken, None
        assert taken is not None
        named = {"X-Client-Request-Id": work.request_id, **self._wire.call_headers(work)}
        try:
            response = await self._open_session().post(
                taken.replica.url,
                data=body,
                headers={**self._headers, **named},
                allow_redirects=False,
                timeout=self._timeout,
            )
            if response.status == 200:
                return response
            outcome = outcome_of(response.status)
            raise await self._refusal(taken, response)
        except FOREIGN as error:
            outcome = Outcome.FAILED
            raise to_ours(error, self._section.name, taken.replica.host) from error
        except asyncio.CancelledError:
            outcome = cancelled(ends_at)
            raise
        finally:
            if outcome is not None:
                self._give_back(place, outcome)

    async def _refusal(self, taken: Taken, response: aiohttp.ClientResponse) -> UpstreamError:
        try:
            body = await response.content.read(MAX_ERROR_BYTES)
        finally:
            response.close()
        retry_after_s = read_retry_after(response.headers, self._clock.now_ms())
        if retry_after_s is not None and response.status in (429, 503):
            now_ms = self._clock.monotonic_ms()
            self._replicas.rest(taken.replica, 1000.0 * retry_after_s, now_ms)
        asked = Asked(self._section.name, self._section.model, shown_url(taken.replica.url))
        return error_for_status(response.status, shown_code_in(body), retry_after_s, asked)

    def _give_back(self, place: _Place, outcome: Outcome) -> None:
        if place.taken is not None:
            self._replicas.give_back(place.taken, outcome, self._clock.monotonic_ms())

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = new_session()
            self._owns_session = True
        return self._session


def new_session() -> aiohttp.ClientSession:
    """A client session as the tier needs it: no cookies, no proxies or netrc from the environment,
    no decompression (a small body could become a huge one), no limit beside the tier's own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE_S, ttl_dns_cache=30),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


def _check_type(response: aiohttp.ClientResponse, expected: str) -> None:
    """Raises UpstreamInvalid for another content type and for compression nobody asked for."""
    found = response.content_type
    if found != expected and "Content-Type" in response.headers:
        shown = found if found.isascii() and len(found) < 80 else "something else"
        raise UpstreamInvalid(f"The upstream sent {shown}; expected {expected}.")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UpstreamInvalid("The upstream sent a compressed body, which it was not asked for.")


async def _read_json(response: aiohttp.ClientResponse) -> bytes:
    """The whole body of at most 16 MB."""
    _check_type(response, "application/json")
    if response.content_length is not None and response.content_length <= MAX_BODY_BYTES:
        return await response.read()
    body = bytearray()
    piece = await response.content.readany()
    while piece and len(body) + len(piece) <= MAX_BODY_BYTES:
        body += piece
        piece = await response.content.readany()
    if piece:
        raise UpstreamInvalid(f"The upstream's answer is longer than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


async def _read_to_end(response: aiohttp.ClientResponse) -> None:
    """Read what follows `[DONE]`, so that the connection can serve the next call."""
    if response.content.at_eof():
        return
    try:
        async with asyncio.timeout(LAST_READ_S):
            await response.content.readany()
    except FOREIGN:
        response.close()
