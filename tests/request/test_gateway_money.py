"""Tests what the books say of a request, whoever fails, refuses, repeats or leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from functools import partial

import pytest

from router.analysis.prices.reprice import reprice
from router.analysis.report.build import build_report
from router.analysis.report.output.row_json import rows_json
from router.errors import (
    BudgetExceeded,
    MaxCostTooLow,
    NotCapable,
    UpstreamInvalid,
)
from router.policy.schema import ReportSection
from router.routing.decision_record import parse
from router.types import (
    Answer,
    AttemptState,
    Baselines,
    Call,
    ContentPart,
    CostBasis,
    Delta,
    Hints,
    JsonText,
    Message,
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
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, PRICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import UNSURE, deep, drain, low, mid, only_row
from tests.kits.upstreams.upstream_kit import eventually
from tiers.steps import SteppedAnswerer


async def test_a_climb_costs_the_draft_too(houses: Houses) -> None:
    signals = replace(UNSURE, impact_nano_usd=4_000 * 10**9)
    weak, strong = mid(p=0.3), deep()
    house = houses([low(), weak, strong], signals=signals, thetas={"mid": 3.9, "deep": 4})
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert outcome.rung.answerer == "deep"
    assert [a.discarded for a in row.attempts] == [True, False]
    assert row.cost_nano_usd == 2 * (10 * 1_000 + 5 * 2_000)


async def test_a_list_price_covers_the_calls_under_it(houses: Houses) -> None:
    price = Price(per_request_nano_usd=5 * 10**9, version="stated")
    thinker = deep(kind="deliberation", asks=("mid", "mid"), price=price)
    house = houses([low(), mid(), thinker])
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    row = await only_row(house)
    assert row.cost_nano_usd == 5 * 10**9
    assert [a.cost_nano_usd for a in row.attempts] == [5 * 10**9, 0, 0]


async def test_a_deliberation_is_priced_by_its_calls(houses: Houses) -> None:
    """Scripted: five calls of 20 output tokens each; a plain answer counts five times there."""
    thinker = deep(kind="deliberation", asks=("mid",), price=Price())
    house = houses([low(), mid(), thinker], signals=UNSURE)
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    (plain,) = [one for one in parse(row.record).facts if one.answerer == "mid"]
    (thought,) = [one for one in parse(row.record).facts if one.answerer == "deep"]
    assert thought.cost_nano_usd == 5 * plain.cost_nano_usd
    assert row.baselines.all_level_3 == 5 * (row.baselines.all_level_2 or 0) > 0


async def test_a_clients_cap_of_output_bounds_an_answer_and_no_step(houses: Houses) -> None:
    house = houses([low(), mid(), deep(kind="deliberation", asks=("mid",), price=Price())])
    plans = house.gateway.router.default.by_name
    costs = {
        name: [plans[name].expected_cost(UNSURE, cap, 0).nano_usd for cap in (None, 1)]
        for name in ("mid", "deep")
    }
    assert costs["mid"][1] < costs["mid"][0]
    assert costs["deep"][1] == costs["deep"][0]


async def test_only_a_cost_that_no_request_changes_is_worked_out_once(houses: Houses) -> None:
    house = houses([low(price=Price(per_request_nano_usd=7)), mid()], signals=UNSURE)
    plans = house.gateway.router.default.by_name
    long = replace(UNSURE, input_tokens=100_000)
    assert plans["faq"].fixed_cost == plans["faq"].expected_cost(long, None, 3)
    assert plans["faq"].expected_cost(UNSURE, 1, 0).nano_usd == 7
    judged = replace(plans["faq"], judged_by=plans["mid"].facts)
    for plan in (plans["mid"], judged):
        assert plan.fixed_cost is None
        short = plan.expected_cost(UNSURE, None, 0).nano_usd
        assert plan.expected_cost(long, None, 0).nano_usd > short


async def test_a_deliberation_begins_only_with_money_for_all_its_steps(houses: Houses) -> None:
    thinker = deep(kind="deliberation", asks=("mid",), price=Price())
    house = houses([low(), mid(), thinker], signals=UNSURE)
    plans = house.gateway.router.default.by_name
    one, all_steps = (plans[name].room_needed(ask(), UNSURE) for name in ("mid", "deep"))
    assert all_steps == 5 * one
    asked = partial(ask, requested_model="tier:reasoning")
    with pytest.raises(MaxCostTooLow) as refused:
        await house.gateway.complete(asked(hints=Hints(max_cost_nano_usd=all_steps - 1)), ALICE)
    assert "unknown" not in refused.value.message  # its steps have a price
    outcome = await house.gateway.complete(asked(hints=Hints(max_cost_nano_usd=all_steps)), ALICE)
    assert outcome.rung.answerer == "deep"


async def test_clients_cap_names_all_whose_price_nobody_states(houses: Houses) -> None:
    house = houses([low(), mid(price=Price()), deep(price=Price())], signals=UNSURE)
    with pytest.raises(MaxCostTooLow, match="nobody states what a call to deep, mid costs"):
        await house.gateway.complete(ask(hints=Hints(max_cost_nano_usd=10**9)), ALICE)


async def test_an_answer_begins_where_only_its_check_cannot_be_paid(houses: Houses) -> None:
    house = with_steps(houses([low(), mid()], signals=UNSURE), "check")
    plan = house.gateway.router.default.by_name["mid"]
    counted = replace(plan, counts=plan.answerer.calls)  # type: ignore[attr-defined]
    assert counted.worst_case(ask(), UNSURE) > counted.room_needed(ask(), UNSURE)
    assert counted.room_needed(ask(), UNSURE) == plan.room_needed(ask(), UNSURE)


BOUND = Usage(input_tokens=400, output_tokens=90)


@pytest.mark.parametrize("mode", ["route", "observe"])
async def test_a_bound_of_unreported_tokens_is_no_baseline(houses: Houses, mode: str) -> None:
    """Costs are never too low, so at such tokens a dearer model would save what nobody used."""
    people = {"report": {"people_usd_per_request": 4.0}}
    aliases = {"gpt-4o": {"answerer": "mid"}}
    tiers = [low(), mid(usage=BOUND), deep()]
    house = houses(tiers, signals=UNSURE, mode=mode, aliases=aliases, **people)
    await house.gateway.complete(ask(requested_model="gpt-4o"), ALICE)
    row = await only_row(house)
    assert row.attempts[0].estimated
    assert row.baselines == Baselines(people=4 * 10**9)
    period = {"since_ms": None, "until_ms": None, "now_ms": row.created_at_ms}
    report = build_report([row], config=ReportSection(), **period)
    savings = report.observed_savings if mode == "observe" else report.savings
    told = {saving.key for saving in savings if saving.compared}
    assert told == (set() if mode == "observe" else {"people"})


async def test_a_deliberation_without_list_price_costs_its_steps(houses: Houses) -> None:
    thinker = deep(kind="deliberation", asks=("mid", "mid"), price=Price())
    house = houses([low(), mid(), thinker])
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert (await only_row(house)).cost_nano_usd == 2 * (10 * 1_000 + 5 * 2_000)


async def test_a_deliberations_baselines_count_the_question_once(houses: Houses) -> None:
    """Another model would have been asked once; the deliberation would have cost the same."""
    steps = Usage(input_tokens=3_000, output_tokens=150, reasoning_tokens=100, reported=True)
    steps_of = ScriptedTier("big", "llm", 2, usage=replace(steps, reasoning_tokens=0))
    thinker = deep(kind="deliberation", asks=("big",), price=Price(), usage=steps)
    house = houses([low(), steps_of, thinker], signals=replace(CALM, input_tokens=40))
    outcome = await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    row = await only_row(house)
    assert row.cost_nano_usd == 3_000 * 1_000 + 150 * 2_000
    assert row.baselines.all_level_3 == row.cost_nano_usd
    assert row.baselines.all_level_2 == 40 * 1_000 + 50 * 2_000
    assert outcome.answer is not None
    assert outcome.answer.usage == steps  # the client is told what all calls took


async def test_a_list_price_that_was_not_earned_leaves_the_calls_at_their_own_price(
    houses: Houses,
) -> None:
    price = Price(per_request_nano_usd=5 * 10**9, version="stated")
    failing = deep(kind="deliberation", asks=("mid",), price=price, error=UpstreamInvalid("?"))
    house = houses([low(), mid(), failing])
    with pytest.raises(UpstreamInvalid):
        await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert (await only_row(house)).cost_nano_usd == 10 * 1_000 + 5 * 2_000


async def test_calls_made_at_the_same_time_are_booked_one_by_one(houses: Houses) -> None:
    thinker = deep(kind="deliberation", asks=("mid", "mid", "mid"), at_once=True, price=Price())
    house = houses([low(), mid(), thinker])
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    row = await only_row(house)
    assert len({a.attempt_id for a in row.attempts}) == 4
    assert row.cost_nano_usd == 3 * (10 * 1_000 + 5 * 2_000)


async def test_max_cost_is_a_cap_on_the_worst_case(houses: Houses) -> None:
    house = houses([low(), mid()], signals=UNSURE)
    with pytest.raises(NotCapable, match="max_cost_usd"):
        await house.gateway.complete(ask(hints=Hints(max_cost_nano_usd=100)), ALICE)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("kind", ["local", "upstream", "litellm"])
async def test_a_call_without_a_price_is_in_the_books_while_it_runs(
    houses: Houses, kind: str, stream: bool
) -> None:
    tier = mid(kind=kind, price=Price(), wait_s=3600)
    house = houses([low(), tier], signals=UNSURE)
    task = asyncio.ensure_future(drain(house, ask(stream=stream)))
    await eventually(lambda: tier.calls == 1)
    (row,) = requests_in(house.ledger)
    assert (row.state, row.attempts[0].state) == (RequestState.OPEN, AttemptState.HELD)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await only_row(house)


async def test_an_approved_answer_waits_for_no_intent(houses: Houses) -> None:
    tier = low(wait_s=3600)
    house = houses([tier, mid()], budgets={"*": {"usd_per_day": 1}})
    task = asyncio.ensure_future(house.gateway.complete(ask(), ALICE))
    await eventually(lambda: tier.calls == 1)
    assert list(requests_in(house.ledger)) == []
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_own_compute_under_a_list_price_is_held_once(houses: Houses) -> None:
    listed = Price(per_request_nano_usd=5 * 10**9, version="stated")
    own = mid(kind="local", price=Price(per_second_nano_usd=10**9, version="own"))
    thinker = deep(kind="deliberation", asks=("mid",), price=listed)
    house = houses([low(), own, thinker], budgets={"*": {"usd_per_day": 5}})
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    assert (await only_row(house)).cost_nano_usd == 5 * 10**9


async def test_free_own_compute_is_called_when_the_budget_is_spent(houses: Houses) -> None:
    own = deep(kind="local", price=Price())
    house = houses([low(), mid(), own], budgets={"*": {"usd_per_day": 0.0001}})
    house.triage.compute_ms = 1_000.0
    runtime = house.gateway.router.default
    object.__setattr__(runtime, "triage_price", Price(per_second_nano_usd=10**9, version="own"))
    for _ in range(2):  # reading the first request passes the limit
        outcome = await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
        assert outcome.rung.answerer == "deep"


async def test_a_budget_refuses_what_would_pass_it(houses: Houses) -> None:
    budgets = {"*": {"usd_per_day": 0.000001}}
    house = houses([low(), mid()], signals=UNSURE, budgets=budgets)
    with pytest.raises(BudgetExceeded):
        await house.gateway.complete(ask(), ALICE)
    assert (await only_row(house)).cost_nano_usd == 0


async def test_a_refused_sample_leaves_the_answer_in_hand(houses: Houses) -> None:
    verify = {"default": "full", "self_consistency": 2}
    budgets = {"*": {"usd_per_day": 0.00022}}
    house = houses([low(), mid()], signals=UNSURE, verify_mid=verify, budgets=budgets
    )  # fmt: skip
    outcome = await house.gateway.complete(ask(), ALICE)
    assert outcome.answer is not None
    assert outcome.escalations == 0


async def test_the_same_deterministic_request_is_answered_from_cache(houses: Houses) -> None:
    tier = mid()
    house = houses([low(), tier], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0))
    await house.gateway.complete(request, ALICE)
    again = await house.gateway.complete(request, ALICE)
    assert tier.calls == 1
    assert (again.cost_nano_usd, again.attempts[0].role) == (0, Role.CACHE)


async def test_a_cached_answer_below_the_floor_now_decided_is_not_used(houses: Houses) -> None:
    house = houses([low(), mid(), deep()], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0))
    await house.gateway.complete(request, ALICE)
    house.triage.signals = replace(UNSURE, strategic=0.9)
    again = await house.gateway.complete(request, ALICE)
    assert again.rung.level == 3


async def test_an_answer_that_nobody_verified_is_not_given_again_where_somebody_must(
    houses: Houses,
) -> None:
    verify = {"default": "none", "hard_rule": "full"}
    house = houses(
        [low(), mid(p=0.2)],
        signals=UNSURE,
        verify_mid=verify,
        exhausted={"default": "refuse"},
    )
    request = ask(sampling=Sampling(temperature=0.0))
    assert (await house.gateway.complete(request, ALICE)).verdict is Verdict.ACCEPTED
    grave = replace(request, hints=Hints(stakes_nano_usd=6_000 * 10**9))
    again = await house.gateway.complete(grave, ALICE)
    assert (again.cache, again.verdict) == ("miss", Verdict.REFUSED)
    assert (await house.gateway.complete(request, ALICE)).cache == "exact"


async def test_another_tenants_cache_is_out_of_reach(houses: Houses) -> None:
    tier = mid()
    house = houses([low(), tier], signals=UNSURE)
    request = ask(sampling=Sampling(temperature=0.0))
    await house.gateway.complete(request, ALICE)
    await house.gateway.complete(request, replace(ALICE, tenant="other"))
    assert tier.calls == 2


async def test_a_client_that_leaves_while_waiting_leaves_a_row_that_adds_up(houses: Houses) -> None:
    tier = mid(wait_s=3600)
    house = houses([low(), tier], signals=UNSURE)
    task = asyncio.ensure_future(house.gateway.complete(ask(), ALICE))
    await eventually(lambda: tier.calls == 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    row = await only_row(house)
    assert row.state is RequestState.CANCELLED
    assert row.cost_nano_usd == row.attempts[0].held_nano_usd > 0


PICTURE = Message("user", "what is it?", (ContentPart("image_url", JsonText("{}")),) * 2)


async def test_images_that_cost_are_in_row_and_bill(houses: Houses) -> None:
    price = replace(PRICE, image_nano_usd=1_000, version="ours@0 2026-11-20")
    house = houses([low(), mid(price=price), deep()], signals=UNSURE)
    await house.gateway.complete(replace(ask(), messages=(PICTURE,)), ALICE)
    row = await only_row(house)
    (attempt,) = row.attempts
    assert (attempt.images, attempt.price_version) == (2, "ours@0 2026-11-20")
    assert attempt.cost_nano_usd == 10 * 1_000 + 5 * 2_000 + 2 * 1_000
    assert row.baselines.all_level_2 == row.cost_nano_usd  # level 2 would have been shown them too


async def test_an_unknown_price_is_booked_as_unknown(houses: Houses) -> None:
    house = houses([low(), mid(price=Price()), deep()], signals=UNSURE)
    await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert row.attempts[0].cost_basis is CostBasis.UNKNOWN
    assert row.attempts[0].state is AttemptState.UNKNOWN_COST
    shown = json.loads(rows_json(row))
    assert (shown["cost_nano_usd"], shown["attempts"][0]["cost_nano_usd"]) == (None, None)


async def test_every_call_is_priced_again_at_its_own_price_to_what_it_cost(houses: Houses) -> None:
    house = houses([low(), mid(usage=Usage(900, 100, 50, 70, 20, True)), deep()],
                    signals=UNSURE)  # fmt: skip
    await house.gateway.complete(ask(), ALICE)
    repricing = reprice([await only_row(house)], lambda _row, _call: PRICE)
    assert repricing.total.booked_nano_usd > 0
    assert repricing.total.difference_nano_usd == repricing.total.left_out == 0


async def test_max_cost_counts_what_the_call_holds_that_a_step_is_of(houses: Houses) -> None:
    wordy = mid(usage=Usage(input_tokens=10, output_tokens=100, reported=True))
    house = with_steps(houses([low(), wordy], signals=UNSURE), "solve", "refine")
    worst = house.gateway.router.default.by_name["mid"].worst_case(ask(), UNSURE)
    cap = 2 * worst - 1
    outcome = await house.gateway.complete(ask(hints=Hints(max_cost_nano_usd=cap)), ALICE)
    row = await only_row(house)
    assert outcome.verdict is Verdict.ACCEPTED
    assert [a.state for a in row.attempts] == [AttemptState.SETTLED, AttemptState.RELEASED]
    assert row.cost_nano_usd <= cap


async def test_an_answer_whose_check_is_refused_is_paid_for(houses: Houses) -> None:
    limits = [{"tier": "llm", "requests_per_minute": 1}]
    house = with_steps(houses([low(), mid()], signals=UNSURE, limits=limits), "check")
    outcome = await house.gateway.complete(ask(), ALICE)
    row = await only_row(house)
    assert outcome.verdict is Verdict.ACCEPTED
    assert [a.state for a in row.attempts] == [AttemptState.SETTLED, AttemptState.RELEASED]
    assert row.cost_nano_usd == 10 * 1_000 + 5 * 2_000


async def test_arguments_of_a_tool_call_count_in_what_had_come(houses: Houses) -> None:
    # Only an observed stream lets a call of a tool through before it is whole.
    house = houses([low(), CallsATool("mid", "llm", 2)], signals=UNSURE, mode="observe")
    request = ask(stream=True, requested_model="mid-model")
    events = house.gateway.stream(request, ALICE)
    async for event in events:
        if isinstance(event, Delta) and event.tool_call is not None:
            break
    await events.aclose()
    (line,) = (await only_row(house)).attempts
    assert line.usage.output_tokens == len('I look. find{"q": "tides"}')


class CallsATool(ScriptedTier):
    """Says a word and calls a tool, then goes on for longer than anybody waits."""

    async def stream(self, work: Work, call: Call) -> AsyncGenerator[list[Delta], None]:
        yield [Delta(text="I look. ")]
        yield [Delta(tool_call_index=0, tool_call=ToolCall("c1", "find", '{"q": "tides"}'))]
        await asyncio.sleep(30.0)


def with_steps(house: House, *steps: str) -> House:
    """The house with steps around its `mid`, as a policy's `steps` put them there."""
    runtime = house.gateway.router.default
    plans = tuple(
        replace(plan, answerer=SteppedAnswerer(plan.answerer, steps, clock=house.clock))
        if plan.facts.name == "mid"
        else plan
        for plan in runtime.plans
    )
    house.gateway.router.swap({"test": replace(runtime, plans=plans)})
    return house


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_that_is_booked_goes_out_where_its_text_cannot_be_kept(
    houses: Houses, caplog: pytest.LogCaptureFixture, stream: bool
) -> None:
    house = houses([low(), mid(), deep()], signals=UNSURE, privacy={"store": "full"})
    with house.ledger.database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE texts")
    outcome = (await drain(house, ask(stream=stream)))[-1]
    assert isinstance(outcome, Outcome)
    assert (await only_row(house)).state is RequestState.SETTLED
    (line,) = [one for one in caplog.records if one.message == "not_kept"]
    assert (line.what, line.request_id) == ("texts", f"req_{outcome.request_id}")


class Reading(ScriptedTier):
    """Answers from a passage."""

    def _answer(self, text: str) -> Answer:
        return replace(super()._answer(text), material=("[1] a passage",))


async def test_cached_answer_holds_no_passage_that_its_author_was_given(houses: Houses) -> None:
    house = houses([Reading("mid", "llm", 2)])
    request = ask(sampling=Sampling(temperature=0.0))
    first = await house.gateway.complete(request, ALICE)
    again = await house.gateway.complete(request, ALICE)
    assert first.answer is not None
    assert again.answer is not None
    assert (first.answer.material, again.answer.material) == (("[1] a passage",), ())
