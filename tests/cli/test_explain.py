"""What `tiergate route --explain` shows beside a reason: its chance, its threshold, its words."""

from __future__ import annotations

import re

from router.cli.policies.chances import beside
from router.cli.policies.explain import signal_lines
from router.types import HeadReading
from tests.cli.test_route import tiergate
from tests.kits.changed import replace
from tests.kits.fakes import CALM


def test_explain_shows_the_threshold_beside_each_chance() -> None:
    """`novel` had a reason and no number, and no chance said from where on it counts."""
    told = tiergate("route", "zxq blorf wibble gnarf snork", "--explain").stdout
    line = next(line for line in told.splitlines() if line.startswith("  chances "))
    for name, level, at in (
        ("stakes high", 2, "0.34"),
        ("multi-factor", 2, "0.22"),
        ("strategic", 3, "0.50"),
        ("novelty", 2, "0.50"),
        ("toxic", 2, "0.80"),
        ("spam", 2, "0.80"),
    ):
        assert re.search(rf"{name} \d\.\d+ \(level {level} from {at}\)", line), name
    assert re.search(r"novel: its chance \d\.\d\d reaches 0\.50", told)
    risk = next(line for line in told.splitlines() if line.startswith("  risk "))
    assert "(level 3 from 0.22)" in risk
    assert "level 1  answers from a chance of 0.85 of being right on" in told


def test_a_chance_shows_on_which_side_of_its_threshold_it_is() -> None:
    assert beside(0.4996, 0.5, 2) == "0.4996 (level 2 from 0.50)"
    assert beside(0.9, 0.85, 3) == "0.90 (level 3 from 0.85)"
    assert beside(0.2, None, 2) == "0.20"


def test_a_question_says_what_its_chance_is_about() -> None:
    """The match had confidence 0.469 and the rung 0.703, and nothing said why."""
    told = tiergate("route", "What would I get for my old phone?", "--explain").stdout
    assert "asked_which" in told
    found = re.search(r"(0\.\d{3}) is the chance that one of the offered questions is meant", told)
    assert found is not None
    assert told.count(found[1]) > 1


def test_a_head_with_one_class_of_its_name_is_named_once() -> None:
    read = (HeadReading("harm", (("harm", 0.06),)), HeadReading("spam", (("ham", 0.9),)))
    lines = dict(signal_lines(replace(CALM, heads=read)))
    assert lines["heads"] == "harm 0.06; spam ham 0.90"


def test_a_rung_behind_a_safe_answer_does_not_say_that_a_model_is_missing() -> None:
    text = "My chest hurts and my left arm is numb, what should I do about it?"
    told = tiergate("route", text, "--explain").stdout
    assert "safe_answer" in told
    assert "no_model" not in told
