"""Makes three scripted tiers, and reads the result of a gateway built from them."""

from __future__ import annotations

import dataclasses
from contextlib import aclosing

from router.types import AttemptState, Domain, Price, RequestRow
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, ScriptedTier
from tiers.words_only import WordsOnly

RISKY = replace(CALM, domain=Domain.MEDICAL, stakes_high=0.9)
UNSURE = replace(CALM, match=None)
DOUBTFUL = replace(UNSURE, impact_nano_usd=4_000 * 10**9)  # worth a climb from an answer of low p
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
    rows = list(requests_in(house.ledger))
    assert len(rows) == 1
    row = rows[0]
    assert sum(a.cost_nano_usd for a in row.attempts) == row.cost_nano_usd
    # Every row of a test must balance: costs add up, and no hold is left.
    assert not any(a.state is AttemptState.HELD for a in row.attempts)
    return row


async def drain(house: House, request: object) -> list[object]:
    async with aclosing(house.gateway.stream(request, ALICE)) as events:
        return [event async for event in events]


def words_about(domain: Domain, language: str) -> str:
    return f"I am sorry, I can't answer this about {domain.value}."


def words_only(house: House) -> House:
    """Returns the house with its answerers of level 2 held to approved words."""
    runtime = house.gateway.router.runtimes["test"]
    plans = []
    for plan in runtime.plans:
        only = WordsOnly(plan.answerer, words_about)
        held = replace(plan, answerer=only, facts=only.facts, previews=only.preview)
        plans.append(held if plan.facts.level == 2 else plan)
    house.gateway.router.swap({"test": dataclasses.replace(runtime, plans=tuple(plans))})
    return house
