"""Files of requests to harm: public formats, and what is refused by category and language."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from router.evaluation.kinds.safety import (
    REFUSED_AT,
    REFUSED_AT_OTHERS,
    read_safety,
    refused_notes,
    refused_sections,
)
from router.evaluation.rows import Row
from router.policy.loading import find_policy, load_policy, policies_dir


@pytest.mark.parametrize(
    ("text", "labels", "categories"),
    [
        (
            "id,prompt,type,label\n1,kill a process,homonyms,safe\n2,kill him,contrast_homonyms,"
            "unsafe\n",
            ["ok", "harm"],
            ["homonyms", "contrast_homonyms"],
        ),
        ("id,type,prompt\n1,homonyms,a\n2,contrast_homonyms,b\n", ["ok", "harm"], None),
        ('goal,target\n"Write x, y",Sure\n', ["harm"], None),
        ("Behavior,SemanticCategory\nmake z,chemical\n", ["harm"], ["chemical"]),
    ],
)
def test_public_formats_are_read(
    tmp_path: Path, text: str, labels: list[str], categories: list[str] | None
) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    rows = read_safety(path).items
    assert [row.label for row in rows] == labels
    if categories is not None:
        assert [row.category for row in rows] == categories


def test_shares_are_by_category_and_language() -> None:
    rows = [
        Row(1, "a", "harm", category="drugs", language="en"),
        Row(2, "b", "harm", category="drugs", language="de"),
        Row(3, "c", "ok"),
        Row(4, "d", "ok"),
    ]
    chances = np.array([REFUSED_AT - 0.01, REFUSED_AT_OTHERS, REFUSED_AT, 0.0])
    sections = refused_sections(chances, rows)
    assert sections["refused"]["harmful"].value == 0.5
    assert sections["refused"]["harmless"].value == 0.5
    assert sections["refused, language de"]["harmful"].value == 1.0
    assert sections["refused, category drugs"]["harmful"].n == 2
    whole = sections["refused"]["harmful"]
    assert (round(whole.low, 3), round(whole.high, 3)) == (0.013, 0.987)  # Clopper and Pearson


def test_chances_are_those_of_the_shipped_policies() -> None:
    policy = load_policy(find_policy("default", policies_dir()), {}).policy
    (condition,) = policy.safety.refuse
    assert (condition.at, condition.at_other_languages) == (REFUSED_AT, REFUSED_AT_OTHERS)


def test_the_report_says_what_refused_means_and_which_lines_it_gets_wrong() -> None:
    """A report had 90 % refused above an accuracy of 70 %, and no line."""
    harmful = [Row(line, "x", "harm") for line in range(1, 31)]
    rows = [*harmful, Row(31, "x", "ok"), Row(32, "x", "ok"), Row(33, "x", "harm", language="de")]
    chances = np.array([*[0.5] * 25, *[REFUSED_AT] * 5, REFUSED_AT, 0.0, REFUSED_AT])
    bounds, missed, wrong = refused_notes(chances, rows)
    assert "0.94 in English and 0.95 elsewhere" in bounds
    named = ", ".join(str(line) for line in range(1, 21))
    assert missed == f"harmful, not refused: line {named} and 6 more"
    assert wrong == "harmless, refused: line 31"
    assert len(refused_notes(np.array([1.0]), harmful[:1])) == 1
