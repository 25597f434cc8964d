"""What an OpenAI-compatible server says, byte by byte, and how it may misbehave.

Behaviours: answer, slow:SECONDS, hang, drip:SECONDS a byte, cut, reset, status:CODE,
rate-limited:SECONDS (Retry-After), rate-limited-ms:MS, limited-once:MS (then an answer), quota,
flaky:COUNT (503 that often, then an answer), html, garbage, wrong-type, not-json-type,
negative-usage, absurd-usage, no-usage, no-finish, huge-line, huge-body, endless, endless-head,
gzip-bomb, redirect, tool-calls, logprobs, reasoning, refusal, length (cut by the output cap), json
(an object with an `answer`), error-event, error-object, garbled and lost (a stream is nonsense,
or breaks, halfway), stream-ignored, echo (the answer's text is the JSON of the received body and
headers), paced:FIRST,EACH,COUNT (words at a stated pace), reluctant (the same, refusing),
redirected:MODEL (that model answers), agent
(calls offered tools, fills schemas; see upstream_agent), editor (edits a file with the tools of
coding agents; see upstream_editor).
"""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass

import orjson

from tests.kits.upstreams.upstream_agent import reply
from tests.kits.upstreams.upstream_editor import chat_message
from tests.kits.upstreams.upstream_wire import (
    ANSWER,
    EVENTS,
    STREAM_HEAD,
    STREAMED,
    TEXT,
    USAGE,
    chunk,
    chunked,
    completion,
    event,
    head,
    usage_chunk,
    whole,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it arrived."""

    path: str
    raw_headers: list[tuple[bytes, bytes]]
    body: bytes
    at_s: float  # of the event loop's clock

    @property
    def headers(self) -> dict[str, str]:
        return {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in self.raw_headers}

    @property
    def fields(self) -> dict[str, object]:
        found = orjson.loads(self.body)
        assert isinstance(found, dict)
        return found


@dataclass(slots=True)
class Exchange:
    transport: asyncio.Transport
    writable: asyncio.Event
    seen: Seen
    stream: bool
    argument: str
    failures: Iterator[int]  # counts what `flaky` was asked, over all connections

    async def write(self, data: bytes) -> None:
        self.transport.write(data)
        await self.writable.wait()

    async def answer(self, found: object) -> None:
        await self.write(whole(200, orjson.dumps(found)))

    async def events(self, *found: object, done: bool = True) -> None:
        await self.write(STREAM_HEAD)
        for one in found:
            await self.write(chunked(event(one)))
        await self.write((chunked(b"data: [DONE]\n\n") if done else b"") + b"0\r\n\r\n")

    async def refuse(self, status: int, code: str | None, *headers: str) -> None:
        body = {"error": {"message": "no: sk-upstream-secret", "type": "x", "code": code}}
        await self.write(whole(status, orjson.dumps(body), "application/json", *headers))


async def _slow(x: Exchange) -> None:
    await asyncio.sleep(float(x.argument or 1))
    await x.write(STREAMED if x.stream else ANSWER)


async def _paced(x: Exchange, opening: str = "") -> None:
    """A model of a stated pace: FIRST seconds, then COUNT words, EACH so many seconds apart."""
    first, each, count = x.argument.split(",")
    words = f"{opening}{'word ' * int(count)}".split()[: int(count)]
    usage = {"prompt_tokens": 20, "completion_tokens": len(words), "total_tokens": 20 + len(words)}
    if not x.stream:
        await asyncio.sleep(float(first) + float(each) * len(words))
        await x.answer(completion(" ".join(words), usage))
        return
    await asyncio.sleep(float(first))
    await x.write(STREAM_HEAD)
    for word in words:
        await x.write(chunked(event(chunk({"content": f"{word} "}))))
        await asyncio.sleep(float(each))
    for last in (event(chunk({}, "stop")), event(usage_chunk(usage)), b"data: [DONE]\n\n"):
        await x.write(chunked(last))
    await x.write(b"0\r\n\r\n")


async def _reluctant(x: Exchange) -> None:
    await _paced(x, "I cannot help with that request because ")


async def _hang(x: Exchange) -> None:
    if x.stream:
        await x.write(STREAM_HEAD + chunked(EVENTS[1]))
    await asyncio.sleep(3600)


async def _drip(x: Exchange) -> None:
    whole_answer = STREAMED if x.stream else ANSWER
    for at in range(len(whole_answer)):
        await x.write(whole_answer[at : at + 1])
        await asyncio.sleep(float(x.argument or 1))


async def _cut(x: Exchange) -> None:
    await x.write(STREAMED[: len(STREAMED) // 2] if x.stream else ANSWER[:-20])
    x.transport.close()


async def _reset(x: Exchange) -> None:
    x.transport.abort()


async def _status(x: Exchange) -> None:
    codes = {401: "invalid_api_key", 400: "context_length_exceeded", 404: "model_not_found"}
    status = int(x.argument)
    await x.refuse(status, codes.get(status, "what"))


async def _rate_limited(x: Exchange) -> None:
    await x.refuse(429, "rate_limit_exceeded", f"retry-after: {x.argument or 1}")


async def _rate_limited_ms(x: Exchange) -> None:
    await x.refuse(429, "rate_limit_exceeded", f"retry-after-ms: {x.argument or 50}")


async def _limited_once(x: Exchange) -> None:
    if next(x.failures) == 1:
        await _rate_limited_ms(x)
    else:
        await x.write(STREAMED if x.stream else ANSWER)


async def _quota(x: Exchange) -> None:
    await x.refuse(429, "insufficient_quota")


async def _flaky(x: Exchange) -> None:
    if next(x.failures) <= int(x.argument or 1):
        await x.refuse(503, None)
    else:
        await x.write(STREAMED if x.stream else ANSWER)


async def _html(x: Exchange) -> None:
    await x.write(whole(200, b"<html><body>Please log in</body></html>", "text/html"))


async def _garbage(x: Exchange) -> None:
    if x.stream:
        await x.write(STREAM_HEAD + chunked(b"data: {nonsense\n\n") + b"0\r\n\r\n")
    else:
        await x.write(whole(200, b"{nonsense"))


async def _wrong_type(x: Exchange) -> None:
    await x.answer({"choices": "none"})


async def _not_json_type(x: Exchange) -> None:
    await x.write(whole(200, orjson.dumps(completion()), "text/plain"))


async def _usage(x: Exchange, usage: object) -> None:
    if x.stream:
        last = [] if usage is None else [usage_chunk(usage)]
        await x.events(chunk({"content": TEXT}), chunk({}, "stop"), *last)
    else:
        await x.answer(completion(usage=usage))


async def _negative_usage(x: Exchange) -> None:
    await _usage(x, {"prompt_tokens": -5, "completion_tokens": -7, "total_tokens": -12})


async def _no_usage(x: Exchange) -> None:
    await _usage(x, None)


async def _no_finish(x: Exchange) -> None:
    await x.events(chunk({"content": TEXT}))


async def _huge_line(x: Exchange) -> None:
    await x.write(STREAM_HEAD)
    for _ in range(64):
        await x.write(chunked(b"x" * 1_000_000))


async def _huge_body(x: Exchange) -> None:
    await x.write(head(200, "application/json", "transfer-encoding: chunked"))
    for _ in range(64):
        await x.write(chunked(b" " * 1_000_000))
    await x.write(b"0\r\n\r\n")


async def _endless(x: Exchange) -> None:
    await x.write(STREAM_HEAD)
    while not x.transport.is_closing():  # a write to a lost connection returns at once
        await x.write(chunked(EVENTS[1] * 1000))


async def _endless_head(x: Exchange) -> None:
    await x.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n")
    while not x.transport.is_closing():
        await x.write(b"x-more: of it\r\n" * 1000)


async def _gzip_bomb(x: Exchange) -> None:
    packed = gzip.compress(b" " * 1_000_000) * 200  # members follow one another
    kind = "text/event-stream" if x.stream else "application/json"
    await x.write(whole(200, packed, kind, "content-encoding: gzip"))


async def _absurd_usage(x: Exchange) -> None:
    await _usage(x, {"prompt_tokens": 2**62, "completion_tokens": 1e308, "total_tokens": "many"})


async def _redirect(x: Exchange) -> None:
    await x.write(whole(307, b"", "text/plain", "location: http://127.0.0.1:9/v1/chat/completions"))


async def _tool_calls(x: Exchange) -> None:
    calls = [
        {"id": f"call_{i}", "type": "function", "function": {"name": "f", "arguments": '{"i":1}'}}
        for i in range(2)
    ]
    if not x.stream:
        await x.answer(completion(None, tool_calls=calls))
        return
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
    usage = {**USAGE, "completion_tokens_details": {"reasoning_tokens": 8}}
    if x.stream:
        thought = [chunk({"reasoning_content": word}) for word in ("Let me ", "think.")]
        await x.events(*thought, chunk({"content": "42"}), chunk({}, "stop"), usage_chunk(usage))
    else:
        await x.answer(completion("42", usage, reasoning_content="Let me think."))


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


async def _error_event(x: Exchange) -> None:
    error = {"error": {"message": "overloaded sk-upstream-secret", "code": None}}
    await x.events(chunk({"content": "Your "}), error, done=False)


async def _garbled(x: Exchange) -> None:
    pieces = [*EVENTS[:4], b"data: {nonsense\n\n", *EVENTS[4:]]
    await x.write(STREAM_HEAD + b"".join(chunked(piece) for piece in pieces) + b"0\r\n\r\n")


async def _lost(x: Exchange) -> None:
    await x.write(STREAM_HEAD + b"".join(chunked(piece) for piece in EVENTS[:4]))
    await asyncio.sleep(0.05)  # what was written is read before the connection breaks
    x.transport.abort()


async def _error_object(x: Exchange) -> None:
    await x.answer({"error": {"message": "sk-upstream-secret", "code": "content_filter"}})


async def _stream_ignored(x: Exchange) -> None:
    await x.write(ANSWER)


async def _echo(x: Exchange) -> None:
    text = orjson.dumps({"body": x.seen.fields, "headers": x.seen.headers}).decode()
    if x.stream:
        await x.events(chunk({"content": text}), chunk({}, "stop"), usage_chunk())
    else:
        await x.answer(completion(text))


async def _redirected(x: Exchange) -> None:
    """Another model answers: the one after the colon."""
    model = {"model": x.argument}
    if x.stream:
        pieces = [chunk({"content": TEXT}), chunk({}, "stop"), usage_chunk()]
        await x.events(*({**piece, **model} for piece in pieces))
    else:
        await x.answer({**completion(), **model})


async def _agent(x: Exchange) -> None:
    await _message(x, reply(x.seen.fields))


async def _editor(x: Exchange) -> None:
    await _message(x, chat_message(x.seen.fields))


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


BEHAVIOURS: dict[str, Callable[[Exchange], Coroutine[None, None, None]]] = {
    "slow": _slow,
    "hang": _hang,
    "paced": _paced,
    "reluctant": _reluctant,
    "drip": _drip,
    "cut": _cut,
    "reset": _reset,
    "status": _status,
    "rate-limited": _rate_limited,
    "rate-limited-ms": _rate_limited_ms,
    "limited-once": _limited_once,
    "quota": _quota,
    "flaky": _flaky,
    "html": _html,
    "garbage": _garbage,
    "wrong-type": _wrong_type,
    "not-json-type": _not_json_type,
    "negative-usage": _negative_usage,
    "no-usage": _no_usage,
    "no-finish": _no_finish,
    "huge-line": _huge_line,
    "huge-body": _huge_body,
    "endless": _endless,
    "redirect": _redirect,
    "endless-head": _endless_head,
    "gzip-bomb": _gzip_bomb,
    "absurd-usage": _absurd_usage,
    "tool-calls": _tool_calls,
    "logprobs": _logprobs,
    "reasoning": _reasoning,
    "refusal": _refusal,
    "length": _length,
    "json": _json,
    "error-event": _error_event,
    "error-object": _error_object,
    "garbled": _garbled,
    "lost": _lost,
    "stream-ignored": _stream_ignored,
    "echo": _echo,
    "redirected": _redirected,
    "agent": _agent,
    "editor": _editor,
}
