"""`tiergate replay` as people and pipelines run it, on traffic of a real gateway."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router import Gateway
from router.types import SAFE_ANSWER_MODEL
from tests.kits.server_kit import tiergate
from tests.kits.upstreams.fake_upstream import FakeUpstream

POLICY = """
version: 1
name: two
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: instant
        base_urls: ["{url}"]
        price: {{input_usd_per_mtok: {price}, output_usd_per_mtok: {price}}}
"""
PROMPTS = ("Explain how tides work.", "Why is the sky blue?", "Who wrote Faust?")


@pytest.fixture
async def folder(tmp_path: Path) -> Path:
    """Three requests in a ledger, the policy they were decided by, and one at twice its price."""
    async with FakeUpstream() as fake:
        for name, price in (("two", 1), ("dear", 2)):
            text = POLICY.format(url=fake.url, price=price)
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        policy, database = tmp_path / "two.yaml", tmp_path / "ledger.db"
        async with Gateway.from_policy(policy, database=database, environ={}) as gateway:
            ids = [(await gateway.acomplete(prompt)).request_id for prompt in PROMPTS]
    labels = [f"{name},{correct}" for name, correct in zip(ids, "110", strict=True)]
    (tmp_path / "labels.csv").write_text("\n".join(["request_id,correct", *labels]) + "\n")
    return tmp_path


def run(folder: Path, policy: str, *more: str | Path) -> tuple[int, dict[str, object], str]:
    said = tiergate(
        "replay", "-d", folder / "ledger.db", "-p", folder / f"{policy}.yaml", "--json", *more
    )
    assert "Traceback" not in said.stderr
    return said.returncode, json.loads(said.stdout) if said.stdout else {}, said.stderr


def test_own_policy_costs_what_was_booked(folder: Path) -> None:
    code, found, _ = run(folder, "two", "--fail-if", "cost>+0%", "--fail-if", "changed>0%")
    assert (code, found["requests"], found["changed"]) == (0, 3, 0)
    cost = found["cost"]
    assert isinstance(cost, dict)
    assert cost["difference_nano_usd"] == 0


@pytest.mark.process
def test_twice_the_price_fails_the_pipeline(folder: Path) -> None:
    code, found, _ = run(folder, "dear", "--fail-if", "cost>+5%")
    cost = found["cost"]
    assert isinstance(cost, dict)
    # all but what reading the requests took, which no price changes and a busy machine raises
    assert (code, cost["change"]) == (5, pytest.approx(1.0, abs=0.1))


@pytest.mark.process
def test_two_policies_are_told_apart(folder: Path) -> None:
    code, found, _ = run(folder, "two", "--against", folder / "dear.yaml")
    cost = found["cost"]
    assert isinstance(cost, dict)
    assert (code, cost["change"]) == (0, pytest.approx(-0.5, abs=0.005))


@pytest.mark.process
def test_error_without_outcomes_ends_with_6(folder: Path) -> None:
    assert run(folder, "two", "--fail-if", "error>+0.5pp")[0] == 6


@pytest.mark.process
def test_outcomes_from_a_file_answer_it(folder: Path) -> None:
    labels = folder / "labels.csv"
    code, found, _ = run(folder, "two", "--outcomes", labels, "--fail-if", "error>+0.5pp")
    error = found["error"]
    assert isinstance(error, dict)
    assert (code, error["doubly_robust"]["error"]) == (0, pytest.approx(1 / 3))


@pytest.mark.process
def test_outcomes_that_cannot_be_read_are_named(folder: Path) -> None:
    labels = folder / "labels.csv"
    labels.write_text(labels.read_text() + "x,maybe\n,1\n")
    _, _, told = run(folder, "two", "--outcomes", labels)
    assert "2 lines could not be read: line 5: correct is 'maybe'" in told


@pytest.mark.process
def test_terminal_shows_what_the_data_cannot_say(folder: Path) -> None:
    said = tiergate("replay", "-d", folder / "ledger.db", "-p", folder / "two.yaml")
    assert said.returncode == 0
    assert "3 requests under two@" in said.stdout
    assert "The data cannot tell this policy's error" in said.stdout


@pytest.mark.process
def test_html_is_written_beside_the_exit_code(folder: Path) -> None:
    page = folder / "replay.html"
    assert run(folder, "dear", "--html", page, "--fail-if", "cost>+5%")[0] == 5
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


@pytest.mark.process
def test_a_dash_writes_the_page_to_standard_output(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    said = tiergate("replay", "-d", "ledger.db", "-p", "two.yaml", "--html", "-")
    assert (said.returncode, said.stdout.startswith("<!DOCTYPE html>")) == (0, True)
    assert not (folder / "-").exists()


@pytest.mark.process
def test_two_outputs_on_standard_output_are_refused_before_the_ledger_is_read(
    tmp_path: Path,
) -> None:
    nothing = ("replay", "-d", tmp_path / "none.db", "-p", "default", "--html", "-")
    refused = tiergate(*nothing, "--json")
    assert refused.returncode == 2
    assert "two outputs would write standard output" in refused.stderr
    assert tiergate(*nothing).returncode == 4


@pytest.mark.process
def test_wrong_condition_ends_with_2(folder: Path) -> None:
    code, _, told = run(folder, "two", "--fail-if", "cheap>5%")
    assert code == 2
    assert "is no condition" in told


@pytest.mark.process
def test_missing_ledger_ends_with_4(tmp_path: Path) -> None:
    said = tiergate("replay", "-d", tmp_path / "none.db", "-p", "default")
    assert said.returncode == 4


async def test_words_that_went_out_before_any_model_cost_a_replay_nothing(tmp_path: Path) -> None:
    """It priced a call of the highest model for each emergency, under the recording policy."""
    database = tmp_path / "ledger.db"
    async with Gateway.from_policy("openai", database=database, environ={}) as gateway:
        said = [
            await gateway.acomplete(text) for text in ("im having a heart attack", "Ho un infarto")
        ]
    assert {outcome.answer.model for outcome in said if outcome.answer} == {SAFE_ANSWER_MODEL}
    again = tiergate("replay", "-d", database, "-p", "openai", "--json", "--fail-if", "cost>+0%")
    assert again.returncode == 0, again.stderr
    assert json.loads(again.stdout)["cost"]["difference_nano_usd"] == 0
