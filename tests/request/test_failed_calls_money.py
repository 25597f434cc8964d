"""What a call costs that failed, or whose upstream says no tokens: never less than it may be."""

from __future__ import annotations

import pytest

from router.errors import (
    DeadlineExceeded,
    NoUsableAnswer,
    Overloaded,
    StreamCut,
    TiergateError,
    UpstreamError,
    UpstreamInvalid,
    UpstreamRateLimited,
    UpstreamUnreachable,
)
from router.ledger.aggregates import Waste
from router.ledger.waste import waste_of
from router.types import (
    Answer,
    AttemptState,
    Call,
    Committed,
    ContentPart,
    CostBasis,
    JsonText,
    Message,
    Outcome,
    Price,
    RequestState,
    Role,
    Usage,
    Work,
)
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, PRICE, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import UNSURE, deep, drain, low, mid, only_row

BOTH = {
    "signals": replace(UNSURE, impact_nano_usd=4_000 * 10**9),
    "thetas": {"mid": 3.9, "deep": 4},
}
"""Lets both models have their turn."""


async def test_a_refused_connection_costs_nothing(houses: Houses) -> None:
    down = mid(error=UpstreamUnreachable("refused", sent=False))
    house = houses([low(), down, deep()], signals=UNSURE)
    with pytest.raises(UpstreamUnreachable):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert (row.state, row.cost_nano_usd) == (RequestState.FAILED, 0)


async def test_garbage_from_an_upstream_counts_at_its_hold(houses: Houses) -> None:
    broken = mid(error=UpstreamInvalid("no JSON"))
    house = houses([low(), broken, deep()], signals=UNSURE)
    with pytest.raises(UpstreamInvalid):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert row.state is RequestState.UNKNOWN_COST
    assert row.cost_nano_usd == row.attempts[0].held_nano_usd > 0


class HalfACall(ScriptedTier):
    """Breaks off in a tool call, after text that nobody else counts."""

    async def answer(self, work: Work, call: Call) -> Answer:
        self.calls += 1
        work.tell_unsaid(1)
        raise StreamCut("It ended in the middle.")


async def test_a_whole_answer_that_came_as_a_stream_counts_at_its_hold_where_it_breaks(
    houses: Houses,
) -> None:
    house = houses([low(), HalfACall("mid", "llm", 2), deep()], signals=UNSURE)
    with pytest.raises(StreamCut):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert row.cost_nano_usd == row.attempts[0].held_nano_usd > 0


@pytest.mark.parametrize("stream", [False, True])
async def test_a_call_that_failed_at_an_unknown_price_is_booked_as_unknown(
    houses: Houses, stream: bool
) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    broken = mid(text="one two three", cut_after=2, error=UpstreamInvalid("?"), price=Price())
    house = houses([low(), broken, deep()], signals=signals, verify_mid={"default": "prefix"})
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert not outcome.cost_known
    row = await only_row(house)
    assert row.state is RequestState.UNKNOWN_COST
    first = row.attempts[0]
    assert (first.state, first.cost_basis) == (AttemptState.UNKNOWN_COST, CostBasis.UNKNOWN)


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_after_a_call_of_unknown_cost_has_none_either(
    houses: Houses, stream: bool
) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    lost = mid(error=UpstreamInvalid("?"))
    house = houses([low(), lost, deep()], signals=signals)
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    row = await only_row(house)
    assert row.state is RequestState.UNKNOWN_COST
    assert outcome.cost_nano_usd == row.cost_nano_usd > row.attempts[0].held_nano_usd > 0
    assert (outcome.cost_known, outcome.saved_nano_usd) == (False, None)


@pytest.mark.parametrize(
    ("error", "paid"),
    [
        (StreamCut("the process went away"), True),
        (DeadlineExceeded("late"), True),
        (UpstreamUnreachable("no such socket", sent=False), False),
        (Overloaded("the queue is full"), False),
    ],
)
async def test_own_compute_of_a_call_that_failed_is_paid_for(
    houses: Houses, error: TiergateError, paid: bool
) -> None:
    price = Price(per_second_nano_usd=28_000, version="v")
    house = houses([low(), mid(kind="local", price=price, error=error)], signals=UNSURE)
    with pytest.raises(type(error)):
        await house.gateway.complete(ask(), ALICE)
    (line,) = (await only_row(house)).attempts
    unsent = isinstance(error, Overloaded)  # we refused it ourselves, so it is no call
    basis = CostBasis.NONE if unsent else CostBasis.OWN_COMPUTE
    assert line.state is (AttemptState.RELEASED if unsent else AttemptState.FAILED)
    assert line.cost_basis is basis
    assert (line.cost_nano_usd > 0, line.estimated) == (paid, paid)


@pytest.mark.parametrize("price", [Price(10**9, output_nano_usd=10**10), Price()])
async def test_a_failed_call_that_says_its_usage_costs_it(houses: Houses, price: Price) -> None:
    error = UpstreamError("It failed.")
    usage = Usage(100, 20, 0, 30, 5, True)
    error.charged = Answer(choices=(), model="m-1", usage=usage, upstream_id="up-1")
    house = houses([low(), mid(error=error, price=price), deep()], signals=UNSURE)
    with pytest.raises(UpstreamError):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    (line,) = row.attempts
    assert (line.usage, line.upstream_id, line.error_code) == (usage, "up-1", "upstream_error")
    known = price.input_nano_usd is not None
    assert line.state is (AttemptState.SETTLED if known else AttemptState.UNKNOWN_COST)
    assert (line.cost_nano_usd, line.estimated) == (400_000 if known else 0, False)
    assert row.cost_nano_usd == line.cost_nano_usd


async def test_a_list_price_of_unknown_outcome_is_booked_as_one(houses: Houses) -> None:
    broken = mid(error=UpstreamInvalid("?"), price=Price(per_request_nano_usd=5, version="v"))
    house = houses([low(), broken], signals=UNSURE)
    with pytest.raises(UpstreamInvalid):
        await house.gateway.complete(ask(), ALICE)
    (line,) = (await only_row(house)).attempts
    assert (line.cost_nano_usd, line.cost_basis) == (5, CostBasis.LIST_PRICE)


async def test_what_had_come_is_paid_for_whatever_status_ends_it(houses: Houses) -> None:
    limited = UpstreamRateLimited("slow down", upstream_status=429)
    cut = mid(text="one two three", cut_after=2, error=limited)
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    with pytest.raises(UpstreamRateLimited):
        await drain(house, ask(stream=True))
    row = await only_row(house)
    assert 0 < row.cost_nano_usd < row.attempts[0].held_nano_usd


HEARD = Message("user", "what is it?", (ContentPart("input_audio", JsonText("{}")),))
BOUND = Usage(input_tokens=400, output_tokens=90)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("hides", [False, True])
async def test_unreported_tokens_of_a_model_that_thinks_unseen_cost_the_hold(
    houses: Houses, stream: bool, hides: bool
) -> None:
    """The bytes of an answer bound what was shown, and say nothing of thoughts that are billed."""
    house = houses([low(), mid(usage=BOUND, hides_reasoning=hides)], signals=UNSURE)
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    (line,) = (await only_row(house)).attempts
    bound = BOUND.input_tokens * 1_000 + BOUND.output_tokens * 2_000
    assert line.cost_nano_usd == max(bound, line.held_nano_usd if hides else 0)
    assert line.estimated
    state = AttemptState.UNKNOWN_COST if hides else AttemptState.SETTLED
    assert (line.state, outcome.cost_known) == (state, not hides)


async def test_a_list_price_covers_thoughts_that_nobody_counted(houses: Houses) -> None:
    price = Price(per_request_nano_usd=5, version="v")
    house = houses([low(), mid(usage=BOUND, hides_reasoning=True, price=price)], signals=UNSURE)
    await house.gateway.complete(ask(), ALICE)
    (line,) = (await only_row(house)).attempts
    assert (line.state, line.cost_nano_usd) == (AttemptState.SETTLED, 5)


@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize("input_tokens", [1, 1_000_000])
async def test_a_cut_stream_costs_no_less_than_its_provider_had_said(
    houses: Houses, input_tokens: int, hides: bool
) -> None:
    """Some servers add a template or what they searched for, which no byte of ours bounds."""
    said = Usage(input_tokens, output_tokens=1, reported=True)
    cut = mid(text="one two three", cut_after=2, error=StreamCut("?"), says_used=said)
    house = houses(
        [low(), replace(cut, hides_reasoning=hides)],
        signals=UNSURE,
        verify_mid={"default": "none"},
    )
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    (line,) = (await only_row(house)).attempts
    most = input_tokens * 1_000 + 2_000
    assert (line.cost_nano_usd == most) is (input_tokens > 1)
    assert line.cost_nano_usd >= most
    assert (line.estimated, line.usage.reported) == (True, False)


@pytest.mark.parametrize(("told_apart", "heard"), [(0, 2_000), (500, 500)])
async def test_a_cut_stream_of_sound_costs_what_its_provider_had_said_at_the_price_of_sound(
    houses: Houses, told_apart: int, heard: int
) -> None:
    """Where nobody tells tokens of sound apart, all input counts as sound, as in a whole answer."""
    said = Usage(2_000, output_tokens=1, reported=True, audio_input_tokens=told_apart)
    price = replace(PRICE, audio_input_nano_usd=40 * 10**9)
    cut = mid(text="one two", cut_after=1, error=StreamCut("?"), says_used=said, price=price)
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    with pytest.raises(StreamCut):
        await drain(house, replace(ask(stream=True), messages=(HEARD,)))
    (line,) = (await only_row(house)).attempts
    assert line.usage.audio_input_tokens == heard
    assert line.cost_nano_usd == heard * 40_000 + (2_000 - heard) * 1_000 + 2_000


async def test_what_came_after_its_provider_had_counted_is_paid_for_too(houses: Houses) -> None:
    """100 tokens of input were told, more than our bytes bound; "one two" came since: 5 tokens."""
    said = Usage(100, reported=True)
    cut = mid(text="one two three", cut_after=2, error=StreamCut("?"), says_used=said)
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    (line,) = (await only_row(house)).attempts
    assert (line.usage.input_tokens, line.usage.output_tokens) == (100, 5)
    assert line.cost_nano_usd == 100 * 1_000 + 5 * 2_000 < line.held_nano_usd


async def test_a_stream_whose_client_leaves_costs_no_less_than_its_provider_had_said(
    houses: Houses,
) -> None:
    said = Usage(1_000_000, 400_000, output_tokens=1, reported=True)
    price = replace(PRICE, cached_input_nano_usd=10**8)
    house = houses(
        [low(), mid(text="one two three", says_used=said, price=price)],
        signals=UNSURE,
        verify_mid={"default": "none"},
    )
    pieces = house.gateway.stream(ask(stream=True), ALICE)
    await anext(pieces)
    await pieces.aclose()
    (line,) = (await only_row(house)).attempts
    assert line.state is AttemptState.CANCELLED
    assert line.cost_nano_usd == 600_000 * 1_000 + 400_000 * 100 + 2_000


async def test_what_had_come_counts_at_its_dearest(houses: Houses) -> None:
    """Output may have been thoughts, and input written to a cache: nobody said so."""
    price = replace(PRICE, cache_write_nano_usd=7 * 10**9, reasoning_nano_usd=9 * 10**9)
    cut = mid(text="one two three", cut_after=2, error=StreamCut("?"), price=price)
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    with pytest.raises(StreamCut):
        await drain(house, ask(stream=True))
    (line,) = (await only_row(house)).attempts
    used = line.usage
    assert used.output_tokens > 0
    assert line.cost_nano_usd == used.input_tokens * 7_000 + used.output_tokens * 9_000
    assert (used.cache_write_tokens, used.reasoning_tokens) == (
        used.input_tokens,
        used.output_tokens,
    )


async def test_sound_that_nobody_priced_costs_its_hold_where_a_stream_is_cut(
    houses: Houses,
) -> None:
    cut = mid(text="one two three", cut_after=2, error=StreamCut("?"))
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    with pytest.raises(StreamCut):
        await drain(house, replace(ask(stream=True), messages=(HEARD,)))
    (line,) = (await only_row(house)).attempts
    assert (line.state, line.cost_nano_usd) == (AttemptState.UNKNOWN_COST, line.held_nano_usd)


@pytest.mark.parametrize(("seconds", "thought"), [(0, 0), (2, 2_000), (3_600, None)])
async def test_a_cut_stream_of_unseen_thoughts_costs_no_more_than_its_time_allows(
    houses: Houses, seconds: int, thought: int | None
) -> None:
    cut = mid(text="one two", cut_after=1, error=StreamCut("?"), hides_reasoning=True)
    house = houses([low(), cut], signals=UNSURE, verify_mid={"default": "none"})
    events = house.gateway.stream(ask(stream=True), ALICE)
    assert isinstance(await anext(events), Committed)
    house.clock.now += 1_000 * seconds
    with pytest.raises(StreamCut):
        async for _ in events:
            pass
    (line,) = (await only_row(house)).attempts
    if thought is None:
        assert line.cost_nano_usd == line.held_nano_usd
    else:
        # Each reading of the clock moves it a little.
        assert 0 < line.usage.output_tokens - thought < 50
    assert line.estimated


async def test_answers_of_a_request_that_failed_are_drafts_that_nobody_saw(houses: Houses) -> None:
    house = houses([low(), mid(text=""), deep(text="")], **BOTH)
    with pytest.raises(NoUsableAnswer):
        await house.gateway.complete(ask(), ALICE)
    wasted = [waste_of(a) for a in (await only_row(house)).attempts if a.role is Role.ANSWER]
    assert wasted == [Waste.DRAFTS] * 2


async def test_failed_row_names_the_last_rung_that_was_called(houses: Houses) -> None:
    failing = mid(error=UpstreamInvalid("no JSON"))
    house = houses([low(), failing, deep(error=UpstreamInvalid("no JSON"))], **BOTH)
    with pytest.raises(UpstreamInvalid):
        await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert (row.tier, row.answerer, row.model) == ("reasoning", "deep", "deep-model")
