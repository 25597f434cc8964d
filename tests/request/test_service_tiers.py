"""Tests a provider's services of another price: who gets them, and what they are booked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.api.compose.core import Core, Settings, load_policies
from router.errors import MaxCostTooLow, PriceUnknown, RequestError
from router.types import AttemptState, ChatRequest, Hints, JsonText, Price
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ask
from tests.kits.gateway_kit import UNSURE, deep, low, mid, only_row

ALIAS = {"aliases": {"m": {"answerer": "mid", "pinned": True}}}
OURS = 10 * 1_000 + 5 * 2_000


def served(name: str, model: str = "m", **changes: object) -> ChatRequest:
    extra = {"service_tier": JsonText(f'"{name}"')}
    return replace(ask(requested_model=model, extra=extra), **changes)


async def tier_sent(house: House, request: ChatRequest) -> object:
    await house.gateway.complete(request, ALICE)
    (plan,) = [p for p in house.gateway.router.default.plans if p.facts.name == "mid"]
    return plan.answerer.seen[0].request.extra.get("service_tier")  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["flex", "priority", "scale", "ultrafast"])
async def test_pinned_model_gets_the_service_that_was_asked_for(houses: Houses, name: str) -> None:
    house = houses([low(), mid(), deep()], **ALIAS)
    assert await tier_sent(house, served(name)) == f'"{name}"'


@pytest.mark.parametrize("name", ["flex", "priority", "scale", "ultrafast"])
async def test_observed_model_gets_it_too(houses: Houses, name: str) -> None:
    house = houses([low(), mid(), deep()], mode="observe")
    assert await tier_sent(house, served(name, "mid-model")) == f'"{name}"'


@pytest.mark.parametrize("name", ["flex", "priority", "scale", "ultrafast"])
async def test_routed_request_gets_none(houses: Houses, name: str) -> None:
    house = houses([low(), mid(), deep()], signals=UNSURE)
    with pytest.raises(RequestError, match="pinned: true") as refused:
        await house.gateway.complete(served(name, "auto"), ALICE)
    assert (refused.value.param, refused.value.code) == ("service_tier", "invalid_value")
    assert (await house.gateway.complete(served("default", "auto"), ALICE)).answer is not None


async def test_the_other_name_of_priority_stands_in_the_refusal(houses: Houses) -> None:
    with pytest.raises(RequestError, match="'priority' \\(or 'fast'\\)"):
        await houses([low(), mid()]).gateway.complete(served("priority", "auto"), ALICE)


async def test_flex_is_booked_at_the_usual_price(houses: Houses) -> None:
    house = houses([low(), mid()], budgets={"*": {"usd_per_day": 1}}, **ALIAS)
    await house.gateway.complete(served("flex"), ALICE)
    row = await only_row(house)
    assert (row.cost_nano_usd, row.attempts[0].state) == (OURS, AttemptState.SETTLED)


@pytest.mark.parametrize("name", ["priority", "scale", "ultrafast"])
async def test_a_dearer_service_is_of_unknown_cost_and_counts_at_the_usual_price(
    houses: Houses, name: str
) -> None:
    house = houses([low(), mid()], **ALIAS)
    await house.gateway.complete(served(name), ALICE)
    row = await only_row(house)
    assert (row.cost_nano_usd, row.attempts[0].state) == (OURS, AttemptState.UNKNOWN_COST)


@pytest.mark.parametrize("allowed", [True, False])
async def test_budget_refuses_priority_unless_it_allows_unknown_prices(
    houses: Houses, allowed: bool
) -> None:
    budget = {"usd_per_day": 1, "unknown_price": "allow" if allowed else "refuse"}
    tier = mid()
    house = houses([low(), tier], budgets={"*": budget}, **ALIAS)
    if allowed:
        await house.gateway.complete(served("priority"), ALICE)
        return
    with pytest.raises(PriceUnknown) as refused:
        await house.gateway.complete(served("priority"), ALICE)
    assert "that of `service_tier: priority` is missing" in refused.value.message
    assert tier.calls == 0


async def test_list_price_covers_every_service(houses: Houses) -> None:
    listed = Price(per_request_nano_usd=700, version="stated")
    house = houses([low(), mid(price=listed)], budgets={"*": {"usd_per_day": 1}}, **ALIAS)
    await house.gateway.complete(served("priority"), ALICE)
    row = await only_row(house)
    assert (row.cost_nano_usd, row.attempts[0].state) == (700, AttemptState.SETTLED)


async def test_clients_cap_refuses_priority(houses: Houses) -> None:
    house = houses([low(), mid()], **ALIAS)
    capped = served("priority", hints=Hints(max_cost_nano_usd=10**12))
    with pytest.raises(MaxCostTooLow, match=r"nobody states what a call to mid costs.*tier"):
        await house.gateway.complete(capped, ALICE)


async def test_answerer_that_never_gets_the_key_costs_as_usual(houses: Houses) -> None:
    """litellm receives no `service_tier`, so its provider serves at the usual price."""
    house = houses([low(), mid(kind="litellm")], **ALIAS)
    capped = served("priority", hints=Hints(max_cost_nano_usd=10**9))
    await house.gateway.complete(capped, ALICE)
    row = await only_row(house)
    assert (row.cost_nano_usd, row.attempts[0].state) == (OURS, AttemptState.SETTLED)


SERVED = """\
version: 1
name: served
tiers:
- name: llm
  level: 2
  answerers:
  - {name: openai, kind: upstream, model: a, base_urls: ['http://localhost:1/v1']}
  - {name: claude, kind: upstream, wire: anthropic, model: b, base_urls: ['http://localhost:1/v1']}
  - {name: other, kind: litellm, model: groq/c}
"""


def test_answerers_know_whether_the_key_reaches_them(tmp_path: Path) -> None:
    (tmp_path / "served.yaml").write_text(SERVED, encoding="utf-8")
    settings = Settings(policies=(str(tmp_path / "served.yaml"),), cache_dir=None)
    plans = Core(settings, load_policies(settings, {}), {}).router.default.plans
    takers = {plan.facts.name: plan.facts.takes_service_tier for plan in plans}
    assert takers == {"openai": True, "claude": False, "other": False}
