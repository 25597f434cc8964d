"""Translates the older `POST /v1/completions`: a prompt in, text out.

It follows openai-openapi's CreateCompletionRequest (August 2026). A prompt becomes a user's
message. Several prompts of one body become several requests that differ only in the prompt. They
are answered one after the other, and each is decided and booked separately. Options that only a
bare language model supports (a suffix, an echo of the prompt, token ids) are refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from router.errors import TiergateError
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    Delta,
    JsonText,
    Message,
    Sampling,
    TokenLogprob,
    Usage,
)
from router.wire.checks import (
    Reader,
    boolean,
    integers,
    mapping,
    missing,
    text,
    texts,
    unsupported,
    wrong_type,
    wrong_value,
)
from router.wire.fields import (
    check_stream_options,
    read_fields,
    read_stream_options,
)
from router.wire.hints import is_repeated, read_hints
from router.wire.openai.chat import OpenAIErrors
from router.wire.openai.render import (
    DONE,
    one_line,
    render_error_event,
    spoken,
    to_json,
    usage_object,
    with_routing,
)
from router.wire.openai.request import CHAT_KEYS, SAMPLING

MAX_PROMPTS = 32  # they are answered one after the other while the client waits


def _prompts(value: object, param: str) -> tuple[str, ...]:
    if type(value) is str:
        return (value,)
    if type(value) is not list:
        raise wrong_type(param, value, "a string or an array of strings")
    if not 0 < len(value) <= MAX_PROMPTS:
        raise wrong_value(param, value, f"1 to {MAX_PROMPTS} prompts")
    if type(value[0]) in (int, list):
        # A list in a list holds token ids, too.
        raise unsupported(param, "token ids mean something to one model only; send text")
    return tuple([text(prompt, f"{param}[{i}]") for i, prompt in enumerate(value)])


def _echo(value: object, param: str) -> None:
    if boolean(value, param):
        raise unsupported(param, "the prompt is not echoed; put it before the answer yourself")


def _suffix(value: object, param: str) -> None:
    if text(value, param):
        raise unsupported(param, "no tier fills a gap; ask for it in the prompt")


_OF_CHAT = (
    "temperature",
    "top_p",
    "seed",
    "stop",
    "max_tokens",
    "frequency_penalty",
    "presence_penalty",
    "n",
)
_READ: dict[str, Reader] = {
    "model": texts(1, 256),
    "prompt": _prompts,
    "stream": boolean,
    "stream_options": read_stream_options,
    "logprobs": integers(0, 5),
    "best_of": integers(1, 20),
    "echo": _echo,
    "suffix": _suffix,
    "routing": mapping,
    **{key: SAMPLING[key] for key in _OF_CHAT},
}


class CompletionsExchange(Struct, frozen=True):
    """Implements wire.protocols.Exchange for the prompts of one body."""

    requests: tuple[ChatRequest, ...]

    def whole(
        self, answer: Answer, *, id: str, created: int, routing: JsonText | None = None
    ) -> bytes:
        choices = [
            _choice(i, spoken(choice), choice.finish_reason, _logprobs(choice.logprobs, 0))
            for i, choice in enumerate(answer.choices)
        ]
        head = {**_head(id, created, answer.model), "choices": choices}
        body = to_json({**head, "usage": usage_object(answer.usage)})
        return with_routing(body, routing)

    def stream(self, *, id: str, created: int, model: str, usage: Usage) -> CompletionStream:
        return CompletionStream(
            id=id, created=created, model=model, include_usage=self.requests[0].include_usage
        )


class CompletionsFormat(OpenAIErrors):
    """Implements wire.protocols.WireFormat for the older completions."""

    def read(self, body: bytes, headers: Mapping[str, str]) -> CompletionsExchange:
        read, extra = read_fields(body, _READ, CHAT_KEYS, "/v1/completions")
        return CompletionsExchange(_requests(read, extra, headers))


def _requests(
    read: dict[str, Any], extra: dict[str, JsonText], headers: Mapping[str, str]
) -> tuple[ChatRequest, ...]:
    for key, expected in (("model", "a model's name"), ("prompt", "a string or strings")):
        if key not in read:
            raise missing(key, expected)
    check_stream_options(read)
    sampling = _sampling(read)
    if read.get("best_of", sampling.n) != sampling.n:
        raise unsupported("best_of", "no tier picks among its answers; send only n")
    hints = read_hints(read.get("routing"), headers)
    bounded = hints.max_cost_nano_usd is not None or hints.deadline_ms is not None
    if bounded and len(read["prompt"]) > 1:
        expected_prompts = "one prompt beside max_cost_usd or deadline_ms, which bound one answer"
        raise wrong_value("prompt", list(read["prompt"]), expected_prompts)
    requests = [
        ChatRequest(
            messages=(Message("user", prompt),),
            requested_model=read["model"],
            sampling=sampling,
            stream=read.get("stream", False),
            include_usage=read.get("stream_options", False),
            hints=hints,
            repeated=is_repeated(headers),
            endpoint="completions",
            extra=extra,
        )
        for prompt in read["prompt"]
    ]
    return tuple(requests)


def _sampling(read: dict[str, Any]) -> Sampling:
    given = {key: read[key] for key in _OF_CHAT if key in read and key != "max_tokens"}
    top_logprobs = read.get("logprobs")
    return Sampling(
        **given,
        max_output_tokens=read.get("max_tokens"),
        logprobs=top_logprobs is not None,
        # `logprobs: 0` asks only for the probability of the chosen token.
        top_logprobs=top_logprobs or None,
    )


def _head(id: str, created: int, model: str) -> dict[str, object]:
    return {
        "id": f"cmpl-{id}",
        "object": "text_completion",
        "created": created,
        "model": model,
        "system_fingerprint": None,
    }


def _choice(
    index: int, words: str, finish_reason: str | None, logprobs: dict[str, object] | None
) -> dict[str, object]:
    # `tool_calls` cannot occur: no tools were offered, so such an answer is invalid.
    return {"text": words, "index": index, "logprobs": logprobs, "finish_reason": finish_reason}


def _logprobs(tokens: tuple[TokenLogprob, ...], offset: int) -> dict[str, object] | None:
    """Returns the older shape, a list per aspect; `offset` is the place of the first token."""
    if not tokens:
        return None
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.token)
    return {
        "tokens": [token.token for token in tokens],
        "token_logprobs": [_finite(token.logprob) for token in tokens],
        "top_logprobs": [{t.token: _finite(t.logprob) for t in token.top} for token in tokens],
        "text_offset": offsets,
    }


def _finite(logprob: float) -> float:
    return max(logprob, -9999.0)  # the same value as in chat completions


class CompletionStream:
    """Implements wire.protocols.AnswerStream for completions, with chunks like whole ones."""

    __slots__ = ("_head", "_offsets", "_tail", "_usage")

    def __init__(self, *, id: str, created: int, model: str, include_usage: bool) -> None:
        self._head = b"data: " + to_json(_head(id, created, model))[:-1] + b',"choices":['
        self._usage = include_usage
        self._tail = b'],"usage":null}\n\n' if include_usage else b"]}\n\n"
        self._offsets: dict[int, int] = {}  # characters sent so far, by choice

    def begin(self) -> bytes:
        """Returns nothing: the first chunk is like the others."""
        return b""

    def delta(self, delta: Delta) -> bytes:
        """Returns the chunk of one piece. A model's open thoughts have no place in this format."""
        if not delta.text and not delta.logprobs:
            return b""
        offset = self._offsets.get(delta.index, 0)
        self._offsets[delta.index] = offset + len(delta.text)
        logprobs = _logprobs(delta.logprobs, offset)
        return self._chunk(_choice(delta.index, delta.text, None, logprobs))

    def finish(self, answer: Answer, routing: JsonText | None = None) -> bytes:
        """Returns a last chunk per choice, usage if requested, and `[DONE]`."""
        chunks = [
            self._chunk(_choice(i, self._unsaid(i, choice), choice.finish_reason, None))
            for i, choice in enumerate(answer.choices)
        ]
        if self._usage:
            usage = to_json(usage_object(answer.usage))
            chunks.append(self._head + b'],"usage":' + usage + b"}\n\n")
        if routing is not None:
            # The last three bytes are the closing brace and two line ends.
            chunks[-1] = chunks[-1][:-3] + b',"routing":' + routing.encode() + b"}\n\n"
        return one_line(b"".join((*chunks, DONE)))

    def failure(self, error: TiergateError) -> bytes:
        """Returns the last event of a failed stream."""
        return render_error_event(error)

    def _unsaid(self, index: int, choice: Choice) -> str:
        """Returns the text not yet streamed: a refusal comes with the whole answer."""
        return spoken(choice)[self._offsets.get(index, 0) :]

    def _chunk(self, choice: dict[str, object]) -> bytes:
        return one_line(self._head + to_json(choice) + self._tail)
