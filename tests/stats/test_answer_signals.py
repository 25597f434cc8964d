"""The signals of an answer: numbers, sums, doubt, samples; each by a small example."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.stats.answer_signals import SIGNALS, Reading, agreement, numbers, signals, sums


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("2 + 3 = 5", [True]),
        ("2 + 3 = 6", [False]),
        ("2 + 3 * 4 = 14", [True]),
        ("$1,200.50 - $200.50 = $1,000", [True]),
        ("10 / 3 = 3.33", [True]),
        ("10 / 3 = 3.5", [False]),
        ("20% * 50 = 10", [True]),
        ("20 / 80 = 25%", [True]),
        ("20 / 80 = 25", [True]),
        ("5 - 8 = -3", [True]),
        ("6 x 7 = 42 and 42 + 1 = 44", [True, False]),
        ("7 / 0 = 0", []),
        ("x = 5", []),
        ("no sum at all", []),
    ],
)
def test_sums_are_checked(text: str, holds: list[bool]) -> None:
    assert [held for *_, held in sums(text)] == holds


def test_numbers_are_read_with_separators_and_fractions() -> None:
    assert numbers("3 boxes at $1,200.50, and .5 off") == (3.0, 1200.5, 0.5)


@pytest.mark.parametrize(
    ("question", "answer", "name", "value"),
    [
        ("Add 2 and 3.", "2 + 3 = 5", "last_is_result", 1.0),
        ("Add 2 and 3.", "2 + 3 = 5, so 7", "last_is_result", 0.0),
        ("Add 2 and 3.", "2 + 3 = 6", "sum_fails", 1.0),
        ("Add two and 3.", "2 + 3 = 5", "numbers_used", 1.0),
        ("Add 2 and 3.", "It is 3", "numbers_used", 0.5),
        ("Add 2 and 3.", "2 + 9 = 11", "terms_from_nowhere", math.log1p(1)),
        ("Add 2 and 3.", "However, I am not sure", "doubts", 1.0),
        ("Add 2 and 3.", "The answer is 5", "marked_end", 1.0),
        ("Add 2 and 3.", "five", "no_number", 1.0),
    ],
)
def test_each_signal_reads_what_its_name_says(
    question: str, answer: str, name: str, value: float
) -> None:
    assert signals(Reading(question, answer))[name] == pytest.approx(value)


def test_samples_agree_by_their_last_number() -> None:
    assert agreement("So it is 4.", ["2 + 2 = 4", "It is 5", "4"]) == pytest.approx(2 / 3)
    assert agreement("Paris it is", ["Paris it is", "Rome"]) == pytest.approx(0.5)
    assert agreement("4", []) == 1.0


@given(st.text(max_size=200), st.text(max_size=200))
def test_every_text_has_finite_signals(question: str, answer: str) -> None:
    values = signals(Reading(question, answer))
    assert set(values) == set(SIGNALS)
    assert all(math.isfinite(value) for value in values.values())


@pytest.mark.parametrize("piece", ["1+", "1 = ", "9", "$1,0", "a ", "1.1."])
def test_a_long_answer_is_read_in_bounded_time(piece: str) -> None:
    assert signals(Reading("", piece * 100_000))["length"] <= math.log1p(20_000)
