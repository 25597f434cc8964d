"""One cost of a rung: what the first choice counts is what a climb must gain."""

from __future__ import annotations

import pytest

from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.expected_loss import counted_costs, own_cost
from router.routing.next_rung import Turn, next_rung
from router.types import Action, CostBasis, Pressure, PSource, RungFacts
from tests.kits.decision_kit import USD, a_policy
from tests.kits.fakes import CALM

POLICY = a_policy(mode="expected_loss", budget_pressure=0.5, usd_per_second=0.01, min_gain=0.0)


def a_rung(name: str, level: int, p: float, cost: int, ms: float) -> RungFacts:
    return RungFacts(name, name, level, p, PSource.LABELLED, 100, cost, CostBasis.TOKEN_PRICE, ms)


def test_a_cost_worked_by_hand() -> None:
    """1.75 times one cent and two seconds at one cent each: $.0375."""
    rung = a_rung("deep", 3, 0.9, USD // 100, 2_000.0)
    assert own_cost(rung, POLICY.decision, 0.25) == pytest.approx(0.0375 * USD)


@pytest.mark.parametrize("pacing", [0.0, 0.25, 3.0])
def test_a_climb_pays_what_the_first_choice_counts(pacing: float) -> None:
    facts = (a_rung("mid", 2, 0.85, 1_000, 10.0), a_rung("deep", 3, 0.9, USD // 100, 2_000.0))
    decision = decide(POLICY, CALM, facts, Asked(min_tier=2), Pressure(price=pacing))
    dearest = counted_costs(facts, POLICY.decision, pacing)[1]
    assert own_cost(facts[1], POLICY.decision, pacing) == dearest
    # The gain at which the climb is just worth it.
    even = facts[1].p - dearest / decision.stakes_nano_usd
    for p, action in ((even - 0.001, Action.CLIMB), (even + 0.001, Action.ACCEPT)):
        assert next_rung(decision, Turn(0, p), POLICY.decision).action is action
