"""S is the cost of a domain that counts, never that of a guess."""

from __future__ import annotations

import pytest

from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Domain, Matter, Signals, usd_to_nano
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts

COSTS = {
    "default_cost_of_wrong_usd": 1,
    "cost_of_wrong": [
        {"domain": "medical", "usd": 200},
        {"domain": "legal", "usd": 50},
        {"domain": "business_strategy", "usd": 70},
        {"domain": "engineering_safety", "usd": 500},
    ],
    "default_loss_share": 0.0,
    "loss_share": {"medical": 0.5},
}
GUESSED = replace(
    CALM,
    domain=Domain.MEDICAL,
    domain_p=0.84,
    language="pl",
    brief=True,
    matter=Matter.MEDICAL_EMERGENCY,
    grave=0.02,
    stakes_high=0.01,
)


def policy() -> Policy:
    return Policy.model_validate(a_policy().model_dump() | {"stakes": COSTS})


@pytest.mark.parametrize(
    ("changed", "usd"),
    [
        ({}, 1),
        ({"language": "en"}, 200),
        ({"language": ""}, 200),
        ({"domain_p": 0.5, "language": "en"}, 1),
        ({"grave": 0.75}, 200),  # the reader is not calm
        ({"stakes_high": 0.1}, 200),  # much may be at stake
        ({"brief": False}, 200),  # nor does it know a long text
        ({"matter": None}, 200),  # nor is there a reader
        ({"grave": 0.9, "matter": Matter.MEDICAL_EMERGENCY, "domain": Domain.GENERAL}, 200),
        ({"grave": 0.9, "matter": Matter.LEGAL}, 50),
        ({"risk_terms": ("engineering_safety:pl",)}, 500),
        ({"risk_terms": ("medical_emergency:pl",), "domain": Domain.GENERAL}, 200),
        ({"strategic": 0.99}, 70),
        ({"domain_p": 0.3, "strategic": 0.99, "language": "en"}, 70),
    ],
)
def test_what_a_wrong_answer_costs_is_that_of_a_domain_that_counts(
    changed: dict[str, object], usd: int
) -> None:
    signals: Signals = replace(GUESSED, **changed)
    decision = decide(policy(), signals, facts(), Asked())
    assert decision.stakes_nano_usd == usd_to_nano(usd)


def test_an_amount_loses_the_share_of_a_domain_that_counts() -> None:
    paid = replace(GUESSED, impact_nano_usd=usd_to_nano(100))
    assert decide(policy(), paid, facts(), Asked()).stakes_nano_usd == usd_to_nano(1)
    english = replace(paid, language="en")
    assert decide(policy(), english, facts(), Asked()).stakes_nano_usd == usd_to_nano(250)


def test_a_row_of_an_earlier_version_keeps_the_cost_of_its_guess() -> None:
    earlier = decide(policy(), GUESSED, facts(), Asked(), version=5)
    assert earlier.stakes_nano_usd == usd_to_nano(200)
