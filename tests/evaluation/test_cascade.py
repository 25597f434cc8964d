"""`tiergate evaluate routing` on tables with answers' texts: the cascade that sees them."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.evaluation.options import Kind, Subject
from router.triage.triage_model import DEFAULT_FOLDER
from tests.evaluation.test_evaluate import QUICK, graded_rows, measured, write
from tests.kits.changed import replace


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject.load(DEFAULT_FOLDER)


def with_answers(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The same table with answers; a wrong one has a wrong sum in two cases of three."""
    return [
        {
            **row,
            "weak_response": f"2 + {n} = {2 + n + int(not row['weak_correct'] and n % 3 > 0)}",
        }
        for n, row in enumerate(rows)
    ]


def test_a_cascade_sees_the_weak_answer_and_all_rows_judge_it(
    subject: Subject, tmp_path: Path
) -> None:
    rows = [{**row, "benchmark": "sums"} for row in with_answers(graded_rows())]
    report = measured(Kind.ROUTING, subject, write(tmp_path / "rows.jsonl.gz", rows))
    section = report.sections["sums: cascade that sees the answer, five fits"]
    assert section["apgr"].n == sum(not row["contaminated"] for row in rows)
    assert section["apgr"].value > 0.6
    assert section["weak_auroc"].value > 0.75
    assert 40 < section["strong_calls_to_match_percent"].value <= 100
    cost = section["cost_to_match_percent"].value
    assert cost > section["strong_calls_to_match_percent"].value  # weak calls are paid too


@pytest.mark.slow
def test_a_cascade_is_judged_on_held_rows_by_the_head_of_others(
    subject: Subject, tmp_path: Path
) -> None:
    rows = [{**row, "benchmark": "sums"} for row in with_answers(graded_rows() * 2)]
    for n, row in enumerate(rows):
        row["prompt"] = f"{row['prompt']} Case {n}."
    shared = write(tmp_path / "shared.jsonl.gz", rows[::2])
    held = write(tmp_path / "held.jsonl.gz", rows[1::2])
    report = measured(Kind.ROUTING, subject, held, replace(QUICK, train=shared))
    section = report.sections[f"sums: cascade that sees the answer, on {len(rows[::2])} labels"]
    assert section["weak_auroc"].value > 0.75


def test_a_table_without_answers_says_so(subject: Subject, tmp_path: Path) -> None:
    report = measured(Kind.ROUTING, subject, write(tmp_path / "rows.jsonl.gz", graded_rows()))
    assert any("lacks answers' texts" in note for note in report.notes)
