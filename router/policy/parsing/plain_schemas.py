"""Tells JSON Schemas of the usual keywords from others, without the package jsonschema.

It also holds what `json_schema` and `schema_checker` share: the bounds of a check, and what it
finds. This module checks no values.
"""

from __future__ import annotations

from msgspec import Struct

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")
_COUNTS = frozenset(
    f"{bound}{what}" for bound in ("min", "max") for what in ("Items", "Length", "Properties")
)
_LIMITS = frozenset(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"))
_ALTERNATIVES = frozenset(("allOf", "anyOf", "oneOf"))
_MOST_LEVELS = 20  # of a schema that is read without jsonschema
MAX_CHECKED_CHARACTERS = 10_000
"""Limits the schemas of rarer keywords that are checked themselves first. A longer one is used
unchecked. If it is broken, it reports no faults."""
MAX_CHECKED_VALUES = 320
"""Limits the same schemas by their values: each takes 1 to 3 milliseconds, and in a list without
repeats each is compared with each."""


def is_plain(schema: object, levels: int = _MOST_LEVELS) -> bool:
    """Returns True for a schema of the usual keywords with values that the standard allows.

    False says nothing: the whole check follows, which takes fifty times as long. Shipped policies
    have fifty schemas, which are read at each start.
    """
    if isinstance(schema, bool):
        return True
    if not isinstance(schema, dict) or levels == 0:
        return False
    return all(_is_plain_keyword(key, value, levels - 1) for key, value in schema.items())


def _is_plain_keyword(key: object, value: object, levels: int) -> bool:
    if key == "type":
        return _are_types(value if isinstance(value, list) else [value])
    if key in _COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= 0
    if key in ("title", "description", "format", "$ref", "$comment"):
        return isinstance(value, str)
    if key in ("items", "additionalProperties"):
        return is_plain(value, levels)
    if key in ("properties", "$defs"):
        return isinstance(value, dict) and all(
            isinstance(name, str) and is_plain(part, levels) for name, part in value.items()
        )
    if key == "required":
        return isinstance(value, list) and _are_words(value)
    if key in _LIMITS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if key in ("enum", "examples"):  # of any values
        return isinstance(value, list)
    if key in _ALTERNATIVES:
        parts = value if isinstance(value, list) else []
        return bool(parts) and all(is_plain(part, levels) for part in parts)
    return key in ("const", "default")


def _are_types(values: list[object]) -> bool:
    return bool(values) and _are_words(values) and all(value in TYPES for value in values)


def _are_words(values: list[object]) -> bool:
    return all(isinstance(value, str) for value in values) and len(set(values)) == len(values)


def exact_object(properties: dict[str, object]) -> dict[str, object]:
    """Returns the schema of an object that has all of the properties, and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class SchemaMistake(Struct, frozen=True):
    """Holds a value that JSON Schema forbids at its place, and what it expects there."""

    place: tuple[str | int, ...]  # such as ("properties", "days", "type")
    value: object
    expected: str  # such as "an array"


class SchemaFault(Struct, frozen=True):
    """Holds one fault of a value: its place, the rule of the schema that it breaks, and why."""

    place: str  # such as `days` or `items.0.name`; "" for the whole value
    rule: str  # such as `properties.days.type`
    message: str  # a short sentence, which may quote the value
