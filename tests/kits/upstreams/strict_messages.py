"""Says what Anthropic refuses of a Messages body, as its documents of November 2026 tell."""

from __future__ import annotations

import re
from collections.abc import Iterator

_IMAGES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_CALL_ID = re.compile(r"[a-zA-Z0-9_-]+")
_UNKNOWN_IN_SCHEMAS = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "maxItems",
    }
)


def refusal(body: dict[str, object]) -> str:
    """Returns the words of Anthropic's 400, "" for a body that it takes."""
    return next(_refusals(body), "")


def _refusals(body: dict[str, object]) -> Iterator[str]:
    thinking = body.get("thinking")
    if isinstance(thinking, dict) and thinking.get("type") == "enabled":
        if thinking["budget_tokens"] < 1_024:
            yield "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"
        if body.get("max_tokens", 1e9) <= thinking["budget_tokens"]:
            yield "`max_tokens` must be greater than `thinking.budget_tokens`."
    for i, tool in enumerate(body.get("tools") or ()):
        if tool.get("type") in (None, "custom") and "type" not in tool["input_schema"]:
            yield f"tools.{i}.custom.input_schema.type: Field required"
    for block in _blocks_of(body["messages"]):
        yield from _refusals_of_block(block)
    form = (body.get("output_config") or {}).get("format") or body.get("output_format")
    if form is not None:
        yield from _refusals_of_schema(form["schema"])


def _blocks_of(messages: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    for message in messages:
        content = message["content"]
        yield from content if isinstance(content, list) else ()


def _refusals_of_block(block: dict[str, object]) -> Iterator[str]:
    for key in ("id", "tool_use_id"):
        if key in block and not _CALL_ID.fullmatch(str(block[key])):
            yield f"{key}: String should match pattern '^[a-zA-Z0-9_-]+$'"
    source = block.get("source")
    if not isinstance(source, dict):
        return
    known = ("application/pdf",) if block["type"] == "document" else _IMAGES
    if source["type"] == "base64" and source["media_type"] not in known:
        yield f"source.base64.media_type: Input should be one of {known}"
    if source["type"] == "url" and not str(source["url"]).startswith("http"):
        yield "source.url: Only HTTPS URLs are supported."
    if source["type"] == "text" and source["media_type"] != "text/plain":
        yield "source.text.media_type: Input should be 'text/plain'"


def _refusals_of_schema(schema: object) -> Iterator[str]:
    if isinstance(schema, list):
        for inner in schema:
            yield from _refusals_of_schema(inner)
    if not isinstance(schema, dict):
        return
    for key in _UNKNOWN_IN_SCHEMAS & schema.keys():
        if not isinstance(schema[key], dict):
            yield f"For '{schema.get('type')}' type, property '{key}' is not supported"
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        yield "For 'object' type, 'additionalProperties' must be explicitly set to false"
    for inner in schema.values():
        yield from _refusals_of_schema(inner)
