"""A hint that the client's key may not give is named in the answer, and one that counts is not."""

from __future__ import annotations

import pytest

from router.types import Hints, Scope
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import RISKY, UNSURE, deep, low, mid

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


@pytest.mark.parametrize(
    ("model", "hints", "named"),
    [
        ("tier:llm", Hints(min_tier=3), ("routing.min_tier",)),
        ("tier:llm", Hints(max_tier=1), ("routing.max_tier",)),
        ("tier:resolve", Hints(confidence_floor=1.0), ("routing.confidence_floor",)),
        ("tier:llm", Hints(min_tier=2, max_tier=2, confidence_floor=1.0), ()),
        ("auto", Hints(min_tier=9), ("routing.min_tier",)),
        ("auto", Hints(min_tier=3), ()),
    ],
)
async def test_a_hint_that_does_not_hold_of_the_answer_is_named(
    houses: Houses, model: str, hints: Hints, named: tuple[str, ...]
) -> None:
    """Beside a named tier, and above the highest level, hints were ignored without a word."""
    house = houses([low(), mid(), deep()])
    request = replace(ask(hints=hints), requested_model=model)
    assert (await house.gateway.complete(request, LOWERING)).dropped == named


async def test_a_hard_rule_above_the_highest_level_that_is_asked_for_is_told(
    houses: Houses,
) -> None:
    house = houses([low(), mid(), deep()], signals=RISKY)
    outcome = await house.gateway.complete(ask(hints=Hints(max_tier=1)), LOWERING)
    assert (outcome.rung.level, outcome.dropped) == (3, ("routing.max_tier",))
