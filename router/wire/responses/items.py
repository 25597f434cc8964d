"""Reads the input of `POST /v1/responses`, a string or items, as messages.

It follows openai-openapi's InputItem (August 2026). Nothing is stored here, so an item must carry
its content: references are refused. Reasoning sealed by an issuer returns to it; other reasoning is
not read again. Calls of tools that a provider ran itself are left out with their results. This
module knows nothing about the rest of the body.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from router.privacy.provider_seals import opened, read_back
from router.types import Message, Sealed, ToolCall
from router.wire.call_ids import MAX_CALL_ID
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
from router.wire.message_builder import Content, add_tool_call
from router.wire.messages import (
    ATTACHED,
    MAX_MESSAGES,
    MAX_PARTS,
    check_image_url,
    read_name,
)
from router.wire.responses.compaction import KINDS as COMPACTIONS
from router.wire.responses.compaction import TRIGGER, summary_message
from router.wire.responses.left_out import left_out_of_items
from router.wire.responses.tools import (
    Tools,
    custom_call,
    flat_name,
    read_response_tools,
)

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
    "additional_tools",
    "agent_message",
)
# Matches calls that a provider or a client's own machine ran, their results, lists of such tools,
# and scripts that call tools.
_HOSTED = re.compile(r"program|[a-z_]+_(call|call_output|output|list_tools|request|response)")
_SEAL = re.compile(r"[A-Za-z0-9+/_=-]{100,}")
"""Matches sealed words, base64 without a blank. OpenAI's have 100 characters or more (Fernet adds
at least 58 bytes to a message); plain words of that length nearly always have another sign."""
_TEXTS = ("input_text", "output_text", "text")
_ATTACHMENTS = ("input_image", "input_file", "input_audio")
_PARTS = (*_TEXTS, "refusal", *_ATTACHMENTS)


class Input(Struct, frozen=True):
    """Holds the conversation of a body.

    `compacts` is True when its last item asks for a summary. `kept` are the items that stay
    unchanged after a summary.
    """

    messages: tuple[Message, ...]
    compacts: bool = False
    kept: tuple[dict[str, object], ...] = ()
    tools: tuple[Tools, ...] = ()  # those that each item adds to the body's
    left_out: tuple[str, ...] = ()  # names of keys that are not sent on


def read_input(value: object, param: str) -> Input:
    """Returns the conversation. Raises RequestError that names the item's key."""
    if type(value) is str:
        value = [{"type": "message", "role": "user", "content": value}]
    if type(value) is not list:
        raise wrong_type(param, value, "a string or an array of items")
    if not 0 < len(value) <= MAX_MESSAGES:
        raise wrong_value(param, value, f"1 to {MAX_MESSAGES} items")
    conversation = _Conversation()
    for i, item in enumerate(value):
        conversation.add(mapping(item, f"{param}[{i}]"), f"{param}[{i}]")
    conversation.attach()
    if not conversation.messages:
        raise wrong_value(param, value, "at least one message among the items")
    kept = tuple([item for item in value if item.get("role") == "user"])
    return Input(
        tuple(conversation.messages),
        conversation.compacts,
        kept,
        tools=tuple(conversation.tools),
        left_out=left_out_of_items(value),
    )


@dataclass(slots=True)
class _Conversation:
    """Collects the messages while the items are read."""

    messages: list[Message] = field(default_factory=list)
    sealed: list[Sealed] = field(default_factory=list)  # for the assistant's next item
    thoughts: list[str] = field(default_factory=list)  # open ones, for the same item
    attachments: list[Content] = field(default_factory=list)  # of results, which accept only text
    compacts: bool = False
    tools: list[Tools] = field(default_factory=list)

    def add(self, item: dict[str, object], path: str) -> None:
        kind = _kind(item, path)
        if kind == "reasoning":
            self.sealed += _sealed(item)
            self.thoughts += _open_thoughts(item)
        elif kind in ("function_call", "custom_tool_call"):
            # The letter c begins custom_tool_call, f function_call.
            self._call(_custom(item, path) if kind[0] == "c" else _function(item, path), path)
        elif kind in ("function_call_output", "custom_tool_call_output"):
            self._output(item, path)
        elif kind == "message":
            self._add_message(_message(item, path))
        elif kind == "agent_message":
            if (told := _agents_message(item, path)) is not None:
                self._add_message(told)
        elif kind == "additional_tools":
            self.tools.append(read_response_tools(item.get("tools", []), f"{path}.tools"))
        elif kind == TRIGGER:
            self.compacts = True
        elif kind in COMPACTIONS and (summary := summary_message(item)) is not None:
            self._add_message(summary)

    def _add_message(self, message: Message) -> None:
        self.attach()
        last = self.messages[-1] if self.messages else None
        if message.role != "assistant":
            # These thoughts led to nothing, and their issuer refuses them without a follower.
            self._forget_thoughts()
            self.messages.append(message)
        elif last is not None and last.tool_calls and not message.parts:
            # This text is between a call and its result, but chat completions require the result
            # next.
            words = "\n".join([part for part in (last.text, message.text) if part])
            # If this is the first text of the message, all places after it move by one.
            moved = 0 if last.text or last.parts else 1
            kept = [replace(item, at=item.at + moved) for item in last.sealed if item.at]
            kept = [item for item in last.sealed if not item.at] + kept
            phase = message.phase or last.phase
            self.messages[-1] = replace(last, text=words, sealed=tuple(kept), phase=phase)
            self._give_thoughts()
        else:
            self.messages.append(replace(message, sealed=self._taken(0)))
            self._give_thoughts()

    def _call(self, call: ToolCall, path: str) -> None:
        self.attach()
        add_tool_call(self.messages, call, path)
        last = self.messages[-1]
        # A place counts the text, as one, and the calls before it.
        before = len(last.tool_calls) - 1 + bool(last.text or last.parts)
        if self.sealed:
            self.messages[-1] = replace(last, sealed=(*last.sealed, *self._taken(before)))
        self._give_thoughts()

    def _output(self, item: dict[str, object], path: str) -> None:
        self._forget_thoughts()
        output = item.get("output")
        if output is None:
            raise missing(f"{path}.output", "a string or an array of parts")
        call_id = _call_id(item, path)
        if type(output) is str:
            self.messages.append(Message("tool", output, tool_call_id=call_id))
            return
        content = _content(output, "tool", f"{path}.output")
        words = content.text
        if content.attachments:
            self.attachments.append(content.attachments)
            words = words or ATTACHED
        self.messages.append(Message("tool", words, tool_call_id=call_id))

    def _taken(self, place: int) -> tuple[Sealed, ...]:
        taken = tuple([replace(item, at=place) for item in self.sealed])
        self.sealed.clear()
        return taken

    def _give_thoughts(self) -> None:
        """Puts the open thoughts into the assistant's message that they led to."""
        if self.thoughts:
            last = self.messages[-1]
            words = "\n\n".join([*filter(None, [last.reasoning]), *self.thoughts])
            self.messages[-1] = replace(last, reasoning=words)
            self.thoughts.clear()

    def _forget_thoughts(self) -> None:
        self.sealed.clear()
        self.thoughts.clear()

    def attach(self) -> None:
        """Adds the pictures of tools after their results, as if a user showed them."""
        self.messages += [content.message("user") for content in self.attachments]
        self.attachments.clear()


def _kind(item: dict[str, object], path: str) -> str:
    """Returns the item's type, or "" for an item that nobody here can or must read."""
    kind = item.get("type")
    if kind is None:
        if "role" not in item:
            raise missing(f"{path}.type", f"a role, or one of {', '.join(KINDS)}")
        return "message"
    if kind == "item_reference":
        # Libraries that choose this themselves (the Vercel AI SDK) need an explicit refusal.
        raise unsupported(
            f"{path}.type", "nothing is stored here; send the item itself (in an SDK: store: false)"
        )
    if type(kind) is str and (kind in COMPACTIONS or _HOSTED.fullmatch(kind)) and kind not in KINDS:
        return kind if kind in COMPACTIONS else ""
    return one_of(kind, f"{path}.type", KINDS)


def _sealed(item: dict[str, object]) -> tuple[Sealed, ...]:
    """Returns the sealed items for their issuer, or () for thoughts without a seal."""
    text = item.get("encrypted_content")
    if type(text) is not str:
        return ()
    sealed = read_back("reasoning", item)
    return opened(text) if sealed is None else (sealed,)


def _open_thoughts(item: dict[str, object]) -> list[str]:
    """Returns the words of thoughts without a seal: those of other providers, as we show them."""
    content = item.get("content")
    if item.get("encrypted_content") is not None or type(content) is not list:
        return []
    words = [part.get("text") for part in content if type(part) is dict]
    return [word for word in words if type(word) is str and word]


def _message(item: dict[str, object], path: str) -> Message:
    if item.get("role") is None:
        raise missing(f"{path}.role", f"one of {', '.join(ROLES)}")
    role = one_of(item["role"], f"{path}.role", ROLES)
    content, phase = item.get("content"), item.get("phase")
    if content is None:
        raise missing(f"{path}.content", "a string or an array of parts")
    if type(content) is str:
        message = Message(role, content)
    else:
        message = _content(content, role, f"{path}.content").message(role)
    if phase is None or role != "assistant":
        return message
    # OpenAI may add phases, and a client returns what its model said.
    return replace(message, phase=bounded_text(phase, f"{path}.phase", 1, 64))


def _agents_message(item: dict[str, object], path: str) -> Message | None:
    """Returns what one of the client's agents tells another (Codex), as a user's message.

    OpenAI's own models seal what they tell, so that nobody else can read it: None where nothing
    else is told. Of other models the part has the plain words.
    """
    if type(item.get("content")) is not list:
        return _message({**item, "role": "user"}, path)
    path = f"{path}.content"
    parts = _parts(item["content"], path)
    told = [(part, f"{path}[{i}]") for i, part in enumerate(parts) if not _is_sealed(part)]
    content = Content()
    for part, place in told:
        _add_part(content, mapping(_plain(part), place), "user", place)
    return content.message("user") if told else None


def _is_sealed(part: object) -> bool:
    if type(part) is not dict or part.get("type") != "encrypted_content":
        return False
    words = part.get("encrypted_content")
    return type(words) is str and _SEAL.fullmatch(words) is not None


def _plain(part: object) -> object:
    if type(part) is dict and part.get("type") == "encrypted_content":
        return {"type": "input_text", "text": part.get("encrypted_content")}
    return part


def _content(value: object, role: str, path: str) -> Content:
    content = Content()
    for i, part in enumerate(_parts(value, path)):
        _add_part(content, mapping(part, f"{path}[{i}]"), role, f"{path}[{i}]")
    return content


def _parts(value: object, path: str) -> list[object]:
    if type(value) is not list:
        raise wrong_type(path, value, "a string or an array of parts")
    if not 0 < len(value) <= MAX_PARTS:
        raise wrong_value(path, value, f"1 to {MAX_PARTS} parts")
    return value


def _add_part(content: Content, part: dict[str, object], role: str, path: str) -> None:
    if part.get("type") is None:
        raise missing(f"{path}.type", f"one of {', '.join(_PARTS)}")
    kind = one_of(part["type"], f"{path}.type", _PARTS)
    if kind in _TEXTS:
        content.add_text(required_text(part, "text", path))
    elif kind == "refusal":
        if role != "assistant":
            raise wrong_value(f"{path}.type", kind, "a refusal only from the assistant")
        content.add_refusal(required_text(part, "refusal", path))
    elif role not in ("user", "tool"):
        raise wrong_value(f"{path}.type", kind, "attachments only from the user or a tool")
    elif kind == "input_image":
        _add_image(content, part, path)
    elif kind == "input_file":
        _add_file(content, part, path)
    else:
        if part.get("input_audio") is None:
            raise missing(f"{path}.input_audio", "an object with data and format")
        audio = mapping(part["input_audio"], f"{path}.input_audio")
        fields = {
            key: required_text(audio, key, f"{path}.input_audio") for key in ("data", "format")
        }
        content.add("input_audio", {**fields}, path)


def _add_image(content: Content, part: dict[str, object], path: str) -> None:
    if part.get("file_id") is not None:
        raise unsupported(f"{path}.file_id", "no files are stored here; send image_url")
    if part.get("image_url") is None:
        raise missing(f"{path}.image_url", "an https address or a data: URL of an image")
    image: dict[str, object] = {"url": check_image_url(part["image_url"], f"{path}.image_url")}
    if part.get("detail") is not None:
        known = ("auto", "low", "high", "original")
        image["detail"] = one_of(part["detail"], f"{path}.detail", known)
    content.add("image_url", image, path)


def _add_file(content: Content, part: dict[str, object], path: str) -> None:
    if part.get("file_url") is not None:
        raise unsupported(f"{path}.file_url", "nothing is fetched here; send file_data")
    fields: dict[str, object] = {
        key: text(part[key], f"{path}.{key}")
        for key in ("file_id", "file_data", "filename")
        if part.get(key) is not None
    }
    if not {"file_id", "file_data"} & set(fields):
        raise missing(f"{path}.file_data", "file_id, or file_data with filename")
    content.add("file", fields, path)


def _function(item: dict[str, object], path: str) -> ToolCall:
    return ToolCall(_call_id(item, path), _name(item, path), required_text(item, "arguments", path))


def _custom(item: dict[str, object], path: str) -> ToolCall:
    return custom_call(_call_id(item, path), _name(item, path), required_text(item, "input", path))


def _name(item: dict[str, object], path: str) -> str:
    """Returns the tool's name at the upstream."""
    name, space = read_name(item.get("name"), f"{path}.name"), item.get("namespace")
    return flat_name("" if space is None else read_name(space, f"{path}.namespace"), name)


def _call_id(item: dict[str, object], path: str) -> str:
    if item.get("call_id") is None:
        raise missing(f"{path}.call_id", "the id of the tool call")
    return bounded_text(item["call_id"], f"{path}.call_id", 1, MAX_CALL_ID)
