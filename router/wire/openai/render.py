"""Renders answers, errors and model lists as the bytes that an OpenAI client reads.

It keeps the rules that SDKs depend on: four keys in every error, `content` and `refusal` in every
message, the role once per choice in a stream, one finish chunk with an empty delta, `usage: null`
together with `include_usage`, and tool calls with an index. It knows nothing about the origin of an
answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

import orjson

from router.errors import QUOTA, QUOTA_EXHAUSTED, TiergateError
from router.types import (
    Answer,
    Choice,
    Delta,
    JsonText,
    Sealed,
    TokenLogprob,
    ToolCall,
    Usage,
)
from router.wire.openai.citations import message_annotations
from router.wire.openai.thought_signatures import KIND as SIGNATURE
from router.wire.openai.thought_signatures import extra_content, of_call
from router.wire.openai.usage import HOUR, LENGTHS

DONE = b"data: [DONE]\n\n"


def to_json(value: object) -> bytes:
    """Returns JSON bytes. A lone surrogate (allowed by tokenisers, not by UTF-8) becomes `?`."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return json.dumps(value, ensure_ascii=False).encode("utf-8", "replace")


def with_routing(body: bytes, routing: JsonText | None) -> bytes:
    """Returns a JSON object of an answer, with its routing as a further key where it is asked."""
    return body if routing is None else body[:-1] + b',"routing":' + routing.encode() + b"}"


def one_line(event: bytes) -> bytes:
    """Returns JSON of an event with the line ends of Unicode escaped.

    JSON allows them inside strings, but many clients split a stream's lines there.

    >>> one_line('{"content":"a\u2028b"}'.encode())
    b'{"content":"a\\\\u2028b"}'
    """
    if event.isascii():
        return event
    if b"\xe2\x80" in event:  # the first two bytes of both, and of dashes and quotes
        event = event.replace(b"\xe2\x80\xa8", b"\\u2028").replace(b"\xe2\x80\xa9", b"\\u2029")
    return event.replace(b"\xc2\x85", b"\\u0085")


def named_event(name: str, body: bytes) -> bytes:
    """Returns an event of a stream with its name, as Messages and Responses have them."""
    return b"event: " + name.encode() + b"\ndata: " + one_line(body) + b"\n\n"


def render_error(error: TiergateError) -> bytes:
    """Returns the error body with its four keys. Our own server errors show only their message."""
    return to_json({"error": _error_object(error)})


def _error_object(error: TiergateError) -> dict[str, object]:
    code, kind = told_code(error)
    return {"message": error.told, "type": kind, "param": error.param, "code": code}


def told_code(error: TiergateError) -> tuple[str, str]:
    """Returns an error's code and type as OpenAI's clients know them.

    They give up where money is spent, whose money it is: ours at a provider has its own code only
    in the log and in the ledger.
    """
    return (QUOTA, QUOTA) if error.code == QUOTA_EXHAUSTED else (error.code, error.type)


def render_models(models: Iterable[tuple[str, int, str]]) -> bytes:
    """Returns `GET /v1/models` from (id, created in seconds, owned_by)."""
    return to_json({"object": "list", "data": [_model(*model) for model in models]})


def render_model(model_id: str, created: int, owned_by: str) -> bytes:
    """Returns `GET /v1/models/{id}`; `created` in seconds since the epoch."""
    return to_json(_model(model_id, created, owned_by))


def _model(model_id: str, created: int, owned_by: str) -> dict[str, object]:
    return {"id": model_id, "object": "model", "created": created, "owned_by": owned_by}


def render_completion(
    answer: Answer,
    *,
    id: str,
    created: int,
    routing: JsonText | None = None,
) -> bytes:
    """Returns a whole `chat.completion`; `created` in seconds; `routing` for debug requests."""
    body = to_json(
        {
            "id": id,
            "object": "chat.completion",
            "created": created,
            "model": answer.model,
            **origin_fields(answer),
            "choices": [_choice(i, choice) for i, choice in enumerate(answer.choices)],
            "usage": usage_object(answer.usage),
        }
    )
    # The body is already encoded, so `routing` is added as text.
    return with_routing(body, routing)


def origin_fields(answer: Answer) -> dict[str, object]:
    """Returns what an upstream said of itself; a server without tiers has no `service_tier`."""
    tier: dict[str, object] = {"service_tier": answer.service_tier} if answer.service_tier else {}
    return {"system_fingerprint": answer.system_fingerprint or None, **tier}


def usage_object(usage: Usage) -> dict[str, object]:
    """Returns OpenAI's usage: prompt_tokens include cached tokens, completion_tokens reasoning."""
    cached, sound = usage.cached_input_tokens, usage.audio_input_tokens
    prompt_details: dict[str, object] = {"cached_tokens": cached, "audio_tokens": sound}
    if usage.cache_write_tokens:
        prompt_details["cache_write_tokens"] = usage.cache_write_tokens
    if usage.hour_write_tokens:
        prompt_details[LENGTHS] = {HOUR: usage.hour_write_tokens}
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": prompt_details,
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _choice(index: int, choice: Choice) -> dict[str, object]:
    message: dict[str, object] = {
        "role": "assistant",
        "content": choice.text if choice.text or not _says_otherwise(choice) else None,
        "refusal": choice.refusal,
    }
    if choice.reasoning is not None:
        message["reasoning_content"] = choice.reasoning
    if choice.citations:
        message["annotations"] = message_annotations(choice.citations)
    if choice.tool_calls:
        first = bool(choice.text)
        message["tool_calls"] = [
            {**_tool_call(call), **_signed(of_call(choice.sealed, first + i))}
            for i, call in enumerate(choice.tool_calls)
        ]
    return {
        "index": index,
        "message": message,
        "logprobs": _logprobs(choice.logprobs),
        "finish_reason": choice.finish_reason,
    }


def spoken(choice: Choice) -> str:
    """Returns text and refusal as one text, for formats without a field for refusals.

    A refusal of ours stands in both, and is said once.
    """
    parts = dict.fromkeys((choice.text, choice.refusal))
    return "\n".join([part for part in parts if part])


def _says_otherwise(choice: Choice) -> bool:
    return bool(choice.tool_calls) or choice.refusal is not None


def _tool_call(call: ToolCall) -> dict[str, object]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": call.arguments},
    }


def _signed(sealed: Sealed | None) -> dict[str, object]:
    """Returns the key `extra_content` for a call that its issuer signed."""
    known = sealed is not None and sealed.kind == SIGNATURE
    return {"extra_content": extra_content(sealed)} if sealed is not None and known else {}


def _logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, object] | None:
    if not tokens:
        return None
    content = [
        {
            **token_object(token),
            "top_logprobs": [token_object(other) for other in token.top],
        }
        for token in tokens
    ]
    return {"content": content, "refusal": None}


def token_object(token: TokenLogprob) -> dict[str, object]:
    """Returns one token with its log-probability, in the form of all of OpenAI's formats."""
    raw = token.token.encode("utf-8", "replace") if token.utf8 is None else token.utf8
    # JSON has no minus infinity; OpenAI writes -9999 for it.
    return {"token": token.token, "logprob": max(token.logprob, -9999.0), "bytes": list(raw)}


class StreamRenderer:
    """Renders one stream: the same id, created and model in all chunks, the role once per choice.

    Call `delta()` for each piece, then `finish()` once with the final answer. After a failure call
    `failure()` and nothing more: `[DONE]` never follows an error event.
    """

    __slots__ = ("_fields", "_head", "_started", "_tail", "_usage")

    def __init__(
        self,
        *,
        id: str,
        created: int,
        model: str,
        include_usage: bool = False,
    ) -> None:
        named = {"id": id, "object": "chat.completion.chunk", "created": created, "model": model}
        self._fields: dict[str, object] = {**named, "system_fingerprint": None}
        self._head = self._begun()
        self._tail = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self._usage = include_usage
        self._started: set[int] = set()

    def begin(self) -> bytes:
        """Returns nothing: the first chunk carries the role."""
        return b""

    def delta(self, delta: Delta) -> bytes:
        """Returns the chunk for one piece, b"" for an empty piece. Does not read `final`.

        Before the first chunk of a choice come those of silent choices with smaller numbers.
        """
        fields: dict[str, object] = {}
        if delta.text:
            fields["content"] = delta.text
        if delta.reasoning:
            fields["reasoning_content"] = delta.reasoning
        if delta.tool_call is not None:
            piece = _tool_call_piece(delta.tool_call_index or 0, delta.tool_call)
            fields["tool_calls"] = [{**piece, **_signed(delta.sealed)}]
        if not fields and not delta.logprobs:
            return b""
        return self._chunks(delta.index, fields, delta.logprobs, None)

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """Returns the end of a good stream: a last chunk per choice, usage if requested, `[DONE]`.

        With `routing`, the last chunk before `[DONE]` carries it. Citations, and what the upstream
        said of itself, are known only now.
        """
        chunks: list[bytes] = []
        self._fields |= origin_fields(answer)
        self._head = self._begun()
        for index, choice in enumerate(answer.choices):
            if choice.refusal:
                chunks.append(self._chunks(index, {"refusal": choice.refusal}, (), None))
            elif index not in self._started:
                # A choice without any piece still needs a chunk with its role.
                chunks.append(self._chunks(index, {"content": ""}, (), None))
            if choice.citations:
                # One chunk has them all: SDKs join no lists of objects that have no index.
                cited: dict[str, object] = {"annotations": message_annotations(choice.citations)}
                chunks.append(self._chunks(index, cited, (), None))
            chunks.append(self._chunks(index, {}, (), choice.finish_reason))
        if self._usage:
            usage = to_json(usage_object(answer.usage))
            chunks.append(self._head + b'],"usage":' + usage + b"}\n\n")
        if routing is not None and chunks:
            # The last three bytes are the closing brace and two line ends.
            debug = b',"routing":' + one_line(routing.encode()) + b"}\n\n"
            chunks[-1] = chunks[-1][:-3] + debug
        chunks.append(DONE)
        return b"".join(chunks)

    def failure(self, error: TiergateError) -> bytes:
        """Returns the last event of a stream that failed after its first byte."""
        return render_error_event(error)

    def _begun(self) -> bytes:
        return b"data: " + one_line(to_json(self._fields)[:-1]) + b',"choices":['

    def _chunks(
        self,
        index: int,
        fields: dict[str, object],
        logprobs: Sequence[TokenLogprob],
        finish_reason: str | None,
    ) -> bytes:
        """Returns a chunk of one choice, after those that begin silent choices before it."""
        earlier = b""
        if index not in self._started:
            # SDKs expect the role in the first chunk of each choice, and their helpers number the
            # choices in the order in which they begin.
            silent = [i for i in range(index) if i not in self._started]
            earlier = b"".join([self._chunks(i, {"content": ""}, (), None) for i in silent])
            self._started.add(index)
            fields = {"role": "assistant", **fields}
        choice = to_json(
            {
                "index": index,
                "delta": fields,
                "logprobs": _logprobs(logprobs),
                "finish_reason": finish_reason,
            }
        )
        return earlier + self._head + one_line(choice) + b"]" + self._tail


def _tool_call_piece(index: int, call: ToolCall) -> dict[str, object]:
    """Returns a piece of a tool call. The first one has id and name, later ones only arguments."""
    function: dict[str, object] = {"arguments": call.arguments}
    if not call.id and not call.name:
        return {"index": index, "function": function}
    return {
        "index": index,
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, **function},
    }


def render_error_event(error: TiergateError) -> bytes:
    """Returns the last event of a stream that failed after its first byte."""
    return b"data: " + one_line(render_error(error)) + b"\n\n"


def deltas_of(answer: Answer) -> Iterator[Delta]:
    """Yields a held-back answer as the pieces of a stream, in order; the last carries `final`."""
    for index, choice in enumerate(answer.choices):
        words = choice.reasoning or ""
        for sealed in choice.sealed:
            # Other sealed items belong to calls and come with the whole answer; signatures come
            # with their call.
            if not sealed.at and sealed.kind != SIGNATURE:
                yield Delta(reasoning=words, sealed=sealed, index=index)
                words = ""
        if words:
            yield Delta(reasoning=words, index=index)
        if choice.text or choice.logprobs:
            said = choice.text
            yield Delta(text=said, index=index, logprobs=choice.logprobs, phase=choice.phase)
        for call_index, call in enumerate(choice.tool_calls):
            signature = of_call(choice.sealed, bool(choice.text) + call_index)
            yield Delta(tool_call_index=call_index, tool_call=call, index=index, sealed=signature)
    yield Delta(final=answer)
