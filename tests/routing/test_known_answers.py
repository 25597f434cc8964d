"""What a rule understands is novel to no tier, and a climb past it names what looks higher."""

from __future__ import annotations

import pytest

from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.next_rung import Turn, next_rung
from router.types import Action, PSource, Reason, RungFacts
from tests.kits.changed import replace
from tests.kits.decision_kit import CALM, a_policy, facts

NEW = replace(CALM, novelty=0.9)


def _known(because: Reason, **changes: object) -> list[RungFacts]:
    """Returns the facts where a rule knows level 1's answer, and a model's chance is a prior."""
    rule, mid, deep = facts(p1=0.99, source=PSource.PRIOR)
    return [replace(rule, p_source=PSource.KNOWN, because=because, **changes), mid, deep]


@pytest.mark.parametrize("because", [Reason.EXACT_TOOL, Reason.SMALL_TALK, Reason.ASKED_FOR_SLOT])
def test_what_a_rule_understands_is_new_to_no_tier(because: Reason) -> None:
    decision = decide(a_policy(), NEW, _known(because), Asked())
    assert decision.first_rung.reasons == (because, Reason.FIXED_TRIGGERS_DECIDE)
    assert (decision.first, decision.in_hand, decision.hard_rule) == (0, None, False)


def test_a_row_of_an_earlier_version_looked_higher_all_the_same() -> None:
    decision = decide(a_policy(), NEW, _known(Reason.EXACT_TOOL), Asked(), version=3)
    assert (decision.first, decision.first_rung.reasons) == (1, (Reason.NOVEL,))


@pytest.mark.parametrize(
    "rows",
    [
        _known(Reason.READ_BY_RULES),
        _known(Reason.EXACT_TOOL, declined=Reason.TIER_NOT_ALLOWED),
        _known(Reason.EXACT_TOOL, missing=("tools",)),
        _known(Reason.EXACT_TOOL, ready=False),
    ],
)
def test_a_new_request_looks_higher_where_no_known_answer_may_go_out(rows: list[RungFacts]) -> None:
    decision = decide(a_policy(), NEW, rows, Asked())
    assert Reason.NOVEL in decision.first_rung.reasons


def test_a_climb_past_a_computed_answer_names_the_trigger() -> None:
    policy, signals = a_policy(level_3_not_below_usd=0), replace(CALM, multi_factor=0.9)
    rule, mid, deep = _known(Reason.EXACT_TOOL)
    worse = replace(mid, p=0.5, p_source=PSource.LABELLED)
    decision = decide(policy, signals, [rule, worse, deep], Asked())
    assert decision.in_hand == 0
    turn = Turn(0, 0.99, in_hand=0.99, doubt=Reason.NOTHING_BETTER)
    step = next_rung(decision, turn, policy.decision)
    assert (step.action, step.reason) == (Action.CLIMB, Reason.MULTI_FACTOR)
