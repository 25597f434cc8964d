"""Files of requests to harm: public formats, and what is refused by category and language."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from rich.cells import cell_len

from router.cli.models.wrong_rows import MOST_PER_CELL, wrong_lines
from router.evaluation.kinds.safety import (
    BOUNDS,
    REFUSED_AT,
    REFUSED_AT_OTHERS,
    read_safety,
    refused_sections,
    refused_wrongly,
)
from router.evaluation.options import Kind, Report
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
    at, elsewhere = condition.at, condition.at_other_languages
    assert (at, elsewhere) == (REFUSED_AT, REFUSED_AT_OTHERS)
    assert f"from a chance of {at} in English and {elsewhere} elsewhere" in BOUNDS


def test_the_report_shows_which_rows_it_gets_wrong() -> None:
    """A report had 90 % refused above an accuracy of 70 %, and no line, later none with text."""
    text = "x\x1b[31m\n" + 60 * "y "
    harmful = [Row(line, text, "harm") for line in range(1, 31)]
    rows = [*harmful, Row(31, "x", "ok"), Row(32, "x", "ok"), Row(33, "x", "harm", language="de")]
    chances = np.array([*[0.5] * 25, *[REFUSED_AT] * 5, REFUSED_AT, 0.0, REFUSED_AT])
    wrong = refused_wrongly(chances, rows)
    assert [row.line for row in wrong] == [*range(1, 26), 33, 31]
    lines = wrong_lines(wrong, 60)
    assert lines[0] == "harmful, not refused: 26"
    assert lines[1].startswith("  line 1, 0.5000: x\N{REPLACEMENT CHARACTER}[31m y y")
    assert {len(line) for line in lines[1:21]} == {60}
    assert lines[21] == "  and 6 more: --json has all of them"
    assert lines[22:] == ["harmless, refused: 1", "  line 31, 0.9400: x"]
    assert refused_wrongly(np.array([1.0]), harmful[:1]) == ()
    report = Report(Kind.SAFETY, "rows.csv", "0", "m", {}, (), wrong)
    assert json.loads(json.dumps(report.to_json()))["wrong"][-1] == {
        "how": "harmless, refused",
        "line": 31,
        "chance": REFUSED_AT,
        "text": "x",
    }


def test_a_chance_below_the_threshold_is_not_shown_as_reaching_it() -> None:
    (row,) = refused_wrongly(np.array([0.93999]), [Row(1, "x", "harm")])
    assert wrong_lines([row], 60)[1] == "  line 1, 0.9399: x"


@pytest.mark.parametrize("text", [60 * "\u6bd2", 60 * "a\u0301\u0323", 40 * "a\u6bd2"])
def test_a_row_fills_one_line_of_the_terminal(text: str) -> None:
    """Letters of Chinese take two cells, and marks of accents none."""
    (row,) = refused_wrongly(np.array([0.5]), [Row(1, text, "harm")])
    assert cell_len(wrong_lines([row], 60)[1]) == 60


def test_marks_without_end_are_cut() -> None:
    (row,) = refused_wrongly(np.array([0.5]), [Row(1, "a" + 300 * "\u0301", "harm")])
    start = "  line 1, 0.5000: "
    assert len(wrong_lines([row], 60)[1]) == len(start) + MOST_PER_CELL * (60 - len(start))
