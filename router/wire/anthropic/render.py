"""Answers and errors as Anthropic's clients read them: one message, or events of content blocks.

A stream's blocks are the whole message's, one after the other. Text and thoughts go out as they
come; tool calls are only said when the answer is whole, which is when the gateway lets them go. It
knows nothing about how an answer came to be.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import orjson
from msgspec.structs import replace

from router.errors import Overloaded, TiergateError
from router.privacy.provider_seals import shown
from router.types import Answer, Choice, Delta, JsonText, Sealed, ToolCall, Usage
from router.wire.openai.render import spoken, to_json

_ERROR_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
}
# `stop_sequence` is not among them: upstreams say that an answer stopped, not by which words.
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


def render_error(error: TiergateError, request_id: str) -> bytes:
    """The body of an error; what `param` names stands in the message."""
    return to_json({**_error_object(error), "request_id": f"req_{request_id}"})


def _error_object(error: TiergateError) -> dict[str, object]:
    kind = _ERROR_TYPES.get(error.status)
    if kind is None:
        kind = "invalid_request_error" if 400 <= error.status < 500 else "api_error"
    if isinstance(error, Overloaded):
        kind = "overloaded_error"
    return {"type": "error", "error": {"type": kind, "message": error.told}}


def render_anthropic_models(names: Sequence[str], created: int) -> bytes:
    """`GET /v1/models` as Anthropic's clients read it, all on one page; `created` in seconds."""
    return to_json(
        {
            "data": [_model(name, created) for name in names],
            "has_more": False,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    )


def render_anthropic_model(name: str, created: int) -> bytes:
    """`GET /v1/models/{id}` as Anthropic's clients read it; `created` in seconds."""
    return to_json(_model(name, created))


def _model(name: str, created: int) -> dict[str, object]:
    at = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"type": "model", "id": name, "display_name": name, "created_at": at}


def render_message(
    answer: Answer, *, id: str, shows_thinking: bool, routing: JsonText | None = None
) -> bytes:
    """A whole `message`; `routing` only when debug was asked for."""
    choice = answer.choices[0]
    message = _message(id, answer.model, list(_blocks(choice, shows_thinking)))
    message["stop_reason"] = _stop_reason(choice)
    body = to_json({**message, "usage": _usage(answer.usage)})
    return body if routing is None else body[:-1] + b',"routing":' + routing.encode() + b"}"


def _message(id: str, model: str, content: list[dict[str, object]]) -> dict[str, object]:
    return {
        "id": f"msg_{id}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
    }


def _usage(usage: Usage) -> dict[str, object]:
    """Anthropic's counts: input_tokens leaves out what was read from or written to a cache."""
    cached = usage.cached_input_tokens + usage.cache_write_tokens
    return {
        "input_tokens": usage.input_tokens - cached,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }


def _stop_reason(choice: Choice) -> str:
    if choice.refusal:
        return "refusal"
    return _STOP_REASONS.get(choice.finish_reason, "end_turn")


def _blocks(choice: Choice, shows_thinking: bool) -> Iterator[dict[str, object]]:
    """What a choice says, in the order in which it is streamed."""
    if choice.reasoning and shows_thinking and not _seals_thoughts(choice.sealed):
        yield _thought(choice.reasoning)
    things: list[dict[str, object]] = [_tool_use(call, _input(call)) for call in choice.tool_calls]
    words = spoken(choice)
    if words or not choice.tool_calls:
        things.insert(0, {"type": "text", "text": words, "citations": None})
    sealed = _anthropics(choice.sealed)
    for at, thing in enumerate(things):
        while sealed and sealed[0].at <= at:
            yield shown(sealed.pop(0))
        yield thing


def _anthropics(sealed: Iterable[Sealed]) -> list[Sealed]:
    """Those that are blocks of a message; what other providers sealed has no place in one."""
    return [one for one in sealed if one.kind in ("thinking", "redacted_thinking")]


def _seals_thoughts(sealed: Iterable[Sealed]) -> bool:
    """True where the thoughts that can be shown stand in sealed blocks."""
    return any(one.kind == "thinking" for one in sealed)


def _thought(words: str) -> dict[str, object]:
    # Nobody but Anthropic signs thoughts; when they come back they are not read.
    return {"type": "thinking", "thinking": words, "signature": ""}


def _tool_use(call: ToolCall, given: dict[str, object]) -> dict[str, object]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": given}


def _input(call: ToolCall) -> dict[str, object]:
    """The arguments as an object; what is none, though a model wrote it, is shown as it is."""
    try:
        found = orjson.loads(call.arguments or "{}")
        orjson.dumps(found)  # what nests too deep to be written is no input either
    except (orjson.JSONDecodeError, TypeError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"arguments": call.arguments}


# --- streams --------------------------------------------------------------------------------------


class MessageStream:
    """wire.exchange.AnswerStream for messages: blocks that begin, grow and stop, then the end."""

    __slots__ = ("_at", "_id", "_kind", "_model", "_said", "_seals", "_shows_thinking", "_usage")

    def __init__(self, *, id: str, model: str, usage: Usage, shows_thinking: bool) -> None:
        self._usage = usage
        self._id = id
        self._model = model
        self._shows_thinking = shows_thinking
        self._at = 0  # the index of the block that is open, or comes next
        self._kind: str | None = None  # of the block that is open
        self._said = False  # whether a block of text has begun
        self._seals = 0  # sealed blocks that are said

    def begin(self) -> bytes:
        """The message without content. Clients show its input tokens, so they are never 0: what is
        not known before the end is estimated."""
        message = _message(self._id, self._model, [])
        message["usage"] = _usage(replace(self._usage, output_tokens=1, reasoning_tokens=0))
        return _event("message_start", {"message": message})

    def delta(self, delta: Delta) -> bytes:
        """The events of one piece of text or thought."""
        events: list[bytes] = []
        sealed = delta.sealed if delta.sealed and _anthropics([delta.sealed]) else None
        if sealed is not None:
            if sealed.at <= self._said:  # else it stands between calls, which come at the end
                self._seal(events, sealed)
        elif delta.reasoning and self._shows_thinking:
            self._open(events, "thinking", _thought(""))
            self._grow(events, {"type": "thinking_delta", "thinking": delta.reasoning})
        if delta.text:
            self._say(events, delta.text)
        return b"".join(events)

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """What was not streamed, why the answer ended, and what it used."""
        choice = answer.choices[0]
        events: list[bytes] = []
        if choice.refusal:
            self._say(events, ("\n" if self._said else "") + choice.refusal)
        elif not self._said and not choice.tool_calls:
            self._say(events, choice.text)
        self._close(events)
        sealed = _anthropics(choice.sealed)[self._seals :]
        for at, call in enumerate(choice.tool_calls, start=int(bool(spoken(choice)))):
            while sealed and sealed[0].at <= at:
                self._seal(events, sealed.pop(0))
            self._open(events, "tool_use", _tool_use(call, {}))
            given = to_json(_input(call)).decode()
            self._grow(events, {"type": "input_json_delta", "partial_json": given})
            self._close(events)
        delta = {"stop_reason": _stop_reason(choice), "stop_sequence": None}
        events.append(_event("message_delta", {"delta": delta, "usage": _usage(answer.usage)}))
        told = {} if routing is None else {"routing": orjson.loads(routing)}
        events.append(_event("message_stop", told))
        return b"".join(events)

    def failure(self, error: TiergateError) -> bytes:
        """The event after which nothing comes."""
        return _framed("error", render_error(error, self._id))

    def _say(self, events: list[bytes], words: str) -> None:
        self._open(events, "text", {"type": "text", "text": "", "citations": None})
        self._said = True
        self._grow(events, {"type": "text_delta", "text": words})

    def _seal(self, events: list[bytes], sealed: Sealed) -> None:
        """A block of its own: thought and signature grow in one piece each."""
        self._close(events)
        self._seals += 1
        block = shown(sealed)
        if sealed.kind == "redacted_thinking":
            self._open(events, sealed.kind, block)
        else:
            self._open(events, sealed.kind, {**block, "thinking": "", "signature": ""})
            if block.get("thinking"):
                self._grow(events, {"type": "thinking_delta", "thinking": block["thinking"]})
            self._grow(events, {"type": "signature_delta", "signature": block["signature"]})
        self._close(events)

    def _open(self, events: list[bytes], kind: str, block: dict[str, object]) -> None:
        """Begins a block of this kind, unless one is open."""
        if self._kind == kind:
            return
        self._close(events)
        self._kind = kind
        start = {"index": self._at, "content_block": block}
        events.append(_event("content_block_start", start))
        if self._at == 0:
            events.append(_event("ping", {}))

    def _grow(self, events: list[bytes], delta: dict[str, object]) -> None:
        events.append(_event("content_block_delta", {"index": self._at, "delta": delta}))

    def _close(self, events: list[bytes]) -> None:
        if self._kind is not None:
            events.append(_event("content_block_stop", {"index": self._at}))
            self._at += 1
            self._kind = None


def _event(kind: str, fields: dict[str, object]) -> bytes:
    return _framed(kind, to_json({"type": kind, **fields}))


def _framed(kind: str, body: bytes) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + body + b"\n\n"
