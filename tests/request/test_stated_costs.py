"""Tests calls whose provider states their cost: books keep both costs, limits count the higher."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from router.analysis.report.build import build_report
from router.api.observability.event_lines import line_of
from router.errors import BudgetExceeded, TiergateError
from router.ledger.books.reconcile import choose, correction, unknown_calls
from router.ledger.books.verify import verify
from router.ledger.tables.shadows import shadows_spent
from router.policy.schema import ReportSection
from router.types import Answer, Hints, HoldPassed, Price, PriceDiffers, Usage, exact_usd
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import UNSURE, low, only_row

OURS = 10 * 1_000 + 5 * 2_000  # ten tokens in, five out, at the price of scripted tiers
BUDGET = {"*": {"usd_per_day": 0.01}}


@dataclass
class Stating(ScriptedTier):
    """States what its call costs, as OpenRouter does."""

    stated: int = 0

    def _answer(self, text: str) -> Answer:
        return replace(super()._answer(text), provider_cost_nano_usd=self.stated)


def stating(nano_usd: int, **changes: object) -> Stating:
    return Stating("mid", "llm", 2, stated=nano_usd, **changes)  # type: ignore[arg-type]


class Heard:
    def __init__(self) -> None:
        self.told: list[PriceDiffers] = []
        self.passed: list[HoldPassed] = []

    def happened(self, event: object) -> None:
        if isinstance(event, PriceDiffers):
            self.told.append(event)
        if isinstance(event, HoldPassed):
            self.passed.append(event)

    def finished(self, row: object) -> None: ...


def spent(house: House) -> set[int]:
    with house.ledger.database.reading() as connection:
        query = "SELECT spent_nano_usd FROM budget_windows"
        return {int(row[0]) for row in connection.exec_driver_sql(query)}


def findings(houses: Houses) -> tuple[object, ...]:
    return verify(houses.folder / "ledger.db").findings


@pytest.mark.parametrize(
    ("stated", "counted"), [(123_400_000, 123_400_000), (1, OURS), (0, OURS), (OURS, OURS)]
)
async def test_budget_counts_the_higher_of_both_costs(
    houses: Houses, stated: int, counted: int
) -> None:
    house = houses([low(), stating(stated)], signals=UNSURE, budgets={"*": {"usd_per_day": 1}})
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    (call,) = row.attempts
    assert (call.cost_nano_usd, call.provider_cost_nano_usd) == (OURS, stated)
    assert outcome.cost_nano_usd == row.cost_nano_usd == OURS
    assert spent(house) == {counted}
    report = build_report([row], config=ReportSection(), since_ms=None, until_ms=None, now_ms=0)
    assert report.spend_nano_usd == OURS
    assert findings(houses) == ()


async def test_budget_passed_by_a_statement_refuses_the_next_call(houses: Houses) -> None:
    tier = stating(123_400_000)
    house = houses([low(), tier], signals=UNSURE, budgets=BUDGET, cache={"exact": False})
    await house.gateway.complete(ask(), ALICE)
    with pytest.raises(BudgetExceeded, match=r"\$0.1234 spent .* leave \$0.00"):
        await house.gateway.complete(ask(), ALICE)
    assert tier.calls == 1


async def test_clients_cap_counts_what_was_stated(houses: Houses) -> None:
    tier = stating(900_000, text="")  # no answer, so the next rung would have its turn
    above = ScriptedTier("deep", "reasoning", 3)
    house = houses([low(), tier, above], signals=UNSURE)
    capped = ask(hints=Hints(max_cost_nano_usd=1_000_000))
    with pytest.raises(TiergateError):
        await house.gateway.complete(capped, ALICE)
    assert (tier.calls, above.calls) == (1, 0)


@pytest.mark.parametrize(("stated", "told"), [(123_400_000, 1), (OURS * 6 // 5, 0), (1, 1)])
async def test_log_hears_of_costs_more_than_a_fifth_apart(
    houses: Houses, stated: int, told: int
) -> None:
    heard = Heard()
    house = houses([low(), stating(stated)], signals=UNSURE, events=heard)
    await house.gateway.complete(ask(), ALICE)
    assert len(heard.told) == told
    for event in heard.told:
        assert (event.model, event.booked_nano_usd) == ("mid-model", OURS)
        assert event.stated_nano_usd == stated


@pytest.mark.parametrize("stated", [10**12 + 1, 10**18])
async def test_a_cost_that_no_call_has_is_told_and_not_counted(houses: Houses, stated: int) -> None:
    heard = Heard()
    house = houses([low(), stating(stated)], signals=UNSURE, budgets=BUDGET, events=heard)
    await house.gateway.complete(ask(), ALICE)
    (call,) = (await only_row(house)).attempts
    assert call.provider_cost_nano_usd is None
    assert spent(house) == {OURS}
    (event,) = heard.told
    assert (event.booked_nano_usd, event.stated_nano_usd, event.believed) == (OURS, stated, False)
    line = line_of(event)
    assert line.fields["stated_usd"] == exact_usd(stated)
    assert "budgets count what is booked" in str(line.fields["next"])


async def test_the_highest_cost_that_a_call_may_have_is_counted(houses: Houses) -> None:
    heard = Heard()
    house = houses([low(), stating(10**12)], signals=UNSURE, budgets=BUDGET, events=heard)
    await house.gateway.complete(ask(), ALICE)
    assert spent(house) == {10**12}
    assert [event.believed for event in heard.told] == [True]


async def test_bill_counts_once_where_a_statement_was_counted(houses: Houses) -> None:
    house = houses([low(), stating(900_000, price=Price())], signals=UNSURE)
    await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    assert spent(house) == {900_000}
    calls = unknown_calls(house.ledger.database)
    (settlement,), _ = choose(calls, {calls[0].attempt_id: 1_000_000}, by_upstream=False)
    bill = correction(house.ledger.database, settlement, house.clock.now_ms())
    await house.ledger.finish(bill)
    assert bill.cost_nano_usd == 1_000_000
    assert spent(house) == {1_000_000}
    assert findings(houses) == ()


async def test_shadows_count_what_was_stated(houses: Houses) -> None:
    shadow = {"answerer": "deep", "share": 1.0, "max_usd_per_day": 0.001}
    tiers = [low(), ScriptedTier("mid", "llm", 2), Stating("deep", "reasoning", 3, stated=900_000)]
    house = houses(tiers, signals=UNSURE, shadow=shadow, draw=lambda: 0.0)
    for _ in range(2):
        await house.gateway.complete(ask(), ALICE)
        await house.gateway.drain()
    assert tiers[2].calls == 1
    assert shadows_spent(house.ledger.database, 0) == {"test": 900_000}


async def test_log_hears_of_a_call_that_cost_more_than_its_hold(houses: Houses) -> None:
    heard = Heard()
    dear = ScriptedTier("mid", "llm", 2, usage=Usage(10, 0, 0, 5_000, reported=True))
    house = houses([low(), dear], signals=UNSURE, events=heard)
    await house.gateway.complete(ask(), ALICE)
    (call,) = (await only_row(house)).attempts
    (event,) = heard.passed
    assert event.booked_nano_usd == call.cost_nano_usd > call.held_nano_usd == event.held_nano_usd
