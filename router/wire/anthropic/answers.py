"""What Anthropic's `POST /v1/messages` answers, whole or in events, as `Answer` and `Delta`.

A stream counts as whole only after `message_stop` with a stop reason; anything else is StreamCut.
Thoughts with a signature are kept as their issuer sealed them. It knows nothing about sockets.
"""

from __future__ import annotations

import orjson

from router.errors import StreamCut, UpstreamError, UpstreamInvalid
from router.types import Answer, Choice, Delta, JsonText, Sealed, ToolCall, Usage
from router.wire.openai.completion import MAX_TOKENS, MAX_TOOL_CALLS, short_text, upstream_object

MAX_BLOCKS = 10_000
_FINISH_REASONS = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "pause_turn": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}

_GROWING = {
    "text_delta": "text",
    "thinking_delta": "thinking",
    "signature_delta": "signature",
    "input_json_delta": "partial_json",
}


def parse_message(body: bytes, issuer: str) -> Answer:
    """A whole `message` as an Answer. Raises UpstreamInvalid, UpstreamError for an error object."""
    found = upstream_object(body)
    _raise_for_error(found)
    blocks = found.get("content")
    if type(blocks) is not list or found.get("type") != "message":
        raise UpstreamInvalid("The upstream sent no message; expected one with content.")
    said = _Said(issuer)
    for block in blocks[:MAX_BLOCKS]:
        said.add(_mapping(block))
    usage = found.get("usage")
    return said.answer(found, found.get("stop_reason"), parse_message_usage(usage))


def parse_message_usage(value: object) -> Usage:
    """Token counts; cached ones are part of our input. Not reported where they are unbelievable.

    Where Anthropic sampled several times (it compacted a context), it says each in `iterations`,
    bills all, and leaves the further ones out of its totals: here they are added up.
    """
    if type(value) is not dict or value.get("input_tokens") is None:
        return Usage()
    further = value.get("iterations")
    rounds = [one for one in further if type(one) is dict] if type(further) is list else []
    rounds = [one for one in rounds if one.get("input_tokens") is not None] or [value]
    fresh, written, cached, output = (
        sum(_count(one, key) for one in rounds)
        for key in (
            "input_tokens",
            "cache_creation_input_tokens",
            "cache_read_input_tokens",
            "output_tokens",
        )
    )
    details = value.get("output_tokens_details")
    thought = _count(details, "thinking_tokens") if type(details) is dict else 0
    if max(fresh, written, cached, output, thought) >= _UNBELIEVABLE:
        return Usage()
    return Usage(fresh + written + cached, cached, written, output, min(thought, output), True)


_UNBELIEVABLE = MAX_TOKENS * 1_000


def _count(counts: dict[str, object], key: str) -> int:
    """The count, 0 when it is not there, _UNBELIEVABLE when it is none."""
    value = counts.get(key)
    if value is None:
        return 0
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else _UNBELIEVABLE


class MessageFolder:
    """Folds the events of a message's stream into Deltas and, at the end, the whole Answer."""

    __slots__ = ("_block", "_found", "_pieces", "_said", "_stop", "_usage", "done")

    def __init__(self, issuer: str) -> None:
        self.done = False
        """True once `message_stop` was seen; what comes after it is not read."""
        self._said = _Said(issuer)
        self._block: dict[str, object] | None = None  # that is open
        self._pieces: dict[str, list[str]] = {}  # of the open block, by key
        self._found: dict[str, object] = {}
        self._usage: dict[str, object] = {}
        self._stop: object = None

    def fold(self, event: bytes) -> list[Delta]:
        """The Deltas of one event's data. Raises UpstreamInvalid, UpstreamError."""
        found = upstream_object(event)
        kind = found.get("type")
        if kind == "content_block_delta":
            return self._grow(_mapping(found.get("delta")))
        if kind == "content_block_start":
            self._block, self._pieces = dict(_mapping(found.get("content_block"))), {}
            words = self._block.get("text")
            return [Delta(text=words)] if type(words) is str and words else []
        if kind == "content_block_stop":
            return self._close()
        if kind == "message_start":
            self._found = _mapping(found.get("message"))
            self._take_usage(self._found.get("usage"))
        elif kind == "message_delta":
            self._stop = _mapping(found.get("delta")).get("stop_reason") or self._stop
            self._take_usage(found.get("usage"))
        elif kind == "message_stop":
            self.done = True
        else:
            _raise_for_error(found)
        return []

    def finish(self) -> Answer:
        """The whole answer. Raises StreamCut unless it has come to its end."""
        if not self.done or type(self._stop) is not str:
            raise StreamCut("The upstream's stream ended before the answer did.")
        usage = parse_message_usage(self._usage)
        return self._said.answer(self._found, self._stop, usage)

    def _take_usage(self, value: object) -> None:
        """The end says what the beginning said again, as far as it has changed."""
        if type(value) is dict:
            self._usage |= {key: count for key, count in value.items() if count is not None}

    def _grow(self, delta: dict[str, object]) -> list[Delta]:
        if self._block is None:
            raise UpstreamInvalid("The upstream sent a piece of a block that it had not begun.")
        key = _GROWING.get(str(delta.get("type")))
        if key is None:
            return []
        piece = delta.get(key)
        if type(piece) is not str:
            raise UpstreamInvalid(f"The upstream sent a {key} that is no text.")
        self._pieces.setdefault(key, []).append(piece)
        return [Delta(text=piece)] if key == "text" and piece else []

    def _close(self) -> list[Delta]:
        block, self._block = self._block, None
        if block is None:
            raise UpstreamInvalid("The upstream ended a block that it had not begun.")
        for key in ("text", "thinking", "signature"):
            if key in self._pieces:
                block[key] = _words(block, key) + "".join(self._pieces[key])
        return self._said.add(block, "".join(self._pieces.get("partial_json", ())).strip() or None)


class _Said:
    """The blocks of one message, as they come."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._words: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[ToolCall] = []
        self._sealed: list[Sealed] = []

    def add(self, block: dict[str, object], given: str | None = None) -> list[Delta]:
        """Takes one whole block; `given` is a call's input where it came in pieces. Returns what a
        stream has not said by then: thoughts, seals, calls."""
        kind = block.get("type")
        if kind == "text":
            self._words.append(_words(block, "text"))
        elif kind == "tool_use":
            return self._add_call(block, given)
        elif kind in ("thinking", "redacted_thinking"):
            return self._add_thought(str(kind), block)
        return []

    def _add_call(self, block: dict[str, object], given: str | None) -> list[Delta]:
        name, call_id = block.get("name"), block.get("id")
        if type(name) is not str or not name or type(call_id) is not str or not call_id:
            raise UpstreamInvalid("The upstream sent a tool call without an id and a name.")
        if len(self._calls) >= MAX_TOOL_CALLS:
            raise UpstreamInvalid(f"The upstream sent more than {MAX_TOOL_CALLS} tool calls.")
        if given is None:
            given = orjson.dumps(block.get("input") or {}).decode()
        call = ToolCall(call_id, name, given)
        self._calls.append(call)
        return [Delta(tool_call_index=len(self._calls) - 1, tool_call=call)]

    def _add_thought(self, kind: str, block: dict[str, object]) -> list[Delta]:
        words = _words(block, "thinking") if kind == "thinking" else ""
        if words:
            self._thoughts.append(words)
        sealed = None
        if block.get("data" if kind == "redacted_thinking" else "signature"):
            at = bool("".join(self._words)) + len(self._calls)
            payload = JsonText(orjson.dumps(block).decode())
            sealed = Sealed(kind, payload, self._issuer, at)
            self._sealed.append(sealed)
        return [Delta(reasoning=words, sealed=sealed)] if words or sealed else []

    def answer(self, found: dict[str, object], stop: object, usage: Usage) -> Answer:
        """All of it; `found` is the message that it came with."""
        reason = _FINISH_REASONS.get(stop, "stop") if type(stop) is str else "stop"
        if self._calls and reason == "stop":
            reason = "tool_calls"
        choice = Choice(
            text="".join(self._words),
            finish_reason=reason,
            tool_calls=tuple(self._calls),
            reasoning="\n\n".join(self._thoughts) or None,
            sealed=tuple(self._sealed),
        )
        model, upstream_id = short_text(found.get("model")), short_text(found.get("id"))
        return Answer((choice,), model, usage, upstream_id=upstream_id)


def _words(block: dict[str, object], key: str) -> str:
    words = block.get(key)
    return words if type(words) is str else ""


def _mapping(value: object) -> dict[str, object]:
    if type(value) is not dict:
        raise UpstreamInvalid("The upstream sent an event that says nothing; expected an object.")
    return value


def _raise_for_error(found: dict[str, object]) -> None:
    """Raises UpstreamError for an error object, whatever the status said; its words stay here."""
    if found.get("type") == "error" or found.get("error"):
        raise UpstreamError("The upstream sent an error.")
