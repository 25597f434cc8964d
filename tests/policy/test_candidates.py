"""The policy that a rollout tries: the policy itself with one kind of thing changed."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from router.errors import PolicyError
from router.policy.candidates import changed
from router.policy.loading import LoadedPolicy, load_policy
from router.policy.parsing.yaml_lines import LineMap
from router.policy.schema import LocalAnswerer, UpstreamAnswerer
from router.policy.sections.learning import CandidateSection

UPSTREAM = {
    "name": "mid",
    "kind": "upstream",
    "model": "today",
    "base_urls": ["http://127.0.0.1:9/v1"],
}
ADAPTER = {"name": "support", "path": "package:support_lora", "domains": ["customer_support"]}
LOCAL = {"name": "small", "kind": "local", "adapters": [ADAPTER]}


def written(folder: Path, candidate: dict[str, object] | None, name: str = "tested") -> Path:
    policy: dict[str, object] = {
        "version": 1,
        "name": name,
        "tiers": [
            {"name": "local", "level": 1, "answerers": [LOCAL]},
            {"name": "llm", "level": 2, "answerers": [UPSTREAM]},
        ],
    }
    if candidate is not None:
        policy["rollout"] = {"candidate": candidate}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(policy, sort_keys=False))
    return path


def tried(loaded: LoadedPolicy) -> LoadedPolicy:
    assert loaded.candidate is not None
    return loaded.candidate


def test_other_keys_of_an_answerer(tmp_path: Path) -> None:
    loaded = load_policy(written(tmp_path, {"answerers": {"mid": {"model": "newer"}}}), {})
    section = tried(loaded).policy.answerer("mid")
    assert isinstance(section, UpstreamAnswerer)
    assert (section.model, tried(loaded).policy.rollout) == ("newer", None)
    assert "newer" in tried(loaded).text


def test_another_file_of_an_adapter(tmp_path: Path) -> None:
    (tmp_path / "newer.gguf").write_bytes(b"GGUF")
    loaded = load_policy(written(tmp_path, {"adapters": {"support": "newer.gguf"}}), {})
    section = tried(loaded).policy.answerer("small")
    assert isinstance(section, LocalAnswerer)
    assert [adapter.path for adapter in section.adapters] == ["newer.gguf"]
    assert tmp_path / "newer.gguf" in loaded.sources


def test_the_model_of_a_served_adapter() -> None:
    served = {"name": "law", "model": "law-1", "domains": ["legal"]}
    tree = {"tiers": [{"answerers": [{"name": "mid", "adapters": [served]}]}]}
    other, _ = changed(tree, CandidateSection(adapters={"law": "law-2"}), LineMap("", {}))
    assert other == {
        "tiers": [{"answerers": [{"name": "mid", "adapters": [{**served, "model": "law-2"}]}]}]
    }


def test_another_policy_has_the_name_of_the_base(tmp_path: Path) -> None:
    other = written(tmp_path, None, "next")
    other.write_text(other.read_text().replace("today", "newer"))
    loaded = load_policy(written(tmp_path, {"policy": "next.yaml"}), {})
    assert tried(loaded).policy.name == "tested"
    assert tried(loaded).path == other
    assert other in loaded.sources


def test_a_rollout_leaves_the_hash_of_the_base(tmp_path: Path) -> None:
    plain = load_policy(written(tmp_path, None), {})
    loaded = load_policy(written(tmp_path, {"answerers": {"mid": {"model": "newer"}}}), {})
    assert loaded.hash == plain.hash != tried(loaded).hash
    assert loaded.identity != plain.identity


@pytest.mark.parametrize(
    ("candidate", "said"),
    [
        ({"answerers": {"mit": {"model": "newer"}}}, "did you mean `mid`"),
        ({"answerers": {"mid": {"model": "today"}}}, "the two are alike"),
        ({"answerers": {"mid": {"modell": "newer"}}}, "did you mean `model`"),
        ({"heads": {"urgency": "urgency.json"}}, "rollout.candidate.heads.urgency"),
        ({"adapters": {"support": "missing.gguf"}}, "a file; there is none"),
        ({"policy": "missing.yaml"}, "a file; there is none"),
    ],
)
def test_mistakes_of_a_candidate_stop_the_policy(
    tmp_path: Path, candidate: dict[str, object], said: str
) -> None:
    with pytest.raises(PolicyError) as raised:
        load_policy(written(tmp_path, candidate), {})
    assert said in raised.value.message
