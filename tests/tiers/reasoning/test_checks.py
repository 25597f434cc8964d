"""Code checks what a model wrote: probabilities, citations, its verdict, and a diagnosis."""

from __future__ import annotations

import pytest

from tiers.reasoning import checks
from tiers.reasoning.sources import Evidence

PASSAGES = (Evidence("policy-4", "The liability cap is $2,000,000.", "contracts.md"),)


def _scenarios(*pairs: tuple[str, float, float | None]) -> dict[str, object]:
    return {"scenarios": [{"name": n, "probability": p, "value": v} for n, p, v in pairs]}


def test_probabilities_that_sum_to_one_are_right() -> None:
    three = _scenarios(("best", 0.25, 100), ("expected", 0.5, 40), ("worst", 0.25, -20))
    assert checks.scenario_faults(three) == ()
    assert checks.expected_value(three) == "expected value over the scenarios: 40"


@pytest.mark.parametrize(("worst", "faulty"), [(0.24, False), (0.26, False), (0.23, True)])
def test_probabilities_may_be_off_by_rounding_only(worst: float, faulty: bool) -> None:
    three = _scenarios(("best", 0.25, None), ("expected", 0.5, None), ("worst", worst, None))
    assert bool(checks.scenario_faults(three)) is faulty


def test_scenario_that_is_missing_is_named() -> None:
    two = _scenarios(("best", 0.5, 1), ("expected", 0.5, 1))
    assert "there are best, expected" in checks.scenario_faults(two)[0]


def test_expected_value_needs_every_value() -> None:
    assert checks.expected_value(_scenarios(("best", 0.5, 1), ("worst", 0.5, None))) == ""


@pytest.mark.parametrize(
    ("verdict", "decision", "agrees"),
    [
        ("go", "Sign the contract with Harlow.", True),
        ("go", "Do not sign the contract.", False),
        ("go", "Sign the contract, subject to a liability cap.", False),
        ("conditional_go", "Sign the contract, subject to a liability cap.", True),
        ("conditional_go", "Do not sign unless the cap is lifted.", True),
        ("conditional_go", "Reject the offer.", False),
        ("no_go", "Decline the offer and wait.", True),
        ("no_go", "Approve the loan.", False),
        ("no_go", "Don't enter the market this year.", True),
        ("go", "Sign with Harlow and reject the two other bids.", True),
        ("no_go", "Weigh it again.", True),
        ("no_go", "Wir unterschreiben den Vertrag.", True),
    ],
)
def test_verdict_must_agree_with_the_words(verdict: str, decision: str, agrees: bool) -> None:
    fields = {"go_no_go": verdict, "decision": decision, "conditions": ["a cap"]}
    assert (checks.verdict_faults(fields) == ()) is agrees


def test_conditional_go_needs_a_condition() -> None:
    fields = {"go_no_go": "conditional_go", "decision": "Sign.", "conditions": []}
    assert checks.verdict_faults(fields) == ("conditional_go needs at least one condition",)


def test_citation_of_a_passage_that_nobody_gave_is_a_fault() -> None:
    known = {"known": [{"statement": "There is a cap.", "source": "[policy-4]"}]}
    assert checks.citation_faults(known, PASSAGES) == ()
    wrong = {"rationale": "The cap holds [policy-9]."}
    assert "[policy-9] is no passage" in checks.citation_faults(wrong, PASSAGES)[0]


def test_statement_that_says_more_than_its_passage_is_named() -> None:
    fields = {
        "known": [
            {"statement": "The liability cap is $2,000,000.", "source": "policy-4"},
            {"statement": "The liability cap is $9,000,000.", "source": "policy-4"},
            {"statement": "Delivery is in 9 days.", "source": "request"},
        ]
    }
    assert checks.unsupported(fields, PASSAGES) == (
        "not borne out by [policy-4]: The liability cap is $9,000,000.",
    )


@pytest.mark.parametrize(
    ("text", "faulty"),
    [
        ("You have appendicitis.", True),
        ("The patient suffers from diabetes.", True),
        ("The diagnosis is clear.", True),
        ("You have to see somebody today.", False),
        ("Pain that moves may mean appendicitis; a clinician must look at it.", False),
        ("The patient has no fever.", False),
    ],
)
def test_diagnosis_is_a_fault(text: str, faulty: bool) -> None:
    assert bool(checks.diagnosis_faults({"decision": text})) is faulty


def test_figures_are_marked_at_any_depth() -> None:
    value, claims = checks.recomputed({"a": [{"b": "2 + 2 = 5"}], "n": 3})
    assert value == {"a": [{"b": "2 + 2 = 5 [wrong: calculated, it is 4]"}], "n": 3}
    assert [claim.holds for claim in claims] == [False]
