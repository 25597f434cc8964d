"""Tests the text of matters that wait for a person: who reads it, and when it is gone."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import pytest

from router import Gateway
from router.api.compose.books import Books
from router.ledger.sql.database import Database
from router.ledger.tables.reviews import SqlReviewQueue
from router.ledger.tables.texts import TextStore
from router.privacy.encryption import TextKeys
from router.request.review_verdicts import Judgement
from router.types import Domain, ReviewCase, ReviewItem, ReviewVerdict
from tests.kits.books.feedback_kit import learning
from tests.kits.books.ledger_files import ledger_bytes
from tests.kits.books.ledger_rows import NOW_MS, StandingClock
from tests.kits.changed import replace
from tests.kits.upstreams.fake_upstream import FakeUpstream

DAY_MS = 86_400_000
FACTS = ("party: Jo", "date: 1 May")
KEYS = TextKeys({"k1": b"1" * 32})


def item(name: str = "r1", tenant: str = "acme") -> ReviewItem:
    asked = ("pending", "mail jo@example.com\nnow", FACTS, "full")
    return ReviewItem(f"rev_{name}", name, tenant, Domain.MEDICAL, NOW_MS, *asked)


@pytest.mark.parametrize(
    ("store", "question", "facts"),
    [
        ("none", "", ()),
        ("redacted", "mail [EMAIL]\nnow", FACTS),
        ("full", "mail jo@example.com\nnow", FACTS),
    ],
)
async def test_every_worker_reads_what_the_policy_keeps(
    address: str, store: str, question: str, facts: tuple[str, ...]
) -> None:
    clock = StandingClock()
    with contextlib.closing(Database.open(address)) as database:
        for _ in range(2):
            await SqlReviewQueue(database, clock=clock).add(replace(item(), store=store))
    with contextlib.closing(Database.open(address)) as other:
        (kept,) = await SqlReviewQueue(other, clock=clock).list(None)
    assert (kept.question, kept.facts) == (question, facts)
    assert (kept.store == "none") is (store == "none")


class Watched(TextKeys, frozen=True):
    """Notes which threads sealed a text, which they had redacted before."""

    threads: ClassVar[list[threading.Thread]] = []

    def sealed(self, text: str, nonce: bytes, about: str) -> str:
        self.threads.append(threading.current_thread())
        return super().sealed(text, nonce, about)


async def test_text_is_redacted_beside_the_loop(tmp_path: Path) -> None:
    with contextlib.closing(Database.open(str(tmp_path / "ledger.db"))) as database:
        keys = Watched()
        texts = TextStore(database, StandingClock(), keys)
        await texts.put(
            "r1", "acme", "prompt", "mail jo@example.com", store="redacted", retention_days=1
        )
        assert await texts.get("r1", "acme", "prompt") == "mail [EMAIL]"
    assert threading.main_thread() not in keys.threads


async def test_text_ends_with_its_time(address: str) -> None:
    clock = StandingClock()
    with contextlib.closing(Database.open(address)) as database:
        queue = SqlReviewQueue(database, clock=clock)
        await queue.add(replace(item(), retention_days=2))
        clock.at_ms = NOW_MS + 2 * DAY_MS - 1
        assert [one.question for one in await queue.list(None)] != [""]
        clock.at_ms += 1
        assert [(one.question, one.store) for one in await queue.list(None)] == [("", "full")]
        assert TextStore(database, clock).purge_expired() == 2


async def test_erased_tenant_leaves_no_text(address: str) -> None:
    clock = StandingClock()
    with contextlib.closing(Database.open(address)) as database:
        queue = SqlReviewQueue(database, clock=clock)
        for name, tenant in (("r1", "acme"), ("r2", "bolt")):
            await queue.add(item(name, tenant))
        assert TextStore(database, clock).erase("acme").texts == 2
        kept = {one.tenant: (one.question, one.facts) for one in await queue.list(None)}
    assert kept == {"acme": ("", ()), "bolt": ("mail jo@example.com\nnow", FACTS)}


async def test_text_is_sealed_where_there_are_keys(tmp_path: Path) -> None:
    clock, keys = StandingClock(), KEYS
    with contextlib.closing(Database.open(tmp_path / "ledger.db")) as database:
        await SqlReviewQueue(database, clock=clock, keys=keys).add(item())
        (opened,) = await SqlReviewQueue(database, clock=clock, keys=keys).list(None)
        (closed,) = await SqlReviewQueue(database, clock=clock).list(None)
    assert (opened.question, opened.facts) == (item().question, FACTS)
    assert (closed.question, closed.facts) == ("", ())
    assert b"jo@example.com" not in ledger_bytes(tmp_path / "ledger.db")


@pytest.mark.parametrize("question", ["tgt1.k1.no base64", "tgt1..", "tgt1."])
@pytest.mark.parametrize("keys", [TextKeys(), KEYS], ids=["open", "sealed"])
async def test_nobody_hides_words_by_writing_them_like_sealed_ones(
    tmp_path: Path, question: str, keys: TextKeys
) -> None:
    clock = StandingClock()
    with contextlib.closing(Database.open(tmp_path / "ledger.db")) as database:
        queue = SqlReviewQueue(database, clock=clock, keys=keys)
        await queue.add(replace(item(), question=question))
        (kept,) = await queue.list(None)
        (later,) = await SqlReviewQueue(database, clock=clock, keys=KEYS).list(None)
    assert (kept.question, later.question) == (question, question)


def test_what_was_changed_opens_nothing() -> None:
    assert KEYS.opened("tgt1.k1.%", "r1 question") is None


@pytest.mark.parametrize(("store", "kept"), [("none", 0), ("full", 3)])
@pytest.mark.parametrize("verdict", [True, False])
async def test_text_goes_with_the_wait_where_the_policy_stores_none(
    tmp_path: Path, address: str, store: str, kept: int, verdict: bool
) -> None:
    async with learning(tmp_path, address) as house:
        await house.answered("r1", store=store)
        await house.desk.add(item())
        await house.texts.put("r1", "acme", "draft", "a draft", store="full", retention_days=9)
        if verdict:
            said = Judgement(ReviewVerdict.REJECT, 1.0)
            await house.reviewer.decide("rev_r1", None, said)
        else:
            assert not await house.desk.resolve("rev_r1", "other")
            assert await house.texts.get("r1", None, "question") is not None
            assert await house.desk.resolve("rev_r1", None)
        for_all = [await house.texts.get("r1", None, "question")]
        for_all += [await house.texts.get("r1", None, "facts")]
        for_all += [await house.texts.get("r1", None, "draft")]
        assert sum(text is not None for text in for_all) == kept


@pytest.mark.parametrize(("store", "kept"), [("none", False), ("full", True)])
async def test_draft_that_comes_after_the_verdict_follows_the_policy(
    tmp_path: Path, address: str, store: str, kept: bool
) -> None:
    async with learning(tmp_path, address) as house:
        await house.answered("r1", store=store)
        await house.desk.add(item())
        await house.reviewer.decide("rev_r1", None, Judgement(ReviewVerdict.REJECT, 1.0))
        await house.texts.put("r1", "acme", "draft", "a draft", store="full", retention_days=9)
        assert (await house.texts.get("r1", None, "draft") is not None) is kept


POLICY = """
version: 1
name: waits
privacy: {{store: none{more}}}
exhausted: {{default: review, by_domain: {{}}}}
tiers:
  - name: llm
    level: 2
    answerers:
      - name: mini
        kind: upstream
        model: answer
        base_urls: ["{url}"]
        verify: {{default: full}}
        ability: {{theta: -9.0, labels: 100}}
"""


def read_again(database: Path) -> tuple[ReviewCase | None, int, int]:
    """Returns the matter that waits, and how many texts are about its customer, then afterwards."""
    with Books.open(database, environ={}) as books:
        (waiting,) = books.reviews(None)
        case = books.review(waiting.review_id)
        about = books.subjects({}).erase(["14 Long Lane"], None)
        return case, len(about.texts), len(books.subjects({}).find(["14 Long Lane"], None).texts)


@pytest.mark.parametrize(
    ("more", "question", "texts"),
    [
        ("", "Where does [EMAIL] of 14 Long Lane live?", 1),
        (", waiting: full", "Where does jo@example.com of 14 Long Lane live?", 1),
        (", waiting: none", "", 0),
    ],
)
async def test_person_reads_question_with_draft_after_the_server_is_gone(
    tmp_path: Path, fake: FakeUpstream, more: str, question: str, texts: int
) -> None:
    path, database = tmp_path / "waits.yaml", tmp_path / "ledger.db"
    path.write_text(POLICY.format(url=fake.url, more=more))
    async with Gateway.from_policy(path, database=database) as gateway:
        await gateway.acomplete("Where does jo@example.com of 14 Long Lane live?")
    case, about, left = await asyncio.to_thread(read_again, database)
    assert case is not None
    assert (case.item.question, bool(case.draft)) == (question, more != ", waiting: none")
    assert (about, left) == (texts, 0)


def kept_of(database: Path) -> tuple[str | None, Mapping[str, int]]:
    """Returns the draft of the matter that waits, and how many texts are stored by kind."""
    with Books.open(database, environ={}) as books:
        (waiting,) = books.reviews(None)
        case = books.review(waiting.review_id)
        return None if case is None else case.draft, books.privacy_figures().texts


@pytest.mark.parametrize(("waiting", "kinds"), [("none", 0), ("full", 3)])
async def test_draft_with_tags_is_kept_as_the_policy_says(
    tmp_path: Path, fake: FakeUpstream, waiting: str, kinds: int
) -> None:
    path, database = tmp_path / "waits.yaml", tmp_path / "ledger.db"
    policy = POLICY.replace("model: answer", "model: mirror")
    path.write_text(policy.format(url=fake.url, more=f", waiting: {waiting}, pseudonyms: {{}}"))
    async with Gateway.from_policy(path, database=database) as gateway:
        await gateway.acomplete("Where does jo@example.com of 14 Long Lane live?")
    draft, texts = await asyncio.to_thread(kept_of, database)
    assert (draft is not None, len(texts)) == (kinds > 0, kinds)
    assert "jo@example.com" not in (draft or "")
