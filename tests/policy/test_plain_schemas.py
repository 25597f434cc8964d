"""Schemas of the usual keywords are taken without the whole check, and only good ones are."""

from __future__ import annotations

from collections.abc import Iterator

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from router.policy.loading import policies_dir
from router.policy.parsing.json_schema import schema_problem
from router.policy.parsing.plain_schemas import _MOST_LEVELS, is_plain
from tests.kits.examples import examples

KEYWORDS = (
    *("type", "minItems", "maxLength", "title", "items", "additionalProperties"),
    *("properties", "required", "enum", "minimum", "maximum", "pattern"),
)
LEAVES = st.one_of(
    st.sampled_from(["object", "string", "what", ""]),
    st.lists(st.sampled_from(["object", "null", "what"]), max_size=3),
    st.integers(-2, 5),
    st.booleans(),
    st.none(),
    st.floats(0, 3),
    st.lists(st.sampled_from(["a", "b"]), max_size=3),
)
TREES = st.recursive(
    LEAVES, lambda part: st.dictionaries(st.sampled_from(KEYWORDS), part, max_size=4), max_leaves=12
)


@given(st.dictionaries(st.sampled_from(KEYWORDS), TREES, max_size=4))
@examples(200)
def test_schema_that_is_taken_at_once_is_one(schema: dict[str, object]) -> None:
    if is_plain(schema):
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "text"},
        {"type": ["object"], "properties": []},
        {"minItems": -1},
        {"maxLength": True, "required": "a"},
        {"required": ["a", "a"]},
        {"properties": {"a": {"type": "text"}}},
        {"items": {"minLength": "3"}},
        {"type": []},
        {"type": ["null", "null"]},
        {"minimum": "0"},
        {"maximum": True},
    ],
)
def test_schema_with_a_mistake_is_refused(schema: dict[str, object]) -> None:
    assert schema_problem(schema)


@pytest.mark.parametrize(("levels", "plain"), [(_MOST_LEVELS, True), (_MOST_LEVELS + 1, False)])
def test_deep_schema_is_left_to_the_whole_check(levels: int, plain: bool) -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(levels - 1):
        schema = {"items": schema}
    assert is_plain(schema) is plain


def test_schemas_of_shipped_deliberations_are_taken_at_once() -> None:
    folder = policies_dir() / "deliberation"
    templates = [yaml.safe_load(file.read_text("utf-8")) for file in folder.rglob("*.yaml")]
    schemas = [part for tree in templates for part in schemas_in(tree)]
    assert len(schemas) > 40
    assert [schema for schema in schemas if not is_plain(schema)] == []


def schemas_in(tree: object) -> Iterator[object]:
    """Yields what stands under the key `schema`, anywhere."""
    for key, part in tree.items() if isinstance(tree, dict) else ():
        if key == "schema":
            yield part
        yield from schemas_in(part)
    for part in tree if isinstance(tree, list) else ():
        yield from schemas_in(part)


def test_a_schema_that_is_nested_too_deep_is_no_usable_one() -> None:
    schema: dict[str, object] = {"type": "string"}
    for _ in range(400):
        schema = {"allOf": [schema]}
    assert schema_problem(schema) == "it is nested too deep to be checked"
