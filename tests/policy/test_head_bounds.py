"""The lowest chance of a head that changes what a policy does."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.policy.head_conditions import lowest_heard, lowest_on_shelf
from router.policy.loading import load_policy
from router.policy.schema import Policy

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load_policy(ROOT / "policies" / "default.yaml", {}).policy


def changed(policy: Policy, **sections: object) -> Policy:
    return Policy.model_validate(policy.model_dump(by_alias=True, exclude_unset=True) | sections)


def test_a_refusal_is_heard_from_its_chance(policy: Policy) -> None:
    assert lowest_heard(policy, "harm") == 0.94


def test_the_lowest_condition_counts(policy: Policy) -> None:
    rule = {"name": "harmful", "heads": [{"head": "harm", "at": 0.3}], "floor": 2}
    assert lowest_heard(changed(policy, hard_rules=[rule]), "harm") == 0.3


def test_every_chance_counts_of_a_head_that_nobody_names(policy: Policy) -> None:
    assert lowest_heard(policy, "unheard_of") == 0.0


def test_every_chance_counts_of_an_ability(policy: Policy) -> None:
    tiers = policy.model_dump(by_alias=True, exclude_unset=True)["tiers"]
    tiers[1]["answerers"][0]["ability"] = {"head": "harm", "labels": 500}
    assert lowest_heard(changed(policy, tiers=tiers), "harm") == 0.0


def test_a_harmful_text_is_kept_off_the_shelf_before_it_is_refused(policy: Policy) -> None:
    assert lowest_on_shelf(policy, "harm") == 0.8
    assert lowest_on_shelf(policy, "harm_kind") == lowest_heard(policy, "harm_kind") == 0.5
