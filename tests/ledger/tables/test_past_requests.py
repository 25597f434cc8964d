"""Finished requests with all that was told of them, as the ledger keeps it."""

from __future__ import annotations

from pathlib import Path

from router.ledger.past_request import PastRequest
from router.ledger.tables.past_requests import PAGE, past_requests
from router.money.days import DAY_MS
from router.privacy.encryption import NO_KEYS, TextKeys
from router.request.review_verdicts import Judgement
from router.types import FeedbackSource, ReviewVerdict
from tests.kits.books.feedback_kit import Learning, learning, said
from tests.kits.books.ledger_rows import NOW_MS


async def keep(house: Learning, name: str, store: str, **texts: str) -> None:
    await house.answered(name, store=store)
    for kind, text in texts.items():
        await house.texts.put(name, "acme", kind, text, store=store, retention_days=10)


def read(
    house: Learning, keys: TextKeys = NO_KEYS, page_size: int = PAGE
) -> dict[str, PastRequest]:
    database, now_ms = house.ledger.database, house.clock.at_ms
    found = past_requests(database, keys, now_ms, None, None, None, page_size)
    return {one.row.request_id: one for one in found}


async def test_words_texts_and_reviews_come_with_their_request(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await keep(house, "r1", "redacted", prompt="user: Mail jo@example.com", answer="Done.")
        await keep(house, "r2", "none", prompt="user: not kept")
        await house.feedback.add(said("r2", correct=True))
        review = await house.handed_over("r1")
        judgement = Judgement(ReviewVerdict.CORRECT, 2.0, "Not done.", "jo", reason="It is open.")
        await house.reviewer.decide(review, None, judgement)
        found = read(house)
    assert found["r1"].texts["prompt"].content == "user: Mail [EMAIL]"
    assert found["r1"].texts["reviewed"].content == "Not done."
    assert found["r1"].texts["reviewed.reason"].content == "It is open."
    assert found["r1"].words[FeedbackSource.REVIEW].correct is False
    assert [case.item.review_id for case in found["r1"].reviews] == [review]
    assert (found["r2"].texts, found["r2"].words[FeedbackSource.CLIENT].correct) == ({}, True)


async def test_expired_texts_are_not_given(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await keep(house, "r1", "full", prompt="user: Hello")
        assert read(house)["r1"].texts["prompt"].expires_at_ms == NOW_MS + 10 * DAY_MS
        house.clock.at_ms += 11 * DAY_MS
        assert read(house)["r1"].texts == {}


async def test_erased_texts_are_not_given(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await keep(house, "r1", "full", prompt="user: Hello")
        house.texts.erase("acme")
        assert read(house)["r1"].texts == {}


async def test_all_pages_come(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        for number in range(5):
            await house.answered(f"r{number}")
        assert list(read(house, page_size=2)) == [f"r{number}" for number in range(5)]
