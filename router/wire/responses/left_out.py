"""Names the keys inside a response's `input` and `tools` that no upstream receives.

A body for an upstream is written again from what was read, so these keys stay here. This module
knows nothing about keys at the top of the body.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from router.wire.body_keys import add_others

_CALL = frozenset({"type", "id", "call_id", "name", "namespace", "status"})
_OUTPUT = frozenset({"type", "id", "call_id", "name", "output", "status"})
_ITEMS: Mapping[object, frozenset[str]] = {
    None: frozenset({"id", "role", "content", "status", "phase"}),
    "message": frozenset({"type", "id", "role", "content", "status", "phase"}),
    "function_call": _CALL | {"arguments"},
    "custom_tool_call": _CALL | {"input"},
    "function_call_output": _OUTPUT,
    "custom_tool_call_output": _OUTPUT,
}
"""Lists the keys that are read, and those that clients send back as they got them (ids, states)."""
_TEXT = frozenset({"type", "text", "annotations", "logprobs"})
_PARTS: Mapping[object, frozenset[str]] = {
    "input_text": _TEXT,
    "output_text": _TEXT,
    "text": _TEXT,
    "input_image": frozenset({"type", "image_url", "file_id", "detail"}),
    "input_file": frozenset({"type", "file_id", "file_url", "file_data", "filename"}),
}
_TOOLS: Mapping[object, frozenset[str]] = {
    "function": frozenset({"type", "name", "description", "parameters", "strict"}),
    "custom": frozenset({"type", "name", "description", "format"}),
    "namespace": frozenset({"type", "name", "description", "tools"}),
}


def left_out_of_items(items: Iterable[dict[str, object]]) -> tuple[str, ...]:
    """Returns the names of such keys in items and their parts, by their path.

    The items were read before, so their shapes are known. Items that are left out whole, and those
    that only their issuer reads, are not looked into.

    >>> left_out_of_items([{"role": "user", "content": "hi", "ttl": 3}])
    ('input[].ttl',)
    """
    names: set[str] = set()
    for item in items:
        known = _ITEMS.get(item.get("type"))
        if known is None:
            continue
        add_others(item, known, "input[]", names)
        for key in ("content", "output"):
            if key in known and isinstance(parts := item.get(key), list):
                _add_parts(parts, f"input[].{key}[]", names)
    return tuple(sorted(names))


def left_out_of_tools(tools: Iterable[dict[str, object]]) -> tuple[str, ...]:
    """Returns the names of such keys in tools, and in those of a namespace."""
    names: set[str] = set()
    for tool in tools:
        known = _TOOLS.get(tool.get("type"))
        if known is None:
            continue  # this tool is left out whole, and is named elsewhere
        add_others(tool, known, "tools[]", names)
        inner = tool.get("tools") if tool["type"] == "namespace" else None
        for own in inner if isinstance(inner, list) else ():
            add_others(own, _TOOLS[own["type"]], "tools[].tools[]", names)
    return tuple(sorted(names))


def _add_parts(parts: list[dict[str, object]], path: str, names: set[str]) -> None:
    for part in parts:
        known = _PARTS.get(part.get("type"))
        if known is not None:
            add_others(part, known, path, names)
