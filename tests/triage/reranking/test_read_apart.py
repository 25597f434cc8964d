"""Answers are read with texts on a thread of their own: requests beside them do not wait."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from router.stats.heads import Embeddings
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextBatch
from router.triage.engine import MAX_BATCH, EngineResult, TriageEngine
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel
from router.types import Match, MatchBasis

INTENTS = [
    ("parcel", ["what does delivery cost", "postage abroad"]),
    ("refund", ["I want my money back", "how do refunds work"]),
    ("story", ["tell me a story", "read me a story aloud", "story time"]),
]
READ = "how much is it to have my order brought to me"
"""A text that is read with its answers."""
LIFT_S = 60


class SlowReads:
    """Reads READ and texts like it, once the gate is open, and keeps what came at once."""

    highest = 0.95

    def __init__(self) -> None:
        self.texts: list[list[str]] = []
        self.threads = set[str]()
        self.gate, self.began = threading.Event(), threading.Event()
        self.fails = False
        self.busy_s = 0.0  # of processor time

    def wants(self, match: Match | None) -> bool:
        return match is not None and match.intent_id == "parcel"

    def __call__(
        self, texts: Sequence[str], vectors: Embeddings, matches: Sequence[Match | None]
    ) -> list[Match | None]:
        assert len(vectors) == len(texts) == len(matches)
        self.began.set()
        assert self.gate.wait(timeout=LIFT_S)
        self.texts.append(list(texts))
        until = time.thread_time() + self.busy_s
        while time.thread_time() < until:
            pass
        self.threads.add(threading.current_thread().name)
        if self.fails:
            self.fails = False
            raise RuntimeError("no answer can be read")
        return [Match("refund", 0.5, 0.5, 0.5, basis=MatchBasis.RERANKED) for _ in texts]


class CountingShelf:
    """Judges each match as good, and counts the texts that it is asked about."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def judged(
        self, text: str, match: Match | None, gloss: str = "", *, unread: bool = False
    ) -> Match | None:
        self.texts.append(text)
        return match

    def telling_both(self, text: str, match: Match | None) -> Match | None:
        return match


class Asking:
    """Asks one engine by one configuration."""

    def __init__(self, model: TriageModel) -> None:
        self.reads = SlowReads()
        self.shelf = CountingShelf()
        knowledge = KnowledgeIndex.build(model, KnowledgeTexts(INTENTS))
        self.config = TriageConfig(
            TermFinder({}),
            AmountReader({"usd": 1.0}),
            knowledge,
            shelf=self.shelf,
            rerank=self.reads,
        )
        self.engine = TriageEngine(model)

    def ask(self, *texts: str) -> asyncio.Task[EngineResult]:
        return asyncio.create_task(self.engine.read(texts, (), self.config))

    async def reading(self) -> None:
        """Waits until answers are being read."""
        assert await asyncio.to_thread(self.reads.began.wait, LIFT_S)


Made = Callable[..., Asking]


@pytest.fixture
async def asking(model: TriageModel) -> AsyncIterator[Made]:
    made: list[Asking] = []

    def make() -> Asking:
        made.append(Asking(model))
        return made[-1]

    yield make
    for one in made:
        one.reads.gate.set()
        one.engine.close()


def basis(result: EngineResult) -> MatchBasis | None:
    match = result.readings[0].match
    return None if match is None else match.basis


async def test_a_request_beside_one_that_is_read_does_not_wait_for_it(asking: Made) -> None:
    one = asking()
    read, other = one.ask(READ), one.ask("I want my money back")
    await one.reading()
    assert basis(await asyncio.wait_for(other, LIFT_S)) is MatchBasis.WRITTEN
    assert not read.done()
    one.reads.gate.set()
    assert basis(await read) is MatchBasis.RERANKED
    assert one.reads.threads == {"triage-answers"}


async def test_requests_that_come_later_do_not_wait_either(asking: Made) -> None:
    one = asking()
    read = one.ask(READ)
    await one.reading()
    later = [one.ask(f"tell me a story about {animal}") for animal in ("owls", "bees", "cats")]
    results = await asyncio.wait_for(asyncio.gather(*later), LIFT_S)
    assert [result.readings[0].degraded for result in results] == [False] * 3
    assert not read.done()
    one.reads.gate.set()
    assert basis(await read) is MatchBasis.RERANKED


async def test_texts_do_not_wait_until_what_reads_answers_is_opened(asking: Made) -> None:
    one = asking()
    one.reads.gate.set()
    opens, steps = threading.Event(), list[str]()

    def opened() -> None:
        assert opens.wait(timeout=LIFT_S)
        steps.append(threading.current_thread().name)

    one.engine.before_answers(opened)
    one.engine.start()
    others = [one.ask(f"tell me a story about {animal}") for animal in ("owls", "bees")]
    read = one.ask(READ)
    await asyncio.wait_for(asyncio.gather(*others), LIFT_S)
    assert not read.done()
    opens.set()
    assert basis(await read) is MatchBasis.RERANKED
    assert steps == ["triage-answers"]


async def test_what_comes_while_answers_are_read_is_read_together(asking: Made) -> None:
    one = asking()
    tasks = [one.ask(READ)]
    await one.reading()
    for who in ("me", "my mum", "my office"):
        tasks.append(one.ask(f"how much is it to have my order brought to {who}"))
        await asyncio.wait_for(one.ask(f"tell me a story about {who}"), LIFT_S)
    one.reads.gate.set()
    assert [basis(result) for result in await asyncio.gather(*tasks)] == [MatchBasis.RERANKED] * 4
    assert [len(texts) for texts in one.reads.texts] == [1, 3]


async def test_a_request_without_a_client_is_not_read(asking: Made) -> None:
    one = asking()
    first = one.ask(READ)
    await one.reading()
    gone = one.ask(f"{READ} tomorrow")
    await asyncio.wait_for(one.ask("tell me a story"), LIFT_S)
    gone.cancel()
    await asyncio.wait([gone])
    one.reads.gate.set()
    await first
    await asyncio.wait_for(one.ask(f"{READ} today"), LIFT_S)
    assert [READ + " tomorrow" in texts for texts in one.reads.texts] == [False, False]


async def test_a_request_without_a_client_is_not_read_beside_one_that_has_one(
    asking: Made,
) -> None:
    one = asking()
    first = one.ask(READ)
    await one.reading()
    gone, waits = one.ask(f"{READ} tomorrow"), one.ask(f"{READ} today")
    await asyncio.wait_for(one.ask("tell me a story"), LIFT_S)
    gone.cancel()
    await asyncio.wait([gone])
    one.reads.gate.set()
    await first
    assert basis(await asyncio.wait_for(waits, LIFT_S)) is MatchBasis.RERANKED
    assert one.reads.texts == [[READ], [f"{READ} today"]]
    assert f"{READ} tomorrow" not in one.shelf.texts


async def test_each_text_of_a_mixed_batch_is_put_together_once(asking: Made) -> None:
    one = asking()
    one.reads.gate.set()
    texts = [READ, "tell me a story about owls", f"{READ} today", "I want my money back"]
    await asyncio.gather(*map(one.ask, texts))
    assert sorted(one.shelf.texts) == sorted(texts)


async def test_where_reading_fails_requests_keep_their_first_matches(
    asking: Made, caplog: pytest.LogCaptureFixture
) -> None:
    one = asking()
    one.reads.gate.set()
    one.reads.fails = True
    results = await asyncio.gather(one.ask(READ), one.ask("I want my money back"))
    first, other = [result.readings[0] for result in results]
    assert first.match is not None
    assert first.match.intent_id == "parcel"
    assert not first.degraded
    assert other.match is not None
    assert other.match.basis is MatchBasis.WRITTEN
    assert "no answer can be read" in caplog.text
    assert basis(await one.ask(f"{READ} tomorrow")) is MatchBasis.RERANKED


async def test_the_time_of_reading_counts_for_those_that_are_read(asking: Made) -> None:
    one = asking()
    one.reads.gate.set()
    one.reads.busy_s = 1.0
    read, other = await asyncio.gather(one.ask(READ), one.ask("I want my money back"))
    assert read.compute_ms >= 1000.0
    assert other.compute_ms < 1000.0


async def test_no_more_requests_are_read_at_once_than_in_a_batch(asking: Made) -> None:
    one = asking()
    first = one.ask(READ)
    await one.reading()
    tasks = [one.ask(f"{READ} for the {number}th time") for number in range(2 * MAX_BATCH)]
    await asyncio.wait_for(one.ask("tell me a story"), LIFT_S)
    one.reads.gate.set()
    await asyncio.gather(first, *tasks)
    assert sum(map(len, one.reads.texts)) == 2 * MAX_BATCH + 1
    assert max(map(len, one.reads.texts)) <= MAX_BATCH


async def test_many_of_both_kinds_all_get_their_own_readings(asking: Made) -> None:
    one = asking()
    one.reads.gate.set()
    texts = [
        text
        for number in range(40)
        for text in (f"{READ} for the {number}th time", f"tell me story number {number}")
    ]
    results = await asyncio.gather(*[one.ask(text) for text in texts])
    read = [basis(result) is MatchBasis.RERANKED for result in results]
    assert read == [text.startswith(READ) for text in texts]


async def test_a_batch_that_cannot_begin_to_read_answers_keeps_nobody_waiting(
    asking: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: TextBatch) -> None:
        raise RuntimeError("nothing can begin")

    monkeypatch.setattr(TextBatch, "begin_rerank", fail)
    result = await asyncio.wait_for(asking().ask(READ), LIFT_S)
    assert basis(result) is not MatchBasis.RERANKED
