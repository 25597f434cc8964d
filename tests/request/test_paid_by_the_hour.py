"""Tests calls to a server of one's own that is paid by the hour: they cost their time."""

from __future__ import annotations

import pytest

from router.errors import StreamCut
from router.money.cost import own_compute
from router.types import AttemptState, Committed, CostBasis, Price
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, low, mid, only_row

RENTED = Price(per_second_nano_usd=694_444, version="$2.50 an hour")


async def test_an_answer_costs_the_time_of_its_call(houses: Houses) -> None:
    house = houses([low(), mid(price=RENTED)], signals=UNSURE, verify_mid={"default": "none"})
    await house.gateway.complete(ask(), ALICE)
    (line,) = (await only_row(house)).attempts
    assert line.compute_ms == line.latency_ms > 0
    assert line.cost_nano_usd == own_compute(RENTED, line.latency_ms) > 0
    assert (line.cost_basis, line.state) == (CostBasis.OWN_COMPUTE, AttemptState.SETTLED)


async def test_a_cut_stream_costs_the_time_until_then(houses: Houses) -> None:
    cut = mid(text="one two", cut_after=1, error=StreamCut("?"), price=RENTED)
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    events = house.gateway.stream(ask(stream=True), ALICE)
    assert isinstance(await anext(events), Committed)
    house.clock.now += 2_000
    with pytest.raises(StreamCut):
        async for _ in events:
            pass
    (line,) = (await only_row(house)).attempts
    assert 2 * 694_444 <= line.cost_nano_usd < 3 * 694_444
    assert line.estimated


async def test_a_call_that_ends_without_a_byte_costs_its_time(houses: Houses) -> None:
    silent = mid(text="", cut_after=0, error=StreamCut("?"), price=RENTED)
    house = houses([low(), silent], signals=UNSURE, verify_mid={"default": "none"})
    with pytest.raises(StreamCut):
        async for _ in house.gateway.stream(ask(stream=True), ALICE):
            pass
    (line,) = (await only_row(house)).attempts
    assert line.cost_nano_usd == own_compute(RENTED, line.compute_ms) < 694_444
    assert line.held_nano_usd > 2 * 694_444
