"""`tiergate train adapter` and `train embeddings` as a user types them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from router.cli.commands import app
from router.errors import TrainingDataError
from router.learning.dataset import Options, build
from router.learning.folder import write
from router.training.adapter.pairs import read_pairs
from tests.kits.past_kit import past
from tests.kits.tiny_llm import chat_row, pair_row, write_base, write_lines

HAS_TRAIN = all(
    importlib.util.find_spec(name) is not None for name in ("torch", "transformers", "peft")
)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["train", *map(str, arguments)])


def chats(folder: Path) -> Path:
    rows = [
        *[chat_row(f"q{n}", "yes", split="train") for n in range(4)],
        chat_row("d", "yes", split="dev"),
        chat_row("t", "yes", split="test"),
        *[pair_row(f"p{n}", "yes", "no", split="train") for n in range(3)],
    ]
    return write_lines(folder / "chats.jsonl", rows)


def test_a_word_that_is_no_method_is_named(tmp_path: Path) -> None:
    done = run("adapter", "--data", chats(tmp_path), "--out", tmp_path, "--method", "full")
    assert done.exit_code == 2
    assert "'full' is none of auto, lora, qlora" in " ".join(done.output.split())


@pytest.mark.skipif(not HAS_TRAIN, reason="needs the [train] extra")
def test_a_few_rows_are_refused_before_a_base_is_opened(tmp_path: Path) -> None:
    file = write_lines(
        tmp_path / "one.jsonl", [chat_row(f"q{n}", "yes", split="train") for n in range(3)]
    )
    options = ("--base", tmp_path / "none", "--quick", "--replay", "none")
    done = run("adapter", "--data", file, "--out", tmp_path / "out", *options)
    assert isinstance(done.exception, TrainingDataError)
    assert str(done.exception).startswith("found 3 different rows to train on; expected at least 4")


def test_a_folder_without_a_dataset_is_named(tmp_path: Path) -> None:
    done = run("adapter", "--data", tmp_path, "--out", tmp_path / "out")
    assert isinstance(done.exception, TrainingDataError)
    assert "holds no dataset" in str(done.exception)


def test_a_correction_teaches_its_answer_and_a_preference(tmp_path: Path) -> None:
    from router.cli.tuning.adapter import _dataset_rows

    wrong = past(
        "r1", said={"correct": False, "corrected_digest": "d"}, texts={"reviewed": "Soon."}
    )
    right = past("r2", "How do I pay?", "By card.", at=1, said={"correct": True})
    options = Options(dev=0.0, test=0.0)
    rows, digest = _dataset_rows(write(build([wrong, right], options), tmp_path), now_ms=0)
    kept = [(row["split"], row.get("answer"), row.get("rejected")) for row in rows]
    assert ("train", "Soon.", None) in kept
    assert ("train", None, "It is on its way.") in kept
    assert ("train", "By card.", None) in kept
    assert len(kept) == 3
    assert len(digest) == 64


def test_a_knowledge_file_teaches_its_answers(tmp_path: Path) -> None:
    from router.cli.tuning.adapter import _material

    intents = [
        {"id": f"i{n}", "utterances": [f"where is {n}", f"find {n}"], "answer": f"Room {n}."}
        for n in range(9)
    ]
    file = tmp_path / "rooms.yaml"
    file.write_text(json.dumps({"intents": [*intents, {**intents[0], "slots": {"a": {}}}]}))
    made = _material([file])
    parts = (made.train, made.dev, made.test)
    assert sum(len(part.chats) for part in parts) == 18
    assert made.train.chats[0].messages[-1].content.startswith("Room")


def test_a_yaml_file_without_intents_is_named(tmp_path: Path) -> None:
    file = tmp_path / "other.yaml"
    file.write_text("a: 1")
    done = run("adapter", "--data", file, "--out", tmp_path)
    assert isinstance(done.exception, TrainingDataError)
    assert "other.yaml is no knowledge file" in str(done.exception)


@pytest.mark.parametrize("content", [b"a: 1", b"null", b"[x", b"caf\xe9"])
def test_answers_that_are_none_are_named_beside_the_public_sets(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "other.yaml"
    file.write_bytes(content)
    with pytest.raises(TrainingDataError, match=r"other\.yaml is no knowledge file; expected"):
        read_pairs(tmp_path, file)


@pytest.mark.train
@pytest.mark.skipif(not HAS_TRAIN, reason="needs the [train] extra")
def test_an_adapter_is_trained_and_kept_as_a_candidate(tmp_path: Path) -> None:
    base, place = write_base(tmp_path / "base"), tmp_path / "registry"
    options = ("--quick", "--replay", "none", "--device", "cpu", "--longest", "64")
    kept = ("--register", "support", "--registry", place)
    done = run(
        *("adapter", "--data", chats(tmp_path), "--base", base, "--out", tmp_path / "out"),
        *(*options, *kept),
    )
    assert done.exit_code == 0, done.output
    assert "domain: nats per token" in done.stdout
    listed = CliRunner().invoke(app, ["models", "list", "--registry", str(place), "--json"])
    assert '"support"' in listed.stdout
    card = json.loads((tmp_path / "out" / "card.json").read_text("utf-8"))
    assert [report["phase"]["name"] for report in card["phases"]] == ["answers", "preferences"]


@pytest.mark.train
@pytest.mark.skipif(not HAS_TRAIN, reason="needs the [train] extra")
def test_a_teacher_answers_what_only_asks_and_is_on_the_card(tmp_path: Path) -> None:
    base, teacher = write_base(tmp_path / "base"), write_base(tmp_path / "teacher", width=64)
    # A random teacher says little; the lines with an answer keep theirs.
    rows = [chat_row(f"q{n}", f"room {n}") for n in range(30)]
    asked = write_lines(tmp_path / "asked.jsonl", [*rows, {"text": "where is it"}])
    done = run(
        *("adapter", "--data", asked, "--base", base, "--teacher", teacher, "--quick"),
        *("--replay", "none", "--device", "cpu", "--longest", "128", "--out", tmp_path / "out"),
    )
    assert done.exit_code == 0, done.output
    card = json.loads((tmp_path / "out" / "card.json").read_text("utf-8"))
    assert card["teacher"] == str(teacher)
    assert sum(part["chats"] for part in card["rows"].values()) >= 30
    assert "answers 1 prompts" in done.output
