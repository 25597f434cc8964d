"""Translates the tools of `POST /v1/responses` to functions, and their calls back.

Most upstreams know only functions. A `namespace` is flattened: its tool `spawn` becomes
`agents__spawn`. A `custom` tool, whose input is text of some grammar and no JSON, becomes a
function with one text, `input`. Clients see calls under their own names. A tool that a provider
would run itself (`web_search`, `mcp`, ...) is offered by no tier: it is left out and named, so that
the policy may refuse it (`unsupported_tools`).

It follows openai-openapi's Tool and Codex CLI 0.169. This module knows nothing about the rest of
the body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import orjson
from msgspec import Struct
from msgspec.structs import replace

from router.errors import RequestError
from router.types import ChatRequest, JsonText, ToolCall, ToolSpec
from router.wire.checks import (
    array,
    boolean,
    json_text,
    mapping,
    missing,
    one_of,
    required_text,
    shown,
    text,
    unsupported,
    wrong_type,
    wrong_value,
)
from router.wire.messages import MAX_TOOLS, NO_PARAMETERS, read_name, short_name
from router.wire.responses.left_out import left_out_of_tools

MAX_FLAT_TOOLS = 1_024
"""Limits the tools of all namespaces together. An agent with ten servers has some hundred tools."""
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_INPUT = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "The tool's whole input as text."}},
    "required": ["input"],
    "additionalProperties": False,
}
ONLY_INPUT = JsonText(orjson.dumps(_INPUT).decode())


class Tools(Struct, frozen=True):
    """Holds a body's tools: as functions, those that no tier has, and those to be echoed.

    `left_out` are names of keys that are not sent on.
    """

    known: tuple[ToolSpec, ...] = ()
    unsupported: tuple[str, ...] = ()
    echoes: tuple[JsonText, ...] = ()
    left_out: tuple[str, ...] = ()


def read_response_tools(value: object, param: str) -> Tools:
    """Returns all tools. Raises RequestError that names the key, also for two of one name."""
    items = array(value, param)
    if len(items) > MAX_TOOLS:
        raise wrong_value(param, items, f"at most {MAX_TOOLS} tools")
    known: list[ToolSpec] = []
    others: list[str] = []
    echoes: list[JsonText] = []
    for i, item in enumerate(items):
        path = f"{param}[{i}]"
        tool = mapping(item, path)
        kind = _kind(tool, path)
        if kind == "namespace":
            known += _namespaced(tool, path)
        elif kind in ("function", "custom"):
            known.append(_tool(tool, path))
        else:
            # No tier has this tool, so it is neither sent nor echoed.
            others.append(kind)
            continue
        echoes.append(_echo_of(tool, known[-1] if kind == "function" else None, path))
    if len(known) > MAX_FLAT_TOOLS:
        raise wrong_value(param, known, f"at most {MAX_FLAT_TOOLS} tools in all namespaces")
    _refuse_collisions(known, param)
    left_out = left_out_of_tools(mapping(item, param) for item in items)
    return Tools(tuple(known), tuple(dict.fromkeys(others)), tuple(echoes), left_out)


def with_later(tools: Tools, later: Sequence[Tools], param: str) -> Tools:
    """Returns the tools of a body with those that its input adds; a later one replaces its like.

    They are not echoed: a response repeats the `tools` of the body alone. Raises RequestError for
    too many, and for two of one name.
    """
    added = [tool for item in later for tool in item.known]
    others = dict.fromkeys(
        [*tools.unsupported, *[kind for item in later for kind in item.unsupported]]
    )
    if added:
        by_name = {(tool.namespace, tool.name): tool for tool in (*tools.known, *added)}
        known = list(by_name.values())
        if len(known) > MAX_FLAT_TOOLS:
            raise wrong_value(param, known, f"at most {MAX_FLAT_TOOLS} tools with the body's own")
        _refuse_collisions(known, param)
        tools = replace(tools, known=tuple(known))
    left_out = {name for item in (tools, *later) for name in item.left_out}
    return replace(tools, unsupported=tuple(others), left_out=tuple(sorted(left_out)))


def _kind(tool: dict[str, object], path: str) -> str:
    if tool.get("type") is None:
        raise missing(f"{path}.type", "`function`, `custom` or `namespace`")
    kind = text(tool["type"], f"{path}.type")
    if _KIND.fullmatch(kind) is None:
        raise wrong_value(f"{path}.type", kind, "`function`, `custom` or `namespace`")
    return kind


def _echo_of(tool: dict[str, object], function: ToolSpec | None, path: str) -> JsonText:
    """Returns a tool for the echo: functions with all their keys, others unchanged."""
    if function is None:
        return json_text(tool, path)
    body = {
        "type": "function",
        "name": function.name,
        "description": function.description or None,
        "parameters": orjson.Fragment(function.parameters),
        "strict": function.strict,
    }
    return JsonText(orjson.dumps(body).decode())


def _namespaced(space: dict[str, object], path: str) -> list[ToolSpec]:
    name = read_name(space.get("name"), f"{path}.name")
    if space.get("tools") is None:
        raise missing(f"{path}.tools", "the tools of the namespace")
    specs: list[ToolSpec] = []
    for i, item in enumerate(array(space["tools"], f"{path}.tools")):
        place = f"{path}.tools[{i}]"
        tool = mapping(item, place)
        one_of(_kind(tool, place), f"{place}.type", ("function", "custom"))
        spec = _tool(tool, place)
        flat = flat_name(name, spec.name)
        specs.append(replace(spec, name=flat, namespace=name, own_name=spec.name))
    return specs


def flat_name(namespace: str, name: str) -> str:
    """Returns the only name of a namespace's tool: at most 64 characters.

    The name ends in a digest if it was longer.

    >>> flat_name("agents", "spawn")
    'agents__spawn'
    """
    return short_name(f"{namespace}__{name}" if namespace else name)


def _refuse_collisions(tools: Sequence[ToolSpec], param: str) -> None:
    """Raises RequestError when a call could belong to two tools."""
    first: dict[str, ToolSpec] = {}
    for tool in tools:
        other = first.setdefault(tool.name, tool)
        if other is not tool and (tool.namespace or other.namespace):
            raise RequestError(
                f"{param}: found two tools whose name is {tool.name!r}, since {_origin(tool)} is "
                f"sent upstream as that, beside {_origin(other)}; expected one. Rename one of "
                "them.",
                param=param,
                code="invalid_value",
            )


def _origin(tool: ToolSpec) -> str:
    if not tool.namespace:
        return f"the tool {shown(tool.name)}"
    return f"{shown(tool.own_name)} of the namespace {shown(tool.namespace)}"


def _tool(tool: dict[str, object], path: str) -> ToolSpec:
    name = read_name(tool.get("name"), f"{path}.name")
    description = tool.get("description")
    words = "" if description is None else text(description, f"{path}.description")
    if tool["type"] == "custom":
        return _custom(name, words, tool, path)
    parameters, strict = tool.get("parameters"), tool.get("strict")
    return ToolSpec(
        name,
        words,
        NO_PARAMETERS
        if parameters is None
        else json_text(mapping(parameters, f"{path}.parameters"), f"{path}.parameters"),
        None if strict is None else boolean(strict, f"{path}.strict"),
    )


def _custom(name: str, words: str, tool: dict[str, object], path: str) -> ToolSpec:
    """Returns a tool of free text. Its description asks for what a grammar enforces elsewhere."""
    own: dict[str, object] = {"type": "custom", "name": name}
    if words:
        own["description"] = words
    instruction = "Give the tool's whole input as text in `input`, and nothing around it."
    if tool.get("format") is not None:
        wanted = mapping(tool["format"], f"{path}.format")
        own["format"] = wanted
        kind = one_of(wanted.get("type"), f"{path}.format.type", ("text", "grammar"))
        if kind == "grammar":
            syntax = one_of(wanted.get("syntax"), f"{path}.format.syntax", ("lark", "regex"))
            grammar = required_text(wanted, "definition", f"{path}.format")
            instruction += f" It must match this {syntax} grammar:\n{grammar}"
    full_description = "\n\n".join([part for part in (words, instruction) if part])
    return ToolSpec(name, full_description, ONLY_INPUT, custom=json_text(own, path))


class Chosen(Struct, frozen=True):
    """Holds the choice in chat completions' form; None when no tier has the named tool."""

    wanted: JsonText | None
    unsupported: str = ""


def read_response_choice(value: object, param: str) -> Chosen:
    """Returns the choice of tools. Raises RequestError for a named subset of them."""
    if type(value) is str:
        return Chosen(json_text(one_of(value, param, ("none", "auto", "required")), param))
    if type(value) is not dict:
        raise wrong_type(param, value, "none, auto, required or an object that names a tool")
    kind = _kind(value, param)
    if kind == "allowed_tools":
        raise unsupported(f"{param}.type", "send only the tools that are allowed")
    if kind not in ("function", "custom"):
        return Chosen(None, kind)
    name = read_name(value.get("name"), f"{param}.name")
    space = value.get("namespace")
    flat = flat_name("" if space is None else read_name(space, f"{param}.namespace"), name)
    return Chosen(json_text({"type": "function", "function": {"name": flat}}, param))


def custom_call(call_id: str, name: str, words: str) -> ToolCall:
    """Returns a custom tool's call as a call of the function that replaces it."""
    return ToolCall(call_id, name, orjson.dumps({"input": words}).decode())


def custom_input(arguments: str) -> str:
    """Returns the input text of a custom tool. Bare text of a model is accepted, too."""
    try:
        value = orjson.loads(arguments)
    except (orjson.JSONDecodeError, RecursionError):
        return arguments
    words = value.get("input") if type(value) is dict else None
    return words if type(words) is str else arguments


def by_flat_name(request: ChatRequest) -> Mapping[str, ToolSpec]:
    """Returns the tools whose calls have another name for the client than upstream."""
    return _renamed(request.tools)


def _renamed(tools: Iterable[ToolSpec]) -> dict[str, ToolSpec]:
    return {tool.name: tool for tool in tools if tool.namespace or tool.custom is not None}
