"""The heads of `policies/heads`, which ship, judge files that no model was trained on."""

from __future__ import annotations

import json
from pathlib import Path

from router.evaluation.options import Kind, Subject
from router.triage.triage_model import DEFAULT_FOLDER
from tests import ROOT
from tests.evaluation.test_evaluate import measured, two_labels, write

HEADS = ROOT / "policies" / "heads"


def test_the_heads_of_policies_judge_all_rows_of_a_new_file(tmp_path: Path) -> None:
    rows = two_labels("department", "Hardware", "Purchase")
    path = write(tmp_path / "rows.jsonl.gz", rows)
    report = measured(Kind.DEPARTMENT, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert report.sections["department: shipped head"]["accuracy"].n == len(rows)


def test_departments_of_another_house_are_none_of_the_shipped_head(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("department", "Money", "Repairs"))
    report = measured(Kind.DEPARTMENT, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert "department: fitted head" in report.sections
    assert "the shipped head department does not know Money, Repairs" in report.notes


def test_the_policies_head_of_toxicity_reads_three_classes(tmp_path: Path) -> None:
    rows = two_labels("label", "neither", "offensive")
    path = write(tmp_path / "rows.jsonl.gz", rows)
    report = measured(Kind.TOXICITY, Subject.load(DEFAULT_FOLDER, HEADS), path)
    assert report.sections["hate, offensive or neither: shipped head"]["accuracy"].n == len(rows)


def test_a_file_that_taught_a_head_of_policies_is_known() -> None:
    card = json.loads((HEADS / "department.card.json").read_text())
    known = Subject.load(DEFAULT_FOLDER, HEADS).known
    assert {row["sha256"] for row in card["data"]} <= known
