"""An untrusted answer waits for a person: the holding text goes out, the draft is kept."""

from __future__ import annotations

import asyncio

import pytest

from router.errors import AnswererError
from router.ledger.tables.texts import TextStore
from router.types import Committed, Outcome, RequestState, ResponseFormat, Verdict
from tests.kits.fakes import ALICE, Clock, Houses, ask
from tests.kits.gateway_kit import UNSURE, drain, low, mid

HOLD = {
    "exhausted": {"default": "hold", "by_domain": {}},
    "privacy": {"store": "full"},
    "verify_mid": {"default": "full"},
}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_doubted_answer_is_held_and_kept_as_a_draft(houses: Houses, stream: bool) -> None:
    house = houses([low(), mid(p=0.2)], signals=UNSURE, **HOLD)
    events = await drain(house, ask(stream=stream))
    outcome = events[-1]
    assert isinstance(outcome, Outcome)
    assert isinstance(events[0], Committed)
    assert outcome.verdict is Verdict.HELD
    assert outcome.answer is not None
    assert outcome.review_id in outcome.answer.text
    assert events[0].review_id == outcome.review_id
    texts = TextStore(house.ledger.database, Clock())
    assert await texts.get(outcome.request_id, None, "draft") == "an answer"


async def test_an_emergency_is_never_held(houses: Houses) -> None:
    house = houses([low(), mid(p=0.2)], signals=UNSURE, **HOLD)
    outcome = await house.gateway.complete(ask("an emergency"), ALICE)
    assert outcome.verdict is Verdict.SAFE_ANSWER
    assert len(house.reviews.items) == 1


async def test_a_promised_shape_is_not_held(houses: Houses) -> None:
    house = houses([low(), mid(p=0.2)], signals=UNSURE, **HOLD)
    shaped = ask(response_format=ResponseFormat("json_object"))
    with pytest.raises(AnswererError):
        await house.gateway.complete(shaped, ALICE)
    assert house.reviews.items == []


async def test_row_of_a_client_that_left_names_the_matter_that_waits(houses: Houses) -> None:
    house = houses([low(), mid(p=0.2)], signals=UNSURE, **HOLD)
    house.reviews.open.clear()
    asking = asyncio.create_task(house.gateway.complete(ask(), ALICE))
    await house.reviews.added.wait()
    asking.cancel()
    await asyncio.wait({asking})
    await house.gateway.drain()
    (item,) = house.reviews.items
    row = await house.ledger.get(item.request_id, None)
    assert row is not None
    assert (row.state, row.review_id) == (RequestState.CANCELLED, item.review_id)
