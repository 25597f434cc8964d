"""Tests what a request gets where the gateway's own cap of output is lowered, or cuts it."""

from __future__ import annotations

import pytest

from router.errors import BudgetExceeded, NoUsableAnswer
from router.types import AttemptState, Hints, Sampling, Verdict
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import UNSURE, deep, drain, low, mid, only_row

USUAL = {"output_cap": 16_384, "least_output_tokens": 1_024}
HALF_A_CENT = {"*": {"usd_per_day": 0.005}}  # 16,384 tokens of output cost 3.3 cents


@pytest.mark.parametrize("client", [None, 32_000])
@pytest.mark.parametrize("streamed", [False, True])
async def test_budget_lowers_the_usual_cap(
    houses: Houses, client: int | None, streamed: bool
) -> None:
    tier = mid(**USUAL)
    house = houses([low(), tier], signals=UNSURE, budgets=HALF_A_CENT)
    request = ask(stream=streamed, sampling=Sampling(max_output_tokens=client))
    if streamed:
        await drain(house, request)
    else:
        outcome = await house.gateway.complete(request, ALICE)
        lowered = tier.seen[0].request.sampling.max_output_tokens
        assert outcome.max_output_tokens == (None if client is None else lowered)
    (work,) = tier.seen
    cap = work.request.sampling.max_output_tokens
    assert cap is not None
    assert 1_024 <= cap < 2_500
    row = await only_row(house)
    assert row.attempts[0].state is AttemptState.SETTLED
    assert 0 < row.attempts[0].held_nano_usd <= 2_500_000


async def test_stated_cap_is_refused_where_the_budget_has_no_room(houses: Houses) -> None:
    stated = mid(output_cap=16_384)
    house = houses([low(), stated], signals=UNSURE, budgets=HALF_A_CENT)
    with pytest.raises(BudgetExceeded, match="the cap of mid counts, 16384"):
        await house.gateway.complete(ask(), ALICE)
    assert stated.seen == []


async def test_budget_below_the_least_cap_refuses(houses: Houses) -> None:
    tier = mid(**USUAL)
    house = houses([low(), tier], signals=UNSURE, budgets={"*": {"usd_per_day": 0.002}})
    with pytest.raises(BudgetExceeded, match="the call would fit"):
        await house.gateway.complete(ask(), ALICE)
    assert tier.seen == []


async def test_refusal_names_the_amount_at_the_smallest_cap(houses: Houses) -> None:
    """16,384 tokens would cost 3.3 cents; $0.000067 are missing for the 1,024 that are tried."""
    house = houses([low(), mid(**USUAL)], signals=UNSURE, budgets={"*": {"usd_per_day": 0.002}})
    smallest = "counts at 1024 tokens of output, the smallest cap that is tried"
    with pytest.raises(BudgetExceeded, match=smallest) as refused:
        await house.gateway.complete(ask(), ALICE)
    assert "this call may cost $0.002067" in refused.value.message
    assert "most calls cost less" in refused.value.message
    needed, left = refused.value.needed_nano_usd, refused.value.room_nano_usd
    assert (needed, left) == (2_067_000, 2_000_000)  # the report's “Short by” is their difference


async def test_client_s_cap_of_money_lowers_the_usual_cap(houses: Houses) -> None:
    tier = mid(**USUAL)
    house = houses([low(), tier], signals=UNSURE)
    request = replace(ask(), hints=Hints(max_cost_nano_usd=5_000_000))
    await house.gateway.complete(request, ALICE)
    assert 1_024 <= (tier.seen[0].request.sampling.max_output_tokens or 0) < 2_500


async def test_full_window_lowers_the_usual_cap(houses: Houses) -> None:
    tier = mid(**USUAL, context_tokens=8_000)
    house = houses([low(), tier], signals=replace(UNSURE, input_tokens=6_000))
    await house.gateway.complete(ask(), ALICE)
    assert tier.seen[0].request.sampling.max_output_tokens == 2_000


async def test_cap_that_cut_an_answer_is_told_where_the_client_named_none(houses: Houses) -> None:
    house = houses([low(), mid(**USUAL, ends="length")], signals=UNSURE)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert (outcome.max_output_tokens, outcome.verdict) == (7_980, Verdict.ACCEPTED)


def empty(tier: ScriptedTier) -> ScriptedTier:
    return replace(tier, text="", ends="length", output_cap=1_024)


async def test_error_names_the_key_where_the_cap_left_no_word(houses: Houses) -> None:
    house = houses([low(), empty(mid()), empty(deep())], signals=UNSURE)
    request = ask(sampling=Sampling(max_output_tokens=8_000))
    with pytest.raises(NoUsableAnswer, match=r"used up its 1024 .*`max_output_tokens` of mid in"):
        await house.gateway.complete(request, ALICE)


async def test_empty_answer_gets_no_advice_about_a_format(houses: Houses) -> None:
    house = houses([low(), mid(text=""), deep(text="")], signals=UNSURE)
    with pytest.raises(NoUsableAnswer, match="said nothing") as refused:
        await house.gateway.complete(ask(), ALICE)
    assert "format" not in refused.value.message


async def test_approved_words_have_no_cap(houses: Houses) -> None:
    house = houses([low(ends="length"), mid()], signals=CALM)
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.max_output_tokens is None
