"""The decision: rules by table, and the properties that hold for every request."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from router.asking import Asked, asked_of
from router.decision import chance, decide, stakes
from router.errors import NotCapable
from router.hard_rules import bounds
from router.losses import expected_losses
from router.next_rung import Left, next_rung
from router.policy import Policy
from router.types import (
    NANO_PER_USD,
    Action,
    Capability,
    CostBasis,
    DecisionMode,
    Domain,
    Hints,
    PSource,
    Reason,
    RequestType,
    RungFacts,
    Signals,
)

USD = NANO_PER_USD


def a_policy(**decision: object) -> Policy:
    return Policy.model_validate(
        {
            "version": 1,
            "name": "test",
            "decision": decision,
            "stakes": {"default_cost_of_wrong_usd": 0.10, "default_loss_share": 0.01},
            "terms": [
                {"name": "emergency", "domain": "medical", "terms": ["chest pain"]},
                {"name": "vip", "terms": ["platinum member"]},
            ],
            "hard_rules": [
                {"name": "emergencies", "terms": ["emergency"], "floor": 3},
                {"name": "vip", "terms": ["vip"], "floor": 2},
            ],
            "tiers": [
                {"name": "resolve", "level": 1, "answerers": [{"name": "faq", "kind": "local"}]},
                {"name": "llm", "level": 2, "answerers": [{"name": "mid", "kind": "local"}]},
                {"name": "reasoning", "level": 3, "answerers": [{"name": "deep", "kind": "local"}]},
            ],
        }
    )


CALM = Signals(
    request_type=RequestType.FAQ,
    request_type_p=0.9,
    domain=Domain.CUSTOMER_SUPPORT,
    domain_p=0.9,
    difficulty=-2.0,
    stakes_high=0.02,
    impact_nano_usd=0,
    multi_factor=0.05,
    strategic=0.02,
    novelty=0.05,
    toxic=0.01,
    spam=0.01,
    input_tokens=20,
)


def facts(
    p1: float = 0.95, p2: float = 0.9, p3: float = 0.99, **changes: object
) -> list[RungFacts]:
    source = changes.pop("source", PSource.LABELLED)
    rows = [
        ("faq", "resolve", 1, p1, USD // 100_000),
        ("mid", "llm", 2, p2, USD // 500),
        ("deep", "reasoning", 3, p3, USD // 20),
    ]
    return [
        RungFacts(name, tier, level, p, source, 500, cost, CostBasis.TOKEN_PRICE, 100.0)
        for name, tier, level, p, cost in rows
    ]


@pytest.mark.parametrize(
    ("change", "tier", "reason"),
    [
        ({}, 1, Reason.LOWEST_EXPECTED_LOSS),
        ({"degraded": True}, 2, Reason.TRIAGE_DEGRADED),
        ({"risk_terms": ("emergency",)}, 3, Reason.HIGH_RISK_MEDICAL),
        ({"risk_terms": ("vip",)}, 2, Reason.POLICY_RULE),
        ({"domain": Domain.LEGAL, "stakes_high": 0.7}, 3, Reason.HIGH_RISK_LEGAL),
        ({"domain": Domain.FINANCE, "stakes_high": 0.7}, 3, Reason.HIGH_RISK_FINANCIAL),
        ({"domain": Domain.MEDICAL, "stakes_high": 0.7}, 3, Reason.HIGH_RISK_MEDICAL),
        (
            {"domain": Domain.ENGINEERING_SAFETY, "stakes_high": 0.5},
            3,
            Reason.HIGH_RISK_ENGINEERING_SAFETY,
        ),
        (
            {"stakes_high": 0.7, "risk_domain": Domain.MEDICAL, "risk_p": 0.45},
            3,
            Reason.HIGH_RISK_MEDICAL,
        ),
        ({"impact_nano_usd": 10_000 * USD}, 3, Reason.IMPACT_LEVEL_3),
        ({"strategic": 0.5}, 3, Reason.STRATEGIC),
        (
            {
                "domain": Domain.TECHNOLOGY,
                "request_type": RequestType.DECISION,
                "multi_factor": 0.8,
            },
            3,
            Reason.ARCHITECTURE,
        ),
        ({"impact_nano_usd": 5_000 * USD}, 2, Reason.IMPACT_LEVEL_2),
        ({"stakes_high": 0.6}, 2, Reason.HIGH_STAKES),
        ({"stakes_high": 0.59}, 1, Reason.LOWEST_EXPECTED_LOSS),
        ({"multi_factor": 0.5}, 2, Reason.MULTI_FACTOR),
        ({"novelty": 0.5}, 2, Reason.NOVEL),
        ({"toxic": 0.9}, 2, Reason.UNSAFE),
        ({"spam": 0.9}, 2, Reason.UNSAFE),
    ],
)
def test_each_rule_sets_its_floor(change: dict[str, object], tier: int, reason: Reason) -> None:
    rows = facts(p1=0.95, p2=0.95, p3=0.96)  # too small a gain to climb for its own sake
    decision = decide(a_policy(), replace(CALM, **change), rows, Asked())
    assert decision.first_rung.level == tier
    assert decision.first_rung.reasons[0] is reason


@pytest.mark.parametrize(("stakes_high", "floor"), [(0.49, 1), (0.51, 3)])
def test_risk_counts_by_its_domain_times_its_stakes(stakes_high: float, floor: int) -> None:
    signals = replace(CALM, stakes_high=stakes_high, risk_domain=Domain.LEGAL, risk_p=0.5)
    assert decide(a_policy(), signals, facts(), Asked()).floor == floor


@pytest.mark.parametrize(("usd", "floor"), [(4_999.99, 1), (5_000, 2), (9_999.99, 2), (10_000, 3)])
def test_impact_triggers_hold_on_both_sides_of_their_limits(usd: float, floor: int) -> None:
    signals = replace(CALM, impact_nano_usd=round(usd * USD))
    assert decide(a_policy(), signals, facts(), Asked()).floor == floor


def test_level_3_is_passed_over_below_a_thousand_dollars() -> None:
    signals = replace(CALM, impact_nano_usd=999 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.1, p2=0.1), Asked())
    assert decision.rungs[2].reasons == (Reason.LOW_IMPACT,)
    assert decision.first_rung.level == 2


def test_level_3_is_in_reach_from_a_thousand_dollars() -> None:
    signals = replace(CALM, impact_nano_usd=1_000 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.1, p2=0.1), Asked())
    assert decision.first_rung.level == 3


def test_low_level_1_confidence_passes_the_rung_over() -> None:
    decision = decide(a_policy(), CALM, facts(p1=0.84), Asked())
    assert decision.rungs[0].reasons == (Reason.LOW_CONFIDENCE,)
    assert decision.first_rung.reasons[0] is Reason.LOW_CONFIDENCE


@pytest.mark.parametrize(
    ("p1", "declined", "reason"),
    [
        (0.85, None, Reason.NOT_CAPABLE),
        (0.85, Reason.NOT_CAPABLE, Reason.NOT_CAPABLE),
        (0.84, None, Reason.LOW_CONFIDENCE),
        (0.85, Reason.NOTHING_TO_RESOLVE, Reason.LOW_CONFIDENCE),
    ],
)
def test_a_sure_level_1_that_cannot_give_several_answers_is_the_reason(
    p1: float, declined: Reason | None, reason: Reason
) -> None:
    sure, mid, deep = facts(p1=p1, p2=0.8)
    sure = replace(sure, missing=(Capability.MULTIPLE_CHOICES,), declined=declined)
    unsure = replace(sure, answerer="small", p=0.2, missing=(), declined=None)
    decision = decide(a_policy(), CALM, [sure, unsure, mid, deep], Asked())
    assert decision.rungs[0].reasons == (Reason.NOT_CAPABLE,)
    assert decision.first_rung.reasons == (reason, Reason.LOWEST_EXPECTED_LOSS)


def test_level_1_answers_at_the_confidence_floor() -> None:
    assert decide(a_policy(), CALM, facts(p1=0.85, p2=0.8), Asked()).first_rung.level == 1


def test_expected_loss_mode_drops_the_fixed_triggers() -> None:
    policy = a_policy(mode="expected_loss")
    signals = replace(CALM, novelty=0.9, multi_factor=0.9)
    assert decide(policy, signals, facts(p1=0.97, p2=0.5, p3=0.5), Asked()).first_rung.level == 1


def test_certified_mode_escalates_a_domain_without_certificate() -> None:
    policy = a_policy(mode="certified", certificates={"legal": 0.9})
    assert decide(policy, CALM, facts(p1=1.0), Asked()).first_rung.level == 2


def test_a_prior_lets_the_fixed_triggers_decide() -> None:
    signals = replace(CALM, impact_nano_usd=4_000 * USD)
    decision = decide(a_policy(), signals, facts(source=PSource.PRIOR), Asked())
    assert decision.first_rung.level == 1
    assert decision.first_rung.reasons == (Reason.FIXED_TRIGGERS_DECIDE,)


def test_small_gain_keeps_the_lower_tier() -> None:
    signals = replace(CALM, impact_nano_usd=4_900 * USD)
    decision = decide(a_policy(), signals, facts(p1=0.975, p2=0.98, p3=0.99), Asked())
    assert decision.first_rung.level == 1


def test_losses_match_the_worked_example() -> None:
    rows = [
        replace(facts()[0], p=0.9, cost_nano_usd=USD // 100),
        replace(facts()[1], p=0.99, cost_nano_usd=USD // 2),
    ]
    losses = expected_losses(rows, 10 * USD, a_policy().decision)
    assert [round(loss / USD, 6) for loss in losses] == [1.01, 0.60]


def test_stakes_add_the_loss_share_of_the_amount() -> None:
    signals = replace(CALM, impact_nano_usd=200 * USD)
    assert stakes(a_policy(), signals, Asked()) == round(2.10 * USD)


def test_a_hint_cannot_lower_stakes_without_its_scope() -> None:
    signals = replace(CALM, impact_nano_usd=200 * USD)
    assert stakes(a_policy(), signals, Asked(stakes_nano_usd=1)) == round(2.10 * USD)


def test_a_hint_lowers_stakes_with_its_scope() -> None:
    assert stakes(a_policy(), CALM, Asked(stakes_nano_usd=1, may_lower=True)) == 1


def test_max_tier_is_ignored_without_its_scope() -> None:
    assert asked_of(Hints(max_tier=1), may_lower=False).max_tier is None


def test_missing_capability_is_named() -> None:
    rows = [replace(f, missing=(Capability.IMAGES,)) for f in facts()]
    with pytest.raises(NotCapable, match="images"):
        decide(a_policy(), CALM, rows, Asked())


def test_too_long_a_request_is_refused_by_name() -> None:
    rows = [replace(f, context_tokens=100) for f in facts()]
    with pytest.raises(NotCapable, match="context") as caught:
        decide(a_policy(), replace(CALM, input_tokens=101), rows, Asked())
    assert caught.value.code == "context_length_exceeded"


def test_pinned_answerer_goes_alone() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked(pinned="mid"))
    assert [r.answerer for r in decision.rungs if r.taken] == ["mid"]
    assert decision.first_rung.reasons == (Reason.PINNED,)


def test_max_cost_below_the_only_allowed_tier_is_an_error() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    with pytest.raises(NotCapable, match="max_cost_usd"):
        decide(a_policy(), signals, facts(), Asked(max_cost_nano_usd=1))


# --- after an answer ---------------------------------------------------------------------------


def test_a_weak_answer_climbs_when_the_gain_pays() -> None:
    signals = replace(CALM, impact_nano_usd=4_000 * USD)
    decision = decide(a_policy(), signals, facts(p2=0.9), Asked())
    step = next_rung(decision, 0, 0.3, None, Left(), a_policy().decision)
    assert (step.action, step.rung) == (Action.CLIMB, 2)


def test_a_good_answer_is_accepted() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(decision, 0, 0.97, None, Left(), a_policy().decision)
    assert step.action is Action.ACCEPT


def test_a_failed_rung_climbs_to_the_next() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(decision, 0, None, Reason.ANSWERER_FAILED, Left(), a_policy().decision)
    assert (step.action, step.rung) == (Action.CLIMB, 1)


def test_the_last_failed_rung_stops() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(decision, 2, None, Reason.ANSWERER_FAILED, Left(), a_policy().decision)
    assert (step.action, step.reason) == (Action.STOP, Reason.LADDER_EXHAUSTED)


def test_no_money_left_keeps_the_answer_in_hand() -> None:
    signals = replace(CALM, impact_nano_usd=4_000 * USD)
    decision = decide(a_policy(), signals, facts(), Asked())
    step = next_rung(decision, 0, 0.3, None, Left(nano_usd=0), a_policy().decision)
    assert (step.action, step.reason) == (Action.ACCEPT, Reason.BUDGET_EXHAUSTED)


def test_no_time_left_stops_a_failed_climb() -> None:
    decision = decide(a_policy(), CALM, facts(), Asked())
    step = next_rung(
        decision, 0, None, Reason.ANSWERER_FAILED, Left(time_ms=0.0), a_policy().decision
    )
    assert (step.action, step.reason) == (Action.STOP, Reason.TIME_EXHAUSTED)


# --- properties --------------------------------------------------------------------------------

unit = st.floats(0, 1, allow_nan=False)
money = st.integers(0, 200_000).map(lambda usd: usd * USD)
any_signals = st.builds(
    Signals,
    request_type=st.sampled_from(RequestType),
    request_type_p=unit,
    domain=st.sampled_from(Domain),
    domain_p=unit,
    difficulty=st.floats(-5, 5),
    stakes_high=unit,
    impact_nano_usd=money,
    multi_factor=unit,
    strategic=unit,
    novelty=unit,
    toxic=unit,
    spam=unit,
    risk_terms=st.sampled_from([(), ("emergency",), ("vip",)]),
    degraded=st.booleans(),
)
any_facts = st.builds(
    lambda ps, costs, sources, able: [
        RungFacts(
            name,
            tier,
            level,
            p,
            source,
            10,
            cost,
            CostBasis.TOKEN_PRICE,
            50.0,
            missing=() if ok else (Capability.TOOLS,),
        )
        for (name, tier, level), p, cost, source, ok in zip(
            [
                ("faq", "resolve", 1),
                ("small", "resolve", 1),
                ("mid", "llm", 2),
                ("deep", "reasoning", 3),
            ],
            ps,
            costs,
            sources,
            able,
            strict=True,
        )
    ],
    st.lists(unit, min_size=4, max_size=4),
    st.lists(st.integers(0, 10 * USD), min_size=4, max_size=4),
    st.lists(st.sampled_from([PSource.TABLE, PSource.PRIOR]), min_size=4, max_size=4),
    st.sampled_from([(True,) * 4, (False, True, True, True), (True, True, True, False)]),
)
any_mode = st.sampled_from([DecisionMode.GUARDED, DecisionMode.EXPECTED_LOSS])


def first_rung(policy: Policy, signals: Signals, rows: list[RungFacts], asked: Asked) -> float:
    """The index of the first rung; a refusal is higher than any."""
    try:
        return decide(policy, signals, rows, asked).first
    except NotCapable:
        return math.inf


@settings(max_examples=400, deadline=None)
@given(any_signals, any_facts, any_mode, money)
def test_raising_the_amount_never_lowers_the_first_rung(signals, rows, mode, more) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    raised = replace(signals, impact_nano_usd=signals.impact_nano_usd + more)
    assert first_rung(policy, raised, rows, Asked()) >= before


@settings(max_examples=400, deadline=None)
@given(any_signals, any_facts, any_mode, money)
def test_raising_the_stakes_hint_never_lowers_the_first_rung(signals, rows, mode, more) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    assert first_rung(policy, signals, rows, Asked(stakes_nano_usd=more)) >= before


@settings(max_examples=400, deadline=None)
@given(any_signals, any_facts, any_mode, unit)
def test_raising_the_chance_of_high_stakes_never_lowers_the_first_rung(
    signals, rows, mode, more
) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    raised = replace(signals, stakes_high=max(signals.stakes_high, more))
    assert first_rung(policy, raised, rows, Asked()) >= before


@settings(max_examples=400, deadline=None)
@given(any_signals, any_facts, any_mode, unit)
def test_lowering_level_1_confidence_never_lowers_the_first_rung(
    signals, rows, mode, factor
) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    lowered = [replace(rows[0], p=rows[0].p * factor), *rows[1:]]
    assert first_rung(policy, signals, lowered, Asked()) >= before


any_hints = st.builds(
    Hints,
    min_tier=st.sampled_from([None, 1, 2, 3]),
    max_tier=st.sampled_from([None, 1, 2, 3]),
    stakes_nano_usd=st.sampled_from([None, 0, 10**9]),
    confidence_floor=st.sampled_from([None, 0.0, 0.99]),
)


@settings(max_examples=500, deadline=None)
@given(any_signals, any_facts, any_hints, st.booleans(), st.sampled_from([None, "resolve", "llm"]))
def test_no_hint_passes_a_hard_rule(signals, rows, hints, may_lower, tier) -> None:
    policy = a_policy()
    hard = bounds(policy, signals, Asked(), 3).hard_floor
    asked = replace(asked_of(hints, may_lower), pinned_tier=tier)
    try:
        decision = decide(policy, signals, rows, asked)
    except NotCapable:
        return
    assert all(rung.level >= hard for rung in decision.rungs if rung.taken)


def test_a_hard_ceiling_holds_against_a_min_tier_hint() -> None:
    policy = a_policy()
    rule = {"name": "cheap", "request_types": ["faq"], "ceiling": 1}
    policy = Policy.model_validate(policy.model_dump() | {"hard_rules": [rule]})
    assert decide(policy, CALM, facts(), Asked(min_tier=3)).first_rung.level == 1


def test_a_hard_floor_that_no_capable_rung_reaches_is_refused() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    rows = [*facts()[:2], replace(facts()[2], missing=(Capability.LOGPROBS,))]
    with pytest.raises(NotCapable, match=r"logprobs.*high_risk_medical"):
        decide(a_policy(), signals, rows, Asked())


def test_tools_may_be_left_out_where_a_hard_rule_leaves_no_other_tier() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    rows = [*facts()[:2], replace(facts()[2], missing=(Capability.TOOLS,), excused=True)]
    assert decide(a_policy(), signals, rows, Asked()).first_rung.level == 3


def test_a_pinned_tier_gives_way_to_a_hard_rule() -> None:
    signals = replace(CALM, risk_terms=("emergency",))
    assert decide(a_policy(), signals, facts(), Asked(pinned_tier="resolve")).first_rung.level == 3


@settings(max_examples=300, deadline=None)
@given(any_signals, any_facts, any_mode)
def test_a_request_is_decided_the_same_twice(signals, rows, mode) -> None:
    policy = a_policy(mode=mode.value)
    assume(first_rung(policy, signals, rows, Asked()) < math.inf)
    assert decide(policy, signals, rows, Asked()) == decide(policy, signals, rows, Asked())


@settings(max_examples=300, deadline=None)
@given(any_signals, any_facts, any_mode)
def test_the_ladder_is_bounded(signals, rows, mode) -> None:
    policy = a_policy(mode=mode.value, max_rungs=4)
    assume(first_rung(policy, signals, rows, Asked()) < math.inf)
    decision = decide(policy, signals, rows, Asked())
    taken = [i for i, rung in enumerate(decision.rungs) if rung.taken]
    assert 1 <= len(taken) <= 4
    assert taken[0] == decision.first
    assert all(rung.reasons for rung in decision.rungs)


@settings(max_examples=300, deadline=None)
@given(any_signals, any_facts, any_mode, st.lists(unit, min_size=4, max_size=4))
def test_climbing_always_ends(signals, rows, mode, chances) -> None:
    policy = a_policy(mode=mode.value)
    assume(first_rung(policy, signals, rows, Asked()) < math.inf)
    decision = decide(policy, signals, rows, Asked())
    at, steps = decision.first, 0
    for p in chances:
        step = next_rung(decision, at, p, None, Left(), policy.decision)
        if step.action is not Action.CLIMB:
            break
        assert step.rung is not None
        assert step.rung > at
        at, steps = step.rung, steps + 1
    assert steps < len(decision.rungs)


def test_chance_is_a_half_where_ability_meets_difficulty() -> None:
    assert chance(1.0, 1.0) == 0.5
    assert chance(3.0, 1.0) == pytest.approx(0.8808, abs=1e-4)
