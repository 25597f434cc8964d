"""A request whose own time ends is told of that time, and of no answerer's or ceiling's."""

from __future__ import annotations

import time

import pytest

from router.errors import DeadlineExceeded
from router.types import Answer, Call, Hints, Work
from tests.kits.fakes import ALICE, Houses, ScriptedTier, ask
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


class Watching(ScriptedTier):
    """Keeps the time itself, and notices that it is over before the gateway does."""

    async def answer(self, work: Work, call: Call) -> Answer:
        time.sleep(0.005)  # noqa: ASYNC251 -- no timer of the loop may come before
        return await super().answer(work, call)


async def test_an_answerer_that_keeps_the_time_is_not_at_fault(houses: Houses) -> None:
    """Its error told of `deadline_s` in the policy, and advised to lift ceilings of money."""
    error = DeadlineExceeded("mid did not finish its answer in time (deadline_s in the policy).")
    house = houses([low(), Watching("mid", "llm", 2, error=error), deep()], signals=UNSURE)
    with pytest.raises(DeadlineExceeded, match="deadline_ms of 4 ms ended") as raised:
        await house.gateway.complete(ask(hints=Hints(deadline_ms=4)), ALICE)
    assert raised.value.by_request
    assert "policy" not in raised.value.told


async def test_an_answerers_own_silence_stays_its_own(houses: Houses) -> None:
    error = DeadlineExceeded("mid sent nothing of its answer for 20 s (idle_s).")
    house = houses([low(), mid(error=error)], signals=UNSURE)
    with pytest.raises(DeadlineExceeded, match="idle_s") as raised:
        await house.gateway.complete(ask(hints=Hints(deadline_ms=5_000)), ALICE)
    assert not raised.value.by_request
