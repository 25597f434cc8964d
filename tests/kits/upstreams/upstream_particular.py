"""Refuses what providers refuse, in their words, and calls tools wrongly; any API, by the model.

The models begin with `particular`, with an argument after a colon:
`sampling:NAMES` takes none of these parameters (joined by `+`), and `opus:NAMES` says so as
Anthropic does; both say back what they received. `unfit` refuses each request for its schema, and
`poor` for our account. `misfit:ARGUMENTS` calls the first tool with these arguments (`talking:`
says a word first). `silent` says nothing. `declines` refuses in words, `filters` without.
"""

from __future__ import annotations

import orjson

from tests.kits.upstreams.upstream_wire import completion, whole

OPENAI = "Unsupported value: '{0}' does not support {1} with this model. Only the default is."
ANTHROPIC = "`{0}` is deprecated for this model."
UNFIT = (
    "Invalid schema for function 'f': 'additionalProperties' must be false, not 'my prompt here' "
    "(key {0}, at http://10.1.2.3:8000/v1/x, asked: {1})"
)
POOR = "Your credit balance is too low to use this API."
DECLINED = "I cannot help with that request."


def refusal(fields: dict[str, object], headers: dict[str, str]) -> bytes | None:
    """Returns the bytes of a refusal, None where the model answers."""
    kind, argument = behaviour_of(fields)
    cap = fields.get("max_output_tokens")
    if isinstance(cap, int) and cap < 16:
        return _refused(f"Invalid 'max_output_tokens': expected >= 16, got {cap}.", "x", None)
    if kind in ("sampling", "opus"):
        for name in argument.split("+"):
            if (value := _value(fields, name)) is not None:
                words = OPENAI if kind == "sampling" else ANTHROPIC
                code = "unsupported_value" if kind == "sampling" else None
                param = name if kind == "sampling" else None
                return _refused(words.format(name, value), param, code)
    if kind == "unfit":
        key = headers.get("authorization", headers.get("x-api-key", "")).removeprefix("Bearer ")
        return _refused(UNFIT.format(key, _asked(fields)), "tools[0].function", "invalid_schema")
    return _refused(POOR, None, None) if kind == "poor" else None


def behaviour_of(fields: dict[str, object]) -> tuple[str, str]:
    _, _, rest = str(fields.get("model")).partition("particular:")
    kind, _, argument = rest.partition(":")
    return kind, argument


def chat_answer(fields: dict[str, object]) -> dict[str, object]:
    """Returns a whole chat completion."""
    kind, argument = behaviour_of(fields)
    tools = fields.get("tools")
    if kind in ("misfit", "talking") and isinstance(tools, list):
        named = {"name": tools[0]["function"]["name"], "arguments": argument}
        call = {"id": "call_0", "type": "function", "function": named}
        return completion("Let me look. " if kind == "talking" else None, tool_calls=[call])
    if kind == "filters":
        filtered = completion("")
        filtered["choices"][0]["finish_reason"] = "content_filter"  # type: ignore[index]
        return filtered
    texts = {"silent": "", "declines": DECLINED}
    return completion(texts.get(kind, orjson.dumps({"body": fields}).decode()))


def _value(fields: dict[str, object], path: str) -> object:
    key, _, inner = path.partition(".")
    value = fields.get(key)
    return value.get(inner) if inner and isinstance(value, dict) else value


def _asked(fields: dict[str, object]) -> str:
    turns = fields.get("messages") or fields.get("input")
    assert isinstance(turns, list)
    content = turns[-1]["content"]
    return content if isinstance(content, str) else str(content[0]["text"])


def _refused(message: str, param: str | None, code: str | None) -> bytes:
    error = {"type": "invalid_request_error", "message": message, "param": param, "code": code}
    return whole(400, orjson.dumps({"type": "error", "error": error}))
