"""The tools of `POST /v1/responses` as functions, which is all that most upstreams know, and back.

A `namespace` is flattened: its tool `spawn` becomes `agents__spawn`. A `custom` tool, whose input
is text of some grammar and no JSON, becomes a function with one text, `input`. Calls are shown
under their own names again. What a provider would run by itself (`web_search`, `mcp`, ...) no tier
offers: it is left out, and named, so that the policy may refuse it (`unsupported_tools`).

Follows openai-openapi's Tool and Codex CLI 0.169. It knows nothing about the rest of the body.
"""

from __future__ import annotations

import hashlib
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
from router.wire.messages import MAX_TOOLS, NO_PARAMETERS, read_name

MAX_FLAT_TOOLS = 1_024
"""Of all namespaces together: an agent with ten servers has some hundred tools."""
MAX_NAME = 64  # OpenAI's bound on a function's name
_KIND = re.compile(r"[a-z][a-z0-9_]{0,63}")
_INPUT = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "The tool's whole input as text."}},
    "required": ["input"],
    "additionalProperties": False,
}
INPUT_ALONE = JsonText(orjson.dumps(_INPUT).decode())


class Tools(Struct, frozen=True):
    """Holds a body's tools: as functions, what no tier has, and all of it as it was said."""

    known: tuple[ToolSpec, ...] = ()
    unsupported: tuple[str, ...] = ()
    said: tuple[JsonText, ...] = ()


def read_response_tools(value: object, param: str) -> Tools:
    """All tools. Raises RequestError that names the key, for two of one name too."""
    items = array(value, param)
    if len(items) > MAX_TOOLS:
        raise wrong_value(param, items, f"at most {MAX_TOOLS} tools")
    known: list[ToolSpec] = []
    others: list[str] = []
    said: list[JsonText] = []
    for i, item in enumerate(items):
        at = f"{param}[{i}]"
        tool = mapping(item, at)
        kind = _kind(tool, at)
        if kind == "namespace":
            known += _namespaced(tool, at)
        elif kind in ("function", "custom"):
            known.append(_tool(tool, at))
        else:
            others.append(kind)
            continue
        said.append(_said(tool, known[-1] if kind == "function" else None, at))
    if len(known) > MAX_FLAT_TOOLS:
        raise wrong_value(param, known, f"at most {MAX_FLAT_TOOLS} tools in all namespaces")
    _refuse_collisions(known, param)
    return Tools(tuple(known), tuple(dict.fromkeys(others)), tuple(said))


def _kind(tool: dict[str, object], at: str) -> str:
    if tool.get("type") is None:
        raise missing(f"{at}.type", "`function`, `custom` or `namespace`")
    kind = text(tool["type"], f"{at}.type")
    if _KIND.fullmatch(kind) is None:
        raise wrong_value(f"{at}.type", kind, "`function`, `custom` or `namespace`")
    return kind


def _said(tool: dict[str, object], function: ToolSpec | None, at: str) -> JsonText:
    """A tool as the response repeats it: functions with all their keys, others as they came."""
    if function is None:
        return json_text(tool, at)
    body = {
        "type": "function",
        "name": function.name,
        "description": function.description or None,
        "parameters": orjson.Fragment(function.parameters),
        "strict": function.strict,
    }
    return JsonText(orjson.dumps(body).decode())


def _namespaced(space: dict[str, object], at: str) -> list[ToolSpec]:
    name = read_name(space.get("name"), f"{at}.name")
    if space.get("tools") is None:
        raise missing(f"{at}.tools", "the tools of the namespace")
    found: list[ToolSpec] = []
    for i, item in enumerate(array(space["tools"], f"{at}.tools")):
        place = f"{at}.tools[{i}]"
        tool = mapping(item, place)
        one_of(_kind(tool, place), f"{place}.type", ("function", "custom"))
        spec = _tool(tool, place)
        flat = flat_name(name, spec.name)
        found.append(replace(spec, name=flat, namespace=name, own_name=spec.name))
    return found


def flat_name(namespace: str, name: str) -> str:
    """The one name of a namespace's tool: at most 64 characters, the longest cut by a digest.

    >>> flat_name("agents", "spawn")
    'agents__spawn'
    """
    whole = f"{namespace}__{name}" if namespace else name
    if len(whole) <= MAX_NAME:
        return whole
    end = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{whole[: MAX_NAME - 9]}_{end}"


def _refuse_collisions(tools: Sequence[ToolSpec], param: str) -> None:
    """Raises RequestError where a call could not be told from another tool's."""
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


def _tool(tool: dict[str, object], at: str) -> ToolSpec:
    name = read_name(tool.get("name"), f"{at}.name")
    description = tool.get("description")
    words = "" if description is None else text(description, f"{at}.description")
    if tool["type"] == "custom":
        return _custom(name, words, tool, at)
    parameters, strict = tool.get("parameters"), tool.get("strict")
    return ToolSpec(
        name,
        words,
        NO_PARAMETERS
        if parameters is None
        else json_text(mapping(parameters, f"{at}.parameters"), f"{at}.parameters"),
        strict is not None and boolean(strict, f"{at}.strict"),
    )


def _custom(name: str, words: str, tool: dict[str, object], at: str) -> ToolSpec:
    """A tool of free text. What its grammar would enforce elsewhere, the description asks for."""
    own: dict[str, object] = {"type": "custom", "name": name}
    if words:
        own["description"] = words
    asked = "Give the tool's whole input as text in `input`, and nothing around it."
    if tool.get("format") is not None:
        wanted = mapping(tool["format"], f"{at}.format")
        own["format"] = wanted
        kind = one_of(wanted.get("type"), f"{at}.format.type", ("text", "grammar"))
        if kind == "grammar":
            syntax = one_of(wanted.get("syntax"), f"{at}.format.syntax", ("lark", "regex"))
            grammar = required_text(wanted, "definition", f"{at}.format")
            asked += f" It must match this {syntax} grammar:\n{grammar}"
    told = "\n\n".join([part for part in (words, asked) if part])
    return ToolSpec(name, told, INPUT_ALONE, custom=json_text(own, at))


# --- which one is to be called --------------------------------------------------------------------


class Chosen(Struct, frozen=True):
    """The choice as chat completions write it; None where no tier has what it names."""

    wanted: JsonText | None
    unsupported: str = ""


def read_response_choice(value: object, param: str) -> Chosen:
    """Reads which tools are to be called. Raises RequestError for a subset of them, by name."""
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


# --- calls, there and back ------------------------------------------------------------------------


def custom_call(call_id: str, name: str, words: str) -> ToolCall:
    """A custom tool's call as the function that stands for it is called."""
    return ToolCall(call_id, name, orjson.dumps({"input": words}).decode())


def custom_input(arguments: str) -> str:
    """The text that a custom tool is called with; models that write it bare are understood."""
    try:
        found = orjson.loads(arguments)
    except (orjson.JSONDecodeError, RecursionError):
        return arguments
    words = found.get("input") if type(found) is dict else None
    return words if type(words) is str else arguments


def by_flat_name(request: ChatRequest) -> Mapping[str, ToolSpec]:
    """The tools whose calls are shown otherwise than they are called upstream."""
    return _renamed(request.tools)


def _renamed(tools: Iterable[ToolSpec]) -> dict[str, ToolSpec]:
    return {tool.name: tool for tool in tools if tool.namespace or tool.custom is not None}
