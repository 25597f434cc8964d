"""The books have a line for reading a request: measured, priced, and part of the savings."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from router.errors import AnswererError, UpstreamInvalid
from router.ledger.books.verify import verify
from router.types import CostBasis, Price, RequestState, Role
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import THROUGH, UNSURE, drain, low, mid, only_row

RATE = Price(per_second_nano_usd=13_889, version="book@1 2026-11-01")  # $0.05 an hour of a core
ASKED = Price(input_nano_usd=5 * 10**9, output_nano_usd=5 * 10**9)


def metered(
    houses: Houses, tiers: list[ScriptedTier], price: Price = RATE, **more: object
) -> House:
    """A house where reading a request takes 2.5 core-milliseconds."""
    house = houses(tiers, **more)
    house.triage.compute_ms = 2.5
    runtimes = house.gateway.router.runtimes
    house.gateway.router.swap({n: replace(r, triage_price=price) for n, r in runtimes.items()})
    return house


async def test_reading_a_request_is_a_priced_line(tmp_path: Path, houses: Houses) -> None:
    house = metered(houses, [mid()])
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    answer, line = row.attempts
    assert (line.role, line.answerer, line.compute_ms, line.cores) == (
        Role.TRIAGE,
        "triage",
        2.5,
        1,
    )
    assert line.cost_nano_usd == 35  # 2.5 ms x 13.889 nano-dollars, rounded up
    assert (line.cost_basis, line.price_version) == (CostBasis.OWN_COMPUTE, RATE.version)
    assert outcome.cost_nano_usd == row.cost_nano_usd == answer.cost_nano_usd + 35
    assert verify(tmp_path / "ledger.db").findings == ()


async def test_savings_are_net_of_reading(houses: Houses) -> None:
    saved = []
    for name, price in (("free", Price()), ("priced", RATE)):
        house = metered(houses.inside(name), [mid()], price, aliases={"gpt-9": "auto"})
        runtimes = house.gateway.router.runtimes
        house.gateway.router.swap(
            {n: replace(r, price_of=lambda _model: ASKED) for n, r in runtimes.items()}
        )
        outcome = await house.gateway.complete(ask(requested_model="gpt-9"), ALICE)
        assert outcome.saved_nano_usd is not None
        saved.append(outcome.saved_nano_usd)
    assert saved[0] - saved[1] == 35


async def test_reading_costs_nothing_where_no_rate_is_stated(houses: Houses) -> None:
    house = metered(houses, [mid()], Price())
    await house.gateway.complete(ask(), ALICE)
    line = (await only_row(house)).attempts[-1]
    assert (line.role, line.cost_nano_usd) == (Role.TRIAGE, 0)
    assert (line.cost_basis, line.compute_ms) == (CostBasis.OWN_COMPUTE, 2.5)


async def test_a_list_price_covers_reading(houses: Houses) -> None:
    house = metered(houses, [low(price=Price(per_request_nano_usd=10**7))])
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert row.cost_nano_usd == 10**7
    assert row.attempts[-1].cost_basis is CostBasis.LIST_PRICE


async def test_reading_that_was_not_measured_has_no_line(houses: Houses) -> None:
    house = houses([mid()])
    await house.gateway.complete(ask(), ALICE)
    assert [a.role for a in (await only_row(house)).attempts] == [Role.ANSWER]


async def test_reading_is_never_discarded(houses: Houses) -> None:
    rules = {"exhausted": {"default": "review", "by_domain": {}}, "verify_mid": {"default": "full"}}
    house = metered(houses, [low(), mid(p=0.1)], signals=UNSURE, **rules)
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert {a.role: a.discarded for a in row.attempts} == {Role.ANSWER: True, Role.TRIAGE: False}


async def test_failed_request_has_its_reading_booked(houses: Houses) -> None:
    house = metered(houses, [mid(error=UpstreamInvalid("no JSON"))])
    with pytest.raises(AnswererError):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert (row.state, row.attempts[-1].role) == (RequestState.UNKNOWN_COST, Role.TRIAGE)


async def test_request_whose_client_left_has_its_reading_booked(houses: Houses) -> None:
    house = metered(houses, [mid(text="one two three")], verify_mid=THROUGH)
    async with aclosing(house.gateway.stream(ask(stream=True), ALICE)) as events:
        await anext(events)
    await asyncio.sleep(0)
    row = await only_row(house)
    assert row.attempts[-1].role is Role.TRIAGE


async def test_streamed_request_has_the_lines_of_a_whole_one(houses: Houses) -> None:
    lines = []
    for stream in (False, True):
        house = metered(houses.inside(str(stream)), [low(p=0.2), mid()], signals=UNSURE)
        await drain(house, ask(stream=stream))
        row = await only_row(house)
        lines.append([(a.role, a.cost_nano_usd, a.ordinal, a.discarded) for a in row.attempts])
    assert lines[0] == lines[1]
    assert lines[0][-1][0] is Role.TRIAGE
