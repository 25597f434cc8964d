"""Tests what a call holds before it is made, and on which basis."""

from __future__ import annotations

import pytest

from router.money import cost
from router.request.calls.settlement import held_at_first
from router.types import CostBasis, JsonText, Price
from tests.kits.changed import replace
from tests.kits.fakes import Houses, ask
from tests.kits.gateway_kit import low, mid

DEARER = replace(ask(), extra={"service_tier": JsonText('"priority"')})
LISTED = Price(per_request_nano_usd=7)


@pytest.mark.parametrize("outermost", [True, False])
def test_upstream_call_holds_its_worst_case(houses: Houses, outermost: bool) -> None:
    (plan,) = [p for p in houses([low(), mid()]).gateway.router.default.plans if p.paid.level == 2]
    worst = cost.worst_case(plan.facts, ask())
    assert worst > 0
    held = held_at_first(plan, ask(), outermost=outermost, included=False)
    assert held == (worst, plan.facts.price.basis)


def test_included_call_is_covered_by_the_list_price(houses: Houses) -> None:
    (plan,) = [p for p in houses([low(), mid()]).gateway.router.default.plans if p.paid.level == 2]
    for request in (ask(), DEARER):
        _, basis = held_at_first(plan, request, outermost=False, included=True)
        assert basis is CostBasis.LIST_PRICE


def test_dearer_service_holds_nothing_at_an_unknown_price(houses: Houses) -> None:
    (plan,) = [p for p in houses([low(), mid()]).gateway.router.default.plans if p.paid.level == 2]
    held = held_at_first(plan, DEARER, outermost=True, included=False)
    assert held == (0, CostBasis.UNKNOWN)


def test_list_price_covers_a_dearer_service(houses: Houses) -> None:
    plans = houses([low(), mid(price=LISTED)]).gateway.router.default.plans
    (plan,) = [p for p in plans if p.paid.level == 2]
    held = held_at_first(plan, DEARER, outermost=True, included=False)
    assert held == (7, plan.facts.price.basis)


@pytest.mark.parametrize("outermost", [True, False])
def test_composite_rung_leaves_the_hold_to_the_calls_within_it(
    houses: Houses, outermost: bool
) -> None:
    (plan,) = [p for p in houses([low(), mid()]).gateway.router.default.plans if p.paid.level == 2]
    composite = replace(plan, over=plan.facts)
    held, _ = held_at_first(composite, ask(), outermost=outermost, included=False)
    assert held == (0 if outermost else cost.worst_case(plan.facts, ask()))
