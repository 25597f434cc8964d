"""Figures of endpoints by domain on labelled texts, and the shipped policy that states them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from router.cli.models.endpoints import SHIPPED, card_of, measured
from router.errors import TrainingDataError
from router.evaluation.kinds.endpoints import halves, how_counts, measure, read_labelled
from router.extraction.confidence import COUNTS, chance
from router.extraction.patterns import compiled
from router.policy.loading import find_policy, load_policy, policies_dir
from router.policy.parsing.pattern_files import PatternFile
from router.policy.sections.answering.endpoints import EndpointSection
from router.triage.text.amounts import AmountReader
from tests.kits.server_kit import tiergate

READER = AmountReader({"USD": 1.0})
RULES = compiled(
    PatternFile.model_validate(
        {
            "version": 1,
            "name": "test",
            "rules": [{"id": "late", "title": "Late", "severity": "high", "any": ["late"]}],
        }
    )
)
SECTION = EndpointSection.model_validate(
    {
        "domain": "a",
        "task": "b",
        "description": "Of a test.",
        "extract": {"amounts": "amount"},
        "rules": "x.yaml",
        "verdict": {
            "default": "fine",
            "rules": [{"verdict": "bad", "reason": "late", "any": [{"severity": "high"}]}],
        },
    }
)


def test_figures_count_what_is_right_wrong_missed(tmp_path: Path) -> None:
    rows = [
        {"text": "Pay $5, late.", "amounts": [["$5", 5]], "findings": ["late"], "verdict": "bad"},
        {"text": "Pay $6 late.", "amounts": [["$6", 7]], "findings": [], "verdict": "fine"},
    ]
    file = tmp_path / "a_b.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    figures = measure(SECTION, read_labelled(file), READER, RULES, lambda _: {}, {})
    by_name = {field.name: field for field in figures.fields}
    assert (by_name["amounts"].precision, by_name["amounts"].recall) == (0.5, 0.5)
    assert (by_name["findings"].precision, by_name["findings"].recall) == (0.5, 1.0)
    assert (figures.verdicts_right, figures.all_right, figures.texts) == (1, 1, 2)
    assert figures.right == 0.5
    assert how_counts([figures])["finding.test.late"] == (1, 2)


@pytest.mark.parametrize("line", ["nonsense", '{"verdict": "x"}', "[]"])
def test_a_bad_line_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "bad.jsonl"
    file.write_text(line)
    with pytest.raises(TrainingDataError, match=r"bad\.jsonl:1"):
        read_labelled(file)


def test_a_text_with_a_separator_of_lines_is_one_text(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "first\u2028second"}\n\n', encoding="utf-8")
    assert [row.text for row in read_labelled(path)] == ["first\u2028second"]


def test_a_rule_seen_often_is_believed_more_than_its_family() -> None:
    counts = {"f.good": (40, 40), "f.bad": (1, 8), "f.rare": (1, 1)}
    assert chance("f.bad", counts) < chance("f.unseen", counts) < chance("f.good", counts)
    assert chance("other.rule", counts) == 0.5


def test_every_shipped_endpoint_has_enough_texts() -> None:
    loaded = load_policy(find_policy(SHIPPED, policies_dir()), {})
    for section in loaded.policy.endpoints:
        name = f"{section.domain}_{section.task}.jsonl"
        texts = read_labelled(policies_dir() / "endpoints" / "texts" / name)
        assert len(texts) >= 20
        assert len({labelled.text for labelled in texts}) == len(texts)
        assert {one.verdict for one in halves(texts)[1]}


@pytest.mark.slow
def test_policy_card_and_chances_say_what_is_measured() -> None:
    both = list(measured(SHIPPED, None, None))
    policy = load_policy(find_policy(SHIPPED, policies_dir()), {}).policy
    for (_, judging), section in zip(both, policy.endpoints, strict=True):
        assert section.right == pytest.approx(judging.right, abs=0.006), section.path
    looked_at, judging_all = [one for one, _ in both], [one for _, one in both]
    counts = {how: list(pair) for how, pair in how_counts(looked_at).items()}
    assert json.loads(COUNTS.read_text()) == counts
    card = policies_dir() / "endpoints" / "CARD.md"
    assert card.read_text() == card_of(looked_at, judging_all)
    items = sum(one.items for one in judging_all)
    stated = sum(one.stated * one.items for one in judging_all) / items
    right = sum(one.found_right * one.items for one in judging_all) / items
    assert abs(stated - right) < 0.05


@pytest.mark.slow
def test_the_command_prints_a_row_for_each_field() -> None:
    run = tiergate("evaluate", "endpoints", "--json")
    assert run.returncode == 0, run.stderr
    rows = json.loads(run.stdout)
    assert [row["path"] for row in rows][:2] == ["legal/contract", "finance/credit"]
