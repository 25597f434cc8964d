"""Checks how findings are counted, and what the shipped head reaches."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.evaluation.kinds.privacy import Counts, counted, measure
from router.privacy.entities.head import PATH
from router.privacy.entities.kinds import Entity, EntityKind
from router.training.entities.marked_texts import read_marked, read_texts

HELD_OUT = Path("router/training/data/entities/held_out")


def test_half_of_a_detail_counts_as_found() -> None:
    text = read_marked("{{n|Anna Keller}}")
    assert counted(text, [Entity(EntityKind.NAME, 5, 11)]) == {EntityKind.NAME: Counts(right=1)}
    missed = counted(text, [Entity(EntityKind.NAME, 6, 8)])
    assert missed == {EntityKind.NAME: Counts(wrong=1, missed=1)}


def test_open_detail_counts_neither_way() -> None:
    text = read_marked("ask {{n|Mr Keller|}}")
    assert counted(text, [Entity(EntityKind.NAME, 7, 13)]) == {}
    assert counted(text, []) == {}


def test_lines_of_json_are_read(tmp_path: Path) -> None:
    file = tmp_path / "own.jsonl"
    file.write_text(json.dumps({"text": "ask Jo", "spans": [[4, 6, "name"]]}) + "\n")
    assert read_texts(file)[0].found == (Entity(EntityKind.NAME, 4, 6),)


def test_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "none.txt").write_text("\n")
    with pytest.raises(TrainingDataError):
        read_texts(tmp_path / "none.txt")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("own.csv", "text,label\nask Jo,x\n", "found no marked detail in 2 texts; expected a .txt"),
        (
            "own.jsonl",
            '{"text": "ask Jo"}\n',
            'own.jsonl, line 1: \'{"text": "ask Jo"}\' is no marked',
        ),
        ("own.txt", "ask {{n|Jo}}\nat {{zz|x}}\n", "own.txt, line 2: 'at {{zz|x}}' is no marked"),
        (
            "far.jsonl",
            '{"text": "ask Jo", "spans": [[4, 90, "name"]]}\n',
            "far.jsonl, line 1",
        ),
    ],
)
def test_texts_without_marks_are_refused_with_the_form_that_is_expected(
    tmp_path: Path, name: str, content: str, told: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(TrainingDataError) as refused:
        read_texts(tmp_path / name)
    assert told in refused.value.message
    assert "{{n|Jo}}" in refused.value.message


def test_shipped_head_is_small() -> None:
    assert PATH.stat().st_size < 1_000_000


@pytest.mark.slow
def test_held_out_texts_are_read_as_the_card_says() -> None:
    card = json.loads(PATH.with_suffix(".card.json").read_text(encoding="utf-8"))
    report = measure(HELD_OUT, resamples=20)
    assert report.texts >= 400
    assert {one.kind: round(one.f1, 3) for one in report.kinds} == card["held_out"]
