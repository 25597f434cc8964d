"""An answerer that failed is told as failing until a call succeeds; the server stays in service."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.kits.dashboard_kit import answerer
from tests.kits.server_kit import Served, Upstream, eventually, write_policy

pytestmark = pytest.mark.process


def test_a_dead_upstream_is_not_ready_because_it_rested(tmp_path: Path) -> None:
    # Port 9 (discard) has no server on a usual machine.
    policy = write_policy(tmp_path, "http://127.0.0.1:9/v1")
    document = yaml.safe_load(policy.read_text("utf-8"))
    answerer = document["tiers"][0]["answerers"][0]
    answerer.update(breaker_failures=1, breaker_reset_s=0.1)
    policy.write_text(yaml.safe_dump(document, sort_keys=False), "utf-8")
    with Served(tmp_path, policy) as served:
        assert served.client.get("/readyz").json()["answerers"]["mid"]["state"] == "ready"
        assert served.chat().status_code in (502, 503)

        def rested() -> bool:
            ready = served.client.get("/readyz")
            told = ready.json()["answerers"]["mid"]
            assert told["state"] == "open_breaker"
            return ready.status_code == 200 and "the next call tries it" in told["detail"]

        eventually(rested)
        assert served.chat().status_code in (502, 503)


def test_a_key_that_nobody_tried_is_told_beside_ready(tmp_path: Path) -> None:
    """`/readyz` said `ready` alone of a key that no call had shown to be good."""
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url)) as served,
    ):
        ready = served.client.get("/readyz")
        told = ready.json()["answerers"]["mid"]
        assert (ready.status_code, told["state"], told["untried"]) == (200, "ready", True)
        assert told["detail"].startswith("not called yet")
        assert served.chat().status_code == 200
        told = served.client.get("/readyz").json()["answerers"]["mid"]
        assert told == {"state": "ready", "detail": "", "untried": False}


def test_a_server_whose_only_key_was_refused_comes_back_into_service(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        refused = answerer("mid", "status:401", upstream.url, 10)
        refused.update(breaker_reset_s=0.1)
        tiers = [{"name": "llm", "level": 2, "answerers": [refused]}]
        policy = tmp_path / "refused.yaml"
        policy.write_text(yaml.safe_dump({"version": 1, "name": "r", "tiers": tiers}), "utf-8")
        with Served(tmp_path, policy) as served:
            assert served.chat().status_code == 502

            def rested() -> bool:
                ready = served.client.get("/readyz")
                assert ready.json()["answerers"]["mid"]["state"] == "key_refused"
                return ready.status_code == 200

            eventually(rested)
