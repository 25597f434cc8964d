"""Reads fields that bodies of every wire format share.

A known key is obeyed or refused by name. Any other key is kept as JSON text, and `body_keys`
decides which answerer receives it. No body sets an address, a credential or a header. This module
knows nothing about any single endpoint.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.errors import RequestError
from router.types import JsonText, ResponseFormat, ToolSpec
from router.wire.body_keys import FORBIDDEN
from router.wire.checks import (
    Reader,
    boolean,
    integers,
    json_object,
    json_text,
    mapping,
    missing,
    number,
    numbers,
    one_of,
    required_text,
    text,
    texts,
    unsupported,
    words,
    wrong_type,
    wrong_value,
)
from router.wire.hints import MISPLACED, PREFIX
from router.wire.messages import read_name

INT64 = 2**63 - 1
MAX_OUTPUT_TOKENS = 10_000_000
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")


def read_stop(value: object, param: str) -> tuple[str, ...]:
    """Returns one stop sequence or up to four, none of them empty."""
    given = [value] if type(value) is str else value
    if type(given) is not list:
        raise wrong_type(param, value, "a string or an array of up to 4 strings")
    if len(given) > 4:
        raise wrong_value(
            param, given, "at most 4 stop sequences, since a model of OpenAI's may answer"
        )
    stops = tuple([text(item, f"{param}[{i}]") for i, item in enumerate(given)])
    if "" in stops:
        raise wrong_value(param, "", "stop sequences that are not empty")
    return stops


def read_schema(wanted: dict[str, object], path: str, name: str | None = None) -> ResponseFormat:
    """Returns the format described by the keys name, schema, description and strict of `wanted`.

    `name` is used for a wire format without names.
    """
    schema = wanted.get("schema")
    if schema is None:
        raise missing(f"{path}.schema", "a JSON schema")
    schema = mapping(schema, f"{path}.schema")
    description = wanted.get("description")
    if description is not None:
        # The type has no field for it. Inside the schema it tells the model the same.
        schema = {"description": text(description, f"{path}.description"), **schema}
    strict = wanted.get("strict")
    return ResponseFormat(
        "json_schema",
        name or read_name(wanted.get("name"), f"{path}.name"),
        json_text(schema, f"{path}.schema"),
        strict is not None and boolean(strict, f"{path}.strict"),
    )


def read_stream_options(value: object, param: str) -> bool:
    """Returns True when the stream must report usage.

    Padding against traffic analysis is not offered.
    """
    options = mapping(value, param)
    for key, option in options.items():
        if key not in ("include_usage", "include_obfuscation"):
            raise unsupported(f"{param}.{key[:64]}", "known are include_usage, include_obfuscation")
        if option is not None:
            boolean(option, f"{param}.{key}")
    return options.get("include_usage") is True


def check_stream_options(read: Mapping[str, object]) -> None:
    """Raises RequestError for stream_options without a stream."""
    if "stream_options" in read and not read.get("stream"):
        raise RequestError(
            "stream_options was sent without stream: true; send both or neither.",
            param="stream_options",
        )


def _logit_bias(value: object, param: str) -> dict[str, object]:
    given = mapping(value, param)
    if len(given) > 1024:
        raise wrong_value(param, given, "at most 1024 tokens")
    for token, bias in given.items():
        if not (token.isascii() and token.isdigit() and len(token) < 10):
            raise wrong_value(param, token, "token ids as keys")
        number(bias, f"{param}.{token}", -100.0, 100.0)
    return given


def check_metadata(value: object, param: str) -> dict[str, object]:
    """Returns the metadata: at most 16 entries of short text."""
    given = mapping(value, param)
    if len(given) > 16:
        raise wrong_value(param, given, "at most 16 entries")
    for key, entry in given.items():
        if len(key) > 64:
            raise wrong_value(param, key, "keys of at most 64 characters")
        texts(0, 512)(entry, f"{param}.{key}")
    return given


def _prediction(value: object, param: str) -> dict[str, object]:
    """Returns the expected text, without other keys of it or of its parts."""
    given = mapping(value, param)
    one_of(given.get("type"), f"{param}.type", ("content",))
    content = given.get("content")
    if type(content) is not list:
        if type(content) is not str:
            raise wrong_type(f"{param}.content", content, "a string or an array of parts")
        return {"type": "content", "content": content}
    parts = [mapping(part, f"{param}.content[{i}]") for i, part in enumerate(content)]
    for i, part in enumerate(parts):
        one_of(part.get("type"), f"{param}.content[{i}].type", ("text",))
    pieces = [required_text(part, "text", f"{param}.content[{i}]") for i, part in enumerate(parts)]
    return {"type": "content", "content": [{"type": "text", "text": piece} for piece in pieces]}


_SERVICES = ("auto", "default", "flex", "scale", "priority", "fast", "ultrafast")
"""Lists OpenAI's services, by openai-python 3.57."""


def _service_tier(value: object, param: str) -> str:
    """Returns the provider's service, with `priority` for `fast`, its other name.

    Fewer servers know `fast`. All but `auto` and `default` have prices that no policy states, so
    only a model that is named gets them.
    """
    tier = one_of(value, param, _SERVICES)
    return "priority" if tier == "fast" else tier


MODERATED = "ask /v1/moderations for what it finds; the policy's `safety` bounds answers"
"""Tells a client of `moderation`, which no tier obeys: left out, it would seem to have run."""


def refused(advice: str, code: str = "unsupported_parameter") -> Reader:
    """Returns a reader that refuses its key, with advice for the client."""

    def refuse(value: object, param: str) -> object:
        raise unsupported(param, advice, code)

    return refuse


# These keys are checked, but mean nothing to routing. `body_keys` lists their endpoints and
# receivers.
PASSED_ON: dict[str, Reader] = {
    "user": texts(0, 1024),
    "metadata": check_metadata,
    "store": boolean,
    "service_tier": _service_tier,
    "prompt_cache_key": texts(1, 1024),
    "prompt_cache_retention": texts(1, 64),
    "safety_identifier": texts(1, 1024),
    "verbosity": words("low", "medium", "high"),
    "reasoning.summary": words("auto", "concise", "detailed"),
    "reasoning.context": texts(1, 64),
    "prediction": _prediction,
    "logit_bias": _logit_bias,
    "top_k": integers(-1, 1_000_000),  # from Anthropic and from servers that run models; -1: all
    "min_p": numbers(0.0, 1.0),
}


def read_fields(
    body: bytes, readers: Mapping[str, Reader], foreign: frozenset[str], where: str
) -> tuple[dict[str, object], dict[str, JsonText]]:
    """Returns the fields of a body that `readers` know, and the rest to be passed on.

    `foreign` lists keys of chat completions that an upstream would obey without our reading them.
    `where` is the endpoint without these keys.
    """
    return read_object(json_object(body), readers, foreign, where)


def read_object(
    given: Mapping[str, object],
    readers: Mapping[str, Reader],
    foreign: frozenset[str],
    where: str,
) -> tuple[dict[str, object], dict[str, JsonText]]:
    """Returns what `read_fields` does, of a body whose JSON was read."""
    read: dict[str, object] = {}
    extra: dict[str, JsonText] = {}
    for key, value in given.items():
        if value is None:
            continue  # null means the same as a missing key
        if (reader := readers.get(key)) is not None:
            read[key] = reader(value, key)
        elif key in foreign:
            raise unsupported(key, f"{where} has no such key")
        else:
            keep_extra(extra, key, value)
    return read, extra


MOST_EXTRA = 1_000
"""Bounds the keys of a body that are not read here. Clients send few; a body of 8 MB has 700,000,
which took more than a second."""


def keep_extra(extra: dict[str, JsonText], key: str, value: object) -> None:
    """Keeps a key to be passed on.

    Raises RequestError for a bad value, for FORBIDDEN, for a hint outside `routing`, and for more
    than MOST_EXTRA keys.
    """
    if len(extra) >= MOST_EXTRA:
        raise RequestError(
            f"The body has more than {MOST_EXTRA} keys that are not read here. Send fewer.",
            code="invalid_value",
        )
    check = PASSED_ON.get(key)
    if check is not None:
        value = check(value, key)
    elif key.lower().replace("-", "_") in FORBIDDEN:
        raise RequestError(
            f"{key} cannot be set by a request; the operator sets it in the policy.",
            param=key,
            code="unsupported_parameter",
        )
    elif key in MISPLACED:
        header = PREFIX + key.replace("_", "-")
        raise unsupported(key, f"it is a hint: send it as `routing.{key}` or the header {header}")
    elif len(key) > 256:
        raise wrong_value("body", key, "keys of at most 256 characters")
    extra[key] = json_text(value, key)


def check_tool_choice(
    choice: JsonText, tools: tuple[ToolSpec, ...], sent: JsonText | None = None
) -> None:
    """Raises RequestError for a choice, in chat completions' form, that no tool can meet.

    `sent` is what the client sent, in its own form, which the error quotes.
    """
    sent = choice if sent is None else sent
    if choice in ('"none"', '"auto"'):
        return
    if not tools:
        raise wrong_value("tool_choice", sent, "tools to choose from in `tools`")
    # The choice is our own JSON text, so this form is certain.
    if choice != '"required"' and not any(f'"name":"{tool.name}"' in choice for tool in tools):
        raise wrong_value("tool_choice", sent, "the name of one of the tools")
