"""Budgets press on decisions before they are reached: soft limits, and a price of money."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.money.budget_pressure import MOST, SLOPE, elapsed_share, money_price, pressure
from router.money.budgets import BudgetScope, WindowKind, WindowLimit
from router.money.days import DAY_MS
from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import Record, encode, parse
from router.routing.next_rung import Turn, next_rung
from router.types import (
    NO_PRESSURE,
    RECORD_VERSION,
    CostBasis,
    Decision,
    Domain,
    Pressure,
    PSource,
    Reason,
    RungFacts,
    Signals,
)
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import CALM

USD = 1_000_000_000
LOWER = Pressure(lower=True)
NOTHING = Asked()
DAY = 20_000 * DAY_MS


def a_policy(levels: int = 3, **sections: object) -> Policy:
    names = (("resolve", "faq"), ("llm", "mid"), ("reasoning", "deep"))[:levels]
    tiers = [
        {"name": tier, "level": level, "answerers": [upstream(answerer)]}
        for level, (tier, answerer) in enumerate(names, 1)
    ]
    return Policy.model_validate({"version": 1, "name": "paced", "tiers": tiers, **sections})


def upstream(name: str) -> dict[str, object]:
    return {"name": name, "kind": "upstream", "model": name, "base_urls": ["http://127.0.0.1:9/v1"]}


def facts(*rungs: tuple[int, float, float], source: PSource = PSource.LABELLED) -> list[RungFacts]:
    """Rungs as (level, p, dollars)."""
    names = {1: ("faq", "resolve"), 2: ("mid", "llm"), 3: ("deep", "reasoning")}
    return [
        RungFacts(*names[level], level, p, source, 500, round(usd * USD), CostBasis.TOKEN_PRICE, 0)
        for level, p, usd in rungs
    ]


THREE = facts((1, 0.6, 0.0), (2, 0.9, 0.002), (3, 0.99, 0.05))
CLIMBS = replace(CALM, impact_nano_usd=5_000 * USD)  # level 2 by a fixed trigger
RISKY = replace(CALM, domain=Domain.MEDICAL, stakes_high=0.9)  # level 3 by a hard rule


def decided(
    signals: Signals = CALM, asked: Asked = NOTHING, pressure: Pressure = LOWER
) -> Decision:
    return decide(a_policy(), signals, THREE, asked, pressure)


def test_soft_limit_lowers_the_highest_level() -> None:
    before = decided(CLIMBS, pressure=NO_PRESSURE)
    lowered = decided(CLIMBS)
    assert (before.ceiling, lowered.ceiling) == (3, 2)
    assert [r.answerer for r in lowered.rungs if r.taken] == ["mid"]
    assert lowered.rungs[2].reasons == (Reason.BUDGET_SOFT_LIMIT,)
    assert lowered.soft_limit is Reason.BUDGET_SOFT_LIMIT


def test_lowered_decision_says_so_behind_its_own_reason() -> None:
    reasons = decided(CLIMBS).first_rung.reasons
    assert (reasons[0], reasons[-1]) == (Reason.IMPACT_LEVEL_2, Reason.BUDGET_SOFT_LIMIT)


def test_floor_of_a_hard_rule_stays_and_says_so() -> None:
    kept = decided(RISKY)
    assert (kept.first_rung.level, kept.floor, kept.ceiling) == (3, 3, 3)
    assert kept.soft_limit is Reason.BUDGET_SOFT_LIMIT_KEPT
    assert Reason.BUDGET_SOFT_LIMIT_KEPT in kept.first_rung.reasons


@pytest.mark.parametrize(
    ("asked", "level", "said"),
    [
        (Asked(min_tier=3), 2, Reason.BUDGET_SOFT_LIMIT),
        (Asked(tool_loop_level=3), 3, Reason.BUDGET_SOFT_LIMIT_KEPT),
        (Asked(pinned="deep"), 3, Reason.BUDGET_SOFT_LIMIT_KEPT),
        (Asked(pinned_tier="reasoning"), 3, Reason.BUDGET_SOFT_LIMIT_KEPT),
    ],
)
def test_wish_gives_way_where_a_pin_or_tool_loop_stays(
    asked: Asked, level: int, said: Reason
) -> None:
    found = decided(asked=asked)
    assert (found.first_rung.level, found.soft_limit) == (level, said)


def test_unsure_level_1_is_passed_over_although_a_soft_limit_is_reached() -> None:
    found = decided(CALM)  # little impact: level 2 is the highest, and level 1 is unsure
    assert found.first_rung.level == 2
    assert found.soft_limit is Reason.BUDGET_SOFT_LIMIT_KEPT


def test_only_tier_answers_although_a_soft_limit_is_reached() -> None:
    rows = facts((2, 0.9, 0.002))
    decision = decide(a_policy(2), CALM, rows, Asked(), LOWER)
    assert (decision.first_rung.answerer, decision.soft_limit) == (
        "mid",
        Reason.BUDGET_SOFT_LIMIT_KEPT,
    )


@given(
    pressed=st.booleans(),
    price=st.floats(0.0, MOST),
    impact=st.integers(0, 20_000),
    stakes_high=st.floats(0, 1),
    min_tier=st.sampled_from([None, 1, 2, 3]),
    domain=st.sampled_from(list(Domain)),
)
def test_no_pressure_goes_below_a_hard_floor(
    pressed: bool,
    price: float,
    impact: int,
    stakes_high: float,
    min_tier: int | None,
    domain: Domain,
) -> None:
    signals = replace(CALM, impact_nano_usd=impact * USD, stakes_high=stakes_high, domain=domain)
    plain = decide(a_policy(), signals, THREE, Asked())
    steered = decide(a_policy(), signals, THREE, Asked(min_tier), Pressure(pressed, price))
    if plain.hard_rule:
        assert steered.first_rung.level >= plain.floor
    assert steered.floor <= steered.ceiling


@pytest.mark.parametrize("told", [NO_PRESSURE, LOWER, Pressure(price=3.25), Pressure(True, MOST)])
def test_stored_decision_is_decided_again_under_the_pressure_it_was_told(told: Pressure) -> None:
    decision = decide(a_policy(), CLIMBS, THREE, Asked(), told)
    row = Record(RECORD_VERSION, CLIMBS, tuple(THREE), Asked(), decision, (), None, told)
    again = parse(encode(row))
    assert again.pressure == told
    assert differs(again, a_policy()) is None


def test_record_of_before_is_decided_without_pressure() -> None:
    decision = decide(a_policy(), CLIMBS, THREE, Asked())
    text = encode(Record(RECORD_VERSION, CLIMBS, tuple(THREE), Asked(), decision, ()))
    old = text.replace(',"pressure":{"lower":false,"price":0.0}', "")
    old = old.replace(',"pacing":0.0,"soft_limit":null', "")
    assert old != text
    assert "soft_limit" not in old
    assert differs(parse(old), a_policy()) is None


@pytest.mark.parametrize(
    ("spent", "limit", "elapsed", "price"),
    [
        (50, 100, 0.4, 5.0),  # the docstring's
        (40, 100, 0.4, 0.0),  # on time
        (10, 100, 0.4, 0.0),  # behind the clock: money never gets cheaper than it is
        (0, 100, 0.0, 0.0),
        (100, 100, 0.0, MOST),
        (500, 100, 0.9, MOST),  # a lowered budget
        (0, 0, 0.5, MOST),
    ],
)
def test_price_follows_what_is_spent_ahead_of_the_clock(
    spent: int, limit: int, elapsed: float, price: float
) -> None:
    assert money_price(spent, limit, elapsed) == pytest.approx(price)


@given(
    spent=st.integers(0, 10**12),
    more=st.integers(0, 10**12),
    limit=st.integers(0, 10**12),
    elapsed=st.floats(0, 1),
    later=st.floats(0, 1),
)
def test_price_is_bounded_rising_with_money_and_falling_with_time(
    spent: int, more: int, limit: int, elapsed: float, later: float
) -> None:
    price = money_price(spent, limit, elapsed)
    assert 0.0 <= price <= MOST
    assert money_price(spent + more, limit, elapsed) >= price
    assert money_price(spent, limit, max(elapsed, later)) <= price


def test_price_is_the_projected_sum_of_balseiro_and_gurs_steps() -> None:
    costs, rounds, limit = [3, 0, 9, 1, 4, 0, 8], 10, 30
    eps, mu = SLOPE / limit, 0.0
    for cost in costs:
        mu -= eps * (limit / rounds - cost)
    assert money_price(sum(costs), limit, len(costs) / rounds) == pytest.approx(max(0.0, mu))


@pytest.mark.parametrize(
    ("kind", "into_ms", "share"),
    [("day", 6 * 3_600_000, 0.25), ("hour", 30 * 60_000, 0.5), ("minute", 0, 0.0)],
)
def test_elapsed_share_is_of_the_calendars_window(kind: str, into_ms: int, share: float) -> None:
    assert elapsed_share(limit_of(WindowKind(kind)), DAY + into_ms) == share


def limit_of(kind: WindowKind = WindowKind.DAY, **changes: object) -> WindowLimit:
    return replace(WindowLimit(BudgetScope("acme"), kind, USD), **changes)


@pytest.mark.parametrize(
    ("limits", "spent", "expected"),
    [
        ([], [], NO_PRESSURE),
        ([limit_of(soft_share=0.8)], [USD * 8 // 10 - 1], NO_PRESSURE),
        ([limit_of(soft_share=0.8)], [USD * 8 // 10], LOWER),
        ([limit_of(soft_share=0.0)], [0], LOWER),
        ([limit_of(pacing=True), limit_of(pacing=True)], [USD // 2, USD], Pressure(price=37.5)),
        ([limit_of(pacing=True, soft_share=0.9)], [USD // 4], NO_PRESSURE),
    ],
)
def test_pressure_is_of_all_limits_together(
    limits: list[WindowLimit], spent: list[int], expected: Pressure
) -> None:
    assert pressure(limits, spent, DAY + DAY_MS // 4) == expected


def test_price_makes_a_dear_climb_not_worth_it() -> None:
    policy = a_policy(decision={"mode": "expected_loss"})
    rows = facts((2, 0.9, 0.002), (3, 0.99, 0.05))
    cheap = decide(policy, CALM, rows, Asked(stakes_nano_usd=USD, may_lower=True))
    dear = decide(
        policy, CALM, rows, Asked(stakes_nano_usd=USD, may_lower=True), Pressure(price=2.0)
    )
    assert (cheap.first_rung.answerer, dear.first_rung.answerer) == ("deep", "mid")
    step = next_rung(dear, Turn(0, 0.9), policy.decision)
    assert step.rung is None


@dataclass
class Day:
    """Sums up a day of requests."""

    spent: int = 0
    refused: int = 0
    expected_loss: float = 0.0


STAKES_USD = (0.2, 0.5, 1.0, 4.0)  # what a wrong answer costs, in turn
COUNT = 2_000


def arrivals() -> list[int]:
    """Four fifths of the day's requests in its first six hours."""
    early, late = COUNT * 4 // 5, COUNT // 5
    six_hours = DAY_MS // 4
    return [
        *(DAY + i * six_hours // early for i in range(early)),
        *(DAY + six_hours + i * 3 * six_hours // late for i in range(late)),
    ]


def a_day(*, pacing: bool, limit_usd: float) -> Day:
    """The real `decide` for each request; a call whose cost does not fit is refused."""
    policy = a_policy(decision={"mode": "expected_loss"})
    rows = facts((2, 0.9, 0.002), (3, 0.99, 0.03))
    limit = limit_of(nano_usd=round(limit_usd * USD), pacing=pacing)
    day = Day()
    for i, at_ms in enumerate(arrivals()):
        stakes = round(STAKES_USD[i % len(STAKES_USD)] * USD)
        told = pressure([limit], [day.spent], at_ms)
        decision = decide(policy, CALM, rows, Asked(stakes_nano_usd=stakes, may_lower=True), told)
        rung = decision.first_rung
        if day.spent + rung.cost_nano_usd > limit.nano_usd:
            day.refused += 1
            day.expected_loss += stakes / USD
        else:
            day.spent += rung.cost_nano_usd
            day.expected_loss += (1 - rung.p) * stakes / USD
    return day


def test_paced_skewed_day_ends_under_budget_with_fewer_refusals() -> None:
    plain, paced = (a_day(pacing=pacing, limit_usd=20.0) for pacing in (False, True))
    assert max(plain.spent, paced.spent) <= 20 * USD
    assert plain.refused > 0
    assert paced.refused < plain.refused
    assert paced.expected_loss < plain.expected_loss


def test_pacing_changes_nothing_where_the_budget_is_ample() -> None:
    assert a_day(pacing=True, limit_usd=1_000.0) == a_day(pacing=False, limit_usd=1_000.0)
