"""Renders our request as a body for an upstream of OpenAI's responses.

Nothing is stored there, so reasoning comes back sealed and returns with the next turn. Items of
another issuer are left out. The body is built from the types, like a chat completion's. This module
knows nothing about connections; `answers` reads the response.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson

from router.privacy.provider_seals import own
from router.types import (
    AnswererFacts,
    Capability,
    ChatRequest,
    ContentPart,
    JsonText,
    Message,
    ResponseFormat,
    ToolCall,
    ToolSpec,
)
from router.wire.body_keys import OF_REASONING, passed_on
from router.wire.call_ids import RESPONSES_ID, most_of, sent_id
from router.wire.responses.tools import custom_input

KINDS = ("reasoning", "compaction")
"""Lists the kinds of sealed items that this format has a place for."""
SEALED_REASONING = "reasoning.encrypted_content"
_LOGPROBS = "message.output_text.logprobs"
_KEYS = frozenset(
    {"user", "prompt_cache_key", "prompt_cache_retention", "safety_identifier", "service_tier"}
)


def response_body(
    request: ChatRequest,
    facts: AnswererFacts,
    *,
    stream: bool = False,
    prefer_schema: JsonText | None = None,
    seals: bool = True,
) -> bytes:
    """Returns the JSON body for an answerer's model.

    Of the client's other keys, those of this format go on, and those that the policy passes
    through. Without `seals` no sealed item is sent and none is requested: the upstream knows none,
    or refuses the existing ones.
    """
    known, extra = _KEYS | facts.body.pass_through, passed_on(request, facts)
    body: dict[str, object] = {
        key: orjson.Fragment(value) for key, value in extra.items() if key in known
    }
    sampling = request.sampling
    cap, client_cap = facts.max_output_tokens, sampling.max_output_tokens
    asked = cap if client_cap is None else min(client_cap, cap)
    body["model"] = facts.model
    body["input"] = list(
        _items(request, facts.issuer if seals else "", most_of(facts, RESPONSES_ID))
    )
    # Nothing of a request may stay at the provider.
    body["store"] = False
    body["max_output_tokens"] = max(asked, facts.fewest_output_tokens)
    include = [SEALED_REASONING] if seals else []
    if sampling.logprobs:
        include.append(_LOGPROBS)
        if sampling.top_logprobs is not None:
            body["top_logprobs"] = sampling.top_logprobs
    if include:
        body["include"] = include
    for key in ("temperature", "top_p"):
        value = getattr(sampling, key)
        if value is not None:
            body[key] = value
    reasoning = _reasoning(request, extra)
    if reasoning:
        body["reasoning"] = reasoning
    keeps_schemas = Capability.JSON_SCHEMA in facts.capabilities
    schema = prefer_schema if keeps_schemas else None
    text = _text(request, schema, extra.get("verbosity"))
    if text:
        body["text"] = text
    if request.functions:
        _add_tools(body, request)
    if stream:
        body["stream"] = True
    return orjson.dumps(body)


def carries_seals(request: ChatRequest, issuer: str) -> bool:
    """Returns True when the conversation has items that this issuer sealed."""
    return any(own(message.sealed, issuer, KINDS) for message in request.messages)


def _reasoning(request: ChatRequest, extra: Mapping[str, JsonText]) -> dict[str, object]:
    effort = request.sampling.reasoning_effort
    stated: dict[str, object] = {} if effort is None else {"effort": effort}
    for path in OF_REASONING:
        if path in extra:
            stated[path.removeprefix("reasoning.")] = orjson.Fragment(extra[path])
    return stated


def _text(
    request: ChatRequest, prefer_schema: JsonText | None, verbosity: JsonText | None
) -> dict[str, object]:
    wanted = request.response_format
    if wanted.kind == "text" and prefer_schema is not None:
        wanted = ResponseFormat("json_schema", "answer", prefer_schema)
    text: dict[str, object] = {}
    if wanted.kind != "text":
        text["format"] = {"type": wanted.kind}
    if wanted.schema is not None:
        schema = orjson.Fragment(wanted.schema)
        named = {"type": wanted.kind, "name": wanted.name, "schema": schema}
        text["format"] = {**named, "strict": wanted.strict}
    if verbosity is not None:
        text["verbosity"] = orjson.Fragment(verbosity)
    return text


def _items(request: ChatRequest, issuer: str, most: int) -> Iterator[object]:
    custom = {tool.name for tool in request.tools if tool.custom is not None}
    texts = {  # calls of custom tools, whose results have their own type
        call.id
        for message in request.messages
        for call in message.tool_calls
        if call.name in custom
    }
    for message in request.messages:
        if message.role == "assistant":
            yield from _assistant_items(message, issuer, custom, most)
        elif message.role == "tool":
            kind = "custom_tool_call" if message.tool_call_id in texts else "function_call"
            call_id = sent_id(message.tool_call_id or "", most)
            result = {"call_id": call_id, "output": message.text}
            yield {"type": f"{kind}_output", **result}
        else:
            role = "user" if message.role == "function" else message.role
            content: object = message.text
            if message.parts:
                content = [_part(part, "input_text") for part in message.parts]
            yield {"type": "message", "role": role, "content": content}


def _assistant_items(
    message: Message, issuer: str, custom: set[str], most: int
) -> Iterator[object]:
    """Yields the assistant's text and calls, with its issuer's items between them."""
    sealed = own(message.sealed, issuer, KINDS) if issuer else ()
    offset = 0
    yield from [orjson.Fragment(item.payload) for item in sealed if item.at == 0]
    if message.text or message.parts:
        parts = [_part(part, "output_text") for part in message.parts]
        content = parts or [{"type": "output_text", "text": message.text}]
        phase = {"phase": message.phase} if message.phase else {}
        yield {"type": "message", "role": "assistant", **phase, "content": content}
        offset = 1
    for i, call in enumerate(message.tool_calls):
        place = offset + i
        if place:
            yield from [orjson.Fragment(item.payload) for item in sealed if item.at == place]
        yield _call(call, call.name in custom, most)


def _call(call: ToolCall, custom: bool, most: int) -> dict[str, object]:
    named = {"call_id": sent_id(call.id, most), "name": call.name}
    if custom:
        return {"type": "custom_tool_call", **named, "input": custom_input(call.arguments)}
    return {"type": "function_call", **named, "arguments": call.arguments}


def _part(part: ContentPart, text_kind: str) -> object:
    """Returns a part in the form of responses, where the keys next to `type` are not nested."""
    payload = orjson.loads(part.payload)
    if part.kind == "text":
        return {"type": text_kind, "text": payload["text"]}
    if part.kind == "image_url":
        image = payload["image_url"]
        detail = {"detail": image["detail"]} if image.get("detail") else {}
        return {"type": "input_image", "image_url": image["url"], **detail}
    if part.kind == "file":
        return {"type": "input_file", **payload["file"]}
    return payload


def _add_tools(body: dict[str, object], request: ChatRequest) -> None:
    body["tools"] = [_tool(tool) for tool in request.functions]
    if request.tool_choice is not None:
        body["tool_choice"] = _choice(request.tool_choice, request)
    if request.parallel_tool_calls is not None:
        body["parallel_tool_calls"] = request.parallel_tool_calls


def _tool(tool: ToolSpec) -> dict[str, object]:
    if tool.custom is not None:
        return {**orjson.loads(tool.custom), "name": tool.name}
    function: dict[str, object] = {"type": "function", "name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = orjson.Fragment(tool.parameters)
    # Without the key OpenAI makes the schema strict, as it does for clients that ask it directly.
    return function if tool.strict is None else {**function, "strict": tool.strict}


def _choice(choice: JsonText, request: ChatRequest) -> object:
    wire_choice = orjson.loads(choice)
    if not isinstance(wire_choice, dict):
        return wire_choice
    name = wire_choice["function"]["name"]
    custom = any(tool.name == name and tool.custom is not None for tool in request.tools)
    return {"type": "custom" if custom else "function", "name": name}
