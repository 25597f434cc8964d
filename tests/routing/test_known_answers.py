"""What a rule understands is novel to no tier, and a climb past it names what looks higher."""

from __future__ import annotations

import pytest

from router.policy.schema import HardRule
from router.policy.sections.rules.heads import HeadCondition
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.next_rung import Turn, next_rung
from router.types import KNOWN_FIRST_FROM, Action, PSource, Reason, RungFacts
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
    ("rows", "asked"),
    [
        (_known(Reason.READ_BY_RULES), Asked()),
        (_known(Reason.EXACT_TOOL, declined=Reason.TIER_NOT_ALLOWED), Asked()),
        (_known(Reason.EXACT_TOOL, missing=("tools",)), Asked()),
        (_known(Reason.EXACT_TOOL, ready=False), Asked()),
        (_known(Reason.EXACT_TOOL, context_tokens=1), Asked()),
        (_known(Reason.EXACT_TOOL), Asked(min_tier=2)),
        (_known(Reason.EXACT_TOOL), Asked(tool_loop_level=2)),
        (_known(Reason.EXACT_TOOL), Asked(tiers=("llm", "reasoning"))),
        (_known(Reason.EXACT_TOOL), Asked(confidence_floor=0.999)),
    ],
)
def test_a_new_request_looks_higher_where_no_known_answer_may_go_out(
    rows: list[RungFacts], asked: Asked
) -> None:
    decision = decide(a_policy(), NEW, rows, asked)
    assert Reason.NOVEL in decision.first_rung.reasons
    assert decision.hard_rule


@pytest.mark.parametrize(
    ("asked", "hard"),
    [
        (Asked(pinned="mid"), True),
        (Asked(pinned_tier="llm"), True),
        (Asked(pinned="faq"), False),
        (Asked(pinned_tier="resolve"), False),
    ],
)
def test_a_pinned_tier_is_verified_as_new_unless_it_knows_the_answer(
    asked: Asked, hard: bool
) -> None:
    decision = decide(a_policy(), NEW, _known(Reason.EXACT_TOOL), asked)
    assert (decision.first_rung.reasons[-1], decision.hard_rule) == (Reason.PINNED, hard)


def test_a_known_answer_that_another_rule_keeps_back_leaves_a_request_new() -> None:
    signals = replace(NEW, multi_factor=0.9)
    decision = decide(a_policy(), signals, _known(Reason.EXACT_TOOL), Asked())
    assert decision.first_rung.reasons == (Reason.MULTI_FACTOR, Reason.NOVEL)


def test_the_policys_own_rule_of_novelty_holds_for_a_known_answer_too() -> None:
    policy = a_policy()
    rule = HardRule(name="new", heads=[HeadCondition(head="novelty", at=0.8)], floor=3)
    decision = decide(
        policy.model_copy(update={"hard_rules": [rule]}),
        NEW,
        _known(Reason.EXACT_TOOL),
        Asked(),
    )
    assert decision.first_rung.reasons[0] is Reason.POLICY_RULE


def test_a_climb_past_a_computed_answer_names_the_trigger() -> None:
    policy, signals = a_policy(level_3_not_below_usd=0), replace(CALM, multi_factor=0.9)
    rule, mid, deep = _known(Reason.EXACT_TOOL)
    worse = replace(mid, p=0.5, p_source=PSource.LABELLED)
    decision = decide(policy, signals, [rule, worse, deep], Asked())
    assert decision.in_hand == 0
    turn = Turn(0, 0.99, in_hand=0.99, doubt=Reason.NOTHING_BETTER)
    step = next_rung(decision, turn, policy.decision)
    assert (step.action, step.reason) == (Action.CLIMB, Reason.MULTI_FACTOR)


def test_a_climb_past_an_answer_that_was_doubted_beforehand_names_its_confidence() -> None:
    rule, mid, deep = _known(Reason.EXACT_TOOL)
    unsure, worse = replace(rule, p=0.8), replace(mid, p=0.5, p_source=PSource.LABELLED)
    policy = a_policy(level_3_not_below_usd=0)
    decision = decide(policy, CALM, [unsure, worse, deep], Asked())
    assert decision.in_hand == 0
    step = next_rung(decision, Turn(0, 0.99, in_hand=0.99), policy.decision)
    assert (step.action, step.reason) == (Action.CLIMB, Reason.LOW_CONFIDENCE)


def test_an_earlier_rows_climb_names_the_trigger_too() -> None:
    """The reason of a step has no version: only where it leads must stay the same."""
    policy = a_policy(level_3_not_below_usd=0)
    rule, mid, deep = _known(Reason.EXACT_TOOL)
    worse = replace(mid, p=0.5, p_source=PSource.LABELLED)
    decision = decide(policy, NEW, [rule, worse, deep], Asked(), version=3)
    assert decision.in_hand == 0
    step = next_rung(decision, Turn(0, 0.99, in_hand=0.99), policy.decision)
    assert (step.action, step.rung, step.reason) == (Action.CLIMB, 2, Reason.NOVEL)


@pytest.mark.parametrize(("version", "first"), [(KNOWN_FIRST_FROM - 1, 0), (KNOWN_FIRST_FROM, 1)])
def test_what_knows_the_answer_goes_before_what_asks_back(version: int, first: int) -> None:
    """While chances are priors, the policy's order holds within a level, but for known answers."""
    asking, mid, deep = facts(0.86)
    asking = replace(asking, p_source=PSource.MATCH, because=Reason.ASKED_WHICH)
    exact = replace(asking, answerer="exact", p=0.99, p_source=PSource.KNOWN)
    exact = replace(exact, because=Reason.EXACT_TOOL)
    rungs = [asking, exact, replace(mid, p_source=PSource.PRIOR), deep]
    decision = decide(a_policy(), CALM, rungs, Asked(), version=version)
    assert decision.first == first
    assert Reason.FIXED_TRIGGERS_DECIDE in decision.first_rung.reasons
