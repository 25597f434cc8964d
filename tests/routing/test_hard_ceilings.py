"""The ceiling of a policy's rule holds also where a ceiling that gives way is the same."""

from __future__ import annotations

import pytest

from router.errors import NotCapable, PermissionDenied
from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.types import Capability, Reason
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts

RULE = {"name": "no_thinking", "request_types": ["faq"], "ceiling": 2}


def test_a_rule_s_ceiling_does_not_give_way_beside_a_small_amount() -> None:
    lacking = (Capability.TOOLS,)
    rows = [*(replace(row, missing=lacking) for row in facts()[:2]), facts()[2]]
    assert decide(a_policy(), CALM, rows, Asked()).first_rung.level == 3
    policy = Policy.model_validate(a_policy().model_dump() | {"hard_rules": [RULE]})
    with pytest.raises(NotCapable, match="no answerer that this request may go to"):
        decide(policy, CALM, rows, Asked())
    assert decide(policy, CALM, rows, Asked(), version=4).first_rung.level == 3


def test_a_rule_s_ceiling_is_the_reason_beside_a_small_amount() -> None:
    policy = Policy.model_validate(a_policy().model_dump() | {"hard_rules": [RULE]})
    decision = decide(policy, CALM, facts(), Asked())
    assert decision.rungs[2].reasons == (Reason.POLICY_RULE,)
    assert decision.ceiling_reasons == (Reason.POLICY_RULE, Reason.LOW_IMPACT)


def test_a_rung_that_has_nothing_to_say_takes_what_no_other_may() -> None:
    faq, mid, _ = facts(p1=0.3)
    rows = [faq, replace(mid, p=0.0, declined=Reason.NOTHING_TO_RESOLVE)]
    decision = decide(a_policy(), replace(CALM, novelty=0.9), rows, Asked())
    assert decision.rungs[0].reasons == (Reason.BELOW_FLOOR,)
    assert [rung.answerer for rung in decision.rungs if rung.taken] == ["mid"]


def test_nothing_to_say_is_no_way_past_the_tiers_of_a_key() -> None:
    faq, mid, _ = facts()
    rows = [replace(faq, declined=Reason.NOTHING_TO_RESOLVE), mid]
    with pytest.raises(PermissionDenied, match="this key's tiers are resolve"):
        decide(a_policy(), CALM, rows, Asked(tiers=("resolve",)))


def test_a_ladder_that_is_cut_keeps_the_highest_level() -> None:
    first, mid, deep = facts()
    mids = [replace(mid, answerer=f"mid{number}") for number in range(6)]
    decision = decide(a_policy(level_3_not_below_usd=0), CALM, [first, *mids, deep], Asked())
    taken = [rung.answerer for rung in decision.rungs if rung.taken]
    assert taken == ["faq", "mid0", "mid1", "mid2", "mid3", "deep"]
