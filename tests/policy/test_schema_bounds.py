"""Tests that a check of a client's schema ends soon, and that it judges as jsonschema does."""

from __future__ import annotations

import json
import sys
import tracemalloc
from types import FrameType
from typing import Annotated, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field

from router.policy.parsing.json_schema import first_fault, schema_faults
from router.types import JsonText
from tests.kits.examples import examples

MOST_CALLS = 6_000_000  # of functions, by two checks; several made as many without end
MUCH_BYTES = 40_000_000  # several took from 100 MB to gigabytes


def _levels(width: int, depth: int, leaf: dict[str, object]) -> dict[str, object]:
    parts: dict[str, object] = {
        f"a{i}": {"anyOf": [{"$ref": f"#/$defs/a{i + 1}"}] * width} for i in range(depth)
    }
    return {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{depth}": leaf}}


_UNIQUE: dict[str, object] = {"uniqueItems": True, "type": "string"}
_DOUBLING: dict[str, object] = {
    f"a{i}": {"$ref": f"#/$defs/a{i + 1}", "if": True, "then": {"$ref": f"#/$defs/a{i + 1}"}}
    for i in range(40)
}
COSTLY: dict[str, tuple[object, dict[str, object]]] = {
    "alternatives of one text": ("x" * 30_000, _levels(64, 20, {"type": "integer"})),
    "alternatives of uniqueItems": ([1] * 3_000, _levels(64, 20, _UNIQUE)),
    "uniqueItems side by side": ([1] * 30_000, {"anyOf": [_UNIQUE] * 600}),
    "a long enum": (
        [0] * 4_000,
        {"anyOf": [{"items": {"enum": [[i] * 20 for i in range(300)]}}] * 5},
    ),
    "an enum of long lists": (
        [[0] * 400] * 50,
        {"items": {"enum": [[0] * 399 + [i] for i in range(1, 60)]}},
    ),
    "quoted by false": ("x" * 60_000, {"anyOf": [False] * 5_000}),
    "items without a rule": ([0] * 30_000, {"anyOf": [{"items": {}, "type": "string"}] * 900}),
    "names of properties": (
        {str(i): i for i in range(3_000)},
        {"anyOf": [{"propertyNames": {}, "type": "string"}] * 900},
    ),
    "a pattern by unevaluatedProperties": (
        {"a" * 40 + "!": 1},
        {"unevaluatedProperties": False, "patternProperties": {"^(a+)+$": {}}},
    ),
    "references by unevaluatedProperties": (
        {"b": 1},
        {"$ref": "#/$defs/a0", "unevaluatedProperties": False, "$defs": {**_DOUBLING, "a40": {}}},
    ),
    "many unevaluated properties": (
        {str(i): i for i in range(3_000)},
        {"allOf": [{"unevaluatedProperties": {}, "properties": {"0": {}}}] * 500},
    ),
    "patterns that take long to read": (
        "x",
        {"anyOf": [{"pattern": "(?i:[\\u0001-\\U0010fffe])"}] * 200},
    ),
    "names that are looked for": (
        [{"a": {}}] * 2_000,
        {
            "items": {"anyOf": [{"$ref": "#n0"}] * 300},
            "$defs": {f"n{i}": {"$anchor": f"n{i}", "type": "string"} for i in range(900)},
        },
    ),
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_schema_takes_few_calls(name: str) -> None:
    value, schema = COSTLY[name]
    text = JsonText(json.dumps(schema))
    calls = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")
        if calls > MOST_CALLS:
            pytest.fail(f"the checks made more than {MOST_CALLS:,} calls")

    sys.setprofile(count)
    try:
        schema_faults(value, text)
        first_fault(value, text)
    finally:
        sys.setprofile(None)
    assert calls > 0


_SELF: dict[str, object] = {"$ref": "#self"}
_AGAIN = {
    "not": {"not": _SELF},
    "allOf": {"allOf": [{"not": {"$ref": "#/$defs/self"}}]},
    "anyOf": {"anyOf": [_SELF]},
    "oneOf": {"oneOf": [_SELF]},
    "if": {"if": _SELF, "then": False},
    "dependentSchemas": {"dependentSchemas": {"a": _SELF}},
    "unevaluatedProperties": {"unevaluatedProperties": False, "allOf": [_SELF]},
}


@pytest.mark.parametrize("keyword", _AGAIN)
def test_a_schema_that_never_ends_stops_above_the_limit_of_python(keyword: str) -> None:
    def faults(schema: object, frames: int) -> tuple[str, ...]:
        if frames:
            return faults(schema, frames - 1)
        return schema_faults({"a": 1}, JsonText(json.dumps(schema)))

    for around in range(12):  # one of them meets the limit where a reference is found
        schema: dict[str, object] = {"$ref": "#/$defs/self"}
        for _ in range(around):
            schema = {"allOf": [schema]}
        schema["$defs"] = {"self": {"$anchor": "self", **_AGAIN[keyword]}}
        assert faults(schema, 60) == ()


def test_a_schema_that_is_too_deep_to_be_checked_reports_no_faults() -> None:
    schema: dict[str, object] = {"type": "string", "minContains": 1}
    for _ in range(100):
        schema = {"not": {"not": schema}}
    assert schema_faults(1, JsonText(json.dumps(schema))) == ()


@pytest.mark.parametrize(
    "name", ["alternatives of one text", "uniqueItems side by side", "quoted by false"]
)
def test_a_schema_takes_little_memory(name: str) -> None:
    value, schema = COSTLY[name]
    text = JsonText(json.dumps(schema))
    tracemalloc.start()
    try:
        schema_faults(value, text)
        assert tracemalloc.get_traced_memory()[1] < MUCH_BYTES
    finally:
        tracemalloc.stop()


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid")
    street: str
    postcode: Annotated[str, Field(max_length=8)] | None = None


class Card(BaseModel):
    kind: Literal["card"]
    digits: Annotated[int, Field(ge=1000, le=9999)]


class Transfer(BaseModel):
    kind: Literal["transfer"]
    iban: Annotated[str, Field(min_length=4)]


class Node(BaseModel):
    name: str
    children: list[Node] = []
    payment: Annotated[Card | Transfer, Field(discriminator="kind")] | None = None
    address: Address | None = None
    tags: Annotated[set[str], Field(max_length=2)] = set()
    scores: dict[str, float] = {}
    pair: tuple[int, str] | None = None


NODE = Node.model_json_schema()
FITTING = {
    "name": "a",
    "children": [{"name": "b", "payment": {"kind": "card", "digits": 1234}}, {"name": "c"}],
    "address": {"street": "s", "postcode": None},
    "tags": ["x", "y"],
    "scores": {"p": 0.5},
    "pair": [1, "z"],
}
WRONG: dict[str, dict[str, object]] = {
    "a child without its name": {"children": [{"name": "b"}, {"nam": "c"}]},
    "a payment of no kind": {"payment": {"kind": "cheque", "digits": 1234}},
    "digits out of range": {"children": [{"name": "b", "payment": {"kind": "card", "digits": 1}}]},
    "a key that is forbidden": {"address": {"street": "s", "city": "c"}},
    "a postcode too long": {"address": {"street": "s", "postcode": "123456789"}},
    "a tag twice": {"tags": ["x", "x"]},
    "a score in words": {"scores": {"p": "high"}},
    "a pair of three": {"pair": [1, "z", 2]},
}


def test_a_models_schema_takes_what_fits() -> None:
    assert schema_faults(FITTING, JsonText(json.dumps(NODE))) == ()


@pytest.mark.parametrize("name", WRONG)
def test_a_models_schema_finds_what_does_not_fit(name: str) -> None:
    assert schema_faults({**FITTING, **WRONG[name]}, JsonText(json.dumps(NODE))) != ()


def test_a_tree_of_a_thousand_nodes_is_judged_to_its_last_leaf() -> None:
    leaves: list[object] = [{"name": str(i), "tags": ["x"]} for i in range(1_000)]
    text = JsonText(json.dumps(NODE))
    assert schema_faults({"name": "root", "children": leaves}, text) == ()
    assert schema_faults({"name": "root", "children": [*leaves, {"name": 1}]}, text) != ()


def test_a_fault_below_a_reference_is_told_with_its_place() -> None:
    value = {"name": "a", "children": [{"name": "b"}, {"name": 3}]}
    fault = first_fault(value, JsonText(json.dumps(NODE)))
    assert fault is not None
    assert fault.place == "children.1.name"
    assert fault.message == "3 is not of type 'string'"


@pytest.mark.parametrize("part", [{"pattern": r"^\p{L}+$"}, {"pattern": "(?<year>[0-9]{4})"}])
def test_a_pattern_of_another_dialect_leaves_the_rest_checked(part: dict[str, object]) -> None:
    schema = JsonText(json.dumps({"properties": {"a": {"type": "string", **part}}}))
    assert schema_faults({"a": 1}, schema) != ()
    assert schema_faults({"a": "x"}, schema) == ()


_SCALARS = st.sampled_from([0, 1, 2.5, True, False, None, "", "a", "bb"])
_VALUES = st.recursive(
    _SCALARS,
    lambda part: (
        st.lists(part, max_size=3) | st.dictionaries(st.sampled_from("abc"), part, max_size=3)
    ),
    max_leaves=6,
)
_REFERENCES = st.sampled_from([{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/y"}])
_TYPES = st.sampled_from(["array", "boolean", "integer", "null", "number", "object", "string"])


def _keywords(part: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    some = st.lists(part, min_size=1, max_size=3)
    named = st.dictionaries(st.sampled_from("abc"), part, max_size=2)
    keywords: dict[str, st.SearchStrategy[object]] = {
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), some),
        **dict.fromkeys(("properties", "dependentSchemas"), named),
        **dict.fromkeys(("not", "if", "then", "else", "items", "contains"), part),
        **dict.fromkeys(("additionalProperties", "unevaluatedProperties"), part),
        "unevaluatedItems": part,
        "type": _TYPES,
        "enum": st.lists(_VALUES, min_size=1, max_size=3),
        "const": _VALUES,
        "required": st.lists(st.sampled_from("abc"), max_size=2, unique=True),
        "uniqueItems": st.booleans(),
        "maxItems": st.integers(0, 2),
        "minProperties": st.integers(0, 2),
        "minimum": st.integers(0, 2),
    }
    names = st.lists(st.sampled_from(sorted(keywords)), max_size=3, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({k: keywords[k] for k in chosen}))


_PARTS: st.SearchStrategy[object] = st.recursive(
    st.booleans() | st.builds(lambda name: {"type": name}, _TYPES) | _REFERENCES,
    _keywords,
    max_leaves=8,
)


@given(value=_VALUES, top=_PARTS, x=_PARTS, y=_PARTS)
@examples(300)
def test_a_verdict_is_that_of_jsonschema(value: object, top: object, x: object, y: object) -> None:
    schema = {"allOf": [top], "$defs": {"x": x, "y": y}}
    validator = jsonschema.Draft202012Validator(schema)
    faults = schema_faults(value, JsonText(json.dumps(schema)))
    try:
        fits = not list(validator.iter_errors(value))
    except RecursionError:
        return  # jsonschema has no verdict; ours stops sooner, and may have found a fault by then
    assert (faults == ()) is fits
