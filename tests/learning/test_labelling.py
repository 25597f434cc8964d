"""Labels: whom to ask what, what it costs, and how an answer becomes a row."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.learning.dataset import Options, build
from router.learning.labelling import LEAST_TIMED, askable, item_of, minutes_of
from router.learning.rows import Kind, Source
from router.ledger.past_request import PastRequest
from router.ledger.tables.past_requests import past_requests
from router.privacy.encryption import NO_KEYS
from router.request.review_verdicts import Judgement
from router.types import ReviewVerdict
from tests.kits.books.feedback_kit import Learning, learning
from tests.kits.books.ledger_rows import NOW_MS

TEXT = "user: Hello\n\nassistant: Yes?\n\nuser: Where is my parcel?"


async def house_with(house: Learning, store: str = "redacted", name: str = "r1") -> None:
    await house.answered(name, store=store)
    await house.texts.put(name, "acme", "prompt", TEXT, store=store, retention_days=10)


def past(house: Learning) -> list[PastRequest]:
    now_ms = house.clock.at_ms
    return list(past_requests(house.ledger.database, NO_KEYS, now_ms, None, None, None))


async def ask(house: Learning) -> str:
    """Asks for one label; returns the id of its review."""
    (text,), pace = askable(past(house), "department")
    minutes = minutes_of(text.text, pace)
    item = item_of(text, "department", "shipping", 0.41, minutes, NOW_MS)
    await house.desk.add(item)
    return item.review_id


@pytest.mark.parametrize(
    ("verdict", "said", "label"),
    [
        (ReviewVerdict.APPROVE, "", "shipping"),
        (ReviewVerdict.CORRECT, " returns ", "returns"),
        (ReviewVerdict.REJECT, "", None),
    ],
)
async def test_reviewers_label_becomes_a_row(
    tmp_path: Path, verdict: ReviewVerdict, said: str, label: str | None
) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        review = await ask(house)
        await house.reviewer.decide(review, None, Judgement(verdict, 0.3, said))
        dataset = build(past(house), Options(dev=0.0, test=0.0))
    assert [row.label for row in dataset.rows] == ([] if label is None else [label])
    for row in dataset.rows:
        assert (row.kind, row.head, row.source) == (Kind.LABEL, "department", Source.LABEL_QUEUE)
        assert row.text == "Where is my parcel?"
    assert dataset.dropped == ({} if label else {"no_class": 1})


async def test_label_is_no_word_on_the_answer(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        review = await ask(house)
        await house.reviewer.decide(review, None, Judgement(ReviewVerdict.REJECT, 1.0))
        assert await house.feedback.of("r1") == []
        assert await house.desk.of_request("r1") is None


async def test_minutes_of_a_label_are_booked_beside_those_of_a_verdict(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        label, verdict = await ask(house), await house.handed_over("r1")
        for review in (label, verdict):
            await house.reviewer.decide(review, None, Judgement(ReviewVerdict.REJECT, 2.0))
        rows = [await house.ledger.get(name, None) for name in ("r1-label-department", "r1-review")]
    assert [row is not None and row.cost_nano_usd for row in rows] == [2 * 10**9, 2 * 10**9]


async def test_nothing_is_asked_of_texts_that_may_not_be_kept(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house_with(house, "none")
        assert askable(past(house), "department")[0] == []


async def test_nobody_is_asked_twice_for_one_head(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        await ask(house)
        assert askable(past(house), "department")[0] == []
        assert len(askable(past(house), "priority")[0]) == 1


async def test_question_in_the_queue_ends_with_its_text(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        await ask(house)
        (item,) = await house.desk.list(None)
        assert (item.question, item.suggested) == ("Where is my parcel?", "shipping")
        house.texts.erase("acme")
        (item,) = await house.desk.list(None)
        assert item.question == ""


async def test_reviewers_own_pace_counts_from_five_labels_on(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        for number in range(LEAST_TIMED):
            await house_with(house, name=f"r{number}")
            text = askable(past(house), "department")[0][0]
            item = item_of(text, "department", "shipping", 0.4, 0.2, NOW_MS)
            await house.desk.add(item)
            minutes = 2 * minutes_of(text.text)
            await house.reviewer.decide(
                item.review_id, None, Judgement(ReviewVerdict.APPROVE, minutes)
            )
            pace = askable(past(house), "department")[1]
            assert pace == (2.0 if number == LEAST_TIMED - 1 else 1.0)
