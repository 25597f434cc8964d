"""A tier that the client names and that has no answer says so, and that another try is in vain."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.errors import NoUsableAnswer
from router.library import Gateway
from router.types import ChatRequest, Message

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
