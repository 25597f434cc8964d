"""Reads one change of the tools within a Messages conversation. Pure."""

from __future__ import annotations

from msgspec import Struct

from router.wire.checks import mapping, missing, one_of, required_text, unsupported

CHANGES = ("tool_addition", "tool_removal")
_OF_SERVERS = ("mcp_tool_reference", "mcp_toolset_reference")
_BY_NAME, _BY_VALUE = "tool_reference", "tool_definition"


class Change(Struct, frozen=True):
    """Names the tool that a block adds or removes; `definition` is one that it brings along."""

    name: str
    definition: dict[str, object] | None = None


def change_of(block: dict[str, object], path: str) -> Change:
    """Returns what a block of one of the `CHANGES` says.

    Raises RequestError for a tool of a server, which no tier calls, and for one without a name.

    >>> change_of({"type": "tool_removal", "tool": {"type": "tool_reference", "name": "now"}}, "")
    Change(name='now', definition=None)
    """
    if block.get("tool") is None:
        raise missing(f"{path}.tool", "a reference to a tool")
    tool = mapping(block["tool"], f"{path}.tool")
    kinds = (_BY_NAME, _BY_VALUE) if block["type"] == "tool_addition" else (_BY_NAME,)
    if tool.get("type") in _OF_SERVERS:
        raise unsupported(f"{path}.tool.type", "no tier calls servers; offer tools")
    if tool.get("type") is None:
        raise missing(f"{path}.tool.type", " or ".join(kinds))
    if one_of(tool["type"], f"{path}.tool.type", kinds) == _BY_NAME:
        return Change(required_text(tool, "name", f"{path}.tool"))
    if tool.get("definition") is None:
        raise missing(f"{path}.tool.definition", "a tool as in `tools`")
    definition = mapping(tool["definition"], f"{path}.tool.definition")
    return Change(required_text(definition, "name", f"{path}.tool.definition"), definition)
