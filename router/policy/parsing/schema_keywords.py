"""Bounds the work that the keywords of a JSON Schema take to check one value.

The package jsonschema bounds nothing: it follows a reference as often as it is named, keeps the
faults of each alternative, quotes the whole value in each of them, and runs patterns of schemas.
Here each part of a schema that is named by `$ref` is held against each part of the value once, an
alternative ends with its first fault, patterns are not run, and all that takes time takes steps.
This module knows nothing about the words of faults.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from itertools import islice
from typing import Protocol, TypeAlias

import jsonschema
from jsonschema.exceptions import ValidationError

MAX_STEPS = 120_000
"""Limits the steps of one value: a fifth of a second to half a second of a core. A thousand objects
of ten keys take 36,000."""
MAX_NESTED = 150
"""Limits the keywords that are checked inside one another. Each takes five frames of Python's 1,000
at most. Where those end, rpds, which finds references, panics with what is no `Exception`."""
_REFERENCE_STEPS = 5  # a `$ref` takes about as long as five other keywords
_CHARACTERS_PER_STEP = 100  # of a fault's words, or of a value that is written out
_COMPARED_CHARACTERS = 8  # of the values that one step compares with a list or an object
_CRAWLED_CHARACTERS = 15  # of a schema that is read through for its names in one step


class _Resolved(Protocol):
    @property
    def contents(self) -> object: ...
    @property
    def resolver(self) -> object: ...


class _Resolver(Protocol):
    def lookup(self, ref: object) -> _Resolved: ...


class Part(Protocol):
    """Checks values against one part of a schema: what jsonschema gives to a keyword."""

    _resolver: _Resolver

    def evolve(self, *, schema: object, _resolver: object) -> Part: ...
    def descend(
        self,
        instance: object,
        schema: object,
        path: object = None,
        schema_path: object = None,
        resolver: object = None,
    ) -> Iterator[ValidationError]: ...


_Keyword: TypeAlias = Callable[[Part, object, object, object], Iterator[ValidationError] | None]


class SchemaWork:
    """Counts the steps of one check, and remembers what its references led to."""

    def __init__(self, schema: str, *, names: bool) -> None:
        self._left = MAX_STEPS
        self._nested = 0
        # A place with a name of its own is found by reading the schema. What it means may differ.
        self._reference = _REFERENCE_STEPS + (len(schema) // _CRAWLED_CHARACTERS if names else 0)
        self.remembers = not names
        self.known: dict[tuple[int, int], ValidationError | None] = {}
        self.running: set[tuple[int, int]] = set()
        self._weights: dict[int, int] = {}

    def spend(self, steps: int) -> None:
        """Counts steps. Raises RecursionError after MAX_STEPS."""
        self._left -= steps
        if self._left < 0:
            raise RecursionError("the schema takes too many steps")

    def enter(self) -> None:
        """Counts a keyword inside others. Raises RecursionError where there are MAX_NESTED."""
        if self._nested == MAX_NESTED:
            raise RecursionError("the schema leads too deep")
        self._nested += 1

    def leave(self) -> None:
        """Ends what `enter` began."""
        self._nested -= 1

    def refer(self) -> None:
        """Counts a reference."""
        self.spend(self._reference)

    def compare(self, part: object) -> None:
        """Counts a comparison of a list or an object with this part of the schema."""
        if id(part) not in self._weights:
            self._weights[id(part)] = len(json.dumps(part)) // _COMPARED_CHARACTERS
        self.spend(self._weights[id(part)])


# jsonschema calls the keywords without our arguments, so the work is in the context.
current: ContextVar[SchemaWork] = ContextVar("current")


def _unchecked(
    validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    return iter(())


def _additional(
    validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError] | None:
    # patternProperties decides which keys are additional, but its patterns are not run here.
    if isinstance(schema, Mapping) and "patternProperties" not in schema:
        return _ORIGINAL["additionalProperties"](validator, part, value, schema)
    return None


def _unique(
    validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    # jsonschema compares each object with every other one: three seconds for a thousand.
    seen = set[str]()
    for item in value if part is True and isinstance(value, list) else ():
        text = json.dumps(item, sort_keys=True)
        current.get().spend(1 + len(text) // _CHARACTERS_PER_STEP)
        if text in seen:
            yield ValidationError("the array has non-unique elements")
            return
        seen.add(text)


def _fits(validator: Part, part: object, value: object) -> bool:
    """Returns True where the value fits a part; its faults are not put into words."""
    return part if isinstance(part, bool) else next(validator.descend(value, part), None) is None


def _any_of(
    validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    if isinstance(part, list) and not any(_fits(validator, each, value) for each in part):
        yield ValidationError(f"{value!r} is not valid under any of the given schemas")


def _one_of(
    validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    alternatives = part if isinstance(part, list) else []
    # Two that fit are too many, however many more there are.
    fitting = [*islice((each for each in alternatives if _fits(validator, each, value)), 2)]
    if not fitting:
        yield ValidationError(f"{value!r} is not valid under any of the given schemas")
    elif len(fitting) > 1:
        yield ValidationError(f"{value!r} is valid under each of {fitting[1]!r}, {fitting[0]!r}")


def _compared(
    keyword: _Keyword, validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError] | None:
    if isinstance(value, list | dict):
        current.get().compare(part)
    return keyword(validator, part, value, schema)


def _reference(
    validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    """Holds a value against a named part, once. A second time its first fault is told again."""
    work = current.get()
    work.refer()
    resolved = validator._resolver.lookup(part)
    faults = validator.descend(value, resolved.contents, resolver=resolved.resolver)
    if not work.remembers:
        yield from faults
        return
    pair = (id(resolved.contents), id(value))
    if pair in work.running:
        raise RecursionError("the schema refers to itself without end")
    if pair in work.known:
        known = work.known[pair]
        if known is not None:
            yield _copied(known)
        return
    work.running.add(pair)
    # A schema and a value that are read from JSON live as long as the check: no id comes twice.
    work.known[pair] = first = next(faults, None)
    work.running.discard(pair)
    if first is not None:
        yield _copied(first)
        yield from faults


def _copied(fault: ValidationError) -> ValidationError:
    """Returns the fault without the places that those who pass it on add to it."""
    return ValidationError(
        fault.message,
        validator=fault.validator,
        path=tuple(fault.relative_path),
        schema_path=tuple(fault.relative_schema_path),
    )


def _unevaluated(
    kind: str, validator: Part, part: object, value: object, schema: object
) -> Iterator[ValidationError]:
    """Finds what no other keyword spoke of. jsonschema runs patterns and counts nothing there."""
    if not isinstance(value, list if kind == "items" else dict):
        return
    others = _places(value) - _evaluated(validator, value, schema)
    if others:
        named = sorted(others, key=str)
        parts = value if isinstance(value, list) else list[object]()
        shown = ", ".join([repr(parts[i] if isinstance(i, int) else i) for i in named])
        verb = "was" if len(others) == 1 else "were"
        yield ValidationError(f"Unevaluated {kind} are not allowed ({shown} {verb} unexpected)")


def _places(value: object) -> set[Hashable]:
    if isinstance(value, dict):
        return set(value)
    return set(range(len(value))) if isinstance(value, list) else set()


def _evaluated(validator: Part, value: object, schema: object) -> set[Hashable]:
    """Returns the names, or the indexes, of a value's parts that a schema speaks of."""
    places = _places(value)
    work = current.get()
    work.spend(1 + len(places))
    if not isinstance(schema, Mapping) or not places:
        return set()
    met = _by_items(validator, value, schema) if isinstance(value, list) else set[Hashable]()
    if isinstance(value, dict):
        if "patternProperties" in schema:
            return places  # its patterns are not run
        met = places & set(schema.get("properties", ()))
        for keyword in ("additionalProperties", "unevaluatedProperties"):
            if keyword in schema:
                met |= {k for k, v in value.items() if _fits(validator, schema[keyword], v)}
    work.enter()
    try:
        for within, part in _in_place(validator, value, schema):
            met |= _evaluated(within, value, part)
    finally:
        work.leave()
    return met


def _by_items(validator: Part, value: list[object], schema: Mapping[str, object]) -> set[Hashable]:
    if "items" in schema:
        return _places(value)
    prefix = schema.get("prefixItems")
    met: set[Hashable] = set(range(len(prefix) if isinstance(prefix, list) else 0))
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in schema:
            met |= {i for i, v in enumerate(value) if _fits(validator, schema[keyword], v)}
    return met


def _in_place(
    validator: Part, value: object, schema: Mapping[str, object]
) -> Iterator[tuple[Part, object]]:
    """Yields the parts that hold for the value itself, each with what checks it."""
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            current.get().refer()
            found = validator._resolver.lookup(schema[keyword])
            yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    if "if" in schema:
        holds = _fits(validator, schema["if"], value)
        if holds:
            yield validator, schema["if"]
        yield validator, schema.get("then" if holds else "else")
    named = schema.get("dependentSchemas")
    if isinstance(named, Mapping) and isinstance(value, dict):
        yield from ((validator, part) for name, part in named.items() if name in value)
    for keyword in ("allOf", "oneOf", "anyOf"):
        parts = schema.get(keyword)
        for part in parts if isinstance(parts, list) else ():
            if _fits(validator, part, value):
                yield validator, part


def _counted(keyword: _Keyword, *, by_value: bool) -> _Keyword:
    """Returns the keyword with counted steps; those `by_value` look at each part of the value."""

    def check(
        validator: Part, part: object, value: object, schema: object
    ) -> Iterator[ValidationError]:
        work = current.get()
        each = len(value) if by_value and isinstance(value, list | dict) else 0
        work.spend(1 + each + (len(part) if isinstance(part, list | dict) else 0))
        work.enter()
        try:
            for fault in keyword(validator, part, value, schema) or ():
                work.spend(1 + len(fault.message) // _CHARACTERS_PER_STEP)
                yield fault
        finally:
            work.leave()

    return check


_ORIGINAL: dict[str, _Keyword] = dict(jsonschema.Draft202012Validator.VALIDATORS)
_BY_VALUE = frozenset(
    ("additionalProperties", "contains", "items", "propertyNames", "unevaluatedItems")
) | {"unevaluatedProperties"}
_BOUNDED: dict[str, _Keyword] = {
    **_ORIGINAL,
    "$ref": _reference,
    "additionalProperties": _additional,
    "anyOf": _any_of,
    "const": partial(_compared, _ORIGINAL["const"]),
    "enum": partial(_compared, _ORIGINAL["enum"]),
    "oneOf": _one_of,
    "pattern": _unchecked,
    "patternProperties": _unchecked,
    "unevaluatedItems": partial(_unevaluated, "items"),
    "unevaluatedProperties": partial(_unevaluated, "properties"),
    "uniqueItems": _unique,
}
Bounded = jsonschema.validators.extend(  # type: ignore[no-untyped-call]
    jsonschema.Draft202012Validator,
    {name: _counted(each, by_value=name in _BY_VALUE) for name, each in _BOUNDED.items()},
)
