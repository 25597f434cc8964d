"""Term lists of several policies share a file, and each adds its own words."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import Mistake, PolicyError
from router.policy.loading import load_policy, policies_dir
from tests.kits.inputs.policy_texts import added, write

SHARED = "version: 1\nlists:\n  law: [lawsuit, subpoena]\n  health: [my insulin]\n"


def policy(folder: Path, entry: str, shared: str = SHARED) -> Path:
    write(folder, shared, "shared.yaml")
    return write(folder, added(f"terms: [{{{entry}}}]"))


def words(path: Path) -> list[str]:
    return load_policy(path, {}).policy.terms[0].terms


def test_a_list_takes_the_words_of_its_name_from_its_file(tmp_path: Path) -> None:
    assert words(policy(tmp_path, "name: law, file: shared.yaml")) == ["lawsuit", "subpoena"]


def test_a_list_adds_its_own_words_to_those_of_its_file(tmp_path: Path) -> None:
    path = policy(tmp_path, "name: law, file: shared.yaml, terms: [sue you, lawsuit]")
    assert words(path) == ["sue you", "lawsuit", "subpoena"]


def test_the_shipped_file_serves_a_policy_elsewhere(tmp_path: Path) -> None:
    path = policy(tmp_path, "name: medical, file: lists/grave.yaml")
    assert "how much calpol" in words(path)


def test_a_change_in_the_file_is_another_policy(tmp_path: Path) -> None:
    path = policy(tmp_path, "name: law, file: shared.yaml")
    before = load_policy(path, {})
    write(tmp_path, SHARED.replace("subpoena", "court order"), "shared.yaml")
    assert load_policy(path, {}).hash != before.hash
    assert tmp_path / "shared.yaml" in before.watched


def mistakes_in(path: Path) -> tuple[Mistake, ...]:
    with pytest.raises(PolicyError) as caught:
        load_policy(path, {})
    return caught.value.mistakes


@pytest.mark.parametrize(
    ("entry", "key_path", "expected"),
    [
        ("name: law", "terms[0]", "a list needs terms, or the file that has them"),
        ("name: law, file: none.yaml", "terms[0].file", "a file; there is none"),
        ("name: lew, file: shared.yaml", "terms[0].name", "did you mean `law`?"),
    ],
)
def test_a_list_without_words_is_a_mistake(
    tmp_path: Path, entry: str, key_path: str, expected: str
) -> None:
    [mistake] = mistakes_in(policy(tmp_path, entry))
    assert mistake.key_path == key_path
    assert expected in mistake.expected


def test_a_mistake_in_the_file_is_told_once(tmp_path: Path) -> None:
    entry = "name: law, file: shared.yaml}, {name: health, file: shared.yaml"
    [mistake] = mistakes_in(policy(tmp_path, entry, SHARED.replace("[my insulin]", "[]")))
    assert Path(mistake.file).name == "shared.yaml"
    assert (mistake.line, mistake.key_path) == (4, "lists.health")


def test_no_shipped_policy_repeats_the_words_of_the_shared_file() -> None:
    """All lists stood in each of eleven policies."""
    shared = (policies_dir() / "lists/grave.yaml").read_text("utf-8")
    assert "how much calpol" in shared
    for path in policies_dir().glob("*.yaml"):
        assert "how much calpol" not in path.read_text("utf-8"), path.name
