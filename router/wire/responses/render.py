"""Answers as the objects of OpenAI's responses: the response, its items, their parts, its usage.

A stream is made of the same objects (`responses_stream`) and ends in the one that would have been
sent whole. It knows nothing about how an answer came to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from router.privacy.provider_seals import packed, shown
from router.types import (
    Answer,
    Choice,
    JsonText,
    Sealed,
    TokenLogprob,
    ToolCall,
    ToolSpec,
)
from router.wire.openai.render import to_json, token_object
from router.wire.responses.compaction import compaction_item, responses_usage
from router.wire.responses.tools import custom_input

NO_TOOLS: Mapping[str, ToolSpec] = MappingProxyType({})
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
    tools: Mapping[str, ToolSpec] = NO_TOOLS,
    compacts: bool = False,
) -> bytes:
    """A whole `response`; `created` in seconds; `routing` only when debug was asked for.

    `tools` are those whose calls are said otherwise than they were called.
    """
    head = head_object(id, created, answer.model)
    choice = answer.choices[0]
    output = [compaction_item(id, 0, choice)] if compacts else list(_items(id, choice, tools))
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
            "usage": responses_usage(answer.usage),
        }
    )
    more = () if routing is None else (b'{"routing":' + routing.encode() + b"}",)
    return joined(body, said_back, *more)


def end_status(choice: Choice) -> str:
    """`incomplete` for what was cut by a cap or a filter, else `completed`."""
    return "incomplete" if choice.finish_reason in _INCOMPLETE else "completed"


# --- items --------------------------------------------------------------------------------------


def _items(id: str, choice: Choice, tools: Mapping[str, ToolSpec]) -> Iterator[dict[str, object]]:
    """What a choice says, in the order in which it is streamed."""
    status = end_status(choice)
    seals = sealed_objects(id, choice)
    at = unit = 0
    if choice.reasoning and not says_reasoning(choice):
        yield item_object(id, at, "reasoning", [part_object("reasoning", choice.reasoning)])
        at += 1
    for item in seals.get(unit, ()):
        yield item
        at += 1
    if says_text(choice):
        part = part_object("message", choice.text, choice.logprobs)
        yield item_object(id, at, "message", [part], status)
        at += 1
        unit += bool(choice.text)
    if choice.refusal:
        yield item_object(id, at, "refusal", [part_object("refusal", choice.refusal)], status)
        at += 1
    for i, call in enumerate(choice.tool_calls):
        for item in seals.get(unit + i, ()) if unit + i else ():
            yield item
            at += 1
        yield call_object(id, at, call, call.arguments, status, tools.get(call.name))
        at += 1


def says_reasoning(choice: Choice) -> bool:
    """True when sealed items hold the thoughts that were said aloud, too."""
    return any(one.kind == "reasoning" for one in choice.sealed)


def sealed_objects(id: str, choice: Choice) -> dict[int, list[dict[str, object]]]:
    """The sealed items by how many words and calls stand before them."""
    found: dict[int, list[dict[str, object]]] = {}
    for i, one in enumerate(choice.sealed):
        found.setdefault(one.at, []).append(sealed_object(id, i, one))
    return found


def sealed_object(id: str, at: int, sealed: Sealed) -> dict[str, object]:
    """A sealed item: OpenAI's own reasoning as it is, what others sealed inside one that is ours.

    Neither it nor its id is changed, but for the stamp on its seal.
    """
    if sealed.kind == "reasoning":
        return shown(sealed)
    item = {"id": f"rs_{id}_s{at}", "type": "reasoning", "summary": []}
    return {**item, "encrypted_content": packed([sealed])}


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
    prefix = {"reasoning": "rs", "call": "fc", "custom": "ctc"}.get(kind, "msg")
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
    id: str,
    at: int,
    call: ToolCall,
    arguments: str,
    status: str = "completed",
    tool: ToolSpec | None = None,
) -> dict[str, object]:
    """A tool call as the `at`-th item of the output; `tool` where it has another name or kind."""
    custom = tool is not None and tool.custom is not None
    item: dict[str, object] = {
        "id": id_of(id, at, "custom" if custom else "call"),
        "type": "custom_tool_call" if custom else "function_call",
        "call_id": call.id,
        "name": tool.own_name or tool.name if tool else call.name,
        "input" if custom else "arguments": custom_input(arguments) if custom else arguments,
        "status": status,
    }
    if tool is not None and tool.namespace:
        item["namespace"] = tool.namespace
    return item


def logprob_objects(tokens: tuple[TokenLogprob, ...]) -> list[dict[str, object]]:
    """Token log-probabilities; none is an empty list here, not null."""
    return [
        {
            **token_object(token),
            "top_logprobs": [token_object(other) for other in token.top],
        }
        for token in tokens
    ]
