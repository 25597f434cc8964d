"""The command `tiergate evaluate`: what it prints, what it refuses, what it does without."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from router.analysis.expected_levels import ExpectedRow, Reached
from router.cli.models import evaluated_kinds
from router.cli.models.expected_levels import _why
from router.evaluation.options import Kind, Novelty
from tests.evaluation.test_evaluate import graded_rows, intent_rows, two_labels, write
from tests.kits.server_kit import environment, tiergate

pytestmark = pytest.mark.slow

INTENDED = ExpectedRow("text", 1, 1, intent="cancel")


def test_the_command_prints_figures_as_json(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("label", "spam", "ham"))
    run = tiergate("evaluate", "spam", "--data", path, "--json", "--resamples", "20")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["kind"] == "spam"
    accuracy = report["figures"]["spam, sms: shipped head"]["accuracy"]
    assert set(accuracy) == {"value", "n", "low", "high"}
    assert report["figures"]["size"]["all_mb"]["value"] > 1


@pytest.mark.process
def test_the_command_prints_a_table_for_people(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", graded_rows())
    run = tiergate("evaluate", "routing", "--data", path, "--resamples", "20")
    assert run.returncode == 0, run.stderr
    assert "router / best single model / oracle" in run.stdout
    assert "- weak mixtral-8x7b-instruct-v0.1, strong gpt-4-1106-preview" in run.stdout


def test_prompts_of_a_file_are_compared_with_expected_levels(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    rows = [
        {"text": "What is your return policy?", "lowest_tier": 1, "highest_tier": 1},
        {"text": "What is your return policy?", "lowest_tier": 3, "highest_tier": 3, "kind": "odd"},
    ]
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    run = tiergate("evaluate", "gateway", "--data", path, "--json")
    assert run.returncode == 0, run.stderr
    report = json.loads(run.stdout)
    assert report["rows"] == 2
    assert report["errors"]["too_low"]["faults"] == 1
    assert report["by_kind"]["odd"]["too_low"]["share"] == 1.0
    assert [(entry["id"], entry["reached"]) for entry in report["wrong"]] == [("line 2", 1)]
    assert report["typing_errors"]["flips"]["cases"] == 2
    assert report["typing_errors"]["taken_down"]["cases"] == 0
    assert [bound["found"]["cases"] for bound in report["grave_at"]] == [1] * 7
    told = tiergate("evaluate", "gateway", "--data", path).stdout
    assert "1 (50.0 %: 9.5 % to 90.5 %)" in told
    assert "grave_at" in told
    assert "0 (at most 65.8 %)" in told


@pytest.mark.process
def test_a_line_that_is_no_prompt_is_counted_and_the_others_are_judged(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    row = json.dumps({"text": "What is your return policy?", "lowest_tier": 1, "highest_tier": 1})
    path.write_text(f"{row}\n[nonsense]\n" + '{"text": "hi"}\n', encoding="utf-8")
    report = json.loads(tiergate("evaluate", "gateway", "--data", path, "--json").stdout)
    assert (report["rows"], report["bad"]) == (1, 2)
    assert report["bad_lines"][0].startswith("line 2: ")
    told = tiergate("evaluate", "gateway", "--data", path).stdout
    assert told.startswith("2 lines are no rows, in no figure below: line 2: ")
    path.write_text("[nonsense]\n", encoding="utf-8")
    run = tiergate("evaluate", "gateway", "--data", path)
    assert (run.returncode, "found no rows (line 1: " in run.stderr) == (2, True)


@pytest.mark.process
def test_packed_prompts_that_are_altered_are_no_traceback(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b'{"text": "Hello", "lowest_tier": 1}\n' * 9))
    packed[10:14] = b"\xff\xff\xff\xff"
    path = tmp_path / "prompts.jsonl.gz"
    path.write_bytes(packed)
    run = tiergate("evaluate", "gateway", "--data", path)
    assert run.returncode == 2
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("reached", "told"),
    [
        (
            Reached(INTENDED, 3, 0.99, "too unsure", "cancel", matched=0.951),
            "too unsure; chance of level 3 0.99; match cancel 0.95",
        ),
        (Reached(INTENDED, 2, 0.7, "ladder"), "ladder; chance of level 2 0.70"),
        (
            Reached(ExpectedRow("text", 2, 3), 1, 0.9, "match", "cancel", matched=0.9),
            "match; chance of level 1 0.90; match cancel 0.90",
        ),
        (Reached(INTENDED, 0, reason="no_tier"), "no_tier"),
    ],
)
def test_each_chance_of_an_error_stands_beside_that_whose_it_is(
    reached: Reached, told: str
) -> None:
    assert _why(reached) == told


@pytest.mark.process
def test_an_offer_is_no_wrong_answer(tmp_path: Path) -> None:
    path = tmp_path / "prompts.jsonl"
    levels = {"lowest_tier": 1, "highest_tier": 1, "intent": "none_such"}
    texts = ("What is your return policy?", "my parcel")
    path.write_text("\n".join(json.dumps({"text": text, **levels}) for text in texts))
    arguments = ("evaluate", "gateway", "--policy", "demo", "--data", path)
    report = json.loads(tiergate(*arguments, "--json").stdout)
    assert [entry["error"] for entry in report["wrong"]] == ["wrong_intent"]
    outcomes = report["outcomes"]
    assert (outcomes["right"], outcomes["wrong"], outcomes["offered"]) == (0, 1, 1)
    assert (outcomes["accuracy"], outcomes["answered_share"]) == (0.0, 0.5)
    told = tiergate(*arguments).stdout
    assert "Answered: 1 of 2 (50.0 %: 9.5 % to 90.5 %)" in told
    assert "1 row was offered questions" in told


@pytest.mark.process
def test_latency_is_measured_where_it_is_asked(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", two_labels("label", "spam", "ham"))
    run = tiergate("evaluate", "spam", "--data", path, "--json", "--latency", "--resamples", "20")
    figures = json.loads(run.stdout)["figures"]
    for tokens in (16, 40, 128):
        timed = figures[f"latency, {tokens} tokens"]
        assert timed["p50_ms"]["value"] <= timed["p99_ms"]["value"]


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("mood",), 2, "expected one of intent, routing"),
        (("spam",), 2, "found no --data"),
        (("intent", "--data", "x.jsonl.gz", "--novelty", "luck"), 2, "expected one of combined"),
        (("spam", "--data", "nowhere.jsonl.gz"), 1, "nowhere.jsonl.gz: cannot be read"),
        (
            ("spam", "--data", "x", "--labels", "50"),
            2,
            "--labels: of no use for spam; leave it out",
        ),
        (("adversarial", "--data", "x"), 2, "--data x: No such file or directory"),
        (("adversarial", "--seed", "1"), 2, "--seed: of no use for adversarial"),
        (("gateway",), 2, "found no --data"),
        (("gateway", "--data", "x.jsonl"), 2, "x.jsonl: No such file or directory"),
        (("gateway", "--data", "x", "--seed", "1"), 2, "--seed: of no use for gateway"),
        (("--train", "x"), 2, "--train: of no use for the card"),
    ],
)
def test_wrong_usage_is_told(arguments: tuple[str, ...], code: int, told: str) -> None:
    run = tiergate("evaluate", *arguments)
    assert run.returncode == code
    assert told in " ".join(run.stderr.replace("│", " ").split())


@pytest.mark.process
def test_without_a_kind_the_card_is_printed() -> None:
    run = tiergate("evaluate")
    assert run.returncode == 0
    assert run.stdout.startswith("# Triage model card")


def test_the_command_names_the_kinds_and_scores_that_there_are() -> None:
    assert tuple(Kind) == evaluated_kinds.KINDS
    assert tuple(Novelty) == evaluated_kinds.NOVELTIES


@pytest.mark.process
def test_figures_need_neither_torch_nor_scipy_nor_scikit_learn(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl.gz", intent_rows())
    program = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'scipy', 'sklearn')));"
        "from pathlib import Path; from router.evaluation import dispatch;"
        "from router.evaluation.options import Kind, Options;"
        "from router.triage.triage_model import DEFAULT_FOLDER as folder;"
        f"r = dispatch.evaluate(Kind.INTENT, folder, Path({str(path)!r}), Options(resamples=20));"
        "print(r.sections['in scope']['accuracy'].n)"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment()
    )
    assert run.returncode == 0, run.stderr
    assert int(run.stdout) > 0


@pytest.mark.parametrize(("kind", "at"), [("gateway", 0), ("adversarial", 3)])
def test_bytes_that_are_no_text_are_told_by_their_place(kind: str, at: int, tmp_path: Path) -> None:
    """Places are those in the file, or in the line where lines are read one by one."""
    file = tmp_path / "rows.jsonl"
    file.write_bytes(b"{}\n\x86" if at else b"\x86\n{}")
    run = tiergate("evaluate", kind, "--data", file)
    assert run.returncode == 2
    assert f"the byte 0x86 at {at} is no UTF-8" in " ".join(run.stderr.split())
