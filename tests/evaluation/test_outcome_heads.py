"""Heads that foretell who is right: words only where the encoder may know the file; five fits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from router.errors import TrainingDataError, WorseModel
from router.evaluation.kinds.routing_heads import foretell, learned
from router.evaluation.options import Kind, Subject
from router.evaluation.outcome_heads import train_outcomes
from router.evaluation.rows import Row
from router.stats.heads import load
from router.training.heads.labelled_rows import together
from router.triage.encoder import sha256_of
from router.triage.triage_model import DEFAULT_FOLDER
from tests.evaluation.test_evaluate import QUICK, graded_rows, measured, write
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate

ROWS = [{**row, "benchmark": "one"} for row in graded_rows()]


@pytest.fixture(scope="module")
def subject() -> Subject:
    return Subject.load(DEFAULT_FOLDER)


def knowing(subject: Subject, folder: Path, file: Path) -> Subject:
    """Returns the same model, whose card names `file`."""
    shutil.copytree(DEFAULT_FOLDER, folder)
    (folder / "card.json").write_text(f'{{"files": [{{"sha256": "{sha256_of(file)}"}}]}}')
    return replace(subject, folder=folder)


@pytest.mark.parametrize("known", [True, False])
def test_heads_have_no_weight_for_vectors_that_know_the_outcomes(
    subject: Subject, tmp_path: Path, known: bool
) -> None:
    path = write(tmp_path / "rows.jsonl.gz", ROWS)
    asked = knowing(subject, tmp_path / "model", path) if known else subject
    assert learned(asked, path) is known
    rows = [Row(n, str(row["prompt"]), "") for n, row in enumerate(ROWS)]
    results = [(float(str(row["weak_correct"])), float(n % 3 > 0)) for n, row in enumerate(ROWS)]
    weak, strong = foretell(asked, path, rows, results, rows[:4], QUICK).heads
    assert weak is not None
    assert strong is not None
    assert bool(np.abs(weak.weight).max() == 0.0) is known
    assert weak.words is not None


def test_all_rows_judge_by_five_fits(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", ROWS)
    report = measured(Kind.ROUTING, subject, path, replace(QUICK, five_fits=True, labels=60))
    section = report.sections["one: head of words on 60 labels, five fits"]
    assert section["apgr"].n == sum(not row["contaminated"] for row in ROWS)
    assert section["weak_auroc"].value > 0.8
    assert not any("shipped" in name for name in report.sections)


def test_five_fits_may_leave_subjects_out(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", ROWS)
    options = replace(QUICK, five_fits=True, leave_subjects=True)
    report = measured(Kind.ROUTING, subject, path, options)
    named = "one: head of words on the other folds' labels, five fits, subjects left out"
    assert report.sections[named]["apgr"].n == sum(not row["contaminated"] for row in ROWS)


def test_five_fits_need_no_other_file(subject: Subject, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", ROWS)
    with pytest.raises(TrainingDataError, match="leave --train out"):
        measured(Kind.ROUTING, subject, path, replace(QUICK, five_fits=True, train=path))


@pytest.mark.slow
def test_training_writes_a_head_of_each_model(subject: Subject, tmp_path: Path) -> None:
    rows = [
        {"prompt": row["prompt"], "correct": {"Mini 1": row["weak_correct"], "top": n % 3 > 0}}
        for n, row in enumerate(ROWS * 2)
    ]
    for n, row in enumerate(rows):
        row["prompt"] = f"{row['prompt']} Case {n // len(ROWS)}."
    rows += rows[:8]  # graded again
    path, out = write(tmp_path / "rows.jsonl.gz", rows), tmp_path / "heads"
    run = tiergate("train", "routing", "--data", path, "--out", out)
    assert run.returncode == 0, run.stderr
    assert "Mini 1: 200 graded answers to 192 distinct prompts" in run.stdout
    assert "ability: {head: wrong_mini_1, labels: 192}" in run.stdout
    assert "Repeats stay in one fold" in run.stdout
    assert json.loads((out / "wrong_mini_1.card.json").read_text())["texts"] == 192
    head = load(out, "wrong_mini_1", encoder_sha256=subject.model.encoder.sha256)
    asked = ["Please refund the laptop Case 1.", "The laptop is broken again Case 1."]
    right, wrong = head(subject.encode(asked))
    assert right < 0.3 < 0.7 < wrong
    assert "refund" not in (out / "wrong_mini_1.card.json").read_text()


@pytest.mark.parametrize(
    ("figure", "unreached", "fault"),
    [
        ("auroc", 1.2, r"wrong_mini: AUROC .* against 1\.2000"),
        ("ece", -0.2, r"wrong_mini, calibration: 1 - ECE .* against 1\.2000"),
    ],
)
def test_a_head_of_a_model_takes_no_better_ones_place(
    tmp_path: Path, figure: str, unreached: float, fault: str
) -> None:
    """Neither head is written where one is worse; the new ones lie beside, and force is told."""
    rows = [
        {
            "prompt": f"{row['prompt']} Case {n}.",
            "correct": {"mini": row["weak_correct"], "top": n % 3 > 0},
        }
        for n, row in enumerate(ROWS * 2)
    ]
    path, out = write(tmp_path / "rows.jsonl.gz", rows), tmp_path / "heads"

    def made(*, force: bool = False) -> None:
        train_outcomes(
            path, out, model_dir=DEFAULT_FOLDER, models=[], seed=7, command="c", force=force
        )

    def held() -> dict[str, bytes]:
        return {file.name: file.read_bytes() for file in out.iterdir()}

    made()
    first = held()
    made()  # the same figures are no worse ones
    assert held() == first
    card = out / "wrong_mini.card.json"
    better = json.loads(card.read_text())
    better["figures"][figure] = unreached  # no head can be as good
    del better["texts"]  # as in older cards
    card.write_text(json.dumps(better))
    before = held()
    with pytest.raises(WorseModel, match=f"{fault}.*--force"):
        made()
    assert held() == before
    assert {
        file.name: file.read_bytes() for file in tmp_path.joinpath("heads-not-installed").iterdir()
    } == first
    made(force=True)
    assert held() == first


def test_repeats_are_no_further_evidence(tmp_path: Path) -> None:
    rows = [{"prompt": f"Ask {n}", "correct": {"mini": n % 2}} for n in range(99)]
    path = write(tmp_path / "rows.jsonl.gz", rows * 3)
    with pytest.raises(TrainingDataError, match="100 distinct prompts"):
        train_outcomes(path, tmp_path, model_dir=DEFAULT_FOLDER, models=[], seed=7, command="")


def test_prompts_that_are_graded_again_stay_in_one_fold() -> None:
    prompts = [f"What about the {n} of {n * 7}?" for n in range(40)]
    # As a form that many fill in, and with grades that contradict each other.
    for texts in (prompts * 3, [f"Dear all, {one} Thanks" for one in prompts] * 3):
        names = together(texts, [place % 2 for place in range(120)])
        assert names[:40] == names[40:80] == names[80:]


@pytest.mark.parametrize(
    ("models", "told"), [(["nobody"], "expected one of: mini, top"), ([], "expected more rows")]
)
def test_training_names_what_is_missing(tmp_path: Path, models: list[str], told: str) -> None:
    rows = [{"prompt": f"Ask {n}", "correct": {"mini": 1, "top": n % 2}} for n in range(30)]
    path = write(tmp_path / "rows.jsonl.gz", rows)
    with pytest.raises(TrainingDataError, match=told):
        train_outcomes(path, tmp_path, model_dir=DEFAULT_FOLDER, models=models, seed=7, command="")


def test_models_whose_heads_would_be_one_file_are_refused(tmp_path: Path) -> None:
    rows = [{"prompt": f"Ask {n}", "correct": {"GPT 4": 1, "gpt-4": n % 2}} for n in range(30)]
    path = write(tmp_path / "rows.jsonl.gz", rows)
    with pytest.raises(TrainingDataError, match="GPT 4 and gpt-4 would both be wrong_gpt_4"):
        train_outcomes(path, tmp_path, model_dir=DEFAULT_FOLDER, models=[], seed=7, command="")
