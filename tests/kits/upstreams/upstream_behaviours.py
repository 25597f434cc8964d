"""Answers as an OpenAI-compatible server does, byte by byte; the model names the behaviour.

Behaviours here: answer, slow:SECONDS, tool-calls, logprobs, reasoning, refusal, length (cut by the
output cap), thinking-loop (thinks, calls a tool, and wants its thoughts back), json (an object with
an `answer`), mirror (the last message said back), echo (the answer's text is the JSON of the
received body and headers), paced:FIRST,EACH,COUNT (words at a stated pace), counting (the same,
with the usage so far in each piece), reluctant (as paced, refusing), acting:FIRST,EACH,COUNT (as
paced, then the calls of tool-calls), misacting (and the last call is cut), redirected:MODEL (that
model answers), decider (fills the steps of a decision), agent (calls offered tools, fills schemas;
see upstream_agent), editor (edits a file with the tools of coding agents; see upstream_editor),
judge (grades answers; see upstream_judge), extractor (fills the schema of an endpoint by domain).
The misbehaving ones are in upstream_faults.
"""

from __future__ import annotations

import asyncio
import re
from itertools import cycle, islice

import orjson

from tests.kits.upstreams.upstream_agent import reply
from tests.kits.upstreams.upstream_decider import step_reply
from tests.kits.upstreams.upstream_editor import chat_message
from tests.kits.upstreams.upstream_exchange import Behaviour, Exchange
from tests.kits.upstreams.upstream_extractor import filled
from tests.kits.upstreams.upstream_faults import FAULTS
from tests.kits.upstreams.upstream_judge import verdict
from tests.kits.upstreams.upstream_particular import chat_answer
from tests.kits.upstreams.upstream_reader import read
from tests.kits.upstreams.upstream_wire import (
    ANSWER,
    STREAM_HEAD,
    STREAMED,
    TEXT,
    USAGE,
    chunk,
    chunked,
    completion,
    event,
    usage_chunk,
)


async def _slow(x: Exchange) -> None:
    await asyncio.sleep(float(x.argument or 1))
    await x.write(STREAMED if x.stream else ANSWER)


_SEA = (
    "Before sunrise the harbour is grey and almost silent, until small boats leave their moorings "
    "one after another. Gulls follow them past the old lighthouse, over long green waves that "
    "break on black rocks below our village. By noon nets come up heavy with silver herring, and "
    "wind from the west carries salt, laughter, the smell of tar. At night only its steady "
    "breathing remains."
)
PASSAGE = _SEA.split()
"""Words for answers at a stated pace: one word again and again is judged as garbled."""


async def _paced(x: Exchange, opening: str = "", *arguments: str, counts: bool = False) -> None:
    """Answers at a stated pace: FIRST seconds, then COUNT words, EACH so many seconds apart.

    Calls with these arguments follow, in two pieces each. `counts` says the usage with each word.
    """
    first, each, count = x.argument.split(",")
    words = [*opening.split(), *islice(cycle(PASSAGE), int(count))][: int(count)]
    usage = {"prompt_tokens": 20, "completion_tokens": len(words), "total_tokens": 20 + len(words)}
    if not x.stream:
        await asyncio.sleep(float(first) + float(each) * len(words))
        calls = [_call(i, given) for i, given in enumerate(arguments)]
        await x.answer(
            completion(" ".join(words), usage, **({"tool_calls": calls} if calls else {}))
        )
        return
    await asyncio.sleep(float(first))
    await x.write(STREAM_HEAD)
    for i, word in enumerate(words, 1):
        piece = chunk({"content": f"{word} "})
        if counts:
            piece["usage"] = {**usage, "completion_tokens": i, "total_tokens": 20 + i}
        await x.write(chunked(event(piece)))
        await asyncio.sleep(float(each))
    for i, given in enumerate(arguments):
        begun = {**_call(i, given[:3]), "index": i}
        rest = {"index": i, "function": {"arguments": given[3:]}}
        for piece in (begun, rest):
            await x.write(chunked(event(chunk({"tool_calls": [piece]}))))
    reason = "tool_calls" if arguments else "stop"
    for last in (event(chunk({}, reason)), event(usage_chunk(usage)), b"data: [DONE]\n\n"):
        await x.write(chunked(last))
    await x.write(b"0\r\n\r\n")


async def _reluctant(x: Exchange) -> None:
    await _paced(x, "I cannot help with that request because ")


async def _counting(x: Exchange) -> None:
    await _paced(x, counts=True)


async def _acting(x: Exchange) -> None:
    await _paced(x, "", '{"i":1}', '{"i":2}')


async def _misacting(x: Exchange) -> None:
    await _paced(x, "", '{"i":1}', '{"i":')


def _call(i: int, given: str) -> dict[str, object]:
    return {"id": f"call_{i}", "type": "function", "function": {"name": "f", "arguments": given}}


async def _tool_calls(x: Exchange) -> None:
    calls = [_call(i, '{"i":1}') for i in range(2)]
    if not x.stream:
        await x.answer(completion(None, tool_calls=calls))
        return
    # As OpenAI streams a call: its name with empty arguments, then the arguments in pieces.
    pieces: list[object] = []
    for i, call in enumerate(calls):
        start = {**call, "index": i, "function": {"name": "f", "arguments": ""}}
        more = [{"index": i, "function": {"arguments": part}} for part in ('{"i"', ":1}")]
        pieces += [chunk({"tool_calls": [part]}) for part in (start, *more)]
    await x.events(*pieces, chunk({}, "tool_calls"), usage_chunk())


async def _logprobs(x: Exchange) -> None:
    content = [
        {
            "token": "Yes",
            "logprob": -0.1,
            "bytes": [89, 101, 115],
            "top_logprobs": [
                {"token": "Yes", "logprob": -0.1, "bytes": None},
                {"token": "No", "logprob": -2.4, "bytes": None},
            ],
        }
    ]
    if x.stream:
        first = chunk({"content": "Yes"})
        first["choices"][0]["logprobs"] = {"content": content}  # type: ignore[index]
        await x.events(first, chunk({}, "stop"), usage_chunk())
    else:
        answer = completion("Yes")
        answer["choices"][0]["logprobs"] = {"content": content}  # type: ignore[index]
        await x.answer(answer)


async def _reasoning(x: Exchange) -> None:
    # The completion tokens contain the reasoning tokens.
    usage = {**USAGE, "completion_tokens_details": {"reasoning_tokens": 8}}
    if x.stream:
        thought = [chunk({"reasoning_content": word}) for word in ("Let me ", "think.")]
        await x.events(*thought, chunk({"content": "42"}), chunk({}, "stop"), usage_chunk(usage))
    else:
        await x.answer(completion("42", usage, reasoning_content="Let me think."))


async def _thinking_loop(x: Exchange) -> None:
    """Thinks before it calls a tool; like DeepSeek, refuses calls that come back without it."""
    messages = [m for m in x.seen.fields["messages"] if m["role"] == "assistant"]  # type: ignore[index]
    if not all(m.get("reasoning_content") for m in messages):
        refusal = "The `reasoning_content` in the thinking mode must be passed back to the API."
        await x.refuse(400, refusal)
        return
    if messages:
        await x.answer(completion(f"I thought: {messages[-1]['reasoning_content']}"))
        return
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    thought = "The order 4711 first."
    if x.stream:
        pieces = ({"reasoning_content": thought}, {"tool_calls": [{"index": 0, **call}]})
        await x.events(*map(chunk, pieces), chunk({}, "tool_calls"), usage_chunk())
    else:
        await x.answer(completion(None, tool_calls=[call], reasoning_content=thought))


async def _refusal(x: Exchange) -> None:
    if x.stream:
        await x.events(chunk({"refusal": "I can't."}), chunk({}, "stop"), usage_chunk())
    else:
        await x.answer(completion(None, refusal="I can't."))


async def _length(x: Exchange) -> None:
    if x.stream:
        await x.events(chunk({"content": "Your par"}), chunk({}, "length"), usage_chunk())
    else:
        cut = completion("Your par")
        cut["choices"][0]["finish_reason"] = "length"  # type: ignore[index]
        await x.answer(cut)


async def _json(x: Exchange) -> None:
    text = '{"answer": 42}'
    if x.stream:
        await x.events(chunk({"content": text}), chunk({}, "stop"), usage_chunk())
    else:
        await x.answer(completion(text))


async def _echo(x: Exchange) -> None:
    # A test reads back what the upstream received.
    text = orjson.dumps({"body": x.seen.fields, "headers": x.seen.headers}).decode()
    if x.stream:
        await x.events(chunk({"content": text}), chunk({}, "stop"), usage_chunk())
    else:
        await x.answer(completion(text))


async def _mirror(x: Exchange) -> None:
    """Says the last message back: a letter at a time, in a tool's arguments, or in an object."""
    messages = x.seen.fields["messages"]
    assert isinstance(messages, list)
    content = messages[-1]["content"]
    text = content if isinstance(content, str) else content[-1]["text"]
    if x.seen.fields.get("tools"):
        arguments = orjson.dumps({"text": text}).decode()
        call = {"id": "call_0", "type": "function", "function": {"name": "f", "arguments": ""}}
        if not x.stream:
            call["function"] = {"name": "f", "arguments": arguments}
            return await x.answer(completion(None, tool_calls=[call]))
        parts = [{"index": 0, "function": {"arguments": letter}} for letter in arguments]
        pieces = [chunk({"tool_calls": [part]}) for part in ({"index": 0, **call}, *parts)]
        return await x.events(*pieces, chunk({}, "tool_calls"), usage_chunk())
    if x.seen.fields.get("response_format"):
        text = orjson.dumps({"answer": text}).decode()
    if not x.stream:
        return await x.answer(completion(text))
    letters = [chunk({"content": letter}) for letter in text]
    await x.events(*letters, chunk({}, "stop"), usage_chunk())


async def _redirected(x: Exchange) -> None:
    """Names another model as the one that answered: the one after the colon."""
    model = {"model": x.argument}
    if x.stream:
        pieces = [chunk({"content": TEXT}), chunk({}, "stop"), usage_chunk()]
        await x.events(*({**piece, **model} for piece in pieces))
    else:
        await x.answer({**completion(), **model})


async def _agent(x: Exchange) -> None:
    await _message(x, reply(x.seen.fields))


async def _decider(x: Exchange) -> None:
    await x.answer(completion(step_reply(x.seen.fields)))


async def _editor(x: Exchange) -> None:
    await _message(x, chat_message(x.seen.fields))


async def _extractor(x: Exchange) -> None:
    await x.answer(completion(filled(x.seen.fields)))


async def _reader(x: Exchange) -> None:
    await _message(x, {"content": read(x.seen.fields)})


async def _message(x: Exchange, message: dict[str, object]) -> None:
    calls, text = message.get("tool_calls"), message["content"]
    if not x.stream:
        more = {"tool_calls": calls} if calls else {}
        await x.answer(completion(text, **more))  # type: ignore[arg-type]
    elif isinstance(calls, list):
        pieces = [{"index": i, **call} for i, call in enumerate(calls)]
        start = chunk({"role": "assistant", "tool_calls": pieces})
        await x.events(start, chunk({}, "tool_calls"), usage_chunk())
    else:
        words = [chunk({"content": word}) for word in re.findall(r"\s*\S+", str(text))]
        await x.events(*words, chunk({}, "stop"), usage_chunk())


async def _particular(x: Exchange) -> None:
    """Answers as `upstream_particular` says; it refuses before."""
    answered = chat_answer(x.seen.fields)
    choice = answered["choices"][0]  # type: ignore[index]
    message, reason = choice["message"], choice["finish_reason"]
    if not x.stream:
        return await x.answer(answered)
    pieces = [chunk({"content": message["content"]})] if message["content"] else []
    pieces += [
        chunk({"tool_calls": [{"index": i, **call}]})
        for i, call in enumerate(message.get("tool_calls", ()))
    ]
    await x.events(*pieces, chunk({}, reason), usage_chunk())


async def _judge(x: Exchange) -> None:
    """Grades and compares answers by the rule in `upstream_judge`; the argument is its bias."""
    await x.answer(completion(verdict(x.seen.fields, x.argument)))


BEHAVIOURS: dict[str, Behaviour] = {
    **FAULTS,
    "slow": _slow,
    "paced": _paced,
    "reluctant": _reluctant,
    "counting": _counting,
    "acting": _acting,
    "misacting": _misacting,
    "tool-calls": _tool_calls,
    "logprobs": _logprobs,
    "reasoning": _reasoning,
    "thinking-loop": _thinking_loop,
    "refusal": _refusal,
    "length": _length,
    "json": _json,
    "echo": _echo,
    "mirror": _mirror,
    "redirected": _redirected,
    "agent": _agent,
    "decider": _decider,
    "editor": _editor,
    "extractor": _extractor,
    "reader": _reader,
    "judge": _judge,
    "particular": _particular,
}
