"""Tests calls whose price nobody states, where a budget counts them."""

from __future__ import annotations

import pytest

from router.errors import BudgetExceeded, PriceUnknown
from router.ledger.aggregates import Ending
from router.ledger.row_reading import ending_of
from router.routing.decision_record import parse
from router.types import AttemptState, CostBasis, Hints, Price, Reason, Role, Verdict
from tests.kits.books.open_ledgers import requests_in
from tests.kits.fakes import ALICE, House, Houses, ask
from tests.kits.gateway_kit import UNSURE, deep, drain, low, mid, only_row

BUDGET = {"*": {"usd_per_day": 1}}
FREE = Price(0, None, None, 0, version="stated")


async def test_call_of_unknown_price_is_refused_where_a_budget_counts_it(houses: Houses) -> None:
    tier = mid(price=Price())
    house = houses([low(), tier], signals=UNSURE, budgets=BUDGET)
    with pytest.raises(PriceUnknown) as refused:
        await house.gateway.complete(ask(), ALICE)
    assert (refused.value.status, refused.value.code) == (503, "unknown_price")
    for word in (
        "mid-model",
        "answerer mid",
        "tenant 'acme'",
        "price book",
        "unknown_price: allow",
    ):
        assert word in refused.value.message
    assert tier.calls == 0
    row = await only_row(house)
    assert (row.cost_nano_usd, row.error_code) == (0, "unknown_price")
    assert ending_of(row) is Ending.REFUSED
    assert Reason.UNKNOWN_PRICE in parse(row.record).decision.first_rung.reasons


async def test_stream_of_unknown_price_is_refused_before_its_first_byte(houses: Houses) -> None:
    house = houses([low(), mid(price=Price())], signals=UNSURE, budgets=BUDGET)
    with pytest.raises(PriceUnknown):
        await drain(house, ask(stream=True))


async def test_rung_of_unknown_price_is_passed_over_for_one_with_a_price(houses: Houses) -> None:
    tier, other = mid(price=Price()), deep()
    house = houses([low(), tier, other], signals=UNSURE, budgets=BUDGET)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.rung.answerer, tier.calls) == ("deep", 0)
    reasons = {rung.answerer: rung.reasons for rung in outcome.decision.rungs}
    assert reasons["mid"] == (Reason.UNKNOWN_PRICE,)
    assert reasons["deep"][0] is Reason.UNKNOWN_PRICE


@pytest.mark.parametrize(
    "limits",
    [
        {"budgets": {"*": {"usd_per_day": 1, "unknown_price": "allow"}}},
        {"budgets": {"other": {"usd_per_day": 1}}},
        {"budgets": {"*": {"requests_per_minute": 100}}},
        {"limits": [{"tier": "resolve", "usd_per_day": 1}]},
        {},
    ],
)
async def test_call_of_unknown_price_goes_out_where_no_budget_forbids_it(
    houses: Houses, limits: dict[str, object]
) -> None:
    house = houses([low(), mid(price=Price())], signals=UNSURE, **limits)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.rung.answerer == "mid"


@pytest.mark.parametrize(
    "limits",
    [
        {"limits": [{"tier": "llm", "usd_per_day": 1}]},
        {"limits": [{"key": "*", "usd_per_day": 1}]},
        {"limits": [{"policy": "test", "usd_per_month": 1}]},
        {"limits": [{"usd_per_hour": 1}]},
        # All limits that fit hold at the same time.
        {
            "budgets": {"*": {"usd_per_day": 1, "unknown_price": "allow"}},
            "limits": [{"usd_per_month": 1}],
        },
    ],
)
async def test_every_limit_of_money_that_fits_refuses(
    houses: Houses, limits: dict[str, object]
) -> None:
    house = houses([low(), mid(price=Price())], signals=UNSURE, **limits)
    with pytest.raises(PriceUnknown):
        await house.gateway.complete(ask(), ALICE)


async def test_refusal_names_all_that_could_answer_and_lack_a_price(houses: Houses) -> None:
    tiers = [low(), mid(price=Price()), deep(price=Price())]
    house = houses(tiers, signals=UNSURE, budgets=BUDGET)
    with pytest.raises(PriceUnknown) as refused:
        await house.gateway.complete(ask(), ALICE)
    told = refused.value.message
    assert all(f"{name}-model" in told for name in ("mid", "deep"))
    assert "which could answer as well" in told


async def test_price_of_nothing_is_a_known_price(houses: Houses) -> None:
    house = houses([low(), mid(price=FREE)], signals=UNSURE, budgets={"*": {"usd_per_day": 0}})
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.verdict, outcome.cost_nano_usd) == (Verdict.ACCEPTED, 0)


async def test_own_machine_needs_no_price(houses: Houses) -> None:
    own = mid(kind="local", price=Price())
    house = houses([low(), own], signals=UNSURE, budgets={"*": {"usd_per_day": 0}})
    assert (await house.gateway.complete(ask(), ALICE)).rung.answerer == "mid"


async def test_observed_model_of_unknown_price_is_refused_as_a_spent_budget_refuses(
    houses: Houses,
) -> None:
    async def refusal(**changes: object) -> type[BaseException]:
        house: House = houses([low(), mid(**changes)], mode="observe", budgets=budget)
        with pytest.raises(BudgetExceeded) as refused:
            await house.gateway.complete(ask(requested_model="mid-model"), ALICE)
        return refused.type

    budget = {"*": {"usd_per_day": 0.000000001}}
    assert await refusal() is BudgetExceeded
    assert await refusal(price=Price()) is PriceUnknown


async def test_observed_model_with_a_price_is_called_whatever_the_others_lack(
    houses: Houses,
) -> None:
    tiers = [low(), mid(), deep(price=Price())]
    house = houses(tiers, mode="observe", budgets=BUDGET)
    outcome = await house.gateway.complete(ask(requested_model="mid-model"), ALICE)
    assert outcome.observed
    assert outcome.rung.answerer == "mid"


async def test_deliberation_over_an_unpriced_model_is_passed_over(houses: Houses) -> None:
    thinker = deep(kind="deliberation", asks=("mid",), price=Price())
    house = houses([low(), mid(price=Price()), thinker], signals=UNSURE, budgets=BUDGET)
    with pytest.raises(PriceUnknown):
        await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert house.gateway.router.default.by_name["deep"].unpriced


async def test_list_price_covers_calls_of_an_unpriced_model(houses: Houses) -> None:
    listed = Price(per_request_nano_usd=10**6, version="stated")
    thinker = deep(kind="deliberation", asks=("mid", "mid"), price=listed)
    house = houses([low(), mid(price=Price()), thinker], budgets=BUDGET)
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    row = await only_row(house)
    assert [a.cost_nano_usd for a in row.attempts] == [10**6, 0, 0]
    assert {a.cost_basis for a in row.attempts} == {CostBasis.LIST_PRICE}


async def test_pinned_answerer_of_unknown_price_is_not_replaced(houses: Houses) -> None:
    other = deep()
    aliases = {"m": {"answerer": "mid", "pinned": True}}
    house = houses([low(), mid(price=Price()), other], budgets=BUDGET, aliases=aliases)
    with pytest.raises(PriceUnknown):
        await house.gateway.complete(ask(requested_model="m"), ALICE)
    assert other.calls == 0


async def test_dry_run_says_that_the_call_would_be_refused(houses: Houses) -> None:
    house = houses([low(), mid(price=Price())], signals=UNSURE, budgets=BUDGET)
    outcome = await house.gateway.complete(ask(hints=Hints(dry_run=True)), ALICE)
    assert Reason.UNKNOWN_PRICE in outcome.decision.first_rung.reasons


async def test_shadow_of_unknown_price_is_not_called(houses: Houses) -> None:
    unpriced = deep(price=Price())
    shadow = {"answerer": "deep", "share": 1.0, "max_usd_per_day": 1}
    house = houses([low(), mid(), unpriced], signals=UNSURE, budgets=BUDGET, shadow=shadow)
    await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    assert unpriced.calls == 0
    calls = [a for row in requests_in(house.ledger) for a in row.attempts]
    assert all(a.state is AttemptState.RELEASED for a in calls if a.role is Role.SHADOW)
