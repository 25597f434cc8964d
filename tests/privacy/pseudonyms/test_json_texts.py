"""Checks that strings of a JSON text are read and changed in place, at any depth."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.privacy.pseudonyms.json_texts import is_json, leaves, rewritten, strings_in

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)  # fmt: skip


@given(VALUES)
def test_text_that_nobody_changes_stays_letter_by_letter(value: object) -> None:
    for payload in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert rewritten(payload, lambda one: one.text) == payload


@given(VALUES)
def test_changed_text_stays_json(value: object) -> None:
    changed = rewritten(json.dumps(value), lambda one: one.text + '"')
    json.loads(changed)


@given(st.lists(st.text(max_size=9)))
def test_strings_are_read_as_json_reads_them(texts: list[str]) -> None:
    assert [one.text for one in strings_in(json.dumps(texts))] == texts


def test_value_is_read_behind_the_key_it_stands_under() -> None:
    payload = '{"to": {"full_name": "Jo", "tags": ["x"]}, "phone": 4155550132, "n": 3}'
    assert list(leaves(payload)) == ["full name: Jo", "tags: x", "phone: 4155550132"]


def test_list_after_an_object_stands_under_its_own_key() -> None:
    assert list(leaves('{"a": [{"b": "x"}, "y"]}')) == ["b: x", "a: y"]


def test_number_that_is_changed_becomes_a_string() -> None:
    changed = rewritten('{"id": 4155550132}', lambda one: "[PHONE]" if one.is_number else one.text)
    assert json.loads(changed) == {"id": "[PHONE]"}


@pytest.mark.parametrize("depth", [200, 500, 1_000, 100_000])
def test_depth_raises_nothing(depth: int) -> None:
    payload = '{"a":' * depth + '"Jo"' + "}" * depth
    assert [one.text for one in strings_in(payload) if not one.is_key] == ["Jo"]
    assert list(leaves(payload)) == ["a: Jo" if is_json(payload) else payload]
