"""A hint that the client's key may not give is named in the answer, and one that counts is not."""

from __future__ import annotations

import pytest

from router.types import Hints, Scope
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import UNSURE, deep, low, mid

LOWERING = replace(ALICE, scopes=frozenset({Scope.CHAT, Scope.HINTS_LOWER}))
DEAR = replace(UNSURE, impact_nano_usd=4_000 * 10**9)


@pytest.mark.parametrize(
    ("hints", "named"),
    [
        (Hints(max_tier=2), ("routing.max_tier",)),
        (Hints(stakes_nano_usd=1), ("routing.stakes_usd",)),
        (Hints(max_tier=2, stakes_nano_usd=1), ("routing.max_tier", "routing.stakes_usd")),
        (Hints(stakes_nano_usd=10**15), ()),
        (Hints(min_tier=2), ()),
        (Hints(), ()),
    ],
)
async def test_a_hint_without_effect_is_named(
    houses: Houses, hints: Hints, named: tuple[str, ...]
) -> None:
    house = houses([low(), mid(), deep()], signals=DEAR)
    assert (await house.gateway.complete(ask(hints=hints), ALICE)).dropped == named
    assert (await house.gateway.complete(ask(hints=hints), LOWERING)).dropped == ()
