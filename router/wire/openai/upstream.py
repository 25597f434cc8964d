"""Renders our request as a body for an OpenAI-compatible upstream.

It knows nothing about connections; `answers` and `upstream_events` read the response.
"""

from __future__ import annotations

import orjson

from router.types import (
    AnswererFacts,
    Capability,
    ChatRequest,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolSpec,
)
from router.wire.anthropic.cache_points import KEY, sets_points
from router.wire.body_keys import passed_on
from router.wire.call_ids import CHAT_ID, most_of, sent_id
from router.wire.openai.returned_reasoning import return_thoughts
from router.wire.openai.thought_signatures import sign

_DEFAULT_SAMPLING = Sampling()


def upstream_body(
    request: ChatRequest,
    facts: AnswererFacts,
    *,
    model: str,
    max_tokens_key: str = "max_completion_tokens",
    stream: bool = False,
    prefer_schema: JsonText | None = None,
    issuer: str = "",
    wants_signatures: bool = False,
) -> bytes:
    """Returns the JSON body for `model`. A stream always asks for its usage, which the payer needs.

    The body is built from the types, so routing hints, unchecked keys and the client's model name
    cannot get into it. Of the client's other keys it has what `body_keys.passed_on` says. The
    output limit is the smaller of the answerer's and the client's own. `prefer_schema` is used when
    the client set no response format and the answerer keeps schemas.
    """
    extra = passed_on(request, facts)
    body: dict[str, object] = {key: orjson.Fragment(value) for key, value in extra.items()}
    body["model"] = model
    body["messages"] = [
        _message(message, facts, issuer, wants_signatures) for message in request.messages
    ]
    cap, client_cap = facts.max_output_tokens, request.sampling.max_output_tokens
    body[max_tokens_key] = cap if client_cap is None else min(client_cap, cap)
    if request.sampling != _DEFAULT_SAMPLING:
        _add_sampling(body, request)
    if request.functions:
        body["tools"] = [_tool(tool) for tool in request.functions]
        if request.tool_choice is not None:
            body["tool_choice"] = orjson.Fragment(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_format.kind != "text":
        body["response_format"] = _response_format(request.response_format)
    elif prefer_schema is not None and Capability.JSON_SCHEMA in facts.capabilities:
        wanted = ResponseFormat("json_schema", "answer", prefer_schema)
        body["response_format"] = _response_format(wanted)
    if stream:
        body["stream"] = True
        # Without it a stream reports no usage.
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(body)


def _add_sampling(body: dict[str, object], request: ChatRequest) -> None:
    sampling = request.sampling
    for key in ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty"):
        value = getattr(sampling, key)
        if value is not None:
            body[key] = value
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.logprobs:
        body["logprobs"] = True
        if sampling.top_logprobs is not None:
            body["top_logprobs"] = sampling.top_logprobs
    if sampling.n != 1:
        body["n"] = sampling.n
    if sampling.reasoning_effort is not None:
        body["reasoning_effort"] = sampling.reasoning_effort


def _message(
    message: Message, facts: AnswererFacts, issuer: str, wants_signatures: bool
) -> dict[str, object]:
    # Many servers refuse the role `developer`. OpenAI's newer models take `system` for the same.
    body: dict[str, object] = {"role": "system" if message.role == "developer" else message.role}
    if message.parts:
        payloads: list[str] = [part.payload for part in message.parts]
        if not facts.takes_cache_points and sets_points(message):
            payloads = [_without_points(payload) for payload in payloads]
        joined = ",".join(payloads)
        body["content"] = orjson.Fragment(f"[{joined}]")
    else:
        # A message with only calls has the content null.
        body["content"] = None if message.tool_calls and not message.text else message.text
    if facts.reasoning_key and message.role == "assistant":
        return_thoughts(body, facts.reasoning_key, message.reasoning)
    if message.tool_calls:
        calls: list[dict[str, object]] = [
            {
                "id": _id(call.id, facts),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
        if message.sealed or wants_signatures:
            sign(calls, message, issuer, wants_signatures)
        body["tool_calls"] = calls
    if message.tool_call_id is not None:
        body["tool_call_id"] = _id(message.tool_call_id, facts)
    if message.name is not None:
        body["name"] = message.name
    return body


def _id(call_id: str, facts: AnswererFacts) -> str:
    """Returns the id for an upstream; litellm finds signatures in it, and bounds it by itself."""
    return call_id if facts.kind == "litellm" else sent_id(call_id, most_of(facts, CHAT_ID))


def _without_points(payload: str) -> str:
    """Returns a part of a message without its cache point, as OpenAI's own servers demand."""
    part = orjson.loads(payload)
    part.pop(KEY, None)
    return orjson.dumps(part).decode()


def _tool(tool: ToolSpec) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = orjson.Fragment(tool.parameters)
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _response_format(wanted: ResponseFormat) -> dict[str, object]:
    if wanted.schema is None:
        return {"type": wanted.kind}
    schema: dict[str, object] = {"name": wanted.name, "schema": orjson.Fragment(wanted.schema)}
    if wanted.strict:
        schema["strict"] = True
    return {"type": wanted.kind, "json_schema": schema}
