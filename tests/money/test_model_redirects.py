"""Another model answers than the one asked for: it is booked at its own price, and told."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from router.ledger.books.verify import verify
from router.money.model_redirects import same_model
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_ladder

BOOK = """
version: 1
name: tests
as_of: 2026-11-20
models:
  "redirected:*": [{input_usd_per_mtok: 1, output_usd_per_mtok: 10}]
  dear: [{input_usd_per_mtok: 5, output_usd_per_mtok: 50}]
"""
MODELS = {"dear": "redirected:dear", "nobodys": "redirected:nobodys", "own": "echo"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    (folder / "prices.yaml").write_text(BOOK, encoding="utf-8")
    with Upstream(folder) as upstream:
        stated = {"price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}}
        policies = [
            write_ladder(folder, name, upstream.url, model, **stated)
            for name, model in MODELS.items()
        ]
        with Served(folder, *policies) as server:
            yield server


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4o", "gpt-4o"),
        ("gpt-4o", "gpt-4o-2024-08-06"),
        ("openai/gpt-4o", "gpt-4o-2024-08-06"),
        ("ft:gpt-4o-mini:acme::x1", "ft:gpt-4o-mini-2024-07-18:acme::x1"),
        ("claude-opus-5-5", "claude-opus-5-5-20260901"),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022"),
        ("bedrock/us.anthropic.claude-sonnet-4-20250514-v1:0", "claude-sonnet-4-20250514"),
        ("claude-sonnet-4@20250514", "claude-sonnet-4-20250514"),
        ("mistral-large-latest", "mistral-large-2411"),
        ("gemini/gemini-2.5-flash", "models/gemini-2.5-flash-001"),
        ("Qwen/Qwen3-8B", "qwen3-8b"),
    ],
)
def test_a_dated_version_is_the_model_that_was_asked_for(asked: str, answered: str) -> None:
    assert same_model(asked, answered)
    assert same_model(answered, asked)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("gpt-4o", "gpt-4o-mini"),
        ("gpt-4o", "gpt-4.1"),
        ("claude-opus-4-1", "claude-opus-5-5"),
        ("claude-opus-4-1", "claude-opus-4-8-20260401"),
        ("claude-sonnet-4-5", "claude-opus-4-5"),
        ("grok-3", "grok-4"),
    ],
)
def test_another_generation_or_size_is_another_model(asked: str, answered: str) -> None:
    assert not same_model(asked, answered)
    assert not same_model(answered, asked)


@pytest.mark.process
@pytest.mark.parametrize("stream", [False, True])
def test_the_model_that_answered_is_paid_for(served: Served, stream: bool) -> None:
    response = served.chat("auto:dear", stream=stream)
    eventually(lambda: served.row(response)["state"] == "settled")
    row = served.row(response)
    attempt = row["attempts"][0]
    assert (attempt["model"], attempt["state"]) == ("dear", "settled")
    assert attempt["cost_nano_usd"] == 20 * 5_000 + 12 * 50_000
    assert row["record"]["redirects"] == ["redirected:dear -> dear"]


@pytest.mark.process
def test_a_redirect_is_told(served: Served) -> None:
    response = served.chat("auto:dear", routing={"debug": True})
    assert response.headers["x-tiergate-redirected"] == "redirected:dear -> dear"
    assert response.json()["routing"]["redirects"] == ["redirected:dear -> dear"]


@pytest.mark.process
def test_the_log_warns_of_a_redirect(served: Served) -> None:
    served.chat("auto:dear")
    line = served.wait_for(r'\{.*"event": "call_redirected".*\}')[0]
    assert json.loads(line)["asked"] == "redirected:dear"
    assert json.loads(line)["answered"] == "dear"


@pytest.mark.process
def test_a_model_without_a_price_counts_at_its_hold(served: Served) -> None:
    row = served.row(served.chat("auto:nobodys"))
    attempt = row["attempts"][0]
    assert attempt["state"] == "unknown_cost"
    assert attempt["estimated"]
    assert attempt["cost_nano_usd"] > 20 * 1_000 + 1_024 * 10_000


@pytest.mark.process
def test_a_name_of_the_operators_own_is_no_redirect(served: Served) -> None:
    response = served.chat("auto:own")
    assert "x-tiergate-redirected" not in response.headers
    assert served.row(response)["attempts"][0]["cost_nano_usd"] == 140_000


@pytest.mark.process
def test_the_books_agree_with_the_prices_of_the_models_that_answered(served: Served) -> None:
    for model in MODELS:
        served.chat(f"auto:{model}")
    verification = verify(served.database)
    assert verification.findings == ()
    policy = served.folder / "dear.yaml"
    run = tiergate("ledger", "reprice", "--json", "--policy", policy, "--database", served.database)
    (dear,) = (one for one in json.loads(run.stdout)["models"] if one["model"] == "dear")
    assert dear["booked_nano_usd"] % 700_000 == 0
    assert dear["difference_nano_usd"] == 0
