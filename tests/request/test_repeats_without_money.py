"""An answer that the cache has costs nothing, so no cap of money refuses it."""

from __future__ import annotations

import pytest

from router.errors import MaxCostTooLow
from router.types import Hints, Outcome, Sampling
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, drain, low, mid


@pytest.mark.parametrize("streamed", [False, True])
async def test_answer_that_is_known_needs_no_money(houses: Houses, streamed: bool) -> None:
    house = houses([low(), mid()], signals=UNSURE, cache={"exact": True})
    cold = Sampling(temperature=0)
    penniless = ask(sampling=cold, stream=streamed, hints=Hints(max_cost_nano_usd=1))
    with pytest.raises(MaxCostTooLow):
        await house.gateway.complete(penniless, ALICE)
    await house.gateway.complete(ask(sampling=cold), ALICE)
    if streamed:
        assert isinstance((await drain(house, penniless))[-1], Outcome)
    else:
        outcome = await house.gateway.complete(penniless, ALICE)
        assert (outcome.cache, outcome.cost_nano_usd) == ("exact", 0)
    with pytest.raises(MaxCostTooLow):
        await house.gateway.complete(replace(penniless, messages=ask("else").messages), ALICE)
    await house.gateway.drain()
    first, second = requests_in(house.ledger)  # a refusal is no request
    assert (first.cost_nano_usd, second.cost_nano_usd) == (20_000, 0)
