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

from router.policy.parsing.json_schema import SchemaFault, is_plain
from router.policy.parsing.schema_keywords import Bounded, SchemaWork, current
from router.types import JsonText

MAX_FAULTS = 8
"""Limits the listed faults. So many help a model to correct its answer, and fit in a prompt."""
_MAX_FAULT_CHARACTERS = 160
MAX_CHECKED_CHARACTERS = 10_000
"""Limits the schemas of rarer keywords that are checked themselves first, which takes half a
millisecond per property. A longer one is used unchecked. If it is broken, it reports no faults."""
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
    return is_plain(parsed) or len(schema) > MAX_CHECKED_CHARACTERS or _is_schema(schema)


@lru_cache(maxsize=256)
def _is_schema(schema: JsonText) -> bool:
    """Returns True for a JSON Schema. Clients send the same few schemas again and again.

    Formats are not looked at: patterns are not run, so they need not be ones of Python.
    """
    try:
        parsed = json.loads(schema, object_hook=_without_dialect)
        if _levels(parsed) > _MOST_LEVELS:
            return False
        jsonschema.Draft202012Validator.check_schema(parsed, format_checker=_NO_FORMATS)
    except (ValueError, jsonschema.SchemaError, RecursionError):
        return False
    return True


def _levels(schema: object) -> int:
    """Returns how many lists and objects are inside one another at most."""
    levels, parts = 0, [schema]
    while parts := [part for part in parts if isinstance(part, dict | list)]:
        levels += 1
        parts = [
            each for part in parts for each in (part.values() if isinstance(part, dict) else part)
        ]
    return levels


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
