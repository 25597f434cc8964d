"""Tests when a client is told that another try is of no use."""

from __future__ import annotations

import pytest

from router.errors import AnswererNotReady, DeadlineExceeded, TiergateError, UpstreamRateLimited
from router.types import AnswererState, AnswererStatus
from tests.kits.fakes import ALICE, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import DOUBTFUL, deep, mid


@pytest.mark.parametrize(
    "other", [AnswererNotReady("It rests.", retry_after_s=30.0), DeadlineExceeded("Too late.")]
)
@pytest.mark.parametrize("final_first", [True, False])
async def test_a_failure_is_final_only_where_all_are(
    houses: Houses, other: TiergateError, *, final_first: bool
) -> None:
    final = UpstreamRateLimited("It is full for today.", upstream_status=429)
    final.final = True
    errors = (final, other) if final_first else (other, final)
    tiers = [mid(error=errors[0]), deep(error=errors[1])]
    house = houses(tiers, signals=DOUBTFUL, thetas={"mid": 0.0, "deep": 4.0})
    with pytest.raises(TiergateError) as caught:
        await house.gateway.complete(ask(), ALICE)
    assert [tier.calls for tier in tiers] == [1, 1]
    assert not getattr(caught.value, "final", False)


class Resting(ScriptedTier):
    """Takes no calls for ten seconds, after failures."""

    def status(self) -> AnswererStatus:
        return AnswererStatus(AnswererState.OPEN_BREAKER, rest_s=10.0)


@pytest.mark.parametrize("asked_wait_s", [None, 3600.0])
async def test_no_failure_is_final_while_another_answerer_rests(
    houses: Houses, asked_wait_s: float | None
) -> None:
    final = UpstreamRateLimited("It is full for today.", retry_after_s=asked_wait_s)
    final.final = True
    tiers = [Resting("mid", "llm", 2), deep(error=final)]
    house = houses(tiers, signals=DOUBTFUL, thetas={"mid": 0.0, "deep": 4.0})
    with pytest.raises(UpstreamRateLimited) as caught:
        await house.gateway.complete(ask(), ALICE)
    assert [tier.calls for tier in tiers] == [0, 1]
    assert (caught.value.final, caught.value.retry_after_s) == (False, 10.0)


@pytest.mark.parametrize("asked_wait_s", [0.0, 2.0])
async def test_the_wait_that_a_provider_asks_for_is_told_where_a_rest_is_longer(
    houses: Houses, asked_wait_s: float
) -> None:
    busy = UpstreamRateLimited("It is busy.", retry_after_s=asked_wait_s)
    tiers = [Resting("mid", "llm", 2), deep(error=busy)]
    house = houses(tiers, signals=DOUBTFUL, thetas={"mid": 0.0, "deep": 4.0})
    with pytest.raises(UpstreamRateLimited) as caught:
        await house.gateway.complete(ask(), ALICE)
    assert caught.value.retry_after_s == asked_wait_s


async def test_who_took_no_call_is_named_apart_from_who_was_tried(houses: Houses) -> None:
    """A breaker's refusal stood among those who were tried, and its closed fellow was not named."""
    refusing = deep(error=AnswererNotReady("It rests.", retry_after_s=30.0))
    house = houses([Resting("mid", "llm", 2), refusing], signals=DOUBTFUL)
    with pytest.raises(AnswererNotReady) as caught:
        await house.gateway.complete(ask(), ALICE)
    told = caught.value.tried
    assert told.startswith("Not called, since not ready: mid of tier llm, deep of tier reasoning. ")
    assert "Tried" not in told


async def test_who_failed_is_named_before_who_took_no_call(houses: Houses) -> None:
    busy = UpstreamRateLimited("It is busy.", upstream_status=429)
    house = houses([Resting("mid", "llm", 2), deep(error=busy)], signals=DOUBTFUL)
    with pytest.raises(UpstreamRateLimited) as caught:
        await house.gateway.complete(ask(), ALICE)
    assert caught.value.tried.startswith(
        "Tried: deep of tier reasoning (upstream_rate_limited, 429). "
        "Not called, since not ready: mid of tier llm. The decision is dec_"
    )
