"""A chat completion's body and headers to `ChatRequest`, or a RequestError that names the key.

A key we know means what it says or is refused by name; a key we don't know is kept as JSON text in
`extra`, which reaches OpenAI-compatible upstreams only, inside the body. No body sets an address, a
credential or a header. Follows openai-openapi's CreateChatCompletionRequest (August 2026). It is on
the hot path: one look-up per key, no schema machinery.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from router.errors import RequestError
from router.types import ChatRequest, JsonText, ResponseFormat, Sampling
from router.wire.checks import (
    Reader,
    array,
    boolean,
    integers,
    json_object,
    json_text,
    mapping,
    missing,
    number,
    numbers,
    one_of,
    text,
    texts,
    unsupported,
    words,
    wrong_type,
    wrong_value,
)
from router.wire.hints import read_hints
from router.wire.messages import read_messages, read_name, read_tool_choice, read_tools

INT64 = 2**63 - 1
EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_PLAIN_TEXT = ResponseFormat()
_DEFAULT_SAMPLING = Sampling()

# Keys that would move a request, its key or its headers elsewhere, in this gateway or in one that
# stands behind it (CVE-2024-6587 was `api_base`). Compared in lower case, `-` read as `_`.
FORBIDDEN = frozenset(
    {
        "api_base",
        "base_url",
        "api_key",
        "api_type",
        "api_version",
        "headers",
        "extra_headers",
        "default_headers",
        "extra_query",
        "extra_body",
        "organization",
        "proxy",
        "proxies",
        "ssl_verify",
        "custom_llm_provider",
        "azure_endpoint",
        "azure_ad_token",
        "azure_ad_token_provider",
        "aws_access_key_id",
        "aws_secret_access_key",
        "aws_session_token",
        "aws_region_name",
        "aws_bedrock_runtime_endpoint",
        "vertex_credentials",
        "vertex_project",
        "vertex_location",
        "litellm_params",
        "litellm_credential_name",
        "model_list",
        "fallbacks",
        "callbacks",
        "success_callback",
        "failure_callback",
        "mock_response",
    }
)


def _stop(value: object, param: str) -> tuple[str, ...]:
    given = [value] if type(value) is str else value
    if type(given) is not list:
        raise wrong_type(param, value, "a string or an array of up to 4 strings")
    if len(given) > 4:
        raise wrong_value(param, given, "at most 4 stop sequences")
    found = tuple([text(item, f"{param}[{i}]") for i, item in enumerate(given)])
    if "" in found:
        raise wrong_value(param, "", "stop sequences that are not empty")
    return found


def _response_format(value: object, param: str) -> ResponseFormat:
    given = mapping(value, param)
    if given.get("type") is None:
        raise missing(f"{param}.type", "text, json_object or json_schema")
    kind = one_of(given["type"], f"{param}.type", ("text", "json_object", "json_schema"))
    if kind != "json_schema":
        return _PLAIN_TEXT if kind == "text" else ResponseFormat(kind)
    if given.get("json_schema") is None:
        raise missing(f"{param}.json_schema", "an object with name and schema")
    at = f"{param}.json_schema"
    wanted = mapping(given["json_schema"], at)
    schema = wanted.get("schema")
    if schema is None:
        raise missing(f"{at}.schema", "a JSON schema")
    schema = mapping(schema, f"{at}.schema")
    description = wanted.get("description")
    if description is not None:
        # The type has no place for it; inside the schema it tells the model the same thing.
        schema = {"description": text(description, f"{at}.description"), **schema}
    strict = wanted.get("strict")
    return ResponseFormat(
        kind,
        read_name(wanted.get("name"), f"{at}.name"),
        json_text(schema, f"{at}.schema"),
        strict is not None and boolean(strict, f"{at}.strict"),
    )


def _stream_options(value: object, param: str) -> bool:
    """Whether usage is wanted in the stream; padding against traffic analysis is not offered."""
    options = mapping(value, param)
    for key, found in options.items():
        if key not in ("include_usage", "include_obfuscation"):
            raise unsupported(f"{param}.{key[:64]}", "known are include_usage, include_obfuscation")
        if found is not None:
            boolean(found, f"{param}.{key}")
    return options.get("include_usage") is True


def _modalities(value: object, param: str) -> None:
    for i, item in enumerate(array(value, param)):
        if one_of(item, f"{param}[{i}]", ("text", "audio")) == "audio":
            raise unsupported(f"{param}[{i}]", "answers are text")


def _logit_bias(value: object, param: str) -> None:
    given = mapping(value, param)
    if len(given) > 1024:
        raise wrong_value(param, given, "at most 1024 tokens")
    for token, bias in given.items():
        if not (token.isascii() and token.isdigit() and len(token) < 10):
            raise wrong_value(param, token, "token ids as keys")
        number(bias, f"{param}.{token}", -100.0, 100.0)


def _metadata(value: object, param: str) -> None:
    given = mapping(value, param)
    if len(given) > 16:
        raise wrong_value(param, given, "at most 16 entries")
    for key, found in given.items():
        if len(key) > 64:
            raise wrong_value(param, key, "keys of at most 64 characters")
        texts(0, 512)(found, f"{param}.{key}")


def _prediction(value: object, param: str) -> None:
    given = mapping(value, param)
    one_of(given.get("type"), f"{param}.type", ("content",))
    if type(given.get("content")) not in (str, list):
        raise wrong_type(f"{param}.content", given.get("content"), "a string or an array of parts")


def _refused(advice: str) -> Reader:
    def refuse(value: object, param: str) -> object:
        raise unsupported(param, advice)

    return refuse


_SAMPLING: dict[str, Reader] = {
    "temperature": numbers(0.0, 2.0),
    "top_p": numbers(0.0, 1.0),
    "seed": integers(-INT64 - 1, INT64),
    "stop": _stop,
    "max_completion_tokens": integers(1, 10_000_000),
    "max_tokens": integers(1, 10_000_000),
    "frequency_penalty": numbers(-2.0, 2.0),
    "presence_penalty": numbers(-2.0, 2.0),
    "logprobs": boolean,
    "top_logprobs": integers(0, 20),
    "n": integers(1, 8),
    "reasoning_effort": words(*EFFORTS),
}

_READ: dict[str, Reader] = {
    "model": texts(1, 256),
    "messages": read_messages,
    "tools": read_tools,
    "tool_choice": read_tool_choice,
    "parallel_tool_calls": boolean,
    "response_format": _response_format,
    "stream": boolean,
    "stream_options": _stream_options,
    "modalities": _modalities,
    "routing": mapping,
    "audio": _refused("answers are text"),
    "web_search_options": _refused("no tier searches the web; offer a tool"),
    "functions": _refused("use tools"),
    "function_call": _refused("use tool_choice"),
}

# Known, checked, and of no meaning to routing: they go on to upstreams as they are.
_PASSED_ON: dict[str, Reader] = {
    "user": texts(0, 1024),
    "metadata": _metadata,
    "store": boolean,
    "service_tier": words("auto", "default"),  # others have prices that the policy does not say
    "prompt_cache_key": texts(1, 1024),
    "prompt_cache_retention": texts(1, 64),
    "safety_identifier": texts(1, 1024),
    "verbosity": words("low", "medium", "high"),
    "prediction": _prediction,
    "logit_bias": _logit_bias,
}


def parse_chat_request(body: bytes, headers: Mapping[str, str]) -> ChatRequest:
    """The request that a chat completion's body and headers ask for.

    `headers` has lower-case names. Raises RequestError (400) with `param` and `code`
    invalid_json, invalid_type, invalid_value, missing_required_parameter, unsupported_parameter.
    """
    sampling: dict[str, Any] = {}
    read: dict[str, Any] = {}
    extra: dict[str, JsonText] = {}
    for key, value in json_object(body).items():
        if value is None:
            continue  # as OpenAI does: null is the same as not sent
        if (reader := _READ.get(key)) is not None:
            read[key] = reader(value, key)
        elif (reader := _SAMPLING.get(key)) is not None:
            sampling[key] = reader(value, key)
        else:
            _keep_extra(extra, key, value)
    if "messages" not in read:
        raise missing("messages", "an array of messages")
    if "model" not in read:
        raise missing("model", "a model's name, such as `auto`")
    tools = read.get("tools", ())
    tool_choice = read.get("tool_choice")
    if tool_choice is not None:
        _check_tool_choice(tool_choice, tools)
    stream = read.get("stream", False)
    if "stream_options" in read and not stream:
        raise RequestError(
            "stream_options was sent without stream: true; send both or neither.",
            param="stream_options",
        )
    return ChatRequest(
        messages=read["messages"],
        requested_model=read["model"],
        sampling=_sampling(sampling) if sampling else _DEFAULT_SAMPLING,
        response_format=read.get("response_format", _PLAIN_TEXT),
        tools=tools,
        tool_choice=tool_choice,
        parallel_tool_calls=read.get("parallel_tool_calls"),
        stream=stream,
        include_usage=read.get("stream_options", False),
        hints=read_hints(read.get("routing"), headers, _cache_key(extra)),
        client_request_id=_client_request_id(headers),
        extra=extra,
    )


def _keep_extra(extra: dict[str, JsonText], key: str, value: object) -> None:
    check = _PASSED_ON.get(key)
    if check is not None:
        check(value, key)
    elif key.lower().replace("-", "_") in FORBIDDEN:
        raise RequestError(
            f"{key} cannot be set by a request; the operator sets it in the policy.",
            param=key,
            code="unsupported_parameter",
        )
    elif len(key) > 256:
        raise wrong_value("body", key, "keys of at most 256 characters")
    extra[key] = json_text(value, key)


def _cache_key(extra: Mapping[str, JsonText]) -> str | None:
    kept = extra.get("prompt_cache_key")
    return None if kept is None else kept[1:-1]


def _check_tool_choice(choice: JsonText, tools: tuple[Any, ...]) -> None:
    if choice in ('"none"', '"auto"'):
        return
    if not tools:
        raise wrong_value("tool_choice", choice, "tools to choose from in `tools`")
    if choice != '"required"' and not any(f'"name":"{tool.name}"' in choice for tool in tools):
        raise wrong_value("tool_choice", choice, "the name of one of the tools")


def _sampling(given: dict[str, Any]) -> Sampling:
    """Sampling parameters; of `max_tokens` and `max_completion_tokens` the smaller one holds."""
    limits = [given.pop(key) for key in ("max_completion_tokens", "max_tokens") if key in given]
    if limits:
        given["max_output_tokens"] = min(limits)
    if given.get("top_logprobs") is not None and not given.get("logprobs"):
        raise wrong_value("top_logprobs", given["top_logprobs"], "logprobs: true beside it")
    return Sampling(**given)


def _client_request_id(headers: Mapping[str, str]) -> str | None:
    """The client's own id when it is printable ASCII of at most 512 characters, else None."""
    given = headers.get("x-client-request-id")
    if given is None or not 0 < len(given) <= 512 or not given.isascii() or not given.isprintable():
        return None
    return given
