"""Answers as an upstream with OpenAI's responses: thinks, seals the thought, calls or answers.

`answer` is a function of the body and of the issuer: a seal of another issuer gets a 400
`invalid_encrypted_content`, as at OpenAI. The model `editor` edits a file (see upstream_editor).
`long-call` calls a tool with 20 letters, in pieces. `unsealing` knows no seals and refuses requests
for them. `full` takes no request. Any other model tells where the parcel is.
"""

from __future__ import annotations

import orjson

from tests.kits.upstreams.upstream_editor import DONE, next_call, steps_done, summary
from tests.kits.upstreams.upstream_wire import MODEL, STREAM_HEAD, TEXT, chunked, whole

PATH = "/v1/responses"
SUMMARY = "Thinking about parcels."
USAGE = {
    "input_tokens": 20,
    "input_tokens_details": {"cached_tokens": 0},
    "output_tokens": 12,
    "output_tokens_details": {"reasoning_tokens": 4},
    "total_tokens": 32,
}


def seal_of(issuer: object) -> str:
    return f"gAAAA.sealed-by={issuer}"


def answer(body: dict[str, object], issuer: object) -> bytes:
    """Returns the bytes of the response: a whole one, events, or a refusal."""
    items = body["input"]
    assert isinstance(items, list)
    for item in items:
        # As at OpenAI, a seal is valid only where it was made.
        if item["type"] == "reasoning" and item.get("encrypted_content") != seal_of(issuer):
            return _refused("invalid_encrypted_content")
    seals = "reasoning.encrypted_content" in body.get("include", ())  # type: ignore[operator]
    if body["model"] == "full":
        return _refused("context_length_exceeded")
    if body["model"] == "unsealing" and seals:
        return _refused("unsupported_parameter")
    output = [_thought(issuer, len(items)), *_said(body, items)] if seals else _said(body, items)
    response = {
        "id": "resp_fake",
        "object": "response",
        "created_at": 1_700_000_000,
        "status": "completed",
        "model": MODEL,
        "error": None,
        "incomplete_details": None,
        "output": output,
        "usage": USAGE,
    }
    if body.get("stream") is not True:
        return whole(200, orjson.dumps(response))
    return STREAM_HEAD + b"".join(map(chunked, _events(response, output))) + b"0\r\n\r\n"


def _refused(code: str) -> bytes:
    error = {"message": "no: sk-upstream-secret", "type": "invalid_request_error", "code": code}
    return whole(400, orjson.dumps({"error": error}))


def _thought(issuer: object, turn: int) -> dict[str, object]:
    summary = [{"type": "summary_text", "text": SUMMARY}]
    seal = {"encrypted_content": seal_of(issuer)}
    return {"id": f"rs_{turn}", "type": "reasoning", "summary": summary, **seal}


def _said(body: dict[str, object], items: list[dict[str, object]]) -> list[dict[str, object]]:
    results = [str(item["output"]) for item in items if str(item["type"]).endswith("_output")]
    text = TEXT
    if str(body["model"]).startswith("particular"):
        text = orjson.dumps({"body": body}).decode()
    if body["model"] == "long-call":
        return [_call("f", {"text": "x" * 20}, 0, "function")]
    if body["model"] == "editor":
        tools = body.get("tools")
        kinds = {t["name"]: t["type"] for t in tools} if isinstance(tools, list) else {}
        prompts = " ".join([str(item["content"]) for item in items if item.get("role") == "user"])
        step = steps_done(prompts, len(results))
        next_step = next_call(prompts, kinds.keys(), step)
        text = f"{DONE} {' | '.join(results)}"
        if body.get("tool_choice") == "none":
            text = summary(step)
        elif next_step is not None:
            return [_call(*next_step, step, kinds[next_step[0]])]
    part = {"type": "output_text", "text": text, "annotations": [], "logprobs": []}
    message = {"id": "msg_fake", "type": "message", "role": "assistant", "status": "completed"}
    return [{**message, "content": [part]}]


def _call(name: str, given: object, step: int, kind: str) -> dict[str, object]:
    named = {"id": f"fc_{step}", "call_id": f"call_{step}", "name": name, "status": "completed"}
    if kind == "custom":
        return {**named, "type": "custom_tool_call", "input": given}
    return {**named, "type": "function_call", "arguments": orjson.dumps(given).decode()}


def _summary_events(place: dict[str, object]) -> list[dict[str, object]]:
    """Returns the events of the one part of a summary, which comes in two pieces."""
    place = {**place, "summary_index": 0}
    name = "response.reasoning_summary"
    empty, part = ({"type": "summary_text", "text": text} for text in ("", SUMMARY))
    pieces = (SUMMARY[:8], SUMMARY[8:])
    return [
        {"type": f"{name}_part.added", **place, "part": empty},
        *[{"type": f"{name}_text.delta", **place, "delta": piece} for piece in pieces],
        {"type": f"{name}_text.done", **place, "text": SUMMARY},
        {"type": f"{name}_part.done", **place, "part": part},
    ]


def _events(response: dict[str, object], output: list[dict[str, object]]) -> list[bytes]:
    begun = {**response, "status": "in_progress", "output": [], "usage": None}
    events: list[dict[str, object]] = [{"type": "response.created", "response": begun}]
    for i, item in enumerate(output):
        begun_item = {**item, "summary": []} if item["type"] == "reasoning" else item
        added = {"type": "response.output_item.added", "output_index": i, "item": begun_item}
        events.append(added)
        if item["type"] == "reasoning":
            events += _summary_events({"item_id": item["id"], "output_index": i})
        if item["type"] == "message":
            place = {"output_index": i, "content_index": 0, "item_id": item["id"]}
            # Each word keeps its space, so that the pieces join to the same text.
            words = str(item["content"][0]["text"]).replace(" ", " \0").split("\0")  # type: ignore[index]
            for word in words:
                events.append({"type": "response.output_text.delta", **place, "delta": word})
        if item["type"] == "function_call":
            place = {"output_index": i, "item_id": item["id"]}
            for piece in str(item["arguments"]):
                name = "response.function_call_arguments.delta"
                events.append({"type": name, **place, "delta": piece})
        events.append({"type": "response.output_item.done", "output_index": i, "item": item})
    events.append({"type": "response.completed", "response": response})
    return [
        f"event: {event['type']}\n".encode()
        + b"data: "
        + orjson.dumps({**event, "sequence_number": i})
        + b"\n\n"
        for i, event in enumerate(events)
    ]
