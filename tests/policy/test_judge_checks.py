"""Mistakes about judges in a policy, with what is expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import PolicyError
from router.policy.loading import load_policy
from router.policy.schema import Policy

HEAD = "version: 1\nname: mine\ntiers:\n  - name: llm\n    level: 2\n    answerers:\n"
MODEL = """      - name: {name}
        kind: upstream
        model: {model}
        base_urls: ["http://127.0.0.1:1/v1"]
        price: {{input_usd_per_mtok: 1, output_usd_per_mtok: 2}}
"""
CHECK = "        check: {{rubric: {rubric}, judge: {judge}{more}}}\n"
THINKER = """      - name: think
        kind: deliberation
        over: mini
        check: {{rubric: rubrics/legal.yaml, judge: {judge}{more}}}
"""


def loaded(
    folder: Path,
    judge: str = "large",
    rubric: str = "rubrics/support.yaml",
    more: str = "",
    other: str = "",
) -> Policy:
    path = folder / "mine.yaml"
    text = MODEL.format(name="mini", model="small-1")
    text += CHECK.format(rubric=rubric, judge=judge, more=more)
    text += MODEL.format(name="large", model="large-1")
    text += MODEL.format(name="twin", model="provider/small-1-2026-01-01")
    path.write_text(HEAD + text + other)
    return load_policy(path, {}).policy


def test_a_judge_of_another_model_is_taken(tmp_path: Path) -> None:
    section = loaded(tmp_path).answerer("mini")
    assert section is not None
    assert section.check is not None
    assert (section.check.judge, section.check.at_least) == ("large", 0.6)


def test_a_judge_of_shadows_is_another_model_too(tmp_path: Path) -> None:
    shadow = (
        "shadow: {{share: 0.1, answerer: mini, judged: {{rubric: rubrics/code.yaml, judge: {}}}}}"
    )
    assert loaded(tmp_path, other=shadow.format("large")).shadow.judged is not None
    for judge, told in (("twin", "another model than the author's"), ("lage", "`large`")):
        with pytest.raises(PolicyError, match=told):
            loaded(tmp_path, other=shadow.format(judge))


def test_its_own_model_may_judge_where_the_policy_says_so(tmp_path: Path) -> None:
    section = loaded(tmp_path, "twin", more=", own_model: true").answerer("mini")
    assert section is not None


@pytest.mark.parametrize(
    ("judge", "rubric", "more", "other", "told"),
    [
        ("mini", "rubrics/support.yaml", "", "", "another model than the author's"),
        ("twin", "rubrics/support.yaml", "", "", "another model than the author's"),
        ("larg", "rubrics/support.yaml", "", "", "did you mean `large`"),
        ("large", "rubrics/none.yaml", "", "", "a file; there is none at"),
        ("large", "rubrics/support.yaml", ", at_least: 2", "", "check.at_least"),
        ("large", "rubrics/support.yaml", ", calibration: none.json", "", "check.calibration"),
        (
            "large",
            "rubrics/support.yaml",
            "",
            THINKER.format(judge="twin", more=""),
            "another model than the author's",
        ),
        (
            "large",
            "rubrics/support.yaml",
            "",
            THINKER.format(judge="large", more=", repair: true"),
            "a deliberation repairs its own steps",
        ),
        (
            "large",
            "rubrics/support.yaml",
            "",
            "      - {name: sums, kind: exact, check: {rubric: rubrics/code.yaml, judge: large}}\n",
            "others give approved or computed words",
        ),
    ],
)
def test_a_mistake_is_told(
    tmp_path: Path, judge: str, rubric: str, more: str, other: str, told: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        loaded(tmp_path, judge, rubric, more, other)
    assert told in str(caught.value)
