"""Renders answers as objects of OpenAI's responses: response, items, parts, usage.

A stream consists of the same objects (`stream`) and ends with the object that would have been sent
whole. This module knows nothing about the origin of an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from router.privacy.provider_seals import packed, shown
from router.types import (
    Answer,
    Choice,
    Citation,
    JsonText,
    Sealed,
    TokenLogprob,
    ToolCall,
    ToolSpec,
)
from router.wire.openai.citations import part_annotations
from router.wire.openai.render import to_json, token_object
from router.wire.responses.compaction import compaction_item, responses_usage
from router.wire.responses.tools import custom_input

NO_TOOLS: Mapping[str, ToolSpec] = MappingProxyType({})
_INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}


def joined(first: bytes, *others: bytes) -> bytes:
    """Returns JSON objects as one; none may be empty."""
    return first[:-1] + b"".join(b"," + other[1:-1] for other in others) + b"}"


def render_response(
    answer: Answer,
    *,
    id: str,
    created: int,
    echoed: bytes,
    routing: JsonText | None = None,
    tools: Mapping[str, ToolSpec] = NO_TOOLS,
    compacts: bool = False,
) -> bytes:
    """Returns a whole `response`; `created` in seconds; `routing` only for debug requests.

    `tools` are those whose calls have another name for the client than upstream.
    """
    head = head_object(id, created, answer.model)
    choice = answer.choices[0]
    output = [compaction_item(id, 0, choice)] if compacts else list(_items(id, choice, tools))
    return response_object(head, answer, output, echoed, routing)


def head_object(id: str, created: int, model: str) -> dict[str, object]:
    """Returns the fields that stay the same from a response's first event to its last."""
    return {"id": f"resp_{id}", "object": "response", "created_at": created, "model": model}


def response_object(
    head: dict[str, object],
    answer: Answer,
    output: list[dict[str, object]],
    echoed: bytes,
    routing: JsonText | None,
) -> bytes:
    """Returns the object of a finished answer, also of one that a limit cut."""
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
    return joined(body, echoed, *more)


def end_status(choice: Choice) -> str:
    """Returns `incomplete` for an answer cut by a limit or a filter, otherwise `completed`."""
    return "incomplete" if choice.finish_reason in _INCOMPLETE else "completed"


def _items(id: str, choice: Choice, tools: Mapping[str, ToolSpec]) -> Iterator[dict[str, object]]:
    """Yields the items of a choice in the order in which they are streamed."""
    status = end_status(choice)
    seals = sealed_objects(id, choice)
    index = unit = 0
    if choice.reasoning and not says_reasoning(choice):
        yield item_object(id, index, "reasoning", [part_object("reasoning", choice.reasoning)])
        index += 1
    for item in seals.get(unit, ()):
        yield item
        index += 1
    if says_text(choice):
        part = part_object("message", choice.text, choice.logprobs, choice.citations)
        yield item_object(id, index, "message", [part], status, choice.phase)
        index += 1
        unit += bool(choice.text)
    if choice.refusal:
        part = part_object("refusal", choice.refusal)
        yield item_object(id, index, "refusal", [part], status, choice.phase)
        index += 1
    for i, call in enumerate(choice.tool_calls):
        # Items at place 0 were sent before the text.
        for item in seals.get(unit + i, ()) if unit + i else ():
            yield item
            index += 1
        yield call_object(id, index, call, call.arguments, status, tools.get(call.name))
        index += 1


def says_reasoning(choice: Choice) -> bool:
    """Returns True when sealed items already contain the open thoughts."""
    return any(item.kind == "reasoning" for item in choice.sealed)


def sealed_objects(id: str, choice: Choice) -> dict[int, list[dict[str, object]]]:
    """Returns the sealed items by the number of texts and calls before them."""
    by_place: dict[int, list[dict[str, object]]] = {}
    for i, item in enumerate(choice.sealed):
        by_place.setdefault(item.at, []).append(sealed_object(id, i, item))
    return by_place


def sealed_object(id: str, place: int, sealed: Sealed) -> dict[str, object]:
    """Returns a sealed item: OpenAI's reasoning unchanged, other seals inside an item of ours.

    Neither the item nor its id changes, except for the stamp on its seal.
    """
    if sealed.kind == "reasoning":
        return shown(sealed)
    item = {"id": f"rs_{id}_s{place}", "type": "reasoning", "summary": []}
    return {**item, "encrypted_content": packed([sealed])}


def summary_texts(item: dict[str, object]) -> list[str]:
    """Returns the texts of a reasoning item's summary, [] unless each of its parts is a text.

    The item is a provider's, and events need its id. Without these it is only sent whole.
    """
    parts = item.get("summary")
    if type(item.get("id")) is not str or type(parts) is not list:
        return []
    texts = [part.get("text") if type(part) is dict else None for part in parts]
    return [] if any(type(text) is not str for text in texts) else [str(text) for text in texts]


def says_text(choice: Choice) -> bool:
    """Returns True when there is a message with text.

    The message may be empty if the choice has nothing else.
    """
    return bool(choice.text) or not (choice.refusal or choice.tool_calls)


def item_object(
    id: str,
    place: int,
    kind: str,
    content: list[dict[str, object]],
    status: str = "completed",
    phase: str = "",
) -> dict[str, object]:
    """Returns the item at `place` of the output.

    `kind` is message, refusal (which is a message, too) or reasoning.
    """
    if kind == "reasoning":
        item: dict[str, object] = {"type": "reasoning", "summary": []}
    else:
        item = {"type": "message", "role": "assistant", **({"phase": phase} if phase else {})}
    return {"id": id_of(id, place, kind), **item, "status": status, "content": content}


def id_of(id: str, place: int, kind: str) -> str:
    """Returns the id of the item at `place`, the same in a stream and in a whole answer."""
    prefix = {"reasoning": "rs", "call": "fc", "custom": "ctc"}.get(kind, "msg")
    return f"{prefix}_{id}_{place}"


def part_object(
    kind: str,
    words: str,
    logprobs: tuple[TokenLogprob, ...] = (),
    citations: tuple[Citation, ...] = (),
) -> dict[str, object]:
    """Returns the one content part of an item of this kind."""
    if kind == "reasoning":
        return {"type": "reasoning_text", "text": words}
    if kind == "refusal":
        return {"type": "refusal", "refusal": words}
    return {
        "type": "output_text",
        "text": words,
        "annotations": part_annotations(citations),
        "logprobs": logprob_objects(logprobs),
    }


def call_object(
    id: str,
    place: int,
    call: ToolCall,
    arguments: str,
    status: str = "completed",
    tool: ToolSpec | None = None,
) -> dict[str, object]:
    """Returns a tool call as the item at `place` of the output.

    `tool` is set when the call has another name or kind for the client.
    """
    custom = tool is not None and tool.custom is not None
    item: dict[str, object] = {
        "id": id_of(id, place, "custom" if custom else "call"),
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
    """Returns token log-probabilities; without any, an empty list and not null."""
    return [
        {
            **token_object(token),
            "top_logprobs": [token_object(other) for other in token.top],
        }
        for token in tokens
    ]
