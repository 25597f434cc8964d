"""Asks the local model, in the child process that a LocalModelHost keeps.

Each call takes one of the machine's slots, talks to the child over its unix socket and gives the
slot back. It knows where the child is and what it holds from the host's state, never how it is
run or restarted; and nothing about policies beyond its own section.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from router.errors import (
    AnswererNotReady,
    DeadlineExceeded,
    StreamCut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRejected,
    UpstreamTooLong,
    UpstreamUnreachable,
)
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import (
    Answer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    Capability,
    Choice,
    Clock,
    Delta,
    Domain,
    TokenLogprob,
    Usage,
    Work,
)
from tiers.local.endings import loops
from tiers.local.shared_folder import (
    HostState,
    LocalAddress,
    Slots,
    StateReader,
    generation_folder,
    socket_path,
)
from tiers.local.wire import (
    ToolPlan,
    begun_reply,
    chat_body,
    plan_tools,
    read_logprobs,
    read_tool_answer,
    read_usage,
)
from tiers.resilience.base import final_of

if TYPE_CHECKING:
    import aiohttp

CAPABILITIES = frozenset(
    {
        Capability.TOOLS,
        Capability.JSON_SCHEMA,
        Capability.JSON_MODE,
        Capability.LOGPROBS,
        Capability.MULTIPLE_CHOICES,
    }
)
"""What the app writes into the facts of a local answerer."""

LARGEST_EVENT_BYTES = 2**20  # one server-sent event: a token and its 20 best alternatives
SMOOTHING = 0.2  # weight of the newest call in the mean that retry_after_s is computed from


LOADING_WAIT_S = 15.0  # a cold disk; a warm one needs 1.4 s
LOADING_POLL_S = 0.05
LOOKED_EVERY = 8
"""Pieces between two looks for a loop."""

ENDING_S = 0.2
"""Time before a deadline at which decoding ends, so that the text written until then goes out."""


@dataclass(slots=True)
class _Decoded:
    """One choice while it is being decoded."""

    pieces: list[str] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    compute_ms: float = 0.0
    cut: bool = False  # by the deadline, or because it only said the same again


class LocalModelAnswerer:
    """One `kind: local` section of a policy, as an Answerer."""

    def __init__(
        self, section: LocalSection, facts: AnswererFacts, *, address: LocalAddress, clock: Clock
    ) -> None:
        self._section = section
        self._facts = facts
        self._address = address
        self._clock = clock
        self._directory = Path(address.directory)
        self._state = StateReader(self._directory)
        self._mean_ms = section.expected_latency_ms

    @property
    def facts(self) -> AnswererFacts:
        """Returns the facts, with the runtime's own context limit once the model is loaded."""
        loaded = self._state.recent().context_tokens
        if not 0 < loaded < self._facts.context_tokens:
            return self._facts
        return replace(self._facts, context_tokens=loaded)

    def status(self) -> AnswererStatus:
        state = self._state.recent()
        return AnswererStatus(state.state, state.detail)

    async def start(self) -> None:
        """Imports the client of the calls. The host loads the model while the server serves."""
        import aiohttp  # noqa: F401

    async def close(self) -> None:
        """Does nothing: each call closes its own connection, the host ends the child."""

    async def answer(self, work: Work, call: Call) -> Answer:
        """Returns the whole answer.

        Raises AnswererError and its kin, Overloaded when the queue is full.
        """
        return await final_of(self._deltas(work))

    def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        """Pieces as they are decoded, the last one with the answer; closing it stops decoding."""
        return self._deltas(work)

    async def _deltas(self, work: Work) -> AsyncGenerator[list[Delta], None]:
        state = await self._loaded(work)
        if state.state is not AnswererState.READY:
            raise AnswererNotReady(
                f"answerer {self._section.name!r} is {state.state}: {state.detail}"
            )
        plan = plan_tools(work.request)
        waiting = self._section.queue + self._section.parallel
        retry_after_s = max(1.0, self._mean_ms / 1000 * waiting / self._section.parallel / 2)
        folder = generation_folder(self._directory, state.generation)
        choices: list[Choice] = []
        decoded: list[_Decoded] = []
        try:
            slot = Slots(folder / "slots").take(min(retry_after_s, 30.0))
        except FileNotFoundError as error:
            raise AnswererNotReady("the local model's process has just ended") from error
        try:
            for index in range(work.request.sampling.n):
                one = _Decoded()
                body = self._body(work, state, plan, index)
                async with aclosing(self._decode(body, state, work, one)) as pieces:
                    async for text, logprobs in pieces:
                        if plan is None:
                            yield [Delta(text=text, index=index, logprobs=logprobs)]
                decoded.append(one)
                choices.append(_choice(one, plan))
                if plan is not None:
                    yield [_planned_delta(choices[-1], index)]
        finally:
            slot.release()
        final = self._final(work, state, decoded, choices)
        self._mean_ms += SMOOTHING * (final.compute_ms - self._mean_ms)
        yield [Delta(final=final)]

    async def _loaded(self, work: Work) -> HostState:
        """Returns the host's state, waited for while the model still loads.

        A second or two, at a start.
        """
        state = self._state.read()
        until = min(LOADING_WAIT_S, self._left_s(work))
        for _ in range(max(0, int(until / LOADING_POLL_S))):
            if state.state is not AnswererState.LOADING:
                break
            await asyncio.sleep(LOADING_POLL_S)
            state = self._state.read()
        return state

    async def _decode(
        self, body: dict[str, Any], state: HostState, work: Work, one: _Decoded
    ) -> AsyncGenerator[tuple[str, tuple[TokenLogprob, ...]], None]:
        """Yields text and log-probabilities of one choice; `one` holds all of it afterwards."""
        top = (work.request.sampling.top_logprobs or 0) if work.request.sampling.logprobs else 0
        began_ms = self._clock.monotonic_ms()
        # Half of a JSON object is worth nothing; half of a text may be worth something.
        partial = body.keys().isdisjoint(("response_format", "grammar"))
        async with (
            aclosing(self._events(body, state, work)) as events,
            aclosing(_until_cut(events, one, partial=partial)) as timely,
        ):
            async for event in timely:
                for choice in event.get("choices", ()):
                    text = choice.get("delta", {}).get("content") or ""
                    logprobs = read_logprobs(choice, top)
                    one.pieces.append(text)
                    one.logprobs += logprobs
                    one.finish_reason = choice.get("finish_reason") or one.finish_reason
                    if text or logprobs:
                        yield text, logprobs
                if event.get("usage"):
                    one.usage = read_usage(event)
                    timings = event.get("timings", {})
                    one.compute_ms = timings.get("prompt_ms", 0.0) + timings.get(
                        "predicted_ms", 0.0
                    )
        if one.cut:
            # The runtime's own counts come with its last event only.
            one.finish_reason = "length"
            one.compute_ms = self._clock.monotonic_ms() - began_ms
            one.usage = Usage(work.signals.input_tokens, output_tokens=len(one.logprobs))
        elif not one.finish_reason or not one.usage.reported:
            raise StreamCut("the local model's stream ended before its last event", sent=True)

    async def _events(
        self, body: dict[str, Any], state: HostState, work: Work
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yields the child's server-sent events as JSON. Leaving it closes the connection."""
        import aiohttp  # 15 MB and 0.1 s, which servers without a local model do without

        connector = aiohttp.UnixConnector(
            str(socket_path(self._directory, state.generation)), force_close=True
        )
        headers = {"Authorization": f"Bearer {self._address.token}"}
        session = aiohttp.ClientSession(
            connector=connector,
            headers=headers,
            read_bufsize=LARGEST_EVENT_BYTES,
            timeout=aiohttp.ClientTimeout(total=None),  # the deadline is kept below
        )
        response: aiohttp.ClientResponse | None = None
        try:
            async with asyncio.timeout(self._left_s(work)):
                response = await session.post("http://local/v1/chat/completions", json=body)
                if response.status != 200:
                    raise _rejection(response.status, await response.text())
            while line := await self._line(response, work):
                if not line.startswith(b"data: ") or line.startswith(b"data: [DONE]"):
                    continue
                event = json.loads(line[6:])
                if "error" in event:
                    raise _rejection(500, line[6:].decode())
                yield event
        except TimeoutError as error:
            raise DeadlineExceeded(
                f"answerer {self._section.name!r} was not done by its deadline"
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            sent = response is not None
            kind = StreamCut if sent else UpstreamUnreachable
            raise kind(
                "the local model's process went away; it is being started again", sent=sent
            ) from error
        except ValueError as error:
            raise UpstreamInvalid(f"the local model sent what is not JSON: {error}") from error
        finally:
            if response is not None:
                response.close()  # drops the connection, which makes the child stop decoding
            await session.close()

    async def _line(self, response: aiohttp.ClientResponse, work: Work) -> bytes:
        # Not wait_for: in Python 3.11 it loses a cancellation that comes with a result.
        async with asyncio.timeout(self._left_s(work)):
            return await response.content.readline()

    def _body(
        self, work: Work, state: HostState, plan: ToolPlan | None, choice: int
    ) -> dict[str, Any]:
        wanted = self._adapter_for(work.signals.domain)
        return chat_body(
            work.request,
            system_prompt=self._section.system_prompt,
            max_output_tokens=self._section.output_cap,
            tool_plan=plan,
            prefer_schema=work.prefer_schema,
            scales=tuple(
                wanted[1] if wanted and path == wanted[0] else 0.0 for path in state.adapters
            ),
            choice=choice,
            usual_output_tokens=self._section.usual_output_tokens,
            prompt_cache=self._section.prompt_cache,
        )

    def _adapter_for(self, domain: Domain) -> tuple[str, float, str] | None:
        """Returns path, scale and name of the first adapter that the section lists for `domain`."""
        fits = (a for a in self._section.adapters if domain in a.domains)
        return next(((a.path, a.scale, a.name) for a in fits), None)

    def _left_s(self, work: Work) -> float:
        """Returns the seconds until decoding ends, ENDING_S before the deadline; never negative."""
        return max(0.0, (work.deadline_at_ms - self._clock.now_ms()) / 1000 - ENDING_S)

    def _final(
        self, work: Work, state: HostState, decoded: list[_Decoded], choices: list[Choice]
    ) -> Answer:
        wanted = self._adapter_for(work.signals.domain)
        return Answer(
            choices=tuple(choices),
            model=self._section.model,
            usage=Usage(
                input_tokens=sum(one.usage.input_tokens for one in decoded),
                cached_input_tokens=sum(one.usage.cached_input_tokens for one in decoded),
                output_tokens=sum(one.usage.output_tokens for one in decoded),
                reported=not any(one.cut for one in decoded),
            ),
            compute_ms=sum(one.compute_ms for one in decoded),
            adapter=wanted[2] if wanted and wanted[0] in state.adapters else None,
        )


async def _until_cut(
    events: AsyncGenerator[dict[str, Any], None], one: _Decoded, *, partial: bool
) -> AsyncGenerator[dict[str, Any], None]:
    """Yields the events. With `partial`, a deadline after some text ends them without an error.

    So does a text that loops: leaving the events closes the connection, and the child stops.
    """
    try:
        async for event in events:
            yield event
            # Looking costs 20 us and a loop goes on, so not every token needs a look.
            if partial and len(one.pieces) % LOOKED_EVERY == 0 and loops("".join(one.pieces)):
                one.cut = True
                return
    except DeadlineExceeded:
        if not partial or not "".join(one.pieces).strip():
            raise
        one.cut = True


def _choice(one: _Decoded, plan: ToolPlan | None) -> Choice:
    text = "".join(one.pieces)
    if plan is None:
        return Choice(text, one.finish_reason, logprobs=tuple(one.logprobs))
    try:
        reply, tool_call = read_tool_answer(text, f"call_{secrets.token_hex(12)}")
    except UpstreamInvalid:
        if one.finish_reason != "length":
            raise
        reply, tool_call = begun_reply(text), None
    if tool_call is None:
        return Choice(reply, one.finish_reason, logprobs=tuple(one.logprobs))
    return Choice("", "tool_calls", (tool_call,), logprobs=tuple(one.logprobs))


def _planned_delta(choice: Choice, index: int) -> Delta:
    """Returns what was held back while the JSON of a tool call grew."""
    if choice.tool_calls:
        return Delta(tool_call_index=0, tool_call=choice.tool_calls[0], index=index)
    return Delta(text=choice.text, index=index, logprobs=choice.logprobs)


def _rejection(status: int, text: str) -> UpstreamError:
    """Returns our error for the runtime's: a prompt that does not fit is refused, never cut."""
    try:
        error = json.loads(text)["error"]
        message, kind = error["message"], error.get("type", "")
    except (ValueError, KeyError, TypeError):
        return UpstreamInvalid(f"the local model answered {status} with {text[:200]!r}")
    if kind == "exceed_context_size_error":
        return UpstreamTooLong(
            f"the prompt does not fit the local model: {message}", upstream_status=status
        )
    if status < 500:
        return UpstreamRejected(f"the local model refused: {message}", upstream_status=status)
    return UpstreamInvalid(f"the local model failed: {message}", upstream_status=status)
