"""Streams of requests that offer tools: words go out as they come, calls when they are valid."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from router.errors import StreamCut, UpstreamInvalid
from router.money.token_bound import text_bound
from router.types import (
    Answer,
    AttemptState,
    Call,
    Choice,
    Committed,
    Delta,
    JsonText,
    Outcome,
    RequestState,
    ResponseFormat,
    ToolCall,
    ToolSpec,
    Verdict,
    Work,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, USED, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import (
    RISKY,
    THROUGH,
    UNSURE,
    deep,
    drain,
    low,
    only_row,
)

SCHEMA = '{"type":"object","properties":{"i":{"type":"integer"}},"required":["i"]}'
TOOL = ToolSpec("f", "Finds.", JsonText(SCHEMA))
GOOD, OTHER = ToolCall("c1", "f", '{"i":1}'), ToolCall("c2", "f", '{"i":2}')
CUT, UNKNOWN, UNFIT = (
    ToolCall("c1", "f", '{"i":'),
    ToolCall("c1", "g", '{"i":1}'),
    ToolCall("c1", "f", '{"i":"one"}'),
)
LADDER = replace(UNSURE, impact_nano_usd=2_000 * 10**9)
"""Lets a failed answer of `mid` climb to `deep`."""


@dataclass
class Agent(ScriptedTier):
    """Says its words, then calls tools in pieces, as chat completions stream them."""

    tools: tuple[ToolCall, ...] = (GOOD,)
    thoughts: str = ""
    unsaid: int = 0  # told with each word

    def _answer(self, text: str) -> Answer:
        reason = "tool_calls" if self.tools else "stop"
        choice = Choice(text, reason, self.tools, reasoning=self.thoughts or None)
        return Answer((choice,), f"{self.name}-model", self.usage, p=self.p)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        if self.thoughts:
            yield [Delta(reasoning=self.thoughts)]
        async with aclosing(super().stream(work, call)) as steps:
            async for pieces in steps:
                work.tell_unsaid(self.unsaid)
                if pieces[-1].final is not None:
                    for i, called in enumerate(self.tools):
                        yield [Delta(tool_call_index=i, tool_call=replace(called, arguments=""))]
                        rest = ToolCall("", "", called.arguments)
                        yield [Delta(tool_call_index=i, tool_call=rest)]
                if self.text or pieces[-1].final is not None:
                    yield pieces


def agent(text: str = "I look.", *calls: ToolCall, **changes: object) -> Agent:
    return Agent("mid", "llm", 2, text=text, tools=calls or (GOOD,), **changes)


def asked(**changes: object):
    return ask(stream=True, tools=(TOOL,), **changes)


def texts(events: list[object]) -> str:
    return "".join(event.text for event in events if isinstance(event, Delta))


def calls(events: list[object]) -> list[ToolCall]:
    return [e.tool_call for e in events if isinstance(e, Delta) and e.tool_call is not None]


async def gather(house: House, events: list[object]) -> None:
    """Adds the events of a stream to `events` as they come. Raises what the stream raises."""
    async for event in house.gateway.stream(asked(), ALICE):
        events.append(event)


def through(houses: Houses, tier: Agent, **sections: object) -> House:
    return houses([low(), tier, deep()], signals=LADDER, verify_mid=THROUGH, **sections)


async def begins_before_its_end(house: House, tier: Agent, request: object) -> bool:
    """Returns True when the answer is the client's while its last word is not said yet."""
    tier.said = 0
    async with aclosing(house.gateway.stream(request, ALICE)) as events:
        assert isinstance(await anext(events), Committed)
        said = tier.said
        async for _ in events:
            pass
    return 0 < said < len(tier.text.split(" "))


async def test_words_go_out_as_they_come(houses: Houses) -> None:
    tier = agent("one two three")
    house = through(houses, tier)
    assert await begins_before_its_end(house, tier, asked())
    row = await only_row(house)
    assert (row.state, row.verdict) == (RequestState.SETTLED, Verdict.ACCEPTED)


async def test_calls_follow_the_words_each_in_one_piece(houses: Houses) -> None:
    events = await drain(through(houses, agent("one two", GOOD, OTHER)), asked())
    assert isinstance(events[0], Committed)
    assert isinstance(events[-1], Outcome)
    assert texts(events) == "one two"
    assert calls(events) == [GOOD, OTHER]
    numbers = [e.tool_call_index for e in events if isinstance(e, Delta) and e.tool_call]
    assert numbers == [0, 1]


async def test_thoughts_go_out_before_the_call_that_they_lead_to(houses: Houses) -> None:
    events = await drain(through(houses, agent("", thoughts="Hm.")), asked())
    committed, thought, *_ = events
    assert isinstance(committed, Committed)
    assert committed.verdict is None
    assert isinstance(thought, Delta)
    assert thought.reasoning == "Hm."
    assert calls(events) == [GOOD]


@pytest.mark.parametrize("bad", [CUT, UNFIT], ids=["cut", "unfit"])
async def test_a_call_that_does_not_fit_follows_the_words_that_went_out(
    houses: Houses, bad: ToolCall
) -> None:
    """No other rung can answer any more, and an agent tells its model what does not fit."""
    bad = replace(bad, id="c2")
    house = through(houses, agent("one two", GOOD, bad))
    events = await drain(house, asked())
    assert (texts(events), calls(events)) == ("one two", [GOOD, bad])
    row = await only_row(house)
    assert (row.verdict, row.answerer) == ("unverified", "mid")


async def test_the_next_rung_is_asked_before_a_call_that_does_not_fit_goes_out(
    houses: Houses,
) -> None:
    tiers = [low(), agent("", UNFIT), Agent("deep", "reasoning", 3, text="", tools=(CUT,))]
    both = houses(tiers, signals=LADDER, verify_mid=THROUGH)
    assert calls(await drain(both, asked())) == [CUT]
    row = await only_row(both)
    assert (row.verdict, row.answerer, len(row.attempts)) == ("unverified", "deep", 2)


async def test_a_call_that_is_not_offered_ends_the_stream_and_never_goes_out(
    houses: Houses,
) -> None:
    house, events = through(houses, agent("one two", GOOD, replace(UNKNOWN, id="c2"))), []
    with pytest.raises(UpstreamInvalid, match="None of its calls was sent"):
        await gather(house, events)
    assert texts(events) == "one two"
    assert calls(events) == []
    row = await only_row(house)
    assert (row.state, row.answerer) == (RequestState.FAILED, "mid")
    (line,) = row.attempts
    assert (line.state, line.estimated) == (AttemptState.SETTLED, False)


@pytest.mark.parametrize("text", ["", "\n\n"])
async def test_a_bad_call_without_a_word_leads_to_the_next_rung(houses: Houses, text: str) -> None:
    house = through(houses, agent(text, CUT))
    events = await drain(house, asked())
    assert texts(events) == "an answer"
    assert calls(events) == []
    assert (await only_row(house)).answerer == "deep"


async def test_a_good_call_without_a_word_goes_out_whole_with_its_verdict(houses: Houses) -> None:
    committed, *events = await drain(through(houses, agent("", GOOD)), asked())
    assert isinstance(committed, Committed)
    assert committed.verdict is Verdict.ACCEPTED
    assert calls(events) == [GOOD]


async def test_a_single_call_is_left_where_the_client_forbade_parallel_ones(
    houses: Houses,
) -> None:
    house = through(houses, agent("one", GOOD, OTHER))
    assert calls(await drain(house, asked(parallel_tool_calls=False))) == [GOOD]


async def test_what_a_rung_above_may_replace_is_held_back(houses: Houses) -> None:
    tier = agent("one two three", p=0.9)
    house = houses([low(), tier, deep()], signals=LADDER, verify_mid={"default": "full"})
    assert not await begins_before_its_end(house, tier, asked())


async def test_the_last_rungs_words_go_out_though_its_answer_is_verified_whole(
    houses: Houses,
) -> None:
    tier = agent("one two three")
    house = houses([low(), tier], signals=UNSURE, verify_mid={"default": "full"})
    assert await begins_before_its_end(house, tier, asked())


async def test_a_pinned_answerers_words_go_out_though_its_answer_is_verified_whole(
    houses: Houses,
) -> None:
    tier = agent("one two three")
    house = houses([low(), tier, deep()], signals=LADDER, verify_mid={"default": "full"})
    assert await begins_before_its_end(house, tier, asked(requested_model="tier:llm"))


async def test_without_tools_full_holds_back_the_last_rung_too(houses: Houses) -> None:
    """Its verdict belongs in the headers, as documented."""
    tier = Agent("mid", "llm", 2, text="one two three", tools=())
    house = houses([low(), tier], signals=UNSURE, verify_mid={"default": "full"})
    assert not await begins_before_its_end(house, tier, ask(stream=True))


async def test_a_grave_matter_is_held_back_on_the_last_rung_too(houses: Houses) -> None:
    tier = agent("one two three")
    house = houses([low(), tier], signals=RISKY, verify_mid={"default": "full"})
    assert not await begins_before_its_end(house, tier, asked())


async def test_a_beginning_of_words_is_judged_where_a_rung_is_left(houses: Houses) -> None:
    tier = agent("so " * 60)
    house = houses([low(), tier, deep()], signals=LADDER, verify_mid={"default": "prefix"})
    async with aclosing(house.gateway.stream(asked(), ALICE)) as events:
        assert isinstance(await anext(events), Committed)
        assert tier.said == 32
        rest = [event async for event in events]
    assert calls(rest) == [GOOD]


@pytest.mark.parametrize("choice", ['"required"', '{"function":{"name":"f"}}'])
async def test_words_wait_where_a_tool_must_be_called(houses: Houses, choice: str) -> None:
    tier = agent("one two three")
    house = through(houses, tier)
    request = asked(tool_choice=JsonText(choice))
    assert not await begins_before_its_end(house, tier, request)


async def test_words_wait_where_the_client_wants_json(houses: Houses) -> None:
    tier = agent("one two three")
    request = asked(response_format=ResponseFormat("json_object"))
    assert not await begins_before_its_end(through(houses, tier), tier, request)


async def test_words_wait_where_the_policy_adds_to_texts_but_not_to_calls(houses: Houses) -> None:
    tier = agent("one two three")
    house = through(houses, tier, safety={"disclaimers": {"general": "Ask a person."}})
    assert not await begins_before_its_end(house, tier, asked())


@pytest.mark.parametrize("call", [GOOD, CUT], ids=["good", "cut"])
async def test_in_mode_observe_words_and_any_call_go_out(houses: Houses, call: ToolCall) -> None:
    tier = agent("one two three", call)
    aliases = {"gpt-4o": {"answerer": "mid"}}
    verify = {"default": "full", "hard_rule": "full"}
    house = houses(
        [low(), tier, deep()], mode="observe", aliases=aliases, signals=LADDER, verify_mid=verify
    )
    events = await drain(house, asked(requested_model="gpt-4o"))
    assert texts(events) == "one two three"
    assert calls(events) == [call]
    assert await begins_before_its_end(house, tier, asked(requested_model="gpt-4o"))


async def test_a_client_that_leaves_pays_for_half_a_call_too(houses: Houses) -> None:
    house = through(houses, agent("one two three", unsaid=40))
    async with aclosing(house.gateway.stream(asked(), ALICE)) as events:
        await anext(events)
    (line,) = (await only_row(house)).attempts
    assert line.state is AttemptState.CANCELLED
    assert line.usage.output_tokens == text_bound("one") + 40


async def test_a_stream_that_is_cut_in_a_call_costs_what_came_of_it(houses: Houses) -> None:
    tier = agent("one two", unsaid=40, cut_after=1, error=StreamCut("?"))
    house = through(houses, tier)
    with pytest.raises(StreamCut):
        await drain(house, asked())
    (line,) = (await only_row(house)).attempts
    assert line.usage.output_tokens == text_bound("one") + 40


@pytest.mark.parametrize("stream", [False, True])
async def test_the_row_is_the_same_streamed_or_whole(houses: Houses, stream: bool) -> None:
    house = through(houses, agent("one two", GOOD))
    await drain(house, asked()) if stream else await house.gateway.complete(asked(), ALICE)
    row = await only_row(house)
    told = (row.state, row.verdict, row.answerer, row.usage)
    assert told == (RequestState.SETTLED, Verdict.ACCEPTED, "mid", USED)
    assert row.cost_nano_usd == 20_000


async def test_tools_do_not_hold_back_words_of_a_request_without_calls(houses: Houses) -> None:
    tier = Agent("mid", "llm", 2, text="one two three", tools=())
    house = houses([low(), tier], signals=UNSURE, verify_mid=THROUGH)
    assert await begins_before_its_end(house, tier, asked())
