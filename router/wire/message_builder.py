"""Builds messages of other wire formats in the form of chat completions.

A format reads its own blocks and calls these functions. The result equals the same conversation as
a chat completion, so it is read, priced, cached and digested in the same way.
"""

from __future__ import annotations

from msgspec.structs import replace

from router.types import ContentPart, Message, ToolCall
from router.wire.checks import json_text, wrong_value
from router.wire.messages import MAX_TOOL_CALLS, text_part


class Content:
    """Collects the parts of one message in the order in which they are read."""

    __slots__ = ("_parted", "_parts", "_plain", "_words")

    def __init__(self) -> None:
        self._words: list[str] = []
        self._parts: list[ContentPart] = []
        self._plain = True
        self._parted = False  # a blank line is due before the next text

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add_text(self, words: str) -> None:
        """Adds a piece of text."""
        if self._parted and words:
            self._parted = False
            words = self._line_end_before(words) + words
        self._words.append(words)
        # Text is kept twice: as plain text, and as a part in case other parts follow.
        self._parts.append(text_part("text", words))

    def part_texts(self) -> None:
        """Puts a blank line before the next text, since something else stands between them."""
        self._parted = any(self._words)

    def _line_end_before(self, words: str) -> str:
        """Returns the line end that a blank line before these words lacks, "" if it is there.

        Texts are joined by one line end, which also follows an empty text.
        """
        last = self._words[-1]
        return "" if not last or last.endswith("\n") or words.startswith("\n") else "\n"

    def add(self, kind: str, payload: dict[str, object], path: str) -> None:
        """Adds a part that is no text; `payload` has the form of chat completions."""
        self._plain = False
        self._parts.append(ContentPart(kind, json_text({"type": kind, kind: payload}, path)))

    def add_refusal(self, words: str) -> None:
        """Adds the text of the assistant's refusal."""
        self._plain = False
        self._parts.append(text_part("refusal", words))

    @property
    def words(self) -> tuple[str, ...]:
        """Returns the pieces of text in the order in which they were added."""
        return tuple(self._words)

    @property
    def attachments(self) -> Content | None:
        """Returns only the parts that are no text, or None without any."""
        others = Content()
        others._parts = [part for part in self._parts if part.kind not in ("text", "refusal")]
        others._plain = False
        return others if others else None

    @property
    def text(self) -> str:
        """Returns all text, joined by newlines."""
        return "\n".join(self._words)

    def message(self, role: str) -> Message:
        """Returns the message.

        Text without other parts becomes plain text, which every upstream reads.
        """
        return Message(role, self.text, () if self._plain else tuple(self._parts))


def add_tool_call(messages: list[Message], call: ToolCall, path: str) -> None:
    """Adds a tool call to the assistant's message before it, as chat completions require."""
    last = messages[-1] if messages else None
    if last is None or last.role != "assistant":
        messages.append(Message("assistant", "", tool_calls=(call,)))
    elif len(last.tool_calls) >= MAX_TOOL_CALLS:
        raise wrong_value(path, call.name, f"at most {MAX_TOOL_CALLS} tool calls in one turn")
    else:
        messages[-1] = replace(last, tool_calls=(*last.tool_calls, call))
