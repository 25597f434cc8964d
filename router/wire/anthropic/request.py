"""Reads the body of Anthropic's `POST /v1/messages` as a ChatRequest.

It follows the Messages API (anthropic-version 2023-06-01, as of November 2026). Keys for caching,
prices or stored conversations at Anthropic have no effect here and are accepted. Keys that must be
obeyed, but cannot be, are refused by name. `render` writes the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from router.errors import TiergateError
from router.types import (
    Answer,
    ChatRequest,
    JsonText,
    Message,
    Original,
    ResponseFormat,
    Sampling,
    Usage,
)
from router.wire.anthropic.blocks import (
    Tools,
    inputs_of,
    read_choice,
    read_system,
    read_tools,
    read_turns,
)
from router.wire.anthropic.cache_points import POINTS_IN, TTL, asks_for_hours
from router.wire.anthropic.other_texts import other_texts
from router.wire.anthropic.render import (
    NO_THREADS,
    PING,
    MessageStream,
    error_status,
    render_error,
    render_message,
)
from router.wire.anthropic.system_turns import has_system_turns, tools_in_effect
from router.wire.anthropic.thinking import thinking_kind, thinking_tokens
from router.wire.checks import (
    Reader,
    array,
    boolean,
    bounded_text,
    integer,
    integers,
    json_object,
    json_text,
    mapping,
    missing,
    numbers,
    one_of,
    texts,
    unsupported,
    words,
)
from router.wire.digits import loads_exactly, lost_digits
from router.wire.fields import (
    EFFORTS,
    MAX_OUTPUT_TOKENS,
    check_tool_choice,
    read_object,
    read_schema,
    read_stop,
    refused,
)
from router.wire.hints import is_repeated, read_hints
from router.wire.openai.request import CHAT_KEYS
from router.wire.protocols import OneRequest

_SENT_ON = ("anthropic-version", "anthropic-beta")
_THINKING = ("enabled", "adaptive", "between_tools", "disabled")


def _thinking(value: object, param: str) -> bool:
    """Returns True when thoughts are shown.

    The budget permits thinking, and does not order it. It is not passed on, since models without
    thinking refuse every key about it.
    """
    given = mapping(value, param)
    if given.get("type") is None:
        raise missing(f"{param}.type", f"one of {', '.join(_THINKING)}")
    kind = one_of(given["type"], f"{param}.type", _THINKING)
    if given.get("budget_tokens") is not None:
        integer(given["budget_tokens"], f"{param}.budget_tokens", 1, MAX_OUTPUT_TOKENS)
    if given.get("display") is not None:
        display = one_of(given["display"], f"{param}.display", ("summarized", "omitted"))
        return kind != "disabled" and display != "omitted"
    return kind != "disabled"


def _format(value: object, param: str) -> ResponseFormat:
    given = mapping(value, param)
    if given.get("type") is None:
        raise missing(f"{param}.type", "json_schema")
    one_of(given["type"], f"{param}.type", ("json_schema",))
    return read_schema(given, param, "answer")


def _output_config(value: object, param: str) -> tuple[str | None, ResponseFormat | None]:
    """Returns effort and format."""
    given = mapping(value, param)
    effort, form = given.get("effort"), given.get("format")
    return (
        None if effort is None else one_of(effort, f"{param}.effort", EFFORTS),
        None if form is None else _format(form, f"{param}.format"),
    )


def _user(value: object, param: str) -> str | None:
    user = mapping(value, param).get("user_id")
    return None if user is None else bounded_text(user, f"{param}.user_id", 0, 1024)


class _Turns(Struct, frozen=True):
    """Holds a conversation, and True when the inputs of its calls may have lost digits."""

    messages: tuple[Message, ...]
    lost_digits: bool


def _turns(value: object, param: str) -> _Turns:
    return _Turns(read_turns(value, param), any(map(lost_digits, inputs_of(value))))


def _speed(value: object, param: str) -> None:
    if one_of(value, param, ("standard", "fast")) == "fast":
        raise unsupported(param, "fast answers have prices that no policy states; send `standard`")


def _no_servers(value: object, param: str) -> None:
    if array(value, param):
        raise unsupported(param, "no tier calls servers; offer tools")


def _stops(value: object, param: str) -> tuple[str, ...]:
    return read_stop(array(value, param), param)


_READ: dict[str, Reader] = {
    "model": texts(1, 256),
    "messages": _turns,
    "system": read_system,
    "max_tokens": integers(1, MAX_OUTPUT_TOKENS),
    "tools": read_tools,
    "tool_choice": read_choice,
    "stop_sequences": _stops,
    "temperature": numbers(0.0, 1.0),
    "top_p": numbers(0.0, 1.0),
    "thinking": _thinking,
    "output_config": _output_config,
    "output_format": _format,
    "metadata": _user,
    "stream": boolean,
    "routing": mapping,
    # These keys have no meaning for an answer: caching, contexts cut elsewhere, one provider's
    # prices.
    "cache_control": mapping,
    "context_management": mapping,
    "diagnostics": mapping,
    "service_tier": words("auto", "standard_only"),
    "speed": _speed,
    "container": refused("no tier runs code; offer a tool"),
    "mcp_servers": _no_servers,
    "thread": refused("nothing is stored; send the whole conversation in `messages`", NO_THREADS),
    "inference_geo": refused("the operator says in the policy where answers come from"),
}


class MessagesExchange(OneRequest, frozen=True):
    """Implements wire.protocols.Exchange for one message."""

    shows_thinking: bool

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        return render_message(
            answer,
            id=id,
            shows_thinking=self.shows_thinking,
            routing=routing,
            names=self._own_names(),
        )

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> MessageStream:
        return MessageStream(
            id=id,
            model=model,
            usage=usage,
            shows_thinking=self.shows_thinking,
            names=self._own_names(),
        )

    def _own_names(self) -> dict[str, str]:
        """Returns the client's names of the tools that were shortened."""
        return {tool.name: tool.own_name for tool in self.request.tools if tool.own_name}


class MessagesFormat:
    """Implements wire.protocols.WireFormat for Anthropic's messages.

    `capped=False` reads a body without a limit on output, whose tokens are to be counted.
    """

    def __init__(self, *, capped: bool = True) -> None:
        self._required = ("model", "messages", "max_tokens") if capped else ("model", "messages")

    def read(self, body: bytes, headers: Mapping[str, str]) -> MessagesExchange:
        given = json_object(body)
        read, extra = read_object(given, _READ, CHAT_KEYS, "/v1/messages")
        for key in self._required:
            if key not in read:
                raise missing(key, _EXPECTED[key])
        turns = read["messages"]
        assert isinstance(turns, _Turns)
        messages = turns.messages
        if turns.lost_digits:
            exact = mapping(loads_exactly(body), "messages")
            messages = read_turns(exact["messages"], "messages")
        request = _request({**read, "messages": messages}, extra, headers, given)
        sent = {name: headers[name] for name in _SENT_ON if headers.get(name)}
        original = Original(
            body,
            sent,
            request.messages,
            request.tools,
            others=tuple(other_texts(given)),
            has_large_integers=turns.lost_digits,
            thinking_tokens=thinking_tokens(given.get("thinking")),
            thinking=thinking_kind(given.get("thinking")),
            has_system_turns=has_system_turns(given["messages"]),
            asks_hours=b'"ttl"' in body and asks_for_hours([given.get(key) for key in POINTS_IN]),
        )
        dropped = (TTL,) if original.asks_hours else ()
        request = replace(request, original=original, dropped=dropped)
        return MessagesExchange(request, bool(read.get("thinking")))

    sign_of_life = PING

    def error(self, error: TiergateError, request_id: str) -> bytes:
        return render_error(error, request_id)

    def status(self, error: TiergateError) -> int:
        return error_status(error)

    def id_headers(self, request_id: str) -> list[tuple[bytes, bytes]]:
        return [(b"request-id", f"req_{request_id}".encode())]


_EXPECTED = {
    "model": "a model's name",
    "messages": "an array of messages",
    "max_tokens": "how many tokens the answer may have at most",
}


def _request(
    read: dict[str, Any],
    extra: dict[str, JsonText],
    headers: Mapping[str, str],
    given: Mapping[str, object],
) -> ChatRequest:
    system: Message | None = read.get("system")
    messages: tuple[Message, ...] = read["messages"]
    if read.get("metadata"):
        # Chat completions name this key `user`.
        extra = {**extra, "user": json_text(read["metadata"], "metadata.user_id")}
    tools = tools_in_effect(read.get("tools", Tools()), given["messages"])
    choice, parallel = read.get("tool_choice", (None, None))
    if choice is not None:
        check_tool_choice(choice, tools.own, json_text(given["tool_choice"], "tool_choice"))
    effort, form = read.get("output_config", (None, None))
    return ChatRequest(
        messages=messages if system is None else (system, *messages),
        requested_model=read["model"],
        sampling=Sampling(
            temperature=read.get("temperature"),
            top_p=read.get("top_p"),
            stop=read.get("stop_sequences", ()),
            max_output_tokens=read.get("max_tokens"),
            reasoning_effort=effort,
        ),
        response_format=form or read.get("output_format", ResponseFormat()),
        tools=tools.own,
        unsupported_tools=tools.unsupported,
        tool_choice=choice,
        parallel_tool_calls=parallel,
        stream=read.get("stream", False),
        include_usage=True,
        hints=read_hints(read.get("routing"), headers),
        repeated=is_repeated(headers),
        endpoint="messages",
        extra=extra,
    )
