"""The input of `POST /v1/responses`: a string or items, to messages.

Follows openai-openapi's InputItem (August 2026). Nothing is stored here, so an item must carry
what it says: references are refused. It knows nothing about the rest of the body.
"""

from __future__ import annotations

from router.types import Message, ToolCall, ToolSpec
from router.wire.checks import (
    boolean,
    bounded_text,
    json_text,
    mapping,
    missing,
    one_of,
    required_text,
    text,
    unsupported,
    wrong_type,
    wrong_value,
)
from router.wire.messages import (
    MAX_MESSAGES,
    MAX_PARTS,
    NO_PARAMETERS,
    check_image_url,
    read_each_tool,
    read_name,
)
from router.wire.parts import Content, add_tool_call

ROLES = ("user", "assistant", "system", "developer")
KINDS = ("message", "function_call", "function_call_output", "reasoning")
_TEXTS = ("input_text", "output_text", "text")
_ATTACHMENTS = ("input_image", "input_file", "input_audio")
_PARTS = (*_TEXTS, "refusal", *_ATTACHMENTS)


def read_input(value: object, param: str) -> tuple[Message, ...]:
    """The conversation. Raises RequestError that names the item's key."""
    if type(value) is str:
        return (Message("user", value),)
    if type(value) is not list:
        raise wrong_type(param, value, "a string or an array of items")
    if not 0 < len(value) <= MAX_MESSAGES:
        raise wrong_value(param, value, f"1 to {MAX_MESSAGES} items")
    messages: list[Message] = []
    for i, item in enumerate(value):
        _add_item(messages, mapping(item, f"{param}[{i}]"), f"{param}[{i}]")
    if not messages:
        raise wrong_value(param, value, "at least one message among the items")
    return tuple(messages)


def _add_item(messages: list[Message], item: dict[str, object], at: str) -> None:
    kind = item.get("type")
    if kind is None:
        if "role" not in item:
            raise missing(f"{at}.type", f"a role, or one of {', '.join(KINDS)}")
        kind = "message"
    if kind == "item_reference":
        # Libraries that decide this themselves (the Vercel AI SDK) need to be told not to refer.
        raise unsupported(
            f"{at}.type", "nothing is stored here; send the item itself (in an SDK: store: false)"
        )
    kind = one_of(kind, f"{at}.type", KINDS)
    if kind == "message":
        messages.append(_message(item, at))
    elif kind == "function_call":
        add_tool_call(messages, _call(item, at), at)
    elif kind == "function_call_output":
        messages.append(_output(item, at))
    # What the model thought before is not read again: chat completions have no place for it.


def _message(item: dict[str, object], at: str) -> Message:
    if item.get("role") is None:
        raise missing(f"{at}.role", f"one of {', '.join(ROLES)}")
    role = one_of(item["role"], f"{at}.role", ROLES)
    content = item.get("content")
    if content is None:
        raise missing(f"{at}.content", "a string or an array of parts")
    if type(content) is str:
        return Message(role, content)
    return _content(content, role, f"{at}.content").message(role)


def _content(value: object, role: str, at: str) -> Content:
    if type(value) is not list:
        raise wrong_type(at, value, "a string or an array of parts")
    if not 0 < len(value) <= MAX_PARTS:
        raise wrong_value(at, value, f"1 to {MAX_PARTS} parts")
    content = Content()
    for i, part in enumerate(value):
        _add_part(content, mapping(part, f"{at}[{i}]"), role, f"{at}[{i}]")
    return content


def _add_part(content: Content, part: dict[str, object], role: str, at: str) -> None:
    if part.get("type") is None:
        raise missing(f"{at}.type", f"one of {', '.join(_PARTS)}")
    kind = one_of(part["type"], f"{at}.type", _PARTS)
    if kind in _TEXTS:
        content.add_text(required_text(part, "text", at))
    elif kind == "refusal":
        if role != "assistant":
            raise wrong_value(f"{at}.type", kind, "a refusal only from the assistant")
        content.add_refusal(required_text(part, "refusal", at))
    elif role != "user":
        raise wrong_value(f"{at}.type", kind, "attachments only from the user")
    elif kind == "input_image":
        _add_image(content, part, at)
    elif kind == "input_file":
        _add_file(content, part, at)
    else:
        if part.get("input_audio") is None:
            raise missing(f"{at}.input_audio", "an object with data and format")
        audio = mapping(part["input_audio"], f"{at}.input_audio")
        said = {key: required_text(audio, key, f"{at}.input_audio") for key in ("data", "format")}
        content.add("input_audio", {**said}, at)


def _add_image(content: Content, part: dict[str, object], at: str) -> None:
    if part.get("file_id") is not None:
        raise unsupported(f"{at}.file_id", "no files are stored here; send image_url")
    if part.get("image_url") is None:
        raise missing(f"{at}.image_url", "an https address or a data: URL of an image")
    image: dict[str, object] = {"url": check_image_url(part["image_url"], f"{at}.image_url")}
    if part.get("detail") is not None:
        known = ("auto", "low", "high", "original")
        image["detail"] = one_of(part["detail"], f"{at}.detail", known)
    content.add("image_url", image, at)


def _add_file(content: Content, part: dict[str, object], at: str) -> None:
    if part.get("file_url") is not None:
        raise unsupported(f"{at}.file_url", "nothing is fetched here; send file_data")
    found: dict[str, object] = {
        key: text(part[key], f"{at}.{key}")
        for key in ("file_id", "file_data", "filename")
        if part.get(key) is not None
    }
    if not {"file_id", "file_data"} & set(found):
        raise missing(f"{at}.file_data", "file_id, or file_data with filename")
    content.add("file", found, at)


def _call(item: dict[str, object], at: str) -> ToolCall:
    return ToolCall(
        _call_id(item, at),
        read_name(item.get("name"), f"{at}.name"),
        required_text(item, "arguments", at),
    )


def _output(item: dict[str, object], at: str) -> Message:
    output = item.get("output")
    if output is None:
        raise missing(f"{at}.output", "a string or an array of parts")
    words = output if type(output) is str else _content(output, "tool", f"{at}.output").text
    return Message("tool", words, tool_call_id=_call_id(item, at))


def _call_id(item: dict[str, object], at: str) -> str:
    if item.get("call_id") is None:
        raise missing(f"{at}.call_id", "the id of the tool call")
    return bounded_text(item["call_id"], f"{at}.call_id", 1, 512)


def read_flat_tools(value: object, param: str) -> tuple[ToolSpec, ...]:
    """All tools: functions, whose keys stand beside `type`. Built-in ones are refused."""
    return read_each_tool(value, param, _tool)


def _tool(value: object, at: str) -> ToolSpec:
    tool = mapping(value, at)
    if tool.get("type") is None:
        raise missing(f"{at}.type", "`function`")
    if text(tool["type"], f"{at}.type") != "function":
        raise unsupported(f"{at}.type", "only tools of type `function` are; no tier has others")
    description, parameters = tool.get("description"), tool.get("parameters")
    strict = tool.get("strict")
    return ToolSpec(
        read_name(tool.get("name"), f"{at}.name"),
        "" if description is None else text(description, f"{at}.description"),
        NO_PARAMETERS
        if parameters is None
        else json_text(mapping(parameters, f"{at}.parameters"), f"{at}.parameters"),
        strict is not None and boolean(strict, f"{at}.strict"),
    )
