"""Exports of datasets: the forms that training and tuning read, within the time of the texts."""

from __future__ import annotations

import json

import pytest

from router.errors import TrainingDataError
from router.learning.collect import HumanLabel
from router.learning.dataset import Options, build
from router.learning.export import Target, export
from router.learning.rows import DatasetRow, Split
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.changed import replace
from tests.kits.past_kit import LATER_MS, past

ROWS = build(
    [
        past("r1", "Where is my order?", said={"correct": True}),
        past("r2", "where is my ORDER", said={"correct": True}),
        past(
            "r3",
            "Please cancel the newsletter.",
            "It is cancelled.",
            texts={"reviewed": "I cannot do that."},
            said={"correct": False, "corrected_digest": "d"},
        ),
    ],
    Options(dev=0.0, test=0.0),
    [HumanLabel("r1", "department", "shipping"), HumanLabel("r3", "department", "marketing")],
).rows


def lines(target: Target, rows: tuple[DatasetRow, ...] = ROWS) -> list[dict[str, object]]:
    made = export(rows, target, [Split.TRAIN], "", NOW_MS)
    return [json.loads(line) for line in made.lines]


def test_each_target_gets_its_form() -> None:
    assert lines(Target.HEAD) == [
        {"text": "Where is my order?", "label": "shipping", "weight": 1.0},
        {"text": "Please cancel the newsletter.", "label": "marketing", "weight": 1.0},
    ]
    assert [row["right"] for row in lines(Target.ANSWERS)] == [1, 0]
    assert lines(Target.PAIRS) == [
        {
            "prompt": "user: Please cancel the newsletter.",
            "chosen": "I cannot do that.",
            "rejected": "It is cancelled.",
        }
    ]


def test_merged_decisions_all_count_as_outcomes() -> None:
    assert lines(Target.OUTCOMES) == [
        {"request_id": "r1", "correct": True},
        {"request_id": "r2", "correct": True},
        {"request_id": "r3", "correct": False},
    ]


def test_wrong_answers_are_never_shown_as_examples() -> None:
    answers = [row["messages"][-1]["content"] for row in lines(Target.MESSAGES)]
    assert answers == ["It is on its way.", "I cannot do that."]


def test_row_whose_time_is_over_is_left_out() -> None:
    with pytest.raises(TrainingDataError, match="the time of 2 is over"):
        export(ROWS, Target.ANSWERS, [Split.TRAIN], "", LATER_MS)


def test_a_judge_of_answers_gets_those_of_one_answerer() -> None:
    rows = tuple(replace(row, answerer="faq" if row.right else "alpha") for row in ROWS)
    with pytest.raises(
        TrainingDataError, match=r"answers of alpha \(1\), faq \(1\); name one by --answerer"
    ):
        lines(Target.ANSWERS, rows)
    (only,) = export(rows, Target.ANSWERS, [Split.TRAIN], "", NOW_MS, "alpha").lines
    assert (json.loads(only)["right"], json.loads(only)["answerer"]) == (0, "alpha")
    with pytest.raises(TrainingDataError, match=r"no row of beta .* those of alpha"):
        export(rows, Target.ANSWERS, [Split.TRAIN], "", NOW_MS, "beta")
    # Others read answers of all, or of the one that is named.
    assert len(lines(Target.OUTCOMES, rows)) == 3
    assert len(export(rows, Target.OUTCOMES, [Split.TRAIN], "", NOW_MS, "alpha").lines) == 1


def test_several_heads_need_a_name() -> None:
    labels = [HumanLabel("r1", "department", "a"), HumanLabel("r1", "priority", "b")]
    rows = build([past("r1")], Options(dev=0.0, test=0.0), labels).rows
    with pytest.raises(TrainingDataError, match="name one by --head"):
        export(rows, Target.HEAD, [Split.TRAIN], "", NOW_MS)
    assert len(export(rows, Target.HEAD, [Split.TRAIN], "priority", NOW_MS).lines) == 1


def test_dataset_of_labels_alone_says_what_it_lacks_for_pairs() -> None:
    rows = build([past("r1")], Options(dev=0.0, test=0.0), [HumanLabel("r1", "a", "b")]).rows
    labels = [row for row in rows if row.head]
    with pytest.raises(TrainingDataError, match=r"expected corrections, found labels \(1\)"):
        export(labels, Target.PAIRS, [Split.TRAIN], "", NOW_MS)


def test_split_without_rows_is_refused() -> None:
    with pytest.raises(TrainingDataError, match="no row for pairs in test"):
        export(ROWS, Target.PAIRS, [Split.TEST], "", NOW_MS)
