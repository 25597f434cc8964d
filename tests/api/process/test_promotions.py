"""A running server follows the registry of models, and each row names the versions behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.registry import ModelKind, open_registry
from tests.kits.books.ledger_sql import query
from tests.kits.local_kit import NEEDS_WEIGHTS
from tests.kits.server_kit import ROUTINE, Served, Upstream, eventually, tiergate, write_policy
from tests.kits.versions_kit import ACTIVE_HEAD, WITH_ADAPTER, lora, two_heads

pytestmark = pytest.mark.process


def policies(served: Served) -> dict[str, object]:
    return dict(served.client.get("/readyz").json()["policies"]["tested"])


def models_of(served: Served) -> list[object]:
    """Asks, and returns the versions that the row of the answer names."""
    row = served.row(served.chat())
    assert row["models"] == row["record"].get("models", [])  # type: ignore[attr-defined]
    return list(row["models"])  # type: ignore[call-overload]


def test_promotions_are_followed_and_broken_versions_are_not(tmp_path: Path) -> None:
    place = str(tmp_path / "models")
    registry = open_registry(place)
    first, second = two_heads(registry, tmp_path)
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url, heads=ACTIVE_HEAD)
        with Served(tmp_path, policy, TIERGATE_REGISTRY=place) as served:
            assert models_of(served) == [first.id]
            (kept,) = query(served.database, "SELECT content FROM policy_versions")
            assert f"registry:{first.id}" in kept[0]
            promoted = tiergate("models", "promote", second.id, "--registry", place)
            assert promoted.stdout == f"{second.id} is active\n"
            eventually(lambda: models_of(served) == [second.id])
            # A version whose files are right, but no head, is refused: the second goes on.
            (tmp_path / "department.json").write_text("{}")
            broken = registry.add(ModelKind.HEAD, "department", [tmp_path / "department.json"])
            registry.promote(broken.id)
            eventually(lambda: policies(served)["mistakes"])
            assert models_of(served) == [second.id]
            tiergate("models", "rollback", "department", "--registry", place)
            eventually(lambda: not policies(served)["mistakes"])
            assert models_of(served) == [second.id]
            log = (tmp_path / "serve.log").read_text()
    assert "policy_not_reloaded" in log
    assert "heads[0].path" in log


def test_doctor_says_which_version_is_broken(tmp_path: Path) -> None:
    place = str(tmp_path / "models")
    registry = open_registry(place)
    (tmp_path / "a.json").write_text("{}")
    made = registry.promote(registry.add(ModelKind.CERTIFICATE, "books", [tmp_path / "a.json"]).id)
    arguments = ("doctor", "--json", "--port", "0", "--database", str(tmp_path / "ledger.db"))
    assert finding(tiergate(*arguments, TIERGATE_REGISTRY=place).stdout)["state"] == "ok"
    registry.path(made.id).write_text("other")
    found = finding(tiergate(*arguments, TIERGATE_REGISTRY=place).stdout)
    assert found["state"] == "broken"
    assert made.id in str(found["found"])


def finding(text: str) -> dict[str, object]:
    parts = json.loads(text)
    rows = parts["parts"] if isinstance(parts, dict) else parts
    return dict(next(part for part in rows if part["part"] == "models"))


@pytest.mark.local
@NEEDS_WEIGHTS
def test_adapter_is_exchanged_without_an_answer_by_the_base_alone(tmp_path: Path) -> None:
    place = str(tmp_path / "models")
    registry = open_registry(place)
    first, second = (lora(registry, tmp_path, change) for change in (0, 1))
    registry.promote(first.id)
    policy = write_policy(tmp_path, "http://127.0.0.1:9/v1", tiers=WITH_ADAPTER, aliases={})
    seen: list[str] = []

    def asked(served: Served) -> str:
        row = served.row(served.client.post("/v1/chat/completions", json=ROUTINE))
        seen.append(str(row["attempts"][0]["adapter"]))  # type: ignore[index]
        return seen[-1]

    with Served(tmp_path, policy, TIERGATE_REGISTRY=place) as served:
        eventually(lambda: asked(served) == f"support@{first.version}")
        seen.clear()
        registry.promote(second.id)
        eventually(lambda: asked(served) == f"support@{second.version}")
    assert set(seen) <= {f"support@{first.version}", f"support@{second.version}"}
