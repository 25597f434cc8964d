"""Renders answers and errors for Anthropic's clients: one message, or events of blocks.

A stream's blocks are those of the whole message, one after the other. Text and thoughts are sent as
they arrive. Tool calls are sent only when the answer is complete, since the gateway releases them
then. This module knows nothing about the origin of an answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import orjson
from msgspec.structs import replace

from router.errors import (
    QUOTA_EXHAUSTED,
    AnswererNotReady,
    Overloaded,
    TiergateError,
    UpstreamOverloaded,
)
from router.privacy.provider_seals import shown
from router.types import Answer, Choice, Delta, JsonText, Sealed, ToolCall, Usage
from router.wire.digits import loads_exactly, lost_digits
from router.wire.openai.render import named_event, spoken, to_json, with_routing

_NO_NAMES: Mapping[str, str] = MappingProxyType({})
_ERROR_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
}
# `stop_sequence` is the reason only where an upstream of Anthropic's says which one it was.
_STOP_REASONS = {
    "stop": "end_turn",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "content_filter": "refusal",
}


NO_THREADS = "thread_unsupported_request"
"""The code of a request that continues a thread kept by a server. Anthropic's SDKs find it among
the error's details, and then send the whole conversation."""


def render_error(error: TiergateError, request_id: str) -> bytes:
    """Returns the body of an error; the message contains the name in `param`."""
    return to_json({**_error_object(error), "request_id": f"req_{request_id}"})


def error_status(error: TiergateError) -> int:
    """Returns the status of an error: 402 where our money at the provider is spent."""
    return 402 if error.code == QUOTA_EXHAUSTED else error.status


def _error_object(error: TiergateError) -> dict[str, object]:
    status = error_status(error)
    kind = _ERROR_TYPES.get(status)
    if kind is None:
        kind = "invalid_request_error" if 400 <= status < 500 else "api_error"
    waits = isinstance(error, AnswererNotReady) and not error.key_refused
    if waits or isinstance(error, Overloaded | UpstreamOverloaded):
        kind = "overloaded_error"
    told: dict[str, object] = {"type": kind, "message": error.told}
    if error.code == NO_THREADS:
        told["details"] = {"error_code": NO_THREADS, "unsupported": [error.param]}
    return {"type": "error", "error": told}


def render_anthropic_models(names: Sequence[str], more: bool, created: int) -> bytes:
    """Returns a page of `GET /v1/models` for Anthropic's clients; `created` in seconds."""
    return to_json(
        {
            "data": [_model(name, created) for name in names],
            "has_more": more,
            "first_id": names[0] if names else None,
            "last_id": names[-1] if names else None,
        }
    )


def render_anthropic_model(name: str, created: int) -> bytes:
    """Returns `GET /v1/models/{id}` for Anthropic's clients; `created` in seconds."""
    return to_json(_model(name, created))


def _model(name: str, created: int) -> dict[str, object]:
    created_at = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "type": "model",
        "id": name,
        "display_name": name,
        "created_at": created_at,
        "lifecycle": "active",  # what no longer answers is not listed
    }


def render_message(
    answer: Answer,
    *,
    id: str,
    shows_thinking: bool,
    routing: JsonText | None = None,
    names: Mapping[str, str] = _NO_NAMES,
) -> bytes:
    """Returns a whole `message`; `routing` only for debug requests.

    `names` holds the client's names of tools that have shorter ones here.
    """
    choice = answer.choices[0]
    message = _message(id, answer.model, list(_blocks(choice, shows_thinking, names)))
    message |= _end(choice)
    body = to_json({**message, "usage": _usage(answer.usage)})
    return with_routing(body, routing)


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
    """Returns Anthropic's counts: input_tokens exclude tokens read from or written to a cache."""
    cached = usage.cached_input_tokens + usage.cache_write_tokens
    hours = usage.hour_write_tokens
    lengths = {
        "ephemeral_5m_input_tokens": usage.cache_write_tokens - (hours or 0),
        "ephemeral_1h_input_tokens": hours,
    }
    return {
        "input_tokens": usage.input_tokens - cached,
        "cache_creation_input_tokens": usage.cache_write_tokens,
        **({} if hours is None else {"cache_creation": lengths}),
        "cache_read_input_tokens": usage.cached_input_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
    }


def _end(choice: Choice) -> dict[str, object]:
    """Returns why the message stopped, and the client's words that stopped it."""
    if choice.finish_reason == "stop" and choice.stop_sequence and not choice.refusal:
        return {"stop_reason": "stop_sequence", "stop_sequence": choice.stop_sequence}
    return {"stop_reason": _stop_reason(choice), "stop_sequence": None}


def _stop_reason(choice: Choice) -> str:
    if choice.refusal:
        return "refusal"
    return _STOP_REASONS.get(choice.finish_reason, "end_turn")


def _blocks(
    choice: Choice, shows_thinking: bool, names: Mapping[str, str]
) -> Iterator[dict[str, object]]:
    """Yields the blocks of a choice in the order in which they are streamed.

    A text without words is no block: Anthropic refuses it when a client sends it back.
    """
    if choice.reasoning and shows_thinking and not _seals_thoughts(choice.sealed):
        yield _thought(choice.reasoning)
    blocks = [_tool_use(call, _input(call), names) for call in choice.tool_calls]
    words = spoken(choice)
    if words.strip():
        blocks.insert(0, {"type": "text", "text": words})
    sealed = _anthropics(choice.sealed)
    # The places of sealed items count a text of blanks, too.
    for place, block in enumerate(blocks, start=int(bool(words) and not words.strip())):
        while sealed and sealed[0].at <= place:
            yield shown(sealed.pop(0))
        yield block
    yield from map(shown, sealed)


def _anthropics(sealed: Iterable[Sealed]) -> list[Sealed]:
    """Returns the items that are message blocks; other providers' seals have no place there."""
    return [item for item in sealed if item.kind in ("thinking", "redacted_thinking")]


def _seals_thoughts(sealed: Iterable[Sealed]) -> bool:
    """Returns True when sealed blocks contain the thoughts that can be shown."""
    return any(item.kind == "thinking" for item in sealed)


def _thought(words: str) -> dict[str, object]:
    # Only Anthropic signs thoughts; returned thoughts without a signature are not read.
    return {"type": "thinking", "thinking": words, "signature": ""}


def _tool_use(
    call: ToolCall, given: dict[str, object], names: Mapping[str, str]
) -> dict[str, object]:
    name = names.get(call.name, call.name)
    return {"type": "tool_use", "id": call.id, "name": name, "input": given}


def _input(call: ToolCall) -> dict[str, object]:
    """Returns the arguments as an object. Other values of a model are shown inside one."""
    try:
        arguments = orjson.loads(call.arguments or "{}")
        orjson.dumps(arguments)  # a value nested too deep to be written is no input either
        if lost_digits(arguments):
            arguments = loads_exactly(call.arguments)
    except (ValueError, TypeError, RecursionError):
        arguments = None
    return arguments if isinstance(arguments, dict) else {"arguments": call.arguments}


PING = b'event: ping\ndata: {"type":"ping"}\n\n'
"""Is Anthropic's event of nothing, which clients skip wherever it comes."""


class MessageStream:
    """Implements wire.protocols.AnswerStream for messages: blocks begin, grow and stop."""

    __slots__ = (
        "_blanks",
        "_id",
        "_index",
        "_kind",
        "_model",
        "_names",
        "_sealed_sent",
        "_shows_thinking",
        "_text_sent",
        "_usage",
    )

    def __init__(
        self,
        *,
        id: str,
        model: str,
        usage: Usage,
        shows_thinking: bool,
        names: Mapping[str, str] = _NO_NAMES,
    ) -> None:
        self._usage = usage
        self._id = id
        self._model = model
        self._names = names
        self._shows_thinking = shows_thinking
        self._index = 0  # the index of the open block, or of the next one
        self._kind: str | None = None  # of the open block
        self._text_sent = False  # a block of text has begun
        self._blanks: list[str] = []  # wait for the words of the next block of text
        self._sealed_sent = 0  # the number of sealed blocks that were sent

    def begin(self) -> bytes:
        """Returns the message without content.

        Clients show its input tokens, so they are never 0: values unknown before the end are
        estimated.
        """
        message = _message(self._id, self._model, [])
        message["usage"] = _usage(replace(self._usage, output_tokens=1, reasoning_tokens=0))
        return _event("message_start", {"message": message})

    def delta(self, delta: Delta) -> bytes:
        """Returns the events of one piece of text or thought."""
        events: list[bytes] = []
        sealed = delta.sealed if delta.sealed and _anthropics([delta.sealed]) else None
        if sealed is not None:
            # Other ones belong between calls, which come at the end.
            if sealed.at <= self._text_sent:
                self._seal(events, sealed)
        elif delta.reasoning and self._shows_thinking:
            self._open(events, "thinking", _thought(""))
            self._grow(events, {"type": "thinking_delta", "thinking": delta.reasoning})
        if delta.text:
            self._say(events, delta.text)
        return b"".join(events)

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """Returns the rest of the answer, its end reason and its usage."""
        choice = answer.choices[0]
        events: list[bytes] = []
        if choice.refusal and choice.refusal != choice.text:
            # A refusal after text begins on a new line.
            begun = self._text_sent or self._blanks
            self._say(events, ("\n" if begun else "") + choice.refusal)
        elif not self._text_sent and choice.text.strip():
            self._blanks.clear()
            self._say(events, choice.text)
        self._close(events)
        sealed = _anthropics(choice.sealed)[self._sealed_sent :]
        # Places count the text as one.
        for place, call in enumerate(choice.tool_calls, start=int(bool(spoken(choice)))):
            while sealed and sealed[0].at <= place:
                self._seal(events, sealed.pop(0))
            self._open(events, "tool_use", _tool_use(call, {}, self._names))
            given = to_json(_input(call)).decode()
            self._grow(events, {"type": "input_json_delta", "partial_json": given})
            self._close(events)
        for item in sealed:
            self._seal(events, item)
        usage = _usage(answer.usage)
        events.append(_event("message_delta", {"delta": _end(choice), "usage": usage}))
        debug: dict[str, object] = {} if routing is None else {"routing": orjson.Fragment(routing)}
        events.append(_event("message_stop", debug))
        return b"".join(events)

    def failure(self, error: TiergateError) -> bytes:
        """Returns the last event of a failed stream."""
        return named_event("error", render_error(error, self._id))

    def _say(self, events: list[bytes], words: str) -> None:
        """Adds a piece of text. Blanks begin no block, since it may never get words."""
        if self._kind != "text":
            if words.isspace():
                self._blanks.append(words)
                return
            words = "".join([*self._blanks, words])
            self._blanks.clear()
        self._open(events, "text", {"type": "text", "text": ""})
        self._text_sent = True
        self._grow(events, {"type": "text_delta", "text": words})

    def _seal(self, events: list[bytes], sealed: Sealed) -> None:
        """Adds a sealed block: thought and signature grow in one piece each."""
        self._close(events)
        self._sealed_sent += 1
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
        start = {"index": self._index, "content_block": block}
        events.append(_event("content_block_start", start))
        if self._index == 0:
            # Anthropic sends one ping after the first block has begun.
            events.append(PING)

    def _grow(self, events: list[bytes], delta: dict[str, object]) -> None:
        events.append(_event("content_block_delta", {"index": self._index, "delta": delta}))

    def _close(self, events: list[bytes]) -> None:
        if self._kind is not None:
            events.append(_event("content_block_stop", {"index": self._index}))
            self._index += 1
            self._kind = None


def _event(kind: str, fields: dict[str, object]) -> bytes:
    return named_event(kind, to_json({"type": kind, **fields}))
