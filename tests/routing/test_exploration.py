"""Tests which rung goes first by chance, when, how often, and that replay decides the same."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.policy.schema import ExploreSection, Policy
from router.request.intake import decided_outcome
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import parse
from router.routing.expected_loss import chances, drawn
from router.types import CostBasis, Hints, Match, PSource, Reason, RungFacts, Signals
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, CALM, Houses, a_policy, ask
from tests.kits.gateway_kit import RISKY, deep, low, mid, only_row

TIERS = [low(), mid(), deep()]
ON = {"share": 0.2, "max_stakes_usd": 1.0}
PLAIN = Asked()


def a_fact(name: str, level: int, p: float, cost: int) -> RungFacts:
    tier = {1: "resolve", 2: "llm", 3: "reasoning"}[level]
    source = PSource.MATCH if level == 1 else PSource.LABELLED
    return RungFacts(name, tier, level, p, source, 10, cost, CostBasis.TOKEN_PRICE, 5.0)


FACTS = (a_fact("faq", 1, 0.95, 0), a_fact("mid", 2, 0.96, 10**6), a_fact("deep", 3, 0.97, 10**8))


def exploring(explore: dict[str, float] | None, **sections: object) -> Policy:
    decision = {"level_3_not_below_usd": 0.0} | ({"explore": explore} if explore else {})
    return a_policy(TIERS, decision=decision, **sections)


def tried(policy: Policy, draw: float | None, signals: Signals = CALM, asked: Asked = PLAIN) -> str:
    return decide(policy, signals, FACTS, asked, draw=draw).first_rung.answerer


def test_share_is_spread_evenly_over_the_other_rungs() -> None:
    section = ExploreSection(share=0.1, max_stakes_usd=1.0)
    assert chances(section, 1, [0, 1, 2], 0) == pytest.approx({1: 0.9, 0: 0.05, 2: 0.05})


@given(
    share=st.floats(0, 0.5),
    rungs=st.integers(1, 8),
    draw=st.floats(0, 1, exclude_max=True),
)
def test_chances_sum_to_one_for_any_share(share: float, rungs: int, draw: float) -> None:
    of = chances(ExploreSection(share=share, max_stakes_usd=1.0), 0, range(rungs), 0)
    assert sum(of.values()) == pytest.approx(1.0)
    assert drawn(of, draw) in of


def test_rungs_are_drawn_as_often_as_their_propensities_say() -> None:
    policy = exploring(ON)
    counted = Counter(tried(policy, (i + 0.5) / 1000) for i in range(1000))
    assert counted == {"faq": 800, "mid": 100, "deep": 100}


def test_nothing_is_explored_by_default() -> None:
    policy = exploring(None)
    assert {tried(policy, i / 100) for i in range(100)} == {"faq"}


def test_nothing_is_explored_without_a_draw() -> None:
    decision = decide(exploring(ON), CALM, FACTS, PLAIN)
    assert [rung.propensity for rung in decision.rungs] == [1.0, 0.0, 0.0]


def test_hard_rules_matters_are_never_explored() -> None:
    policy = exploring(ON)
    decisions = [decide(policy, RISKY, FACTS, PLAIN, draw=i / 100) for i in range(100)]
    assert {d.first_rung.level for d in decisions} == {3}
    assert {d.first_rung.propensity for d in decisions} == {1.0}


@pytest.mark.parametrize(("cap", "explored"), [(0.05, True), (0.049, False)])
def test_stakes_above_the_cap_are_not_explored(cap: float, explored: bool) -> None:
    policy = exploring({"share": 0.2, "max_stakes_usd": cap})
    assert decide(policy, CALM, FACTS, PLAIN).stakes_nano_usd == 50_000_000
    assert (tried(policy, 0.99) != "faq") is explored


def test_pinned_answerer_is_not_explored() -> None:
    assert {tried(exploring(ON), i / 50, asked=Asked(pinned="mid")) for i in range(50)} == {"mid"}


def test_rung_below_the_confidence_floor_is_not_explored() -> None:
    unsure = replace(CALM, match=Match("greeting", 0.5, 0.9, 0.3))
    facts = (replace(FACTS[0], p=0.5), *FACTS[1:])
    policy = exploring(ON)
    found = {
        decide(policy, unsure, facts, PLAIN, draw=i / 100).first_rung.answerer for i in range(100)
    }
    assert found == {"mid", "deep"}


def test_explored_rung_says_so() -> None:
    decision = decide(exploring(ON), CALM, FACTS, PLAIN, draw=0.85)
    assert decision.first_rung.answerer == "mid"
    assert decision.first_rung.reasons[0] is Reason.EXPLORED
    assert decision.rungs[0].reasons == (Reason.EXPLORED,)
    assert [rung.propensity for rung in decision.rungs] == pytest.approx([0.8, 0.1, 0.1])


async def test_explored_row_decides_again_to_the_identical_ladder(houses: Houses) -> None:
    decision = {"explore": ON, "level_3_not_below_usd": 0.0}
    house = houses([low(), mid(), deep()], draw=lambda: 0.85, decision=decision)
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    record = parse(row.record)
    assert (row.answerer, row.reason, record.draw) == ("mid", "explored", 0.85)
    assert differs(record, a_policy(TIERS, decision=decision)) is None


async def test_what_only_asks_for_a_decision_is_not_explored(houses: Houses) -> None:
    decision = {"explore": ON, "level_3_not_below_usd": 0.0}
    house = houses([low(), mid(), deep()], draw=lambda: 0.85, decision=decision)
    assert decided_outcome(house.gateway.router, ask(), ALICE).rung.answerer == "faq"
    dry = await house.gateway.complete(ask(hints=Hints(dry_run=True)), ALICE)
    assert dry.rung.answerer == "faq"
