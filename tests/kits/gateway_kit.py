"""Makes three scripted tiers, and reads the result of a gateway built from them."""

from __future__ import annotations

from contextlib import aclosing

from router.types import AttemptState, Domain, Price, RequestRow
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, ScriptedTier

RISKY = replace(CALM, domain=Domain.MEDICAL, stakes_high=0.9)
UNSURE = replace(CALM, match=None)
THROUGH = {"default": "none"}


def low(**changes: object) -> ScriptedTier:
    scripted = {"kind": "resolver", "approved": True, "p": 0.95, "price": Price()}
    return ScriptedTier("faq", "resolve", 1, **(scripted | changes))


def mid(**changes: object) -> ScriptedTier:
    return ScriptedTier("mid", "llm", 2, **changes)


def deep(**changes: object) -> ScriptedTier:
    return ScriptedTier("deep", "reasoning", 3, **changes)


async def only_row(house: House) -> RequestRow:
    await house.gateway.drain()
    rows = list(house.ledger.rows())
    assert len(rows) == 1
    row = rows[0]
    assert sum(a.cost_nano_usd for a in row.attempts) == row.cost_nano_usd
    # Every row of a test must balance: costs add up, and no hold is left.
    assert not any(a.state is AttemptState.HELD for a in row.attempts)
    return row


async def drain(house: House, request: object) -> list[object]:
    async with aclosing(house.gateway.stream(request, ALICE)) as events:
        return [event async for event in events]
