"""Writes JSON schemas as Anthropic takes them for answers and for strict tools. Pure.

It follows `transform_schema` of the vendor's own SDK (anthropic 2.14): every object is closed, and
what the API does not know goes into the description, where the model may heed it. The gateway
checks the answer against the client's whole schema all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import orjson

from router.types import JsonText

_FORMATS = frozenset(
    "date date-time duration email hostname ipv4 ipv6 time uri uuid".split()  # noqa: SIM905
)
_DEFINITIONS = ("$defs", "definitions")
_VARIANTS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
_SILENT = ("$schema", "$id", "additionalProperties")
"""Keys that say nothing to a model."""
_OF_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_OF_TYPE: Mapping[object, tuple[str, ...]] = {
    "object": (
        *("properties", "required", "minProperties", "maxProperties", "patternProperties"),
        *("propertyNames", "dependentRequired", "dependentSchemas", "unevaluatedProperties"),
    ),
    "array": (
        *("items", "prefixItems", "contains", "minItems", "maxItems", "uniqueItems"),
        *("minContains", "maxContains", "unevaluatedItems"),
    ),
    "string": ("format", "pattern", "minLength", "maxLength"),
    "number": _OF_NUMBERS,
    "integer": _OF_NUMBERS,
}
"""Lists the keys that say something of one type alone. Of several types each gets its own only:
with copies of all keys, a schema of 500 bytes grew to megabytes, which no hold covers."""


@lru_cache(maxsize=256)  # a program sends the same schema with each request
def taken_schema(schema: JsonText) -> bytes:
    """Returns the schema's JSON in the form that Anthropic takes.

    >>> taken_schema('{"type":"integer","minimum":1}').decode()
    '{"type":"integer","description":"{minimum: 1}"}'
    """
    try:
        return orjson.dumps(_taken(orjson.loads(schema)))
    except (ValueError, TypeError, RecursionError):  # orjson writes 254 levels, and reads 1,024
        return schema.encode()  # the provider says what is wrong with it


@lru_cache(maxsize=256)
def with_type(schema: JsonText) -> bytes:
    """Returns the schema of a tool's input with the type that Anthropic demands.

    >>> with_type("{}")
    b'{"type":"object"}'
    """
    given = orjson.loads(schema)
    if not isinstance(given, dict) or "type" in given:
        return schema.encode()
    return orjson.dumps({"type": "object", **given})


def _taken(schema: object) -> object:
    if not isinstance(schema, dict):
        return schema
    rest = {key: value for key, value in schema.items() if key not in _SILENT}
    taken: dict[str, object] = {}
    for key in _DEFINITIONS:
        if isinstance(rest.get(key), dict):
            taken[key] = {name: _taken(inner) for name, inner in rest.pop(key).items()}
    if "$ref" in rest:
        return {**taken, "$ref": rest["$ref"]}
    kind, literal = rest.pop("type", None), _take_literals(rest, taken)
    variants = next((key for key in _VARIANTS if isinstance(rest.get(key), list)), "")
    if variants:
        taken[_VARIANTS[variants]] = [_taken(inner) for inner in rest.pop(variants)]
    elif isinstance(kind, list) and not literal:
        taken["anyOf"] = _of_each(kind, rest)
    elif kind is not None and not literal:
        taken["type"] = kind
    for key in ("description", "title"):
        if key in rest:
            taken[key] = rest.pop(key)
    if not literal:
        _take_content(kind, rest, taken)
    if rest:
        words = "{" + ", ".join([f"{key}: {value}" for key, value in rest.items()]) + "}"
        said = taken.get("description")
        taken["description"] = words if said is None else f"{said}\n\n{words}"
    return taken


def _of_each(stated: list[object], rest: dict[str, object]) -> list[object]:
    """Moves what says something of one of these types, and returns the schema of each."""
    kinds = list(dict.fromkeys(stated))
    own = [{key: rest[key] for key in _OF_TYPE.get(one, ()) if key in rest} for one in kinds]
    for key in {key for keys in own for key in keys}:
        del rest[key]
    return [_taken({"type": one, **keys}) for one, keys in zip(kinds, own, strict=True)]


def _take_literals(rest: dict[str, object], taken: dict[str, object]) -> bool:
    """Moves plain values of an enum or a constant, and returns True where there are some."""
    enum = rest.get("enum")
    if isinstance(enum, list) and enum and not any(isinstance(v, dict | list) for v in enum):
        taken["enum"] = rest.pop("enum")
    if "const" in rest and not isinstance(rest["const"], dict | list):
        taken["const"] = rest.pop("const")
    return "enum" in taken or "const" in taken


def _take_content(kind: object, rest: dict[str, object], taken: dict[str, object]) -> None:
    """Moves what Anthropic knows of a type; the rest goes into the description."""
    if kind == "object":
        inner = rest.pop("properties", {})
        if not isinstance(inner, dict):
            raise TypeError("properties are an object")
        taken["properties"] = {name: _taken(value) for name, value in inner.items()}
        taken["additionalProperties"] = False
        if "required" in rest:
            taken["required"] = rest.pop("required")
    elif kind == "string" and rest.get("format") in _FORMATS:
        taken["format"] = rest.pop("format")
    elif kind == "array":
        if "items" in rest:
            taken["items"] = _taken(rest.pop("items"))
        if rest.get("minItems") in (0, 1):
            taken["minItems"] = rest.pop("minItems")
