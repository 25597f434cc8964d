"""Checks JSON Schemas, and JSON values against them.

The package jsonschema takes 30 ms to import and 3 MB, so it is imported when a value is checked, or
a schema of other keywords than the usual ones. `schema_checker` is the module that uses it. This
module knows nothing about requests or answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import orjson

from router.policy.parsing.plain_schemas import (
    MAX_CHECKED_CHARACTERS,
    SchemaFault,
    SchemaMistake,
    is_plain,
)
from router.types import JsonText


def schema_problem(schema: Mapping[str, object]) -> str:
    """Returns the reason why `schema` is no JSON Schema (2020-12), or "" when it is one."""
    if is_plain(schema):
        return ""
    from router.policy.parsing import schema_checker

    return schema_checker.problem(schema)


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


def first_fault(value: object, schema: JsonText) -> SchemaFault | None:
    """Returns the first of the faults that `schema_faults` finds, None where it finds none.

    >>> first_fault({"a": "x"}, JsonText('{"properties": {"a": {"type": "integer"}}}'))
    SchemaFault(place='a', rule='properties.a.type', message="'x' is not of type 'integer'")
    """
    from router.policy.parsing import schema_checker

    return schema_checker.first_fault(value, schema)
