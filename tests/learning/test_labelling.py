"""Labels: whom to ask what, what it costs, and how an answer becomes a row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from router.api.compose.answerers.told import ToldBook
from router.errors import RequestError
from router.learning.dataset import Options, build
from router.learning.labelling import (
    LEAST_TIMED,
    askable,
    item_of,
    minutes_of,
    withdrawn_labels,
)
from router.learning.rows import Kind, Source, row_id
from router.ledger.past_request import PastRequest
from router.ledger.set_aside import SetAside
from router.ledger.tables.past_requests import past_requests
from router.privacy.encryption import NO_KEYS
from router.request.review_verdicts import Judgement
from router.types import ReviewVerdict
from tests.kits.books.feedback_kit import Learning, learning, said
from tests.kits.books.ledger_rows import NOW_MS
from tests.kits.changed import replace

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


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({"reviewer": "mia"}, False),
        ({"key_id": "key_7"}, False),
        ({"tenant": "acme", "head": "department"}, False),
        ({"head": "department", "requests": frozenset({"r1"})}, False),
        ({"reviewer": "ben"}, True),
        ({"head": "priority"}, True),
        ({"head": "department", "requests": frozenset({"r2"})}, True),
        ({"reviewer": "mia", "at_ms": NOW_MS - 1}, True),
    ],
)
async def test_label_that_was_set_aside_is_in_no_dataset(
    tmp_path: Path, changes: dict[str, Any], counts: bool
) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        review = await ask(house)
        given = Judgement(ReviewVerdict.APPROVE, 0.3, by="mia", key_id="key_7")
        await house.reviewer.decide(review, None, given)
        book = ToldBook(house.ledger.database, house.clock)
        entry = SetAside(**{"at_ms": NOW_MS, "by": "op", "because": "wrong", **changes})
        assert book.put_aside(entry) == (0, int(not counts))
        dataset = build(past(house), Options(dev=0.0, test=0.0))
        assert [(row.reviewer, row.key_id) for row in dataset.rows] == [("mia", "key_7")] * counts
        assert dataset.dropped == ({} if counts else {"withdrawn": 1})
        # It is known which row left, and nobody is asked again.
        one = past(house)[0]
        name = row_id(Kind.LABEL, "department", "r1")
        assert withdrawn_labels(one, "department") == [(name, "shipping")] * (not counts)
        assert askable([one], "department")[0] == []
        book.put_aside(replace(entry, lifted=True))
        assert len(build(past(house), Options(dev=0.0, test=0.0)).rows) == 1


async def test_verdict_of_a_reviewer_whose_words_are_set_aside_is_in_no_dataset(
    tmp_path: Path,
) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        await house.texts.put("r1", "acme", "answer", "It is", store="redacted", retention_days=10)
        await house.feedback.add(said("r1", correct=True))
        review = await house.handed_over("r1")
        wrong = Judgement(
            ReviewVerdict.REJECT, 1.0, by="mia", key_id="key_7", reason="It is out of date."
        )
        await house.reviewer.decide(review, None, wrong)
        (row,) = build(past(house), Options()).rows
        assert (row.right, row.reason) == (False, "It is out of date.")
        book = ToldBook(house.ledger.database, house.clock)
        assert book.put_aside(SetAside(NOW_MS, "op", "wrong", reviewer="mia")) == (1, 0)
        # The client's word counts in its place, without the reviewer's reason.
        (row,) = build(past(house), Options()).rows
        assert (row.right, row.reason) == (True, "")


KNOWN_CLASSES = ("billing", "shipping", "returns")


async def labelled(
    house: Learning, label: str, *, new: bool = False, classes: tuple[str, ...] = KNOWN_CLASSES
) -> str:
    """Returns the label that stands after a reviewer gave this one."""
    await house_with(house)
    text = askable(past(house), "department")[0][0]
    item = item_of(text, "department", "shipping", 0.41, 0.2, NOW_MS, classes)
    await house.desk.add(item)
    said = Judgement(ReviewVerdict.CORRECT, 0.1, label, new_class=new)
    return str((await house.reviewer.decide(item.review_id, None, said)).answer)


@pytest.mark.parametrize(
    ("label", "near"), [("nonsense-label", ""), ("biling", "; the closest is 'billing'")]
)
async def test_label_that_is_no_class_is_refused_with_the_classes(
    tmp_path: Path, label: str, near: str
) -> None:
    async with learning(tmp_path) as house:
        with pytest.raises(RequestError) as refused:
            await labelled(house, label)
        assert refused.value.param == "corrected"
        assert f"{label!r} is no class of the head department{near}." in refused.value.message
        assert "Its classes are billing, shipping, returns." in refused.value.message
        assert len(await house.desk.list(None)) == 1  # it still waits


@pytest.mark.parametrize(
    ("label", "new", "classes", "stands"),
    [
        (" Billing ", False, KNOWN_CLASSES, "billing"),
        ("solar", True, KNOWN_CLASSES, "solar"),
        ("solar", False, (), "solar"),  # asked by an older version
    ],
)
async def test_label_is_a_class_in_its_spelling_or_said_to_be_new(
    tmp_path: Path, label: str, new: bool, classes: tuple[str, ...], stands: str
) -> None:
    async with learning(tmp_path) as house:
        assert await labelled(house, label, new=new, classes=classes) == stands


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


async def test_dataset_has_a_reviewers_words_redacted_as_the_prompt_is(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        await house_with(house)
        await house.texts.put("r1", "acme", "answer", "It is", store="redacted", retention_days=10)
        said = Judgement(ReviewVerdict.CORRECT, 1.0, "Write to jo@example.com")
        await house.reviewer.decide(await house.handed_over("r1"), None, said)
        preferred = [row.preferred for row in build(past(house), Options()).rows if row.preferred]
        assert preferred == ["Write to [EMAIL]"]
