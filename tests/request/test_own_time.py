"""A request whose own time ends is told of that time, and of no answerer's or ceiling's."""

from __future__ import annotations

import pytest

from router.errors import DeadlineExceeded
from router.types import Hints
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, deep, low, mid


@pytest.mark.parametrize("deadline_ms", [1, 300])
async def test_the_time_of_the_request_is_told(houses: Houses, deadline_ms: int) -> None:
    house = houses([low(), mid(wait_s=3600), deep()], signals=UNSURE)
    with pytest.raises(DeadlineExceeded) as raised:
        await house.gateway.complete(ask(hints=Hints(deadline_ms=deadline_ms)), ALICE)
    assert raised.value.by_request
    told = raised.value.told
    assert f"the request's deadline_ms of {deadline_ms} ms ended. Allow more time there" in told
    assert "outage_lifts" not in told
    assert "3600" not in told
