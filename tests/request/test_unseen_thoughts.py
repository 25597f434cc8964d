"""A model whose usage proved thoughts that it bills unseen is booked as one from then on."""

from __future__ import annotations

import pytest

from router.errors import StreamCut
from router.request.calls.unseen_thoughts import thought_unseen
from router.types import (
    Answer,
    AttemptRow,
    AttemptState,
    Choice,
    Committed,
    Event,
    Price,
    RequestRow,
    ThoughtsUnseen,
    ToolCall,
    Usage,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ask
from tests.kits.gateway_kit import UNSURE, low, mid

THOUGHT = Usage(input_tokens=10, output_tokens=900, reasoning_tokens=880, reported=True)
UNSAID = Usage(input_tokens=20, output_tokens=30)


def answer(usage: Usage, **shown: object) -> Answer:
    choice = replace(Choice("Lima.", "stop"), **shown)
    return Answer(model="m", choices=(choice,), usage=usage)


CASES = [
    (THOUGHT, {}, True),
    (THOUGHT, {"reasoning": "a summary"}, True),
    (THOUGHT, {"reasoning": "x" * 880}, False),  # all of it is shown
    (replace(THOUGHT, reported=False), {}, False),
    (replace(THOUGHT, reasoning_tokens=0), {}, True),  # nothing else can be 900 tokens
    (replace(THOUGHT, reasoning_tokens=0), {"text": "word " * 200}, False),
    (replace(THOUGHT, reasoning_tokens=0), {"tool_calls": (ToolCall("1", "f", "x" * 900),)}, False),
    (replace(THOUGHT, reasoning_tokens=0), {"stop_sequence": "#"}, False),  # words behind it went
    (THOUGHT, {"stop_sequence": "#"}, True),  # thoughts come before the text
    (Usage(10, output_tokens=64, reported=True), {}, False),  # marks, and no thoughts
    (Usage(10, output_tokens=70, reported=True), {}, True),  # five bytes and 64 marks are 69
]


@pytest.mark.parametrize(("usage", "shown", "unseen"), CASES)
def test_a_count_above_the_bytes_that_came_shows_unseen_thoughts(
    usage: Usage, shown: dict[str, object], unseen: bool
) -> None:
    assert thought_unseen(answer(usage, **shown)) is unseen


class Told:
    """Keeps what the gateway reports."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def happened(self, event: Event) -> None:
        self.events.append(event)

    def finished(self, row: RequestRow) -> None:
        return


def calls(house: House) -> list[AttemptRow]:
    return [call for row in requests_in(house.ledger) for call in row.attempts]


async def test_an_answer_without_usage_costs_the_hold_once_its_model_was_seen_to_think(
    houses: Houses,
) -> None:
    """Before, the bytes of what came were booked, far below the bill."""
    tier = mid(usage=UNSAID)
    told = Told()
    house = houses([low(), tier], signals=UNSURE, events=told)
    for usage in (UNSAID, THOUGHT, UNSAID):
        tier.usage = usage
        await house.gateway.complete(ask(), ALICE)
        await house.gateway.drain()
    before, seen, after = calls(house)
    assert before.cost_nano_usd == UNSAID.input_tokens * 1_000 + UNSAID.output_tokens * 2_000
    assert (before.state, seen.state) == (AttemptState.SETTLED, AttemptState.SETTLED)
    assert (after.state, after.estimated) == (AttemptState.UNKNOWN_COST, True)
    assert after.cost_nano_usd == max(after.held_nano_usd, before.cost_nano_usd)
    assert after.cost_nano_usd > before.cost_nano_usd
    assert [one for one in told.events if isinstance(one, ThoughtsUnseen)] == [
        ThoughtsUnseen("mid", "mid-model")
    ]


async def test_a_list_price_covers_thoughts_that_were_seen(houses: Houses) -> None:
    tier = mid(usage=THOUGHT, price=Price(per_request_nano_usd=5, version="v"))
    house = houses([low(), tier], signals=UNSURE)
    for usage in (THOUGHT, UNSAID):
        tier.usage = usage
        await house.gateway.complete(ask(), ALICE)
        await house.gateway.drain()
    assert [call.cost_nano_usd for call in calls(house)] == [5, 5]


async def test_a_cut_stream_of_a_model_that_was_seen_to_think_costs_its_silence(
    houses: Houses,
) -> None:
    tier = mid(usage=THOUGHT, text="one two")
    house = houses([low(), tier], signals=UNSURE, verify_mid={"default": "none"})
    tokens = []
    for seen in (False, True):
        if seen:
            tier.cut_after, tier.error = None, None
            await house.gateway.complete(ask(), ALICE)
        tier.cut_after, tier.error = 1, StreamCut("?")
        events = house.gateway.stream(ask(stream=True), ALICE)
        assert isinstance(await anext(events), Committed)
        house.clock.now += 2_000
        with pytest.raises(StreamCut):
            async for _ in events:
                pass
        await house.gateway.drain()
        tokens.append(calls(house)[-1].usage.output_tokens)
    assert tokens[0] < 50
    assert 2_000 <= tokens[1] < 2_050  # as of a model that states `hidden_reasoning`
