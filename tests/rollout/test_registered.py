"""Rollouts of heads and adapters that the registry keeps, in a running server."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.registry import open_registry
from tests.kits.local_kit import NEEDS_WEIGHTS
from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy
from tests.kits.versions_kit import ACTIVE_HEAD, WITH_ADAPTER, lora, two_heads

pytestmark = pytest.mark.process
SESSIONS = [f"s{i}" for i in range(12)]


def asked(served: Served, session: str) -> dict[str, object]:
    """Asks in a session, and returns the row of the answer."""
    body = {"model": "auto", "messages": [{"role": "user", "content": "Where is my parcel?"}]}
    headers = {"x-session-id": session}
    return served.row(served.client.post("/v1/chat/completions", json=body, headers=headers))


def side(row: dict[str, object]) -> str:
    return str(row["record"]["rollout"]["arm"])  # type: ignore[index]


def test_a_head_is_tried_and_taken_back(tmp_path: Path) -> None:
    place = str(tmp_path / "models")
    first, second = two_heads(open_registry(place), tmp_path)
    tried = {"heads": {"department": f"registry:{second.id}"}}
    rollout = {"candidate": tried, "stages": [0.5, "all"]}
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, heads=ACTIVE_HEAD, rollout=rollout)
        ledger = ("--database", tmp_path / "ledger.db")
        started = tiergate("rollout", "start", policy, *ledger, TIERGATE_REGISTRY=place)
        assert started.returncode == 0, started.stderr
        with Served(tmp_path, policy, TIERGATE_REGISTRY=place) as served:
            rows = [asked(served, session) for session in SESSIONS]
            versions = {(side(row), *row["models"]) for row in rows}  # type: ignore[misc]
            assert versions == {("base", first.id), ("candidate", second.id)}
            tiergate("rollout", "rollback", "tested", "--why", "enough", *ledger)
            eventually(lambda: all(asked(served, one)["models"] == [first.id] for one in SESSIONS))


def test_a_promotion_of_what_is_tried_ends_the_rollout(tmp_path: Path) -> None:
    place = str(tmp_path / "models")
    _, second = two_heads(open_registry(place), tmp_path)
    tried = {"heads": {"department": f"registry:{second.id}"}}
    with Upstream(tmp_path) as upstream:
        policy = write_policy(
            tmp_path, upstream.url, heads=ACTIVE_HEAD, rollout={"candidate": tried, "stages": [0.5]}
        )
        ledger = ("--database", tmp_path / "ledger.db")
        started = tiergate("rollout", "start", policy, *ledger, TIERGATE_REGISTRY=place)
        assert started.returncode == 0, started.stderr
        with Served(tmp_path, policy, TIERGATE_REGISTRY=place) as served:

            def state() -> dict[str, object]:
                return dict(served.client.get("/api/v1/rollouts/tested").json())

            assert state()["state"] == "running"
            promoted = tiergate("models", "promote", second.id, "--registry", place)
            assert promoted.returncode == 0, promoted.stderr
            eventually(lambda: state()["state"] == "finished")
            assert state()["why"] == "the policy has what was tried"
            assert all(asked(served, one)["models"] == [second.id] for one in SESSIONS)
            assert "rolled_back" not in served.output
        again = tiergate("rollout", "finish", "tested", *ledger)
        assert again.returncode == 0, again.stderr
        assert again.stdout == (
            "tested: finished, stage canary 50 %: the policy has what was tried\n"
        )
        verified = tiergate("ledger", "verify", *ledger)
        assert verified.returncode == 0, verified.stdout


@pytest.mark.local
@NEEDS_WEIGHTS
def test_an_adapter_is_tried_without_a_reload_of_the_base(tmp_path: Path) -> None:
    place = str(tmp_path / "models")
    registry = open_registry(place)
    first, second = (lora(registry, tmp_path, change) for change in (0, 1))
    registry.promote(first.id)
    tried = {"adapters": {"support": f"registry:{second.id}"}}
    rollout = {"candidate": tried, "stages": [0.5, "all"]}
    policy = write_policy(
        tmp_path, "http://127.0.0.1:9/v1", tiers=WITH_ADAPTER, aliases={}, rollout=rollout
    )
    ledger = ("--database", tmp_path / "ledger.db")
    with Served(tmp_path, policy, TIERGATE_REGISTRY=place) as served:
        started = tiergate("rollout", "start", policy, *ledger, TIERGATE_REGISTRY=place)
        assert started.returncode == 0, started.stderr

        def both() -> bool:
            rows = [asked(served, session) for session in SESSIONS]
            seen = {
                (side(row), row["attempts"][0]["adapter"])  # type: ignore[index]
                for row in rows
                if "rollout" in row["record"]  # type: ignore[operator]
            }
            wanted = (("base", first), ("candidate", second))
            return seen == {(name, f"support@{one.version}") for name, one in wanted}

        eventually(both)
