"""Builds the bytes of the fake upstream's answers: whole ones, and events of a stream."""

from __future__ import annotations

import orjson

TEXT = "Your parcel is on its way and should arrive on Tuesday."
MODEL = "fake-1"
USAGE = {"prompt_tokens": 20, "completion_tokens": 12, "total_tokens": 32}


def completion(
    text: str | None = TEXT, usage: object = USAGE, **message: object
) -> dict[str, object]:
    calls = message.get("tool_calls")
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, **message},
                "logprobs": None,
                "finish_reason": "tool_calls" if calls else "stop",
            }
        ],
        **({} if usage is None else {"usage": usage}),
    }


def chunk(delta: object, finish_reason: str | None = None, **more: object) -> dict[str, object]:
    return {
        "id": "chatcmpl-fake",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}],
        **more,
    }


def usage_chunk(usage: object = USAGE) -> dict[str, object]:
    return {**chunk({}), "choices": [], "usage": usage}


def head(status: int, content_type: str, *more: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"content-type: {content_type}", *more]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def whole(status: int, body: bytes, content_type: str = "application/json", *more: str) -> bytes:
    return head(status, content_type, f"content-length: {len(body)}", *more) + body


def event(found: object) -> bytes:
    return b"data: " + orjson.dumps(found) + b"\n\n"


# Made once, because benches ask for them thousands of times a second.
ANSWER = whole(200, orjson.dumps(completion()))
EVENTS = [
    event(chunk({"role": "assistant", "content": ""})),
    # Each word keeps its space, so that the pieces join to TEXT.
    *[event(chunk({"content": word})) for word in TEXT.replace(" ", " \0").split("\0")],
    event(chunk({}, "stop")),
    event(usage_chunk()),
    b"data: [DONE]\n\n",
]
STREAM_HEAD = head(200, "text/event-stream; charset=utf-8", "transfer-encoding: chunked")


def chunked(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


STREAMED = STREAM_HEAD + b"".join(chunked(piece) for piece in EVENTS) + b"0\r\n\r\n"
