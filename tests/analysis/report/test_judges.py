"""What a report says of judges: their agreement with people, and the pairs they compared."""

from __future__ import annotations

import pytest

from router.analysis.report.judges import judge_measures
from router.analysis.report.sentences import measured
from router.types import JudgeNote, PairNote, TrueOutcome


def outcome(name: str, score: float | None, correct: bool | None) -> TrueOutcome:
    note = JudgeNote("support", "digest", "large", 0.6, score)
    return TrueOutcome(name, correct=correct, judged=note)


def test_nothing_is_said_where_nothing_was_judged() -> None:
    assert judge_measures([TrueOutcome("a", correct=True)], {}) == ()
    assert judge_measures([outcome("a", None, True), outcome("b", 0.9, None)], {}) == ()


def test_kappa_compares_passed_answers_with_right_ones() -> None:
    told = [outcome(f"a{i}", 0.9, True) for i in range(20)]
    told += [outcome(f"b{i}", 0.9, False) for i in range(5)]
    told += [outcome(f"c{i}", 0.2, True) for i in range(10)]
    told += [outcome(f"d{i}", 0.2, False) for i in range(15)]
    (measure,) = judge_measures(told, {})
    assert measure.label == "large with support: kappa with outcomes"
    assert (measure.value, measure.count) == (pytest.approx(0.4), 50)
    assert (measure.unit, measured(measure)) == ("kappa", "0.40")
    assert measure.interval is not None
    assert measure.interval.low < 0.4 < measure.interval.high


def test_pairs_are_counted_with_their_flips() -> None:
    pairs = {
        "a": PairNote("support", "d", "large", better="shadow"),
        "b": PairNote("support", "d", "large", better="shown"),
        "c": PairNote("support", "d", "large", better="same", flipped=True),
        "d": PairNote("support", "d", "large", fault="no_verdict"),
    }
    told = [TrueOutcome("a", correct=False), TrueOutcome("b", correct=True)]
    figures = {m.key.partition(":")[0]: m for m in judge_measures(told, pairs)}
    assert {name: m.value for name, m in figures.items()} == {
        "shadow_better": pytest.approx(1 / 3),
        "shown_better": pytest.approx(1 / 3),
        "pairs_flipped": pytest.approx(1 / 3),
        "judge_pairs_kappa": 1.0,
    }
    assert figures["judge_pairs_kappa"].count == 2
