"""Reads the error that an upstream sent, with any status, in the format of any provider. Pure.

Its own words are not repeated here: they may hold a key.
"""

from __future__ import annotations

import re

import orjson

from router.errors import (
    QUOTA,
    QUOTA_EXHAUSTED,
    UpstreamContentRefused,
    UpstreamError,
    UpstreamOverloaded,
    UpstreamRateLimited,
    UpstreamRejected,
    UpstreamTooLong,
)
from router.regexes.late import late_regex

# Clients may see these codes of an upstream's error; the rest of its text stays hidden.
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

CONTENT_REFUSED = frozenset({"content_filter", "content_policy_violation"})
"""Codes with which OpenAI, Azure and their likes refuse what a request says."""

_OF_THE_REQUEST = SHOWN_CODES - {"insufficient_quota", "invalid_api_key", "rate_limit_exceeded"}
"""Codes of errors that one request caused: they say nothing against the upstream."""

_TOO_LONG = late_regex(
    r"prompt is too long|input is too long for requested model|exceed context limit"
    r"|maximum (context|prompt) length|max context length"
    r"|exceed_context_size|model_context_window_exceeded|context window exceeds"
    r"|exceeds the (context window|available context size)"
    r"|input token count[^.]{0,40}exceeds the maximum number of tokens"
    r"|(longer|greater) than (the|the model's) context length"
    r"|exceeded model token limit|reduce the length of the messages",
    re.IGNORECASE,
)
"""How servers say without a code that a request has too many tokens: Anthropic, Bedrock, vLLM, xAI,
Ollama, llama.cpp, Z.ai, MiniMax, OpenAI, Gemini, SGLang, LM Studio, Moonshot, Groq."""

_SPENT = late_regex(
    r"^billing_error\b|credit balance is too low|\binsufficient_quota\b", re.IGNORECASE
)
"""How Anthropic (by a 402, and by a 400 in its words) and OpenAI say that our money there is spent.
Gemini says "exceeded your current quota" of a rate, which passes."""

_OVERLOADED = frozenset(
    {"overloaded_error", "overloaded", "server_is_overloaded", "slow_down", "503", "529"}
    | {"service_unavailable", "service_unavailable_error", "server_overloaded"}
)
_LIMITED = frozenset({"rate_limit_error", "rate_limit_exceeded", "too_many_requests", "429"})
"""Types and codes by which an error in a stream says why, in place of a status."""


def raise_for_error(body: dict[str, object]) -> None:
    """Raises UpstreamError when the object is an error, for any HTTP status."""
    if body.get("error"):  # some servers write false or an empty text into every answer
        raise error_sent(body)


def error_sent(body: dict[str, object]) -> UpstreamError:
    """Returns the error for one that came in place of an answer; the call may be billed.

    The client hears it as it would from the provider: agents ask again after an overload, and
    compact a prompt that is too long.

    >>> error_sent({"error": {"type": "overloaded_error", "message": "Overloaded"}}).code
    'upstream_overloaded'
    """
    code = shown_code(body)
    if code == UpstreamTooLong.code:
        return UpstreamTooLong("The prompt is too long for the upstream. Shorten it.")
    if code == QUOTA:
        return UpstreamRateLimited("Our money at the upstream is spent.", code=QUOTA_EXHAUSTED)
    said = f"The upstream sent an error{f' ({code})' if code else ''}."
    if code in CONTENT_REFUSED:
        return UpstreamContentRefused(said)
    if code in _OF_THE_REQUEST:
        return UpstreamRejected(said)
    error = body.get("error")
    fields = error if isinstance(error, dict) else {"type": error}
    names = {str(fields.get(key)).lower() for key in ("type", "code")}
    if names & _OVERLOADED:
        return UpstreamOverloaded("The upstream is overloaded. Try again in a moment.")
    if names & _LIMITED:
        return UpstreamRateLimited("The upstream is limiting our rate.")
    return UpstreamError(said)


def shown_code(body: object) -> str | None:
    """Returns the error's code when it is one of SHOWN_CODES, else None.

    Some servers say only in words that a request is too long, and Anthropic that money is spent.
    """
    if isinstance(body, list) and body:  # Gemini's
        body = body[0]
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if isinstance(error, str):  # xAI's
        error = {"message": error}
    elif not isinstance(error, dict):  # SGLang and old vLLM have its fields at the top
        error = body if body.get("object") == "error" else {}
    code, said = error.get("code"), f"{error.get('type')} {error.get('message')}"
    if isinstance(code, str) and code in SHOWN_CODES:
        return code
    if _SPENT.search(said[:1_000]):
        return QUOTA
    return "context_length_exceeded" if _TOO_LONG.search(said[:1_000]) else None


def shown_code_in(body: bytes) -> str | None:
    """Returns `shown_code` of an error body in bytes, or None for other bytes."""
    try:
        return shown_code(orjson.loads(body))
    except (orjson.JSONDecodeError, RecursionError):
        return None
