"""Policies share the index of the same answers and the stack of the same heads.

Each file of answers has a memory of its own.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from router.api.compose.core import Core, Settings
from router.policy.loading import load_policy
from router.routing.policy_runtime import PolicyRuntime
from router.triage.match import KnowledgeIndex
from router.triage.own_heads import OwnHeads
from router.triage.service import TriageService
from tests import ROOT


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ROOT / "policies", tmp_path / "policies"))


def with_answers(folder: Path, name: str, knowledge: str) -> Path:
    """A copy of the default policy under another name, with another file of answers."""
    policy = yaml.safe_load((folder / "default.yaml").read_text("utf-8"))
    policy["name"] = name
    policy["tiers"][0]["answerers"][0]["knowledge"] = knowledge
    policy["tiers"][0]["answerers"][0].pop("languages", None)  # of answers that the file lacks
    policy.pop("examples", None)
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump(policy), "utf-8")
    return file


def index_of(runtime: PolicyRuntime) -> KnowledgeIndex:
    assert isinstance(runtime.triage, TriageService)
    index = runtime.triage._config.knowledge
    assert isinstance(index, KnowledgeIndex)
    return index


def heads_of(runtime: PolicyRuntime) -> OwnHeads:
    assert isinstance(runtime.triage, TriageService)
    own = runtime.triage._config.own
    assert own is not None
    return own


def shorter(folder: Path, name: str, answers: int) -> str:
    """A file with only the first approved answers of the shop."""
    whole = yaml.safe_load((folder / "knowledge" / "customer_support.yaml").read_text("utf-8"))
    whole["intents"] = [i for i in whole["intents"] if not i.get("slots")][:answers]
    for key in ("classifications", "keys", "matters"):
        whole.pop(key, None)
    (folder / name).write_text(yaml.safe_dump(whole), "utf-8")
    return name


@pytest.mark.slow
def test_policies_of_the_same_answers_share_their_index(policies: Path, tmp_path: Path) -> None:
    same = shorter(policies, "few.yaml", 8)
    files = [with_answers(policies, name, same) for name in ("one", "two")]
    other = with_answers(policies, "three", shorter(policies, "fewer.yaml", 5))
    loaded = [load_policy(file, {}) for file in (*files, other)]
    core = Core(Settings(cache_dir=tmp_path / "cache"), loaded, {})
    one, two, three = (index_of(core.router.runtimes[name]) for name in ("one", "two", "three"))
    assert one is two
    assert three is not one
    # A reload that leaves the answers alone takes over the index.
    assert index_of(core.build(loaded[0])) is one


@pytest.mark.slow
def test_policies_of_the_same_heads_share_their_stack(policies: Path, tmp_path: Path) -> None:
    files = [
        with_answers(policies, name, shorter(policies, f"{name}_answers.yaml", answers))
        for name, answers in (("one", 8), ("two", 5), ("three", 6))
    ]
    renamed = yaml.safe_load(files[2].read_text("utf-8"))
    renamed["heads"].append({"name": "mood", "path": "heads/toxicity.json"})
    files[2].write_text(yaml.safe_dump(renamed), "utf-8")
    loaded = [load_policy(file, {}) for file in files]
    core = Core(Settings(cache_dir=tmp_path / "cache"), loaded, {})
    one, two, three = (heads_of(core.router.runtimes[name]) for name in ("one", "two", "three"))
    assert one is two
    assert three is not one
    assert set(three.stack.heads) - set(one.stack.heads) == {"mood"}
    assert heads_of(core.build(loaded[0])) is one


@pytest.mark.slow
def test_each_file_of_answers_has_a_memory_of_its_own(policies: Path, tmp_path: Path) -> None:
    files = [
        with_answers(policies, "one", shorter(policies, "few.yaml", 8)),
        with_answers(policies, "two", shorter(policies, "fewer.yaml", 5)),
    ]
    loaded = [load_policy(file, {}) for file in files]
    settings = Settings(cache_dir=tmp_path / "cache")
    Core(settings, loaded, {})
    kept = {file: file.stat().st_mtime_ns for file in (tmp_path / "cache").glob("knowledge-*.npz")}
    assert len(kept) == 2
    # The next start finds both, and writes neither anew.
    Core(settings, loaded, {})
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
