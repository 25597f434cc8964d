"""Misbehaves as upstreams do: refuses, breaks off, hangs, floods, or answers nonsense.

Behaviours here: hang, drip:SECONDS a byte, cut, reset, status:CODE, refuses:CODE:WORDS, billed:CODE
(with usage), rate-limited:SECONDS (Retry-After), rate-limited-ms:MS, gemini-limited:SECONDS (in
the body), limited-once:MS (then an answer), quota, quota-in-pieces, refused-and-held:STATUS (the
refusal's body never ends),
flaky:COUNT (503 that often, then an answer), html, garbage, wrong-type, not-json-type, negative-
usage, absurd-usage, heard:COUNT (of sound), no-usage, zero-usage (no tokens of output), no-finish,
huge-line, huge-body, endless, endless-comments, small-pieces:COUNT (350 bytes for a letter),
endless-head, gzip-bomb, redirect, error-event, error-object, garbled and lost (a stream is
nonsense, or breaks, halfway), unended (all came but `[DONE]`, and the connection stays; `:lost`
breaks it, `:uncounted` leaves the usage out too), stream-ignored, always-streams (also where nobody
asked for a stream; `:cut` breaks off, `:mute` says no word and hangs), surplus (a second choice
that nobody asked for; `:ignored` streams none of it).
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import replace

import orjson

from tests.kits.upstreams.upstream_exchange import Behaviour, Exchange
from tests.kits.upstreams.upstream_wire import (
    ANSWER,
    EVENTS,
    STREAM_HEAD,
    STREAMED,
    TEXT,
    chunk,
    chunked,
    completion,
    event,
    head,
    usage_chunk,
    whole,
)


async def _hang(x: Exchange) -> None:
    if x.stream:
        await x.write(STREAM_HEAD + chunked(EVENTS[1]))
    await asyncio.sleep(3600)


async def _drip(x: Exchange) -> None:
    whole_answer = STREAMED if x.stream else ANSWER
    for index in range(len(whole_answer)):
        await x.write(whole_answer[index : index + 1])
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


async def _answers_with(x: Exchange) -> None:
    """Answers with another status than 200: a server creates its answer, or a proxy changes it."""
    answer = STREAMED if x.stream else ANSWER
    await x.write(answer.replace(b" 200 ", b" %s " % x.argument.encode(), 1))


async def _final(x: Exchange) -> None:
    """Refuses as a provider does that wants no second try, as at a limit for the whole day."""
    await x.refuse(int(x.argument), None, "x-should-retry: false")


async def _refuses(x: Exchange) -> None:
    status, _, words = x.argument.partition(":")
    await x.refuse(int(status), None, words=words)


async def _billed(x: Exchange) -> None:
    """Fails, and says what that costs: 20 tokens of input, 12 of output."""
    error = {"message": "failed after its work", "code": "server_error"}
    usage = {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32}
    await x.write(whole(int(x.argument), orjson.dumps({"error": error, "usage": usage})))


async def _rate_limited(x: Exchange) -> None:
    await x.refuse(429, "rate_limit_exceeded", f"retry-after: {x.argument or 1}")


async def _gemini_limited(x: Exchange) -> None:
    delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{x.argument}s"}
    error = {"code": 429, "status": "RESOURCE_EXHAUSTED", "details": [delay]}
    await x.write(whole(429, orjson.dumps([{"error": error}])))


async def _rate_limited_ms(x: Exchange) -> None:
    await x.refuse(429, "rate_limit_exceeded", f"retry-after-ms: {x.argument or 50}")


async def _limited_once(x: Exchange) -> None:
    if next(x.failures) == 1:
        await _rate_limited_ms(x)
    else:
        await x.write(STREAMED if x.stream else ANSWER)


async def _quota(x: Exchange) -> None:
    await x.refuse(429, "insufficient_quota")


async def _quota_in_pieces(x: Exchange) -> None:
    await x.write(head(429, "application/json", "transfer-encoding: chunked"))
    body = orjson.dumps({"error": {"message": "no", "code": "insufficient_quota"}})
    for piece in (body[:20], body[20:]):
        await x.write(chunked(piece))
        await asyncio.sleep(0.01)  # so that the reader gets each piece by itself
    await x.write(b"0\r\n\r\n")


async def _refused_and_held(x: Exchange) -> None:
    headers = ("content-length: 100", "retry-after: 30")
    await x.write(head(int(x.argument), "application/json", *headers) + b'{"error":')
    await asyncio.sleep(3600)


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


async def _zero_usage(x: Exchange) -> None:
    await _usage(x, {"prompt_tokens": 20, "completion_tokens": 0, "total_tokens": 20})


async def _heard(x: Exchange) -> None:
    """Answers, and says how many of the 20 tokens of its input were sound."""
    details = {"cached_tokens": 0, "audio_tokens": int(x.argument)}
    counts = {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32}
    await _usage(x, {**counts, "prompt_tokens_details": details})


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


async def _small_pieces(x: Exchange) -> None:
    """Says one letter in each of so many pieces of 350 bytes, as some providers do."""
    piece = event(chunk({"content": "x"}))
    piece = event(chunk({"content": "x"}, padding="p" * (350 - len(piece) - len(',"padding":""'))))
    await x.write(STREAM_HEAD)
    for _ in range(int(x.argument) // 1_000):
        await x.write(chunked(piece * 1_000))
    await x.write(chunked(event(chunk({}, "stop")) + EVENTS[-1]) + b"0\r\n\r\n")


async def _refusing(x: Exchange) -> None:
    """Refuses at length: in so many pieces of 1 MB, half the bytes in letters of two bytes."""
    piece = event(chunk({"refusal": "n\u00f6" * 333_333}))
    await x.write(STREAM_HEAD)
    for _ in range(int(x.argument)):
        await x.write(chunked(piece))
    await x.write(chunked(event(chunk({}, "stop")) + EVENTS[-1]) + b"0\r\n\r\n")


async def _endless_comments(x: Exchange) -> None:
    await x.write(STREAM_HEAD)
    while not x.transport.is_closing():
        await x.write(chunked(b":\n" * 50_000))


async def _endless_head(x: Exchange) -> None:
    await x.write(b"HTTP/1.1 200 X\r\ncontent-type: application/json\r\n")
    while not x.transport.is_closing():
        await x.write(b"x-more: of it\r\n" * 1000)


async def _gzip_bomb(x: Exchange) -> None:
    packed = gzip.compress(b" " * 1_000_000) * 200  # gzip members may follow one another
    kind = "text/event-stream" if x.stream else "application/json"
    await x.write(whole(200, packed, kind, "content-encoding: gzip"))


async def _absurd_usage(x: Exchange) -> None:
    await _usage(x, {"prompt_tokens": 2**62, "completion_tokens": 1e308, "total_tokens": "many"})


async def _redirect(x: Exchange) -> None:
    await x.write(whole(307, b"", "text/plain", "location: http://127.0.0.1:9/v1/chat/completions"))


async def _error_event(x: Exchange) -> None:
    error = {"error": {"message": "overloaded sk-upstream-secret", "code": None}}
    await x.events(chunk({"content": "Your "}), error, done=False)


async def _garbled(x: Exchange) -> None:
    pieces = [*EVENTS[:4], b"data: {nonsense\n\n", *EVENTS[4:]]
    await x.write(STREAM_HEAD + b"".join(chunked(piece) for piece in pieces) + b"0\r\n\r\n")


async def _lost(x: Exchange) -> None:
    await x.write(STREAM_HEAD + b"".join(chunked(piece) for piece in EVENTS[:4]))
    await asyncio.sleep(0.05)  # the client reads the beginning before the connection breaks
    x.transport.abort()


async def _unended(x: Exchange) -> None:
    end = EVENTS.index(b"data: [DONE]\n\n") - (x.argument == "uncounted")
    await x.write(STREAM_HEAD + b"".join(chunked(piece) for piece in EVENTS[:end]))
    await asyncio.sleep(0.05 if x.argument == "lost" else 3600)
    x.transport.abort()


async def _error_object(x: Exchange) -> None:
    await x.answer({"error": {"message": "sk-upstream-secret", "code": "content_filter"}})


async def _stream_ignored(x: Exchange) -> None:
    await x.write(ANSWER)


async def _always_streams(x: Exchange) -> None:
    if x.argument == "cut":
        await _cut(replace(x, stream=True))
    elif x.argument == "mute":
        await x.write(STREAM_HEAD + chunked(EVENTS[0]))
        await asyncio.sleep(3600)
    else:
        await x.write(STREAMED)


async def _surplus(x: Exchange) -> None:
    other = {"index": 1, "delta": {"content": "Another answer."}, "finish_reason": None}
    if x.stream and x.argument != "ignored":
        beyond = event({**chunk({}), "choices": [other]})
        pieces = [beyond, *EVENTS]
        await x.write(STREAM_HEAD + b"".join(chunked(piece) for piece in pieces) + b"0\r\n\r\n")
        return
    answer = completion(TEXT)
    first = answer["choices"][0]  # type: ignore[index]
    answer["choices"] = [first, {**first, "index": 1}]
    await x.answer(answer)


FAULTS: dict[str, Behaviour] = {
    "hang": _hang,
    "drip": _drip,
    "cut": _cut,
    "reset": _reset,
    "status": _status,
    "answers_with": _answers_with,
    "refuses": _refuses,
    "final": _final,
    "billed": _billed,
    "rate-limited": _rate_limited,
    "gemini-limited": _gemini_limited,
    "rate-limited-ms": _rate_limited_ms,
    "limited-once": _limited_once,
    "quota": _quota,
    "quota-in-pieces": _quota_in_pieces,
    "refused-and-held": _refused_and_held,
    "flaky": _flaky,
    "html": _html,
    "garbage": _garbage,
    "wrong-type": _wrong_type,
    "not-json-type": _not_json_type,
    "negative-usage": _negative_usage,
    "heard": _heard,
    "no-usage": _no_usage,
    "zero-usage": _zero_usage,
    "no-finish": _no_finish,
    "huge-line": _huge_line,
    "huge-body": _huge_body,
    "endless": _endless,
    "small-pieces": _small_pieces,
    "refusing": _refusing,
    "endless-comments": _endless_comments,
    "redirect": _redirect,
    "endless-head": _endless_head,
    "gzip-bomb": _gzip_bomb,
    "absurd-usage": _absurd_usage,
    "error-event": _error_event,
    "error-object": _error_object,
    "garbled": _garbled,
    "lost": _lost,
    "unended": _unended,
    "stream-ignored": _stream_ignored,
    "always-streams": _always_streams,
    "surplus": _surplus,
}
