"""Outages behind a real server: who answers instead, what clients are told, what /readyz says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.kits.server_kit import Served, Upstream

pytestmark = pytest.mark.process

OVERLOADED = "The upstream is overloaded (status 503). Try again in a moment."

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}


def answerer(name: str, model: str, url: str) -> dict[str, object]:
    return {
        "name": name, "kind": "upstream", "model": model, "base_urls": [url], "price": PRICE,
        "retries": 0, "breaker_reset_s": 3600, "breaker_failures": 100,
        "verify": {"default": "prefix"}, "first_byte_s": 0.3 if model == "slow:3600" else None,
    }  # fmt: skip


def policy_of(folder: Path, name: str, url: str, lifts: bool, *models: str) -> Path:
    levels = (("small", 1), ("llm", 2), ("reasoning", 3))
    tiers = [
        {"name": tier, "level": level, "answerers": [answerer(f"{name}_{tier}", model, url)]}
        for (tier, level), model in zip(levels, models, strict=True)
    ]
    decision = {
        "confidence_floor": 0.99,
        "outage_lifts": ["level_3_not_below_usd"] if lifts else [],
    }
    policy = {
        "version": 1, "name": name, "decision": decision, "tiers": tiers, "cache": {"exact": False},
    }  # fmt: skip
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(policy), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("outages")
    with Upstream(folder) as upstream:
        policies = [
            policy_of(folder, "lower", upstream.url, False, "answer", "status:503", "answer"),
            policy_of(folder, "higher", upstream.url, True, "answer", "status:503", "answer"),
            policy_of(folder, "revoked", upstream.url, True, "answer", "status:401", "answer"),
            policy_of(folder, "down", upstream.url, True, "reset", "status:503", "garbage"),
            policy_of(folder, "broken", upstream.url, False, "cut", "cut", "cut"),
            policy_of(folder, "mute", upstream.url, False, *["slow:3600"] * 3),
        ]
        with Served(folder, *policies) as server:
            yield server


@pytest.mark.parametrize("stream", [False, True])
def test_a_lower_level_stands_in_and_says_so(served: Served, stream: bool) -> None:
    response = served.chat("auto:lower", stream=stream)
    assert response.status_code == 200
    told = response.headers
    assert told["x-tiergate-tier"] == "small"
    assert told["x-tiergate-reason"] == "outage_lower"
    assert told["x-tiergate-verdict"] == "unverified"
    row = served.finished_row(response)
    assert (row["reason"], row["verdict"]) == ("outage_lower", "unverified")
    tried = [a["answerer"] for a in row["attempts"] if a["role"] != "triage"]
    assert tried[-1] == "lower_small"


@pytest.mark.parametrize("stream", [False, True])
def test_a_higher_level_stands_in_where_the_policy_lifts_its_ceiling(
    served: Served, stream: bool
) -> None:
    response = served.chat("auto:higher", stream=stream)
    assert response.status_code == 200
    assert response.headers["x-tiergate-tier"] == "reasoning"
    assert response.headers["x-tiergate-reason"] == "outage_higher"


def test_a_revoked_key_is_out_of_use_and_in_readyz(served: Served) -> None:
    for _ in range(2):
        response = served.chat("auto:revoked")
        assert response.headers["x-tiergate-tier"] == "reasoning"
    resting = served.chat("tier:llm", routing={"policy": "revoked"})
    assert (resting.status_code, resting.headers["x-should-retry"]) == (503, "false")
    ready = served.client.get("/readyz").json()
    assert ready["status"] == "ready"
    told = ready["answerers"]["revoked_llm"]
    assert told["state"] == "key_refused"
    assert "refuses our key; check the answerer's api_key" in told["detail"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_silence_is_told_as_one_that_may_be_asked_again(served: Served, stream: bool) -> None:
    """The server may be well again, so the header stops no client (record 227)."""
    response = served.chat("auto:mute", stream=stream)
    assert response.status_code == 504
    assert "within 0.3 s (first_byte_s). Ask again; if " in response.json()["error"]["message"]
    assert "x-should-retry" not in response.headers


def stream_error(response: httpx.Response) -> str:
    """Returns the message of the error that ends a stream of chat completions."""
    last = response.text.strip().splitlines()[-1]
    return str(json.loads(last.removeprefix("data: "))["error"]["message"])


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/responses", "/v1/messages"])
@pytest.mark.parametrize("stream", [False, True])
def test_client_reads_who_was_tried_and_where_the_decision_is(
    served: Served, path: str, stream: bool
) -> None:
    said = {"messages": [{"role": "user", "content": "Where is my parcel?"}], "max_tokens": 50}
    if path == "/v1/responses":
        said = {"input": "Where is my parcel?"}
    response = served.post(path, {"model": "auto:down", "stream": stream, **said})
    assert response.status_code == 503
    message = response.json()["error"]["message"]
    decision = response.headers["x-tiergate-decision-id"]
    assert "down_llm of tier llm (upstream_overloaded, 503)" in message
    assert "down_reasoning of tier reasoning (upstream_invalid)" in message
    assert message.endswith(f"The decision is {decision}.")
    assert "127.0.0.1" not in message
    row = served.client.get(f"/v1/decisions/{decision}").json()
    failures = {one["answerer"]: one for one in row["record"]["failures"]}
    assert failures["down_llm"]["status"] == 503
    assert failures["down_llm"]["message"] == OVERLOADED
    tried = row["attempts"][failures["down_reasoning"]["attempt"]]
    assert (tried["answerer"], tried["error_code"]) == ("down_reasoning", "upstream_invalid")
    assert "127.0.0.1" not in str(row["record"]["failures"])


def test_stream_that_breaks_off_names_its_answerer(served: Served) -> None:
    response = served.chat("auto:broken", stream=True)
    assert response.status_code == 200
    message = stream_error(response)
    assert "broken_llm of tier llm (stream_cut)" in message
    assert f"The decision is {response.headers['x-tiergate-decision-id']}." in message


def test_answer_after_an_outage_says_in_its_row_what_failed(served: Served) -> None:
    row = served.finished_row(served.chat("auto:lower"))
    (failure,) = row["record"]["failures"]  # type: ignore[index]
    assert (failure["answerer"], failure["status"]) == ("lower_llm", 503)
