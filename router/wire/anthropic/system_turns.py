"""Reads turns of the system within a Messages conversation, and words them for older models. Pure.

Such a turn may hold texts, changes of the tools (`tool_addition`, `tool_removal`) and an effort of
its own (`output_config`). Claude Opus 4.8 and later models take them; earlier ones refuse the role
(Messages API, "Mid-conversation system messages and tool changes", as of November 2026). Models of
other providers are offered the tools that are in effect at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar

from router.wire.anthropic.blocks import MAX_TOOLS, Tools, is_the_clients, read_tool
from router.wire.anthropic.changes import CHANGES, change_of
from router.wire.checks import wrong_value

T = TypeVar("T")
Define = Callable[[str, Mapping[str, object], str], None]
"""Takes the name of a tool, its definition and where in the body it stands."""
_REMINDER = "<system-reminder>\n{}\n</system-reminder>"
"""Marks the system's words in a user's turn as Claude Code does, whose models know it. There they
leave the prompt before them as it is, so a prompt cache still has it."""


def has_system_turns(messages: object) -> bool:
    """Returns True where a turn of the conversation is the system's."""
    turns = messages if isinstance(messages, list) else ()
    return any(turn.get("role") == "system" for turn in turns)


def tools_in_effect(tools: Tools, messages: object) -> Tools:
    """Returns the tools that the model may call after all changes of a conversation that was read.

    Raises RequestError for too many.

    >>> gone = {"type": "tool_removal", "tool": {"type": "tool_reference", "name": "now"}}
    >>> now = read_tool({"name": "now", "input_schema": {"type": "object"}}, "tools[0]")
    >>> tools_in_effect(Tools((now,)), [{"role": "system", "content": [gone]}]).own
    ()
    """
    known = {tool.own_name or tool.name: tool for tool in tools.own}
    others = dict.fromkeys(tools.unsupported)

    def define(name: str, definition: Mapping[str, object], path: str) -> None:
        added = read_tool(definition, f"{path}.tool.definition")
        if isinstance(added, str):
            others[added] = None
        else:
            known[name] = added
        if (defined := len(known) + len(others)) > MAX_TOOLS:
            raise wrong_value(path, defined, f"at most {MAX_TOOLS} tools with those before")

    offered = _after_changes(messages, dict(known), known, define)
    return Tools(tuple(offered), tuple(others))


def _after_changes(
    messages: object, offered: dict[str, T], known: Mapping[str, T], define: Define
) -> list[T]:
    """Returns what is offered after all changes; `define` adds to `known` what a change defines."""
    for path, block in _changes(messages):
        change = change_of(block, path)
        if change.definition is not None:
            define(change.name, change.definition, path)
        if block["type"] == "tool_removal":
            offered.pop(change.name, None)
        elif change.name in known:
            offered[change.name] = known[change.name]
    return list(offered.values())


def _changes(messages: object) -> Iterator[tuple[str, dict[str, object]]]:
    for i, turn in enumerate(messages if isinstance(messages, list) else ()):
        content = turn.get("content")
        if turn.get("role") == "system" and isinstance(content, list):
            for j, block in enumerate(content):
                if block.get("type") in CHANGES:
                    yield f"messages[{i}].content[{j}]", block


def without_hosted_changes(turns: list[dict[str, object]], tools: object) -> None:
    """Removes changes of tools that Anthropic itself runs, which are not offered here."""
    listed = tools if isinstance(tools, list) else []
    hosted = {tool.get("name") for tool in listed if not is_the_clients(tool.get("type"))}
    for path, block in _changes(turns):
        change = change_of(block, path)
        if change.definition is not None and not is_the_clients(_kind(change.definition)):
            hosted.add(change.name)
    if not hosted:
        return
    for turn in turns:
        if turn["role"] == "system" and isinstance(content := turn["content"], list):
            turn["content"] = [
                block
                for block in content
                if block["type"] not in CHANGES or change_of(block, "").name not in hosted
            ]


def without_efforts(turns: list[dict[str, object]]) -> None:
    """Removes the effort of single turns, for a model that knows none."""
    for turn in turns:
        if isinstance(config := turn.get("output_config"), dict):
            config.pop("effort", None)


def as_users_turns(body: dict[str, object]) -> None:
    """Words the system's turns as the user's, and writes what they change into `tools`."""
    turns = body["messages"]
    assert isinstance(turns, list)
    tools = _listed_in_effect(body.pop("tools", None), turns)
    if tools:
        body["tools"] = tools
    for turn in turns:
        if turn["role"] != "system":
            continue
        turn.pop("output_config", None)
        turn.pop("clear_at", None)
        turn["role"] = "user"
        if isinstance(content := turn["content"], str):
            turn["content"] = _REMINDER.format(content) if content.strip() else ""
            continue
        turn["content"] = [
            {**block, "text": _REMINDER.format(block["text"])}
            for block in content or ()
            if block["type"] == "text" and block["text"].strip()
        ]


def _listed_in_effect(tools: object, turns: list[dict[str, object]]) -> list[object]:
    """Returns the tools in effect as the client wrote them; what was added is not deferred."""
    loaded: dict[str, object] = {}

    def define(name: str, definition: Mapping[str, object], _: str) -> None:
        loaded[name] = {k: v for k, v in definition.items() if k != "defer_loading"}

    listed = {tool["name"]: tool for tool in tools} if isinstance(tools, list) else {}
    for name, tool in listed.items():
        define(name, tool, "")
    return _after_changes(turns, dict(listed), loaded, define)


def _kind(definition: Mapping[str, object]) -> str | None:
    kind = definition.get("type")
    return kind if isinstance(kind, str) else None
