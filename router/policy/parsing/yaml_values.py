"""Reads the plain values of YAML without their lines, which only a mistake needs.

A start reads a megabyte of it. What is out of the ordinary (a key twice, a merge key, a value that
YAML cannot read, a number that versions of YAML read unlike, aliases that multiply) is `Odd`:
`yaml_lines` reads such a text with all its lines and says what is wrong.
"""

from __future__ import annotations

import operator
from typing import ClassVar, cast

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

_Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml is 8 times faster, if installed
_TAGS = {
    yaml.ScalarNode: TEXT_TAG,
    yaml.SequenceNode: "tag:yaml.org,2002:seq",
    yaml.MappingNode: "tag:yaml.org,2002:map",
}


class Odd(Exception):
    """Says that a text is to be read with its lines."""


class Loader(_Base):  # type: ignore[misc, valid-type]  # one of two classes
    """Composes nodes as PyYAML's safe loader does, with fewer steps in Python for each.

    Ours adds no resolvers of paths, so that a place in the text is nothing to remember.
    """

    descend_resolver: ClassVar[object] = staticmethod(operator.is_)  # called, with no effect
    ascend_resolver: ClassVar[object] = staticmethod(tuple)
    _FORMS: ClassVar[dict[str, list[tuple[str, object]]]] = {
        first: [(tag, form.match) for tag, form in forms]
        for first, forms in _Base.yaml_implicit_resolvers.items()
    }

    def resolve(self, kind: type[yaml.Node], value: str, implicit: tuple[bool, bool]) -> str:
        """Returns the tag of a node that states none: a plain scalar may be a number or a date."""
        if kind is yaml.ScalarNode and implicit[0]:
            for tag, matches in self._FORMS.get(value[:1], ()):
                if matches(value):  # type: ignore[operator]
                    return tag
        return _TAGS[kind]


def values_of(node: yaml.Node, loader: yaml.SafeLoader) -> object:
    """Returns what a composed document says. Raises Odd where its lines are needed."""
    return _Values(loader).read(node, 0)


class _Values:
    """Walks the composed nodes once, in document order, and counts the values of aliases."""

    def __init__(self, loader: yaml.SafeLoader) -> None:
        self._loader = loader
        self._count = 0

    def read(self, node: yaml.Node, depth: int) -> object:
        self._count += 1
        # An alias shares its node. Only this walk counts every use of it.
        if self._count > MAX_NODES or depth > MAX_DEPTH:
            raise Odd
        if type(node) is yaml.ScalarNode:
            return node.value if node.tag == TEXT_TAG else self._scalar(node)
        if type(node) is yaml.SequenceNode:
            return [self.read(one, depth + 1) for one in node.value]
        values: dict[object, object] = {}
        for key_node, value_node in node.value:
            if type(key_node) is not yaml.ScalarNode or key_node.tag == MERGE_TAG:
                raise Odd
            key = key_node.value if key_node.tag == TEXT_TAG else self._scalar(key_node)
            if key in values:
                raise Odd
            values[key] = self.read(value_node, depth + 1)
        return values

    def _scalar(self, node: yaml.ScalarNode) -> object:
        if read_otherwise(node):
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
