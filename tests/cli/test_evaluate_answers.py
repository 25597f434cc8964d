"""The command `tiergate evaluate answers`, through a whole gateway over a scripted upstream."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.kits.server_kit import tiergate
from tests.kits.upstreams.fake_upstream import FakeUpstream

pytestmark = pytest.mark.slow  # each loads a whole gateway

POLICY = """
version: 1
name: measured
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: json
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
        verify: {{default: none}}
"""
ROWS = [
    {"id": "n1", "prompt": "Explain which number is meant by the answer.", "number": 42},
    {"id": "e1", "prompt": "Explain how tides work.", "exact": "the moon"},
]


async def test_answers_are_measured_and_booked(tmp_path: Path) -> None:
    policy, data = tmp_path / "measured.yaml", tmp_path / "rows.jsonl"
    database = tmp_path / "ledger.db"
    data.write_text("\n".join(json.dumps(row) for row in ROWS))
    async with FakeUpstream() as fake:
        policy.write_text(POLICY.format(url=fake.url))
        given = ("evaluate", "answers", "--data", str(data), "--policy", str(policy))
        more = ("--answerer", "mini", "--database", str(database), "--json")
        run = await asyncio.to_thread(tiergate, *given, *more)
        assert run.returncode == 0, run.stderr
        report = json.loads(run.stdout)
        assert [row["right"] for row in report["rows"]] == [True, False]
        assert report["all"]["right"]["value"] == 0.5
        assert [group["name"] for group in report["by_kind"]] == ["exact", "number"]
        assert [group["name"] for group in report["by_answerer"]] == ["mini"]
        assert report["all"]["cost_nano_usd"] > 0
        rows = await asyncio.to_thread(
            tiergate, "ledger", "rows", "--database", str(database), "--json"
        )
        assert len(rows.stdout.splitlines()) == fake.count == 2
        shown = await asyncio.to_thread(tiergate, *given, "--database", str(database))
        assert "wrong: e1 (exact, mini)" in shown.stdout
        wrong = await asyncio.to_thread(tiergate, *given, "--answerer", "maxi")
        assert wrong.returncode == 2
        assert "maxi" in wrong.stderr


def test_code_runs_only_where_it_is_allowed(tmp_path: Path) -> None:
    run = tiergate("evaluate", "answers", "--data", "policies/benchmarks/code.jsonl")
    assert run.returncode == 2
    assert "--run-code" in run.stderr
