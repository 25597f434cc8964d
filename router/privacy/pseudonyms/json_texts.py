"""Reads and rewrites the strings of a JSON text, one after the other, at any depth. Pure.

The text is walked from left to right, so nothing is nested here and nothing else of it changes: not
its blanks, its numbers or the order of its keys. A text that is no JSON is one string.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import orjson
from msgspec import Struct

_PART = re.compile(
    r'"(?P<text>(?:[^"\\]|\\.)*+)"(?P<key>\s*+:)?'
    r"|(?P<number>-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?)|(?P<open>[\[{])|(?P<close>[\]}])",
    re.DOTALL,
)
_LEAST_NUMBER = 7
"""A number of fewer digits is read by nobody: it is a count or a price."""

_PLAIN_WORD = re.compile(r"[A-Za-z_]{1,64}")
"""Matches what a type is called: "text", "object", "tool_use"."""

_SILENT = frozenset({"text", "content", "type", "input", "body", "message", "refusal"})
"""Keys that do not tell what a value is."""


class JsonString(Struct, frozen=True, gc=False):
    """Holds one string or number of a JSON text, decoded, and its place with its quotes."""

    text: str
    start: int
    end: int
    key: str  # the key that it stands under
    is_key: bool = False
    is_number: bool = False


def is_json(payload: str) -> bool:
    """Returns True for a JSON text that is not nested too deep to be read as one."""
    try:
        orjson.loads(payload)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        return False
    return True


def strings_in(payload: str, key: str = "") -> Iterator[JsonString]:
    """Yields the keys, strings and numbers of a JSON text in their order.

    >>> [(one.key, one.text) for one in strings_in('{"to": ["Jo", 5]}') if not one.is_key]
    [('to', 'Jo'), ('to', '5')]
    """
    above: list[str] = []
    for match in _PART.finditer(payload):
        start, end = match.span()
        if (text := match["text"]) is not None:
            decoded = _decoded(text)
            if match["key"] is not None:
                key = decoded
                yield JsonString(decoded, start, match.end("text") + 1, "", is_key=True)
            else:
                yield JsonString(decoded, start, end, key)
        elif (number := match["number"]) is not None:
            yield JsonString(number, start, end, key, is_number=True)
        elif match["open"]:
            above.append(key)
        elif above:
            key = above.pop()


def _decoded(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        return str(orjson.loads(f'"{text}"'))
    except orjson.JSONDecodeError:
        return text  # half of a pair: no letter


def leaves(payload: str, key: str = "") -> Iterator[str]:
    """Yields each text of a JSON text as it is read: behind its key, which tells what it is.

    >>> list(leaves('{"full_name": "Jo Ray", "age": 31, "a@b.io": true}'))
    ['full name: Jo Ray', 'a@b.io']
    """
    if not is_json(payload):
        yield payload
        return
    for one in strings_in(payload, key):
        if reading := as_read(one):
            yield reading


def as_read(one: JsonString) -> str:
    """Returns a string with its key before it, "" for one that nobody reads."""
    if one.is_number and sum(map(str.isdigit, one.text)) < _LEAST_NUMBER:
        return ""
    if one.is_key:
        told = " " in one.text or "@" in one.text or sum(map(str.isdigit, one.text)) > 4
        return one.text if told else ""
    if not one.text or (one.key == "type" and _PLAIN_WORD.fullmatch(one.text)):
        return ""
    return behind(one.key) + one.text


def behind(key: str) -> str:
    """Returns what stands before a value when it is read.

    >>> behind("full_name"), behind("")
    ('full name: ', '')
    """
    return f"{key.replace('_', ' ')}: " if key and key not in _SILENT else ""


def rewritten(payload: str, change: Callable[[JsonString], str], key: str = "") -> str:
    """Returns the JSON text with each string changed; a changed number becomes a string.

    >>> rewritten('{"a": ["b\\\\n"]}', lambda one: one.text.upper())
    '{"A": ["B\\\\n"]}'
    """
    pieces: list[str] = []
    position = 0
    for one in strings_in(payload, key):
        changed = change(one)
        if changed != one.text:
            pieces += [payload[position : one.start], orjson.dumps(changed).decode()]
            position = one.end
    return "".join([*pieces, payload[position:]])
