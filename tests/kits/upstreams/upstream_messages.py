"""Answers `/v1/messages` in the fake upstream, as Anthropic would, by the request's `model`.

answer, agent (upstream_coder's calls, a signed thought before each), thinks (a signed thought, then
words), redacted, around (words before and after a call), echo (the answer's text is the JSON of the
received body and headers), cut, cut-call (in a call), done (a stream ends with `[DONE]` alone),
nested (too deep a call), waits (in its words, for ever), status:CODE, redirected:MODEL (another
model answers), stopped (by the first stop sequence), refuses:STATUS:WORDS, breaks:TYPE (an error of
this type ends the stream after some words), begins:TYPE (before any), hours (says how long each
write is kept), hours-cut (and breaks off), mute-cut (breaks off, and says no counts), older (takes
no adaptive thoughts and no turn of the system), plain (no such thoughts, nor a temperature), oldest
(takes none, nor such a turn), grudging (none, and says it of adaptive ones as if it took them
elsewhere), newest (takes no budget of them; these five echo), ends (its turn, without a word),
declines (without a word), bash (calls it). Thoughts that it did not sign itself get 400, as at
Anthropic, and so does what `strict_messages` lists. `/v1/messages/count_tokens` counts COUNTED
tokens.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import orjson

from tests.kits.upstreams.strict_messages import refusal
from tests.kits.upstreams.upstream_coder import DONE, turn
from tests.kits.upstreams.upstream_wire import TEXT, head, whole

COUNTED = 4_321
USAGE = {
    "input_tokens": 12,
    "cache_creation_input_tokens": 3,
    "cache_read_input_tokens": 5,
    "output_tokens": 12,
}

HOURS = {"ephemeral_5m_input_tokens": 1, "ephemeral_1h_input_tokens": 2}

_KINDS = {400: "invalid_request_error", 402: "billing_error", 429: "rate_limit_error"}
_KINDS |= {503: "overloaded_error", 529: "overloaded_error"}
_ADAPTIVE = {"adaptive": "adaptive thinking is not supported on this model"}
_THINKERS = {
    "older": _ADAPTIVE,
    "oldest": {**_ADAPTIVE, "enabled": "thinking is not supported on this model"},
    "grudging": {
        "adaptive": "adaptive thinking is not supported together with this effort",
        "enabled": "thinking is not supported on this model",
    },
    "plain": _ADAPTIVE,
    "newest": {
        "enabled": '"thinking.type.enabled" is not supported for this model. Use '
        '"thinking.type.adaptive" and "output_config.effort" to control thinking behavior.'
    },
}
_TURNS = {
    "older": "role 'system' is not supported on this model",
    "oldest": 'messages: Unexpected role "system". The Messages API accepts a top-level `system` '
    'parameter, not "system" as an input message role.',
}
"""How models refuse turns of the system within a conversation."""


def answer(body: dict[str, object], headers: dict[str, str], port: int) -> bytes:
    """Returns the whole response, with its head."""
    name, _, argument = str(body["model"]).partition(":")
    if name == "status":
        return _error(int(argument), "overloaded_error")
    if name == "refuses":
        status, _, words = argument.partition(":")
        return _error(int(status), _KINDS.get(int(status), "api_error"), words)
    # Anthropic rejects thoughts that it did not sign; the port stands for the issuer.
    if foreign := _foreign(body, port):
        return _error(400, "invalid_request_error", f"Invalid `signature` in {foreign}")
    if refused := _not_taken(name, body) or refusal(body):
        return _error(400, "invalid_request_error", refused)
    blocks = _blocks(name, body, headers, port)
    stop = "tool_use" if blocks and blocks[-1]["type"] == "tool_use" else "end_turn"
    stop = "refusal" if name == "declines" else stop
    sequences = body.get("stop_sequences")
    sequence = sequences[0] if name == "stopped" and isinstance(sequences, list) else None
    stop = stop if sequence is None else "stop_sequence"
    message = {
        "id": f"msg_{len(str(body))}",
        "type": "message",
        "role": "assistant",
        "model": argument if name == "redirected" else body["model"],
        "content": blocks,
        "stop_reason": stop,
        "stop_sequence": sequence,
        "usage": _usage(name),
    }
    if name == "nested":
        deep = b'{"a":' * 400 + b"1" + b"}" * 400
        call = b'[{"type":"tool_use","id":"c","name":"f","input":%b}]' % deep
        return whole(200, orjson.dumps({**message, "content": []}).replace(b"[]", call))
    if body.get("stream") is not True:
        return whole(200, orjson.dumps(message))
    events = list(_events(message, blocks, stop))
    if name in ("breaks", "begins"):
        words = next(i for i, e in enumerate(events) if e["type"] == "content_block_stop")
        words = 1 if name == "begins" else words
        error = {"type": argument, "message": "no: sk-upstream-secret"}
        return _streamed([*events[:words], {"type": "error", "error": error}])
    if name == "waits":
        return _streamed(events[:-3], unsent_bytes=1)
    # Without the last three events the stream has no end and no usage.
    if name == "done":
        return _streamed(events[:-1], b"data: [DONE]\n\n")
    return _streamed(
        events[:-3] if name in ("cut", "cut-call", "hours-cut", "mute-cut") else events
    )


def counted(body: dict[str, object]) -> bytes:
    """Returns the response of count_tokens."""
    name, _, argument = str(body["model"]).partition(":")
    if name == "status":
        return _error(int(argument), "overloaded_error")
    return whole(200, orjson.dumps({"input_tokens": COUNTED}))


def _blocks(
    name: str, body: dict[str, object], headers: dict[str, str], port: int
) -> list[dict[str, object]]:
    thought = {"type": "thinking", "thinking": "Let me see.", "signature": f"sig:{port}:=="}
    if name in ("echo", "particular", *_THINKERS):
        text = orjson.dumps({"body": body, "headers": headers}).decode()
        return [{"type": "text", "text": text}]
    if name in ("ends", "declines"):
        return []
    if name == "bash":
        given = {"command": "ls"}
        return [{"type": "tool_use", "id": "c1", "name": "bash", "input": given}]
    if name == "thinks":
        return [thought, {"type": "text", "text": TEXT}]
    if name == "redacted":
        hidden = {"type": "redacted_thinking", "data": f"sig:{port}:hidden"}
        return [hidden, {"type": "text", "text": TEXT}]
    if name == "cut-call":
        return [{"type": "tool_use", "id": "c1", "name": "f", "input": {"text": "x" * 20}}]
    if name == "around":
        call = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
        texts = [{"type": "text", "text": text} for text in ("Let me look.", "I looked.")]
        return [texts[0], call, texts[1], {**call, "id": "c2"}]
    if name == "agent":
        if (step := turn(body)) is None:
            return [{"type": "text", "text": DONE}]
        call_id, tool, given = step
        return [thought, {"type": "tool_use", "id": call_id, "name": tool, "input": given}]
    return [{"type": "text", "text": TEXT}]


def _usage(name: str) -> dict[str, object]:
    if name == "mute-cut":
        return {}
    return {**USAGE, "cache_creation": HOURS} if name.startswith("hours") else dict(USAGE)


def _not_taken(name: str, body: dict[str, object]) -> str:
    """Returns Anthropic's words where the model does not take such thoughts or turns, else ""."""
    messages = body["messages"]
    assert isinstance(messages, list)
    if name in _TURNS and any(turn["role"] == "system" for turn in messages):
        return _TURNS[name]
    thinking = body.get("thinking")
    kind = thinking.get("type") if isinstance(thinking, dict) else None
    words = _THINKERS.get(name, {}).get(str(kind), "")
    if not words and name == "plain" and "temperature" in body:
        return "`temperature` is deprecated for this model."
    return words


def _foreign(body: dict[str, object], port: int) -> str:
    """Returns the place of a thought that this server did not sign, "" when there is none."""
    messages = body["messages"]
    assert isinstance(messages, list)
    for i, message in enumerate(messages):
        for block in message["content"] if isinstance(message["content"], list) else ():
            sealed = block.get("signature", block.get("data"))
            thought = block["type"] in ("thinking", "redacted_thinking")
            if thought and not str(sealed).startswith(f"sig:{port}:"):
                return f"messages.{i}"
    return ""


def _events(
    message: dict[str, object], blocks: list[dict[str, object]], stop: str
) -> Iterator[dict[str, object]]:
    begun = {**message, "content": [], "stop_reason": None}
    used = _usage(str(message["model"]))
    yield {"type": "message_start", "message": {**begun, "usage": {**used, "output_tokens": 1}}}
    yield {"type": "ping"}
    for i, block in enumerate(blocks):
        empty, deltas = _pieces(block)
        yield {"type": "content_block_start", "index": i, "content_block": empty}
        for delta in deltas:
            yield {"type": "content_block_delta", "index": i, "delta": delta}
        yield {"type": "content_block_stop", "index": i}
    delta = {"stop_reason": stop, "stop_sequence": message.get("stop_sequence")}
    yield {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 12}}
    yield {"type": "message_stop"}


def _pieces(block: dict[str, object]) -> tuple[dict[str, object], list[dict[str, object]]]:
    if block["type"] == "text":
        # Each word keeps its space, so that the pieces join to the same text.
        words = re.split("(?<= )", str(block["text"]))
        return {**block, "text": ""}, [{"type": "text_delta", "text": word} for word in words]
    if block["type"] == "thinking":
        thought = {"type": "thinking_delta", "thinking": block["thinking"]}
        signed = {"type": "signature_delta", "signature": block["signature"]}
        return {**block, "thinking": "", "signature": ""}, [thought, signed]
    if block["type"] == "tool_use":
        given = orjson.dumps(block["input"]).decode()
        # In two pieces, as Anthropic streams the input of a tool.
        halves = (given[:5], given[5:])
        deltas = [{"type": "input_json_delta", "partial_json": half} for half in halves]
        return {**block, "input": {}}, deltas
    return block, []


def _streamed(events: list[dict[str, object]], last: bytes = b"", unsent_bytes: int = 0) -> bytes:
    content = b"".join(
        b"event: %s\ndata: %s\n\n" % (str(event["type"]).encode(), orjson.dumps(event))
        for event in events
    )
    content += last
    size = f"content-length: {len(content) + unsent_bytes}"
    return head(200, "text/event-stream; charset=utf-8", size) + content


def _error(status: int, kind: str, message: str = "no: sk-upstream-secret") -> bytes:
    document = {"type": "error", "error": {"type": kind, "message": message}}
    return whole(status, orjson.dumps(document))
