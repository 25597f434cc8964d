"""The gates of the semantic cache: what no two requests may differ in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.caches.semantic_gates import MAX_CHARS, Gate, gate_between, meaning_of
from tests.kits.inputs.minimal_pairs import ALIKE, PAIRS


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_minimal_pair_is_kept_apart(one: str, other: str) -> None:
    assert gate_between(meaning_of(one), meaning_of(other)) is not None
    assert gate_between(meaning_of(other), meaning_of(one)) is not None


def test_there_are_more_than_a_hundred_minimal_pairs() -> None:
    assert len(set(PAIRS)) > 100


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_other_words_for_the_same_may_share_an_answer(one: str, other: str) -> None:
    assert gate_between(meaning_of(one), meaning_of(other)) is None


@pytest.mark.parametrize(
    ("one", "other", "gate"),
    [
        ("a" * MAX_CHARS, "a" * (MAX_CHARS + 1), Gate.LENGTH),
        ("hello there", "", Gate.LENGTH),
        ("take 2 of 3 on", "take 3 of 2 off", Gate.NUMBERS),
        ("do not turn it on", "do turn it off", Gate.NEGATION),
        ('find "a" now', 'find "b" later', Gate.NAMES),
        ("turn it on, cat", "turn it off, dog", Gate.OPPOSITES),
        ("feed the cat", "feed the dog", Gate.MATTER),
        ("cat eats dog", "dog eats cat", Gate.ORDER),
    ],
)
def test_gates_stand_in_their_order(one: str, other: str, gate: Gate) -> None:
    assert gate_between(meaning_of(one), meaning_of(other)) is gate


def test_a_text_up_to_the_limit_is_compared() -> None:
    assert meaning_of("a" * MAX_CHARS) is not None
    assert meaning_of("a" * (MAX_CHARS + 1)) is None


@given(st.text(max_size=300))
def test_any_text_means_the_same_as_itself(text: str) -> None:
    found = meaning_of(text)
    assert (found is None) == (not text.strip())
    assert found is None or gate_between(found, meaning_of(text)) is None


@given(st.text(max_size=100), st.text(max_size=100))
def test_gates_are_symmetric(one: str, other: str) -> None:
    a, b = meaning_of(one), meaning_of(other)
    assert gate_between(a, b) is gate_between(b, a)
