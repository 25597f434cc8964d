"""Checks JSON Schemas, and JSON values against them.

The package jsonschema takes 30 ms to import and 3 MB, so it is imported when a value is checked, or
a schema of other keywords than the usual ones. `schema_checker` is the module that uses it. This
module knows nothing about requests or answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import orjson
from msgspec import Struct

from router.types import JsonText

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


def schema_problem(schema: Mapping[str, object]) -> str:
    """Returns the reason why `schema` is no JSON Schema (2020-12), or "" when it is one."""
    if is_plain(schema):
        return ""
    from router.policy.parsing import schema_checker

    return schema_checker.problem(schema)


class SchemaMistake(Struct, frozen=True):
    """Holds a value that JSON Schema forbids at its place, and what it expects there."""

    place: tuple[str | int, ...]  # such as ("properties", "days", "type")
    value: object
    expected: str  # such as "an array"


def schema_mistake(schema: JsonText) -> SchemaMistake | None:
    """Returns a mistake of a client's schema, None where it has none or is too large to be checked.

    The dialect is the one that the schema names in `$schema`. Without a known one it is 2020-12,
    and older forms of tuples and exclusive bounds are no mistakes. Keywords that nobody knows are
    allowed. Clients send the same few schemas with each request, so one that was checked before
    takes a microsecond.

    >>> schema_mistake(JsonText('{"required": "a"}'))
    SchemaMistake(place=('required',), value='a', expected='an array')
    """
    if len(schema) > MAX_CHECKED_CHARACTERS:
        return None
    known = _known(schema)
    if not known:
        known.append(_mistake(schema))
    return known[0]


def is_read(schema: JsonText) -> bool:
    """Returns True where `schema_mistake` answers at once; else it may take half a second."""
    return len(schema) > MAX_CHECKED_CHARACTERS or bool(_known(schema))


@lru_cache(maxsize=256)
def _known(schema: JsonText) -> list[SchemaMistake | None]:
    """Returns the place where the result of a schema is kept, empty at first."""
    return []


def _mistake(schema: JsonText) -> SchemaMistake | None:
    if is_plain(orjson.loads(schema)):
        return None
    from router.policy.parsing import schema_checker

    return schema_checker.mistake(schema)


def schema_faults(value: object, schema: JsonText) -> tuple[str, ...]:
    """Returns the faults of `value` as short sentences, or () when it fits.

    A schema cannot be used if it is broken, refers outside itself, never ends or takes too many
    steps. It then reports no faults.

    >>> schema_faults({"a": 1}, JsonText('{"required": ["b"]}'))
    ("(top): 'b' is a required property",)
    """
    from router.policy.parsing import schema_checker

    return schema_checker.faults(value, schema)


class SchemaFault(Struct, frozen=True):
    """Holds one fault of a value: its place, the rule of the schema that it breaks, and why."""

    place: str  # such as `days` or `items.0.name`; "" for the whole value
    rule: str  # such as `properties.days.type`
    message: str  # a short sentence, which may quote the value


def first_fault(value: object, schema: JsonText) -> SchemaFault | None:
    """Returns the first of the faults that `schema_faults` finds, None where it finds none.

    >>> first_fault({"a": "x"}, JsonText('{"properties": {"a": {"type": "integer"}}}'))
    SchemaFault(place='a', rule='properties.a.type', message="'x' is not of type 'integer'")
    """
    from router.policy.parsing import schema_checker

    return schema_checker.first_fault(value, schema)
