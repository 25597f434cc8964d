"""Our request as an OpenAI-compatible upstream reads it, and its whole answer as `Answer`.

The body is rebuilt from the types: routing hints, unchecked keys and the client's model name cannot
slip through. It knows nothing about connections; `folding` reads streams.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import orjson
from msgspec.structs import replace

from router.errors import UpstreamError, UpstreamInvalid
from router.types import (
    Answer,
    ChatRequest,
    Choice,
    JsonText,
    Message,
    ResponseFormat,
    TokenLogprob,
    ToolCall,
    ToolSpec,
    Usage,
    usd_to_nano,
)
from router.wire.openai.thought_signatures import sign, signed_calls

MAX_TOKENS = 100_000_000  # per call; no context window is near it, so such a count is a fault
MAX_CHOICES = 8
MAX_TOOL_CALLS = 1_000
NOTHING: Mapping[str, JsonText] = {}

FINISH_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    # what compatible servers say for the same things
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_length": "length",
    "safety": "content_filter",
    "SAFETY": "content_filter",
    "refusal": "content_filter",
}

# Codes of an upstream's error that a client may learn; the rest of its text stays with us.
SHOWN_CODES = frozenset(
    {
        "context_length_exceeded",
        "content_filter",
        "content_policy_violation",
        "insufficient_quota",
        "invalid_api_key",
        "model_not_found",
        "rate_limit_exceeded",
        "unsupported_parameter",
        "unsupported_value",
    }
)


# --- toward the upstream --------------------------------------------------------------------------


def upstream_body(
    request: ChatRequest,
    *,
    model: str,
    max_output_tokens: int,
    max_tokens_key: str = "max_completion_tokens",
    stream: bool = False,
    prefer_schema: JsonText | None = None,
    extra: Mapping[str, JsonText] = NOTHING,
    issuer: str = "",
    wants_signatures: bool = False,
) -> bytes:
    """The JSON body for `model`. A stream always asks for its usage: who pays must know.

    `extra` is what of the client's other keys this upstream is sent: see `body_keys.passed_on`.
    The cap sent is the smaller of `max_output_tokens` and the client's own; `prefer_schema` is
    asked for when the client set no response format.
    """
    body: dict[str, object] = {key: orjson.Fragment(value) for key, value in extra.items()}
    body["model"] = model
    body["messages"] = [_message(one, issuer, wants_signatures) for one in request.messages]
    asked = request.sampling.max_output_tokens
    body[max_tokens_key] = max_output_tokens if asked is None else min(asked, max_output_tokens)
    _add_sampling(body, request)
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        if request.tool_choice is not None:
            body["tool_choice"] = orjson.Fragment(request.tool_choice)
        if request.parallel_tool_calls is not None:
            body["parallel_tool_calls"] = request.parallel_tool_calls
    if request.response_format.kind != "text":
        body["response_format"] = _response_format(request.response_format)
    elif prefer_schema is not None:
        wanted = ResponseFormat("json_schema", "answer", prefer_schema)
        body["response_format"] = _response_format(wanted)
    if stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return orjson.dumps(body)


def _add_sampling(body: dict[str, object], request: ChatRequest) -> None:
    sampling = request.sampling
    for key in ("temperature", "top_p", "seed", "frequency_penalty", "presence_penalty"):
        value = getattr(sampling, key)
        if value is not None:
            body[key] = value
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.logprobs:
        body["logprobs"] = True
        if sampling.top_logprobs is not None:
            body["top_logprobs"] = sampling.top_logprobs
    if sampling.n != 1:
        body["n"] = sampling.n
    if sampling.reasoning_effort is not None:
        body["reasoning_effort"] = sampling.reasoning_effort


def _message(message: Message, issuer: str, wants_signatures: bool) -> dict[str, object]:
    body: dict[str, object] = {"role": message.role}
    if message.parts:
        joined = ",".join([part.payload for part in message.parts])
        body["content"] = orjson.Fragment(f"[{joined}]")
    else:
        body["content"] = None if message.tool_calls and not message.text else message.text
    if message.tool_calls:
        calls: list[dict[str, object]] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.tool_calls
        ]
        if message.sealed or wants_signatures:
            sign(calls, message, issuer, wants_signatures)
        body["tool_calls"] = calls
    if message.tool_call_id is not None:
        body["tool_call_id"] = message.tool_call_id
    if message.name is not None:
        body["name"] = message.name
    return body


def _tool(tool: ToolSpec) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    function["parameters"] = orjson.Fragment(tool.parameters)
    if tool.strict:
        function["strict"] = True
    return {"type": "function", "function": function}


def _response_format(wanted: ResponseFormat) -> dict[str, object]:
    if wanted.schema is None:
        return {"type": wanted.kind}
    schema: dict[str, object] = {"name": wanted.name, "schema": orjson.Fragment(wanted.schema)}
    if wanted.strict:
        schema["strict"] = True
    return {"type": wanted.kind, "json_schema": schema}


# --- from the upstream ----------------------------------------------------------------------------


def parse_completion(body: bytes, issuer: str = "") -> Answer:
    """A whole `chat.completion` as an Answer; what it signed is `issuer`'s.

    Raises UpstreamInvalid for anything else, UpstreamError for an error object under status 200.
    Usage that is negative, absurd or missing leaves `usage.reported` False.
    """
    found = upstream_object(body)
    raise_for_error(found)
    choices = found.get("choices")
    if type(choices) is not list or not 0 < len(choices) <= MAX_CHOICES:
        raise UpstreamInvalid(f"The upstream's answer has no choices; expected 1 to {MAX_CHOICES}.")
    usage, upstream_id = found.get("usage"), short_text(found.get("id"))
    return Answer(
        choices=tuple([_choice(choice, upstream_id, issuer) for choice in _in_order(choices)]),
        model=short_text(found.get("model")),
        usage=parse_usage(usage),
        provider_cost_nano_usd=parse_provider_cost(usage),
        upstream_id=upstream_id,
    )


def upstream_object(body: bytes) -> dict[str, object]:
    """The JSON object in an upstream's bytes, or UpstreamInvalid. The bytes are never shown."""
    try:
        found = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise UpstreamInvalid(
            f"The upstream sent {len(body)} bytes that are not JSON; expected a completion."
        ) from error
    if type(found) is not dict:
        raise UpstreamInvalid("The upstream sent JSON that is no object; expected a completion.")
    return found


def raise_for_error(found: dict[str, object]) -> None:
    """Raises UpstreamError when the object is an error, whatever the HTTP status said."""
    error = found.get("error")
    if error is not None and error is not False:
        code = shown_code(found)
        raise UpstreamError(f"The upstream sent an error{f' ({code})' if code else ''}.")


def shown_code(found: object) -> str | None:
    """The error's code when it is one of SHOWN_CODES, else None."""
    error = found.get("error") if isinstance(found, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, str) and code in SHOWN_CODES else None


def shown_code_in(body: bytes) -> str | None:
    """`shown_code` of an error body in bytes; None for whatever is no such body."""
    try:
        return shown_code(orjson.loads(body))
    except (orjson.JSONDecodeError, RecursionError):
        return None


def short_text(value: object) -> str:
    """A name that an upstream gave something, bounded; "" for what is no text."""
    return value[:256] if type(value) is str else ""


def _in_order(choices: list[object]) -> list[object]:
    """Choices by their `index`, as a stream has them; as they stand where not all have one."""
    found = [choice.get("index") if type(choice) is dict else None for choice in choices]
    if sorted(i for i in found if type(i) is int) != list(range(len(choices))):
        return choices
    return [choices[found.index(i)] for i in range(len(choices))]


def _choice(value: object, upstream_id: str, issuer: str) -> Choice:
    message = value.get("message") if type(value) is dict else None
    if type(value) is not dict or type(message) is not dict:
        raise UpstreamInvalid("The upstream sent a choice without a message.")
    cut = finish_reason(value.get("finish_reason"), False) == "length"
    calls = _tool_calls(message.get("tool_calls"), "" if cut else "{}", upstream_id)
    refusal, text = message.get("refusal"), content_text(message.get("content"))
    return Choice(
        text=text,
        finish_reason=finish_reason(value.get("finish_reason"), bool(calls)),
        tool_calls=calls,
        refusal=refusal if type(refusal) is str else None,
        reasoning=reasoning_text(message) or None,
        logprobs=parse_logprobs(value.get("logprobs")),
        sealed=signed_calls(message.get("tool_calls"), issuer, bool(text)),
    )


def content_text(value: object) -> str:
    """A message's or delta's text; some servers send parts where OpenAI sends a string."""
    if value is None:
        return ""
    if type(value) is str:
        return value
    if type(value) is list:
        parts = [part.get("text") for part in value if type(part) is dict]
        return "".join([part for part in parts if type(part) is str])
    raise UpstreamInvalid("The upstream sent content that is neither text nor parts.")


def reasoning_text(message: dict[str, object]) -> str:
    """What the model thought aloud, "" when nothing; servers have two names for it."""
    for key in ("reasoning_content", "reasoning"):
        value = message.get(key)
        if type(value) is str:
            return value
    return ""


def finish_reason(value: object, has_calls: bool) -> str:
    """One of OpenAI's four; a whole answer without one has stopped by itself.

    Some servers say `stop` after a call, at which agents would end their loop.
    """
    found = FINISH_REASONS.get(value, "stop") if type(value) is str else "stop"
    return "tool_calls" if has_calls and found == "stop" else found


def _tool_calls(value: object, no_arguments: str, upstream_id: str) -> tuple[ToolCall, ...]:
    if value is None:
        return ()
    if type(value) is not list or len(value) > MAX_TOOL_CALLS:
        raise UpstreamInvalid("The upstream sent tool_calls that are no array of calls.")
    own = [_own_id(upstream_id, i) for i in range(len(value))]
    return tuple([_tool_call(*pair, no_arguments) for pair in zip(value, own, strict=True)])


def _own_id(upstream_id: str, i: int) -> str:
    """An id for the `i`-th call where the server gave none: another one in each turn, since results
    are found by it. At most 40 characters, OpenAI's own bound.

    >>> _own_id("chatcmpl-9f.2", 0)
    'call_9f2_0'
    """
    kept = re.sub("[^A-Za-z0-9]", "", upstream_id.removeprefix("chatcmpl-"))[-28:]
    return f"call_{kept}_{i}" if kept else f"call_{i}"


def _tool_call(value: object, own_id: str, no_arguments: str) -> ToolCall:
    function = value.get("function") if type(value) is dict else None
    if type(value) is not dict or type(function) is not dict:
        raise UpstreamInvalid("The upstream sent a tool call without a function.")
    name, arguments = function.get("name"), function.get("arguments")
    if type(name) is not str or not name:
        raise UpstreamInvalid("The upstream sent a tool call without a name.")
    if type(arguments) is dict:  # as some local servers have it; the wire wants a string
        arguments = orjson.dumps(arguments).decode()
    if arguments is not None and type(arguments) is not str:
        raise UpstreamInvalid("The upstream sent a tool call whose arguments are no string.")
    call_id = value.get("id")
    return ToolCall(
        call_id if type(call_id) is str and call_id else own_id,
        name,
        arguments or no_arguments,
    )


def parse_logprobs(value: object) -> tuple[TokenLogprob, ...]:
    """Token log-probabilities; entries that are not well formed are left out."""
    content = value.get("content") if type(value) is dict else None
    if type(content) is not list:
        return ()
    return tuple([found for entry in content if (found := _token_logprob(entry)) is not None])


def _token_logprob(entry: object) -> TokenLogprob | None:
    found = _token(entry)
    top = entry.get("top_logprobs") if type(entry) is dict else None
    if found is None or type(top) is not list or not top:
        return found
    return replace(found, top=tuple([t for other in top if (t := _token(other)) is not None]))


def _token(entry: object) -> TokenLogprob | None:
    if type(entry) is not dict:
        return None
    token, logprob = entry.get("token"), entry.get("logprob")
    if type(token) is not str or (type(logprob) is not float and type(logprob) is not int):
        return None
    return TokenLogprob(token, float(logprob), utf8=_other_bytes(token, entry.get("bytes")))


def _other_bytes(token: str, value: object) -> bytes | None:
    """The token's bytes where they are not its text's; a character may take several tokens."""
    if type(value) is not list or not all(type(b) is int and 0 <= b <= 255 for b in value):
        return None
    found = bytes(value)
    return None if found == token.encode("utf-8", "replace") else found


def parse_usage(value: object) -> Usage:
    """The reported token counts, or `Usage()` (reported False) when they cannot be believed.

    Some servers count reasoning beside completion_tokens and not within; the total tells, and
    here reasoning is always part of output: 10 + 5 with 20 reasoning and total 35 is output 25.
    """
    if type(value) is not dict:
        return Usage()
    prompt_details = value.get("prompt_tokens_details")
    completion_details = value.get("completion_tokens_details")
    counts = (
        _count(value, "prompt_tokens"),
        _count(value, "completion_tokens"),
        _count(value, "total_tokens"),
        _count(prompt_details, "cached_tokens"),
        _count(prompt_details, "cache_write_tokens"),
        _count(completion_details, "reasoning_tokens"),
    )
    if value.get("prompt_tokens") is None or min(counts) < 0:
        return Usage()
    prompt, completion, total, cached, written, reasoning = counts
    if reasoning > completion or (reasoning and total == prompt + completion + reasoning):
        completion += reasoning
    if cached + written > prompt:
        return Usage()
    return Usage(prompt, cached, written, completion, reasoning, True)


def _count(counts: object, key: str) -> int:
    """The count, 0 when it is not there, -1 when it is no believable count."""
    value = counts.get(key) if type(counts) is dict else None
    if value is None:
        return 0
    if type(value) is float and value.is_integer():
        value = int(value)
    return value if type(value) is int and 0 <= value <= MAX_TOKENS else -1


def parse_provider_cost(usage: object) -> int | None:
    """The provider's own charge (`usage.cost` in dollars, as OpenRouter sends it), nano-dollars."""
    cost = usage.get("cost") if type(usage) is dict else None
    if type(cost) not in (int, float) or not isinstance(cost, int | float):
        return None
    return usd_to_nano(cost) if math.isfinite(cost) and 0 <= cost < 1e6 else None


def bound_usage(input_tokens: int, output_cap: int, answer: Answer) -> Usage:
    """A bound for an answer whose upstream reported no usage: never too low, flagged unreported.

    `input_tokens` is the caller's bound (`cost.input_bound`). Output counts a token per byte of
    UTF-8, which no tokenizer exceeds, but never more than was asked for.
    Example: 30 bytes of text and a call `f` with 9 bytes of arguments are 40 tokens.
    """
    size = 0
    for choice in answer.choices:
        pieces = [choice.text, choice.reasoning or "", choice.refusal or ""]
        pieces += [call.name + call.arguments for call in choice.tool_calls]
        size += sum(len(piece.encode("utf-8", "replace")) for piece in pieces)
    return Usage(input_tokens=input_tokens, output_tokens=min(size, output_cap), reported=False)
