"""Does what every remote answerer must: ends a call, bounds a stream, counts tokens.

It knows neither a client nor a provider.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from msgspec.structs import replace

from router.errors import StreamCut
from router.money.cost import most_sound, output_cap, sent_bound
from router.types import Answer, AnswererFacts, Clock, Delta, Work
from router.wire.openai.upstream_events import stream_bound
from router.wire.openai.usage import bound_usage


def end_of_call(work: Work, deadline_s: float, clock: Clock) -> float:
    """Returns when a call ends, in the event loop's time: the request's deadline or its own."""
    return asyncio.get_running_loop().time() + left_of_call_s(work, deadline_s, clock)


def left_of_call_s(work: Work, deadline_s: float, clock: Clock) -> float:
    """Returns how long a call may take: until the request's deadline, or its own."""
    return min((work.deadline_at_ms - clock.now_ms()) / 1000.0, deadline_s)


def bytes_of_stream(work: Work, facts: AnswererFacts) -> int:
    """Returns the bytes that the stream of an answer may have, from the tokens asked for."""
    sampling = work.request.sampling
    logprobs = 1 + (sampling.top_logprobs or 0) if sampling.logprobs else 0
    return stream_bound(output_cap(facts, work.request) * sampling.n, logprobs)


async def final_of(
    stream: AsyncGenerator[list[Delta], None],
    tell_pieces: Callable[[list[Delta]], None] | None = None,
) -> Answer:
    """Returns the final answer of a stream that nobody else reads. Raises StreamCut for none.

    With `tell_pieces`, that of the call's Work, a stream that breaks off is booked at what came.
    """
    final: Answer | None = None
    if tell_pieces is not None:
        tell_pieces([])
    async with aclosing(stream) as steps:
        async for pieces in steps:
            if tell_pieces is not None:
                tell_pieces(pieces)
            final = pieces[-1].final
    if final is None:
        raise StreamCut("The stream ended without its answer.")
    return final


MAY_ADD = 200_000
"""Tokens that a provider may count beyond the bound: searches of its own, thoughts past the cap."""


def completed(answer: Answer, work: Work, facts: AnswererFacts) -> Answer:
    """Returns the answer with a model's name and, where none was reported, a bound on its usage.

    It has the choices that were asked for. Words of no tokens are no report: some servers write 0
    for what they do not count. Nor are counts that are far beyond the bound: a server that counts
    wrongly would lock a tenant out.
    """
    return asked_for(_with_usage(answer, work, facts), work)


def asked_for(answer: Answer, work: Work) -> Answer:
    """Returns the answer without choices beyond those that were asked for."""
    most = work.request.sampling.n
    return replace(answer, choices=answer.choices[:most]) if len(answer.choices) > most else answer


def _with_usage(answer: Answer, work: Work, facts: AnswererFacts) -> Answer:
    if not answer.model:
        answer = replace(answer, model=facts.model)
    told = answer.usage
    counted = told.reported and (told.output_tokens or not _said(answer))
    if counted and max(told.input_tokens, told.output_tokens) <= MAY_ADD:
        return answer  # so much is possible whatever the bounds are
    cap = output_cap(facts, work.request) * work.request.sampling.n
    inputs = sent_bound(facts, work.request)
    possible = told.input_tokens <= inputs + MAY_ADD and told.output_tokens <= cap + MAY_ADD
    if counted and possible:
        return answer
    usage = bound_usage(inputs, cap, answer)
    if possible:  # a part of the call was counted
        usage = replace(
            usage,
            input_tokens=max(inputs, told.input_tokens),
            output_tokens=max(usage.output_tokens, told.output_tokens),
        )
    return replace(answer, usage=replace(usage, audio_input_tokens=most_sound(work.request)))


def _said(answer: Answer) -> bool:
    return any(c.text or c.reasoning or c.refusal or c.tool_calls for c in answer.choices)
