"""Messages of other wire formats, put together as chat completions have them.

A format reads its own blocks and calls these; what comes out is what the same conversation would
be as a chat completion, so that it is read, priced, cached and digested alike.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.types import ContentPart, Message, ToolCall
from router.wire.checks import json_text, wrong_value
from router.wire.messages import MAX_TOOL_CALLS, text_part

ATTACHED = "The result has an attachment, which follows."
"""Stands for the words of a tool's result that has none: its picture comes as a user's."""


class Content:
    """The parts of one message as they are read, in order."""

    __slots__ = ("_parts", "_plain", "_words")

    def __init__(self) -> None:
        self._words: list[str] = []
        self._parts: list[ContentPart] = []
        self._plain = True

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add_text(self, words: str) -> None:
        """A piece of text."""
        self._words.append(words)
        self._parts.append(text_part("text", words))

    def add(self, kind: str, payload: dict[str, object], at: str) -> None:
        """A part that is no text: `payload` as chat completions have it."""
        self._plain = False
        self._parts.append(ContentPart(kind, json_text({"type": kind, kind: payload}, at)))

    def add_refusal(self, words: str) -> None:
        """What the assistant refused with."""
        self._plain = False
        self._parts.append(text_part("refusal", words))

    @property
    def words(self) -> tuple[str, ...]:
        """The pieces of text, as they were added."""
        return tuple(self._words)

    @property
    def attachments(self) -> Content | None:
        """The parts that are no words, alone; None without any."""
        found = Content()
        found._parts = [part for part in self._parts if part.kind not in ("text", "refusal")]
        found._plain = False
        return found if found else None

    @property
    def text(self) -> str:
        """All text, joined by newlines."""
        return "\n".join(self._words)

    def message(self, role: str) -> Message:
        """The message: plain text where there is nothing else, which every upstream reads."""
        return Message(role, self.text, () if self._plain else tuple(self._parts))


def add_tool_call(messages: list[Message], call: ToolCall, at: str) -> None:
    """A tool call joins the assistant's message before it, as chat completions want it."""
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant":
        messages.append(Message("assistant", "", tool_calls=(call,)))
    elif len(last.tool_calls) >= MAX_TOOL_CALLS:
        raise wrong_value(at, call.name, f"at most {MAX_TOOL_CALLS} tool calls in one turn")
    else:
        messages[-1] = replace(last, tool_calls=(*last.tool_calls, call))
