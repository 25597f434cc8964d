"""Tests when a client is told that another try is of no use."""

from __future__ import annotations

import pytest

from router.errors import AnswererNotReady, DeadlineExceeded, TiergateError, UpstreamRateLimited
from tests.kits.fakes import ALICE, Houses, ask
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
