"""`tiergate dataset`: from a ledger's verdicts to a head that was trained on them."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from router.cli.commands import app
from router.types import FeedbackSource
from tests.kits.books.feedback_kit import learning, said
from tests.kits.books.ledger_rows import NOW_MS, attempt, request
from tests.kits.changed import replace

pytestmark = pytest.mark.slow

DEPARTMENTS = {
    "billing": "invoice payment amount charge receipt tax refund credit bank statement",
    "shipping": "parcel delivery courier address tracking customs depot driver door late",
}

MISSING_OR_GIVEN = ("null", '"nan"', '" "', '""', "5", '"billing"')


def question(number: int) -> tuple[str, str]:
    """Returns a department, and a question in its words."""
    department = sorted(DEPARTMENTS)[number % 2]
    words = random.Random(number).sample(DEPARTMENTS[department].split(), 6)
    return department, f"What about the {' '.join(words)}?"


def run(*arguments: str | Path) -> Result:
    """Runs the command line in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)])


async def traffic(folder: Path, rows: int = 160) -> Path:
    """Answered requests with verdicts, and texts that policies let the ledger keep."""
    async with learning(folder) as house:
        house.clock.at_ms = 4_000_000_000_000  # texts of the past would have expired
        for n in range(rows):
            name = f"r{n:03}"
            row = replace(
                request(name, attempt(name)), created_at_ms=NOW_MS + n, session_digest=f"s{n // 2}"
            )
            await house.ledger.finish(row)
            texts = (("prompt", f"user: {question(n)[1]}"), ("answer", f"{n * n}."))
            for kind, text in texts:
                await house.texts.put(
                    name, "acme", kind, text, store="redacted", retention_days=3650
                )
            word = replace(said(name, correct=n % 3 > 0), source=FeedbackSource.CLIENT)
            await house.feedback.add(word)
        return Path(house.path)


async def test_verdicts_become_data_and_data_become_heads(tmp_path: Path) -> None:
    ledger = await traffic(tmp_path)
    filled = tmp_path / "filled.jsonl"
    filled.write_text(
        "".join(json.dumps({"ref": f"r{n:03}", "label": question(n)[0]}) + "\n" for n in range(160))
    )
    sets = tmp_path / "sets"
    options = ("--database", ledger, "--labels", f"department={filled}", "--out", sets)
    build = ("dataset", "build", *options, "--dev", "0")
    made = run(*build)
    assert made.exit_code == 0, made.output
    folder = Path(made.stdout.splitlines()[0])
    again = run(*build, "--json")
    assert json.loads(again.stdout)["folder"] == str(folder)
    assert "department: billing" in made.stdout

    rows = tmp_path / "labels.jsonl"
    export = ("dataset", "export", folder, "--to")
    assert run(*export, "head", "--out", rows).exit_code == 0
    assert rows.stat().st_mode & 0o777 == 0o600  # it holds what people wrote
    trained = run(
        *("train", "head", "--data", rows, "--name", "department", "--out", tmp_path / "heads")
    )
    assert trained.exit_code == 0, trained.output
    assert (tmp_path / "heads" / "department.json").exists()

    answers = tmp_path / "answers.jsonl"
    assert run(*export, "answers", "--out", answers).exit_code == 0
    judge = tmp_path / "judge.json"
    judged = run("train", "answers", "--data", answers, "--out", judge)
    assert judged.exit_code == 0, judged.output

    run("keys", "create", "--tenant", "nobody", "--database", ledger)
    smaller = run(*build, "--tenant", "nobody")
    compared = run("dataset", "diff", folder, smaller.stdout.splitlines()[0])
    assert compared.stdout.startswith("0 came, ")


async def test_nothing_is_made_from_what_may_not_be_kept(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house.answered("r1", store="none")
        await house.feedback.add(said("r1", correct=True))
        path = Path(house.path)
    made = run("dataset", "build", "--database", path, "--out", tmp_path / "sets", "--json")
    shown = json.loads(made.stdout)
    assert (shown["files"]["rows.jsonl"]["rows"], shown["dropped"]) == (0, {"no_text": 1})
    assert shown["files"]["requests.jsonl"]["rows"] == 1


def test_labels_need_a_head_and_a_file(tmp_path: Path) -> None:
    wrong = run("dataset", "build", "--labels", "nothing.jsonl")
    assert (wrong.exit_code, "HEAD=FILE" in wrong.output) == (2, True)
    assert not (tmp_path / "sets").exists()


def test_labels_need_a_head_that_can_be_named(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text("")
    wrong = run("dataset", "build", "--labels", f"my head={tmp_path / 'l.jsonl'}")
    assert (wrong.exit_code, "'my head' names no head" in wrong.output) == (2, True)


async def test_labels_name_requests_as_headers_do_and_spellings_are_told(tmp_path: Path) -> None:
    ledger = await traffic(tmp_path, 2)
    file = tmp_path / "labels.jsonl"
    lines = [("dec_r000", "Billing"), ("r001", "billing ")]
    file.write_text("".join(json.dumps({"ref": r, "label": label}) + "\n" for r, label in lines))
    options = ("--database", ledger, "--out", tmp_path / "sets")
    made = run("dataset", "build", "--labels", f"department={file}", *options)
    assert "respelt  1, labels in another" in made.stdout
    assert "department: billing" not in made.stdout


async def test_a_missing_label_makes_no_class(tmp_path: Path) -> None:
    ledger = await traffic(tmp_path, 6)
    file = tmp_path / "labels.jsonl"
    rows = [f'{{"ref": "r00{n}", "label": {value}}}' for n, value in enumerate(MISSING_OR_GIVEN)]
    file.write_text("\n".join(rows))
    options = ("--database", ledger, "--out", tmp_path / "sets", "--json", "--dev", "0")
    made = run("dataset", "build", "--labels", f"department={file}", *options, "--test", "0")
    assert made.exit_code == 0, made.output
    told = json.loads(made.stdout)
    assert told["dropped"] == {"empty_label": 4}
    assert sorted(told["balance"]["label"]) == ["department: 5", "department: billing"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"ref": "r000", "label": NaN}', "line 1: the label is NaN"),
        ('{"ref": "r000", "label": ["a"]}', 'line 1: the label is ["a"]'),
        ("", "holds no label (empty)"),
        ('{"ref": "r000", "label": ""}', "holds no label (none of its 1 row has one)"),
    ],
)
async def test_a_file_that_gives_no_label_is_refused(
    tmp_path: Path, content: str, told: str
) -> None:
    ledger = await traffic(tmp_path, 1)
    file = tmp_path / "labels.jsonl"
    file.write_text(content)
    options = ("--database", ledger, "--out", tmp_path / "sets")
    wrong = run("dataset", "build", "--labels", f"department={file}", *options)
    assert wrong.exit_code == 2
    # The terminal breaks lines, so spaces and the frame are taken out.
    assert re.sub(r"[\s│]", "", told) in re.sub(r"[\s│]", "", wrong.output)
    assert not (tmp_path / "sets").exists()


async def test_a_file_of_labels_in_another_encoding_is_named(tmp_path: Path) -> None:
    ledger = await traffic(tmp_path, 1)
    file = tmp_path / "labels.jsonl"
    file.write_bytes("Gebühr".encode("latin-1"))
    wrong = run("dataset", "build", "--labels", f"department={file}", "--database", ledger)
    assert wrong.exit_code == 2
    # The terminal breaks long paths, so lines and their frame are taken out.
    assert "labels.jsonl" in re.sub(r"[^\w.]", "", wrong.output)


async def test_dataset_and_learner_default_to_the_state_folder_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await traffic(tmp_path, 4)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIERGATE_STATE_DIR", "state")
    made = run("dataset", "build", "--database", ledger)
    assert made.exit_code == 0, made.output
    assert made.stdout.startswith("state/datasets/ds_")
    named = run("dataset", "build", "--database", ledger, "--out", ".tiergate/datasets")
    assert named.stdout.startswith(".tiergate/datasets/ds_")
    assert "state/learn" in run("learn", "history", "--head", "department").output
