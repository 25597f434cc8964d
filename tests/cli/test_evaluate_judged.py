"""The command `tiergate evaluate answers --rubric`, over scripted models."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.kits.server_kit import tiergate
from tests.kits.upstreams.fake_upstream import FakeUpstream

pytestmark = pytest.mark.slow  # each loads a whole gateway

ANSWERER = """
      - name: {name}
        kind: upstream
        model: {model}
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
"""
HEAD = "version: 1\nname: measured\ntiers:\n  - name: llm\n    level: 2\n    answerers:"
MODELS = {"mini": "echo", "other": "mirror", "judge": "judge", "biased": "judge:first"}
MODELS["silent"] = "judge:prose"
QUESTION = "Explain how tides work."
# A text that every hard rule and every safe answer would catch, were it a client's request.
GRAVE = "I have chest pain and cannot breathe. quality 2"


def write(folder: Path, url: str, rows: list[dict[str, object]]) -> tuple[Path, Path]:
    policy, data = folder / "measured.yaml", folder / "rows.jsonl"
    listed = (ANSWERER.format(name=n, model=m, url=url) for n, m in MODELS.items())
    policy.write_text(HEAD + "".join(listed))
    data.write_text("\n".join(json.dumps(row) for row in rows))
    return policy, data


async def run(policy: Path, data: Path, *more: object) -> tuple[int, str, str]:
    given = ("evaluate", "answers", "--data", data, "--policy", policy, "--rubric", "support")
    database = ("--database", data.parent / "ledger.db")
    done = await asyncio.to_thread(tiergate, *map(str, (*given, *database, *more)))
    return done.returncode, done.stdout, done.stderr


async def test_answers_of_a_file_are_graded_and_compared(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "a", "prompt": QUESTION, "answer": "The moon. quality 5", "author": "gpt-4"},
        {"id": "b", "prompt": QUESTION, "answer": GRAVE, "author": "gpt-4", "other": "quality 3"},
        {"id": "c", "prompt": QUESTION, "answer": "quality 4, grade 5", "author": "judge"},
    ]
    words = [
        {"id": "a", "grades": {"correct": 5, "tone": 4}, "right": True},
        {"id": "b", "grades": {"correct": 2, "tone": 2}, "right": False, "better": "second"},
    ]
    human = tmp_path / "human.jsonl"
    human.write_text("\n".join(map(json.dumps, words)))
    async with FakeUpstream() as fake:
        policy, data = write(tmp_path, fake.url, rows)
        more = ("--judge", "judge", "--against", human)
        code, text, told = await run(policy, data, *more, "--json")
        assert code == 0, told
        report = json.loads(text)
        assert [row["score"] for row in report["rows"]] == [1.0, 0.25, None]
        assert report["rows"][1]["better"] == "second"
        assert report["rows"][2]["left_out"] == ["an answer of the judge's own model"]
        assert report["cost_nano_usd"]["judge"] > 0
        agreed = {one["of"]: one for one in report["agreement"]}
        assert agreed["all grades"]["quadratic_kappa"]["value"] > 0.8
        assert agreed["right from 0.7 on"]["kappa"]["value"] == 1.0
        assert fake.count == 4  # two grades, and one pair in both orders
        code, text, _ = await run(policy, data, *more, "--own-model")
        assert "1 answers were judged by the model that wrote them" in text
        assert "1 answers tried to instruct their judge" in text
        booked = await asyncio.to_thread(
            tiergate, "ledger", "rows", "--database", str(tmp_path / "ledger.db"), "--json"
        )
        policies = {json.loads(line)["policy"] for line in booked.stdout.splitlines()}
        assert policies == {"judge-judge"}


async def test_a_place_that_decides_is_a_tie_and_shown(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"id": "a", "prompt": QUESTION, "answer": "quality 3", "other": "quality 3"}
    ]
    async with FakeUpstream() as fake:
        policy, data = write(tmp_path, fake.url, rows)
        code, text, told = await run(policy, data, "--judge", "biased", "--json")
        assert code == 0, told
        assert json.loads(text)["pairs"]["flips"]["value"] == 1.0
        assert json.loads(text)["pairs"]["ties"]["value"] == 1.0


async def test_answers_of_two_answerers_are_asked_for_and_compared(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": "a", "prompt": f"{QUESTION} quality 4"}]
    async with FakeUpstream() as fake:
        policy, data = write(tmp_path, fake.url, rows)
        more = ("--judge", "judge", "--answerer", "other", "--versus", "mini", "--json")
        code, text, told = await run(policy, data, *more)
        assert code == 0, told
        report = json.loads(text)
        assert report["rows"][0]["author"] == "other"
        assert report["rows"][0]["score"] == 0.75
        assert report["cost_nano_usd"]["answers"] > 0
        code, _, told = await run(policy, data, "--judge", "mini", "--answerer", "mini")
        assert code == 2
        assert "--own-model" in told
        code, text, _ = await run(policy, data, *more, "--max-usd", "0")
        assert json.loads(text)["rows"][0]["score"] is None
        assert "budget of this run is spent" in text
        code, _, told = await run(policy, data, "--judge", "nobody")
        assert code == 2
        assert "nobody" in told


async def test_a_run_without_any_verdict_is_no_success(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [{"id": "a", "prompt": QUESTION, "answer": "quality 5"}]
    async with FakeUpstream() as fake:
        policy, data = write(tmp_path, fake.url, rows)
        code, text, told = await run(policy, data, "--judge", "silent", "--json")
        assert code == 1, told
        assert "gave no verdict" in told
        assert json.loads(text)["rows"][0]["score"] is None
