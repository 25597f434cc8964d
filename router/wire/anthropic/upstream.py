"""Renders our request as a body for Anthropic's `POST /v1/messages`.

A request that came in this format goes on in its client's own words, key by key. Cache points,
deferred tools, thoughts and the contents of a beta header are thus not lost in a translation. Any
other request is translated. It follows the Messages API (anthropic-version 2023-06-01, as of
November 2026). This module knows nothing about connections; `answers` reads the response.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from hashlib import blake2s

import orjson

from router.privacy.provider_seals import own, read_back
from router.types import ChatRequest, JsonText, Message, Original, ToolSpec
from router.wire.anthropic.blocks import THOUGHTS, is_the_clients
from router.wire.anthropic.cache_points import (
    MOST_POINTS,
    POINTS_IN,
    forget_hours,
    sets_points,
    settle_points,
    with_point,
)
from router.wire.anthropic.parts import block_of, text_block
from router.wire.anthropic.schemas import taken_schema, with_type
from router.wire.anthropic.thinking import budget_below, fitted, thinking_tokens
from router.wire.call_ids import RESPONSES_ID, sent_id
from router.wire.digits import loads_exactly
from router.wire.refusals import THINKING, THINKING_TYPE, other_kind

VERSION = "2023-06-01"
_SYSTEM = ("system", "developer")

# The client's own values go on under these keys. The other keys are ours (model, max_tokens,
# stream), or are refused or left out when the body is read, since no price list here covers them.
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
NO_TEXT = "(no text)"
"""Replaces a last turn of blanks. Anthropic refuses it as it is, and without it would continue the
assistant's turn before it."""
GO_ON = "(go on)"
"""Follows a last turn of the assistant. Without it the model would continue that turn, and a client
of chat completions reads a new answer."""
JSON_WORDS = (
    "Answer with one JSON object and with nothing else: no words before or after it, no code fence."
)
"""Asks for `json_object`, for which Anthropic has no switch: it only knows schemas."""
OPEN_BUDGET = {"type": "enabled"}
"""Thoughts of a model that refused adaptive ones and must be told a budget."""
# Anthropic has no effort below low.
_CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_NOT_IN_IDS = re.compile(r"[^a-zA-Z0-9_-]")
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
    body = _in_its_own_words(original, issuer)
    if request.sampling.temperature is not None:
        body["temperature"] = request.sampling.temperature
    return body


def _in_its_own_words(original: Original, issuer: str) -> dict[str, object]:
    loads = loads_exactly if original.has_large_integers else orjson.loads
    given = loads(original.body)
    assert isinstance(given, dict)  # the request was read before
    left_out = original.left_out
    body = {
        key: given[key] for key in _PASSED_ON if given.get(key) is not None and key not in left_out
    }
    if THINKING in left_out:
        _leave_out_thoughts(body)
    elif THINKING_TYPE in left_out and original.thinking:
        body["thinking"] = other_kind(original.thinking)
    if "reasoning_effort" in left_out and isinstance(config := body.get("output_config"), dict):
        config.pop("effort", None)
    body["max_tokens"] = given.get("max_tokens")  # none where tokens are only counted
    if "stop_sequences" in body:
        _leave_out_blank_stops(body)
    messages = body["messages"]
    assert isinstance(messages, list)
    for message in messages:
        _name_calls(message["content"])
    unsealed = [_worded(_unsealed(message, issuer)) for message in messages]
    body["messages"] = turns = [message for message in unsealed if message["content"]]
    _end_with_user(turns, messages[-1]["role"])
    if not (system := _content_with_words(body.get("system"))):
        body.pop("system", None)
    else:
        body["system"] = system
    if "tools" in body:
        _leave_out_hosted(body)
    if _lost_its_thoughts(body):
        # While it thinks, Anthropic refuses a turn of calls without the thoughts before them.
        _leave_out_thoughts(body)
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
        _leave_out_thoughts(body)


def _leave_out_thoughts(body: dict[str, object]) -> None:
    """Turns thinking off, with the edits of a context that are about thoughts."""
    for key in ("thinking", "context_management"):
        body.pop(key, None)


def _leave_out_blank_stops(body: dict[str, object]) -> None:
    """Removes stop sequences of blanks, which Anthropic refuses: the answer is cut at them here."""
    given = body.pop("stop_sequences")
    assert isinstance(given, list)
    if stops := [stop for stop in given if stop.strip()]:
        body["stop_sequences"] = stops


def _leave_out_hosted(body: dict[str, object]) -> None:
    """Removes tools that Anthropic itself runs, which have their own prices.

    They were left out when the request was read.
    """
    tools = body.pop("tools")
    assert isinstance(tools, list)
    if own_tools := [tool for tool in tools if is_the_clients(tool.get("type"))]:
        body["tools"] = own_tools


def _name_calls(content: object) -> None:
    """Gives calls and their results ids that Anthropic takes, where another model wrote others."""
    for block in content if isinstance(content, list) else ():
        for key in ("id", "tool_use_id"):
            if block["type"] in ("tool_use", "tool_result") and key in block:
                block[key] = _call_id(block[key])


def _call_id(call_id: str) -> str:
    """Returns an id of a call as Anthropic takes it; the digest keeps two of them apart.

    >>> _call_id("call_1"), _call_id("functions.now:0")
    ('call_1', 'functions_now_0_190594d9')
    """
    call_id = sent_id(call_id, RESPONSES_ID)
    if _CALL_ID.fullmatch(call_id):
        return call_id
    digest = blake2s(call_id.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    return f"{_NOT_IN_IDS.sub('_', call_id)}_{digest}"


def _unsealed(message: dict[str, object], issuer: str) -> dict[str, object]:
    """Returns the message with only the thoughts of this issuer, in its own form."""
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


def _worded(message: dict[str, object]) -> dict[str, object]:
    """Returns the message without texts of no words, nor an end in thoughts; both are refused."""
    kept = _content_with_words(message["content"])
    if isinstance(kept, list):
        while kept and kept[-1]["type"] in THOUGHTS:
            kept.pop()
    return {**message, "content": kept}


def _content_with_words(content: object) -> object:
    """Returns a string or blocks without texts of no words, which Anthropic refuses."""
    if isinstance(content, str):
        return content if content.strip() else ""
    if not isinstance(content, list):
        return content
    kept = []
    for block in content:
        if block["type"] == "text" and not str(block["text"]).strip():
            continue
        if block["type"] == "tool_result" and "content" in block:
            block = {**block, "content": _content_with_words(block["content"])}
        kept.append(block)
    return kept


def _end_with_user(turns: list[dict[str, object]], last_role: str) -> None:
    """Adds a turn of the user where the last one had no words, or was the assistant's own."""
    if not turns or turns[-1]["role"] == "assistant":
        turns.append({"role": "user", "content": GO_ON if last_role == "assistant" else NO_TEXT})


def _lost_its_thoughts(body: Mapping[str, object]) -> bool:
    """Returns True when thinking has a budget, but a running tool loop lacks its thoughts."""
    thinking, messages = body.get("thinking"), body["messages"]
    if not isinstance(thinking, dict) or thinking.get("type") != "enabled":
        return False
    assert isinstance(messages, list)
    turns = [message for message in messages if message["role"] == "assistant"]
    if not turns or messages[-1] is turns[-1] or not isinstance(turns[-1]["content"], list):
        return False
    kinds = [block["type"] for block in turns[-1]["content"]]
    return "tool_use" in kinds and kinds[0] not in THOUGHTS


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
    _end_with_user(said, request.messages[-1].role)
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
        call_id = _call_id(message.tool_call_id or message.name or "")
        words = message.text if message.text.strip() else ""
        result: dict[str, object] = {
            "type": "tool_result",
            "tool_use_id": call_id,
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
        called = {"type": "tool_use", "id": _call_id(call.id), "name": call.name}
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
