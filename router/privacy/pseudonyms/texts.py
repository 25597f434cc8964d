"""Walks through a request: reads the personal details in it, and replaces them everywhere.

`texts_of` is the only list of what leaves with a request; residency reads it, too. It has the texts
of messages and of their parts, refusals and names of files included, names of speakers, arguments
and results of tools, values of the body that go upstream, and what a client's own body holds
besides. Descriptions and schemas of tools are the application's own: known values are replaced in
them, nothing else is looked for. Images, sound and files are not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from typing import Protocol

import orjson
from msgspec.structs import replace

from router.privacy.entities import detector
from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.pseudonyms.json_texts import (
    JsonString,
    as_read,
    behind,
    is_json,
    leaves,
    rewritten,
    strings_in,
)
from router.types import ChatRequest, ContentPart, JsonText, Message, ToolCall

KEPT_READINGS = 4_096
_LEAST_KEPT = 64
_WORDS = ("text", "refusal")
"""Kinds of parts that are words."""
_LEAST_ALONE = 4
"""A name of one word counts in other messages from so many letters on."""


class Swap(Protocol):
    """Puts tags in place of details."""

    def said(self, text: str, before: str = "") -> str:
        """Returns a text that somebody said; `before` was put before it when it was read."""
        ...

    def known(self, text: str) -> str:
        """Returns a text of the application, in which only known values are replaced."""
        ...

    def bare(self, text: str) -> str:
        """Returns a name of the application with tags that need no brackets."""
        ...


class Reader:
    """Reads texts; a text that was read before is known by its digest, and not kept."""

    def __init__(self) -> None:
        self._known: dict[bytes, tuple[Entity, ...]] = {}

    def found(self, text: str) -> tuple[Entity, ...]:
        """Returns the details of a text."""
        if len(text) < _LEAST_KEPT:
            return detector.find(text)
        key = self._key(text)
        reading = self._known.get(key)
        if reading is None:
            reading = self._known[key] = detector.find(text)
            if len(self._known) > KEPT_READINGS:
                # A copy of the keys, since other threads read long texts meanwhile.
                for old in list(self._known)[: KEPT_READINGS // 2]:
                    self._known.pop(old, None)
        return reading

    def is_known(self, text: str) -> bool:
        """Returns True for a text that needs no reading."""
        return len(text) >= _LEAST_KEPT and self._key(text) in self._known

    def _key(self, text: str) -> bytes:
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def texts_of(request: ChatRequest) -> Iterator[str]:
    """Yields each text of a request that is read, in its order."""
    for message in request.messages:
        if message.name and message.role != "function":  # which is the name of a tool
            yield message.name
        if message.text and not _pieces(message):
            yield message.text
        for part in message.parts:
            if part.kind in _WORDS:
                yield from leaves(part.payload)
            elif name := _file_name(part):
                yield name
        if message.reasoning:
            yield message.reasoning
        for call in message.tool_calls:
            yield from leaves(call.arguments)
    for key, value in request.extra.items():
        yield from leaves(value, key)
    if original := request.unchanged:
        yield from original.others


def size_of(request: ChatRequest) -> int:
    """Returns about how many characters `texts_of` yields, without reading any JSON."""
    size = sum([len(message.text) + len(message.reasoning) for message in request.messages])
    arguments = [len(call.arguments) for m in request.messages for call in m.tool_calls]
    refusals = [len(part.payload) for part in request.parts if part.kind == "refusal"]
    others = request.unchanged.others if request.unchanged else ()
    size += sum(arguments) + sum(refusals) + sum(map(len, others))
    return size + sum(map(len, request.extra.values()))


def size_of_forms(request: ChatRequest) -> int:
    """Returns the characters of the application's own texts, in which known values are replaced."""
    tools = [len(t.description) + len(t.parameters) + len(t.custom or "") for t in request.tools]
    return sum(tools) + len(request.response_format.schema or "")


def _pieces(message: Message) -> tuple[str, ...]:
    """Returns the texts of the parts that make up a message's text; empty where they do not."""
    pieces = tuple(
        [text for part in message.parts if part.kind == "text" for text in _text_of(part)]
    )
    return pieces if pieces and "\n".join(pieces) == message.text else ()


def _file_name(part: ContentPart) -> str:
    """Returns the name of a file that is sent in a part, "" for a part without one."""
    if part.kind != "file" or '"filename"' not in part.payload:
        return ""
    name = orjson.loads(part.payload)["file"].get("filename")
    return name if isinstance(name, str) else ""


def _text_of(part: ContentPart) -> list[str]:
    return [one.text for one in strings_in(part.payload) if one.key == "text" and not one.is_key]


def values_of(text: str, entities: tuple[Entity, ...]) -> Iterator[tuple[str, EntityKind]]:
    """Yields each value with its kind, then the parts of names that stand for the whole."""
    for entity in entities:
        value = entity.value(text)
        yield value, entity.kind
        if entity.kind is EntityKind.NAME and " " in value:
            for part in re.split(r"[\s.,]+", value):
                small = part[0].islower() and not value.islower()
                if len(part) >= _LEAST_ALONE and not small and detector.is_rare(part):
                    yield part, EntityKind.NAME


def counts_elsewhere(value: str, kind: EntityKind) -> bool:
    """Returns True for a value that is the same detail wherever it stands."""
    if kind is not EntityKind.NAME:
        return len(value) >= _LEAST_ALONE
    return " " in value or (len(value) >= _LEAST_ALONE and detector.is_rare(value))


def swapped(request: ChatRequest, swap: Swap) -> ChatRequest:
    """Returns the request with `swap` applied to everything that goes upstream."""
    form = request.response_format
    return replace(
        request,
        messages=tuple([_message(message, swap) for message in request.messages]),
        tools=tuple(
            [
                replace(
                    tool,
                    description=swap.known(tool.description),
                    parameters=_schema(tool.parameters, swap),
                    custom=None if tool.custom is None else _schema(tool.custom, swap),
                    native=None if tool.native is None else _schema(tool.native, swap),
                )
                for tool in request.tools
            ]
        ),
        response_format=form
        if form.schema is None
        else replace(form, schema=_schema(form.schema, swap)),
        sampling=replace(
            request.sampling, stop=tuple([swap.known(word) for word in request.sampling.stop])
        ),
        extra={key: _payload(value, swap, key) for key, value in request.extra.items()},
        original=None,
    )


_NAME = re.compile(r"[^A-Za-z0-9_-]")


def _message(message: Message, swap: Swap) -> Message:
    name = message.name
    if name and message.role != "function":
        changed = swap.said(name)
        # Only what stands in the place of a person's name has to fit the form of one.
        name = _NAME.sub("", changed) if message.role == "user" or changed != name else name
    pieces = _pieces(message)
    return replace(
        message,
        text="\n".join(map(swap.said, pieces)) if pieces else swap.said(message.text),
        parts=tuple([_part(part, swap) for part in message.parts]),
        tool_calls=tuple([_call(call, swap) for call in message.tool_calls]),
        name=name,
        reasoning=swap.said(message.reasoning) if message.reasoning else "",
    )


def _part(part: ContentPart, swap: Swap) -> ContentPart:
    if part.kind in _WORDS:
        return replace(part, payload=_payload(part.payload, swap))
    if name := _file_name(part):
        payload = orjson.loads(part.payload)
        payload["file"]["filename"] = swap.said(name)
        return replace(part, payload=JsonText(orjson.dumps(payload).decode()))
    return part


def _call(call: ToolCall, swap: Swap) -> ToolCall:
    return replace(call, arguments=_payload(JsonText(call.arguments), swap))


def _payload(payload: JsonText, swap: Swap, key: str = "") -> JsonText:
    """Returns a JSON text that somebody said, as arguments of a tool."""
    if not is_json(payload):
        return JsonText(swap.said(payload))

    def changed(one: JsonString) -> str:
        if one.is_key:
            return swap.bare(one.text)
        return swap.said(one.text, behind(one.key)) if as_read(one) else swap.known(one.text)

    return JsonText(rewritten(payload, changed, key))


def _schema(payload: JsonText, swap: Swap) -> JsonText:
    """Returns a schema. Its tags have no brackets, which some providers refuse in a key."""
    if not is_json(payload):
        return JsonText(swap.known(payload))
    return JsonText(rewritten(payload, lambda one: swap.bare(one.text)))
