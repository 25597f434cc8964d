"""Reads why a provider refused a request: its message, its code, the parameter that it names. Pure.

It knows the bodies of errors of several formats, and no HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Hashable

import orjson
from msgspec import Struct
from msgspec.structs import replace

from router.types import ChatRequest, JsonText, Sampling
from router.wire.anthropic.thinking import thinking_kind
from router.wire.body_keys import OF_REASONING

_READ = 1_000  # characters of a message, which begins with its reason
_DEFAULT = Sampling()
EFFORT = "reasoning_effort"
THINKING, THINKING_TYPE = "thinking", "thinking.type"
"""Anthropic's key that lets a model think, and its kind: adaptive, or enabled with a budget. Some
models take one kind alone, and older ones none."""
SYSTEM_TURNS = "messages[].role"
"""Names turns of the system within a conversation, which Claude's earlier models refuse."""
_OTHER_KIND = {"adaptive": "enabled", "enabled": "adaptive"}

_SPELT = {
    "temperature": "temperature",
    "top_p": "top_p",
    "topP": "top_p",
    "top_k": "top_k",
    "topK": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "frequency_penalty": "frequency_penalty",
    "frequencyPenalty": "frequency_penalty",
    "presence_penalty": "presence_penalty",
    "presencePenalty": "presence_penalty",
    "stop": "stop",
    EFFORT: EFFORT,
    "reasoning.effort": EFFORT,
    "reasoningEffort": EFFORT,
    "output_config.effort": EFFORT,
    "effort": EFFORT,
    # OpenAI writes summaries only for organisations that it has verified.
    "reasoning.summary": "reasoning.summary",
    "reasoning.context": "reasoning.context",
}
"""Lists how providers spell the parameters of sampling that an answer can do without. `n` and
log-probabilities are none: without them the answer would lack what was asked for."""
PARAMETERS = (*dict.fromkeys(_SPELT.values()), THINKING_TYPE, THINKING, SYSTEM_TURNS)
_NAME = re.compile(r"(?<![\w.])(" + "|".join(map(re.escape, _SPELT)) + r")(?!\w)")
_CODES = frozenset({"unsupported_value", "unsupported_parameter", "unknown_parameter"})
_WORDS = re.compile(
    r"\bnot supported\b|\b(?:does not|doesn't|do not|don't) support\b|\bunsupported\b"
    r"|\bdeprecated for\b|\bmay only be set\b|\bcannot both be\b|\bnot permitted\b"
    r"|\bunrecogni[sz]ed\b|\bunknown (?:parameter|argument|field)\b",
    re.IGNORECASE,
)
"""How OpenAI, Anthropic, xAI, vLLM and others say that a model does not take a parameter."""
_AT_TIMES = re.compile(
    r"\b(?:when|while|unless|both|together|thinking|tools?|combination)\b", re.IGNORECASE
)
"""Shows that the model takes the parameter in other requests."""
_VALUE = re.compile(r"\bvalue\b", re.IGNORECASE)
_ONLY_THE_DEFAULT = re.compile(r"\bonly the default\b", re.IGNORECASE)

_NO_THINKING = re.compile(
    r"\bthinking[\w.\"'`]{0,40} {0,2}(?:is |are )?(?:not supported|unsupported)"
    r"|\b(?:does not|doesn't) support (?:adaptive |extended )?thinking\b",
    re.IGNORECASE,
)
_NO_SYSTEM_TURNS = re.compile(
    r"\A(?:messages(?:\.\d+(?:\.content\.\d+)?)?: )?"
    r"(?:role ['\"]system['\"] is not supported|Unexpected role ['\"]system['\"]"
    r"|use the top-level ['\"`]system['\"`] parameter"
    r"|[^.:]{0,40}\btool_(?:addition|removal)\b['\"`]?"
    r"(?:(?: \w+){0,4} not (?:supported|available)"
    r"|(?: found using 'type')? does not match any of the expected tags))",
    re.IGNORECASE,
)
"""How Claude's models refuse them: Sonnet 4.6 and Opus 4.7, Haiku 4.5, and later ones as the first
message; at last Anthropic's other hosts, which lack changes of tools. It reads from the beginning,
with a place of numbers: later on, a refusal may repeat names that the client chose."""
_AS_THE_FIRST = re.compile(r"\buse the top-level\b", re.IGNORECASE)
_BESIDE_THINKING = re.compile(r"\b(?:when|while|unless|both|together|tools?)\b", re.IGNORECASE)


class Refusal(Struct, frozen=True):
    """Holds what the body of a refusal says; "" for what it does not."""

    message: str = ""
    code: str = ""
    param: str = ""


class Unsupported(Struct, frozen=True):
    """Names a parameter that a model does not take; `lasts` in every request that is like it."""

    name: str  # of Sampling, or of a key beside it
    lasts: bool
    of_value: bool = False  # the model may take another value


def refusal_in(body: bytes) -> Refusal:
    """Returns what a refusal says, in the format of OpenAI, Anthropic, Gemini, xAI or vLLM.

    >>> refusal_in(b'{"error": {"message": "no", "param": "seed", "code": null}}')
    Refusal(message='no', code='', param='seed')
    """
    try:
        found = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        return Refusal()
    if isinstance(found, list) and found:
        found = found[0]
    if not isinstance(found, dict):
        return Refusal()
    error = found.get("error", found)
    if isinstance(error, str):
        return Refusal(error[:_READ], _text(found.get("code")))
    if not isinstance(error, dict):
        return Refusal()
    message = _text(error.get("message")) or _text(error.get("detail")) or _detail(error)
    return Refusal(message, _text(error.get("code")), _text(error.get("param")))


def _text(value: object) -> str:
    return value[:_READ] if type(value) is str else ""


def _detail(error: dict[str, object]) -> str:
    """Returns the first fault that a server of FastAPI lists, with its place."""
    listed = error.get("detail")
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict) or type(first.get("msg")) is not str:
        return ""
    place = first.get("loc")
    path = ".".join(str(part) for part in place[:8]) if isinstance(place, list) else ""
    return f"{path}: {first['msg']}"[:_READ]


def unsupported_in(
    refusal: Refusal, request: ChatRequest, left_out: tuple[str, ...] = ()
) -> Unsupported | None:
    """Returns the parameter of the request that the model does not take, None for other refusals.

    Of thoughts that is their kind, and thoughts altogether where the other kind was asked for
    already (`left_out` has it).

    >>> said = Refusal("`temperature` is deprecated for this model.")
    >>> unsupported_in(said, ChatRequest((), "m", Sampling(temperature=0.2)))
    Unsupported(name='temperature', lasts=True, of_value=False)
    """
    if _NO_SYSTEM_TURNS.match(refusal.message) and value_of(request, SYSTEM_TURNS):
        first = _AS_THE_FIRST.search(refusal.message)  # later ones may be welcome
        return Unsupported(SYSTEM_TURNS, lasts=first is None)
    if refusal.code not in _CODES and not _WORDS.search(refusal.message):
        return None
    if _NO_THINKING.search(refusal.message) and value_of(request, THINKING):
        lasts = _BESIDE_THINKING.search(refusal.message) is None
        name = THINKING if THINKING_TYPE in left_out else THINKING_TYPE
        return Unsupported(name, lasts, of_value=True)
    named = [refusal.param] if refusal.param in _SPELT else _NAME.findall(refusal.message)
    asked = [name for spelt in named if value_of(request, name := _SPELT[spelt])]
    if not asked:
        return None
    pair = "cannot both" in refusal.message and "top_p" in asked
    lasts = _AT_TIMES.search(refusal.message) is None
    name = "top_p" if pair else asked[0]
    speaks_of_value = refusal.code == "unsupported_value" or _VALUE.search(refusal.message)
    one = bool(speaks_of_value) and not _ONLY_THE_DEFAULT.search(refusal.message)
    return Unsupported(name, lasts, of_value=one or name == EFFORT)


def circumstances(request: ChatRequest) -> Hashable:
    """Returns what else a request asks for, as far as a model may refuse a parameter because of it.

    A model may take a temperature with one effort and not with another, and not say so.
    """
    sampling = request.sampling
    stated = [name for name in Sampling.__struct_fields__ if value_of(request, name)]
    return (
        tuple(stated),
        sampling.reasoning_effort,
        tuple(sorted(request.extra)),
        "disabled" in request.extra.get(THINKING, ""),
        value_of(request, THINKING),
        bool(request.tools),
        request.response_format.kind,
        bool(request.images),
        request.holds_sound,
    )


_SEALS = re.compile(r"\binclude\b|encrypted", re.IGNORECASE)


def speaks_of_seals(refusal: Refusal) -> bool:
    """Returns True for a refusal of what is asked for sealed, or of what was sent so.

    One that names no parameter may mean it.
    """
    if refusal.code in _CODES and not refusal.param:
        return True
    return any(map(_SEALS.search, (refusal.param, refusal.code, refusal.message)))


def value_of(request: ChatRequest, name: str) -> str:
    """Returns the value that a request states for a parameter, "" for none."""
    if name in ("top_k", "min_p", *OF_REASONING):
        return request.extra.get(name, "")
    if name == SYSTEM_TURNS:
        original = request.unchanged
        return "system" if original is not None and original.has_system_turns else ""
    if name in (THINKING, THINKING_TYPE):
        return _thinking_kind(request)
    value = getattr(request.sampling, name)
    return "" if value == getattr(_DEFAULT, name) else str(value)


def without(request: ChatRequest, names: tuple[str, ...]) -> ChatRequest:
    """Returns the request without these parameters, in its client's own words too."""
    if not names:
        return request
    defaults = {name: getattr(_DEFAULT, name) for name in names if hasattr(_DEFAULT, name)}
    original = request.original
    extra = {key: value for key, value in request.extra.items() if key not in names}
    if THINKING_TYPE in names and THINKING in extra:
        extra[THINKING] = JsonText(orjson.dumps(other_kind(_thinking_kind(request))).decode())
    return replace(
        request,
        sampling=replace(request.sampling, **defaults),
        extra=extra,
        original=None if original is None else replace(original, left_out=names),
    )


def other_kind(kind: str) -> dict[str, str]:
    """Returns `thinking` of the kind that a model takes which refused this one, without a budget.

    >>> other_kind("adaptive")
    {'type': 'enabled'}
    """
    return {"type": _OTHER_KIND[kind]}


def _thinking_kind(request: ChatRequest) -> str:
    """Returns the kind of thoughts that the client asks for, "" for none.

    `orjson.loads` reads one short key of a body that is not Anthropic's.
    """
    if request.original is not None:
        return request.original.thinking
    value = request.extra.get(THINKING)
    kind = thinking_kind(orjson.loads(value)) if value else ""
    return kind if kind in _OTHER_KIND else ""
