"""Checks a JSON value against a JSON Schema, safely even for schemas that clients send.

The package jsonschema fetches remote `$ref`s over the network. It also runs the schema's regular
expressions, some of which take exponential time, and references that double at each step. Here
nothing is fetched, `pattern` is not checked and the steps are counted. A value is called wrong only
for parts that were really checked. This module knows nothing about requests or answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice

import jsonschema
import referencing
import referencing.exceptions
from jsonschema.exceptions import SchemaError, UnknownType, ValidationError

from router.policy.parsing.json_schema import SchemaFault
from router.types import JsonText

MAX_FAULTS = 8
"""Limits the listed faults. So many help a model to correct its answer, and fit in a prompt."""
_MAX_FAULT_CHARACTERS = 160
MAX_STEPS = 100_000
"""Limits the keywords checked for one value: less than a second of a core. A thousand objects of
ten keys take 25,000."""
MAX_CHECKED_CHARACTERS = 30_000
"""Limits the schemas that are checked themselves first, which takes half a millisecond per
property. A longer schema is used unchecked. If it is broken, it reports no faults."""
_REFERENCE_STEPS = 5  # a `$ref` takes about as long as five other keywords

_Keyword = Callable[[object, object, object, object], Iterator[ValidationError] | None]
# jsonschema calls the keywords without our arguments, so the counter is in the context.
_steps_left: ContextVar[list[int]] = ContextVar("steps_left")


def _unchecked(
    validator: object, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    return iter(())


def _additional(
    validator: object, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    # patternProperties decides which keys are additional, but its patterns are not run here.
    if isinstance(schema, Mapping) and "patternProperties" not in schema:
        yield from jsonschema.Draft202012Validator.VALIDATORS["additionalProperties"](
            validator, part, value, schema
        )


def _unique(
    validator: object, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    # jsonschema compares each object with every other one: three seconds for a thousand.
    items = value if part is True and isinstance(value, list) else []
    if len({json.dumps(item, sort_keys=True) for item in items}) < len(items):
        yield ValidationError("the array has non-unique elements")


def _counted(keyword: _Keyword, steps: int) -> _Keyword:
    """Returns the keyword with counted steps. It raises RecursionError after MAX_STEPS."""

    def check(
        validator: object, part: object, value: object, schema: object
    ) -> Iterator[ValidationError] | None:
        left = _steps_left.get()
        left[0] -= steps + (len(part) if isinstance(part, list | dict) else 0)
        if left[0] < 0:
            raise RecursionError("the schema takes too many steps")
        return keyword(validator, part, value, schema)

    return check


_KEYWORDS: dict[str, _Keyword] = {
    **jsonschema.Draft202012Validator.VALIDATORS,
    "pattern": _unchecked,
    "patternProperties": _unchecked,
    "additionalProperties": _additional,
    "uniqueItems": _unique,
}
_Validator = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {
        name: _counted(keyword, _REFERENCE_STEPS if name in ("$ref", "$dynamicRef") else 1)
        for name, keyword in _KEYWORDS.items()
    },
)


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
    if len(schema) <= MAX_CHECKED_CHARACTERS and not _is_schema(schema):
        return ()
    try:
        parsed = json.loads(schema, object_hook=_without_dialect)
        _steps_left.set([MAX_STEPS])
        # An empty registry resolves no reference to another document.
        checker = _Validator(parsed, registry=referencing.Registry())
        return tuple(islice(checker.iter_errors(value), most))
    except (ValueError, RecursionError, referencing.exceptions.Unresolvable):
        return ()
    except (TypeError, AttributeError, LookupError, ArithmeticError, UnknownType):
        return ()  # a long schema that is broken


@lru_cache(maxsize=256)
def _is_schema(schema: JsonText) -> bool:
    """Returns True for a JSON Schema. Clients send the same few schemas again and again."""
    try:
        _Validator.check_schema(json.loads(schema, object_hook=_without_dialect))
    except (ValueError, jsonschema.SchemaError, RecursionError):
        return False
    return True


def problem(schema: Mapping[str, object]) -> str:
    """Returns the reason why `schema` is no JSON Schema (2020-12), or "" when it is one."""
    try:
        _Validator.check_schema(schema)
    except jsonschema.SchemaError as error:
        return f"{_place(error)}: {error.message}"[:_MAX_FAULT_CHARACTERS]
    return ""


def _place(error: ValidationError | SchemaError) -> str:
    return ".".join(str(part) for part in error.absolute_path) or "(top)"
