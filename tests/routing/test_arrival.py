"""Tests that a request is dated at its arrival, so that its times add up to its latency."""

from __future__ import annotations

from router.routing.planner import ReadRequest
from router.types import AnswererStatus, RememberedConversation
from tests.kits.fakes import ALICE, CALM, Clock, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import low


class SlowToTell(ScriptedTier):
    """Takes a while to say whether it may be called."""

    clock: Clock

    def status(self) -> AnswererStatus:
        self.clock.now += 300
        return super().status()


async def test_request_is_created_when_it_comes_and_not_when_it_is_decided(houses: Houses) -> None:
    house = houses([low()])
    router, request, arrival_ms = house.gateway.router, ask(), house.clock.now
    house.clock.now += 500  # so long a model reads it
    read = ReadRequest(CALM, RememberedConversation(None, None), arrival_ms)
    routed = router.decided(request, ALICE, router.select(request, ALICE), read)
    assert abs(routed.created_at_ms - arrival_ms) <= 1


async def test_time_of_the_decision_does_not_move_the_arrival(houses: Houses) -> None:
    tier = SlowToTell("mid", "llm", 2)
    house = houses([tier])
    tier.clock = house.clock
    router, request, arrival_ms = house.gateway.router, ask(), house.clock.now
    read = ReadRequest(CALM, RememberedConversation(None, None), arrival_ms)
    routed = router.decided(request, ALICE, router.select(request, ALICE), read)
    assert routed.decide_ms >= 300
    assert abs(routed.created_at_ms - arrival_ms) <= 1
