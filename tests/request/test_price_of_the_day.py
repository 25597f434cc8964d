"""A price that begins at midnight holds for calls that begin then, whenever a server reloads."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from router.errors import UpstreamInvalid
from router.money.model_redirects import Redirect
from router.routing.policy_runtime import PolicyRuntime
from router.types import Answer, Call, CostBasis, Price, RequestRow, Work
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Clock, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import mid, only_row

MIDNIGHT_MS = 1_764_028_800_000  # 25 November 2025, UTC
BEFORE = Price(10**9, 10**8, None, 2 * 10**9, version="book 2025-01-01")
AFTER = Price(3 * 10**9, 10**8, None, 6 * 10**9, version="book 2025-11-25")


def dated(house: House, *, listed: bool = True) -> None:
    """Lets the served policy know prices that begin at midnight; it is never built again.

    `listed` is False where the price book does not have the model that is asked for.
    """
    runtime = house.gateway.router.default
    plans = tuple(
        replace(plan, facts=replace(plan.facts, price=AFTER), reader=plan.reader)
        for plan in runtime.plans
    )

    def redirected(asked: str, answered: str) -> Redirect | None:
        price = replace(AFTER, output_nano_usd=9 * 10**9)
        return None if asked == answered else Redirect(asked, answered, price)

    later = dataclasses.replace(
        runtime,
        plans=plans,
        price_of=lambda _: AFTER if listed else None,
        redirected=redirected,
        priced_from_ms=MIDNIGHT_MS,
    )
    served: PolicyRuntime = dataclasses.replace(
        runtime,
        price_of=lambda _: BEFORE if listed else None,
        later=(later,),
    )
    house.gateway.router.swap({"test": served})


def set_clock(house: House, at_ms: float) -> None:
    assert isinstance(house.clock, Clock)
    house.clock.now = at_ms


async def asked_at(house: House, at_ms: float) -> RequestRow:
    set_clock(house, at_ms)
    await house.gateway.complete(ask(), ALICE)
    return await only_row(house)


@pytest.mark.parametrize(
    ("at_ms", "price"), [(MIDNIGHT_MS - 60_000.0, BEFORE), (float(MIDNIGHT_MS), AFTER)]
)
async def test_a_call_costs_the_price_of_the_day_on_which_it_begins(
    houses: Houses, at_ms: float, price: Price
) -> None:
    house = houses([mid(price=BEFORE)])
    dated(house)
    row = await asked_at(house, at_ms)
    (call,) = [a for a in row.attempts if a.answerer == "mid"]
    assert price.input_nano_usd is not None
    assert price.output_nano_usd is not None
    costs = call.usage.input_tokens * price.input_nano_usd
    costs += call.usage.output_tokens * price.output_nano_usd
    assert call.cost_nano_usd == -(-costs // 1_000_000)
    assert (call.price_version, call.cost_basis) == (price.version, CostBasis.TOKEN_PRICE)
    # What the client asked for is compared at the prices of the same day.
    assert row.baselines.requested_model == call.cost_nano_usd


async def test_an_answerer_is_compared_at_the_price_of_the_day(houses: Houses) -> None:
    # Only a server that observes takes the name of a model that no alias has.
    house = houses([mid(price=BEFORE)], mode="observe")
    dated(house, listed=False)
    set_clock(house, MIDNIGHT_MS)
    await house.gateway.complete(ask(requested_model="mid-model"), ALICE)
    row = await only_row(house)
    (call,) = [a for a in row.attempts if a.answerer == "mid"]
    assert row.baselines.requested_model == call.cost_nano_usd > 0


@dataclass
class UntilMidnight(ScriptedTier):
    """Fails when the day has ended."""

    clock: Clock | None = None

    async def answer(self, work: Work, call: Call) -> Answer:
        assert self.clock is not None
        self.clock.now = float(MIDNIGHT_MS)
        return await super().answer(work, call)


async def test_a_request_over_midnight_has_each_call_at_the_price_of_its_own_day(
    houses: Houses,
) -> None:
    slow = UntilMidnight("mid", "llm", 2, price=BEFORE, error=UpstreamInvalid("nonsense"))
    house = houses([slow, ScriptedTier("other", "llm", 2, price=BEFORE)])
    assert isinstance(house.clock, Clock)
    slow.clock = house.clock
    dated(house)
    row = await asked_at(house, MIDNIGHT_MS - 1_000.0)
    assert [a.price_version for a in row.attempts if a.answerer] [:2] == [
        BEFORE.version, AFTER.version
    ]  # fmt: skip


async def test_the_hold_is_made_at_the_price_that_the_call_will_cost(houses: Houses) -> None:
    held = []
    for name, at_ms in (("before", MIDNIGHT_MS - 60_000.0), ("after", float(MIDNIGHT_MS))):
        house = houses.inside(name)([mid(price=BEFORE)])
        dated(house)
        held.append((await asked_at(house, at_ms)).attempts[0].held_nano_usd)
    assert held[1] == 3 * held[0]


async def test_another_model_costs_what_it_costs_that_day(houses: Houses) -> None:
    class Other(ScriptedTier):
        def _answer(self, text: str) -> Answer:
            return replace(super()._answer(text), model="another-model")

    house = houses([Other("mid", "llm", 2, price=BEFORE)])
    dated(house)
    row = await asked_at(house, float(MIDNIGHT_MS))
    (call,) = [a for a in row.attempts if a.answerer == "mid"]
    usage = call.usage
    costs = usage.input_tokens * 3_000 + usage.output_tokens * 9_000
    assert call.cost_nano_usd == costs
