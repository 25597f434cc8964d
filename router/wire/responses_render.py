"""Answers as the objects of OpenAI's responses: the response, its items, their parts, its usage.

A stream is made of the same objects (`responses_stream`) and ends in the one that would have been
sent whole. It knows nothing about how an answer came to be.
"""

from __future__ import annotations

from collections.abc import Iterator

from router.types import Answer, Choice, JsonText, TokenLogprob, ToolCall, Usage
from router.wire.render import to_json, token_object

_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def joined(first: bytes, *others: bytes) -> bytes:
    """JSON objects as one; none may be empty."""
    return first[:-1] + b"".join(b"," + other[1:-1] for other in others) + b"}"


def render_response(
    answer: Answer,
    *,
    id: str,
    created: int,
    said_back: bytes,
    routing: JsonText | None = None,
) -> bytes:
    """A whole `response`; `created` in seconds; `routing` only when debug was asked for."""
    head = head_object(id, created, answer.model)
    output = list(_items(id, answer.choices[0]))
    return response_object(head, answer, output, said_back, routing)


def head_object(id: str, created: int, model: str) -> dict[str, object]:
    """What a response is called from its first event to its last."""
    return {"id": f"resp_{id}", "object": "response", "created_at": created, "model": model}


def response_object(
    head: dict[str, object],
    answer: Answer,
    output: list[dict[str, object]],
    said_back: bytes,
    routing: JsonText | None,
) -> bytes:
    """The object of an answer that has come to its end, if only to the end of its tokens."""
    reason = _INCOMPLETE.get(answer.choices[0].finish_reason)
    body = to_json(
        {
            **head,
            "status": end_status(answer.choices[0]),
            "incomplete_details": None if reason is None else {"reason": reason},
            "error": None,
            "output": output,
            "usage": usage_object(answer.usage),
        }
    )
    more = () if routing is None else (b'{"routing":' + routing.encode() + b"}",)
    return joined(body, said_back, *more)


def end_status(choice: Choice) -> str:
    """`incomplete` for what was cut by a cap or a filter, else `completed`."""
    return "incomplete" if choice.finish_reason in _INCOMPLETE else "completed"


def usage_object(usage: Usage) -> dict[str, object]:
    """The five counts: cached tokens are part of input, reasoning of output."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cached_input_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.total_tokens,
    }


# --- items --------------------------------------------------------------------------------------


def _items(id: str, choice: Choice) -> Iterator[dict[str, object]]:
    """What a choice says, in the order in which it is streamed."""
    status = end_status(choice)
    at = 0
    if choice.reasoning:
        yield item_object(id, at, "reasoning", [part_object("reasoning", choice.reasoning)])
        at += 1
    if says_text(choice):
        part = part_object("message", choice.text, choice.logprobs)
        yield item_object(id, at, "message", [part], status)
        at += 1
    if choice.refusal:
        yield item_object(id, at, "refusal", [part_object("refusal", choice.refusal)], status)
        at += 1
    for call in choice.tool_calls:
        yield call_object(id, at, call, call.arguments, status)
        at += 1


def says_text(choice: Choice) -> bool:
    """Whether there is a message with text, if only an empty one where there is nothing else."""
    return bool(choice.text) or not (choice.refusal or choice.tool_calls)


def item_object(
    id: str, at: int, kind: str, content: list[dict[str, object]], status: str = "completed"
) -> dict[str, object]:
    """The `at`-th item of the output; `kind` is message, refusal (a message, too) or reasoning."""
    if kind == "reasoning":
        item: dict[str, object] = {"type": "reasoning", "summary": []}
    else:
        item = {"type": "message", "role": "assistant"}
    return {"id": id_of(id, at, kind), **item, "status": status, "content": content}


def id_of(id: str, at: int, kind: str) -> str:
    """The id of the `at`-th item, alike whether it is streamed or sent whole."""
    prefix = {"reasoning": "rs", "call": "fc"}.get(kind, "msg")
    return f"{prefix}_{id}_{at}"


def part_object(
    kind: str, words: str, logprobs: tuple[TokenLogprob, ...] = ()
) -> dict[str, object]:
    """The one content part of an item of this kind."""
    if kind == "reasoning":
        return {"type": "reasoning_text", "text": words}
    if kind == "refusal":
        return {"type": "refusal", "refusal": words}
    return {
        "type": "output_text",
        "text": words,
        "annotations": [],
        "logprobs": logprob_objects(logprobs),
    }


def call_object(
    id: str, at: int, call: ToolCall, arguments: str, status: str = "completed"
) -> dict[str, object]:
    """A tool call as the `at`-th item of the output."""
    return {
        "id": id_of(id, at, "call"),
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": arguments,
        "status": status,
    }


def logprob_objects(tokens: tuple[TokenLogprob, ...]) -> list[dict[str, object]]:
    """Token log-probabilities; none is an empty list here, not null."""
    return [
        {
            **token_object(token),
            "top_logprobs": [token_object(other) for other in token.top],
        }
        for token in tokens
    ]
