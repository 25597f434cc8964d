"""Schemas that clients send: a value that JSON Schema forbids is found, with its place."""

from __future__ import annotations

import jsonschema
import orjson
import pytest
from hypothesis import given

from router.policy.parsing.json_schema import schema_faults, schema_mistake
from router.policy.parsing.plain_schemas import MAX_CHECKED_CHARACTERS
from router.types import JsonText
from tests.kits.checks.work_done import calls_of
from tests.kits.examples import examples
from tests.policy.test_plain_schemas import KEYWORDS, TREES, st

DRAFT_7 = "http://json-schema.org/draft-07/schema#"
DRAFT_4 = "http://json-schema.org/draft-04/schema#"
NEWEST = "https://json-schema.org/draft/2020-12/schema"
UNKNOWN = ("https://json-schema.org/draft-07/schema#", "http://json-schema.org/schema#")
MOST_CALLS = 10_000
"""Limits the work of one check. Values that are looked at one by one take 140,000 and more."""
MIXED: list[object] = [n if n % 2 else [n] for n in range(1600)]


def mistake_of(schema: object) -> tuple[str, str] | None:
    mistake = schema_mistake(JsonText(orjson.dumps(schema).decode()))
    return None if mistake is None else (".".join(map(str, mistake.place)), mistake.expected)


@pytest.mark.parametrize(
    ("schema", "place", "expected"),
    [
        ({"properties": {"a": {"type": "objekt"}}}, "properties.a.type", "one of array, boolean,"),
        ({"type": []}, "type", "one of array, boolean,"),
        ({"required": "a"}, "required", "an array"),
        ({"required": ["a", "a"]}, "required", "an array without repeats"),
        ({"items": 1}, "items", "an object or a boolean"),
        ({"items": [{"type": "objekt"}]}, "items.0.type", "one of array, boolean,"),
        ({"prefixItems": [{"type": "objekt"}]}, "prefixItems.0.type", "one of array, boolean,"),
        ({"items": []}, "items", "an array that is not empty"),
        ({"exclusiveMinimum": "1"}, "exclusiveMinimum", "a number"),
        ({"$schema": NEWEST, "items": [{}]}, "items", "an object or a boolean"),
        ({"$schema": DRAFT_7, "exclusiveMinimum": True}, "exclusiveMinimum", "a number"),
        ({"allOf": [{"minLength": "3"}]}, "allOf.0.minLength", "an integer"),
        ({"minItems": -1}, "minItems", "0 or more"),
        ({"multipleOf": 0}, "multipleOf", "a number above 0"),
        ({"anyOf": []}, "anyOf", "an array that is not empty"),
        ({"$id": "a#b"}, "$id", "what JSON Schema allows: 'a#b' does not match"),
        ({"$schema": DRAFT_7, "type": "objekt"}, "type", "one of array, boolean,"),
        ({"$schema": "https://example.com/own", "type": "objekt"}, "type", "one of array, boolean"),
    ],
)
def test_a_forbidden_value_is_found_at_its_place(schema: object, place: str, expected: str) -> None:
    found = mistake_of(schema)
    assert found is not None
    assert found[0] == place
    assert found[1].startswith(expected)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"type": {"type": "string"}}},
        {"x-own": {"type": "objekt"}, "nullable": True},
        {"const": {"type": "objekt"}, "default": {"required": "a"}},
        {"pattern": r"^\p{Lu}["},  # of another engine than Python's
        {"$schema": DRAFT_7, "items": [{"type": "string"}]},
        {"items": [{"type": "string"}], "additionalItems": False},  # of pydantic 1
        {"properties": {"n": {"minimum": 0, "exclusiveMinimum": True}}},  # of OpenAPI 3.0
        *[{"$schema": name, "items": [{"type": "string"}]} for name in UNKNOWN],
        {"$ref": "https://example.com/other.json"},
        {"$ref": "#/$defs/none"},
    ],
)
def test_what_the_standard_allows_is_no_mistake(schema: object) -> None:
    assert mistake_of(schema) is None


def test_a_schema_beyond_the_bound_is_not_checked() -> None:
    broken = {"type": "objekt", "description": "a" * MAX_CHECKED_CHARACTERS}
    assert mistake_of(broken) is None


@pytest.mark.parametrize(
    "schema",
    [
        {"$schema": DRAFT_4, "exclusiveMinimum": True, "enum": MIXED},
        {"type": MIXED},
        {"prefixItems": [True] * 1800},
    ],
)
def test_a_schema_of_very_many_values_is_not_looked_through(schema: object) -> None:
    """Each value costs milliseconds, and lists without repeats compare each with each."""
    mistake_of({"pattern": "a"})  # imports what is needed
    assert calls_of(lambda: mistake_of(schema)) < MOST_CALLS
    assert mistake_of(schema) is None


def test_answers_are_checked_by_a_schema_of_very_many_values() -> None:
    properties = {f"k{n}": {"type": "string", "pattern": "^a"} for n in range(200)}
    schema = JsonText(orjson.dumps({"properties": properties}).decode())
    mistake_of({"pattern": "a"})
    assert calls_of(lambda: schema_faults({"k7": 1}, schema)) < MOST_CALLS
    assert schema_faults({"k7": 1}, schema) == ("k7: 1 is not of type 'string'",)


@given(st.dictionaries(st.sampled_from(KEYWORDS), TREES, max_size=4))
@examples(100)
def test_mistakes_are_those_of_jsonschema(schema: dict[str, object]) -> None:
    good = jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA).is_valid(
        schema
    )
    older = jsonschema.Draft7Validator(jsonschema.Draft7Validator.META_SCHEMA).is_valid(schema)
    assert (mistake_of(schema) is None) == (good or older)
