"""Answers that are held back: a stream has the gateway's own pieces, a judge sees the passages."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import orjson
import pytest

from router.api.compose.clock import SystemClock
from router.policy.content.rubrics import load_rubric
from router.policy.schema import LocalAnswerer as LocalSection
from router.types import (
    Answer,
    Answerer,
    AnswererFacts,
    AnswererState,
    AnswererStatus,
    Call,
    ChatRequest,
    Choice,
    Delta,
    Role,
    Sealed,
    Usage,
    Work,
)
from router.wire.openai.answers import parse_completion
from router.wire.openai.render import deltas_of
from router.wire.openai.thought_signatures import KIND as SIGNATURE
from tests import ROOT
from tests.kits.local_kit import facts_of, never_called, work
from tiers.judged import Check, JudgedAnswerer
from tiers.steps import Passage, Passages, SteppedAnswerer

FACTS = facts_of(LocalSection(kind="local", name="local"))
RUBRIC = load_rubric(ROOT / "policies/rubrics/general.yaml")
CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "find", "arguments": "{}"},
    "extra_content": {"google": {"thought_signature": "AY89.a="}},
}


class Writer:
    """Gives one answer, whole or in pieces."""

    def __init__(self, answer: Answer) -> None:
        self.given = answer

    @property
    def facts(self) -> AnswererFacts:
        return FACTS

    def status(self) -> AnswererStatus:
        return AnswererStatus(AnswererState.READY)

    async def start(self) -> None: ...

    async def close(self) -> None: ...

    async def answer(self, work: Work, call: Call) -> Answer:
        return self.given

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        yield list(deltas_of(self.given))


def with_a_call() -> Answer:
    """An answer with reasoning, and a call that its provider signed."""
    message = {
        "role": "assistant",
        "content": "I look.",
        "reasoning_content": "The order is needed.",
        "tool_calls": [CALL],
    }
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return parse_completion(orjson.dumps({"choices": [choice]}), "5f2c0d1e2b3a")


def stepped(inner: Answerer) -> Answerer:
    return SteppedAnswerer(inner, ["solve", "check"], clock=SystemClock())


def judged(inner: Answerer) -> Answerer:
    return JudgedAnswerer(inner, Check(RUBRIC, RUBRIC.digest, FACTS, 0.6), clock=SystemClock())


@pytest.mark.parametrize("wrap", [stepped, judged])
async def test_reasoning_and_signatures_of_calls_stay_in_a_held_stream(wrap: object) -> None:
    answer = with_a_call()
    assert callable(wrap)
    stream = wrap(Writer(answer)).stream(work("Where is it?"), never_called)
    pieces = [delta async for pieces in stream for delta in pieces]
    assert pieces == list(deltas_of(answer))
    assert "".join(piece.reasoning for piece in pieces) == "The order is needed."
    seals: list[Sealed] = [piece.sealed for piece in pieces if piece.sealed]
    assert [seal.kind for seal in seals] == [SIGNATURE]


def a_passage_of(answer: Answer) -> Answerer:
    passages = Passages([Passage("hours", "We open at 9.", "Guide", "when do you open")])
    return SteppedAnswerer(Writer(answer), ["context", "solve"], passages, clock=SystemClock())


async def test_a_judge_reads_the_passages_that_the_author_was_given() -> None:
    asked: list[ChatRequest] = []

    async def judge(answerer: str, request: ChatRequest, role: Role) -> Answer:
        asked.append(request)
        return Answer((Choice("no verdict", "stop"),), "judge", Usage())

    author = a_passage_of(Answer((Choice("At 9.", "stop"),), "writer", Usage()))
    answer = await judged(author).answer(work("When do you open?"), judge)
    assert answer.text == "At 9."
    (request,) = asked
    told = request.messages[-1].text
    assert "passages that the author was given:" in told
    assert "[hours] We open at 9." in told
    assert told.index("We open") < told.index("At 9.")
