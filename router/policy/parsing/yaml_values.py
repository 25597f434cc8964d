"""Reads the plain values of YAML without their lines, which only a mistake needs.

A start reads a megabyte of it, as libyaml's events: nodes would cost twice as much. What is out of
the ordinary (a tag, a key twice, a merge key, a value that YAML cannot read, a number that versions
of YAML read unlike) is `Odd`: `yaml_lines` reads such a text with all its lines, and says what is
wrong with it, if anything is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, cast

import yaml

MAX_NODES = 200_000
"""Limits the values after aliases are written out, to 30 times our largest file. It stops alias
bombs."""
MAX_DEPTH = 60
SURELY_SHALLOW = 2_000
"""Says how deep a text may be before its depth is counted first. libyaml's composer takes 300
bytes of the stack for each level and bounds none: the process would end without an error."""
TEXT_TAG = "tag:yaml.org,2002:str"
MERGE_TAG = "tag:yaml.org,2002:merge"
NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")

Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Reads with libyaml, if it is installed: 8 times faster."""
_FORMS: dict[str, list[tuple[str, Callable[[str], object]]]] = {
    first: [(tag, form.match) for tag, form in forms]
    for first, forms in Loader.yaml_implicit_resolvers.items()
}
"""Holds the forms of a plain value that is no text, with their tags, by its first character."""


def tag_of(value: str) -> str:
    """Returns the tag of a plain value, which states none: it may be a number or a date."""
    for tag, matches in _FORMS.get(value[:1], ()):
        if matches(value):
            return tag
    return TEXT_TAG


class Odd(Exception):
    """Says that a text is to be read with its lines."""


class _Event(Protocol):
    """Is one of libyaml's events, which has those of these values that its kind needs."""

    anchor: str | None
    tag: str | None
    value: str
    implicit: tuple[bool, bool]  # the tag goes without saying: of a plain value, of one in quotes


def values_of(loader: yaml.SafeLoader) -> object:
    """Returns what the one document of a text says, None for none. Raises Odd where its lines are
    needed, and yaml.YAMLError for a text that is no YAML."""
    return _Values(loader).read()


class _Values:
    """Reads the events of a text once, and counts its values with those of aliases."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._next: Callable[[], _Event] = loader.get_event
        self._count = 0
        self._anchored: dict[str, object] = {}

    def read(self) -> object:
        self._next()  # the stream starts
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        values = self._value(self._next(), 0)
        self._next()  # the document ends
        if not isinstance(self._next(), yaml.StreamEndEvent):
            raise Odd
        return values

    def _value(self, event: _Event, depth: int) -> object:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchored:
                raise Odd
            return self._copied(self._anchored[event.anchor], depth)
        self._enter(depth)
        if event.tag is not None:
            raise Odd
        value: object
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._list(depth + 1)
        else:
            value = self._mapping(depth + 1)
        if event.anchor is not None:
            if event.anchor in self._anchored:
                raise Odd
            self._anchored[event.anchor] = value
        return value

    def _enter(self, depth: int) -> None:
        self._count += 1
        if self._count > MAX_NODES or depth > MAX_DEPTH:
            raise Odd

    def _copied(self, value: object, depth: int) -> object:
        """Returns what an alias stands for; nobody shares it, and each of its values counts."""
        self._enter(depth)
        if isinstance(value, list):
            return [self._copied(one, depth + 1) for one in value]
        if isinstance(value, dict):
            return {key: self._copied(one, depth + 1) for key, one in value.items()}
        return value

    def _list(self, depth: int) -> list[object]:
        values: list[object] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            values.append(self._value(event, depth))
        return values

    def _mapping(self, depth: int) -> dict[object, object]:
        values: dict[object, object] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.anchor or event.tag:
                raise Odd
            key = self._scalar(event)
            if key in values:
                raise Odd
            values[key] = self._value(self._next(), depth)
        return values

    def _scalar(self, event: _Event) -> object:
        value = event.value
        if not event.implicit[0]:  # in quotes
            return value
        tag = tag_of(value)
        if tag == TEXT_TAG:
            return value
        node = yaml.ScalarNode(tag, value)
        if tag == MERGE_TAG or read_otherwise(node):
            raise Odd
        try:
            return scalar_of(node, self._loader)
        except UNREADABLE as error:
            raise Odd from error


UNREADABLE = (yaml.YAMLError, ValueError, AttributeError, LookupError, TypeError)
"""Is what PyYAML raises for a scalar that is not what it looks like or what its tag says:
2026-13-45, an int of too many digits, `!!timestamp x`, `!!bool perhaps`, `!!int ""`."""


def read_otherwise(node: yaml.Node) -> str:
    """Returns the value in YAML 1.2 of a number that 1.1 reads otherwise; "" for other nodes.

    This gateway reads YAML 1.1. The value is "text" where 1.2 reads no number.
    `1_000` is 1000 in YAML 1.1 and text in 1.2, `-010` -8 and -10, `1:30` 90 and text.
    """
    if node.tag not in NUMBER_TAGS:
        return ""
    digits = node.value.lstrip("+-")
    if "_" in digits or ":" in digits or digits.startswith("0b"):
        return "text"
    decimal = digits.lstrip("0")  # one digit is the same in both bases
    octal = digits.isdigit() and digits != decimal and len(decimal) > 1
    return f"{'-' * node.value.startswith('-')}{decimal}" if octal else ""


def scalar_of(node: yaml.Node, loader: yaml.SafeLoader) -> object:
    """Returns the value of a scalar with a tag. Raises one of UNREADABLE.

    With `deep` a scalar that is tagged as a list or a mapping is refused. It would be empty.
    """
    return cast(object, loader.construct_object(node, deep=True))


def may_be_deep(text: str) -> bool:
    """Returns True for a text whose nesting could pass SURELY_SHALLOW. It is counted, not read.

    A level takes a bracket, or stands further to the right than the one around it; only a list may
    stand where its key does.
    """
    brackets = text.count("[") + text.count("{")
    return brackets + 2 * max(map(len, text.split("\n"))) > SURELY_SHALLOW


def line_too_deep(text: str) -> int | None:
    """Returns the line on which nesting passes MAX_DEPTH, None where it does not. Reads events,
    which need no stack. Raises yaml.YAMLError for a text that is no YAML up to there."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH + 1:
                mark = event.start_mark
                return 0 if mark is None else int(mark.line) + 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return None
