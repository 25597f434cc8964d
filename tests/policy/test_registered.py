"""Versions of the registry that a policy names: found, hashed, followed, and kept when broken."""
# Polling is what a test of a watcher waits for.

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from router.errors import PolicyError
from router.policy.loading import LoadedPolicy, load_policy
from router.policy.schema import LocalAnswerer, UpstreamAnswerer
from router.policy.watch import PolicyWatcher
from router.registry import ModelKind, ModelState, ModelVersion, Registry, open_registry
from router.stats import heads
from router.stats.calibration import Temperature
from router.stats.heads import Head, HeadKind
from tests.kits.upstreams.upstream_kit import eventually

POLICY = """\
version: 1
name: small
heads: [{name: department, path: "registry:department@active"}]
tiers:
  - name: local
    level: 2
    answerers:
      - {name: smol, kind: local}
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return open_registry(str(tmp_path / "models"))


@pytest.fixture
def load(tmp_path: Path) -> Callable[[], LoadedPolicy]:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY)
    return lambda: load_policy(path, {"TIERGATE_REGISTRY": str(tmp_path / "models")})


def head(folder: Path, bias: float) -> list[Path]:
    """A head of two classes; `bias` makes the version."""
    made = Head(
        "department",
        HeadKind.CLASSES,
        ("it", "hr"),
        np.zeros((192, 2), np.float32),
        np.full(2, bias, np.float32),
        Temperature(1.0),
        "0" * 64,
    )
    place = folder / f"head-{bias}"
    place.mkdir()
    heads.save(made, place)
    return [place / "department.json"]


def added(registry: Registry, tmp_path: Path, bias: float) -> ModelVersion:
    return registry.add(ModelKind.HEAD, "department", head(tmp_path, bias))


def test_reference_leads_to_the_active_version(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    made = registry.promote(added(registry, tmp_path, 0.0).id)
    loaded = load()
    assert loaded.registered.models == (made.id,)
    assert loaded.file("registry:department@active") == registry.path(made.id)
    assert loaded.policy.heads[0].path == "registry:department@active"
    assert registry.path(made.id).with_suffix(".npz") in loaded.sources


def test_promotion_changes_the_hash_and_a_rollback_brings_it_back(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    hashes = []
    for bias in (0.0, 1.0):
        registry.promote(added(registry, tmp_path, bias).id)
        hashes.append(load().hash)
    registry.rollback("department")
    assert hashes[0] != hashes[1]
    assert load().hash == hashes[0]


def test_hash_does_not_depend_on_the_place_of_the_registry(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    made = registry.promote(added(registry, tmp_path, 0.0).id)
    other = open_registry(f"file://{tmp_path}/objects", cache=tmp_path / "cache")
    files = [registry.path(made.id)]
    other.promote(other.add(ModelKind.HEAD, "department", files).id)
    elsewhere = {"TIERGATE_REGISTRY": f"file://{tmp_path}/objects"}
    assert load_policy(tmp_path / "p.yaml", elsewhere).hash == load().hash


@pytest.mark.parametrize("break_it", ["none", "not active", "changed", "other kind"])
def test_reference_that_leads_nowhere_is_one_mistake_with_its_line(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy], break_it: str
) -> None:
    expected = {
        "none": "there is no model 'department'",
        "not active": r"known versions of 'department': \w+ \(candidate\)",
        "changed": "department.npz .* was changed",
        "other kind": "is of kind certificate; expected head",
    }[break_it]
    if break_it == "other kind":
        made = registry.add(ModelKind.CERTIFICATE, "department", head(tmp_path, 0.0))
        registry.promote(made.id)
    elif break_it != "none":
        made = added(registry, tmp_path, 0.0)
        if break_it == "changed":
            registry.promote(made.id)
            registry.path(made.id).with_suffix(".npz").write_bytes(b"other")
    with pytest.raises(PolicyError, match=expected) as caught:
        load()
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.key_path) == (3, "heads[0].path")


def test_text_that_is_kept_names_the_versions_of_the_day(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    made = registry.promote(added(registry, tmp_path, 0.0).id)
    kept = load().registered.in_file((tmp_path / "p.yaml").read_text())
    registry.promote(added(registry, tmp_path, 1.0).id)
    (tmp_path / "p.yaml").write_text(kept)
    assert load().registered.models == (made.id,)


def test_registry_that_does_not_answer_is_one_mistake(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(POLICY)
    with pytest.raises(PolicyError, match="nosuch://place") as caught:
        load_policy(tmp_path / "p.yaml", {"TIERGATE_REGISTRY": "nosuch://place"})
    assert len(caught.value.mistakes) == 1


def test_policy_without_references_opens_no_registry(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(POLICY.replace('heads: [{name: department, path: "registry', "#"))
    load_policy(path, {"TIERGATE_REGISTRY": "nosuch://place"})


ADAPTED = """\
version: 1
name: small
prices: prices.yaml
tiers:
  - name: local
    level: 2
    answerers:
      - name: smol
        kind: local
        adapters: [{name: support, path: "registry:support_lora", domains: [technology]}]
      - name: served
        kind: upstream
        model: base
        base_urls: ["http://127.0.0.1:1/v1"]
        adapters: [{name: support, model: "registry:support_lora", domains: [technology]}]
"""


def test_adapters_carry_their_version(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "lora.gguf").write_bytes(b"GGUF...")
    made = registry.add(ModelKind.ADAPTER, "support_lora", [tmp_path / "lora.gguf"])
    registry.promote(made.id)
    (tmp_path / "p.yaml").write_text(ADAPTED)
    loaded = load_policy(tmp_path / "p.yaml", {"TIERGATE_REGISTRY": str(tmp_path / "models")})
    local, served = (section for _, section in loaded.policy.rungs())
    assert isinstance(local, LocalAnswerer)
    assert isinstance(served, UpstreamAnswerer)
    assert local.adapters[0].name == served.adapters[0].name == f"support@{made.version}"
    assert local.adapters[0].path == str(registry.path(made.id))
    assert served.adapters[0].model == made.id
    assert loaded.registered.models == ()


class Live:
    """Uses a watcher as a server does."""

    def __init__(self, load: Callable[[], LoadedPolicy]) -> None:
        self.current = load()
        self.watcher = PolicyWatcher(self.current, load, self.swap, poll_s=0.02)

    async def swap(self, loaded: LoadedPolicy) -> None:
        self.current = loaded

    @property
    def models(self) -> tuple[str, ...]:
        return self.current.registered.models


async def test_running_server_follows_promotions_and_rollbacks(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    first = registry.promote(added(registry, tmp_path, 0.0).id)
    live = Live(load)
    async with live.watcher:
        second = registry.promote(added(registry, tmp_path, 1.0).id)
        await eventually(lambda: live.models == (second.id,))
        registry.rollback("department")
        await eventually(lambda: live.models == (first.id,))


async def test_broken_version_leaves_the_old_one_in_use(
    registry: Registry,
    tmp_path: Path,
    load: Callable[[], LoadedPolicy],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = registry.promote(added(registry, tmp_path, 0.0).id)
    live = Live(load)
    caplog.set_level(logging.INFO)
    async with live.watcher:
        # It fits no encoder's head: a file that the registry takes and the policy refuses.
        (tmp_path / "department.json").write_text("{}")
        broken = registry.add(ModelKind.HEAD, "department", [tmp_path / "department.json"])
        registry.promote(broken.id)
        await eventually(lambda: live.watcher.status.broken)
        assert live.models == (first.id,)
        registry.rollback("department")
        await eventually(lambda: not live.watcher.status.broken)
    told = [record.message for record in caplog.records if record.name == "router.policy.watch"]
    assert told == ["policy_not_reloaded", "policy_reloaded"]


async def test_registry_that_cannot_be_read_leaves_the_policy_in_use(
    registry: Registry,
    tmp_path: Path,
    load: Callable[[], LoadedPolicy],
    caplog: pytest.LogCaptureFixture,
) -> None:
    first = registry.promote(added(registry, tmp_path, 0.0).id)
    live = Live(load)
    events, away = tmp_path / "models" / "events", tmp_path / "events-away"
    async with live.watcher:
        events.rename(away)
        events.write_text("no folder")
        await eventually(lambda: "registry_unreachable" in caplog.text)
        events.unlink()
        away.rename(events)
        second = registry.promote(added(registry, tmp_path, 1.0).id)
        await eventually(lambda: live.models == (second.id,))
    assert caplog.text.count("registry_unreachable") == 1
    assert first.id != second.id


def test_canary_may_be_named_instead_of_the_active_version(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    registry.promote(added(registry, tmp_path, 0.0).id)
    canary = registry.promote(added(registry, tmp_path, 1.0).id, ModelState.CANARY)
    path = tmp_path / "p.yaml"
    path.write_text(POLICY.replace("@active", "@canary"))
    assert load().registered.models == (canary.id,)


ROLLED = """\
rollout:
  candidate: {{heads: {{department: "registry:{}"}}}}
"""


async def test_promotion_ends_what_a_rollout_tried(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    registry.promote(added(registry, tmp_path, 0.0).id)
    canary = registry.promote(added(registry, tmp_path, 1.0).id, ModelState.CANARY)
    (tmp_path / "p.yaml").write_text(POLICY + ROLLED.format(canary.id))
    live = Live(load)
    assert live.current.candidate is not None
    assert live.current.candidate.registered.models == (canary.id,)
    async with live.watcher:
        registry.promote(canary.id)
        await eventually(lambda: live.models == (canary.id,))
        assert live.current.candidate is None


async def test_version_that_only_a_rollout_names_is_followed(
    registry: Registry, tmp_path: Path, load: Callable[[], LoadedPolicy]
) -> None:
    first = registry.promote(added(registry, tmp_path, 0.0).id)
    own = head(tmp_path, 5.0)[0].relative_to(tmp_path)
    text = POLICY.replace("registry:department@active", str(own))
    (tmp_path / "p.yaml").write_text(text + ROLLED.format("department@active"))
    live = Live(load)

    def tried() -> tuple[str, ...]:
        return () if live.current.candidate is None else live.current.candidate.registered.models

    assert tried() == (first.id,)
    async with live.watcher:
        second = registry.promote(added(registry, tmp_path, 1.0).id)
        await eventually(lambda: tried() == (second.id,))
