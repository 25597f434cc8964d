"""Streams: what is held back, what is committed, and that a streamed row equals a buffered one."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.api.http.server import WIRE_FORMATS
from router.errors import (
    LedgerUnavailable,
    StreamCut,
    UpstreamInvalid,
    UpstreamTooMuch,
    UpstreamUnreachable,
)
from router.ledger.aggregates import Waste
from router.ledger.waste import waste_of
from router.request.final_answer import REFUSED_TEXT
from router.types import (
    Answer,
    AttemptRow,
    AttemptState,
    Call,
    Choice,
    Committed,
    Delta,
    Outcome,
    Price,
    RequestState,
    Role,
    Sampling,
    ToolCall,
    Usage,
    Verdict,
    Work,
)
from tests.kits.changed import replace
from tests.kits.examples import examples
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import THROUGH, UNSURE, deep, drain, low, mid, only_row
from tests.kits.inputs.wire_bodies import ASKED

CALL = ToolCall("c1", "f", "{}")


class RefusesLate(ScriptedTier):
    """Says some words, and at the end that it refuses."""

    def _answer(self, text: str) -> Answer:
        return Answer((Choice(text, "stop", refusal="I will not."),), "mid-model", self.usage)


class CallsATool(ScriptedTier):
    """Calls a tool after its words, or at once where it has none."""

    def _answer(self, text: str) -> Answer:
        return Answer((Choice(text, "tool_calls", (CALL,)),), "mid-model", self.usage)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        async for (delta,) in super().stream(work, call):
            if delta.final is not None:
                yield [Delta(tool_call_index=0, tool_call=CALL)]
            if delta.final is not None or self.text:
                yield [delta]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_of_a_tool_that_nobody_offered_is_no_answer(
    houses: Houses, stream: bool
) -> None:
    caller = CallsATool("mid", "llm", 2, text="")
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    house = houses([low(), caller, deep()], signals=signals, verify_mid=THROUGH)
    events = await drain(house, ask(stream=stream))
    assert not any(event.tool_call for event in events if isinstance(event, Delta))
    row = await only_row(house)
    assert row.answerer == "deep"
    assert [attempt.answerer for attempt in row.attempts] == ["mid", "deep"]
    assert not any(attempt.estimated for attempt in row.attempts)


async def test_a_call_that_nobody_offered_ends_a_stream_that_has_begun(houses: Houses) -> None:
    caller = CallsATool("mid", "llm", 2, text="one two")
    house = houses([low(), caller, deep()], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(UpstreamInvalid, match="called a tool"):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert (row.state, row.answerer) == (RequestState.FAILED, "mid")
    assert not any(attempt.estimated for attempt in row.attempts)


class OnlyThinks(ScriptedTier):
    """Thinks, and ends without a word."""

    reason = "stop"

    def _answer(self, text: str) -> Answer:
        return Answer((Choice("", self.reason, reasoning="Hm."),), "mid-model", self.usage)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        yield [Delta(reasoning="Hm.")]
        yield [Delta(final=self._answer(""))]


class ThinksTooLong(OnlyThinks):
    """Thinks until its output is cut."""

    reason = "length"


@pytest.mark.parametrize("thinker", [OnlyThinks, ThinksTooLong])
async def test_thoughts_without_a_word_end_a_stream_that_has_begun(
    houses: Houses, thinker: type[OnlyThinks]
) -> None:
    house = houses([low(), thinker("mid", "llm", 2)], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(UpstreamInvalid, match="without a word"):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert (row.state, row.answerer) == (RequestState.FAILED, "mid")
    assert not any(attempt.estimated for attempt in row.attempts)
    paid = [attempt for attempt in row.attempts if attempt.role is Role.ANSWER]
    assert [waste_of(attempt) for attempt in paid] == [Waste.DRAFTS]


@pytest.mark.parametrize("error", [UpstreamInvalid("a bad chunk"), UpstreamTooMuch("too long")])
async def test_words_that_were_shown_before_a_fault_are_no_waste(
    houses: Houses, error: UpstreamInvalid
) -> None:
    broken = ScriptedTier("mid", "llm", 2, text="one two three", cut_after=2, error=error)
    house = houses([low(), broken], signals=UNSURE, verify_mid=THROUGH)
    with pytest.raises(UpstreamInvalid):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    paid = [attempt for attempt in row.attempts if attempt.role is Role.ANSWER]
    assert [(attempt.answerer, attempt.discarded) for attempt in paid] == [("mid", False)]


async def test_thoughts_that_the_clients_own_cap_cut_are_shown(houses: Houses) -> None:
    thinker = ThinksTooLong("mid", "llm", 2)
    house = houses([low(), thinker], signals=UNSURE, verify_mid=THROUGH)
    capped = Sampling(max_output_tokens=5)
    await drain(house, ask(stream=True, sampling=capped))
    assert (await only_row(house)).state is RequestState.SETTLED


async def test_a_stream_commits_then_speaks_then_ends(houses: Houses) -> None:
    house = houses([low(), mid(text="one two three")], signals=UNSURE)
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert isinstance(events[-1], Outcome)
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "one two three"


async def test_a_stream_that_no_model_writes_begins_with_its_verdict(houses: Houses) -> None:
    house = houses([low(text="one two three"), mid()], verify_faq={"default": "none"})
    first, *_ = await drain(house, ask(stream=True))
    assert isinstance(first, Committed)
    assert (first.rung.answerer, first.verdict) == ("faq", Verdict.ACCEPTED)


async def test_a_stream_that_a_model_writes_begins_without_a_verdict(houses: Houses) -> None:
    house = houses([low(), mid(text="one two three")], signals=UNSURE, verify_mid=THROUGH)
    first, *_ = await drain(house, ask(stream=True))
    assert isinstance(first, Committed)
    assert (first.rung.answerer, first.verdict) == ("mid", None)


async def test_a_rung_that_fails_before_the_commit_costs_the_client_nothing(houses: Houses) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("cut"))
    house = houses([low(), cut, deep()], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "an answer"


@pytest.mark.parametrize("exhausted", ["refuse", "review"])
async def test_words_that_may_be_replaced_are_not_streamed_through(
    houses: Houses, exhausted: str
) -> None:
    verdicts = []
    for stream in (False, True):
        house = houses.inside(str(stream))(
            [low(), mid(p=0.2)],
            signals=replace(UNSURE, impact_nano_usd=6_000 * 10**9),
            verify_mid={"default": "none", "hard_rule": "none"},
            exhausted={"default": exhausted},
        )
        events = await drain(house, ask(stream=stream))
        assert not any("an answer" in event.text for event in events if isinstance(event, Delta))
        verdicts.append((await only_row(house)).verdict)
    assert verdicts[0] == verdicts[1] != "unverified"


async def test_what_an_answerer_may_disown_is_not_streamed_through(houses: Houses) -> None:
    down = mid(cut_after=0, error=UpstreamUnreachable("refused", sent=False))
    thinker = deep(kind="deliberation", verified=False)
    house = houses(
        [low(), down, thinker],
        signals=replace(UNSURE, impact_nano_usd=4_000 * 10**9),
        verify_deep=THROUGH,
        exhausted={"default": "refuse"},
    )
    events = await drain(house, ask(stream=True))
    told = "".join(event.text or "" for event in events if isinstance(event, Delta))
    assert told == REFUSED_TEXT  # not a word of the answer that nobody vouched for
    row = await only_row(house)
    assert (row.answerer, row.verdict) == ("deep", "refused")


async def test_a_refusal_that_comes_after_the_commit_is_no_escalation(houses: Houses) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    refusing = RefusesLate("mid", "llm", 2)
    house = houses([low(), refusing, deep()], signals=signals, verify_mid=THROUGH)
    committed, *_, outcome = await drain(house, ask(stream=True))
    assert isinstance(committed, Committed)
    assert isinstance(outcome, Outcome)
    assert committed.escalations == outcome.escalations == 0
    assert (await only_row(house)).escalations == 0


async def test_a_client_that_leaves_mid_stream_leaves_a_row_that_adds_up(houses: Houses) -> None:
    tier = mid(text="one two three four")
    house = houses([low(), tier], signals=UNSURE, verify_mid=THROUGH)
    events = house.gateway.stream(ask(stream=True), ALICE)
    assert isinstance(await anext(events), Committed)
    await anext(events)
    await events.aclose()
    row = await only_row(house)
    assert (row.state, tier.closed) == (RequestState.CANCELLED, 1)
    assert row.attempts[0].state is AttemptState.CANCELLED
    assert row.attempts[0].estimated
    assert 0 < row.cost_nano_usd < row.attempts[0].held_nano_usd


async def test_a_refusal_in_the_prefix_climbs_unseen(houses: Houses) -> None:
    refuses = mid(text="I cannot help with that request because " + "so " * 40)
    house = houses([low(), refuses, deep()], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"


async def released_at(house: House, tier: ScriptedTier) -> int:
    """Returns how many pieces of the answer the tier had made when the first one went out."""
    async with aclosing(house.gateway.stream(ask(stream=True), ALICE)) as events:
        assert isinstance(await anext(events), Committed)
        return tier.said


def judged(houses: Houses, first: ScriptedTier, *others: ScriptedTier) -> House:
    return houses([low(), first, *others], signals=replace(UNSURE, impact_nano_usd=2_000 * 10**9),
        thetas={"mid": 5.0, "deep": 5.0}, verify_mid={"default": "prefix"},
    )  # fmt: skip


async def test_a_beginning_is_held_for_32_tokens_where_another_rung_is_left(houses: Houses) -> None:
    tier = mid(text="so " * 60)
    house = judged(houses, tier, deep())
    assert await released_at(house, tier) == 32


async def test_long_pieces_count_as_the_tokens_they_are(houses: Houses) -> None:
    tier = mid(text=" ".join(["a" * 40] * 10))  # 10 tokens each
    house = judged(houses, tier, deep())
    assert await released_at(house, tier) == 4


async def test_an_answer_that_goes_out_whatever_is_said_of_it_is_not_held(houses: Houses) -> None:
    tier = mid(text="so " * 60)
    house = judged(houses, tier)
    assert await released_at(house, tier) == 1


class Together(ScriptedTier):
    """Says all that it has to say at one time."""

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        yield [delta async for pieces in super().stream(work, call) for delta in pieces]


@pytest.mark.parametrize("text", ["so " * 40 + "I cannot help with that", "I cannot help " * 20])
async def test_pieces_that_come_together_are_judged_one_by_one(houses: Houses, text: str) -> None:
    seen = []
    for number, kind in enumerate((ScriptedTier, Together)):
        house = judged(houses.inside(str(number)), kind("mid", "llm", 2, text=text), deep())
        committed, *pieces, outcome = await drain(house, ask(stream=True))
        assert isinstance(committed, Committed)
        assert isinstance(outcome, Outcome)
        seen.append((committed.rung.answerer, pieces, outcome.verdict, outcome.cost_nano_usd))
    assert seen[0] == seen[1]


async def test_the_last_rung_is_held_while_another_answer_is_in_hand(houses: Houses) -> None:
    refuses = deep(text="I cannot help with that, " + "so " * 60, price=DEAR)
    house = houses([low(), mid(p=0.1, text="a doubtful answer"), refuses], signals=UNSURE,
        thetas={"mid": 2.0, "deep": 4.0}, verify_deep={"default": "prefix"},
        stakes={"default_cost_of_wrong_usd": 0.001, "default_loss_share": 0},
        decision={"level_3_not_below_usd": 0},
    )  # fmt: skip
    events = await drain(house, ask(stream=True))
    assert refuses.calls == 1
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "a doubtful answer"


async def test_thoughts_are_not_judged_for_an_answers_beginning(houses: Houses) -> None:
    """They are released in their place, before the text that they led to."""
    tier = Thinking("mid", "llm", 2, text="so " * 60)
    house = judged(houses, tier, deep())
    async with aclosing(house.gateway.stream(ask(stream=True), ALICE)) as events:
        assert isinstance(await anext(events), Committed)
        assert tier.said == 32
        piece = await anext(events)
    assert isinstance(piece, Delta)
    assert piece.reasoning


class Thinking(ScriptedTier):
    """Thinks forty pieces long before it speaks."""

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        for _ in range(40):
            yield [Delta(reasoning="hm ")]
        async with aclosing(super().stream(work, call)) as pieces:
            async for piece in pieces:
                yield piece


COMPARED = (
    "state", "tier", "answerer", "verdict", "reason", "reasons", "cost_nano_usd", "usage",
    "baselines", "prompt_digest", "answer_digest",
)  # fmt: skip

USAGES = st.builds(
    Usage, st.integers(0, 5_000), st.just(0), st.just(0), st.integers(0, 900),
    reported=st.just(True),
)  # fmt: skip
SHORT = ["fine", "a longer answer of several words", "I cannot help you"]
LONG = ["so " * 50, "I cannot help you " + "so " * 50]
scripts = st.one_of(
    st.fixed_dictionaries(
        {"text": st.sampled_from(SHORT), "p": st.sampled_from([None, 0.1, 0.6, 0.99])}
        | {"usage": USAGES}
    ),
    # An answerer says its own chance with the last piece, too late for a beginning to be held.
    st.fixed_dictionaries({"text": st.sampled_from(LONG), "usage": USAGES}),
)


DEAR = Price(10_000_000_000, None, None, 20_000_000_000, version="test")
WORTH_A_CLIMB = {
    "stakes": {"default_cost_of_wrong_usd": 0.001, "default_loss_share": 0},
    "decision": {"level_3_not_below_usd": 0},
}


@pytest.mark.parametrize("path", list(ASKED))
@pytest.mark.parametrize("mid_p", [0.1, 0.99])
@pytest.mark.parametrize("mode", ["none", "prefix", "full"])
async def test_rows_are_the_same_where_the_next_rung_is_called_early(
    houses: Houses, path: str, mid_p: float, mode: str
) -> None:
    """The books hold what had come before a cut. So here either nothing had come, or all."""
    rows = []
    for stream in (False, True):
        first = mid(p=mid_p, wait_s=0.01)
        other = deep(p=0.99, price=DEAR, wait_s=30.0 if mid_p > 0.5 else 0.0)
        house = houses.inside(str(stream))(
            [low(), first, other], signals=UNSURE,
            thetas={"mid": 2.0, "deep": 4.0}, verify_deep={"default": mode},
            stakes={"default_cost_of_wrong_usd": 0.001, "default_loss_share": 0},
            decision={
                "level_3_not_below_usd": 0,
                "speculate": {"between": [0.0, 1.0], "max_usd": 1.0},
            },
        )  # fmt: skip
        body = orjson.dumps({"model": "auto", "stream": stream, **ASKED[path]})
        (request,) = WIRE_FORMATS[path].read(body, {}).requests
        if stream:
            await drain(house, request)
        else:
            await house.gateway.complete(request, ALICE)
        rows.append(await only_row(house))
    whole, streamed = rows
    assert len(whole.attempts) == 2
    assert [getattr(streamed, k) for k in COMPARED] == [getattr(whole, k) for k in COMPARED]
    assert [told(a) for a in streamed.attempts] == [told(a) for a in whole.attempts]


@examples(40)
@given(
    scripts,
    scripts,
    st.sampled_from(["none", "prefix", "full"]),
    st.sampled_from([0, 3_000]),
    st.booleans(),
    st.sampled_from(list(ASKED)),
)
async def test_a_row_is_the_same_streamed_or_buffered_through_any_endpoint(
    one, two, mode, usd, dear, path
) -> None:
    """`dear`: the last rung is worth its price only after an answer that is likely wrong."""
    rows = []
    for endpoint, stream in (("/v1/chat/completions", False), (path, False), (path, True)):
        with tempfile.TemporaryDirectory() as folder:
            async with Houses(Path(folder)) as houses:
                house = houses(
                    [low(), mid(**one), deep(**two, **({"price": DEAR} if dear else {}))],
                    signals=replace(UNSURE, impact_nano_usd=usd * 10**9),
                    verify_mid={"default": mode},
                    verify_deep={"default": mode},
                    **(WORTH_A_CLIMB if dear else {}),
                )
                body = orjson.dumps({"model": "auto", "stream": stream, **ASKED[endpoint]})
                (request,) = WIRE_FORMATS[endpoint].read(body, {}).requests
                if stream:
                    await drain(house, request)
                else:
                    await house.gateway.complete(request, ALICE)
                rows.append(await only_row(house))
    chat, *others = rows
    for row in others:
        assert [getattr(row, k) for k in COMPARED] == [getattr(chat, k) for k in COMPARED]
        assert [told(a) for a in row.attempts] == [told(a) for a in chat.attempts]


def told(attempt: AttemptRow) -> object:
    """An attempt without what differs from call to call."""
    return replace(attempt, started_at_ms=0, latency_ms=0.0)


async def test_stream_of_what_was_held_back_begins_once_its_row_is_written(houses: Houses) -> None:
    """The client read all of an approved answer, and then that nothing goes out unbooked."""
    house = houses([low(), mid()])
    await house.ledger.close()
    async with aclosing(house.gateway.stream(ask(), ALICE)) as events:
        with pytest.raises(LedgerUnavailable):
            await anext(events)
