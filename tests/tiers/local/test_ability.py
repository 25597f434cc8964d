"""The embedded model's ability: grading, the fit of theta, the calibrator, the shipped file."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.training.adapter.graded import Question, is_right
from router.training.adapter.local_ability import Graded, ability, fit
from tests import ROOT

SHIPPED = ROOT / "tiers" / "adapters"


def question(kind: str, answer: str) -> Question:
    return Question("k", "s", kind, "?", answer, "general", 0.5, 9)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "answer", "said", "right"),
    [
        ("fact", "bayreuth germany", "It is Bayreuth, in Germany.", True),
        ("fact", "bayreuth germany", "It is in Germany.", False),
        ("fact", "", "anything", False),
        ("number", "57500", "50 x 35 x $20 ... so $57,500.", True),
        ("number", "57500", "57,500 or 60000", False),
        ("number", "3", "no idea", False),
        ("option", "J", "The answer is J. Heuristics", True),
        ("option", "J", "A or J", False),
        ("option", "J", "none", False),
    ],
)
def test_answers_are_graded_by_kind(kind: str, answer: str, said: str, right: bool) -> None:
    assert is_right(question(kind, answer), said) is right


def test_ability_equals_difficulty_where_half_is_right() -> None:
    d = np.full(100, 1.5)
    right = np.arange(100) % 2.0
    assert ability(d, right, slope=1.0, prior=0.0, weight=0.0) == pytest.approx(1.5, abs=0.01)


def test_a_few_answers_stay_near_the_prior() -> None:
    pulled = ability(np.zeros(2), np.ones(2), slope=1.0, prior=-2.0, weight=10.0)
    assert -2.0 < pulled < -1.0


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.floats(0.2, 3.0))
def test_ability_is_bounded_whatever_the_answers(right: list[bool], slope: float) -> None:
    found = ability(np.zeros(len(right)), np.array(right, float), slope, 0.0, 0.0)
    assert -6.0 <= found <= 6.0


def test_surer_tokens_raise_the_chance() -> None:
    draw = np.random.default_rng(1)
    mean = draw.uniform(-2, 0, 400)
    right = draw.random(400) < 1 / (1 + np.exp(-(3 + 3 * mean)))
    graded = [
        Graded(str(i), "s", "general", bool(r), float(m), float(2 * m), 5, 0.5)
        for i, (m, r) in enumerate(zip(mean, right, strict=True))
    ]
    calibration = fit(graded, np.zeros(400), 1.0)["answer_calibration"]
    assert isinstance(calibration, dict)
    assert calibration["w2"] + 2 * calibration["w3"] > 1.0
    assert calibration["auroc"] > 0.75


def test_the_shipped_ability_can_be_used_by_verification() -> None:
    shipped = json.loads((SHIPPED / "smollm2_ability.json").read_text("utf-8"))
    assert shipped["labels"] >= 200
    assert -6.0 < shipped["theta"] < 6.0
    assert {"w0", "w1", "w2", "w3", "n"} <= set(shipped["answer_calibration"])


def test_the_shipped_grades_hold_no_text() -> None:
    rows = (SHIPPED / "smollm2_graded.jsonl").read_text("utf-8").splitlines()
    allowed = set(Graded.__slots__)
    assert all(set(json.loads(row)) == allowed for row in rows)
