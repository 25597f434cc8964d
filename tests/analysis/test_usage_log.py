"""Usage logs of other gateways: read line by line, decided where a prompt is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.analysis.replay.usage_rows import usage_row
from tests.kits.server_kit import tiergate

OPENAI = {
    "id": "chatcmpl-1",
    "created": 1_764_000_000,
    "model": "gpt-5",
    "usage": {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 20},
    },
}
LITELLM = {
    "request_id": "r-1",
    "startTime": "2025-11-24T16:00:00",
    "model": "gpt-5",
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "spend": 0.0125,
    "messages": [{"role": "user", "content": "Who wrote Faust?"}],
}
PLAIN = {
    "created": "1764000000000",
    "model": "gpt-5",
    "input_tokens": "100",
    "output_tokens": "50",
    "cost": "0.0125",
    "prompt": "Who wrote Faust?",
}


@pytest.mark.parametrize("raw", [OPENAI, LITELLM, PLAIN], ids=["openai", "litellm", "plain"])
def test_names_of_columns_that_gateways_use(raw: dict[str, object]) -> None:
    row = usage_row(raw, 3)
    assert (row.model, row.usage.input_tokens, row.usage.output_tokens) == ("gpt-5", 100, 50)
    assert row.created_at_ms == 1_764_000_000_000
    assert row.cost_nano_usd == (None if raw is OPENAI else 12_500_000)
    assert len(row.messages) == (0 if raw is OPENAI else 1)


def test_cached_tokens_are_read() -> None:
    assert usage_row(OPENAI, 1).usage.cached_input_tokens == 20


def test_row_without_an_id_has_its_line() -> None:
    assert usage_row(PLAIN, 7).request_id == "line 7"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": ""}, "no model"),
        ({"input_tokens": None}, "no tokens"),
        ({"output_tokens": "many"}, "expected a number"),
        ({"cost": -1}, "cost is -1"),
        ({"cost": True}, "cost is True"),
        ({"created": "yesterday"}, "expected a time"),
        ({"prompt": None, "messages": [{"role": "pirate"}]}, "messages"),
    ],
)
def test_row_that_cannot_be_read_says_why(change: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        usage_row(PLAIN | change, 1)


def run(folder: Path, rows: list[object], *more: str) -> dict[str, object]:
    path = folder / "usage.jsonl"
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = tiergate("replay", "-p", "openai", "--from", path, "--json", *more)
    assert said.returncode == 0, said.stderr
    parsed = json.loads(said.stdout)
    assert isinstance(parsed, dict)
    return parsed


def test_prompts_are_decided(tmp_path: Path) -> None:
    hard = LITELLM | {"request_id": "r-2", "messages": [
        {"role": "user", "content": "I have crushing chest pain and can't breathe, what now?"}
    ]}  # fmt: skip
    result = run(tmp_path, [LITELLM, hard, PLAIN])
    assert result["requests"] == 3
    levels = result["levels"]
    assert isinstance(levels, list)
    assert sum(row["new_requests"] for row in levels) == pytest.approx(3)
    assert {row["level"] for row in levels if row["new_requests"]} >= {3}
    cost = result["cost"]
    assert isinstance(cost, dict)
    assert cost["old_nano_usd"] == 3 * 12_500_000
    assert cost["compared"] == 3


@pytest.mark.process
def test_rows_without_a_prompt_tell_only_their_tokens(tmp_path: Path) -> None:
    result = run(tmp_path, [OPENAI, LITELLM])
    assert (result["requests"], result["left_out"]) == (
        1,
        {"no prompt, so nothing can be decided": 1},
    )
    alone = result["tokens_alone"]
    assert isinstance(alone, dict)
    assert (alone["rows"], alone["without_prompt"]) == (2, 1)
    assert alone["answerers"]


@pytest.mark.process
def test_bad_lines_are_counted_with_their_numbers(tmp_path: Path) -> None:
    result = run(tmp_path, [LITELLM, "{broken", {"model": "gpt-5"}])
    assert result["left_out"] == {"a line that cannot be read": 2}
    assert "2 lines" in str(result["bad_lines"])
    assert "line 2: no JSON" in str(result["bad_lines"])
    assert "line 3: no tokens" in str(result["bad_lines"])


@pytest.mark.process
def test_log_is_read_within_its_period(tmp_path: Path) -> None:
    late = LITELLM | {"startTime": "2026-01-02T00:00:00"}
    result = run(tmp_path, [LITELLM, late], "--since", "2026-01-01")
    assert result["requests"] == 1


@pytest.mark.process
def test_error_of_a_foreign_log_cannot_be_told(tmp_path: Path) -> None:
    error = run(tmp_path, [LITELLM])["error"]
    assert isinstance(error, dict)
    assert error["answerable"] is False
