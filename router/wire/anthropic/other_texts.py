"""Lists the texts of a Messages body that go on in its own words and that no message holds. Pure.

What `blocks` and `request` read is left out, and what privacy knows to be the application's own
(names, descriptions and schemas of tools, ids, stop sequences) or never reads (images, files and
sealed thoughts). All else is listed, keys that nobody here knows included: so a new key of the API
cannot pass unread.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from router.privacy.pseudonyms.json_texts import JsonString, as_read
from router.wire.anthropic.blocks import THOUGHTS, is_the_clients

_LEFT_BEHIND = frozenset({"model", "routing", "stop_sequences", "messages", "system", "tools"})
"""Keys of the body that do not go on, that stay in clear, or that have their own blocks below."""

_TURN = frozenset({"role", "content"})
_OF_BLOCKS: Mapping[str, frozenset[str]] = {
    "text": frozenset({"type", "text"}),
    "image": frozenset({"type", "source"}),
    "document": frozenset({"type", "source", "title", "context"}),
    "search_result": frozenset({"type", "source", "title", "content"}),
    "tool_reference": frozenset({"type", "tool_name"}),
    "tool_use": frozenset({"type", "id", "name", "input"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error"}),
    "tool_addition": frozenset({"type", "tool"}),
    "tool_removal": frozenset({"type", "tool"}),
}
_SOURCE = frozenset({"type", "data", "url", "content"})
_TOOL = frozenset({"type", "name", "description", "input_schema", "strict"})
_NAMED = frozenset({"type", "name", "schema"})  # of a choice of tools, and of a form
_LEAST = 4
"""A shorter text, as the "5m" of a cache point, is nobody's detail."""


def other_texts(body: Mapping[str, object]) -> Iterator[str]:
    """Yields the texts of a body that was read before, each behind its key.

    >>> cited = {"type": "text", "text": "No.", "citations": [{"cited_text": "Ask Jo Ray"}]}
    >>> list(other_texts({"messages": [{"role": "assistant", "content": [cited]}]}))
    ['cited text: Ask Jo Ray']
    """
    yield from _of_blocks(body.get("system"))
    messages = body.get("messages")
    for turn in messages if type(messages) is list else ():
        yield from _beside(turn, _TURN)
        yield from _of_blocks(turn.get("content"))
    tools = body.get("tools")
    for tool in tools if type(tools) is list else ():
        if is_the_clients(tool.get("type")):
            yield from _beside(tool, _TOOL)
    for key, value in body.items():
        if key == "metadata" and type(value) is dict:
            yield from _beside(value, frozenset({"user_id"}))
        elif key in ("tool_choice", "output_format") and type(value) is dict:
            yield from _beside(value, _NAMED)
        elif key == "output_config" and type(value) is dict:
            yield from _beside(value, frozenset({"format"}))
            form = value.get("format")
            yield from _beside(form, _NAMED) if type(form) is dict else ()
        elif key not in _LEFT_BEHIND:
            yield from _texts(key, value)


def _of_blocks(content: object) -> Iterator[str]:
    for block in content if type(content) is list else ():
        kind = block.get("type")
        if kind in THOUGHTS:
            continue
        yield from _beside(block, _OF_BLOCKS.get(kind, frozenset()))
        if kind in ("tool_result", "search_result"):
            yield from _of_blocks(block.get("content"))
        elif kind == "tool_addition":
            yield from _beside(block["tool"].get("definition") or {}, _TOOL)
        elif kind in ("image", "document") and type(source := block.get("source")) is dict:
            yield from _beside(source, _SOURCE)
            yield from _of_blocks(source.get("content"))


def _beside(given: Mapping[str, object], known: frozenset[str]) -> Iterator[str]:
    """Yields the texts under all keys but the known ones."""
    if given.keys() <= known:
        return  # nearly every block is so
    for key, value in given.items():
        if key not in known:
            yield from _texts(key, value)


def _texts(key: str, value: object) -> Iterator[str]:
    """Yields the texts of a value at any depth. A list of what is left stands for the stack."""
    waiting: list[tuple[str, object]] = [(key, value)]
    while waiting:
        key, value = waiting.pop()
        if isinstance(value, dict):
            for inner in value:
                if told := as_read(JsonString(inner, 0, 0, "", is_key=True)):
                    yield told
            waiting += value.items()
        elif isinstance(value, list):
            waiting += [(key, item) for item in value]
        elif isinstance(value, str):
            if len(value) >= _LEAST and (reading := as_read(JsonString(value, 0, 0, key))):
                yield reading
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield from filter(None, [as_read(JsonString(repr(value), 0, 0, key, is_number=True))])
