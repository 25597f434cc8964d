"""Answers to a benchmark: its file, its checks, and what is counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.evaluation.answers.asking import ModelReply
from router.evaluation.answers.benchmark import read_benchmark
from router.evaluation.answers.checks import CheckKind, Item, asked, code_of, letter_of, marked
from router.evaluation.answers.code_runner import Run
from router.evaluation.answers.results import NOBODY, by_answerer, by_kind, measure, share
from router.types import Message
from tests import ROOT

SETS = sorted((ROOT / "policies/benchmarks").glob("*.jsonl"))
CHOICE = {"id": "c", "prompt": "Which?", "choices": ["x", "y"], "choice": "B"}
PASSAGES = {"a": "The sky is blue.", "b": "Grass is green."}


def items_of(folder: Path, *rows: object) -> tuple[Item, ...]:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return read_benchmark(path).items


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_set_of_ours_can_be_read(path: Path) -> None:
    assert len(read_benchmark(path).items) == 20


@pytest.mark.parametrize(
    ("row", "answer", "right"),
    [
        (CHOICE, "B", True),
        (CHOICE, "A would do, but no.\nAnswer: **B**", True),
        (CHOICE, "(b)", True),
        (CHOICE, "Answer: A", False),
        (CHOICE, "A better one is not known.", False),
        ({"number": 12.5}, "Answer: 12.5", True),
        ({"number": 12.5, "tolerance": 0.1}, "It is 12.6.", True),
        ({"number": 12.5, "tolerance": 0.1}, "It is 12.61.", False),
        ({"number": 1102.5}, "2 years at 5 %.\nAnswer: $1,102.50", True),
        ({"number": -6}, "x = \u22126", True),
        ({"number": 3}, "I do not know.", False),
        ({"exact": ["Lisbon", "Lisboa"]}, "lisboa.", True),
        ({"exact": "Lisbon"}, "Lisbon, I think", False),
        ({"regex": "^19\\d\\d$"}, "1989", True),
        ({"regex": "^19\\d\\d$"}, "In 1989", False),
        ({"passages": PASSAGES, "cites": ["a"]}, "Blue [a].", True),
        ({"passages": PASSAGES, "cites": ["a"]}, "Blue [a] [b].", False),
        ({"passages": PASSAGES, "cites": ["a"], "may_cite": ["b"]}, "Blue [a, b].", True),
        ({"passages": PASSAGES, "cites": ["a"]}, "Blue [c] [a].", False),
        ({"passages": PASSAGES, "cites": ["a", "b"]}, "Blue [a].", False),
    ],
)
def test_an_answer_is_checked(
    tmp_path: Path, row: dict[str, object], answer: str, right: bool
) -> None:
    (item,) = items_of(tmp_path, {"id": "i", "prompt": "What?", **row})
    assert marked(item, answer).right is right


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({}, "found no check; expected exactly one of choice, number"),
        ({"number": 1, "exact": "x"}, "found number and exact; expected exactly one"),
        ({"number": "12"}, "number is '12'; expected a number"),
        ({"number": 1, "tolerance": -1}, "expected 0 or more"),
        ({"choice": "C", "choices": ["x", "y"]}, "choice is 'C'; expected one of A, B"),
        ({"regex": "("}, "expected a pattern"),
        ({"tests": "assert ("}, "tests is no Python"),
        ({"passages": PASSAGES, "cites": ["z"]}, "cites has 'z'; expected ids of passages"),
        ({"exact": "x", "tolerence": 1}, "found tolerence beside exact"),
        ({"exact": "x", "messages": []}, "found prompt and messages"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(
    tmp_path: Path, row: dict[str, object], told: str
) -> None:
    with pytest.raises(TrainingDataError) as caught:
        items_of(tmp_path, CHOICE, {"id": "i", "prompt": "What?", **row})
    assert "rows.jsonl:2: " in str(caught.value)
    assert told in str(caught.value)


def test_two_rows_of_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="id is 'c' in 2 rows"):
        items_of(tmp_path, CHOICE, CHOICE)


def test_a_question_goes_out_with_its_choices_behind_the_last_message(tmp_path: Path) -> None:
    talk = [{"role": "system", "content": "Be short."}, {"role": "user", "content": "Which?"}]
    row = {name: value for name, value in CHOICE.items() if name != "prompt"}
    (item,) = items_of(tmp_path, {**row, "messages": talk})
    first, last = asked(item)
    assert first == Message("system", "Be short.")
    assert last.text.startswith("Which?\n\nA. x\nB. y\n")


def test_two_letters_are_no_choice() -> None:
    assert letter_of("A. or B. it may be", {"A": "x", "B": "y"}) == ""


def test_code_is_taken_out_of_its_blocks() -> None:
    assert code_of("So:\n```python\nx = 1\n```\nDone.") == "x = 1\n"


def test_what_is_right_is_counted_worst_first(tmp_path: Path) -> None:
    rows = [
        CHOICE,
        {"id": "n", "prompt": "How many?", "number": 3},
        {"id": "t", "prompt": "Write it.", "tests": "assert x == 1"},
        {"id": "e", "prompt": "Who?", "exact": "nobody"},
    ]
    replies = {
        "Which": ModelReply("B", "mini", cost_nano_usd=5),
        "How m": ModelReply("4", "mini", cost_nano_usd=7),
        "Write": ModelReply("x = 1", "large", cost_nano_usd=11),
        "Who?": ModelReply("", fault="upstream_unreachable: gone"),
    }
    seen: list[tuple[str, str]] = []

    def run(code: str, tests: str) -> Run:
        seen.append((code, tests))
        return Run(True, "")

    checked = measure(items_of(tmp_path, *rows), lambda m: replies[m[-1].text[:5]], run)
    assert [row.right for row in checked] == [True, False, True, False]
    assert seen == [("x = 1", "assert x == 1")]
    whole = share("all", checked)
    assert (whole.right.value, whole.cost_nano_usd) == (0.5, 23)
    assert [group.name for group in by_answerer(checked)] == [NOBODY, "mini", "large"]
    assert by_kind(checked)[-1].right.value == 1.0
    assert checked[3].read == "upstream_unreachable: gone"


def test_interval_is_that_of_clopper_and_pearson(tmp_path: Path) -> None:
    items = read_benchmark(ROOT / "policies/benchmarks/choice.jsonl").items
    wrong = {item.id for item in items[:2]}
    by_text = {item.messages[-1].text: item for item in items}

    def ask(messages: tuple[Message, ...]) -> ModelReply:
        item = by_text[messages[-1].text.partition("\n\nA. ")[0]]
        return ModelReply("Z" if item.id in wrong else item.choice)

    figure = share("all", measure(items, ask, lambda code, tests: Run(False, ""))).right
    assert (round(figure.low, 3), round(figure.high, 3)) == (0.683, 0.988)
    assert all(item.kind is CheckKind.CHOICE for item in items)
