"""Reads an answer of Anthropic's `POST /v1/messages`, whole or in events.

It becomes an `Answer` and `Delta`s. A stream is complete when its stop reason came and every block
has ended; anything else is StreamCut. Thoughts with a signature are kept as their issuer sealed
them. This module knows nothing about sockets.
"""

from __future__ import annotations

from router.errors import StreamCut, UpstreamError, UpstreamInvalid, UpstreamTooMuch
from router.types import Answer, Choice, Delta, Sealed, ToolCall, Usage, utf8_size
from router.wire.digits import loads_exactly, lost_digits
from router.wire.messages import short_name
from router.wire.openai.answers import (
    MAX_TOOL_CALLS,
    note_charge,
    short_text,
    upstream_object,
    written,
)
from router.wire.openai.streams.split_characters import SplitCharacters
from router.wire.openai.upstream_errors import error_sent
from router.wire.openai.upstream_events import DONE
from router.wire.openai.usage import MAX_TOKENS

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
    """Returns a whole `message` as an Answer.

    Raises UpstreamInvalid, and UpstreamError for an error object.
    """
    message = upstream_object(body)
    usage = parse_message_usage(message.get("usage"))
    try:
        _raise_for_error(message)
        blocks = _blocks_of(message, issuer)
        if blocks.lost_digits:
            blocks = _blocks_of(upstream_object(body, loads_exactly), issuer)
    except UpstreamError as error:
        note_charge(error, message, usage)
        raise
    return blocks.answer(message, message, usage)


def _blocks_of(message: dict[str, object], issuer: str) -> _MessageBlocks:
    content = message.get("content")
    if type(content) is not list or message.get("type") != "message":
        raise UpstreamInvalid("The upstream sent no message; expected one with content.")
    blocks = _MessageBlocks(issuer)
    for block in content[:MAX_BLOCKS]:
        blocks.add(_mapping(block))
    return blocks


def parse_message_usage(value: object) -> Usage:
    """Returns token counts; our input includes cached ones. Impossible counts are not reported.

    When Anthropic sampled several times (it compacted a context), it lists each round in
    `iterations`, bills all of them, and omits the further ones from its totals. Here they are added
    up. It tells writes of an hour apart in `cache_creation`; where it does not, nobody knows.
    """
    if type(value) is not dict:
        return Usage()
    further = value.get("iterations")
    rounds = (
        [iteration for iteration in further if type(iteration) is dict]
        if type(further) is list
        else []
    )
    rounds = [iteration for iteration in rounds if iteration.get("input_tokens") is not None] or [
        value
    ]
    hours = [_hours(iteration) for iteration in rounds]
    uncached, written, cached, output = (
        sum(_count(iteration, key) for iteration in rounds)
        for key in (
            "input_tokens",
            "cache_creation_input_tokens",
            "cache_read_input_tokens",
            "output_tokens",
        )
    )
    details = value.get("output_tokens_details")
    thought = _count(details, "thinking_tokens") if type(details) is dict else 0
    inputs = uncached + written + cached
    # No prompt has 0 tokens: servers that count nothing write that.
    if not inputs or max(inputs, output, thought) > MAX_TOKENS:
        return Usage()
    told = None if None in hours else sum([count or 0 for count in hours])
    return Usage(
        inputs, cached, written, output, min(thought, output), True, hour_write_tokens=told
    )


def _hours(counts: dict[str, object]) -> int | None:
    """Returns the tokens that were written for an hour; None where they are not told apart.

    A split whose two counts are not all that was written tells nothing.
    """
    lengths = counts.get("cache_creation")
    if type(lengths) is not dict:
        return None
    hours = _count(lengths, "ephemeral_1h_input_tokens")
    both = hours + _count(lengths, "ephemeral_5m_input_tokens")
    return hours if both == _count(counts, "cache_creation_input_tokens") else None


_IMPOSSIBLE = MAX_TOKENS + 1
"""Stands for a count that cannot be, so that no sum with it is believed."""


def _says_a_count(value: object) -> bool:
    """Returns False for 0, for none, and for an object that holds nothing else."""
    return any(value.values()) if type(value) is dict else bool(value)


def _count(counts: dict[str, object], key: str) -> int:
    """Returns the count, 0 if missing, _IMPOSSIBLE for one that cannot be."""
    value = counts.get(key)
    if value is None:
        return 0
    # Some servers write counts as floats.
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else _IMPOSSIBLE


class MessageFolder:
    """Folds the events of a message's stream into Deltas and, at the end, the whole Answer."""

    __slots__ = (
        "_block",
        "_blocks",
        "_halves",
        "_message",
        "_pieces",
        "_stop",
        "_usage",
        "done",
        "unsaid",
        "usage",
    )

    def __init__(self, issuer: str) -> None:
        self.done = False
        """Turns True after `message_stop` or `[DONE]`. Nothing after it is read."""
        self._blocks = _MessageBlocks(issuer)
        self._block: dict[str, object] | None = None  # the open block
        self._pieces: dict[str, list[str]] = {}  # pieces of the open block, by key
        self._halves = SplitCharacters()
        self.unsaid = 0
        """Holds the bytes of the open block that no Delta has said: all but a text's."""
        self._message: dict[str, object] = {}
        self._usage: dict[str, object] = {}
        self.usage = Usage()
        """Holds what the message used so far: its input from the first event on."""
        self._stop: dict[str, object] = {}

    def fold(self, event: bytes) -> list[Delta]:
        """Returns the Deltas of one event's data. Raises UpstreamInvalid, UpstreamError."""
        if self.done or event.strip() == DONE:
            self.done = True
            return []
        data = upstream_object(event, halves=self._halves)
        kind = data.get("type")
        # Nearly every event is a delta, so it is tested first.
        if kind == "content_block_delta":
            return self._grow(_mapping(data.get("delta")))
        if kind == "content_block_start":
            ended = self._close()
            block = _mapping(data.get("content_block"))
            if block.get("input"):  # mostly it comes in pieces, as text
                block = _mapping(upstream_object(event, _every_digit).get("content_block"))
            self._block = dict(block)
            words = _words(self._block, "text")
            if not words:
                return ended
            self._block["text"] = words = self._blocks.gap() + words
            return [*ended, Delta(text=words)]
        if kind == "content_block_stop":
            if self._block is None:
                raise UpstreamInvalid("The upstream ended a block that it had not begun.")
            return self._close()
        if kind == "message_start":
            self._message = _mapping(data.get("message"))
            self._take_usage(self._message.get("usage"))
            # It is what was written so far: one token, mostly. Only the end says how many.
            self._usage.pop("output_tokens", None)
            self.usage = parse_message_usage(self._usage)
        elif kind == "message_delta":
            stop = _mapping(data.get("delta"))
            self._stop = stop if stop.get("stop_reason") else self._stop
            self._take_usage(data.get("usage"))
            self.usage = parse_message_usage(self._usage)
        elif kind == "message_stop":
            self.done = True
            return self._close()
        else:
            _raise_for_error(data)
        return []

    @property
    def upstream_id(self) -> str:
        """Returns the provider's id of the message, "" before its first event."""
        return short_text(self._message.get("id"))

    def finish(self) -> Answer:
        """Returns the whole answer. Raises StreamCut unless it has come to its end."""
        if self._block is not None or type(self._stop.get("stop_reason")) is not str:
            raise StreamCut("The upstream's stream ended before the answer did.")
        return self._blocks.answer(self._message, self._stop, self.usage)

    def _take_usage(self, value: object) -> None:
        """Takes usage counts. The end repeats those of the beginning that have changed.

        A 0 says no more than a count that is not there; some servers end with it. So does a split
        of the writes (`cache_creation`) that holds only zeros.
        """
        if type(value) is dict:
            self._usage |= {key: count for key, count in value.items() if _says_a_count(count)}

    def _grow(self, delta: dict[str, object]) -> list[Delta]:
        if self._block is None:
            raise UpstreamInvalid("The upstream sent a piece of a block that it had not begun.")
        key = _GROWING.get(str(delta.get("type")))
        if key is None:
            return []
        piece = delta.get(key)
        if type(piece) is not str:
            raise UpstreamInvalid(f"The upstream sent a {key} that is no text.")
        if key == "text" and piece and self._blocks.parted:
            piece = self._blocks.gap() + piece
        self._pieces.setdefault(key, []).append(piece)
        if key != "text":
            self.unsaid += utf8_size(piece)
            return []
        return [Delta(text=piece)] if piece else []

    def _close(self) -> list[Delta]:
        """Ends the open block, if any. Clients take the next one for its end, too."""
        block, pieces, self._block, self._pieces = self._block, self._pieces, None, {}
        self.unsaid = 0
        if block is None:
            return []
        for key in ("text", "thinking", "signature"):
            if key in pieces:
                block[key] = _words(block, key) + "".join(pieces[key])
        return self._blocks.add(block, "".join(pieces.get("partial_json", ())).strip() or None)


class _MessageBlocks:
    """Collects the blocks of one message as they arrive."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer
        self._words: list[str] = []
        self._thoughts: list[str] = []
        self._calls: list[ToolCall] = []
        self._sealed: list[Sealed] = []
        self.lost_digits = False
        """Turns True when the input of a whole call may have had integers over 64 bits."""
        self.parted = False
        """Turns True when another block stands between the texts so far and the next one."""

    def gap(self) -> str:
        """Returns the blank line that is due before words of a text, once.

        Answers of other formats have one text. Blocks that follow each other directly are one, too.
        """
        due, self.parted = self.parted and bool(self._words), False
        return "\n\n" if due else ""

    def add(self, block: dict[str, object], given: str | None = None) -> list[Delta]:
        """Takes one whole block, and returns Deltas that a stream has not sent yet.

        These are thoughts, seals and calls. `given` is a call's input when it came in pieces.
        """
        kind = block.get("type")
        if kind == "text":
            if words := _words(block, "text"):
                self._words.append(self.gap() + words)  # a stream has taken the gap before
            return []
        self.parted = True
        if kind == "tool_use":
            return self._add_call(block, given)
        if kind in ("thinking", "redacted_thinking"):
            return self._add_thought(str(kind), block)
        return []

    def _add_call(self, block: dict[str, object], given: str | None) -> list[Delta]:
        name, call_id = block.get("name"), block.get("id")
        if type(name) is not str or not name or type(call_id) is not str or not call_id:
            raise UpstreamInvalid("The upstream sent a tool call without an id and a name.")
        if len(self._calls) >= MAX_TOOL_CALLS:
            raise UpstreamTooMuch(f"The upstream sent more than {MAX_TOOL_CALLS} tool calls.")
        if given is None:
            # A whole message has the input as an object, a stream as pieces of text.
            whole = block.get("input") or {}
            given = written(whole)
            self.lost_digits = self.lost_digits or lost_digits(whole)
        # The request has its tools under short names, whatever this upstream was told.
        call = ToolCall(call_id, short_name(name), given)
        self._calls.append(call)
        return [Delta(tool_call_index=len(self._calls) - 1, tool_call=call)]

    def _add_thought(self, kind: str, block: dict[str, object]) -> list[Delta]:
        words = _words(block, "thinking") if kind == "thinking" else ""
        if words:
            self._thoughts.append(words)
        sealed = None
        if _words(block, "data" if kind == "redacted_thinking" else "signature"):
            place = bool(self._words) + len(self._calls)
            sealed = Sealed(kind, written(block), self._issuer, place)
            self._sealed.append(sealed)
        return [Delta(reasoning=words, sealed=sealed)] if words or sealed else []

    def answer(self, message: dict[str, object], end: dict[str, object], usage: Usage) -> Answer:
        """Returns the whole answer of a message; `end` says why it stopped."""
        stop = end.get("stop_reason")
        reason = _FINISH_REASONS.get(stop, "stop") if type(stop) is str else "stop"
        if reason in ("stop", "tool_calls"):
            reason = "tool_calls" if self._calls else "stop"
        text = "".join(self._words)
        choice = Choice(
            text=text,
            finish_reason=reason,
            tool_calls=tuple(self._calls),
            reasoning="\n\n".join(self._thoughts) or None,
            sealed=tuple(self._sealed),
            stop_sequence=short_text(end.get("stop_sequence")) or None,
            ended=stop == "end_turn" and not text.strip() and not self._calls,
        )
        model, upstream_id = short_text(message.get("model")), short_text(message.get("id"))
        return Answer((choice,), model, usage, upstream_id=upstream_id)


def _every_digit(body: bytes) -> object:
    return loads_exactly(body, decimals=True)


def _words(block: dict[str, object], key: str) -> str:
    words = block.get(key)
    return words if type(words) is str else ""


def _mapping(value: object) -> dict[str, object]:
    if type(value) is not dict:
        raise UpstreamInvalid("The upstream sent an event without content; expected an object.")
    return value


def _raise_for_error(message: dict[str, object]) -> None:
    """Raises UpstreamError for an error object, for any status. Its words are not shown."""
    if message.get("type") == "error" or message.get("error"):
        raise error_sent(message)
