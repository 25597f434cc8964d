"""A tier that has no answer says so, and that another try is in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import CannotAnswer, NoUsableAnswer
from router.library import Gateway
from router.types import ChatRequest, Message, Reason
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import low

POEM = "Compose a limerick about yaks."


@pytest.mark.parametrize("policy", ["default", "customer_support"])
def test_a_named_tier_without_an_answer_tells_what_to_do(policy: str, tmp_path: Path) -> None:
    request = ChatRequest((Message("user", POEM),), "tier:resolve")
    with (
        Gateway.from_policy(policy, database=tmp_path / "ledger.db") as gateway,
        pytest.raises(NoUsableAnswer) as raised,
    ):
        gateway.complete(request)
    assert raised.value.status == 422
    assert raised.value.told.startswith(
        "tier:resolve has no answer to this request: what it knows and computes does not fit all "
        "of it. Ask for the model `auto`, so that another tier may answer, or ask in other words. "
        "Tried: approved_answers of tier resolve (nothing_to_resolve), exact of tier resolve"
    )


NO_SLOT = CannotAnswer("matched order, but the slot id has no value", reason=Reason.SLOT_UNFILLED)


async def test_a_request_that_all_decline_is_not_to_be_repeated(houses: Houses) -> None:
    """It was a 502, which clients repeat in vain, and said nothing of what to do."""
    house = houses([low(error=NO_SLOT)])
    with pytest.raises(NoUsableAnswer) as raised:
        await house.gateway.complete(ask(), ALICE)
    assert raised.value.status == 422
    assert raised.value.told.startswith(
        "Nothing that may answer this request has an answer to it. Matched order, but the slot id "
        "has no value. Send the value in `routing.context`, or ask in other words, or ask for "
        "another model. Tried: faq of tier resolve (slot_unfilled). The decision is "
    )
    assert "outage_lifts" not in raised.value.told


async def test_a_lookup_that_failed_may_be_tried_again(houses: Houses) -> None:
    failed = CannotAnswer("lookup crm: status 500", reason=Reason.SLOT_UNFILLED)
    failed.passes = True
    house = houses([low(error=failed)])
    with pytest.raises(CannotAnswer) as raised:
        await house.gateway.complete(ask(), ALICE)
    assert raised.value.status == 502
