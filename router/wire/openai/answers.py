"""Reads the whole answer of an OpenAI-compatible upstream as `Answer`.

It knows nothing about connections; `upstream_events` reads streams.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Set

import orjson
from msgspec.structs import replace

from router.errors import (
    StreamCut,
    UpstreamError,
    UpstreamInvalid,
    UpstreamTooMuch,
)
from router.types import (
    Answer,
    Choice,
    JsonText,
    TokenLogprob,
    ToolCall,
    Usage,
)
from router.wire.openai.citations import parse_annotations
from router.wire.openai.returned_reasoning import reasoning_text
from router.wire.openai.streams.split_characters import SplitCharacters
from router.wire.openai.thought_signatures import signed_calls
from router.wire.openai.upstream_errors import raise_for_error
from router.wire.openai.usage import parse_provider_cost, parse_usage

MAX_CHOICES = 8
MAX_TOOL_CALLS = 1_000

FINISH_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "content_filter",
    # Compatible servers use these words for the same reasons, some in capital letters.
    "function_call": "tool_calls",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "model_length": "length",
    "prohibited_content": "content_filter",
    "recitation": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
    "sensitive": "content_filter",
}

BROKEN_OFF = frozenset(
    {"abort", "aborted", "cancelled", "error", "insufficient_system_resource", "network_error"}
)
"""Reasons of an answer that a fault ended: OpenRouter and Mistral say `error`, vLLM and SGLang
`abort`, DeepSeek and Zhipu the last two."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_REPLACEMENT = rb"\ufffd"
_ARGUMENTS = frozenset({"arguments", "input", "partial_json"})
"""Keys of a call's arguments. The event of Responses that has a piece of them names it `delta`."""

_ESCAPE = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    rb"|(?P<half>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)
"""Matches an escape of JSON: two halves of a character, one half alone, or any other."""


def parse_completion(body: bytes, issuer: str = "") -> Answer:
    """Returns a whole `chat.completion` as an Answer; `issuer` signed its signatures.

    Raises UpstreamInvalid for anything else, UpstreamError for an error object under status 200.
    Usage that is negative, too large or missing leaves `usage.reported` False.
    """
    completion = upstream_object(body)
    try:
        # Some servers send an error with status 200.
        raise_for_error(completion)
        choices = completion.get("choices")
        if type(choices) is not list or not 0 < len(choices) <= MAX_CHOICES:
            raise UpstreamInvalid(f"The upstream sent no choices; expected 1 to {MAX_CHOICES}.")
        name = short_text(completion.get("id"))
        read = tuple([_choice(choice, name, issuer) for choice in _in_order(choices)])
        return _answer(completion, read, parse_usage(completion.get("usage")))
    except UpstreamError as error:
        note_charge(error, completion, parse_usage(completion.get("usage")))
        raise


def _answer(body: dict[str, object], choices: tuple[Choice, ...], usage: Usage) -> Answer:
    return Answer(
        choices=choices,
        model=short_text(body.get("model")),
        usage=usage,
        provider_cost_nano_usd=parse_provider_cost(body.get("usage")),
        upstream_id=short_text(body.get("id")),
        service_tier=short_text(body.get("service_tier")),
        system_fingerprint=short_text(body.get("system_fingerprint")),
    )


def note_charge(error: UpstreamError, body: dict[str, object], usage: Usage) -> None:
    """Notes what a call used that failed so, where the upstream's body said it."""
    if usage.reported:
        error.charged = _answer(body, (), usage)


def upstream_object(
    body: bytes,
    loads: Callable[[bytes], object] = orjson.loads,
    halves: SplitCharacters | None = None,
) -> dict[str, object]:
    """Returns the JSON object in an upstream's bytes, or raises UpstreamInvalid.

    A byte order mark is dropped; half a surrogate pair, and bytes that are no UTF-8, become U+FFFD:
    clients read such JSON, and the answer is paid. In a stream `halves` joins such a half with that
    of the event before. A call whose arguments are no UTF-8 is refused, for it would name another
    file. The error never shows the bytes.
    """
    try:
        value = _loaded(body, loads, halves)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise UpstreamInvalid(
            f"The upstream sent {len(body)} bytes that are not JSON; expected a completion."
        ) from error
    if type(value) is not dict:
        raise UpstreamInvalid("The upstream sent JSON that is no object; expected a completion.")
    return value


def written(value: object) -> JsonText:
    """Returns a value that an upstream sent as JSON text, to be carried unchanged.

    Raises UpstreamInvalid for nesting over 250 levels, which can be read and not written.
    """
    try:
        return JsonText(orjson.dumps(value).decode())
    except orjson.JSONEncodeError as error:
        raise UpstreamInvalid("The upstream sent JSON of over 250 levels of nesting.") from error


def _loaded(
    body: bytes, loads: Callable[[bytes], object], halves: SplitCharacters | None
) -> object:
    try:
        value = loads(body)
        return halves.joined(value) if halves else value
    except orjson.JSONDecodeError:
        unmarked = body.removeprefix(_BYTE_ORDER_MARK)
        decoded = unmarked.decode(errors="replace").encode()
        mended = _ESCAPE.sub(_whole_character, decoded)
        if mended == body:
            raise
        value = loads(mended)
        if decoded != unmarked and _alters_a_call(value):
            raise UpstreamInvalid(
                "The upstream sent a tool call whose arguments are no UTF-8."
            ) from None
        if halves is None:
            return value
        # Only this reader keeps halves; the numbers are those that the other one reads.
        kept = json.loads(decoded, parse_int=orjson.loads, parse_float=orjson.loads)
        return halves.joined(kept)


def _alters_a_call(value: object) -> bool:
    """Returns True where U+FFFD stands in a call's arguments, or in a piece of them."""
    if type(value) is list:
        return any(map(_alters_a_call, value))
    if type(value) is not dict:
        return False
    arguments = _ARGUMENTS | ({"delta"} if "_call_" in str(value.get("type")) else set())
    return any(
        "\ufffd" in str(inner) if key in arguments else _alters_a_call(inner)
        for key, inner in value.items()
    )


def _whole_character(escape: re.Match[bytes]) -> bytes:
    return _REPLACEMENT if escape["half"] else escape[0]


def charged_in(body: bytes, read: Callable[[bytes], Answer]) -> Answer | None:
    """Returns what a call used whose refusal has this body, or None where the body does not say.

    `read` reads a whole answer in the upstream's format.
    """
    if b'"usage"' not in body:
        return None
    try:
        answer = read(body)
    except UpstreamError as error:
        return error.charged
    return answer if answer.usage.reported else None


def short_text(value: object) -> str:
    """Returns an upstream's name for something, cut to 256 characters; "" for other types."""
    return value[:256] if type(value) is str else ""


def _in_order(choices: list[object]) -> list[object]:
    """Returns choices by their `index`, as in a stream.

    If some have no index, the order stays as it is.
    """
    if len(choices) == 1:
        return choices
    indexes = [choice.get("index") if type(choice) is dict else None for choice in choices]
    if sorted(i for i in indexes if type(i) is int) != list(range(len(choices))):
        return choices
    return [choices[indexes.index(i)] for i in range(len(choices))]


def _choice(value: object, upstream_id: str, issuer: str) -> Choice:
    message = value.get("message") if type(value) is dict else None
    if type(value) is not dict or type(message) is not dict:
        raise UpstreamInvalid("The upstream sent a choice without a message.")
    # A cut call has no arguments yet. A complete call without any has an empty object.
    given, called = given_reason(value.get("finish_reason")), calls_of(message)
    calls: tuple[ToolCall, ...] = ()
    if called is not None:
        cut = finish_reason(given, False) in CUT_SHORT
        calls = _tool_calls(called, "" if cut else "{}", upstream_id)
    refusal, text = message.get("refusal"), content_text(message.get("content"))
    return Choice(
        text=text,
        finish_reason=finish_reason(given, bool(calls)),
        tool_calls=calls,
        refusal=refusal if type(refusal) is str else None,
        reasoning=reasoning_text(message) or None,
        logprobs=parse_logprobs(value.get("logprobs")),
        sealed=signed_calls(called, issuer, bool(text)) if called else (),
        citations=parse_annotations(message.get("annotations")),
    )


def calls_of(message: dict[str, object]) -> object:
    """Returns the `tool_calls` of a message or delta; one call of the old form is the first.

    Servers that know only `function_call` write it without an id. Some write it beside `tool_calls`
    for old clients, or empty: then it says nothing.
    """
    calls, old = message.get("tool_calls"), message.get("function_call")
    if calls or type(old) is not dict or not (old.get("name") or old.get("arguments")):
        return calls
    return [{"index": 0, "function": old}]


def content_text(value: object) -> str:
    """Returns the text of a message or delta; some servers send parts instead of a string."""
    if value is None:
        return ""
    if type(value) is str:
        return value
    if type(value) is list:
        parts = [part.get("text") for part in value if type(part) is dict]
        return "".join([part for part in parts if type(part) is str])
    raise UpstreamInvalid("The upstream sent content that is neither text nor parts.")


def given_reason(value: object) -> str:
    """Returns a server's reason in small letters, "" for none. Raises StreamCut for a fault."""
    reason = value.lower() if type(value) is str else ""
    if reason in BROKEN_OFF:
        raise StreamCut(f"The upstream broke its answer off ({reason}).")
    return reason


CUT_SHORT = frozenset({"length", "content_filter"})
"""Lists the reasons after which a call may lack arguments that its model was about to write."""


def finish_reason(given: str, has_calls: bool) -> str:
    """Returns one of OpenAI's four reasons. A whole answer without a reason has stopped normally.

    Some servers write `stop` after a call, or `tool_calls` without one. Agents would then end their
    loop, or wait for what nobody called.
    """
    reason = FINISH_REASONS.get(given, "stop")
    ended = reason in ("stop", "tool_calls")
    return ("tool_calls" if has_calls else "stop") if ended else reason


def _tool_calls(value: object, no_arguments: str, upstream_id: str) -> tuple[ToolCall, ...]:
    if type(value) is not list:
        raise UpstreamInvalid("The upstream sent tool_calls that are no array of calls.")
    if len(value) > MAX_TOOL_CALLS:
        raise UpstreamTooMuch(f"The upstream sent more than {MAX_TOOL_CALLS} tool calls.")
    given = {key for one in value if type(one) is dict and type(key := one.get("id")) is str}
    own = list[str]()
    for i in range(len(value)):
        own.append(free_call_id(upstream_id, i, given))
        given.add(own[-1])
    calls = [_tool_call(*pair, no_arguments) for pair in zip(value, own, strict=True)]
    taken: set[str] = set()
    for i, call in enumerate(calls):
        if call.id in taken:  # clients would take one result for another's
            calls[i] = replace(call, id=own[i])
        taken.add(calls[i].id)
    return tuple(calls)


def own_call_id(upstream_id: str, i: int) -> str:
    """Returns an id for the `i`-th call of a server that gave none, or one that another call has.

    It differs in each turn, since it connects a result with its call. It has at most 40 characters,
    OpenAI's own bound.

    >>> own_call_id("chatcmpl-9f.2", 0)
    'call_9f2_0'
    """
    kept = re.sub("[^A-Za-z0-9]", "", upstream_id.removeprefix("chatcmpl-"))[-28:]
    return f"call_{kept}_{i}" if kept else f"call_{i}"


def free_call_id(upstream_id: str, i: int, taken: Set[str]) -> str:
    """Returns the id of the `i`-th call, or of the first later one that no other call has.

    >>> free_call_id("", 1, {"call_1"})
    'call_2'
    """
    while (own := own_call_id(upstream_id, i)) in taken:
        i += 1
    return own


def _tool_call(value: object, own_id: str, no_arguments: str) -> ToolCall:
    function = value.get("function") if type(value) is dict else None
    if type(value) is not dict or type(function) is not dict:
        raise UpstreamInvalid("The upstream sent a tool call without a function.")
    name = function.get("name")
    if type(name) is not str or not name:
        raise UpstreamInvalid("The upstream sent a tool call without a name.")
    call_id = value.get("id")
    return ToolCall(
        call_id if type(call_id) is str and call_id else own_id,
        name,
        arguments_text(function.get("arguments")) or no_arguments,
    )


def arguments_text(value: object) -> str:
    """Returns a call's arguments, or a piece of them, as the text that the wire format needs.

    Some local servers send an object. Raises UpstreamInvalid for other values.
    """
    if type(value) is str:
        return value
    if value is None:
        return ""
    if type(value) is not dict:
        raise UpstreamInvalid("The upstream sent a tool call whose arguments are no string.")
    return written(value)


def parse_logprobs(value: object) -> tuple[TokenLogprob, ...]:
    """Returns the log-probabilities of tokens, without malformed entries."""
    content = value.get("content") if type(value) is dict else None
    if type(content) is not list:
        return ()
    return tuple([token for entry in content if (token := _token_logprob(entry)) is not None])


def _token_logprob(entry: object) -> TokenLogprob | None:
    token = _token(entry)
    top = entry.get("top_logprobs") if type(entry) is dict else None
    if token is None or type(top) is not list or not top:
        return token
    return replace(
        token, top=tuple([t for alternative in top if (t := _token(alternative)) is not None])
    )


def _token(entry: object) -> TokenLogprob | None:
    if type(entry) is not dict:
        return None
    token, logprob = entry.get("token"), entry.get("logprob")
    if type(token) is not str or (type(logprob) is not float and type(logprob) is not int):
        return None
    return TokenLogprob(token, float(logprob), utf8=_other_bytes(token, entry.get("bytes")))


def _other_bytes(token: str, value: object) -> bytes | None:
    """Returns the token's bytes if they differ from its text.

    A character may consist of several tokens.
    """
    if type(value) is not list or not all(type(b) is int and 0 <= b <= 255 for b in value):
        return None
    raw = bytes(value)
    return None if raw == token.encode("utf-8", "replace") else raw
