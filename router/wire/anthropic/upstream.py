"""Our request as Anthropic's `POST /v1/messages` reads it.

A request that came in this very format goes on in its client's words, key by key: cache points,
deferred tools, thoughts and whatever a beta header announces are lost in no translation. Any other
is translated. Follows the Messages API (anthropic-version 2023-06-01, as of November 2026). It
knows nothing about connections; `anthropic_answers` reads what comes back.
"""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from router.privacy.provider_seals import own, read_back
from router.types import ChatRequest, JsonText, Message, Original, ToolSpec

VERSION = "2023-06-01"
THOUGHTS = ("thinking", "redacted_thinking")

# What its client wrote goes on under these keys. The others are ours (model, max_tokens, stream) or
# are refused or left out when the body is read: they would cost what no price here says.
_PASSED_ON = (
    "system",
    "messages",
    "tools",
    "tool_choice",
    "stop_sequences",
    "temperature",
    "top_p",
    "top_k",
    "thinking",
    "output_config",
    "output_format",
    "metadata",
    "context_management",
    "cache_control",
)
_EFFORTS = {"none": "low", "minimal": "low"}


def headers_of_call(request: ChatRequest) -> dict[str, str]:
    """`anthropic-version` and `anthropic-beta` as the client sent them, byte for byte."""
    original = request.unchanged
    sent = original.headers if original else {}
    # Values of other letters were read as Latin-1 and would be written as UTF-8.
    return {"anthropic-version": VERSION, **{k: v for k, v in sent.items() if v.isascii()}}


def messages_body(
    request: ChatRequest,
    *,
    model: str,
    max_output_tokens: int,
    issuer: str,
    stream: bool = False,
    prefer_schema: JsonText | None = None,
    extra: Mapping[str, JsonText] | None = None,
) -> bytes:
    """The JSON body for `model`. The cap sent is the smaller of `max_output_tokens` and the
    client's own. What others than `issuer` sealed is left out. `extra`: keys that the policy adds.
    """
    original = request.unchanged
    if original is None:
        body = _translated(request, issuer, prefer_schema)
    else:
        body = _in_its_own_words(original, issuer)
        if request.sampling.temperature is not None:
            body["temperature"] = request.sampling.temperature
    body.update({key: orjson.Fragment(value) for key, value in (extra or {}).items()})
    asked = request.sampling.max_output_tokens
    body["model"] = model
    body["max_tokens"] = max_output_tokens if asked is None else min(asked, max_output_tokens)
    if stream:
        body["stream"] = True
    return orjson.dumps(body)


def count_body(request: ChatRequest, *, model: str, issuer: str) -> bytes:
    """The body that asks how many tokens a request has."""
    body = orjson.loads(messages_body(request, model=model, max_output_tokens=1, issuer=issuer))
    sent = ("model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control")
    return orjson.dumps({key: body[key] for key in sent if key in body})


# --- in the client's own words --------------------------------------------------------------------


def _in_its_own_words(original: Original, issuer: str) -> dict[str, object]:
    given: dict[str, object] = orjson.loads(original.body)
    body = {key: given[key] for key in _PASSED_ON if given.get(key) is not None}
    messages = body["messages"]
    assert isinstance(messages, list)  # it was read before
    body["messages"] = [kept for one in messages if (kept := _unsealed(one, issuer))["content"]]
    for key in ("system", "messages", "tools", "cache_control"):
        if key in body:
            _forget_hours(body[key])
    if "tools" in body:
        _leave_out_hosted(body)
    if _lost_its_thoughts(body):
        # Anthropic refuses a turn of calls without the thoughts that led to them, while it thinks.
        for key in ("thinking", "context_management"):
            body.pop(key, None)
    return body


def _leave_out_hosted(body: dict[str, object]) -> None:
    """Tools that Anthropic itself runs have prices of their own; when read they were left out."""
    tools = body.pop("tools")
    assert isinstance(tools, list)
    if own_tools := [tool for tool in tools if tool.get("type") in (None, "custom")]:
        body["tools"] = own_tools


def _unsealed(message: dict[str, object], issuer: str) -> dict[str, object]:
    """The message with the thoughts that this issuer sealed, as it sealed them, and no others."""
    content = message["content"]
    if message["role"] != "assistant" or not isinstance(content, list):
        return message
    kept: list[object] = []
    for block in content:
        if block["type"] not in THOUGHTS:
            kept.append(block)
        elif (sealed := read_back(block["type"], block)) and sealed.issuer == issuer:
            kept.append(orjson.loads(sealed.payload))
    return {**message, "content": kept}


def _forget_hours(value: object) -> None:
    """Cache points keep for Anthropic's five minutes: a write for an hour has a price of its own,
    which no price list here states."""
    if isinstance(value, list):
        for item in value:
            _forget_hours(item)
    elif isinstance(value, dict):
        point = value if "ttl" in value and "type" in value else value.get("cache_control")
        if isinstance(point, dict):
            point.pop("ttl", None)
        if isinstance(value.get("content"), list):
            _forget_hours(value["content"])


def _lost_its_thoughts(body: Mapping[str, object]) -> bool:
    """True where thinking has a budget and a tool loop goes on whose thoughts are not here."""
    thinking, messages = body.get("thinking"), body["messages"]
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return False
    assert isinstance(messages, list)
    said = [one for one in messages if one["role"] == "assistant"]
    if not said or messages[-1] is said[-1] or not isinstance(said[-1]["content"], list):
        return False
    kinds = [block["type"] for block in said[-1]["content"]]
    return "tool_use" in kinds and kinds[0] not in THOUGHTS


# --- translated -----------------------------------------------------------------------------------


def _translated(
    request: ChatRequest, issuer: str, prefer_schema: JsonText | None
) -> dict[str, object]:
    body: dict[str, object] = {}
    turns = list(request.messages)
    system = []
    while turns and turns[0].role in ("system", "developer"):
        system.append(turns.pop(0).text)
    if words := "\n\n".join(filter(None, system)):
        body["system"] = words
    body["messages"] = _turns(turns, issuer)
    _add_sampling(body, request)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        _add_choice(body, request)
    schema = request.response_format.schema or prefer_schema
    config: dict[str, object] = {}
    if schema is not None:
        config["format"] = {"type": "json_schema", "schema": orjson.Fragment(schema)}
    if effort := request.sampling.reasoning_effort:
        config["effort"] = _EFFORTS.get(effort, effort)
    if config:
        body["output_config"] = config
    if (user := request.extra.get("user")) is not None:
        body["metadata"] = {"user_id": orjson.Fragment(user)}
    return body


def _add_sampling(body: dict[str, object], request: ChatRequest) -> None:
    sampling = request.sampling
    if sampling.temperature is not None:
        body["temperature"] = min(1.0, sampling.temperature)  # Anthropic's own bound
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if stops := [stop for stop in sampling.stop if stop.strip()]:  # it refuses blank ones
        body["stop_sequences"] = stops
    if (top_k := request.extra.get("top_k")) is not None and not top_k.startswith("-"):
        body["top_k"] = orjson.Fragment(top_k)


def _add_choice(body: dict[str, object], request: ChatRequest) -> None:
    choice = None if request.tool_choice is None else orjson.loads(request.tool_choice)
    said: dict[str, object] = {"type": "auto"}
    if isinstance(choice, dict):
        said = {"type": "tool", "name": choice["function"]["name"]}
    elif choice in ("none", "required"):
        said = {"type": "any" if choice == "required" else "none"}
    if request.parallel_tool_calls is False and said["type"] != "none":
        said["disable_parallel_tool_use"] = True
    if len(said) > 1 or choice is not None:
        body["tool_choice"] = said


def _tool(tool: ToolSpec) -> dict[str, object]:
    said: dict[str, object] = {"name": tool.name, "input_schema": orjson.Fragment(tool.parameters)}
    if tool.description:
        said["description"] = tool.description
    if tool.strict:
        said["strict"] = True
    return said


def _turns(messages: list[Message], issuer: str) -> list[dict[str, object]]:
    """User and assistant in turn; results of tools begin the user's next turn."""
    turns: list[dict[str, object]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _said(message, issuer) if role == "assistant" else _given(message)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            last = turns[-1]["content"]
            assert isinstance(last, list)
            last += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _given(message: Message) -> list[object]:
    if message.role in ("tool", "function"):
        result = {"type": "tool_result", "tool_use_id": message.tool_call_id or message.name}
        return [{**result, "content": message.text}]
    if message.parts:
        found = [_part(orjson.loads(part.payload)) for part in message.parts]
        return [block for block in found if block is not None]
    return [_text(message.text)] if message.text else []


def _said(message: Message, issuer: str) -> list[object]:
    """Words, then calls, between them what this issuer sealed."""
    things: list[object] = [_text(message.text)] if message.text else []
    for call in message.tool_calls:
        given = _object(call.arguments)
        things.append({"type": "tool_use", "id": call.id, "name": call.name, "input": given})
    blocks: list[object] = []
    sealed = list(own(message.sealed, issuer, THOUGHTS))
    for at, thing in enumerate(things):
        while sealed and sealed[0].at <= at:
            blocks.append(orjson.Fragment(sealed.pop(0).payload))
        blocks.append(thing)
    return blocks


def _part(part: dict[str, object]) -> dict[str, object] | None:
    """A part of a chat message as a block; None for what no block says (sounds, files by id)."""
    kind = part["type"]
    if kind in ("text", "refusal"):
        words = part[str(kind)]
        return _text(str(words)) if words else None
    inner = part[str(kind)]
    assert isinstance(inner, dict)
    if kind == "image_url":
        return {"type": "image", "source": _source(str(inner["url"]))}
    if kind == "file" and isinstance(inner.get("file_data"), str):
        return {"type": "document", "source": _source(inner["file_data"])}
    return None


def _source(url: str) -> dict[str, object]:
    """
    >>> _source("data:image/png;base64,AAAA")
    {'type': 'base64', 'media_type': 'image/png', 'data': 'AAAA'}
    """
    if not url.startswith("data:"):
        return {"type": "url", "url": url}
    head, _, packed = url.removeprefix("data:").partition(",")
    return {"type": "base64", "media_type": head.partition(";")[0], "data": packed}


def _text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


def _object(arguments: str) -> object:
    """A call's arguments; what is no object goes inside one, since only an object is taken."""
    try:
        found = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        found = arguments
    return found if isinstance(found, dict) else {"input": found}
