"""The input of `POST /v1/responses`: a string or items, to messages.

Follows openai-openapi's InputItem (August 2026). Nothing is stored here, so an item must carry
what it says: references are refused. Reasoning that its issuer sealed goes back to it, other
reasoning is not read again. Calls of tools that a provider ran by itself are left out with their
results. It knows nothing about the rest of the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from router.privacy.provider_seals import opened, read_back
from router.types import Message, Sealed, ToolCall
from router.wire.checks import (
    bounded_text,
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
    check_image_url,
    read_name,
)
from router.wire.parts import ATTACHED, Content, add_tool_call
from router.wire.responses.compaction import KINDS as COMPACTIONS
from router.wire.responses.compaction import TRIGGER, summary_message
from router.wire.responses.tools import custom_call, flat_name

ROLES = ("user", "assistant", "system", "developer")
KINDS = (
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "reasoning",
    "compaction",
    TRIGGER,
)
# Calls of what a provider or a client's own machine ran, their results, and lists of such tools.
_HOSTED = re.compile(r"[a-z_]+_(call|call_output|output|list_tools|request|response)")
_TEXTS = ("input_text", "output_text", "text")
_ATTACHMENTS = ("input_image", "input_file", "input_audio")
_PARTS = (*_TEXTS, "refusal", *_ATTACHMENTS)


class Input(Struct, frozen=True):
    """The conversation; whether its last item asks for a summary of it; what stays when it is
    summed up, as it came."""

    messages: tuple[Message, ...]
    compacts: bool = False
    kept: tuple[dict[str, object], ...] = ()


def read_input(value: object, param: str) -> Input:
    """The conversation. Raises RequestError that names the item's key."""
    if type(value) is str:
        value = [{"type": "message", "role": "user", "content": value}]
    if type(value) is not list:
        raise wrong_type(param, value, "a string or an array of items")
    if not 0 < len(value) <= MAX_MESSAGES:
        raise wrong_value(param, value, f"1 to {MAX_MESSAGES} items")
    so_far = _SoFar()
    for i, item in enumerate(value):
        so_far.add(mapping(item, f"{param}[{i}]"), f"{param}[{i}]")
    so_far.attach()
    if not so_far.messages:
        raise wrong_value(param, value, "at least one message among the items")
    kept = tuple([item for item in value if item.get("role") == "user"])
    return Input(tuple(so_far.messages), so_far.compacts, kept)


@dataclass(slots=True)
class _SoFar:
    """The conversation as its items are read."""

    messages: list[Message] = field(default_factory=list)
    sealed: list[Sealed] = field(default_factory=list)  # of the assistant's item that comes next
    attachments: list[Content] = field(default_factory=list)  # of results, which take only text
    compacts: bool = False

    def add(self, item: dict[str, object], at: str) -> None:
        kind = _kind(item, at)
        if kind == "reasoning":
            self.sealed += _sealed(item)
        elif kind in ("function_call", "custom_tool_call"):
            self._call(_custom(item, at) if kind[0] == "c" else _function(item, at), at)
        elif kind in ("function_call_output", "custom_tool_call_output"):
            self._output(item, at)
        elif kind == "message":
            self._said(_message(item, at))
        elif kind == TRIGGER:
            self.compacts = True
        elif kind in COMPACTIONS:
            summary = summary_message(item)
            if summary is not None:
                self._said(summary)

    def _said(self, message: Message) -> None:
        self.attach()
        last = self.messages[-1] if self.messages else None
        if message.role != "assistant":
            self.sealed.clear()  # thoughts that led to nothing: their issuer refuses them alone
            self.messages.append(message)
        elif last is not None and last.tool_calls and not message.parts:
            # Words between a call and its result: chat completions want the result next.
            words = "\n".join([part for part in (last.text, message.text) if part])
            moved = 0 if last.text or last.parts else 1
            kept = [replace(one, at=one.at + moved) for one in last.sealed if one.at]
            kept = [one for one in last.sealed if not one.at] + kept
            self.messages[-1] = replace(last, text=words, sealed=tuple(kept))
        else:
            self.messages.append(replace(message, sealed=self._taken(0)))

    def _call(self, call: ToolCall, at: str) -> None:
        self.attach()
        add_tool_call(self.messages, call, at)
        last = self.messages[-1]
        before = len(last.tool_calls) - 1 + bool(last.text or last.parts)
        if self.sealed:
            self.messages[-1] = replace(last, sealed=(*last.sealed, *self._taken(before)))

    def _output(self, item: dict[str, object], at: str) -> None:
        self.sealed.clear()
        output = item.get("output")
        if output is None:
            raise missing(f"{at}.output", "a string or an array of parts")
        call_id = _call_id(item, at)
        if type(output) is str:
            self.messages.append(Message("tool", output, tool_call_id=call_id))
            return
        content = _content(output, "tool", f"{at}.output")
        words = content.text
        if content.attachments:
            self.attachments.append(content.attachments)
            words = words or ATTACHED
        self.messages.append(Message("tool", words, tool_call_id=call_id))

    def _taken(self, at: int) -> tuple[Sealed, ...]:
        taken = tuple([replace(one, at=at) for one in self.sealed])
        self.sealed.clear()
        return taken

    def attach(self) -> None:
        """Pictures that tools returned follow their results, as a user would show them."""
        self.messages += [content.message("user") for content in self.attachments]
        self.attachments.clear()


def _kind(item: dict[str, object], at: str) -> str:
    """The item's type; "" for one that nobody here can read, and nobody needs to."""
    kind = item.get("type")
    if kind is None:
        if "role" not in item:
            raise missing(f"{at}.type", f"a role, or one of {', '.join(KINDS)}")
        return "message"
    if kind == "item_reference":
        # Libraries that decide this themselves (the Vercel AI SDK) need to be told not to refer.
        raise unsupported(
            f"{at}.type", "nothing is stored here; send the item itself (in an SDK: store: false)"
        )
    if type(kind) is str and (kind in COMPACTIONS or _HOSTED.fullmatch(kind)) and kind not in KINDS:
        return kind if kind in COMPACTIONS else ""
    return one_of(kind, f"{at}.type", KINDS)


def _sealed(item: dict[str, object]) -> tuple[Sealed, ...]:
    """Returns what an issuer sealed, to be given back to it; () for thoughts without a seal."""
    text = item.get("encrypted_content")
    if type(text) is not str:
        return ()
    sealed = read_back("reasoning", item)
    return opened(text) if sealed is None else (sealed,)


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
    elif role not in ("user", "tool"):
        raise wrong_value(f"{at}.type", kind, "attachments only from the user or a tool")
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


def _function(item: dict[str, object], at: str) -> ToolCall:
    return ToolCall(_call_id(item, at), _name(item, at), required_text(item, "arguments", at))


def _custom(item: dict[str, object], at: str) -> ToolCall:
    return custom_call(_call_id(item, at), _name(item, at), required_text(item, "input", at))


def _name(item: dict[str, object], at: str) -> str:
    """The name that the tool has upstream."""
    name, space = read_name(item.get("name"), f"{at}.name"), item.get("namespace")
    return flat_name("" if space is None else read_name(space, f"{at}.namespace"), name)


def _call_id(item: dict[str, object], at: str) -> str:
    if item.get("call_id") is None:
        raise missing(f"{at}.call_id", "the id of the tool call")
    return bounded_text(item["call_id"], f"{at}.call_id", 1, 512)
