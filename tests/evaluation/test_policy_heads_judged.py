"""The heads of `policies/heads`, which ship, judge files that no model was trained on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.errors import TrainingDataError
from router.evaluation.options import Kind, Subject
from router.evaluation.rows import UNKNOWN_FILE
from router.training.heads.train_head import train_head
from router.triage.triage_model import DEFAULT_FOLDER
from tests import ROOT
from tests.evaluation.test_evaluate import measured, two_labels, write

HEADS = ROOT / "policies" / "heads"


def test_the_heads_of_policies_judge_all_rows_of_a_new_file(tmp_path: Path) -> None:
    rows = two_labels("department", "Hardware", "Purchase")
    path = write(tmp_path / "rows.jsonl.gz", rows)
    report = measured(Kind.DEPARTMENT, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert report.sections["department: shipped head"]["accuracy"].n == len(rows)


def taught(tmp_path: Path, rows: list[dict[str, object]]) -> Subject:
    """Returns the shipped model with a head `department` that these rows taught."""
    tmp_path.mkdir()
    data = write(tmp_path / "taught.jsonl.gz", rows)
    train_head(
        data, "department", tmp_path, model_dir=None, text_column="text",
        label_column="department", positive=None, seed=7, force=False, command="",
    )  # fmt: skip
    return Subject.load(DEFAULT_FOLDER, tmp_path)


def test_rows_that_taught_a_head_do_not_judge_it(tmp_path: Path) -> None:
    rows = two_labels("department", "Money", "Repairs")
    subject = taught(tmp_path / "heads", rows[:-10])
    report = measured(Kind.DEPARTMENT, subject, write(tmp_path / "all.jsonl.gz", rows))
    assert report.sections["department: shipped head"]["accuracy"].n == 10
    assert any("whose text taught the head department" in note for note in report.notes)


def test_a_file_of_taught_rows_alone_is_refused(tmp_path: Path) -> None:
    rows = two_labels("department", "Money", "Repairs")
    subject = taught(tmp_path / "heads", rows)
    other = write(tmp_path / "again.jsonl.gz", rows)
    with pytest.raises(
        TrainingDataError, match=r"rows that would judge taught .* stands in department\.card\.json"
    ):
        measured(Kind.DEPARTMENT, subject, other)


def test_rows_of_a_file_that_no_card_names_are_told_to_flatter(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("department", "Hardware", "Purchase"))
    report = measured(Kind.DEPARTMENT, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert UNKNOWN_FILE in report.notes


def test_departments_of_another_house_are_none_of_the_shipped_head(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("department", "Money", "Repairs"))
    report = measured(Kind.DEPARTMENT, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert "department: fitted head" in report.sections
    assert "the shipped head department does not know Money, Repairs" in report.notes
    (fitted,) = (note for note in report.notes if "fitted here" in note)
    assert fitted.startswith("in its place a head department was fitted here on ")
    assert not any("ships" in note for note in report.notes)


def test_the_policies_head_of_toxicity_reads_three_classes(tmp_path: Path) -> None:
    rows = two_labels("label", "neither", "offensive")
    path = write(tmp_path / "rows.jsonl.gz", rows)
    report = measured(Kind.TOXICITY, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert report.sections["hate, offensive or neither: shipped head"]["accuracy"].n == len(rows)


def test_a_file_that_taught_a_head_of_policies_is_known() -> None:
    card = json.loads((HEADS / "department.card.json").read_text())
    known = Subject.load(DEFAULT_FOLDER, HEADS).known
    assert {row["sha256"] for row in card["data"]} <= known
