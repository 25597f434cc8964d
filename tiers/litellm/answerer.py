"""Asks any provider that litellm knows, with all of litellm turned off that we do not need.

It is imported in a thread when the tier starts (seconds), with its network look-ups, its .env
reading, its callbacks and its logging off. It gets an allow-list of parameters, and of a body's
other keys those that the policy names; its retries and fallbacks stay off, since the gateway keeps
the books. What it raises becomes one of our errors in `tiers.litellm.errors`.

Where a provider reports no usage litellm counts tokens itself, and that can't be told apart here.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import json
import logging
import os
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import orjson
from msgspec.structs import replace

from router.errors import (
    AnswererError,
    AnswererNotReady,
    DeadlineExceeded,
    UpstreamError,
    UpstreamRejected,
    UpstreamTooMuch,
)
from router.errors.installing import pip_install
from router.policy.schema import LitellmAnswerer
from router.types import (
    NOBODY,
    TRACE,
    Answer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Clock,
    Delta,
    Events,
    Work,
)
from router.wire.openai.answers import parse_completion
from router.wire.openai.returned_reasoning import advice_for
from router.wire.openai.upstream import upstream_body
from router.wire.openai.upstream_events import ChunkFolder
from router.wire.refusals import Unsupported, without
from router.wire.stop_sequences import stopped_answer
from tiers.litellm.errors import foreign_classes, to_ours
from tiers.litellm.parameters import is_litellms_own, lacking_in, refused_in
from tiers.litellm.provider_stream import watched
from tiers.resilience.base import completed, final_of
from tiers.resilience.call_ends import CallEnds
from tiers.resilience.call_slots import CallSlots
from tiers.resilience.replicas import (
    CallHealth,
    ReplicaSet,
    Taken,
    caller_of,
    out_of_use,
    outcome_at_end,
    outcome_of,
    outcome_of_fault,
)
from tiers.resilience.unsupported import MOST_LEFT_OUT, Unsupporteds
from tiers.upstream.stopped import StoppedFolder

# A provider has no policy keys for its breaker; these are the defaults of an upstream's replica.
FAILURES = 5
RESET_MS = 10_000.0

# What litellm may be told. `metadata`, `user` and the like stay behind: litellm reads meanings of
# its own into some of them.
ALLOWED = frozenset(
    {
        "frequency_penalty",
        "logprobs",
        "max_tokens",
        "messages",
        "model",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
    }
)


def import_litellm() -> ModuleType:
    """Returns litellm with everything off that talks or listens.

    Raises AnswererNotReady without it.
    """
    # These keep it from fetching a price list when it is imported, and a list of headers at its
    # first call of Anthropic; and from reading a .env file of the working directory.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "True")
    os.environ.setdefault("LITELLM_MODE", "PRODUCTION")
    try:
        litellm = importlib.import_module("litellm")
    except ImportError as error:
        raise AnswererNotReady(f"{_install()} ({error.name} is missing).") from error
    for name in ("callbacks", "input_callback", "success_callback", "failure_callback"):
        setattr(litellm, name, [])
    litellm.suppress_debug_info = True  # type: ignore[attr-defined]
    litellm.turn_off_message_logging = True  # type: ignore[attr-defined]
    for name in ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return litellm


class LitellmTier:
    """Implements `types.Answerer` over litellm.

    Raises AnswererError and its kin, and Overloaded.
    """

    def __init__(
        self,
        section: LitellmAnswerer,
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
        self._api_key = (api_key or "").strip() or None
        self._clock = clock
        self._asked = f"{section.name} for the model {section.model!r}"
        self._slots = CallSlots(section.name, section.concurrency, max_waiting)
        self._unsupported = Unsupporteds(clock)
        sent = {"store"} if facts.body.stores_unasked else set()
        self._allowed = ALLOWED | facts.body.pass_through | sent
        self._provider = ReplicaSet(
            [section.model],
            failures=FAILURES,
            reset_ms=RESET_MS,
            answerer=section.name,
            events=events,
        )
        self._loading: asyncio.Task[ModuleType] | None = None

    @property
    def facts(self) -> AnswererFacts:
        return self._facts

    def status(self) -> AnswererStatus:
        """Says if litellm is there and imported, and its provider in use. Asks no provider."""
        if self._loading is None or not self._loading.done():
            if importlib.util.find_spec("litellm") is None:
                return AnswererStatus(AnswererState.FAILED, _install())
            return AnswererStatus(AnswererState.LOADING, "importing litellm")
        if self._loading.cancelled() or self._loading.exception() is not None:
            return AnswererStatus(AnswererState.FAILED, _install())
        return self._provider.status(self._clock.monotonic_ms())

    async def start(self) -> None:
        """Begins to import litellm in a thread; calls wait for it, the start does not."""
        self._load()

    async def close(self) -> None:
        if self._loading is not None and not self._loading.done():
            self._loading.cancel()

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the provider's whole answer."""
        if self._section.first_byte_s is not None:
            return await final_of(self.stream(work, call), work.tell_pieces)
        work.tell_streams(False)
        ends = CallEnds(work, self._section, self._clock, self._facts)
        await self._slots.take(ends.last, work.tenant)
        try:
            with self._noted(ends, work):
                return completed(await self._whole(work, ends.last), work, self._facts)
        except TimeoutError as error:
            raise ends.too_late() from error
        finally:
            self._slots.release(work.tenant)

    async def _whole(self, work: Work, ends_at: float) -> Answer:
        async with asyncio.timeout_at(ends_at):
            litellm = await self._loaded()
            response, left_out = await self._ask(litellm, work, False, ends_at)
        answer = parse_completion(as_json(response.model_dump()))
        return stopped_answer(answer, _unasked_stops(work, left_out))

    async def _ask(
        self, litellm: ModuleType, work: Work, stream: bool, ends_at: float
    ) -> tuple[Any, tuple[str, ...]]:
        """Returns litellm's response, and the sampling that its provider does not take, left out.

        litellm refuses such parameters itself, before it sends anything: first those that a
        provider never takes, then those of a model. What the provider refuses is remembered.
        """
        left_out = self._unsupported.of(work.request)
        learnt: list[Unsupported] = []
        turns = 0  # to the provider, which ended in a refusal
        while True:
            request = without(work.request, left_out)
            arguments = self._arguments(replace(work, request=request), stream, ends_at)
            if left_out:
                work.tell_left_out(left_out)  # all of them: the last word holds
            try:
                response = await litellm.acompletion(**arguments)
                break
            except foreign_classes(litellm) as error:
                refused = refused_in(error, arguments, request, left_out)
                turns += not is_litellms_own(error)
                if not refused or turns > MOST_LEFT_OUT:
                    lacking = lacking_in(error, arguments, request)
                    raise self._ours(error, lacking) from error
            left_out += tuple([one.name for one in refused])
            learnt += [one for one in refused if one.lasts]
        for one in learnt:
            self._unsupported.remember(work.request, one)
        return response, left_out

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Yields the answer in pieces; closing the iterator early closes the provider's stream."""
        ends = CallEnds(work, self._section, self._clock, self._facts)
        await self._slots.take(ends.last, work.tenant)
        chunks: Any = None
        litellm: ModuleType | None = None
        chunked = ChunkFolder(most=work.request.sampling.n)
        try:
            with self._noted(ends, work) as taken:
                async with asyncio.timeout_at(ends.last):
                    litellm = await self._loaded()
                async with asyncio.timeout_at(ends.next_bytes()):
                    chunks, left_out = await self._ask(litellm, work, True, ends.last)
                provider, stops = watched(chunks), _unasked_stops(work, left_out)
                cut = StoppedFolder(chunked, stops) if stops else None
                folder = cut or chunked
                chunk = await self._next(litellm, chunks, ends)
                while chunk is not None:
                    pieces = folder.fold(as_json(chunk.model_dump()))
                    ends.hear(pieces)
                    if pieces:
                        self._provider.hear(taken)
                        yield pieces
                    chunk = await self._next(litellm, chunks, ends)
                # Where a stream says no cost litellm writes one there, by its own table.
                said = replace(folder.finish(), provider_cost_nano_usd=None)
                if cut is not None and (left := cut.left()):
                    yield left
                if provider is not None:
                    said = provider.corrected(said)
                answer = completed(said, work, self._facts)
                self._give_back(taken, CallHealth.HEALTHY)
                yield [Delta(final=answer)]
        except TimeoutError as error:
            raise ends.too_late() from error
        finally:
            if chunks is not None:
                await _close(litellm, chunks)
            self._slots.release(work.tenant)

    @contextmanager
    def _noted(self, ends: CallEnds, work: Work) -> Iterator[Taken]:
        """Makes one call and notes what it shows of its provider's health.

        Raises AnswererNotReady where the breaker lets no call through.
        """
        now_ms = self._clock.monotonic_ms()
        taken = self._provider.take(now_ms, caller=caller_of(work))
        if taken is None:
            raise out_of_use(self._section.name, self._provider, now_ms)
        outcome = CallHealth.UNKNOWN
        try:
            yield taken
            outcome = CallHealth.HEALTHY
        except (TimeoutError, DeadlineExceeded):
            outcome = outcome_at_end(ends.own)
            raise
        except AnswererError as error:
            status = error.upstream_status if isinstance(error, UpstreamError) else None
            again = work.request.repeated
            if status is None:
                outcome = outcome_of_fault(error)
            else:
                outcome = outcome_of(status, repeated=again)
            if isinstance(error, UpstreamTooMuch):
                outcome = CallHealth.UNKNOWN  # one request made its model repeat itself
            error.host = taken.replica.host
            raise
        except asyncio.CancelledError:
            outcome = outcome_at_end(ends.own)
            raise
        finally:
            self._give_back(taken, outcome)

    def _give_back(self, taken: Taken, outcome: CallHealth) -> None:
        self._provider.give_back(taken, outcome, self._clock.monotonic_ms())

    async def _next(self, litellm: ModuleType, chunks: Any, ends: CallEnds) -> Any:
        """Returns the next chunk, None after the last one."""
        try:
            async with asyncio.timeout_at(ends.next_bytes()):
                return await anext(chunks)
        except StopAsyncIteration:
            return None
        except TimeoutError:
            raise
        except foreign_classes(litellm) as error:
            raise self._ours(error) from error

    def _ours(self, error: BaseException, lacking: tuple[str, ...] = ()) -> AnswererError:
        """Returns our error for litellm's, with what the policy lacks where that is its cause.

        `lacking` are parameters of the client that the provider does not have.
        """
        advice = advice_for(str(error), self._facts.reasoning_key, self._facts.name)
        return to_ours(error, self._clock.now_ms(), self._asked, advice, lacking)

    async def _loaded(self) -> ModuleType:
        """Returns litellm. Raises AnswererNotReady without it."""
        try:
            return await asyncio.shield(self._load())
        except AnswererNotReady as error:  # all callers have this one
            raise error.own() from error.__cause__

    def _load(self) -> asyncio.Task[ModuleType]:
        if self._loading is None or (self._loading.done() and self._loading.cancelled()):
            self._loading = asyncio.create_task(asyncio.to_thread(import_litellm))
            # A failure is told by `status` and to each call; nobody else waits for it.
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        return self._loading

    def _arguments(self, work: Work, stream: bool, ends_at: float) -> dict[str, object]:
        if work.request.sent_by_address:
            # Decided before; here so that no other way leads past it.
            raise UpstreamRejected(
                f"{self._facts.name} is sent no images or files by address, which litellm would "
                "fetch; send their data.",
                sent=False,
            )
        body = upstream_body(
            work.request,
            self._facts,
            model=self._facts.model,
            max_tokens_key="max_tokens",
            stream=stream,
            prefer_schema=work.prefer_schema,
        )
        allowed = {key: value for key, value in orjson.loads(body).items() if key in self._allowed}
        trace = TRACE.get()
        traced = {} if trace is None else {"extra_headers": trace.headers(work.attempt_id)}
        return {
            **allowed,
            **traced,
            "api_key": self._api_key,
            "timeout": max(0.001, ends_at - asyncio.get_running_loop().time()),
            "num_retries": 0,
            "max_retries": 0,
            "caching": False,
            # With tools it would import `mcp`, which it does not install; ours are functions alone.
            "_skip_mcp_handler": True,
        }


def _unasked_stops(work: Work, left_out: tuple[str, ...]) -> tuple[str, ...]:
    """Returns the stop sequences that the provider does not take: the answer is cut here."""
    return work.request.sampling.stop if "stop" in left_out else ()


async def _close(litellm: ModuleType | None, chunks: Any) -> None:
    """Closes a provider's stream; one that broke already may complain, and nobody needs to hear."""
    close = getattr(chunks, "aclose", None)
    if close is None or litellm is None:
        return
    try:
        await close()
    except foreign_classes(litellm):
        return


def as_json(response: object) -> bytes:
    """Returns a response of litellm as JSON. Half a character stays an escape, for its reader.

    >>> as_json({"content": "\\ud83d"})
    b'{"content": "\\\\ud83d"}'
    """
    try:
        return orjson.dumps(response)
    except TypeError:
        return json.dumps(response).encode()


def _install() -> str:
    return f"litellm is not installed; install it with: {pip_install('litellm')}"
