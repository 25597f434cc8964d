"""Whether a JSON value fits a JSON Schema, and where not; safe for schemas that clients send.

jsonschema alone fetches remote `$ref`s over the network and runs the schema's regular expressions,
some of which take exponential time. Here nothing is fetched and `pattern` is not checked: a value
is called wrong only for what was really looked at. It knows nothing about requests or answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import jsonschema
import referencing
import referencing.exceptions
from jsonschema.exceptions import SchemaError, ValidationError

from router.types import JsonText

MAX_FAULTS = 8
"""Faults listed at most: enough for a model to mend, short enough for a prompt."""
_MAX_FAULT_CHARACTERS = 160


def _unchecked(
    validator: object, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    return iter(())


def _additional(
    validator: object, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    # What counts as additional depends on patternProperties, whose patterns are not run here.
    if isinstance(schema, Mapping) and "patternProperties" not in schema:
        yield from jsonschema.Draft202012Validator.VALIDATORS["additionalProperties"](
            validator, part, value, schema
        )


_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {"pattern": _unchecked, "patternProperties": _unchecked, "additionalProperties": _additional},
)


def schema_faults(value: object, schema: JsonText) -> tuple[str, ...]:
    """What is wrong with `value`, as short sentences; () when it fits.

    A schema that is broken, refers outside itself or never ends cannot be kept: it faults nothing.

    >>> schema_faults({"a": 1}, JsonText('{"required": ["b"]}'))
    ("(top): 'b' is a required property",)
    """
    try:
        parsed = json.loads(schema)
        _Validator.check_schema(parsed)
        checker = _Validator(parsed, registry=referencing.Registry())
        faults: list[str] = []
        for error in checker.iter_errors(value):
            faults.append(f"{_place(error)}: {error.message}"[:_MAX_FAULT_CHARACTERS])
            if len(faults) == MAX_FAULTS:
                break
        return tuple(faults)
    except (ValueError, jsonschema.SchemaError, RecursionError):
        return ()
    except referencing.exceptions.Unresolvable:
        return ()


def schema_problem(schema: Mapping[str, object]) -> str:
    """Why `schema` is no JSON Schema (2020-12), "" when it is one."""
    try:
        _Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"{_place(error)}: {error.message}"[:_MAX_FAULT_CHARACTERS]
    return ""


def _place(error: ValidationError | SchemaError) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "(top)"
