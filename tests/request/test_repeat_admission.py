"""Tests which keys get an idempotent repeat, and who fetches a file that a client names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from router.errors import NotCapable
from router.library import Gateway
from tests.kits.server_kit import (
    ROUTINE,
    Served,
    Upstream,
    tiergate,
    write_behaviours,
    write_policy,
)

RATE = 3


def new_key(database: Path, *options: str) -> str:
    made = tiergate("keys", "create", "-d", database, "--tenant", "acme", "--json", *options)
    assert made.returncode == 0, made.stderr
    return str(json.loads(made.stdout)["key"])


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    database = folder / "ledger.db"
    keys["any"] = new_key(database)
    keys["other policy"] = new_key(database, "--policies", "customer_support")
    keys["other tier"] = new_key(database, "--tiers", "resolve")
    keys["rated"] = new_key(database, "--name", "rated")
    rated = tiergate("keys", "list", "-d", database, "--json")
    ids = {key["name"]: key["key_id"] for key in json.loads(rated.stdout)}
    limits = [{"key": ids["rated"], "requests_per_minute": RATE}]
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, limits=limits)
        with Served(folder, policy, *write_behaviours(folder, upstream.url, "echo")) as server:
            yield server


def ask(served: Served, key: str, name: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}", "idempotency-key": name}
    return served.client.post("/v1/chat/completions", json=ROUTINE, headers=headers)


@pytest.mark.process
@pytest.mark.parametrize("key", ["other policy", "other tier"])
def test_a_key_gets_no_kept_answer_that_it_could_not_get_itself(
    served: Served, keys: dict[str, str], key: str
) -> None:
    assert ask(served, keys["any"], key).status_code == 200
    refused = ask(served, keys[key], key)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "model_not_allowed")
    again = ask(served, keys["any"], key)
    assert "x-tiergate-replay-of" in again.headers


@pytest.mark.process
def test_a_key_gets_its_own_moderation_again(served: Served, keys: dict[str, str]) -> None:
    headers = {"authorization": f"Bearer {keys['other policy']}", "idempotency-key": "calm"}
    asked = [
        served.client.post("/v1/moderations", json={"input": "Good morning."}, headers=headers)
        for _ in range(2)
    ]
    assert [said.status_code for said in asked] == [200, 200]
    assert "x-tiergate-replay-of" in asked[1].headers


@pytest.mark.process
def test_a_kept_answer_counts_in_the_rate_of_the_key_that_asks(
    served: Served, keys: dict[str, str]
) -> None:
    assert ask(served, keys["any"], "rates").status_code == 200
    said = [ask(served, keys["rated"], "rates") for _ in range(RATE + 1)]
    assert [one.status_code for one in said] == [200] * RATE + [429]
    left = [one.headers["x-ratelimit-remaining-requests"] for one in said[:RATE]]
    assert left == ["2", "1", "0"]
    assert said[-1].json()["error"]["code"] == "rate_limit_exceeded"
    counted = (
        'tiergate_refusals_total{limit="requests_per_minute",never_fits="false",tenant="acme"}'
    )
    assert f"{counted} 1.0" in served.client.get("/metrics").text
    assert ask(served, keys["any"], "rates").status_code == 200


def a_gateway(folder: Path) -> Gateway:
    answerer = {
        "name": "a",
        "kind": "litellm",
        "model": "anthropic/x",
        "capabilities": ["images", "files"],
    }
    tier = {"name": "t", "level": 3, "answerers": [answerer]}
    path = folder / "p.yaml"
    # Otherwise some of these addresses are refused before anybody asks who may fetch them.
    inner = {"inner_addresses": "allow"}
    policy = {"version": 1, "name": "p", "privacy": inner, "tiers": [tier]}
    path.write_text(yaml.safe_dump(policy), "utf-8")
    return Gateway.from_policy(path, database=folder / "l.db")


def an_image(url: str) -> list[dict[str, object]]:
    part = {"type": "image_url", "image_url": {"detail": "low", "url": url}}
    return [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "HTTPS://a.example/b.png"])
def test_an_image_by_address_passes_over_litellm(tmp_path: Path, url: str) -> None:
    with a_gateway(tmp_path) as gateway:
        with pytest.raises(NotCapable, match="The answerer a can take it as data"):
            gateway.route(an_image(url))
        inline = gateway.route(an_image("data:image/png;base64,aHR0cHM6Ly8="))
    assert inline.rung.answerer == "a"


@pytest.mark.parametrize("address", ["https://a.example/b.pdf", " http://a.example", "\tHTTP:/a"])
@pytest.mark.parametrize("key", ["file_id", "file_data"])
def test_a_file_by_address_passes_over_litellm(tmp_path: Path, key: str, address: str) -> None:
    """Gemini's client in litellm fetches an id that has an address anywhere."""

    def asked(value: str) -> list[dict[str, object]]:
        part = {"type": "file", "file": {key: value, "filename": "b.pdf"}}
        return [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]

    with a_gateway(tmp_path) as gateway:
        with pytest.raises(NotCapable, match="The answerer a can take it as data"):
            gateway.route(asked(address))
        kept = gateway.route(asked("gs://bucket/b.pdf"))  # its provider fetches it, not litellm
    assert kept.rung.answerer == "a"
