"""Streams and answers that are cut: whose text they are booked under, and what is kept of them."""

from __future__ import annotations

import pytest

from router.errors import StreamCut, UpstreamUnreachable
from router.types import RequestState
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import THROUGH, UNSURE, deep, drain, low, mid, only_row


async def test_a_stream_cut_after_the_commit_is_an_error(houses: Houses) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = houses([low(), cut, deep()], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert row.state is RequestState.FAILED
    assert row.attempts[0].estimated
    assert 0 < row.cost_nano_usd <= row.attempts[0].held_nano_usd


async def test_a_stream_that_is_cut_keeps_the_id_that_a_bill_has(houses: Houses) -> None:
    cut = mid(text="one two", cut_after=1, error=StreamCut("cut"), upstream_id="up-1")
    house = houses([low(), cut, deep()], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert row.attempts[0].upstream_id == "up-1"


async def test_a_whole_answer_that_is_cut_keeps_the_id_that_a_bill_has(houses: Houses) -> None:
    house = houses([mid(error=StreamCut("cut"), upstream_id="up-1")], signals=UNSURE)
    with pytest.raises(StreamCut):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert row.attempts[0].upstream_id == "up-1"


async def test_a_stream_that_broke_is_booked_under_the_rung_whose_text_went_out(
    houses: Houses,
) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    down = mid(cut_after=0, error=UpstreamUnreachable("refused", sent=False))
    cut = deep(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = houses([low(), down, cut], signals=signals, verify_mid=THROUGH, verify_deep=THROUGH)
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert (row.answerer, row.tier_number, row.escalations) == ("deep", 3, 1)
    assert row.reason == "answerer_failed"
