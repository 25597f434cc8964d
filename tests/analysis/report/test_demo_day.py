"""The demo's day and its tally."""

from __future__ import annotations

import io
from collections import Counter

import msgspec
import pytest
from rich.console import Console

from router.analysis.demo import (
    DemoPrompt,
    DemoResult,
    DemoTally,
    apportion,
    department_in,
    read_prompts,
    sample_day,
)
from tests import ROOT
from tests.kits.changed import replace

PROMPTS = ROOT / "policies" / "demo" / "prompts.jsonl"


@pytest.fixture(scope="module")
def prompts() -> tuple[DemoPrompt, ...]:
    return read_prompts(PROMPTS.read_text("utf-8").splitlines())


def a_prompt(tier: int, **changes: object) -> DemoPrompt:
    prompt = DemoPrompt(f"t{tier}", "hello", tier, "routine", "general", "because")
    return replace(prompt, **changes)


def test_there_are_enough_prompts(prompts: tuple[DemoPrompt, ...]) -> None:
    assert len(prompts) >= 600
    assert len({p.id for p in prompts}) == len(prompts)
    assert {p.tier for p in prompts} == {1, 2, 3}


def test_no_prompt_is_asked_in_the_same_words_twice(prompts: tuple[DemoPrompt, ...]) -> None:
    assert len({p.prompt.casefold() for p in prompts}) == len(prompts)


def test_matters_of_every_risk_deserve_the_highest_tier(prompts: tuple[DemoPrompt, ...]) -> None:
    domains = Counter(p.domain for p in prompts if p.tier == 3)
    assert sum(domains.values()) >= 90
    assert {"finance", "legal", "medical", "engineering_safety", "business_strategy"} <= set(
        domains
    )


def test_a_day_has_the_shares_of_the_platform(prompts: tuple[DemoPrompt, ...]) -> None:
    day = sample_day(prompts, 1_045, seed=1)
    assert Counter(p.tier for p in day) == {1: 1_000, 2: 40, 3: 5}


@pytest.mark.parametrize(
    ("requests", "shares"),
    [
        (100, {1: 95, 2: 4, 3: 1}),
        (10, {1: 8, 2: 1, 3: 1}),
        (3, {1: 1, 2: 1, 3: 1}),
        (2, {1: 2}),
        (1, {1: 1}),
    ],
)
def test_a_short_day_leaves_no_tier_out(
    prompts: tuple[DemoPrompt, ...], requests: int, shares: dict[int, int]
) -> None:
    assert Counter(p.tier for p in sample_day(prompts, requests, seed=1)) == shares


def test_a_day_repeats_a_prompt_only_when_all_were_asked(prompts: tuple[DemoPrompt, ...]) -> None:
    asked = Counter(p.id for p in sample_day(prompts, 1_045, seed=1) if p.tier == 1)
    assert set(asked.values()) == {2, 3}


def test_the_same_seed_gives_the_same_day(prompts: tuple[DemoPrompt, ...]) -> None:
    assert sample_day(prompts, 200, seed=5) == sample_day(prompts, 200, seed=5)
    assert sample_day(prompts, 200, seed=5) != sample_day(prompts, 200, seed=6)


@pytest.mark.parametrize("total", [0, 1, 7, 1_045])
def test_a_division_adds_up(total: int) -> None:
    assert sum(apportion(total, {1: 10_000, 2: 400, 3: 50}).values()) == total


def test_a_line_with_a_missing_key_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="prompt"):
        read_prompts(['{"id": "x"}'])


def test_the_tally_tells_high_from_low() -> None:
    tally = DemoTally()
    for deserved, got in [(1, 1), (1, 2), (3, 2), (2, 2), (2, 0)]:
        tally.add(a_prompt(deserved), DemoResult(got))
    whole = tally.whole
    assert (whole.requests, whole.right, whole.too_high, whole.too_low, whole.failed) == (
        5, 2, 1, 1, 1,
    )  # fmt: skip
    assert tally.by_tier[1].right == 1
    assert tally.prompts_right == 0
    assert tally.sentence().startswith("2 of 5 requests (40.0 %)")


def test_the_tally_checks_what_a_prompt_expects() -> None:
    tally = DemoTally()
    tally.add(a_prompt(1, expects={"intent": "refund"}), DemoResult(1, intent="refund"))
    tally.add(a_prompt(1, expects={"intent": "refund"}), DemoResult(2))
    assert tally.expected["intent"] == {"asked": 2, "right": 1}


@pytest.mark.parametrize(
    ("result", "right"),
    [
        (DemoResult(1, intent="refund", accepted=True, asked=True), 1),
        (DemoResult(1, intent="hours", accepted=True, asked=True), 0),
        (DemoResult(1, accepted=True, offered=frozenset({"refund", "hours"})), 1),
        (DemoResult(1, accepted=True, offered=frozenset({"return", "hours"})), 0),
    ],
)
def test_a_right_question_back_counts_as_right(result: DemoResult, right: int) -> None:
    tally = DemoTally()
    tally.add(a_prompt(1, expects={"intent": "refund"}), result)
    assert tally.expected["intent"]["right"] == tally.routine["questions back"] == right
    assert f"the right question back: {right};" in tally.routine_sentence()


@pytest.mark.parametrize(
    ("text", "department"),
    [
        ('{"department": "billing", "priority": "high"}', "billing"),
        ('{"department": 3}', None),
        ("{broken", None),
        ("billing", None),
        ("[" * 100_000, None),
    ],
)
def test_a_department_is_read_from_json_only(text: str, department: str | None) -> None:
    assert department_in(text) == department


def test_the_tally_prints_its_sentence_first() -> None:
    tally = DemoTally()
    tally.add(a_prompt(1), DemoResult(1))
    text = io.StringIO()
    Console(file=text, width=120).print(tally.renderable())
    assert text.getvalue().startswith("1 of 1 requests (100.0 %)")
