"""Speculation: what is called before its turn, what becomes of it, and that the books add up."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from router.analysis.replay.cases import case_of
from router.analysis.replay.correctness import KnownCorrectness
from router.analysis.replay.facts import Assumed, Side
from router.analysis.replay.replay import Replay, replay
from router.errors import UpstreamRejected
from router.policy.schema import DecisionSection
from router.request.intake import decided_outcome
from router.routing.decision_record import parse
from router.routing.next_rung import Left, rung_beside
from router.types import (
    Answer,
    AttemptState,
    Call,
    Committed,
    Delta,
    Hints,
    Outcome,
    Price,
    Reason,
    RequestRow,
    RequestState,
    Usage,
    Work,
)
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import UNSURE, deep, drain, low, mid, only_row

DEAR = Price(10_000_000_000, None, None, 20_000_000_000, version="test")
SPECULATE = {"between": [0.05, 0.5], "max_usd": 1.0}
GOOD, BAD = 0.99, 0.1
LONG_S = 30.0  # longer than any test: what waits so long is cancelled


def dear(**changes: object) -> ScriptedTier:
    """Ten times the price of `mid`: it holds $0.00219 and costs $0.0002."""
    return deep(price=DEAR, **changes)


def a_race(houses: Houses, *tiers: ScriptedTier, **sections: object) -> House:
    """`mid` is right with .88 and `deep` with .98: at $0.001 for a wrong answer `deep` is not worth
    its price at first, and is after an answer that is likely wrong."""
    speculate = sections.pop("speculate", SPECULATE)
    given: dict[str, object] = {
        "stakes": {"default_cost_of_wrong_usd": 0.001, "default_loss_share": 0},
        "decision": {"speculate": speculate, "level_3_not_below_usd": 0},
        **sections,
    }
    thetas = {"mid": 2.0, "deep": 4.0}
    return houses([low(), *tiers], signals=UNSURE, thetas=thetas, **given)


async def answered(house: House, *, stream: bool, **changes: object) -> tuple[Outcome, RequestRow]:
    request = ask(stream=stream, **changes)
    if stream:
        outcome = (await drain(house, request))[-1]
    else:
        outcome = await house.gateway.complete(request, ALICE)
    assert isinstance(outcome, Outcome)
    row = await only_row(house)
    assert all(row.attempts[i].ordinal == i for i in range(len(row.attempts)))
    return outcome, row


both = pytest.mark.parametrize("stream", [False, True])


@both
async def test_an_answer_that_is_good_enough_cancels_the_one_beside_it(
    houses: Houses, stream
) -> None:
    other = dear(wait_s=LONG_S)
    house = a_race(houses, mid(p=GOOD, wait_s=0.01), other)
    outcome, row = await answered(house, stream=stream)
    assert (outcome.rung.answerer, outcome.escalations) == ("mid", 0)
    assert (other.calls, other.closed) == (1, 1)
    first, second = row.attempts
    assert (first.answerer, first.discarded) == ("mid", False)
    assert (second.answerer, second.state) == ("deep", AttemptState.CANCELLED)
    assert (second.discarded, second.estimated) == (True, True)
    assert second.reason == Reason.SPECULATED
    # Nothing came: 19 tokens of input at $10 a million, and output for the time that it ran.
    assert 190_000 <= second.cost_nano_usd < second.held_nano_usd


@both
async def test_where_the_first_answer_fails_the_other_is_already_there(
    houses: Houses, stream
) -> None:
    first, other = mid(p=BAD, wait_s=0.05), dear(p=GOOD, text="at once")
    house = a_race(houses, first, other)
    outcome, row = await answered(house, stream=stream)
    assert outcome.answer is not None
    assert (outcome.rung.answerer, outcome.answer.text, outcome.escalations) == (
        "deep",
        "at once",
        1,
    )
    assert (first.calls, other.calls) == (1, 1)
    assert [a.state for a in row.attempts] == [AttemptState.SETTLED] * 2
    assert [a.discarded for a in row.attempts] == [True, False]
    assert outcome.reason is Reason.ANSWER_NOT_TRUSTED


async def test_pieces_that_came_early_are_released_in_order(houses: Houses) -> None:
    other = dear(text="one two three four", wait_s=0.02)
    house = a_race(houses, mid(p=BAD, wait_s=0.03), other, verify_deep={"default": "none"})
    events = await drain(house, ask(stream=True))
    assert isinstance(events[0], Committed)
    assert events[0].rung.answerer == "deep"
    assert "".join(e.text for e in events if isinstance(e, Delta)) == "one two three four"


@both
async def test_what_was_paid_twice_is_in_the_cost(houses: Houses, stream: bool) -> None:
    house = a_race(houses, mid(p=GOOD, wait_s=0.05), dear(p=GOOD))
    outcome, row = await answered(house, stream=stream)
    assert outcome.rung.answerer == "mid"
    assert [a.state for a in row.attempts] == [AttemptState.SETTLED] * 2
    assert row.attempts[1].discarded
    assert [a.cost_nano_usd for a in row.attempts] == [20_000, 200_000]


@both
async def test_without_the_key_nothing_is_called_before_its_turn(houses: Houses, stream) -> None:
    other = dear()
    house = a_race(houses, mid(p=GOOD), other, speculate=None)
    _, row = await answered(house, stream=stream)
    assert (other.calls, len(row.attempts)) == (0, 1)


@pytest.mark.parametrize(
    ("between", "calls"),
    [([0.0, 0.119], 0), ([0.0, 0.1193], 1), ([0.119, 1.0], 1), ([0.12, 1.0], 0)],
)
async def test_only_borderline_requests_are_speculated_on(houses: Houses, between, calls) -> None:
    """`mid` is wrong with 1 - sigma(2) = .1192."""
    other = dear(wait_s=LONG_S)
    speculate = {"between": between, "max_usd": 1.0}
    house = a_race(houses, mid(p=GOOD, wait_s=0.01), other, speculate=speculate)
    await house.gateway.complete(ask(), ALICE)
    assert other.calls == calls


@pytest.mark.parametrize(("max_usd", "calls"), [(0.002189, 0), (0.00219, 1)])
async def test_only_calls_that_cannot_cost_too_much_are_made_early(houses: Houses, max_usd, calls):
    """`deep` holds 11 + 8 input tokens at $10 and 100 output tokens at $20 a million."""
    other = dear(wait_s=LONG_S)
    speculate = {"between": [0.0, 1.0], "max_usd": max_usd}
    house = a_race(houses, mid(p=GOOD, wait_s=0.01), other, speculate=speculate)
    await house.gateway.complete(ask(), ALICE)
    assert other.calls == calls


async def test_nothing_is_called_beside_an_answer_that_nobody_verifies(houses: Houses) -> None:
    other = dear()
    house = a_race(houses, mid(wait_s=0.01), other, verify_mid={"default": "none"})
    await house.gateway.complete(ask(), ALICE)
    assert other.calls == 0


@both
async def test_a_cap_that_two_calls_would_pass_allows_one_after_the_other(
    houses: Houses, stream
) -> None:
    """Both together hold $0.002409; the second, called after the first, holds $0.00221."""
    other = dear(p=GOOD)
    house = a_race(houses, mid(p=BAD, wait_s=0.01), other)
    outcome, row = await answered(house, stream=stream, hints=Hints(max_cost_nano_usd=2_408_999))
    assert outcome.rung.answerer == "deep"
    assert other.calls == 1
    states = [(a.answerer, a.state, a.reason) for a in row.attempts]
    assert states == [
        ("mid", AttemptState.SETTLED, "low_confidence"),
        ("deep", AttemptState.RELEASED, "speculated"),
        ("deep", AttemptState.SETTLED, "answer_not_trusted"),
    ]
    assert sum(a.cost_nano_usd for a in row.attempts) <= 2_408_999


@both
async def test_a_call_made_early_that_has_ended_is_still_affordable(houses: Houses, stream) -> None:
    """It cost nearly all that the cap leaves, so that it could not be called again."""
    dearest = dear(p=GOOD, usage=Usage(10, 0, 0, 100, reported=True))
    house = a_race(houses, mid(p=BAD, wait_s=0.05), dearest)
    hints = Hints(max_cost_nano_usd=2_409_000)
    outcome, row = await answered(house, stream=stream, hints=hints)
    assert outcome.rung.answerer == "deep"
    assert len(row.attempts) == 2


@both
async def test_a_tenants_budget_is_held_for_both_calls(houses: Houses, stream: bool) -> None:
    """A budget for one call at a time: the early one is refused, and made in its turn."""
    other = dear(p=GOOD)
    budgets = {"acme": {"usd_per_day": 0.0023}}
    house = a_race(houses, mid(p=BAD, wait_s=0.01), other, budgets=budgets)
    outcome, row = await answered(house, stream=stream)
    assert (outcome.rung.answerer, other.calls, len(row.attempts)) == ("deep", 1, 3)
    assert row.attempts[1].state is AttemptState.RELEASED


@both
async def test_an_early_call_that_failed_is_told_in_its_turn(houses: Houses, stream: bool) -> None:
    broken = dear(error=UpstreamRejected("no", upstream_status=400), cut_after=0)
    house = a_race(houses, mid(p=BAD, wait_s=0.02), broken)
    outcome, row = await answered(house, stream=stream)
    assert outcome.rung.answerer == "mid"
    assert [a.error_code for a in row.attempts] == ["", UpstreamRejected.code]


@both
async def test_an_early_call_that_failed_is_nobodys_matter_where_it_is_not_needed(
    houses: Houses, stream: bool
) -> None:
    broken = dear(error=UpstreamRejected("no", upstream_status=400), cut_after=0)
    house = a_race(houses, mid(p=GOOD, wait_s=0.02), broken)
    outcome, row = await answered(house, stream=stream)
    assert outcome.rung.answerer == "mid"
    assert row.attempts[1].state is AttemptState.FAILED


@both
async def test_a_client_that_leaves_cancels_both_calls(houses: Houses, stream: bool) -> None:
    first = Started("mid", "llm", 2, wait_s=LONG_S)
    other = Started("deep", "reasoning", 3, price=DEAR, wait_s=LONG_S)
    house = a_race(houses, first, other)
    asked = house.gateway.stream(ask(stream=stream), ALICE)
    async with aclosing(asked) as events:
        waiting = asyncio.ensure_future(anext(events))
        await first.started.wait()
        await other.started.wait()
        waiting.cancel()
        await asyncio.wait({waiting})
    row = await only_row(house)
    assert row.state is RequestState.CANCELLED
    assert [a.state for a in row.attempts] == [AttemptState.CANCELLED] * 2
    assert other.closed == 1
    assert len(asyncio.all_tasks()) == 1


@dataclass
class Started(ScriptedTier):
    """Says when it was called."""

    started: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, work: Work, call: Call) -> Answer:
        self.started.set()
        return await super().answer(work, call)

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        self.started.set()
        async with aclosing(super().stream(work, call)) as pieces:
            async for piece in pieces:
                yield piece


@both
async def test_a_row_with_an_early_call_decides_again_alike(houses: Houses, stream: bool) -> None:
    house = a_race(houses, mid(p=BAD, wait_s=0.02), dear(p=GOOD))
    _, row = await answered(house, stream=stream)
    assert differs(parse(row.record), house.gateway.router.default.policy) is None


def test_a_worthless_answer_must_be_worth_a_climb(houses: Houses) -> None:
    house = a_race(houses, mid(), dear())
    outcome = decided_outcome(house.gateway.router, ask(), ALICE)
    section = DecisionSection.model_validate({"speculate": SPECULATE})
    left = Left()
    assert rung_beside(outcome.decision, 1, left, section, verified=True) == 2
    assert rung_beside(outcome.decision, 1, left, section, verified=False) is None
    cheap = replace(outcome.decision, stakes_nano_usd=1)
    assert rung_beside(cheap, 1, left, section, verified=True) is None
    assert rung_beside(outcome.decision, 2, left, section, verified=True) is None


@both
async def test_a_call_that_was_cancelled_is_made_again_when_its_turn_comes(
    houses: Houses, stream: bool
) -> None:
    """`mid` fails, so the weak rung has its turn, then the one that was called too early."""
    failing = mid(error=UpstreamRejected("no", upstream_status=400), wait_s=0.05)
    between = Started("weak", "llm", 2, p=BAD, price=DEAR)
    last = dear(p=GOOD, text="sure", gate=between.started)
    house = a_race(houses, failing, between, last)
    outcome, row = await answered(house, stream=stream)
    assert outcome.answer is not None
    assert (outcome.rung.answerer, outcome.answer.text) == ("deep", "sure")
    assert last.calls == 2
    assert row.state is RequestState.SETTLED


def side_of(house: House, name: str = "hash") -> Side:
    runtime = house.gateway.router.default
    return Side(runtime.policy, name, runtime.plans)


def replayed(row: RequestRow, side: Side) -> Replay:
    return replay(lambda: [case_of(row)], side, None, KnownCorrectness())


async def test_own_policy_replays_what_was_paid_for_an_early_call(houses: Houses) -> None:
    house = a_race(houses, mid(p=GOOD, wait_s=0.05), dear(p=GOOD))
    _, row = await answered(house, stream=False)
    replay_report = replayed(row, side_of(house))
    assert replay_report.costs.own_nano_usd == replay_report.costs.baseline_nano_usd == 220_000
    assert (replay_report.changed, replay_report.new.levels) == (0, replay_report.old.levels)


async def test_policy_that_calls_nothing_early_saves_what_it_cost(houses: Houses) -> None:
    house = a_race(houses, mid(p=GOOD, wait_s=0.05), dear(p=GOOD))
    patient = a_race(houses.inside("other"), mid(), dear(), speculate=None)
    _, row = await answered(house, stream=False)
    assert replayed(row, side_of(patient, "patient")).costs.own_nano_usd == 20_000


async def test_policy_that_would_call_early_is_taken_to_pay_for_it(houses: Houses) -> None:
    house = a_race(houses, mid(p=GOOD), dear(), speculate=None)
    eager = a_race(houses.inside("other"), mid(), dear())
    _, row = await answered(house, stream=False)
    replay_report = replayed(row, side_of(eager, "eager"))
    assert (replay_report.costs.baseline_nano_usd, replay_report.costs.own_nano_usd) == (
        20_000,
        220_000,
    )
    assert replay_report.assumed[Assumed.EARLY] == 1
    capped = a_race(
        houses.inside("third"), mid(), dear(), speculate=SPECULATE | {"max_usd": 0.0001}
    )
    assert replayed(row, side_of(capped, "capped")).costs.own_nano_usd == 20_000
