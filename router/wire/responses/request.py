"""Reads the body of `POST /v1/responses` as a ChatRequest.

It follows openai-openapi's CreateResponse (August 2026). Nothing is stored and nothing runs in the
background, so keys that need it are refused by name. `tools` reads tools, `items` reads items, and
`render` writes the answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

from router.errors import NoUsableAnswer, TiergateError
from router.types import (
    Answer,
    ChatRequest,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolSpec,
    Usage,
)
from router.wire.body_keys import PHASE
from router.wire.checks import (
    Reader,
    array,
    boolean,
    bounded_text,
    integers,
    json_text,
    mapping,
    missing,
    numbers,
    one_of,
    text,
    texts,
    unsupported,
    words,
    wrong_value,
)
from router.wire.fields import (
    EFFORTS,
    MAX_OUTPUT_TOKENS,
    MODERATED,
    check_metadata,
    check_stream_options,
    check_tool_choice,
    read_fields,
    read_schema,
    read_stream_options,
    refused,
)
from router.wire.hints import is_repeated, read_hints
from router.wire.openai.chat import OpenAIErrors
from router.wire.openai.request import CHAT_KEYS
from router.wire.protocols import OneRequest
from router.wire.responses.compaction import ASKED, message_object, render_compaction
from router.wire.responses.items import Input, read_input
from router.wire.responses.render import render_response
from router.wire.responses.stream import ResponseStream
from router.wire.responses.tools import (
    Chosen,
    Tools,
    by_flat_name,
    read_response_choice,
    read_response_tools,
    with_later,
)

MOST_OF_REASONING = 16
LOGPROBS = "message.output_text.logprobs"
# Only built-in tools and stored reasoning have the other values, so there is nothing to include.
_INCLUDABLE = (
    LOGPROBS,
    "reasoning.encrypted_content",
    "message.input_image.image_url",
    "file_search_call.results",
    "web_search_call.results",
    "web_search_call.action.sources",
    "computer_call_output.output.image_url",
    "code_interpreter_call.outputs",
)


class _Text(Struct, frozen=True):
    """Holds the `text` object: format, verbosity, and the format as the client wrote it."""

    format: ResponseFormat
    verbosity: str | None
    echo: JsonText


_PLAIN = _Text(ResponseFormat(), None, JsonText('{"type":"text"}'))


class _Reasoning(Struct, frozen=True):
    effort: str | None = None
    summary: str | None = None
    passed_on: dict[str, JsonText] = {}
    """Holds all but the effort, by path: `ChatRequest` has no field for it."""


def _text(value: object, param: str) -> _Text:
    given = mapping(value, param)
    verbosity = given.get("verbosity")
    if verbosity is not None:
        verbosity = one_of(verbosity, f"{param}.verbosity", ("low", "medium", "high"))
    path = f"{param}.format"
    if given.get("format") is None:
        return replace(_PLAIN, verbosity=verbosity)
    wanted = mapping(given["format"], path)
    if wanted.get("type") is None:
        raise missing(f"{path}.type", "text, json_object or json_schema")
    kind = one_of(wanted["type"], f"{path}.type", ("text", "json_object", "json_schema"))
    response_format = read_schema(wanted, path) if kind == "json_schema" else ResponseFormat(kind)
    return _Text(response_format, verbosity, json_text(wanted, path))


def _reasoning(value: object, param: str) -> _Reasoning:
    given = mapping(value, param)
    others = {
        key: value
        for key, value in given.items()
        if value is not None and key not in ("effort", "generate_summary")
    }
    effort, summary = given.get("effort"), others.get("summary", given.get("generate_summary"))
    if summary is not None:
        # Only a provider writes one: nothing here summarises a tier's open thoughts.
        path = f"{param}.summary"
        others["summary"] = summary = one_of(summary, path, ("auto", "concise", "detailed"))
    if "context" in others:  # its values are the provider's
        bounded_text(others["context"], f"{param}.context", 1, 64)
    if len(others) > MOST_OF_REASONING:
        raise wrong_value(param, given, f"at most {MOST_OF_REASONING} keys")
    return _Reasoning(
        None if effort is None else one_of(effort, f"{param}.effort", EFFORTS),
        summary,
        {f"{param}.{key}": json_text(value, f"{param}.{key}") for key, value in others.items()},
    )


def _include(value: object, param: str) -> bool:
    """Returns True when log-probabilities are wanted."""
    wanted = [
        one_of(value_i, f"{param}[{i}]", _INCLUDABLE)
        for i, value_i in enumerate(array(value, param))
    ]
    return LOGPROBS in wanted


def _background(value: object, param: str) -> None:
    if boolean(value, param):
        raise unsupported(param, "answers are given while the client waits; send false")


NO_TOOLS, NO_CHOICE = Tools(), Chosen(None)
_STATELESS = "nothing is stored here; send the conversation in `input`"
_READ: dict[str, Reader] = {
    "model": texts(1, 256),
    "input": read_input,
    "instructions": text,
    "tools": read_response_tools,
    "tool_choice": read_response_choice,
    "parallel_tool_calls": boolean,
    "text": _text,
    "reasoning": _reasoning,
    "max_output_tokens": integers(1, MAX_OUTPUT_TOKENS),
    "max_tool_calls": integers(1, MAX_OUTPUT_TOKENS),  # counts built-in tools, and there are none
    "temperature": numbers(0.0, 2.0),
    "top_p": numbers(0.0, 1.0),
    "top_logprobs": integers(0, 20),
    "include": _include,
    "metadata": check_metadata,  # echoed; an upstream that stores nothing accepts none
    "store": boolean,  # accepted, and echoed as false
    "truncation": words("auto", "disabled"),
    "stream": boolean,
    "stream_options": read_stream_options,
    "routing": mapping,
    "background": _background,
    "previous_response_id": refused(_STATELESS),
    "conversation": refused(_STATELESS),
    "prompt": refused("no prompt templates are stored here; send `input`"),
    "context_management": refused("shorten `input` instead"),
    "moderation": refused(MODERATED),
}
_ECHOED_FIELDS = ("temperature", "top_p", "max_output_tokens", "max_tool_calls", "top_logprobs")
_PASSED_ON_ECHOED = ("user", "safety_identifier", "prompt_cache_key", "service_tier")


class ResponsesExchange(OneRequest, frozen=True):
    """Implements wire.protocols.Exchange; `echoed` has the body's fields as JSON."""

    echoed: bytes
    compacts: bool = False  # the answer is a summary, sent as an item of its own

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        return render_response(
            answer,
            id=id,
            created=created,
            echoed=self.echoed,
            routing=routing,
            tools=by_flat_name(self.request),
            compacts=self.compacts,
        )

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> ResponseStream:
        return ResponseStream(
            id=id,
            created=created,
            model=model,
            echoed=self.echoed,
            tools=by_flat_name(self.request),
            compacts=self.compacts,
        )


class ResponsesFormat(OpenAIErrors):
    """Implements wire.protocols.WireFormat for OpenAI's responses."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ResponsesExchange:
        read, extra = read_fields(body, _READ, CHAT_KEYS, "/v1/responses")
        return _exchange(read, extra, headers)

    def status(self, error: TiergateError) -> int:
        # Codex asks six times where it reads a 422, all of them paid, and once for a 400.
        return 400 if isinstance(error, NoUsableAnswer) else super().status(error)


class InputTokensFormat(OpenAIErrors):
    """Implements wire.protocols.WireFormat for `/v1/responses/input_tokens`; `model` may lack."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ResponsesExchange:
        read, extra = read_fields(body, _READ, CHAT_KEYS, "/v1/responses/input_tokens")
        return _exchange({"model": "auto", **read}, extra, headers)


class CompactFormat(OpenAIErrors):
    """Implements wire.protocols.WireFormat for `/v1/responses/compact`, which returns a summary."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> CompactExchange:
        read, extra = read_fields(body, _READ, CHAT_KEYS, "/v1/responses/compact")
        for key in ("stream", "stream_options"):
            read.pop(key, None)  # a summary is one object
        conversation = read.get("input")
        if isinstance(conversation, Input):
            read["input"] = conversation = replace(conversation, compacts=True)
        exchange = _exchange(read, extra, headers)
        request = replace(exchange.request, endpoint="responses.compact")
        kept = conversation.kept if isinstance(conversation, Input) else ()
        return CompactExchange(
            request, exchange.echoed, True, tuple([message_object(item) for item in kept])
        )


class CompactExchange(ResponsesExchange, frozen=True):
    """Implements wire.protocols.Exchange for one summary.

    The users' messages stay as they were, and the summary follows.
    """

    kept: tuple[JsonText, ...] = ()

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        return render_compaction(answer, self.kept, id=id, created=created, routing=routing)


def _exchange(
    read: dict[str, Any], extra: dict[str, JsonText], headers: Mapping[str, str]
) -> ResponsesExchange:
    for key in ("model", "input"):
        if key not in read:
            raise missing(key, "a model's name" if key == "model" else "a string or items")
    check_stream_options(read)
    compacts = read["input"].compacts
    read["tools"] = tools = with_later(read.get("tools", NO_TOOLS), read["input"].tools, "input")
    chosen: Chosen = read.get("tool_choice", NO_CHOICE)
    if chosen.unsupported:
        others = (*tools.unsupported, chosen.unsupported)
        read["tools"] = tools = replace(tools, unsupported=tuple(dict.fromkeys(others)))
    # A summary is text: the model must not call a tool instead.
    choice = JsonText('"none"') if compacts and tools.known else chosen.wanted
    if choice is not None and not compacts:
        check_tool_choice(choice, tools.known)
    # The response repeats the choice that was really used.
    read["tool_choice"] = choice
    return ResponsesExchange(_request(read, extra, headers), _echo(read, extra, tools), compacts)


def _request(
    read: dict[str, Any], extra: dict[str, JsonText], headers: Mapping[str, str]
) -> ChatRequest:
    conversation: Input = read["input"]
    tools: Tools = read.get("tools", NO_TOOLS)
    messages = (*conversation.messages, ASKED) if conversation.compacts else conversation.messages
    if read.get("instructions"):
        messages = (Message("system", read["instructions"]), *messages)
    text_config: _Text = read.get("text", _PLAIN)
    if text_config.verbosity is not None:
        # `ChatRequest` has no field for it, so it is carried as an extra key.
        extra = {**extra, "verbosity": json_text(text_config.verbosity, "text.verbosity")}
    reasoning: _Reasoning = read.get("reasoning", _Reasoning())
    extra = {**extra, **reasoning.passed_on}
    has_phases = any(message.phase for message in messages)
    logprobs = read.get("include", False)
    return ChatRequest(
        messages=messages,
        requested_model=read["model"],
        sampling=Sampling(
            temperature=read.get("temperature"),
            top_p=read.get("top_p"),
            max_output_tokens=read.get("max_output_tokens"),
            logprobs=logprobs,
            top_logprobs=read.get("top_logprobs") if logprobs else None,
            reasoning_effort=reasoning.effort,
        ),
        response_format=ResponseFormat() if conversation.compacts else text_config.format,
        tools=tools.known,
        unsupported_tools=tools.unsupported,
        tool_choice=read.get("tool_choice"),
        parallel_tool_calls=read.get("parallel_tool_calls"),
        stream=read.get("stream", False),
        include_usage=True,
        hints=read_hints(read.get("routing"), headers),
        repeated=is_repeated(headers),
        endpoint="responses",
        compacts=conversation.compacts,
        extra=extra,
        # The first by all but upstreams of this format.
        dropped=((PHASE,) if has_phases else ()) + conversation.left_out + tools.left_out,
    )


def _echo(read: Mapping[str, Any], extra: Mapping[str, JsonText], tools: Tools) -> bytes:
    """Returns the body's fields that every response object repeats, as one JSON object."""
    text_config: _Text = read.get("text", _PLAIN)
    reasoning: _Reasoning = read.get("reasoning", _Reasoning())
    fields: dict[str, object] = {
        "instructions": read.get("instructions"),
        "metadata": read.get("metadata", {}),
        "parallel_tool_calls": read.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "background": False,
        "store": False,
        "reasoning": {"effort": reasoning.effort, "summary": reasoning.summary},
        "text": {"format": orjson.Fragment(text_config.echo), "verbosity": text_config.verbosity},
        "tool_choice": _own_choice(read.get("tool_choice"), tools.known),
        "tools": [orjson.Fragment(tool) for tool in tools.echoes],
        "truncation": read.get("truncation", "disabled"),
    }
    fields.update({key: read.get(key) for key in _ECHOED_FIELDS})
    fields.update({key: orjson.Fragment(extra.get(key, "null")) for key in _PASSED_ON_ECHOED})
    return orjson.dumps(fields)


def _own_choice(choice: JsonText | None, tools: Sequence[ToolSpec]) -> object:
    """Returns the choice as the client wrote it."""
    wire_choice = "auto" if choice is None else orjson.loads(choice)
    if not isinstance(wire_choice, dict):
        return wire_choice
    name = wire_choice["function"]["name"]
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        return {"type": "function", "name": name}
    kind = "function" if tool.custom is None else "custom"
    space = {"namespace": tool.namespace} if tool.namespace else {}
    return {"type": kind, "name": tool.own_name or name, **space}
