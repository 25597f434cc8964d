"""Reads a chat completion's body and headers as `ChatRequest`.

A known key is obeyed or refused by name. Any other key is kept as JSON text in `extra`, and
`body_keys` decides which answerer receives it. No body sets an address, a credential or a header.
It follows openai-openapi's CreateChatCompletionRequest (August 2026). Every request runs this code,
so it makes one look-up per key and uses no schema library.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.types import ChatRequest, JsonText, ResponseFormat, Sampling
from router.wire.body_keys import nested_left_out
from router.wire.checks import (
    Reader,
    array,
    boolean,
    integers,
    json_object,
    mapping,
    missing,
    numbers,
    one_of,
    texts,
    unsupported,
    words,
    wrong_value,
)
from router.wire.fields import (
    EFFORTS,
    INT64,
    MAX_OUTPUT_TOKENS,
    MODERATED,
    check_stream_options,
    check_tool_choice,
    keep_extra,
    read_schema,
    read_stop,
    read_stream_options,
    refused,
)
from router.wire.hints import is_repeated, read_hints
from router.wire.messages import read_messages, read_tool_choice, read_tools

_PLAIN_TEXT = ResponseFormat()
_DEFAULT_SAMPLING = Sampling()
OUTPUT_CAPS = ("max_completion_tokens", "max_tokens")


def read_response_format(value: object, param: str) -> ResponseFormat:
    """Returns the form of the answer that a body asks for. Raises RequestError."""
    given = mapping(value, param)
    if given.get("type") is None:
        raise missing(f"{param}.type", "text, json_object or json_schema")
    kind = one_of(given["type"], f"{param}.type", ("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return _PLAIN_TEXT if kind == "text" else ResponseFormat(kind)
    if given.get("json_schema") is None:
        raise missing(f"{param}.json_schema", "an object with name and schema")
    path = f"{param}.json_schema"
    return read_schema(mapping(given["json_schema"], path), path)


def _modalities(value: object, param: str) -> None:
    for i, item in enumerate(array(value, param)):
        if one_of(item, f"{param}[{i}]", ("text", "audio")) == "audio":
            raise unsupported(f"{param}[{i}]", "answers are text")


SAMPLING: dict[str, Reader] = {
    "temperature": numbers(0.0, 2.0),
    "top_p": numbers(0.0, 1.0),
    "seed": integers(-INT64 - 1, INT64),
    "stop": read_stop,
    "max_completion_tokens": integers(1, MAX_OUTPUT_TOKENS),
    "max_tokens": integers(1, MAX_OUTPUT_TOKENS),
    "frequency_penalty": numbers(-2.0, 2.0),
    "presence_penalty": numbers(-2.0, 2.0),
    "logprobs": boolean,
    "top_logprobs": integers(0, 20),
    "n": integers(1, 8),
    "reasoning_effort": words(*EFFORTS),
}

_READ: dict[str, Reader] = {
    "model": texts(1, 256),
    "messages": read_messages,
    "tools": read_tools,
    "tool_choice": read_tool_choice,
    "parallel_tool_calls": boolean,
    "response_format": read_response_format,
    "stream": boolean,
    "stream_options": read_stream_options,
    "modalities": _modalities,
    "routing": mapping,
    "audio": refused("answers are text"),
    "web_search_options": refused("no tier searches the web; offer a tool"),
    "functions": refused("use tools"),
    "function_call": refused("use tool_choice"),
    "moderation": refused(MODERATED),
}

CHAT_KEYS = frozenset({*_READ, *SAMPLING})
"""Lists the keys that chat completions read. Other endpoints refuse those that they lack: an
upstream would obey such a key although we had not read it."""


def parse_chat_request(body: bytes, headers: Mapping[str, str]) -> ChatRequest:
    """Returns the request of a chat completion's body and headers.

    `headers` has lower-case names. Raises RequestError (400) with `param` and `code` invalid_json,
    invalid_type, invalid_value, missing_required_parameter or unsupported_parameter.
    """
    sampling: dict[str, Any] = {}
    read: dict[str, Any] = {}
    extra: dict[str, JsonText] = {}
    given = json_object(body)
    for key, value in given.items():
        if value is None:
            continue  # null means the same as a missing key, as at OpenAI
        if (reader := _READ.get(key)) is not None:
            read[key] = reader(value, key)
        elif (reader := SAMPLING.get(key)) is not None:
            sampling[key] = reader(value, key)
        else:
            keep_extra(extra, key, value)
    if "messages" not in read:
        raise missing("messages", "an array of messages")
    if "model" not in read:
        raise missing("model", "a model's name, such as `auto`")
    tools = read.get("tools", ())
    tool_choice = read.get("tool_choice")
    if tool_choice is not None:
        check_tool_choice(tool_choice, tools)
    stream = read.get("stream", False)
    check_stream_options(read)
    caps = [key for key in OUTPUT_CAPS if key in sampling]
    return ChatRequest(
        messages=read["messages"],
        requested_model=read["model"],
        # Errors name the key that limits the output, which is the smaller one.
        cap_key=min(caps, key=sampling.__getitem__, default=""),
        sampling=_sampling(sampling) if sampling else _DEFAULT_SAMPLING,
        response_format=read.get("response_format", _PLAIN_TEXT),
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=read.get("parallel_tool_calls"),
        stream=stream,
        include_usage=read.get("stream_options", False),
        hints=read_hints(read.get("routing"), headers),
        repeated=is_repeated(headers),
        extra=extra,
        dropped=nested_left_out(given["messages"], given.get("tools")),
    )


def _sampling(given: dict[str, Any]) -> Sampling:
    """Returns the sampling parameters. The smaller of both output limits applies."""
    limits = [given.pop(key) for key in OUTPUT_CAPS if key in given]
    if limits:
        given["max_output_tokens"] = min(limits)
    check_logprobs(given)
    return Sampling(**given)


def check_logprobs(given: Mapping[str, object]) -> None:
    """Raises RequestError for alternatives to tokens whose own chances are not asked for."""
    if given.get("top_logprobs") is not None and not given.get("logprobs"):
        raise wrong_value("top_logprobs", given["top_logprobs"], "logprobs: true beside it")
