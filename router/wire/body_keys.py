"""Decides which keys of a client's body reach a model, by wire format and kind of answerer.

An upstream may obey keys that we have never heard of. A key that chooses another model or a plugin
spends money outside the chosen tier, price and budget. So a key reaches an answerer only when it is
in the tables here or in the policy's `pass_through`. All others are left out and reported. This
module knows nothing about the meaning of the keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import compress, islice

from msgspec.structs import replace

from router.privacy.redact import redact
from router.types import Answer, AnswererFacts, BodyRules, ChatRequest, JsonText, Sampling
from router.wire.anthropic.cache_points import IN_PARTS, TTL, has_points
from router.wire.anthropic.thinking import changed_thinking
from router.wire.openai.returned_reasoning import CONTENT, REASONING

NO_KEYS: frozenset[str] = frozenset()

# These keys would redirect a request, its key or its headers, in this gateway or in one behind it
# (CVE-2024-6587 was `api_base`). They are compared in lower case, with `-` read as `_`.
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
_PREFIXES = ("litellm_", "aws_", "azure_", "vertex_", "mock_", "use_litellm")

READ_HERE = frozenset(
    {
        "audio",
        "frequency_penalty",
        "function_call",
        "functions",
        "logprobs",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "modalities",
        "model",
        "moderation",
        "n",
        "parallel_tool_calls",
        "presence_penalty",
        "reasoning_effort",
        "response_format",
        "routing",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_logprobs",
        "top_p",
        "web_search_options",
    }
)
"""Lists the keys that chat completions read, or refuse by name. A body for an upstream is built
from them."""

# Other routers and model servers read these keys as the choice of another model, of a provider at
# another price, of a paid plugin, or of a machine to fetch from. Bodies lose them like any unknown
# key. They are listed so that no policy can let clients send them.
_SPENDS_ELSEWHERE = frozenset(
    {
        "models",
        "route",
        "provider",
        "plugins",
        "user_config",
        "deployment_id",
        "context_window_fallbacks",
        "context_window_fallback_dict",
        "content_policy_fallbacks",
        "kv_transfer_params",
        "input_cost_per_token",
        "output_cost_per_token",
        "proxy_server_request",
    }
)

_OPENAI = frozenset(
    {
        "user",
        "metadata",
        "store",
        "service_tier",
        "prompt_cache_key",
        "prompt_cache_retention",
        "safety_identifier",
        "verbosity",
        "prediction",
        "logit_bias",
    }
)
_SAMPLING = frozenset({"top_k", "min_p"})  # keys of servers that run models
OF_REASONING = ("reasoning.summary", "reasoning.context")
"""Lists keys inside `reasoning` of responses, by their path, that only this wire format has."""
SPELT_WELL = frozenset(
    {
        *OF_REASONING,
        "reasoning.mode",
        "access_programs",
        "background_options",
        "client_metadata",
        "image",
        "prompt_cache_options",
    }
)
"""Lists keys of OpenAI's API (openai-python 3.57, Codex 0.171) that no answerer receives, or few.
They resemble others, and are no mistakes of spelling."""
_OF_RESPONSES = (_OPENAI - {"metadata", "store", "prediction", "logit_bias"}).union(OF_REASONING)

BY_WIRE: Mapping[str, frozenset[str]] = {
    "chat.completions": _OPENAI | _SAMPLING,
    "responses": _OF_RESPONSES | _SAMPLING,
    "responses.compact": _OF_RESPONSES | _SAMPLING,
    "completions": (_OPENAI | _SAMPLING) - {"metadata", "store", "verbosity", "prediction"},
    "messages": frozenset({"user", "top_k"}),
}
"""Lists the keys that an endpoint's bodies may have in addition to those read. `fields` checks all
of them."""

BY_KIND: Mapping[tuple[str, str], frozenset[str]] = {
    ("upstream", "openai"): _OPENAI | _SAMPLING,
    ("upstream", "responses"): _OF_RESPONSES | {"store"},
    ("upstream", "anthropic"): frozenset({"user", "top_k"}),
}
"""Lists the keys that each kind of answerer accepts, by the wire format of the request to it. Our
own models accept none. litellm gives some keys its own meaning, and refuses others that a provider
lacks."""

_NO_SAMPLING: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("upstream", "responses"): ("seed", "frequency_penalty", "presence_penalty"),
    ("upstream", "anthropic"): ("seed", "frequency_penalty", "presence_penalty"),
}
"""Lists the parameters of sampling that a wire format has no word for."""
_DEFAULT_SAMPLING = Sampling()


def mistake_in(name: str) -> str | None:
    """Returns the reason why a policy must not pass a key of this name, or None if it may.

    >>> mistake_in("repetition_penalty") is None, mistake_in("api_base")
    (True, 'it would let clients set an address, a credential or a header')
    """
    plain = name.lower().replace("-", "_")
    if plain in FORBIDDEN or plain.startswith(_PREFIXES):
        return "it would let clients set an address, a credential or a header"
    if plain in _SPENDS_ELSEWHERE:
        return (
            "it would let clients choose another model, provider, plugin or machine, past the "
            "tier's price and budget; make each of them an answerer of its own"
        )
    if plain in READ_HERE:
        return "Tiergate reads it and sends its own"
    return None


@lru_cache(maxsize=256)  # few endpoints, kinds and lists are in use
def known_keys(endpoint: str, kind: str, rules: BodyRules) -> frozenset[str]:
    """Returns the keys of an endpoint's bodies that answerers of this kind receive."""
    taken = BY_KIND.get((kind, rules.wire), NO_KEYS)
    return (BY_WIRE.get(endpoint, NO_KEYS) & taken) | rules.pass_through


def passed_on(request: ChatRequest, facts: AnswererFacts) -> Mapping[str, JsonText]:
    """Returns the part of `request.extra` that this answerer receives.

    When privacy forbids storing, `store` is sent as false. `metadata` is then left out, since
    OpenAI refuses it for requests that it does not store.
    """
    rules = facts.body
    if not request.extra and not rules.stores_unasked:
        return request.extra
    known = known_keys(request.endpoint, facts.kind, rules)
    kept = {key: value for key, value in request.extra.items() if key in known}
    if not rules.may_store and ("store" in kept or rules.stores_unasked):
        kept["store"] = JsonText("false")
        kept.pop("metadata", None)
    return kept


PHASE = "input[].phase"
_THOUGHTS = tuple([f"messages[].{key}" for key in (CONTENT, REASONING)])


def dropped(
    request: ChatRequest,
    facts: AnswererFacts,
    answer: Answer | None = None,
    own_cap: int | None = None,
    reworded: bool = False,
) -> tuple[str, ...]:
    """Returns the body's keys that do not reach this answerer, or reach it with another value.

    With its `answer`, also the bounds that approved words go past. `own_cap` is the answerer's cap
    of output, where it was not the usual one; `reworded`: it did not get the client's own body.
    """
    left_out = (*request.dropped, *_bounds_passed(request, answer))
    if facts.speaks_anthropic:
        left_out += changed_thinking(request, facts, own_cap or facts.max_output_tokens)
    hour_lost = facts.speaks_anthropic and (reworded or not facts.takes_cache_points)
    if TTL in left_out and not hour_lost:
        left_out = tuple([key for key in left_out if key != TTL])
    if has_points(request) and not facts.takes_cache_points:
        left_out = (*left_out, IN_PARTS)
    if left_out and facts.reasoning_key:
        left_out = tuple([key for key in left_out if key not in _THOUGHTS])
    if left_out and facts.body.wire == "responses":
        left_out = tuple([key for key in left_out if key != PHASE])
    if request.sampling != _DEFAULT_SAMPLING:
        left_out = (*_sampling_left_out(request, facts), *_raised_cap(request, facts), *left_out)
    if not request.extra:
        return left_out
    kept = passed_on(request, facts)
    names = [key for key, value in request.extra.items() if kept.get(key) != value]
    return (*names, *left_out)


def _sampling_left_out(request: ChatRequest, facts: AnswererFacts) -> list[str]:
    """Returns the client's names of parameters that the wire has no word for; 0 changes nothing."""
    unknown = _NO_SAMPLING.get((facts.kind, facts.body.wire), ())
    default, given = _DEFAULT_SAMPLING, request.sampling
    return [
        name
        for name in unknown
        if getattr(given, name) != getattr(default, name)
        and (getattr(given, name) or name == "seed")
    ]


def _raised_cap(request: ChatRequest, facts: AnswererFacts) -> list[str]:
    """Returns the name of a cap of output that is smaller than what the wire format takes."""
    cap = request.sampling.max_output_tokens
    raised = cap is not None and not facts.without_model and cap < facts.fewest_output_tokens
    return [request.cap_key or _BOUNDS.get(request.endpoint, _BOUNDS_OF_CHAT)[0]] if raised else []


_BOUNDS_OF_CHAT = ("max_tokens", "stop")
_BOUNDS = {
    "messages": ("max_tokens", "stop_sequences"),
    "responses": ("max_output_tokens", "stop"),
}
"""Names the keys of a cap of output and of stop sequences; those of chat completions elsewhere,
which have two names for the cap (`ChatRequest.cap_key`)."""


def _bounds_passed(request: ChatRequest, answer: Answer | None) -> tuple[str, ...]:
    """Returns the client's bounds of output that approved words go past.

    They go out whole, since nobody approved a part of them. A word is a token or more, so words of
    more than the cap are surely past it.
    """
    sampling = request.sampling
    cap, stops = sampling.max_output_tokens, sampling.stop
    if answer is None or not answer.approved or (cap is None and not stops):
        return ()
    texts = [choice.text for choice in answer.choices]
    passed = (
        cap is not None and any(len(text.split()) > cap for text in texts),
        any(stop in text for stop in stops for text in texts),
    )
    cap_key, stop_key = _BOUNDS.get(request.endpoint, _BOUNDS_OF_CHAT)
    return tuple(compress((request.cap_key or cap_key, stop_key), passed))


MOST_OF_NAME = 64
_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_.\[\]-]{{0,{MOST_OF_NAME - 1}}}")
_LONG_PART = re.compile(r"[A-Za-z0-9]{20,}")
MOST_NAMED = 10


def named(keys: Iterable[str]) -> tuple[str, ...]:
    """Returns the first of these keys that look like names, for logs and rows.

    A client may write anything as a key, a text or a secret too.
    """
    # The cache of `_is_name` holds its keys, and a client can send megabytes as one.
    short = (key for key in keys if len(key) <= MOST_OF_NAME)
    return tuple(islice(filter(_is_name, short), MOST_NAMED))


@lru_cache(maxsize=1_024)  # a client sends the same keys with each request
def _is_name(key: str) -> bool:
    if _NAME.fullmatch(key) is None or redact(key) != key:
        return False
    return not any(_is_mixed(part) for part in _LONG_PART.findall(key))


def _is_mixed(part: str) -> bool:
    """Returns True for letters and digits in one, as random bytes are written."""
    return not part.isalpha() and not part.isdigit()


def narrowed(request: ChatRequest, answerers: Iterable[AnswererFacts]) -> ChatRequest:
    """Returns the request without the keys that none of these answerers receives.

    Such keys use no memory, count in no worst case and do not make two requests different.
    """
    if not request.extra:
        return request
    endpoint = request.endpoint
    known = NO_KEYS.union(*(known_keys(endpoint, facts.kind, facts.body) for facts in answerers))
    if request.extra.keys() <= known:
        return request
    return replace(
        request,
        extra={key: value for key, value in request.extra.items() if key in known},
        dropped=(*(key for key in request.extra if key not in known), *request.dropped),
    )


MOST_LEFT_OUT = 1_000
"""Bounds the names of keys inside messages and tools that are remembered. A body of 8 MB has
700,000 of them, which took a second."""

# Other keys of a message were never sent to an upstream. Clients echo the last four.
_MESSAGE = frozenset(
    {
        "role",
        "content",
        "name",
        "tool_calls",
        "tool_call_id",
        "refusal",
        "annotations",
        "id",
        "index",
        "parsed",
    }
)
_TOOL = frozenset({"type", "function"})
_FUNCTION = frozenset({"name", "description", "parameters", "strict"})
_NESTED_IN_PART = {
    "image_url": frozenset({"url", "detail"}),
    "input_audio": frozenset({"data", "format"}),
    "file": frozenset({"file_id", "file_data", "filename"}),
}
_CACHE_CONTROL = frozenset({"type", "ttl"})


def known_part(part: dict[str, object], kind: str) -> dict[str, object]:
    """Returns a message's part of this kind with the keys of the API, and `cache_control`.

    A cache point lasts five minutes: servers of this format do not tell an hour's writes apart.
    """
    known = {key: part[key] for key in ("type", kind, "cache_control") if key in part}
    inner, names = known[kind], _NESTED_IN_PART.get(kind)
    if names is not None and isinstance(inner, dict) and not inner.keys() <= names:
        known[kind] = {key: value for key, value in inner.items() if key in names}
    point = known.get("cache_control")
    if isinstance(point, dict) and _is_cache_control(point):
        known["cache_control"] = {key: point[key] for key in point if key != "ttl"}
    elif "cache_control" in known:
        del known["cache_control"]
    return known


def _is_cache_control(point: dict[str, object]) -> bool:
    kinds = all(isinstance(item, str) for item in point.values())
    return point.keys() <= _CACHE_CONTROL and kinds and point.get("type") == "ephemeral"


def nested_left_out(messages: object, tools: object) -> tuple[str, ...]:
    """Returns the names of keys inside messages and tools that are not sent on.

    Both were read before, so their shapes are known.
    """
    names: set[str] = set()
    if isinstance(messages, list):
        for message in messages:
            if len(message) == 2 and type(message.get("content")) is str:
                continue  # nearly every message has only a role and a text
            add_others(message, _MESSAGE, "messages[]", names)
            if isinstance(message.get("content"), list):
                for part in message["content"]:
                    _left_out_of_part(part, names)
    if isinstance(tools, list):
        for tool in tools:
            add_others(tool, _TOOL, "tools[]", names)
            add_others(tool["function"], _FUNCTION, "tools[].function", names)
    return tuple(sorted(names)) if names else ()


def _left_out_of_part(part: dict[str, object], names: set[str]) -> None:
    path, kind = "messages[].content[]", str(part["type"])
    kept = known_part(part, kind)
    add_others(part, kept.keys(), path, names)
    for key in (kind, "cache_control"):
        inner, inside = part.get(key), kept.get(key)
        if isinstance(inner, dict) and isinstance(inside, dict):
            add_others(inner, inside.keys(), f"{path}.{key}", names)


def add_others(given: dict[str, object], known: Iterable[str], path: str, names: set[str]) -> None:
    """Adds the names of keys that are unknown and have a value, MOST_LEFT_OUT in all."""
    others = given.keys() - set(known)
    if len(names) + len(others) > MOST_LEFT_OUT:
        left = max(0, MOST_LEFT_OUT - len(names))
        others = set(islice(filter(others.__contains__, given), left))
    names.update(f"{path}.{key[:256]}" for key in others if given[key] not in (None, [], {}, ""))
