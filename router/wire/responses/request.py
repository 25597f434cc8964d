"""`POST /v1/responses` as a wire format: its body to a ChatRequest.

Follows openai-openapi's CreateResponse (August 2026). Nothing is stored and nothing runs in the
background: what asks for that is refused by name. Tools are read by `responses_tools`, items by
`responses_items`. It knows nothing about how answers are said: that is `responses_render`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct
from msgspec.structs import replace

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
from router.wire.checks import (
    Reader,
    array,
    boolean,
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
)
from router.wire.exchange import OneRequest
from router.wire.fields import (
    EFFORTS,
    MAX_OUTPUT_TOKENS,
    cache_key,
    check_metadata,
    check_stream_options,
    check_tool_choice,
    client_request_id,
    read_fields,
    read_schema,
    read_stream_options,
    refused,
)
from router.wire.hints import read_hints
from router.wire.openai.chat import OpenAIErrors
from router.wire.openai.parse import CHAT_KEYS
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
)

LOGPROBS = "message.output_text.logprobs"
# The others name what only built-in tools and stored reasoning have: there is nothing to include.
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
    """The `text` object: format, verbosity, and the format as the client wrote it."""

    format: ResponseFormat
    verbosity: str | None
    said: JsonText


_PLAIN = _Text(ResponseFormat(), None, JsonText('{"type":"text"}'))


class _Reasoning(Struct, frozen=True):
    effort: str | None = None
    summary: str | None = None


def _text(value: object, param: str) -> _Text:
    given = mapping(value, param)
    verbosity = given.get("verbosity")
    if verbosity is not None:
        verbosity = one_of(verbosity, f"{param}.verbosity", ("low", "medium", "high"))
    at = f"{param}.format"
    if given.get("format") is None:
        return replace(_PLAIN, verbosity=verbosity)
    wanted = mapping(given["format"], at)
    if wanted.get("type") is None:
        raise missing(f"{at}.type", "text, json_object or json_schema")
    kind = one_of(wanted["type"], f"{at}.type", ("text", "json_object", "json_schema"))
    asked = read_schema(wanted, at) if kind == "json_schema" else ResponseFormat(kind)
    return _Text(asked, verbosity, json_text(wanted, at))


def _reasoning(value: object, param: str) -> _Reasoning:
    given = mapping(value, param)
    effort, summary = given.get("effort"), given.get("summary", given.get("generate_summary"))
    return _Reasoning(
        None if effort is None else one_of(effort, f"{param}.effort", EFFORTS),
        # Whatever a tier thinks aloud is shown as it is: nothing here sums it up.
        None
        if summary is None
        else one_of(summary, f"{param}.summary", ("auto", "concise", "detailed")),
    )


def _include(value: object, param: str) -> bool:
    """Whether log-probabilities are wanted."""
    wanted = [one_of(v, f"{param}[{i}]", _INCLUDABLE) for i, v in enumerate(array(value, param))]
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
    "max_tool_calls": integers(1, MAX_OUTPUT_TOKENS),  # counts built-in tools: there are none
    "temperature": numbers(0.0, 2.0),
    "top_p": numbers(0.0, 1.0),
    "top_logprobs": integers(0, 20),
    "include": _include,
    "metadata": check_metadata,  # said back; an upstream that stores nothing takes none
    "store": boolean,  # accepted, and said back as false
    "truncation": words("auto", "disabled"),
    "stream": boolean,
    "stream_options": read_stream_options,
    "routing": mapping,
    "background": _background,
    "previous_response_id": refused(_STATELESS),
    "conversation": refused(_STATELESS),
    "prompt": refused("no prompt templates are stored here; send `input`"),
    "context_management": refused("shorten `input` instead"),
    "moderation": refused("use a policy's rules"),
    "prompt_cache_options": refused("caching is the upstream's own"),
}
_ECHOED = ("temperature", "top_p", "max_output_tokens", "max_tool_calls", "top_logprobs")
_PASSED_ON_ECHOED = ("user", "safety_identifier", "prompt_cache_key", "service_tier")


class ResponsesExchange(OneRequest, frozen=True):
    """wire.exchange.Exchange for one response; `said_back` are the body's fields as JSON."""

    said_back: bytes
    compacts: bool = False  # the answer is a summary, which is said as an item of its own

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        return render_response(
            answer,
            id=id,
            created=created,
            said_back=self.said_back,
            routing=routing,
            tools=by_flat_name(self.request),
            compacts=self.compacts,
        )

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> ResponseStream:
        return ResponseStream(
            id=id,
            created=created,
            model=model,
            said_back=self.said_back,
            tools=by_flat_name(self.request),
            compacts=self.compacts,
        )


class ResponsesFormat(OpenAIErrors):
    """wire.exchange.WireFormat for OpenAI's responses."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> ResponsesExchange:
        read, extra = read_fields(body, _READ, CHAT_KEYS, "/v1/responses")
        return _exchange(read, extra, headers)


class CompactFormat(OpenAIErrors):
    """wire.exchange.WireFormat for `/v1/responses/compact`: the same body, a summary of it."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> CompactExchange:
        read, extra = read_fields(body, _READ, CHAT_KEYS, "/v1/responses/compact")
        for key in ("stream", "stream_options"):
            read.pop(key, None)  # a summary is one object
        said = read.get("input")
        if isinstance(said, Input):
            read["input"] = said = replace(said, compacts=True)
        exchange = _exchange(read, extra, headers)
        request = replace(exchange.request, endpoint="responses.compact")
        kept = said.kept if isinstance(said, Input) else ()
        return CompactExchange(
            request, exchange.said_back, True, tuple([message_object(one) for one in kept])
        )


class CompactExchange(ResponsesExchange, frozen=True):
    """wire.exchange.Exchange for one summary: what users said as it was, then the rest in short."""

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
    tools: Tools = read.get("tools", NO_TOOLS)
    chosen: Chosen = read.get("tool_choice", NO_CHOICE)
    if chosen.unsupported:
        others = (*tools.unsupported, chosen.unsupported)
        read["tools"] = tools = replace(tools, unsupported=tuple(dict.fromkeys(others)))
    choice = JsonText('"none"') if compacts and tools.known else chosen.wanted
    if choice is not None and not compacts:
        check_tool_choice(choice, tools.known)
    read["tool_choice"] = choice
    return ResponsesExchange(
        _request(read, extra, headers), _said_back(read, extra, tools), compacts
    )


def _request(
    read: dict[str, Any], extra: dict[str, JsonText], headers: Mapping[str, str]
) -> ChatRequest:
    conversation: Input = read["input"]
    tools: Tools = read.get("tools", NO_TOOLS)
    messages = (*conversation.messages, ASKED) if conversation.compacts else conversation.messages
    if read.get("instructions"):
        messages = (Message("system", read["instructions"]), *messages)
    asked: _Text = read.get("text", _PLAIN)
    if asked.verbosity is not None:
        extra = {**extra, "verbosity": json_text(asked.verbosity, "text.verbosity")}
    reasoning: _Reasoning = read.get("reasoning", _Reasoning())
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
        response_format=ResponseFormat() if conversation.compacts else asked.format,
        tools=tools.known,
        unsupported_tools=tools.unsupported,
        tool_choice=read.get("tool_choice"),
        parallel_tool_calls=read.get("parallel_tool_calls"),
        stream=read.get("stream", False),
        include_usage=True,
        hints=read_hints(read.get("routing"), headers, cache_key(extra)),
        endpoint="responses",
        client_request_id=client_request_id(headers),
        extra=extra,
    )


def _said_back(read: Mapping[str, Any], extra: Mapping[str, JsonText], tools: Tools) -> bytes:
    """The fields of the body that every response object repeats, as one JSON object."""
    asked: _Text = read.get("text", _PLAIN)
    reasoning: _Reasoning = read.get("reasoning", _Reasoning())
    said: dict[str, object] = {
        "instructions": read.get("instructions"),
        "metadata": read.get("metadata", {}),
        "parallel_tool_calls": read.get("parallel_tool_calls", True),
        "previous_response_id": None,
        "background": False,
        "store": False,
        "reasoning": {"effort": reasoning.effort, "summary": reasoning.summary},
        "text": {"format": orjson.Fragment(asked.said), "verbosity": asked.verbosity},
        "tool_choice": _own_choice(read.get("tool_choice"), tools.known),
        "tools": [orjson.Fragment(tool) for tool in tools.said],
        "truncation": read.get("truncation", "disabled"),
    }
    said.update({key: read.get(key) for key in _ECHOED})
    said.update({key: orjson.Fragment(extra.get(key, "null")) for key in _PASSED_ON_ECHOED})
    return orjson.dumps(said)


def _own_choice(choice: JsonText | None, tools: Sequence[ToolSpec]) -> object:
    """The choice as the client wrote it."""
    found = "auto" if choice is None else orjson.loads(choice)
    if not isinstance(found, dict):
        return found
    name = found["function"]["name"]
    tool = next((tool for tool in tools if tool.name == name), None)
    if tool is None:
        return {"type": "function", "name": name}
    kind = "function" if tool.custom is None else "custom"
    space = {"namespace": tool.namespace} if tool.namespace else {}
    return {"type": kind, "name": tool.own_name or name, **space}
