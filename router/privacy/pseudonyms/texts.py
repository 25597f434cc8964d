"""Walks through a request: reads the personal details in it, and replaces them everywhere.

Texts of messages, text parts, arguments and results of tools, and values of the body that go
upstream are read. Descriptions and schemas of tools are the application's own: known values are
replaced in them, nothing else is looked for. Images, sound and files are not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from hashlib import blake2b

import orjson
from msgspec.structs import replace

from router.privacy.entities import detector
from router.privacy.entities.kinds import Entity, EntityKind
from router.types import ChatRequest, ContentPart, JsonText, Message, ToolCall

KEPT_READINGS = 4_096
_LEAST_KEPT = 64
_LEAST_ALONE = 4
"""A name of one word counts in other messages from so many letters on."""

Swap = Callable[[str], str]


class Reader:
    """Reads texts; a text that was read before is known by its digest, and not kept."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Entity, ...]] = {}

    def found(self, text: str) -> tuple[Entity, ...]:
        """Returns the details of a text."""
        if len(text) < _LEAST_KEPT:
            return detector.find(text)
        key = self._key(text)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = detector.find(text)
            if len(self._known) > KEPT_READINGS:
                # A copy of the keys, since other threads read long texts meanwhile.
                for old in list(self._known)[: KEPT_READINGS // 2]:
                    self._known.pop(old, None)
        return found

    def is_known(self, text: str) -> bool:
        """Returns True for a text that needs no reading."""
        return len(text) >= _LEAST_KEPT and self._key(text) in self._known

    def _key(self, text: str) -> bytes:
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def texts_of(request: ChatRequest) -> Iterator[str]:
    """Yields each text of a request that is read, in its order."""
    for message in request.messages:
        if message.text:
            yield message.text
        for call in message.tool_calls:
            yield from _leaves(call.arguments)
    for key, value in request.extra.items():
        yield from _leaves(value, key)


def _leaves(payload: str, key: str = "") -> Iterator[str]:
    """Yields the strings in a JSON text, each behind its key, which tells what it is."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        yield payload
        return
    stack: list[tuple[str, object]] = [(key, value)]
    while stack:
        name, one = stack.pop()
        if isinstance(one, str) and one:
            yield f"{name.replace('_', ' ')}: {one}" if name else one
        elif isinstance(one, int | float) and not isinstance(one, bool) and abs(one) > 999_999:
            yield f"{name.replace('_', ' ')}: {one}"
        elif isinstance(one, dict):
            stack += reversed(list(one.items()))
        elif isinstance(one, list):
            stack += [(name, item) for item in reversed(one)]


def values_of(text: str, found: tuple[Entity, ...]) -> Iterator[tuple[str, EntityKind]]:
    """Yields each value with its kind, then the parts of names that stand for the whole."""
    for entity in found:
        value = entity.value(text)
        yield value, entity.kind
        if entity.kind is EntityKind.NAME and " " in value:
            for part in re.split(r"[\s.,]+", value):
                if len(part) >= _LEAST_ALONE and part[0].isupper() and detector.is_rare(part):
                    yield part, EntityKind.NAME


def counts_elsewhere(value: str, kind: EntityKind) -> bool:
    """Returns True for a value that is the same detail wherever it stands."""
    if kind is not EntityKind.NAME:
        return len(value) >= _LEAST_ALONE
    return " " in value or (len(value) >= _LEAST_ALONE and detector.is_rare(value))


def swapped(request: ChatRequest, swap: Swap) -> ChatRequest:
    """Returns the request with `swap` applied to everything that goes upstream."""
    return replace(
        request,
        messages=tuple([_message(message, swap) for message in request.messages]),
        tools=tuple(
            [
                replace(
                    tool,
                    description=swap(tool.description),
                    parameters=swapped_json(tool.parameters, swap),
                )
                for tool in request.tools
            ]
        ),
        response_format=request.response_format
        if request.response_format.schema is None
        else replace(
            request.response_format, schema=swapped_json(request.response_format.schema, swap)
        ),
        sampling=replace(
            request.sampling, stop=tuple([swap(word) for word in request.sampling.stop])
        ),
        extra={key: swapped_json(value, swap) for key, value in request.extra.items()},
        original=None,
    )


_NAME = re.compile(r"[^A-Za-z0-9_-]")


def _message(message: Message, swap: Swap) -> Message:
    name = message.name
    if name and message.role == "user":
        name = _NAME.sub("", swap(name))
    return replace(
        message,
        text=swap(message.text),
        parts=tuple([_part(part, swap) for part in message.parts]),
        tool_calls=tuple([_call(call, swap) for call in message.tool_calls]),
        name=name,
    )


def _part(part: ContentPart, swap: Swap) -> ContentPart:
    if part.kind != "text":
        return part
    return replace(part, payload=swapped_json(part.payload, swap))


def _call(call: ToolCall, swap: Swap) -> ToolCall:
    return replace(call, arguments=swapped_json(JsonText(call.arguments), swap))


def swapped_json(payload: JsonText, swap: Swap) -> JsonText:
    """Returns a JSON text with `swap` applied to its strings, unchanged where none changes."""
    try:
        value = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return JsonText(swap(payload))
    changed = _swapped_value(value, swap)
    return payload if changed == value else JsonText(orjson.dumps(changed).decode())


def _swapped_value(value: object, swap: Swap) -> object:
    if isinstance(value, str):
        return swap(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        changed = swap(str(value))
        return value if changed == str(value) else changed
    if isinstance(value, list):
        return [_swapped_value(one, swap) for one in value]
    if isinstance(value, dict):
        return {key: _swapped_value(one, swap) for key, one in value.items()}
    return value
