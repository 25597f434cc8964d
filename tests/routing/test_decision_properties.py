"""The decision's properties: what holds for every request, whatever its signals and rungs."""

from __future__ import annotations

import math

from hypothesis import assume, given
from hypothesis import strategies as st

from router.errors import NotCapable
from router.policy.schema import Policy
from router.routing.constraints import Asked, asked_of
from router.routing.decision import decide
from router.routing.hard_rules import bounds
from router.routing.next_rung import Turn, next_rung
from router.types import (
    Action,
    Capability,
    CostBasis,
    DecisionMode,
    Domain,
    Hints,
    PSource,
    RequestType,
    RungFacts,
    Signals,
)
from tests.kits.changed import replace
from tests.kits.decision_kit import USD, a_policy
from tests.kits.examples import examples

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


@examples(400)
@given(any_signals, any_facts, any_mode, money)
def test_raising_the_amount_never_lowers_the_first_rung(signals, rows, mode, more) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    raised = replace(signals, impact_nano_usd=signals.impact_nano_usd + more)
    assert first_rung(policy, raised, rows, Asked()) >= before


@examples(400)
@given(any_signals, any_facts, any_mode, money)
def test_raising_the_stakes_hint_never_lowers_the_first_rung(signals, rows, mode, more) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    assert first_rung(policy, signals, rows, Asked(stakes_nano_usd=more)) >= before


@examples(400)
@given(any_signals, any_facts, any_mode, unit)
def test_raising_the_chance_of_high_stakes_never_lowers_the_first_rung(
    signals, rows, mode, more
) -> None:
    policy = a_policy(mode=mode.value)
    before = first_rung(policy, signals, rows, Asked())
    raised = replace(signals, stakes_high=max(signals.stakes_high, more))
    assert first_rung(policy, raised, rows, Asked()) >= before


@examples(400)
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


@examples(500)
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


@examples(300)
@given(any_signals, any_facts, any_mode)
def test_a_request_is_decided_the_same_twice(signals, rows, mode) -> None:
    policy = a_policy(mode=mode.value)
    assume(first_rung(policy, signals, rows, Asked()) < math.inf)
    assert decide(policy, signals, rows, Asked()) == decide(policy, signals, rows, Asked())


@examples(300)
@given(any_signals, any_facts, any_mode)
def test_the_ladder_is_bounded(signals, rows, mode) -> None:
    policy = a_policy(mode=mode.value, max_rungs=4)
    assume(first_rung(policy, signals, rows, Asked()) < math.inf)
    decision = decide(policy, signals, rows, Asked())
    taken = [i for i, rung in enumerate(decision.rungs) if rung.taken]
    assert 1 <= len(taken) <= 4
    assert taken[0] == decision.first
    assert all(rung.reasons for rung in decision.rungs)


@examples(300)
@given(any_signals, any_facts, any_mode, st.lists(unit, min_size=4, max_size=4))
def test_climbing_always_ends(signals, rows, mode, chances) -> None:
    policy = a_policy(mode=mode.value)
    assume(first_rung(policy, signals, rows, Asked()) < math.inf)
    decision = decide(policy, signals, rows, Asked())
    at, steps = decision.first, 0
    for p in chances:
        step = next_rung(decision, Turn(at, p), policy.decision)
        if step.action is not Action.CLIMB:
            break
        assert step.rung is not None
        assert step.rung > at
        at, steps = step.rung, steps + 1
    assert steps < len(decision.rungs)
