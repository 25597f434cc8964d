"""Outages behind a real server: who answers instead, what clients are told, what /readyz says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.kits.server_kit import Served, Upstream

pytestmark = pytest.mark.process

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"}


def answerer(name: str, model: str, url: str) -> dict[str, object]:
    return {
        "name": name, "kind": "upstream", "model": model, "base_urls": [url], "price": PRICE,
        "retries": 0, "breaker_reset_s": 3600, "verify": {"default": "prefix"},
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
    assert served.chat("tier:llm", routing={"policy": "revoked"}).status_code == 503
    ready = served.client.get("/readyz").json()
    assert ready["status"] == "ready"
    told = ready["answerers"]["revoked_llm"]
    assert told["state"] == "key_refused"
    assert "refuses our key; check the answerer's api_key" in told["detail"]
