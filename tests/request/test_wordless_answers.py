"""Answers without a word: a higher rung is asked, and after a tool the last one goes out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from router.errors import NoUsableAnswer, UpstreamInvalid
from router.types import (
    Answer,
    Call,
    ChatRequest,
    Committed,
    ContentPart,
    Delta,
    JsonText,
    Message,
    ResponseFormat,
    ToolCall,
    ToolSpec,
    Verdict,
    Work,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import THROUGH, UNSURE, deep, drain, low, only_row

TOOL = ToolSpec("f", "Finds.", JsonText('{"type":"object"}'))
LADDER = replace(UNSURE, impact_nano_usd=2_000 * 10**9)
"""Lets a failed answer of `mid` climb to `deep`."""
FOUND = (
    Message("user", "Look it up, please."),
    Message("assistant", "", tool_calls=(ToolCall("c1", "f", "{}"),)),
    Message("tool", "18 degrees", tool_call_id="c1"),
)


@dataclass
class Wordless(ScriptedTier):
    """Says blanks or thoughts, if anything, and no word."""

    text: str = ""
    thoughts: str = ""

    def _answer(self, text: str) -> Answer:
        answer = super()._answer(text)
        (choice,) = answer.choices
        return replace(answer, choices=(replace(choice, reasoning=self.thoughts or None),))

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        if self.thoughts or self.text:
            yield [Delta(self.text, self.thoughts)]
        async with aclosing(super().stream(work, call)) as steps:
            async for pieces in steps:
                if pieces[-1].final is not None:
                    yield pieces


def mute(level: int = 2, **changes: object) -> Wordless:
    name, tier = {2: ("mid", "llm"), 3: ("deep", "reasoning")}[level]
    return Wordless(name, tier, level, **changes)


def ladder(houses: Houses, *tiers: ScriptedTier) -> House:
    return houses([low(), *tiers], signals=LADDER, verify_mid=THROUGH)


def after_a_tool(**changes: object) -> ChatRequest:
    return replace(ask(tools=(TOOL,)), **{"messages": FOUND, **changes})


@pytest.mark.parametrize("text", ["", " \n"])
async def test_a_stream_without_a_word_leads_to_the_next_rung(houses: Houses, text: str) -> None:
    house = ladder(houses, mute(text=text), deep())
    committed, *events = await drain(house, ask(stream=True))
    assert isinstance(committed, Committed)
    assert "".join([e.text for e in events if isinstance(e, Delta)]) == "an answer"
    assert (await only_row(house)).answerer == "deep"


PICTURE = Message("user", "", (ContentPart("image_url", JsonText("{}")),))
"""Carries what a tool found besides words: chat completions take it from a user alone."""


async def test_a_picture_that_a_tool_found_is_no_question(houses: Houses) -> None:
    house = ladder(houses, mute(), mute(3))
    outcome = await house.gateway.complete(after_a_tool(messages=(*FOUND, PICTURE)), ALICE)
    assert outcome.verdict == Verdict.UNVERIFIED


@pytest.mark.parametrize("stream", [False, True])
async def test_a_run_ends_in_good_order_where_nobody_has_anything_to_add(
    houses: Houses, *, stream: bool
) -> None:
    house = ladder(houses, mute(), mute(3))
    if stream:
        *_, outcome = await drain(house, after_a_tool(stream=True))
    else:
        outcome = await house.gateway.complete(after_a_tool(), ALICE)
    assert (outcome.answer.text, outcome.verdict) == ("", Verdict.UNVERIFIED)
    row = await only_row(house)
    assert (row.answerer, len(row.attempts)) == ("deep", 2)  # every rung was asked before


async def test_reminders_beside_a_result_ask_nothing(houses: Houses) -> None:
    house = ladder(houses, mute(), mute(3))
    reminders = Message("user", 2 * "<system-reminder>\nNo to-dos.\n</system-reminder>\n")
    outcome = await house.gateway.complete(after_a_tool(messages=(*FOUND, reminders)), ALICE)
    assert outcome.verdict == Verdict.UNVERIFIED


async def test_a_higher_rung_with_words_is_heard_instead(houses: Houses) -> None:
    house = ladder(houses, mute(), deep())
    outcome = await house.gateway.complete(after_a_tool(), ALICE)
    assert (outcome.answer.text, outcome.verdict) == ("an answer", Verdict.ACCEPTED)


async def test_thoughts_that_went_out_end_without_an_error(houses: Houses) -> None:
    house = ladder(houses, mute(thoughts="All is done."), deep())
    events = await drain(house, after_a_tool(stream=True))
    assert [e.reasoning for e in events if isinstance(e, Delta)] == ["All is done."]
    assert (await only_row(house)).verdict == "unverified"


async def test_thoughts_alone_are_no_answer_to_a_question(houses: Houses) -> None:
    house = ladder(houses, mute(thoughts="All is done."), deep())
    with pytest.raises(UpstreamInvalid, match="without a word"):
        await drain(house, ask(stream=True))


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": FOUND[:1]},
        {"messages": (*FOUND, Message("user", "And tomorrow?"))},
        {"messages": (*FOUND, Message("user", "<system-reminder>x</system-reminder> Why?"))},
        {"tool_choice": JsonText('"required"')},
        {"response_format": ResponseFormat("json_object")},
    ],
    ids=["question", "question after a result", "beside a reminder", "forced", "format"],
)
async def test_silence_is_no_answer_where_something_is_due(
    houses: Houses, changes: dict[str, object]
) -> None:
    house = ladder(houses, mute(), mute(3))
    with pytest.raises(NoUsableAnswer, match="it said nothing"):
        await house.gateway.complete(after_a_tool(**changes), ALICE)


async def test_an_answer_that_its_cap_cut_is_no_end(houses: Houses) -> None:
    house = ladder(houses, mute(ends="length"), mute(3, ends="length"))
    with pytest.raises(NoUsableAnswer):
        await house.gateway.complete(after_a_tool(), ALICE)


async def test_the_error_names_whom_a_ceiling_of_money_left_out(houses: Houses) -> None:
    house = houses([low(), mute(), deep()], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(NoUsableAnswer) as raised:
        await house.gateway.complete(ask(), ALICE)
    assert "deep was left out" in raised.value.told
    assert "`decision.outage_lifts: [level_3_not_below_usd]`" in raised.value.told
