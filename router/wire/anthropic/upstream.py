"""Renders our request as a body for Anthropic's `POST /v1/messages`.

A request that came in this format goes on in its client's own words, key by key. Cache points,
deferred tools, thoughts and the contents of a beta header are thus not lost in a translation. Any
other request is translated. It follows the Messages API (anthropic-version 2023-06-01, as of
November 2026). This module knows nothing about connections; `answers` reads the response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from router.privacy.provider_seals import own
from router.types import ChatRequest, JsonText, Message, ToolSpec
from router.wire.anthropic.blocks import THOUGHTS
from router.wire.anthropic.cache_points import (
    MOST_POINTS,
    POINTS_IN,
    forget_hours,
    sets_points,
    settle_points,
    with_point,
)
from router.wire.anthropic.own_words import call_id, end_with_user, leave_out_thoughts, own_words
from router.wire.anthropic.parts import block_of, text_block
from router.wire.anthropic.schemas import taken_schema, with_type
from router.wire.anthropic.thinking import budget_below, fitted, thinking_tokens

VERSION = "2023-06-01"
_SYSTEM = ("system", "developer")

JSON_WORDS = (
    "Answer with one JSON object and with nothing else: no words before or after it, no code fence."
)
"""Asks for `json_object`, for which Anthropic has no switch: it only knows schemas."""
OPEN_BUDGET = {"type": "enabled"}
"""Thoughts of a model that refused adaptive ones and must be told a budget."""
# Anthropic has no effort below low.
_EFFORTS = {"none": "low", "minimal": "low"}


def headers_of_call(request: ChatRequest) -> dict[str, str]:
    """Returns `anthropic-version` and `anthropic-beta` as the client sent them, byte for byte."""
    original = request.unchanged
    sent = original.headers if original else {}
    # Other characters were read as Latin-1 and would be written as UTF-8.
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
    marks_turns: bool = False,
    most_points: int = MOST_POINTS,
    keeps_hours: bool = False,
) -> bytes:
    """Returns the JSON body for `model`.

    The output limit is the smaller of `max_output_tokens` and the client's own. Items sealed by
    others than `issuer` are left out. `extra` holds keys that the policy adds. Clients of other
    formats keep the last `most_points` of their cache points; `marks_turns` sets some where they
    set none. `keeps_hours` lets cache points last as long as the client asks for.
    """
    body = _asked(request, issuer, prefer_schema)
    if not keeps_hours:
        forget_hours([body.get(key) for key in POINTS_IN])
    if request.unchanged is None:
        settle_points(body, request, marks_turns=marks_turns, most=most_points)
    for key, value in (extra or {}).items():
        # The budget of thoughts is read below; all else goes on unread.
        body[key] = orjson.loads(value) if key == "thinking" else orjson.Fragment(value)
    client_cap, asked = request.sampling.max_output_tokens, body.get("max_tokens")
    cap = max_output_tokens if client_cap is None else min(client_cap, max_output_tokens)
    body["model"] = model
    body["max_tokens"] = cap
    _fit_thoughts(body, cap, asked if isinstance(asked, int) else None)
    if stream:
        body["stream"] = True
    return orjson.dumps(body)


def count_body(request: ChatRequest, *, model: str, issuer: str) -> bytes:
    """Returns the body that asks for the number of tokens of a request."""
    body = {**_asked(request, issuer, None), "model": model}
    sent = ("model", "messages", "system", "tools", "tool_choice", "thinking", "cache_control")
    return orjson.dumps({key: body[key] for key in sent if key in body})


def _asked(request: ChatRequest, issuer: str, prefer_schema: JsonText | None) -> dict[str, object]:
    original = request.unchanged
    if original is None:
        return _translated(request, issuer, prefer_schema)
    body = own_words(original, issuer)
    if request.sampling.temperature is not None:
        body["temperature"] = request.sampling.temperature
    return body


def _fit_thoughts(body: dict[str, object], cap: int, asked: int | None) -> None:
    """Lowers the budget of thoughts below the cap of output, or leaves the thoughts out.

    `asked` is the client's own cap, which the gateway may have lowered.
    """
    thinking = body.get("thinking")
    budget = thinking_tokens(thinking)
    kept = fitted(budget, cap, asked)
    if thinking == OPEN_BUDGET:
        kept = budget_below(cap)
    elif kept == budget:
        return
    if kept:
        assert isinstance(thinking, dict)
        body["thinking"] = {**thinking, "budget_tokens": kept}
    else:
        leave_out_thoughts(body)


def _translated(
    request: ChatRequest, issuer: str, prefer_schema: JsonText | None
) -> dict[str, object]:
    body: dict[str, object] = {}
    # Anthropic has one system prompt, before all turns. Later words of the system stand there, too,
    # as in the vendor's own layer for OpenAI's clients: a user's turn would make them the user's.
    system = [message.text for message in request.messages if message.role in _SYSTEM]
    turns = [message for message in request.messages if message.role not in _SYSTEM]
    schema = request.response_format.schema or prefer_schema
    if request.response_format.kind == "json_object" and schema is None:
        system.append(JSON_WORDS)
    if any([sets_points(message) for message in request.messages if message.role in _SYSTEM]):
        body["system"] = _system_blocks(request.messages, system)
    elif words := "\n\n".join([text for text in system if text.strip()]):
        body["system"] = words
    body["messages"] = said = _turns(turns, issuer)
    end_with_user(said, request.messages[-1].role)
    _add_sampling(body, request)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        _add_choice(body, request)
    elif called := dict.fromkeys([c.name for m in request.messages for c in m.tool_calls]):
        # A history with calls needs their tools, as in the summary that an agent asks for.
        body["tools"] = [{"name": name, "input_schema": {"type": "object"}} for name in called]
        body["tool_choice"] = {"type": "none"}
    config: dict[str, object] = {}
    if schema is not None:
        config["format"] = {"type": "json_schema", "schema": orjson.Fragment(taken_schema(schema))}
    if effort := request.sampling.reasoning_effort:
        config["effort"] = _EFFORTS.get(effort, effort)
    if config:
        body["output_config"] = config
    if (user := request.extra.get("user")) is not None:
        body["metadata"] = {"user_id": orjson.Fragment(user)}
    return body


def _system_blocks(messages: Sequence[Message], texts: Sequence[str]) -> list[object]:
    """Returns the system's words as blocks, with their cache points; `texts` are those of messages
    and what we add."""
    own = [message for message in messages if message.role in _SYSTEM]
    blocks: list[object] = []
    for message in own:
        blocks += _user_blocks(message)
    return blocks + [text_block(text) for text in texts[len(own) :]]


def _add_sampling(body: dict[str, object], request: ChatRequest) -> None:
    sampling = request.sampling
    if sampling.temperature is not None:
        body["temperature"] = min(1.0, sampling.temperature)  # Anthropic's own bound
    if sampling.top_p is not None:
        body["top_p"] = sampling.top_p
    if stops := [stop for stop in sampling.stop if stop.strip()]:  # Anthropic refuses blank ones
        body["stop_sequences"] = stops
    if (top_k := request.extra.get("top_k")) is not None and not top_k.startswith("-"):
        body["top_k"] = orjson.Fragment(top_k)


def _add_choice(body: dict[str, object], request: ChatRequest) -> None:
    choice = None if request.tool_choice is None else orjson.loads(request.tool_choice)
    wire_choice: dict[str, object] = {"type": "auto"}
    if isinstance(choice, dict):
        wire_choice = {"type": "tool", "name": choice["function"]["name"]}
    elif choice in ("none", "required"):
        wire_choice = {"type": "any" if choice == "required" else "none"}
    if request.parallel_tool_calls is False and wire_choice["type"] != "none":
        wire_choice["disable_parallel_tool_use"] = True
    if len(wire_choice) > 1 or choice is not None:
        body["tool_choice"] = wire_choice


def _tool(tool: ToolSpec) -> object:
    if tool.native is not None:
        native = orjson.loads(tool.native)
        forget_hours([native])
        return native
    schema = taken_schema(tool.parameters) if tool.strict else with_type(tool.parameters)
    wire_tool: dict[str, object] = {"name": tool.name, "input_schema": orjson.Fragment(schema)}
    if tool.description:
        wire_tool["description"] = tool.description
    if tool.strict:
        wire_tool["strict"] = True
    return wire_tool


def _turns(messages: list[Message], issuer: str) -> list[dict[str, object]]:
    """Returns turns of user and assistant; results of tools begin the user's next turn."""
    turns: list[dict[str, object]] = []
    for message in messages:
        role = "assistant" if message.role == "assistant" else "user"
        blocks = (
            _assistant_blocks(message, issuer) if role == "assistant" else _user_blocks(message)
        )
        if not blocks:
            continue
        # Anthropic expects user and assistant in turn, so messages of one role become one turn.
        if turns and turns[-1]["role"] == role:
            last = turns[-1]["content"]
            assert isinstance(last, list)
            last += blocks
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _user_blocks(message: Message) -> list[object]:
    if message.role in ("tool", "function"):
        result_of = call_id(message.tool_call_id or message.name or "")
        words = message.text if message.text.strip() else ""
        result: dict[str, object] = {
            "type": "tool_result",
            "tool_use_id": result_of,
            "content": words,
        }
        return [with_point(result, message)]
    if message.parts:
        blocks = [block_of(orjson.loads(part.payload)) for part in message.parts]
        return [block for block in blocks if block is not None]
    return [text_block(message.text)] if message.text.strip() else []


def _assistant_blocks(message: Message, issuer: str) -> list[object]:
    """Returns the text and then the calls, with this issuer's sealed items between them.

    A text of blanks is left out, but the places of the sealed items count it.
    """
    own_blocks: list[object] = []
    if message.text.strip():
        own_blocks.append(with_point(text_block(message.text), message))
    for call in message.tool_calls:
        given = _object(call.arguments)
        called = {"type": "tool_use", "id": call_id(call.id), "name": call.name}
        own_blocks.append({**called, "input": given})
    blocks: list[object] = []
    sealed = list(own(message.sealed, issuer, THOUGHTS))
    left_out = int(bool(message.text) and not message.text.strip())
    for place, block in enumerate(own_blocks, start=left_out):
        while sealed and sealed[0].at <= place:
            blocks.append(orjson.Fragment(sealed.pop(0).payload))
        blocks.append(block)
    return blocks


def _object(arguments: str) -> object:
    """Returns a call's arguments. Other values are put inside an object, the only accepted type."""
    try:
        value = orjson.loads(arguments or "{}")
    except orjson.JSONDecodeError:
        value = arguments
    # The text itself keeps all digits of a number.
    return orjson.Fragment(arguments or "{}") if isinstance(value, dict) else {"input": value}
