"""`tiergate train answers`: a head that judges answers by what they show."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from subprocess import CompletedProcess

import numpy as np
import pytest

from router.errors import TrainingDataError
from router.evaluation.graded_answers import read_answers
from router.stats.answer_head import load
from router.stats.answer_signals import Reading
from router.training.heads.fit_answers import fit_answers, spans_of
from tests.kits.server_kit import tiergate


def graded(rows: int = 120) -> list[dict[str, object]]:
    """Sums that are right and wrong in turn; every seventh grade says the contrary."""
    return [
        {
            "prompt": f"What is {n} and {n + 3}?",
            "answer": f"{n} + {n + 3} = {2 * n + 3 + n % 2}",
            "right": int((n % 2 == 0) != (n % 7 == 0)),
        }
        for n in range(2, rows + 2)
    ]


def write(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return path


def test_a_head_learns_that_wrong_sums_are_wrong(tmp_path: Path) -> None:
    found = read_answers(write(tmp_path / "rows.jsonl", graded(360)))
    made = fit_answers(found.readings, found.right)
    assert made.head.figures["auroc"] > 0.75
    right, wrong = (made.head(Reading("What is 5 and 8?", f"5 + 8 = {n}")) for n in (13, 14))
    assert right > 0.65 > 0.35 > wrong


def test_answers_of_several_answerers_teach_no_judge(tmp_path: Path) -> None:
    rows = [{**row, "answerer": "faq" if n < 20 else "alpha"} for n, row in enumerate(graded())]
    with pytest.raises(TrainingDataError, match=r"answers of alpha \(100\), faq \(20\); expected"):
        read_answers(write(tmp_path / "mixed.jsonl", rows))
    assert read_answers(write(tmp_path / "one.jsonl", rows[20:])).answerer == "alpha"
    assert read_answers(write(tmp_path / "none.jsonl", graded())).answerer == ""


def test_repeats_of_a_question_do_not_judge_themselves() -> None:
    rng = np.random.default_rng(0)
    # Grades are drawn by question, and nothing in an answer shows them.
    grades = np.repeat(rng.integers(0, 2, 60), 10).astype(float)
    readings = [Reading(f"Question {n // 10:03d}", f"Answer {n % 10}.") for n in range(600)]
    assert abs(fit_answers(readings, grades).head.figures["auroc"] - 0.5) < 0.15


def test_answers_to_one_question_are_one_piece_of_evidence() -> None:
    rng = np.random.default_rng(0)
    right, chances = rng.integers(0, 2, 60).astype(float), rng.random(60)
    low, high = spans_of(range(60), chances, right)["right"]
    assert low < right.mean() < high
    # Ten equal answers to each question leave the interval as wide as it was.
    wide = spans_of(
        np.repeat(range(60), 10).tolist(), np.repeat(chances, 10), np.repeat(right, 10)
    )["right"]
    assert wide == pytest.approx((low, high), abs=1e-9)


def test_log_probabilities_and_samples_are_weighed_where_a_file_has_them(tmp_path: Path) -> None:
    rows = graded()
    plain = read_answers(write(tmp_path / "plain.jsonl", rows))
    assert "agreement" not in fit_answers(plain.readings, plain.right).head.weights
    for n, row in enumerate(rows):
        row |= {"logprobs": [-0.1 * (n % 3), -0.5], "samples": ["5", str(row["answer"])][n % 2 :]}
    more = read_answers(write(tmp_path / "more.jsonl", rows))
    head = fit_answers(more.readings, more.right).head
    assert {"agreement", "mean_logprob", "min_logprob"} - set(head.weights) == {"min_logprob"}
    assert head.reads_samples


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"right": 2}, "right is 2; expected 0 or 1"),
        ({"samples": "x"}, "samples is 'x'; expected a list of texts"),
        ({"logprobs": ["x"]}, "logprobs has 'x'; expected a number"),
        ({"mean_logprob": True}, "mean_logprob has True; expected a number"),
    ],
)
def test_a_wrong_row_is_named_with_its_line(
    tmp_path: Path, change: dict[str, object], told: str
) -> None:
    rows = graded()
    rows[4] |= change
    with pytest.raises(TrainingDataError, match=":5: ") as caught:
        read_answers(write(tmp_path / "rows.jsonl", rows))
    assert told in caught.value.message


@pytest.mark.parametrize("kept", [slice(0, 30), slice(0, 120, 2)])
def test_few_answers_or_one_grade_are_refused(tmp_path: Path, kept: slice) -> None:
    rows = [{**row, "right": int(kept.step is None)} for row in graded(120)[kept]]
    with pytest.raises(TrainingDataError, match="expected at least 60 rows"):
        read_answers(write(tmp_path / "rows.jsonl", rows))


def test_repeats_count_once_and_answers_with_two_grades_not_at_all(tmp_path: Path) -> None:
    rows = graded(120)
    other = {**rows[0], "right": 1 - int(str(rows[0]["right"]))}
    found = read_answers(write(tmp_path / "rows.jsonl", [*rows, other, rows[1]]))
    assert len(found.right) == 119
    assert found.left_out == (1, 121, 122)


def test_few_answers_many_times_are_few(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match=r"30 graded answers, .* \(90 rows were repeats"):
        read_answers(write(tmp_path / "rows.jsonl", graded(30) * 4))


def test_a_head_that_ranks_by_chance_is_warned_of(tmp_path: Path) -> None:
    draw = random.Random(3)
    rows = [{**row, "right": draw.randrange(2)} for row in graded()]
    path, out = write(tmp_path / "rows.jsonl", rows), tmp_path / "answers.json"
    run = tiergate("train", "answers", "--data", path, "--out", out)
    assert run.returncode == 0, run.stderr
    assert "warning: answers may tell right from wrong no better than chance" in run.stderr


def test_few_graded_answers_are_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", graded(119))
    run = tiergate("train", "answers", "--data", path, "--out", tmp_path / "answers.json")
    assert run.returncode == 0, run.stderr
    assert "warning: 119 graded answers are few" in run.stderr
    assert "Heads of 120 said" in run.stderr


def test_the_command_writes_a_head_without_texts(tmp_path: Path) -> None:
    path, out = write(tmp_path / "rows.jsonl", graded()), tmp_path / "made" / "answers.json"
    run = tiergate("train", "answers", "--data", path, "--out", out)
    assert run.returncode == 0, run.stderr
    assert "120 graded answers" in run.stdout
    assert "warning: 120" not in run.stderr
    assert load(out).rows == 120
    assert "What is" not in out.read_text()


def taught(
    path: Path, rows: Sequence[Mapping[str, object]], out: Path, *more: str
) -> CompletedProcess[str]:
    return tiergate("train", "answers", "--data", write(path, rows), "--out", out, *more)


def mixed_up(rows: int, seed: int = 3) -> list[dict[str, object]]:
    """Rows whose grades say nothing of their answers, about other sums."""
    draw = random.Random(seed)
    asked = [f"How much is {n} plus {n + 7}, please?" for n in range(700, 700 + rows)]
    return [
        {**row, "prompt": prompt, "right": draw.randrange(2)}
        for row, prompt in zip(graded(rows), asked, strict=True)
    ]


def test_a_worse_head_does_not_replace_a_good_one(tmp_path: Path) -> None:
    out = tmp_path / "mini.json"
    assert taught(tmp_path / "good.jsonl", graded(360), out).returncode == 0
    before = out.read_bytes()
    rows = graded(430)[360:]
    run = taught(tmp_path / "few.jsonl", rows, out)
    assert run.returncode == 1
    assert (
        "of the new one (70 answers), answers to questions that the old head never saw"
        in " ".join(run.stdout.split())
    )
    assert "Not written: it is worse" in run.stdout
    assert out.read_bytes() == before
    assert taught(tmp_path / "few.jsonl", rows, out, "--force").returncode == 0
    assert load(out).rows == 70


def test_a_better_head_replaces_the_older_one(tmp_path: Path) -> None:
    out = tmp_path / "mini.json"
    assert taught(tmp_path / "poor.jsonl", mixed_up(80), out).returncode == 0
    run = taught(tmp_path / "good.jsonl", graded(360), out, "--json")
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout)
    assert said["installed"]
    assert not said["comparison"]["worse"]
    assert load(out).rows == 360


def test_the_same_answers_may_teach_again(tmp_path: Path) -> None:
    out = tmp_path / "mini.json"
    for _ in range(2):
        assert taught(tmp_path / "good.jsonl", graded(), out).returncode == 0


def test_a_head_without_digests_is_compared_on_the_new_answers(tmp_path: Path) -> None:
    out = tmp_path / "mini.json"
    assert taught(tmp_path / "good.jsonl", graded(360), out).returncode == 0
    older = json.loads(out.read_text("utf-8"))
    del older["card"]["seen"], older["figures"]["skill"]
    out.write_text(json.dumps(older), "utf-8")
    run = taught(tmp_path / "few.jsonl", graded(430)[360:], out)
    assert run.returncode == 1
    assert "some of which may have taught the old head" in " ".join(run.stdout.split())


def test_a_file_that_is_no_head_of_answers_is_not_written_over(tmp_path: Path) -> None:
    out = tmp_path / "policy.yaml"
    out.write_text("name: mine\n", "utf-8")
    run = taught(tmp_path / "rows.jsonl", graded(), out)
    assert run.returncode == 2
    assert "is no head of answers" in " ".join(run.stderr.split())
    assert out.read_text("utf-8") == "name: mine\n"


def test_answers_to_questions_in_nearly_the_same_words_judge_no_sibling() -> None:
    stem = "Please tell me how many apples are left in the basket of the farmer on the hill"
    asked = [f"{stem} today, number {n}?" for n in range(10)]
    other = [f"{n} times {n * 3} is what, if {n * 7} is {n * 9}?" for n in range(60)]
    readings = [Reading(text, "Four.") for text in (*asked, *other)]
    kin = fit_answers(readings, np.arange(70) % 2.0).families
    assert len(set(kin[:10])) == 1
    assert len(set(kin)) > 10


def test_answers_to_one_question_alone_are_refused() -> None:
    readings = [Reading("Write a slogan.", f"Slogan {n}") for n in range(80)]
    with pytest.raises(TrainingDataError, match="answers to the same question"):
        fit_answers(readings, np.arange(80) % 2.0)
