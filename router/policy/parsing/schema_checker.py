"""Checks a JSON value against a JSON Schema, safely even for schemas that clients send.

The package jsonschema fetches remote `$ref`s over the network. It also runs the schema's regular
expressions, some of which take exponential time, and references that double at each step. Here
nothing is fetched, `pattern` is not checked, and `schema_keywords` bounds the work. A value is
called wrong only for parts that were really checked. This module knows nothing about requests or
answers.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from itertools import islice

import jsonschema
import referencing
import referencing.exceptions
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError

from router.policy.parsing.plain_schemas import (
    MAX_CHECKED_CHARACTERS,
    MAX_CHECKED_VALUES,
    TYPES,
    SchemaFault,
    SchemaMistake,
    is_plain,
)
from router.policy.parsing.schema_keywords import Bounded, SchemaWork, current
from router.types import JsonText

MAX_FAULTS = 8
"""Limits the listed faults. So many help a model to correct its answer, and fit in a prompt."""
_MAX_FAULT_CHARACTERS = 160
_MOST_LEVELS = 80
"""Limits lists and objects inside one another. Each takes eight frames of Python's 1,000."""
_NO_FORMATS = jsonschema.FormatChecker(formats=())
_NAMING = ("$id", "$anchor", "$dynamicAnchor", "$dynamicRef")


def _without_dialect(part: dict[str, object]) -> dict[str, object]:
    """Returns a part of a schema without `$schema`.

    That key would make jsonschema use its own keywords for this part, also `pattern`. A property of
    that name is an object, and stays.
    """
    return {k: v for k, v in part.items() if k != "$schema" or type(v) is not str}


def _newest(part: dict[str, object]) -> dict[str, object]:
    """Returns a part of a schema with older forms as 2020-12 has them, or without them.

    Pydantic 1 writes tuples as draft 7 does, OpenAPI 3.0 exclusive bounds as draft 4 does, and
    neither names its dialect.
    """
    part = _without_dialect(part)
    if isinstance(part.get("items"), list) and "prefixItems" not in part:
        part["prefixItems"] = part.pop("items")
    for bound in ("exclusiveMinimum", "exclusiveMaximum"):
        if isinstance(part.get(bound), bool):
            del part[bound]
    return part


def faults(value: object, schema: JsonText) -> tuple[str, ...]:
    """Returns what `json_schema.schema_faults` promises, with MAX_STEPS as its bound."""
    errors = _errors(value, schema, MAX_FAULTS)
    return tuple([f"{_place(error)}: {error.message}"[:_MAX_FAULT_CHARACTERS] for error in errors])


def first_fault(value: object, schema: JsonText) -> SchemaFault | None:
    """Returns what `json_schema.first_fault` promises."""
    for error in _errors(value, schema, 1):
        place = ".".join(map(str, error.absolute_path))
        rule = ".".join(map(str, error.absolute_schema_path))
        return SchemaFault(place, rule, error.message[:_MAX_FAULT_CHARACTERS])
    return None


def _errors(value: object, schema: JsonText, most: int) -> tuple[ValidationError, ...]:
    """Returns the first faults, with MAX_STEPS as the bound of the work."""
    try:
        parsed = json.loads(schema, object_hook=_without_dialect)
        if not _is_usable(schema, parsed):
            return ()
        current.set(SchemaWork(schema, names=_has_names(parsed)))
        # An empty registry resolves no reference to another document.
        checker = Bounded(parsed, registry=referencing.Registry())
        return tuple(islice(checker.iter_errors(value), most))
    except (ValueError, RecursionError, referencing.exceptions.Unresolvable):
        return ()
    except (TypeError, AttributeError, LookupError, ArithmeticError, UnknownType):
        return ()  # a long schema that is broken


def _is_usable(schema: JsonText, parsed: object) -> bool:
    return is_plain(parsed) or _is_large(schema, parsed) or _is_schema(schema)


def _is_large(schema: JsonText, parsed: object) -> bool:
    """Returns True for a schema whose own check would take too long."""
    return len(schema) > MAX_CHECKED_CHARACTERS or _values(parsed) > MAX_CHECKED_VALUES


def _is_schema(schema: JsonText) -> bool:
    """Returns True for a JSON Schema that can be used."""
    try:
        return _first_error(schema) is None
    except (ValueError, RecursionError):
        return False


@lru_cache(maxsize=256)
def _first_error(schema: JsonText) -> SchemaError | None:
    """Returns the mistake of a schema. Clients send the same few schemas again and again.

    Formats are not looked at: patterns are not run, so they need not be ones of Python. Raises
    ValueError for no JSON and for one of more levels than are checked, and RecursionError.
    """
    parsed = json.loads(schema, object_hook=_without_dialect)
    if _levels(parsed) > _MOST_LEVELS:
        raise ValueError("too many levels")
    try:
        jsonschema.Draft202012Validator.check_schema(parsed, format_checker=_NO_FORMATS)
    except SchemaError as error:
        return error
    return None


def mistake(schema: JsonText) -> SchemaMistake | None:
    """Returns what `json_schema.schema_mistake` promises, of a schema of any keywords."""
    try:
        parsed = json.loads(schema)
        if _is_large(schema, parsed) or _first_error(schema) is None:
            return None
        error = _by_own_dialect(schema, parsed)
    except (ValueError, RecursionError):
        return None  # it is too deep to be checked
    if error is None:
        return None
    place = _as_written(tuple(error.absolute_path), parsed)
    return SchemaMistake(place, error.instance, _expected(error))


def _by_own_dialect(schema: JsonText, parsed: object) -> SchemaError | None:
    """Returns the mistake by the dialect that the schema names itself, else by the newest.

    Many clients still write draft 7.
    """
    dialect = Bounded  # stands for a dialect that is unknown, and is checked as 2020-12
    if isinstance(parsed, dict) and isinstance(parsed.get("$schema"), str):
        dialect = jsonschema.validators.validator_for(parsed, default=Bounded)
    read = json.loads(schema, object_hook=_newest if dialect is Bounded else None)
    try:
        dialect.check_schema(read, format_checker=_NO_FORMATS)
    except SchemaError as own:
        return own
    return None


def _as_written(place: tuple[str | int, ...], parsed: object) -> tuple[str | int, ...]:
    """Returns a place in what `_newest` returns as the place in the schema that the client sent."""
    written: list[str | int] = []
    for part in place:
        name = "items" if isinstance(parsed, dict) and part not in parsed else part
        written.append(name)
        parsed = parsed[name]  # type: ignore[index]
    return tuple(written)


_KINDS = {
    "array": "an array",
    "boolean": "a boolean",
    "integer": "an integer",
    "number": "a number",
    "object": "an object",
    "string": "a string",
}


def _expected(error: SchemaError) -> str:
    """Returns what JSON Schema expects in place of the value, in words."""
    rule = error.validator_value
    if error.validator == "anyOf" and "simpleTypes" in str(rule):  # of `type`
        return f"one of {', '.join(TYPES)}, or an array of some of them, each once"
    if error.validator == "type":
        kinds = rule if isinstance(rule, list) else [rule]
        return " or ".join(_KINDS.get(str(kind), str(kind)) for kind in kinds)
    words = {
        "exclusiveMinimum": f"a number above {rule}",
        "minimum": f"{rule} or more",
        "minItems": "an array that is not empty",
        "uniqueItems": "an array without repeats",
    }
    return words.get(str(error.validator), f"what JSON Schema allows: {error.message}"[:200])


def _levels(schema: object) -> int:
    """Returns how many lists and objects are inside one another at most."""
    return len(_by_level(schema)) - 1


def _values(schema: object) -> int:
    """Returns how many values are in lists and objects of a schema."""
    return sum(_by_level(schema)) - 1


def _by_level(schema: object) -> list[int]:
    """Returns how many values stand at each level: 1 for the schema itself, and 0 at the end."""
    parts = [schema]
    counts = [1]
    while parts := [part for part in parts if isinstance(part, dict | list)]:
        parts = [
            each for part in parts for each in (part.values() if isinstance(part, dict) else part)
        ]
        counts.append(len(parts))
    return counts


def _has_names(schema: object) -> bool:
    """Returns True where a part below the whole schema has a name of its own."""
    waiting = list(schema.values()) if isinstance(schema, dict) else []
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if any(isinstance(part.get(name), str) for name in _NAMING):
                return True
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return isinstance(schema, dict) and any(name in schema for name in _NAMING[1:])


def problem(schema: Mapping[str, object]) -> str:
    """Returns the reason why `schema` is no JSON Schema (2020-12), or "" when it is one."""
    try:
        Bounded.check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"{_place(error)}: {error.message}"[:_MAX_FAULT_CHARACTERS]
    except RecursionError:
        return "it is nested too deep to be checked"
    return ""


def _place(error: ValidationError | SchemaError) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "(top)"
