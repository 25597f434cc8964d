"""A reviewer reads by which words a phrase was found, where the text itself is kept."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Sequence

import pytest

from router.ledger.tables.texts import waiting_rows
from router.privacy.encryption import NO_KEYS
from router.types import Message, ReviewItem
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, Houses, ask
from tests.kits.gateway_kit import RISKY, deep, low, mid

FOUND = replace(RISKY, risk_terms=("medical_emergency:en",))
ABROAD = Message("user", "He cannot breathe, says Ann (ann@example.org)")


def find(texts: Sequence[str], names: Collection[str]) -> list[str]:
    assert names == ("medical_emergency:en",)
    found = any("breathe" in text for text in texts)
    return ["medical_emergency:en: breathe ann@example.org"] if found else []


async def reviewed(
    houses: Houses, earlier: tuple[Message, ...], text: str, waiting: str
) -> ReviewItem:
    rules = {"default": "review", "by_domain": {}}
    house = houses(
        [low(), mid(), deep(p=0.1)], signals=FOUND, exhausted=rules, privacy={"waiting": waiting}
    )
    runtime = dataclasses.replace(house.gateway.router.default, found_words=find)
    house.gateway.router.swap({"test": runtime})
    request = ask(text)
    await house.gateway.complete(replace(request, messages=(*earlier, *request.messages)), ALICE)
    (item,) = house.reviews.items
    return item


@pytest.mark.parametrize(
    ("earlier", "text"), [((), "I cannot breathe"), ((ABROAD,), "What now, please?")]
)
async def test_facts_of_a_review_have_the_words(
    houses: Houses, earlier: tuple[Message, ...], text: str
) -> None:
    item = await reviewed(houses, earlier, text, "redacted")
    told = [fact for fact in item.facts if fact.startswith("words found")]
    assert told == ["words found for medical emergency (en): breathe ann@example.org"]
    kept = "".join(str(row) for row in waiting_rows(NO_KEYS, item))
    assert "words found for medical emergency (en): breathe [EMAIL]" in kept


async def test_no_words_are_kept_where_no_text_is(houses: Houses) -> None:
    item = await reviewed(houses, (), "I cannot breathe", "none")
    assert waiting_rows(NO_KEYS, item) == []
