"""A list that passes questions of knowledge passes what continues them, and nothing grave."""

from __future__ import annotations

import pytest

from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Domain, Matter, Reason, Signals, usd_to_nano
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts

ASKED = replace(CALM, risk_terms=("emergency",), terms_knowledge=0.9)


def passing(*, soft: bool = True) -> Policy:
    """Returns the policy whose list of emergencies passes questions of knowledge, if `soft`."""
    changed = a_policy().model_dump(mode="json", exclude_unset=True)
    changed["terms"][0]["not_for_knowledge"] = soft
    return Policy.model_validate(changed)


def level(signals: Signals, policy: Policy) -> tuple[int, tuple[Reason, ...]]:
    decided = decide(policy, signals, facts(0.95, 0.96, 0.97), Asked())
    return decided.floor, decided.floor_reasons


def test_what_continues_a_question_of_knowledge_is_nobody_s_matter() -> None:
    assert level(ASKED, passing()) == (1, ())


@pytest.mark.parametrize(
    "signals",
    [
        replace(ASKED, terms_knowledge=0.5),
        replace(ASKED, stakes_high=0.9),
        replace(ASKED, grave=0.95, matter=Matter.MEDICAL_EMERGENCY),
        replace(ASKED, risk_terms=("emergency:de",)),
    ],
)
def test_what_makes_a_matter_of_it_counts(signals: Signals) -> None:
    floor, reasons = level(signals, passing())
    assert (floor, reasons[0]) == (3, Reason.HIGH_RISK_MEDICAL)


def test_a_list_that_passes_no_questions_counts_in_every_turn() -> None:
    assert level(ASKED, passing(soft=False))[0] == 3


RULE = {"name": "money", "domains": ["finance"], "not_for_knowledge": True, "floor": 2}
LEARNS = replace(CALM, domain=Domain.FINANCE, domain_p=0.9, knowledge=0.9)


@pytest.mark.parametrize(
    ("changes", "floor"),
    [
        ({}, 1),
        ({"knowledge": 0.4}, 2),
        ({"grave": 0.95, "matter": Matter.LARGE_MONEY}, 3),
        ({"impact_nano_usd": usd_to_nano(6_000)}, 2),
    ],
)
def test_a_rule_of_domains_that_passes_knowledge_holds_for_decisions(
    changes: dict[str, object], floor: int
) -> None:
    """ "What is EBITDA?" climbed by it."""
    policy = a_policy().model_dump(mode="json", exclude_unset=True)
    policy["hard_rules"] = [RULE]
    decided = level(replace(LEARNS, **changes), Policy.model_validate(policy))
    assert decided[0] == floor
