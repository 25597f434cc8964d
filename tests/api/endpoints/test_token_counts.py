"""`/v1/messages/count_tokens` and OpenAI's own: who is asked to count, and who may not be."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest
import yaml

from tests.kits.opened import held_open
from tests.kits.server_kit import Served, Upstream, tiergate, write_ladder

pytestmark = pytest.mark.process

WRITTEN = [{"role": "user", "content": "Please write to ada@example.org."}]


upstream = held_open(Upstream)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    two = write_ladder(folder, "two", upstream.url, "answer", wire="anthropic")
    written = yaml.safe_load(two.read_text())
    other = {**written["tiers"][0]["answerers"][0], "name": "other", "wire": "openai"}
    written["tiers"].append({"name": "other", "level": 3, "answerers": [other]})
    two.write_text(yaml.safe_dump(written))
    rule = {"privacy": {"residency": [{"kinds": ["email"]}]}}
    kept = write_ladder(folder, "kept", upstream.url, "answer", wire="anthropic", sections=rule)
    with Served(folder, two, kept) as server:
        yield server


def new_key(served: Served, *limits: str | Path) -> str:
    ledger = ("--database", served.database)
    made = tiergate("keys", "create", "--tenant", "a", "--json", *limits, *ledger)
    return str(json.loads(made.stdout)["key"])


def counter(served: Served, model: str, *limits: str | Path) -> str:
    """Says whose count a new key with these limits gets."""
    body = {"model": model, "max_tokens": 100, "messages": WRITTEN}
    response = served.post(
        "/v1/messages/count_tokens", body, **{"x-api-key": new_key(served, *limits)}
    )
    assert response.status_code == 200, response.text
    return response.headers["x-tiergate-token-count"]


def test_those_count_whose_tiers_the_key_may_use(served: Served) -> None:
    assert counter(served, "auto") == "bound"
    limits = ("--tiers", "llm", "--policy", served.folder / "two.yaml")
    assert counter(served, "auto", *limits) == "provider"


def test_nobody_counts_what_a_rule_of_residency_may_keep(
    served: Served, upstream: Upstream
) -> None:
    before = upstream.seen()["count"]
    assert counter(served, "auto:kept") == "bound"
    assert upstream.seen()["count"] == before


def test_openais_client_counts_what_it_would_send(served: Served) -> None:
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=new_key(served)) as client:
        long = client.responses.input_tokens.count(model="auto", input="Which boat? " * 200)
        short = client.responses.input_tokens.count(model="auto", input="Which boat?")
        unnamed = client.responses.input_tokens.count(input="Which boat?")
    assert unnamed.input_tokens == short.input_tokens
    assert short.object == "response.input_tokens"
    assert 2 < short.input_tokens < long.input_tokens
