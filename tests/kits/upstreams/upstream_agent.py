"""Answers agents as an upstream: a call when tools are offered, words after its result.

`reply` is a function of the request's body, so one upstream serves every client. When tools are
offered, it calls the chosen one or the first, with words that the prompt quotes. When a schema is
required, it fills it. After a tool's result it repeats that result. A coding agent gets the calls
of upstream_coder first. It knows nothing about HTTP.
"""

from __future__ import annotations

import re

import orjson

from tests.kits.upstreams.upstream_coder import turn

WORDS = "Your parcel is on its way."


def reply(body: dict[str, object]) -> dict[str, object]:
    """Returns the assistant's message: `content`, or `tool_calls` with one call."""
    messages = body["messages"]
    assert isinstance(messages, list)
    tools, choice = body.get("tools"), body.get("tool_choice")
    said_by_tool = messages[-1]["role"] == "tool"
    # A forced tool is called even after a tool's result.
    free = choice in (None, "auto")
    if free and (step := turn(body)) is not None:
        call_id, name, given = step
        function = {"name": name, "arguments": orjson.dumps(given).decode()}
        calls = [{"id": call_id, "type": "function", "function": function}]
        return {"role": "assistant", "content": None, "tool_calls": calls}
    if isinstance(tools, list) and choice != "none" and not (free and said_by_tool):
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [_call(tools, choice, _text(messages[-1]))],
        }
    if (wanted := body.get("response_format")) is not None:
        return {"role": "assistant", "content": _formatted(wanted, _text(messages[-1]))}
    content = f"The tool said: {_text(messages[-1])}" if said_by_tool else WORDS
    return {"role": "assistant", "content": content}


def example(
    schema: dict[str, object], words: str = "some words", root: dict[str, object] | None = None
) -> object:
    """Returns a value that the JSON schema allows: 3 for an integer, `words` for a string."""
    root = schema if root is None else root
    if "$ref" in schema:
        part_of_schema: object = root
        # Follows a reference such as "#/$defs/Item" from the root of the schema.
        for name in str(schema["$ref"]).removeprefix("#/").split("/"):
            part_of_schema = part_of_schema[name]  # type: ignore[index]
        return example(part_of_schema, words, root)  # type: ignore[arg-type]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example(schema[key][0], words, root)  # type: ignore[index]
    if "enum" in schema:
        return schema["enum"][0]  # type: ignore[index]
    if "const" in schema:
        return schema["const"]
    if schema.get("type") == "object" or "properties" in schema:
        below = schema.get("properties", {})
        return {name: example(part, words, root) for name, part in below.items()}  # type: ignore[attr-defined]
    if schema.get("type") == "array":
        return [example(schema.get("items", {}), words, root)]  # type: ignore[arg-type]
    return {"integer": 3, "number": 1.5, "boolean": True, "null": None}.get(
        str(schema.get("type")), words
    )


def _call(
    tools: list[dict[str, dict[str, object]]], choice: object, asked: str
) -> dict[str, object]:
    functions = [tool["function"] for tool in tools]
    named = choice["function"]["name"] if isinstance(choice, dict) else functions[0]["name"]
    function = next(candidate for candidate in functions if candidate["name"] == named)
    quoted = re.search(r"'(.+?)'", asked)
    words = quoted[1] if quoted else "some words"
    arguments = orjson.dumps(example(function.get("parameters", {}), words)).decode()  # type: ignore[arg-type]
    return {"id": "call_0", "type": "function", "function": {"name": named, "arguments": arguments}}


def _formatted(wanted: object, asked: str) -> str:
    assert isinstance(wanted, dict)
    if wanted["type"] == "json_schema":
        return orjson.dumps(example(wanted["json_schema"]["schema"])).decode()
    if wanted["type"] == "json_object":
        return orjson.dumps(dict.fromkeys(re.findall(r"'(\w+)'", asked), "some words")).decode()
    return WORDS


def _text(message: dict[str, object]) -> str:
    content = message["content"]
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content)
    return str(content)
