"""Reads what a backend in the same process asks, and refuses what the server refuses.

A value of `router.types` is checked as the body of a chat completion that says the same, by the
readers of that body, so that both refuse in the same sentences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import orjson
from msgspec.structs import asdict, replace

from router.types import (
    ChatRequest,
    JsonText,
    Message,
    ResponseFormat,
    Sampling,
    ToolSpec,
)
from router.wire.anthropic.blocks import read_tools as read_native
from router.wire.checks import (
    array,
    boolean,
    json_text,
    require_json,
    texts,
    wrong_type,
    wrong_value,
)
from router.wire.fields import check_tool_choice, keep_extra
from router.wire.hints import checked_hints, joined_hints
from router.wire.messages import (
    attached_after_results,
    read_each_message,
    read_tool_choice,
    read_tools,
)
from router.wire.openai.embeddings import read_texts
from router.wire.openai.request import (
    SAMPLING,
    check_logprobs,
    parse_chat_request,
    read_response_format,
)

_CHOICES = ("none", "auto", "required")
_WIRE = {"max_output_tokens": "max_completion_tokens"}
"""Names the keys of a body that are called otherwise in `Sampling`."""


def read_call(
    asked: object, hints: object, context: object, *, stream: bool = False
) -> ChatRequest:
    """Returns the request that is asked, with hints and slots that are given beside it.

    Hints of both hold: the stricter one, as of a body and its headers. A slot of `context` takes
    the place of one of the same name. Raises RequestError.
    """
    request = read_asked(asked)
    both = request.hints
    if hints is not None:
        both = joined_hints(both, checked_hints(hints))
    if context is not None:
        if not isinstance(context, Mapping):
            raise wrong_type("context", context, "a mapping of names to texts")
        both = replace(both, context={**both.context, **context})
    if both is not request.hints:
        both = checked_hints(both)
    return replace(request, stream=stream, hints=both)


def read_inputs(texts: object) -> tuple[str, ...]:
    """Returns the texts of a list, as `input` of embeddings takes them. Raises RequestError."""
    if isinstance(texts, str) or not isinstance(texts, Sequence):
        raise wrong_type("texts", texts, "a list of texts")
    require_json(given := list(texts))
    return read_texts(given, "texts")


def read_asked(asked: object) -> ChatRequest:
    """Returns the request of a text, a conversation, a body of chat completions or a ChatRequest.

    Raises RequestError where the server refuses a body that says the same.
    """
    if isinstance(asked, ChatRequest):
        return _checked(asked)
    if isinstance(asked, Mapping):
        return parse_chat_request(require_json({"model": "auto", **asked}), {})
    if isinstance(asked, str):
        require_json(asked)
        return ChatRequest((Message("user", asked),), "auto")  # one question of a user
    return ChatRequest(_conversation(asked), "auto")


def _conversation(asked: object) -> tuple[Message, ...]:
    """Returns the messages, those that are values already as they are."""
    given = list(asked) if isinstance(asked, Sequence) else array(asked, "messages")
    written = [_message(item) for item in given]
    read = read_each_message(written, "messages")
    require_json(written)
    both = zip(given, read, strict=True)
    messages = [item if isinstance(item, Message) else message for item, message in both]
    return attached_after_results(tuple(messages))


def _message(item: object) -> object:
    """Returns a message in the form of chat completions; what is none of either, unchanged."""
    if isinstance(item, Mapping):
        return dict(item)
    if not isinstance(item, Message):
        return item
    parts = [_json(part.payload, "messages") for part in item.parts]
    written: dict[str, object] = {"role": item.role, "content": parts or item.text}
    if item.tool_calls:
        written["tool_calls"] = [
            {"id": call.id, "function": {"name": call.name, "arguments": call.arguments}}
            for call in item.tool_calls
        ]
    for key, value in (("tool_call_id", item.tool_call_id), ("name", item.name)):
        if value is not None:
            written[key] = value
    return written


def _checked(request: ChatRequest) -> ChatRequest:
    """Returns the request, with JSON text where a tool or a format had an object of Python."""
    texts(1, 256)(request.requested_model, "model")
    require_json((request.requested_model, request.sampling.stop))
    messages = _conversation(request.messages)
    _check_sampling(request.sampling)
    tools = _tools(request.tools)
    choice = None if request.tool_choice is None else _choice(request.tool_choice)
    if choice is not None and not any(map(_is_foreign, tools)):
        check_tool_choice(read_tool_choice(_json(choice, "tool_choice"), "tool_choice"), tools)
    if request.parallel_tool_calls is not None:
        boolean(request.parallel_tool_calls, "parallel_tool_calls")
    for key, value in request.extra.items():
        keep_extra({}, key, _json(value, key))
    return replace(
        request,
        messages=messages,
        tools=tools,
        tool_choice=choice,
        response_format=_response_format(request.response_format),
        hints=checked_hints(request.hints),
    )


def _check_sampling(sampling: Sampling) -> None:
    given = {key: value for key, value in asdict(sampling).items() if value not in (None, ())}
    for key, value in given.items():
        name = _WIRE.get(key, key)
        SAMPLING[name](list(value) if type(value) is tuple else value, name)
    check_logprobs(given)


def _tools(given: Sequence[ToolSpec | Mapping[str, object]]) -> tuple[ToolSpec, ...]:
    """Returns the tools. Those that other wire formats alone have are not read again."""
    written = [_tool(item, f"tools[{i}].function") for i, item in enumerate(given)]
    read = iter(read_tools([item for item in written if not isinstance(item, ToolSpec)], "tools"))
    return tuple([item if isinstance(item, ToolSpec) else next(read) for item in written])


def _tool(item: object, path: str) -> object:
    """Returns a tool in the form of chat completions; what has none there, unchanged."""
    if isinstance(item, Mapping):
        return dict(item)
    if not isinstance(item, ToolSpec) or _is_foreign(item):
        if isinstance(item, ToolSpec) and item.native is not None:
            _check_native(item.native, f"{path}.native")
        return item
    function = {
        "name": item.name,
        "description": item.description,
        "parameters": _json(_text(item.parameters, f"{path}.parameters"), f"{path}.parameters"),
        "strict": item.strict,
    }
    return {"type": "function", "function": function}


def _check_native(tool: JsonText, path: str) -> None:
    """Raises RequestError for a tool that Anthropic itself runs: no list has its price."""
    kinds = read_native([_json(tool, path)], path)
    if kinds.unsupported or not all([read.native for read in kinds.own]):
        raise wrong_value(path, tool, "a tool of Anthropic's that the client runs")


def _is_foreign(tool: ToolSpec) -> bool:
    other = tool.custom is not None or tool.native is not None
    return other or bool(tool.namespace or tool.own_name)


def _choice(value: object) -> JsonText:
    """Returns the choice as JSON text, of a bare word or an object, too."""
    bare = isinstance(value, str) and value in _CHOICES
    return json_text(value, "tool_choice") if bare else _text(value, "tool_choice")


def _response_format(wanted: ResponseFormat) -> ResponseFormat:
    written: dict[str, object] = {"type": wanted.kind}
    if wanted.kind != "json_schema":
        read_response_format(written, "response_format")
        return wanted
    path = "response_format.json_schema"
    schema = None if wanted.schema is None else _text(wanted.schema, f"{path}.schema")
    parsed = None if schema is None else _json(schema, f"{path}.schema")
    written["json_schema"] = {"name": wanted.name, "schema": parsed, "strict": wanted.strict}
    read_response_format(written, "response_format")
    return replace(wanted, schema=schema)


def _text(value: object, param: str) -> JsonText:
    """Returns JSON text unchanged, and any other value of Python as JSON text."""
    if isinstance(value, str):
        return cast(JsonText, value)
    require_json(value)
    return json_text(value, param)


def _json(value: object, param: str) -> object:
    """Returns the value of a JSON text. Raises RequestError for another text."""
    try:
        return orjson.loads(cast(str, value))
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise wrong_value(param, value, "JSON text") from error
