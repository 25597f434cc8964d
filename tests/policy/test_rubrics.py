"""Rubrics: the shipped ones, and the mistakes of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.content.rubrics import find_rubric, load_rubric
from tests import ROOT

SHIPPED = sorted((ROOT / "policies/rubrics").glob("*.yaml"))
CRITERION = """
  - name: {name}
    asks: Is it right?
    weight: {weight}
    anchors: {anchors}
"""
ANCHORS = "{1: wrong, 2: poor, 3: fair, 4: good, 5: right}"
HEAD = "version: 1\nname: mine\nabout: Answers of ours.\ncriteria:"


def written(folder: Path, *criteria: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(HEAD + "".join(criteria), encoding="utf-8")
    return path


def criterion(name: str = "correct", weight: str = "3", anchors: str = ANCHORS) -> str:
    return CRITERION.format(name=name, weight=weight, anchors=anchors)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_rubric_can_be_read(path: Path) -> None:
    rubric = load_rubric(path)
    assert rubric.name == path.stem
    assert sum(rubric.weights.values()) == pytest.approx(1.0)


def test_there_is_a_rubric_for_each_domain_of_the_guide() -> None:
    names = [path.stem for path in SHIPPED]
    assert names == ["code", "finance", "general", "legal", "medical", "support"]


def test_weights_are_shares_of_the_whole(tmp_path: Path) -> None:
    rubric = load_rubric(written(tmp_path, criterion(), criterion("clear", "1")))
    assert rubric.weights == {"correct": 0.75, "clear": 0.25}


def test_all_mistakes_are_told_with_their_lines(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        criterion(anchors="{1: wrong, 5: right}"),
        criterion("Clear", "0"),
    )
    with pytest.raises(PolicyError) as caught:
        load_rubric(path)
    told = str(caught.value)
    assert "mine.yaml:8: criteria.0.anchors" in told.replace("[0]", ".0")
    assert "an entry for each grade from 1 to 5" in told
    assert "weight" in told
    assert "Clear" in told


def test_two_criteria_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="a name of its own for each criterion"):
        load_rubric(written(tmp_path, criterion(), criterion()))


def test_a_text_is_no_rubric(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("good answers", encoding="utf-8")
    with pytest.raises(PolicyError, match="a mapping with version, name, about and criteria"):
        load_rubric(path)


def test_a_rubric_is_found_by_name_or_by_file(tmp_path: Path) -> None:
    folder, own = ROOT / "policies/rubrics", written(tmp_path, criterion())
    assert find_rubric("legal", folder).name == "legal.yaml"
    assert find_rubric(str(own), folder) == own
    with pytest.raises(PolicyError, match="did you mean `finance`"):
        find_rubric("finanse", folder)


def test_another_weight_is_another_rubric(tmp_path: Path) -> None:
    first = load_rubric(written(tmp_path, criterion())).digest
    assert load_rubric(written(tmp_path, criterion())).digest == first
    assert load_rubric(written(tmp_path, criterion(weight="4"))).digest != first
