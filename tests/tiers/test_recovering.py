"""An upstream that works again is not kept to one stream at a time."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from router.errors import AnswererNotReady
from tests.kits.upstreams.fake_upstream import FakeUpstream
from tests.kits.upstreams.upstream_kit import eventually, no_call, work
from tests.kits.upstreams.upstream_tier_kit import Tiers, ask_stream
from tiers.resilience.replicas import CallHealth, Taken
from tiers.upstream.answerer import UpstreamTier


def rested(tier: UpstreamTier) -> None:
    """Opens the breaker as a failed call does; its rest is over at once."""
    replicas = tier._connections.replicas
    taken = replicas.take(0.0)
    assert isinstance(taken, Taken)
    replicas.give_back(taken, CallHealth.FAILED, 0.0)
    assert tier.status().due


async def test_a_stream_that_has_begun_keeps_nobody_out(fake: FakeUpstream, tiers: Tiers) -> None:
    """All other calls failed until the first stream after an outage was over: minutes of it."""
    tier = tiers(fake.url, model="drip:0.001", breaker_failures=1, breaker_reset_s=0.001)
    rested(tier)
    async with aclosing(tier.stream(work(60.0), no_call)) as stream:
        await anext(stream)
        assert tier.status().due
        assert await ask_stream(tier)
        assert tier.status().state == "ready"


async def test_a_stream_without_a_word_keeps_the_others_out(
    fake: FakeUpstream, tiers: Tiers
) -> None:
    tier = tiers(fake.url, model="slow:3600", breaker_failures=1, breaker_reset_s=0.001)
    rested(tier)
    async with aclosing(tier.stream(work(60.0), no_call)) as stream:
        first = asyncio.ensure_future(anext(stream))
        await eventually(lambda: fake.count == 1)
        with pytest.raises(AnswererNotReady):
            await ask_stream(tier)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
