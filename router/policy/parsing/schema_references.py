"""Finds references of a JSON Schema to parts that it does not have.

Providers refuse such a schema, and no answer can be checked by it. It knows nothing about values.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TypeAlias
from urllib.parse import unquote

import orjson

from router.policy.parsing.plain_schemas import MAX_CHECKED_CHARACTERS, SchemaMistake
from router.types import JsonText

Place: TypeAlias = tuple[str | int, ...]
_MAPS = ("properties", "patternProperties", "dependentSchemas")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_PARTS = (
    *("items", "additionalItems", "unevaluatedItems", "contains", "additionalProperties"),
    *("unevaluatedProperties", "propertyNames", "not", "if", "then", "else"),
)
_DEFINITIONS = ("$defs", "definitions")
_MOST_NAMED = 3
_MOST_DIGITS = 9  # of a place in a list; Python refuses to read numbers of thousands
_NOTHING = object()


@lru_cache(maxsize=256)
def reference_mistake(schema: JsonText) -> SchemaMistake | None:
    """Returns the mistake of a client's schema that refers to a part which it lacks.

    None where there is no such mistake, and where the schema is too large to be checked.
    """
    if len(schema) > MAX_CHECKED_CHARACTERS:
        return None
    parsed = orjson.loads(schema)
    place = lost_reference(parsed)
    if place is None:
        return None
    value = parsed
    for part in place:
        value = value[part]
    names = [f"#/{key}/{name}" for key in _DEFINITIONS for name in _map(parsed.get(key))]
    such = f", such as {', '.join(names[:_MOST_NAMED])}" if names else "; define it in `$defs`"
    return SchemaMistake(place, value, f"a reference to a part of this schema{such}")


def lost_reference(schema: object) -> Place | None:
    """Returns the place of a `$ref` to a part that the schema lacks, None where it has all.

    Only what an answer may be held against is followed, so `$defs` that nothing names are not read.
    References to other addresses and to names (`#item`) are not looked at, nor are those into parts
    with an `$id` of their own, nor what stands in such parts, where `#/` means another place.
    What stands beside a `$ref` is read only in the dialects since 2019-09; without `$schema`, too.

    >>> lost_reference({"properties": {"a": {"$ref": "#/$defs/A"}}, "$defs": {}})
    ('properties', 'a', '$ref')
    """
    siblings = _reads_siblings(schema)
    waiting: list[tuple[Place, object]] = [((), schema)]
    seen: set[Place] = set()
    while waiting:
        place, part = waiting.pop()
        if place in seen or not isinstance(part, dict) or (place and _is_named(part)):
            continue
        seen.add(place)
        reference = part.get("$ref")
        if isinstance(reference, str) and reference.startswith("#/"):
            target, found = _target(schema, reference)
            if found is _NOTHING:
                return (*place, "$ref")
            waiting.append((target, found))
        if isinstance(reference, str) and not siblings:
            continue
        waiting += ((place + more, inner) for more, inner in _inside(part))
    return None


def _reads_siblings(schema: object) -> bool:
    """Returns False where `$schema` names draft 7, an older one or an unknown dialect."""
    named = schema.get("$schema") if isinstance(schema, dict) else None
    return not isinstance(named, str) or "/draft/20" in named


def _is_named(part: dict[str, object]) -> bool:
    return isinstance(part.get("$id"), str) or isinstance(part.get("id"), str)  # draft 4: `id`


def _target(schema: object, reference: str) -> tuple[Place, object]:
    """Returns the place that a JSON pointer (RFC 6901) leads to, and what is there.

    None is there for a pointer that leads through a part with an `$id` of its own.
    """
    place: list[str | int] = []
    part = schema
    for step in unquote(reference[2:]).split("/"):
        if place and isinstance(part, dict) and _is_named(part):
            return (), None
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict) and name in part:
            part = part[name]
            place.append(name)
        elif isinstance(part, list) and _is_index(name) and int(name) < len(part):
            part = part[int(name)]
            place.append(int(name))
        else:
            return (), _NOTHING
    return tuple(place), part


def _is_index(name: str) -> bool:
    return name.isdecimal() and len(name) <= _MOST_DIGITS


def _inside(part: dict[str, object]) -> Iterator[tuple[Place, object]]:
    """Yields the parts of a schema right inside one, with their places in it."""
    for key in _MAPS:
        yield from (((key, name), inner) for name, inner in _map(part.get(key)).items())
    for key in _LISTS:
        listed = part.get(key)
        inners = listed if isinstance(listed, list) else []
        yield from (((key, i), inner) for i, inner in enumerate(inners))
    yield from (((key,), part[key]) for key in _PARTS if key in part)


def _map(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}
