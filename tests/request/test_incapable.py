"""A request that no answerer can take is refused before any call, and still has its row."""

from __future__ import annotations

import pytest

from router.errors import NotCapable
from router.ledger.aggregates import Ending
from router.ledger.row_reading import ending_of
from router.routing.decision_record import parse
from router.types import (
    AnswererFacts,
    Capability,
    ChatRequest,
    ContentPart,
    Hints,
    JsonText,
    Message,
    Reason,
    RequestState,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import UNSURE, drain, only_row


class Blind(ScriptedTier):
    """Takes no images."""

    @property
    def facts(self) -> AnswererFacts:
        return replace(super().facts, capabilities=frozenset(Capability) - {Capability.IMAGES})


def blind() -> list[ScriptedTier]:
    named = (("faq", "resolve"), ("mid", "llm"), ("deep", "reasoning"))
    return [Blind(name, tier, level) for level, (name, tier) in enumerate(named, start=1)]


PICTURE = Message("user", "what is it?", (ContentPart("image_url", JsonText("{}")),))


def pictured(**changes: object) -> ChatRequest:
    return replace(ask(), messages=(PICTURE,), **changes)


@pytest.mark.parametrize("stream", [False, True])
async def test_a_picture_that_no_answerer_reads_leaves_a_row(houses: Houses, stream: bool) -> None:
    tiers = blind()
    house = houses(tiers, signals=UNSURE)
    asked = pictured(stream=stream)
    work = drain(house, asked) if stream else house.gateway.complete(asked, ALICE)
    with pytest.raises(NotCapable, match="holds images") as raised:
        await work
    row = await only_row(house)
    assert (row.state, row.error_code) == (RequestState.FAILED, "unsupported_capability")
    assert (row.reason, ending_of(row)) == (Reason.NOT_CAPABLE, Ending.REFUSED)
    assert (raised.value.request_id, sum(tier.calls for tier in tiers)) == (row.request_id, 0)
    assert (row.cost_nano_usd, row.verdict) == (0, "")


async def test_its_record_says_what_each_rung_lacked(houses: Houses) -> None:
    house = houses(blind(), signals=UNSURE)
    with pytest.raises(NotCapable):
        await house.gateway.complete(pictured(), ALICE)
    record = parse((await only_row(house)).record)
    assert all(fact.missing for fact in record.facts)
    assert [rung.reasons for rung in record.decision.rungs] == [(Reason.NOT_CAPABLE,)] * 3
    assert not any(rung.taken for rung in record.decision.rungs)


async def test_a_dry_run_of_it_leaves_none(houses: Houses) -> None:
    house = houses(blind(), signals=UNSURE)
    with pytest.raises(NotCapable, match="holds images"):
        await house.gateway.complete(pictured(hints=Hints(dry_run=True)), ALICE)
    await house.gateway.drain()
    assert not list(requests_in(house.ledger))
