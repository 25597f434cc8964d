"""Reads chat messages and tools from JSON as `Message` and `ToolSpec`.

It follows openai-openapi's ChatCompletionRequestMessage and ChatCompletionTool. Parts are checked,
and carried with the keys of the API. This module knows nothing about the rest of the body.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable

import orjson
from msgspec.structs import replace

from router.types import ContentPart, JsonText, Message, Sealed, ToolCall, ToolSpec
from router.wire.body_keys import known_part
from router.wire.call_ids import MAX_CALL_ID
from router.wire.checks import (
    array,
    boolean,
    bounded_text,
    json_text,
    mapping,
    missing,
    one_of,
    text,
    unsupported,
    wrong_type,
    wrong_value,
)
from router.wire.openai.returned_reasoning import reasoning_text
from router.wire.openai.thought_signatures import read_signatures

MAX_MESSAGES = 10_000  # no context window in use holds a conversation of that length
MAX_PARTS = 1_000
MAX_TOOLS = 128  # OpenAI's own limit
MAX_TOOL_CALLS = 128

ROLES = ("developer", "system", "user", "assistant", "tool", "function")
_TEXT_ONLY_ROLES = frozenset({"developer", "system", "function"})
ATTACHED = "The result has an attachment, which follows."
"""Replaces the missing text of a tool's result that has only an attachment. Its picture follows as
a user's."""
_PART_KINDS = ("text", "image_url", "input_audio", "file", "refusal")
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONG_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")  # Anthropic's bound
MAX_NAME = 64  # OpenAI's bound on a function's name
NO_PARAMETERS = JsonText('{"type":"object","properties":{}}')
# Upstreams may fetch these addresses, so schemes that reach local files are refused.
_IMAGE_SCHEMES = ("https://", "http://", "data:image/")


def read_messages(value: object, param: str) -> tuple[Message, ...]:
    """Returns all messages, with what tools returned beside text after their results."""
    return attached_after_results(read_each_message(value, param))


def read_each_message(value: object, param: str) -> tuple[Message, ...]:
    """Returns all messages as they were written, at least one and at most 10,000."""
    items = array(value, param)
    if not items:
        raise wrong_value(param, items, "at least one message")
    if len(items) > MAX_MESSAGES:
        raise wrong_value(param, items, f"at most {MAX_MESSAGES} messages")
    return tuple([_message(item, i, param) for i, item in enumerate(items)])


def attached_after_results(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """Returns the messages with tools' pictures and files as a user's, after all results in a row.

    OpenAI's format has only text in a tool's message, and few providers read more there. Agents
    write them there all the same, and a refusal would meet every later turn of their conversation.
    """
    if not any(message.role == "tool" and message.parts for message in messages):
        return messages
    shown: list[Message] = []
    waiting: list[Message] = []
    for message in messages:
        if message.role != "tool":
            shown += [*waiting, message]
            waiting.clear()
            continue
        others = tuple([part for part in message.parts if part.kind != "text"])
        if others:
            texts = tuple([part for part in message.parts if _says_something(part)])
            said = message.text if message.text.strip() else ATTACHED
            message = replace(message, text=said, parts=texts)
            waiting.append(Message("user", "", others))
        shown.append(message)
    return (*shown, *waiting)


def _says_something(part: ContentPart) -> bool:
    """Returns True for a part of text that is not empty; providers refuse empty ones."""
    return part.kind == "text" and bool(orjson.loads(part.payload)["text"].strip())


def _message(item: object, i: int, param: str) -> Message:
    if type(item) is not dict:
        raise wrong_type(f"{param}[{i}]", item, "an object with role and content")
    role = item.get("role")
    content = item.get("content")
    if len(item) == 2 and type(content) is str and role in ("user", "system", "developer"):
        return Message(role, content)  # nearly every message has this form
    return _full_message(item, role, content, f"{param}[{i}]")


def _full_message(item: dict[str, object], role: object, content: object, path: str) -> Message:
    if role is None:
        raise missing(f"{path}.role", f"one of {', '.join(ROLES)}")
    role = one_of(role, f"{path}.role", ROLES)
    _refuse_old_keys(item, path)
    words, parts = _content(content, role, f"{path}.content")
    calls: tuple[ToolCall, ...] = ()
    sealed: tuple[Sealed, ...] = ()
    tool_call_id, reasoning = None, ""
    if role == "assistant":
        reasoning = reasoning_text(item)
        calls = _tool_calls(item.get("tool_calls"), f"{path}.tool_calls")
        if calls:
            sealed = read_signatures(item.get("tool_calls"), bool(words or parts))
        refusal = item.get("refusal")
        # A refusal of ours stands in the text too; not every provider knows parts of that kind.
        if refusal is not None and refusal != words:
            parts = _with_refusal(words, parts, text(refusal, f"{path}.refusal"))
    elif role == "tool":
        if item.get("tool_call_id") is None:
            raise missing(f"{path}.tool_call_id", "the id of the tool call that this answers")
        tool_call_id = bounded_text(item["tool_call_id"], f"{path}.tool_call_id", 1, MAX_CALL_ID)
    # An assistant that only calls tools has no content.
    if content is None and not calls and not parts:
        raise missing(f"{path}.content", "a string or an array of parts")
    name = item.get("name")
    if name is not None:
        name = bounded_text(name, f"{path}.name", 1, 256)
    elif role == "function":
        raise missing(f"{path}.name", "the name of the function that this answers")
    return Message(role, words, parts, calls, tool_call_id, name, sealed, reasoning)


def _refuse_old_keys(item: dict[str, object], path: str) -> None:
    """Refuses keys of a message whose meaning would be lost.

    Other keys that SDKs echo are ignored: `annotations`, ids and the like hold nothing that a model
    must read.
    """
    if item.get("function_call") is not None:
        raise unsupported(f"{path}.function_call", "use tool_calls")
    if item.get("audio") is not None:
        raise unsupported(f"{path}.audio", "send the transcript as content")


def _content(value: object, role: str, path: str) -> tuple[str, tuple[ContentPart, ...]]:
    """Returns all text joined by newlines, and the parts (none for a plain string)."""
    if value is None or type(value) is str:
        return value or "", ()
    if type(value) is not list:
        raise wrong_type(path, value, "a string or an array of parts")
    if not value or len(value) > MAX_PARTS:
        raise wrong_value(path, value, f"1 to {MAX_PARTS} parts")
    words: list[str] = []
    parts = tuple([_part(part, role, f"{path}[{i}]", words) for i, part in enumerate(value)])
    return "\n".join(words), parts


def _part(value: object, role: str, path: str, words: list[str]) -> ContentPart:
    part = mapping(value, path)
    if part.get("type") is None:
        raise missing(f"{path}.type", f"one of {', '.join(_PART_KINDS)}")
    kind = one_of(part["type"], f"{path}.type", _PART_KINDS)
    if kind == "refusal" and role != "assistant":
        raise wrong_value(f"{path}.type", kind, "a refusal only from the assistant")
    if kind in ("image_url", "input_audio", "file") and role in _TEXT_ONLY_ROLES:
        raise wrong_value(f"{path}.type", kind, f"only text in a {role} message")
    if part.get(kind) is None:
        raise missing(f"{path}.{kind}", "the part's content")
    if kind == "text":
        words.append(text(part["text"], f"{path}.text"))
    elif kind == "refusal":
        text(part["refusal"], f"{path}.refusal")
    else:
        _attachment(kind, mapping(part[kind], f"{path}.{kind}"), f"{path}.{kind}")
    return ContentPart(kind, json_text(known_part(part, kind), path))


def _attachment(kind: str, value: dict[str, object], path: str) -> None:
    if kind == "image_url":
        if value.get("url") is None:
            raise missing(f"{path}.url", "an https address or a data: URL of an image")
        check_image_url(value["url"], f"{path}.url")
        if value.get("detail") is not None:
            one_of(value["detail"], f"{path}.detail", ("auto", "low", "high", "original"))
    elif kind == "input_audio":
        for key in ("data", "format"):
            if value.get(key) is None:
                raise missing(f"{path}.{key}", "a string")
            text(value[key], f"{path}.{key}")
    elif value.get("file_id") is None and value.get("file_data") is None:
        raise missing(f"{path}.file_id", "file_id, or file_data with filename")
    else:
        for key in ("file_id", "file_data", "filename"):
            if value.get(key) is not None:
                text(value[key], f"{path}.{key}")


def check_image_url(value: object, param: str) -> str:
    """Returns the address of an image. Raises RequestError for schemes that reach local files."""
    url = text(value, param)
    if not url.lower().startswith(_IMAGE_SCHEMES):
        raise wrong_value(param, url, "an http(s) address or data:image/...")
    return url


def _with_refusal(
    words: str, parts: tuple[ContentPart, ...], refusal: str
) -> tuple[ContentPart, ...]:
    """Returns the parts with an earlier refusal as a part, the API's other form for it."""
    if words and not parts:
        # A message is either plain text or parts, so the text becomes a part, too.
        parts = (text_part("text", words),)
    return (*parts, text_part("refusal", refusal))


def text_part(kind: str, words: str) -> ContentPart:
    """Returns a part of kind `text` or `refusal`."""
    return ContentPart(kind, json_text({"type": kind, kind: words}, kind))


def _tool_calls(value: object, path: str) -> tuple[ToolCall, ...]:
    if value is None:
        return ()
    items = array(value, path)
    if len(items) > MAX_TOOL_CALLS:
        raise wrong_value(path, items, f"at most {MAX_TOOL_CALLS} tool calls")
    return tuple([_tool_call(item, f"{path}[{i}]") for i, item in enumerate(items)])


def _tool_call(value: object, path: str) -> ToolCall:
    call = mapping(value, path)
    if call.get("type") is not None:
        one_of(call["type"], f"{path}.type", ("function",))
    if call.get("id") is None:
        raise missing(f"{path}.id", "the id of the tool call")
    if call.get("function") is None:
        raise missing(f"{path}.function", "an object with name and arguments")
    function = mapping(call["function"], f"{path}.function")
    if function.get("arguments") is None:
        raise missing(f"{path}.function.arguments", "a string of JSON")
    return ToolCall(
        bounded_text(call["id"], f"{path}.id", 1, MAX_CALL_ID),
        read_name(function.get("name"), f"{path}.function.name"),
        text(function["arguments"], f"{path}.function.arguments"),
    )


def read_name(value: object, param: str, *, long: bool = False) -> str:
    """Returns a tool's or schema's name: 1 to 64 of letters, digits, _ and -; 128 where `long`."""
    if value is None:
        raise missing(param, "a name")
    name = text(value, param)
    if (_LONG_NAME if long else _NAME).fullmatch(name) is None:
        most = 128 if long else 64
        raise wrong_value(param, name, f"1 to {most} letters, digits, _ or -")
    return name


def short_name(name: str) -> str:
    """Returns the name of a tool upstream: at most 64 characters, a digest at the end of others.

    >>> short_name("read"), short_name("r" * 65)[-12:]
    ('read', 'rrr_c75c6854')
    """
    if len(name) <= MAX_NAME:
        return name
    end = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{name[: MAX_NAME - 9]}_{end}"


def read_tools(value: object, param: str) -> tuple[ToolSpec, ...]:
    """Returns all tools, at most 128. Raises RequestError that names the key."""
    return read_each_tool(value, param, _tool)


def read_each_tool(
    value: object, param: str, read: Callable[[object, str], ToolSpec]
) -> tuple[ToolSpec, ...]:
    """Returns at most 128 tools, each read with its path.

    Raises RequestError that names the key.
    """
    items = array(value, param)
    if len(items) > MAX_TOOLS:
        raise wrong_value(param, items, f"at most {MAX_TOOLS} tools")
    return tuple([read(item, f"{param}[{i}]") for i, item in enumerate(items)])


def _tool(value: object, path: str) -> ToolSpec:
    tool = mapping(value, path)
    if tool.get("type") is None:
        raise missing(f"{path}.type", "`function`")
    one_of(tool["type"], f"{path}.type", ("function",))
    if tool.get("function") is None:
        raise missing(f"{path}.function", "an object with name and parameters")
    function = mapping(tool["function"], f"{path}.function")
    path = f"{path}.function"
    description = function.get("description")
    parameters = function.get("parameters")
    strict = function.get("strict")
    return ToolSpec(
        read_name(function.get("name"), f"{path}.name"),
        "" if description is None else text(description, f"{path}.description"),
        NO_PARAMETERS
        if parameters is None
        else json_text(mapping(parameters, f"{path}.parameters"), f"{path}.parameters"),
        strict is not None and boolean(strict, f"{path}.strict"),
    )


def read_tool_choice(value: object, param: str) -> JsonText:
    """Returns `none`, `auto`, `required` or one function, as JSON text."""
    if type(value) is str:
        return json_text(one_of(value, param, ("none", "auto", "required")), param)
    if type(value) is not dict:
        raise wrong_type(param, value, "none, auto, required or an object that names a function")
    if value.get("type") == "allowed_tools":
        raise unsupported(f"{param}.type", "send only the tools that are allowed")
    one_of(value.get("type"), f"{param}.type", ("function",))
    if value.get("function") is None:
        raise missing(f"{param}.function", "an object with the function's name")
    name = read_name(
        mapping(value["function"], f"{param}.function").get("name"), f"{param}.function.name"
    )
    return json_text({"type": "function", "function": {"name": name}}, param)
