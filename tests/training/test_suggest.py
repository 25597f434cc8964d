"""`tiergate train suggest`: what a person should label next."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from router.api.compose.clock import SystemClock
from router.errors import TrainingDataError
from router.ledger.books.store import SqlLedger
from router.ledger.tables.texts import TextStore
from router.stats.calibration import Platt
from router.stats.heads import Head, HeadKind
from router.training.heads.suggest import Unlabelled, choose, suggest, uncertainty
from tests.kits.books.ledger_rows import attempt, request
from tests.kits.changed import replace
from tests.kits.server_kit import tiergate
from tests.training.test_train_head import made, some_rows, write_csv


def around(angle: float, count: int) -> np.ndarray:
    """Unit vectors close to one direction of the plane."""
    angles = angle + np.linspace(-0.02, 0.02, count)
    return np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def test_of_two_that_say_the_same_one_is_taken() -> None:
    vectors = np.vstack([around(0.0, 10), around(1.5, 10)])
    chosen, _ = choose(vectors, np.ones(20), 2)
    assert {index // 10 for index in chosen} == {0, 1}


def test_an_outlier_comes_after_a_typical_text() -> None:
    vectors = np.vstack([around(0.0, 30), around(2.0, 1)])
    unsure = np.full(31, 0.5)
    unsure[-1] = 0.6
    assert choose(vectors, unsure, 1)[0] != [30]


def test_what_the_head_is_sure_of_comes_last() -> None:
    vectors = np.vstack([around(0.0, 10), around(1.5, 10)])
    unsure = np.concatenate([np.zeros(10), np.ones(10)])
    assert choose(vectors, unsure, 1)[0][0] >= 10


def test_minutes_of_the_chosen_fit_the_budget() -> None:
    vectors = np.vstack([around(0.0, 10), around(0.8, 10), around(1.6, 10)])
    minutes = np.linspace(0.5, 3.0, 30)
    chosen, _ = choose(vectors, np.ones(30), 30, minutes, 4.0)
    assert 0 < minutes[chosen].sum() <= 4.0
    assert choose(vectors, np.ones(30), 30, minutes, 0.4) == ([], [])


def test_of_two_equal_texts_the_quicker_comes_first() -> None:
    vectors = np.vstack([around(0.0, 10), around(1.5, 10)])
    minutes = np.repeat([2.0, 1.0], 10)
    assert choose(vectors, np.ones(20), 1, minutes)[0][0] >= 10


def test_scores_fall() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen, scores = choose(vectors, rng.random(200), 50)
    assert len(set(chosen)) == 50
    assert scores == sorted(scores, reverse=True)


def test_uncertainty_worked_by_hand() -> None:
    one = np.ones((1, 1), np.float32)
    head = Head("hot", HeadKind.CHANCE, ("hot",), one, one[0], Platt(1.0, 0.0), "")
    labels, confidence, unsure = uncertainty(head, np.array([0.5, 0.9, 0.2]))
    assert labels == ["hot", "hot", "not hot"]
    assert confidence == pytest.approx([0.5, 0.9, 0.8])
    assert unsure == pytest.approx([1.0, 0.2, 0.4])


@pytest.mark.slow
def test_texts_that_taught_the_head_are_left_out(tmp_path: Path) -> None:
    made(write_csv(tmp_path / "d.csv", some_rows()), tmp_path)
    taught = [Unlabelled(str(i), text) for i, (text, _) in enumerate(some_rows())]
    new = [
        Unlabelled("a", "The desk was charged twice"),
        Unlabelled("b", "the DESK was charged twice!"),
    ]
    found = suggest([*taught, *new], tmp_path / "kind.json", 10, model_dir=None)
    assert [suggestion.ref for suggestion in found.suggestions] == ["a"]
    assert (found.repeated, found.taught) == (1, 60)


@pytest.mark.parametrize(
    ("texts", "head", "message"),
    [
        (["  "], "spam", "none of 1 texts is left"),
        (["hello"], "spma", "there is no head 'spma'; built-in are"),
        (["hello"], "difficulty", "gives a value"),
    ],
)
def test_what_cannot_be_suggested_is_told(texts: list[str], head: str, message: str) -> None:
    pool = [Unlabelled(str(i), text) for i, text in enumerate(texts)]
    with pytest.raises(TrainingDataError, match=message):
        suggest(pool, head, 5, model_dir=None)


@pytest.mark.process
def test_what_is_written_can_be_labelled_and_trained_on(tmp_path: Path) -> None:
    source, todo = tmp_path / "in.jsonl", tmp_path / "todo.jsonl"
    source.write_text("".join(json.dumps({"text": text}) + "\n" for text, _ in some_rows()))
    run = tiergate("train", "suggest", source, "--head", "department", "-n", "40", "-o", todo)
    assert run.returncode == 0, run.stderr
    labels = dict(some_rows())
    rows = [json.loads(line) for line in todo.read_text().splitlines()]
    assert len(rows) == 40
    for row in rows:
        row["label"] = labels[row["text"]]
    todo.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert made(todo, tmp_path / "out").installed
    # Somebody's work: the same command once more must not write over it.
    filled = todo.read_bytes()
    again = tiergate("train", "suggest", source, "--head", "department", "-n", "40", "-o", todo)
    assert again.returncode == 2
    assert "has 40 filled labels, which would be lost" in " ".join(again.stderr.split())
    assert todo.read_bytes() == filled


def test_of_a_large_pool_so_many_are_read_and_the_others_counted() -> None:
    pool = [Unlabelled(str(i), f"Printer {i} on floor {i % 7} is jammed") for i in range(30)]
    of_few = suggest(pool, "spam", 2, model_dir=None, most=20)
    of_many = suggest(pool, "spam", 10, model_dir=None, most=20)
    assert (of_few.beyond, of_many.beyond) == (10, 0)


BAD_LINES = (
    '{"text": "My laptop is slow"}\n\n{"text": \n[1]\n{"text": 7}\n{"subject"}\n{"text": " "}\n'
)


@pytest.mark.process
def test_rows_that_are_none_are_counted_with_their_lines(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text(BAD_LINES)
    run = tiergate("train", "suggest", source, "--head", "spam")
    assert run.returncode == 0, run.stderr
    for told in (
        "2 rows skipped: not JSON (lines 3, 6)",
        "1 row skipped: not an object but list (line 4)",
        "1 row skipped: 'text' is int, not text (line 5)",
        "1 row skipped: 'text' is empty (line 7)",
        "Read by the head spam of the policy email_pipeline; --head FILE.json names another.",
    ):
        assert told in run.stdout
    as_json = json.loads(tiergate("train", "suggest", source, "--head", "spam", "--json").stdout)
    assert as_json["skipped"][0] == {"what": "skipped: not JSON", "lines": [3, 6]}


@pytest.mark.process
def test_a_file_without_a_single_text_is_refused_with_the_reasons(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"message": "hello"}\n' * 10)
    run = tiergate("train", "suggest", source, "--head", "spam")
    assert run.returncode == 1
    told = " ".join(run.stderr.split())
    assert "10 rows skipped: no 'text', and no subject or body (lines 1, 2, 3" in told
    assert "--text-column" in told


@pytest.mark.process
def test_stored_prompts_are_suggested_by_their_last_turn(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    prompt = "system: Be brief.\n\nuser: hello\n\nassistant: Hi.\n\nuser: My laptop is on fire"

    async def fill() -> None:
        clock = SystemClock()
        ledger = SqlLedger.open(database, clock=clock, budget_of=lambda _: None)
        texts = TextStore(ledger.database, clock)
        for tenant in ("acme", "other"):
            row = request(tenant, attempt(tenant), tenant=tenant)
            await ledger.finish(replace(row, created_at_ms=clock.now_ms()))
            await texts.put(tenant, tenant, "prompt", prompt, store="full", retention_days=1)
        await texts.put("acme", "acme", "answer", "no", store="full", retention_days=1)
        await ledger.close()

    asyncio.run(fill())
    command = ("train", "suggest", "-d", database, "--tenant", "acme", "--head", "spam", "--json")
    run = tiergate(*command)
    assert run.returncode == 0, run.stderr
    (found,) = json.loads(run.stdout)["suggestions"]
    assert (found["ref"], found["text"]) == ("acme", "My laptop is on fire")
    by_variable = tiergate(*command[:2], *command[4:], TIERGATE_DATABASE=str(database))
    assert by_variable.stdout == run.stdout
    early = tiergate(*command, "--until", "2020-01-01")
    assert early.returncode == 1
    assert "holds no prompts" in early.stderr


@pytest.mark.process
def test_either_a_file_or_a_database_is_read() -> None:
    assert tiergate("train", "suggest").returncode == 2
