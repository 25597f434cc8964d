"""Tests that a request is dated at its arrival, so that its times add up to its latency."""

from __future__ import annotations

from router.routing.planner import ReadRequest
from router.types import RememberedConversation
from tests.kits.fakes import ALICE, CALM, Houses, ask
from tests.kits.gateway_kit import low


async def test_request_is_created_when_it_comes_and_not_when_it_is_decided(houses: Houses) -> None:
    house = houses([low()])
    router, request, arrival_ms = house.gateway.router, ask(), house.clock.now
    house.clock.now += 500  # so long a model reads it
    read = ReadRequest(CALM, RememberedConversation(None, None), arrival_ms)
    routed = router.decided(request, ALICE, router.select(request, ALICE), read)
    assert abs(routed.created_at_ms - arrival_ms) <= 1
