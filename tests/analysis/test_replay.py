"""Recorded requests under other policies: through a real gateway and ledger, then decided again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from xml.etree import ElementTree

import pytest

from router.analysis.replay.cases import Case, LeftOut, case_of
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Assumed, Side, booked_again, would_cost
from router.analysis.replay.fail_conditions import ConditionState, judge, read_condition
from router.analysis.replay.html import replay_html
from router.analysis.replay.json import replay_json
from router.analysis.replay.replay import Replay, Unweighed, replay
from router.analysis.replay.sentences import all_lines
from router.api.http.repeat_row import replayed_row
from router.errors import AnswererError
from router.types import (
    AttemptState,
    CostBasis,
    Match,
    Price,
    Reason,
    RequestRow,
    RequestState,
    Role,
    Sampling,
    Signals,
    Usage,
)
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import (
    ALICE,
    CALM,
    House,
    Houses,
    ScriptedTier,
    ScriptedTriage,
    a_policy,
    ask,
)
from tests.kits.fakes import a_runtime as runtime_of
from tests.kits.gateway_kit import RISKY, deep, low, mid

THETAS = {"mid": 1.45, "deep": 4.0}  # chances .81, so no worse than the shelf, and .98
CALL = 20_000
"""10 input tokens at $1 a million and 5 output tokens at $2: in nano-dollars."""


def surely(p: float) -> Signals:
    return replace(CALM, match=Match("greeting", p, 0.9, 0.3))


DAY = [surely(0.95), surely(0.8), surely(0.7), RISKY]
"""Under a floor of 0.85: level 1, 2, 2 and 3."""


def tiers() -> list[ScriptedTier]:
    return [low(), mid(), deep()]


def a_side(name: str = "other", thetas: dict[str, float] | None = None, **sections: object) -> Side:
    policy = a_policy(tiers(), **sections)
    runtime = runtime_of(policy, tiers(), ScriptedTriage(), thetas or THETAS)
    return Side(policy, name, runtime.plans)


def floor(at: float) -> dict[str, object]:
    return {"decision": {"confidence_floor": at}}


async def play(house: House, day: list[Signals]) -> list[RequestRow]:
    for signals in day:
        house.triage.signals = signals
        await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    rows = list(requests_in(house.ledger))
    return rows


@pytest.fixture
async def rows(houses: Houses) -> list[RequestRow]:
    """Four requests, recorded under the floor 0.85."""
    return await play(houses(tiers(), thetas=THETAS), DAY)


async def repeated(houses: Houses) -> list[RequestRow]:
    """A request and its exact repeat, which is answered from memory."""
    house = houses(tiers(), thetas=THETAS, cache={"exact": True}, signals=surely(0.8))
    for _ in range(2):
        await house.gateway.complete(ask(sampling=Sampling(temperature=0)), ALICE)
    rows = list(requests_in(house.ledger))
    assert [row.reason for row in rows][1:] == [Reason.CACHE_HIT]
    return rows


def cases(rows: list[RequestRow]) -> Callable[[], Iterator[object]]:
    return lambda: map(case_of, rows)


def run(rows: list[RequestRow], new: Side, old: Side | None = None, **labels: bool) -> Replay:
    found = KnownCorrectness.of(
        Correctness(rows[int(key[1:])].request_id, ok) for key, ok in labels.items()
    )
    return replay(cases(rows), new, old, found)


async def test_own_policy_changes_nothing(rows: list[RequestRow]) -> None:
    result = run(rows, a_side("hash"))
    assert (result.requests, result.changed, result.costs.saved_nano_usd) == (4, 0, 0)
    assert result.costs.own_nano_usd == sum(row.cost_nano_usd for row in rows)
    assert result.new.levels == result.old.levels
    assert not result.assumed


async def test_same_policy_under_another_name_derives_the_same_decisions(
    rows: list[RequestRow],
) -> None:
    """Facts come from stored signals and the answerers, not from the stored facts."""
    result = run(rows, a_side("renamed"))
    assert (result.changed, result.costs.saved_nano_usd) == (0, 0)


async def test_own_policy_gives_an_exact_repeat_for_nothing(houses: Houses) -> None:
    rows = await repeated(houses)
    result = run(rows, a_side("hash", cache={"exact": True}))
    assert (result.requests, result.changed, result.costs.saved_nano_usd) == (2, 0, 0)
    assert result.new.levels == result.old.levels


async def test_answer_given_again_under_its_key_is_no_decision(rows: list[RequestRow]) -> None:
    again = replayed_row(rows[1], "again", "key-1", rows[1].finished_at_ms, 1.0)
    result = run([*rows, again], a_side("hash"))
    assert (result.requests, result.costs.saved_nano_usd) == (4, 0)
    assert result.left_out == {LeftOut.GIVEN_AGAIN: 1}


async def test_four_rows_by_hand(rows: list[RequestRow]) -> None:
    """A floor of 0.75 takes one of the two doubtful requests to level 1, for nothing."""
    assert [row.answerer for row in rows] == ["faq", "mid", "mid", "deep"]
    result = run(rows, a_side(**floor(0.75)))
    assert result.costs.baseline_nano_usd == 3 * CALL
    assert result.costs.own_nano_usd == 2 * CALL
    assert list(result.changes) == [("mid", "faq", "gain_too_small")]
    change = result.changes["mid", "faq", "gain_too_small"]
    assert (change.requests, change.difference_nano_usd) == (1, -CALL)
    assert change.examples == [rows[1].request_id]
    assert result.new.levels == {(1, "resolve"): 2.0, (2, "llm"): 1.0, (3, "reasoning"): 1.0}


async def test_dearer_prices_are_paid_for_recorded_calls(rows: list[RequestRow]) -> None:
    side = a_side()
    dearer = tuple(
        replace(plan, answerer=mid(price=Price(2 * 10**9, None, None, 4 * 10**9)))
        for plan in side.plans
    )
    plans = tuple(
        replace(new, facts=new.answerer.facts) if plan.facts.name == "mid" else plan
        for plan, new in zip(side.plans, dearer, strict=True)
    )
    result = run(rows, replace(side, plans=plans))
    assert result.changed == 0
    assert -result.costs.saved_nano_usd == 2 * CALL


async def test_two_policies_are_compared_alike(rows: list[RequestRow]) -> None:
    result = run(rows, a_side("loose", **floor(0.75)), a_side("strict", **floor(0.99)))
    assert result.changed == 1  # a chance of .95 is not exchanged for one of .81
    assert result.costs.baseline_nano_usd == 3 * CALL
    assert result.costs.own_nano_usd == 2 * CALL


async def test_hard_rule_holds_in_replay(rows: list[RequestRow]) -> None:
    result = run(rows, a_side(**floor(0.0)))
    assert result.new.levels[3, "reasoning"] == 1.0


async def test_calls_that_nobody_made_are_counted(rows: list[RequestRow]) -> None:
    result = run(rows, a_side(**floor(0.75)))
    assert result.new.uncertain == 1
    assert result.old.uncertain == 0


async def test_failed_call_of_unknown_price_stays_unknown(rows: list[RequestRow]) -> None:
    """Nobody said what it used, so that a price that is known now tells nothing of it."""
    case = case_of(rows[1])
    assert isinstance(case, Case)
    call = next(a for a in rows[1].attempts if a.answerer == "mid")
    lost = replace(
        call, state=AttemptState.UNKNOWN_COST, estimated=True, cost_basis=CostBasis.UNKNOWN,
        cost_nano_usd=0, held_nano_usd=0, usage=Usage(),
    )  # fmt: skip
    assert booked_again(a_side("other"), case, (call,)) is not None
    assert booked_again(a_side("other"), case, (lost,)) is None


async def test_answerer_of_unknown_price_is_in_no_cost(rows: list[RequestRow]) -> None:
    side = a_side(**floor(0.99))
    tier = mid(price=Price())
    plans = tuple(
        replace(plan, answerer=tier, facts=tier.facts) if plan.facts.name == "mid" else plan
        for plan in side.plans
    )
    result = run(rows, replace(side, plans=plans))
    assert result.not_compared == 2
    condition = judge(result, read_condition("cost>+5%"))
    assert condition.answer is ConditionState.CANNOT_SAY


async def test_recorded_climb_is_climbed_again(houses: Houses) -> None:
    failing = mid(error=AnswererError("down"))
    decision = {"level_3_not_below_usd": 0.0}
    house = houses([low(), failing, deep()], thetas=THETAS, decision=decision)
    rows = await play(house, [surely(0.5)])
    assert rows[0].answerer == "deep"
    result = run(rows, a_side("hash", decision=decision))
    assert result.costs.saved_nano_usd == 0
    assert result.new.levels == {(3, "reasoning"): 1.0}


async def test_observed_month_is_compared_with_what_was_asked_for(houses: Houses) -> None:
    """The client asked for the deep model; the policy would have answered at level 1."""
    aliases = {"their-model": {"answerer": "deep"}}
    house = houses(tiers(), thetas=THETAS, mode="observe", aliases=aliases)
    await house.gateway.complete(ask(requested_model="their-model"), ALICE)
    await house.gateway.drain()
    rows = list(requests_in(house.ledger))
    result = run(rows, a_side("hash"))
    assert (result.observed, result.changed) == (1, 1)
    assert (result.costs.baseline_nano_usd, result.costs.own_nano_usd) == (CALL, 0)
    assert list(result.changes) == [("deep", "faq", "lowest_loss_allowed")]


async def test_rows_without_a_decision_are_counted(rows: list[RequestRow]) -> None:
    broken = replace(rows[0], record=rows[0].record[:20])
    heads = replace(rows[1], tier="specialist")
    result = run([*rows, broken, heads], a_side("hash"))
    assert result.left_out == {LeftOut.UNREADABLE: 1, LeftOut.NOT_ROUTED: 1}
    assert result.requests == 4


async def test_rows_of_an_older_version_say_what_they_lack(rows: list[RequestRow]) -> None:
    case = case_of(rows[1])
    assert isinstance(case, Case)
    replayed_day = replay(lambda: [replace(case, shape=None)], a_side(), None, KnownCorrectness())
    assert Assumed.CAP in replayed_day.assumed


async def test_unchanged_decisions_keep_their_outcomes(rows: list[RequestRow]) -> None:
    result = run(rows, a_side("hash"), r0=True, r1=False, r2=True, r3=True)
    assert result.errors.answerable
    assert result.errors.dr is not None
    assert result.errors.dr.error == 0.25


async def test_changed_decision_without_exploration_cannot_be_judged(
    rows: list[RequestRow],
) -> None:
    result = run(rows, a_side(**floor(0.75)), r0=True, r1=False, r2=True, r3=True)
    assert result.errors.no_overlap == 1
    assert not result.errors.answerable
    judged = judge(result, read_condition("error>+0.5pp"))
    assert judged.answer is ConditionState.CANNOT_SAY
    assert "propensity 0" in judged.told


async def test_outcome_of_another_answerer_answers_for_it(rows: list[RequestRow]) -> None:
    labels = [Correctness(row.request_id, correct=True) for row in rows]
    other = Correctness(rows[1].request_id, correct=False, answerer="faq")
    replayed_day = replay(
        cases(rows), a_side(**floor(0.75)), None, KnownCorrectness.of([*labels, other])
    )
    assert replayed_day.errors.answerable
    assert replayed_day.errors.dr is not None
    assert replayed_day.errors.dr.error == 0.25


async def test_answer_from_memory_weighs_nothing(houses: Houses) -> None:
    """Its rung's propensity is of another request, the one that made the answer."""
    rows = await repeated(houses)
    result = run(rows, a_side("hash", cache={"exact": True}), r0=True, r1=False)
    assert (result.errors.requests, result.unweighed) == (1, {Unweighed.CACHED: 1})
    assert result.errors.dr is not None
    assert result.errors.dr.error == 0.0
    assert "Outcomes in no estimate: 1, of answers from memory" in " ".join(all_lines(result))


async def test_draft_that_nobody_got_is_in_no_error_rate(houses: Houses) -> None:
    """Recorded and replayed alike: a reviewer's word on a draft is of no client's answer."""
    thinker = deep(kind="deliberation", trusted=True, verified=False)
    house = houses([low(), mid(), thinker], thetas=THETAS)
    rows = await play(house, [surely(0.95), RISKY])
    assert [row.verdict for row in rows] == ["accepted", "safe_answer"]
    result = run(rows, a_side("hash"), r0=True, r1=False)
    assert result.unweighed == {Unweighed.DRAFT: 1}
    assert result.errors.logged is not None
    assert (result.errors.logged.error, result.errors.logged_requests) == (0.0, 1)


async def test_deliberation_elsewhere_reads_the_question_once(houses: Houses) -> None:
    steps = Usage(input_tokens=3_000, output_tokens=150, reasoning_tokens=100, reported=True)
    thinker = deep(kind="deliberation", asks=("mid",), price=Price(), usage=steps)
    house = houses([low(), mid(), thinker], thetas=THETAS)
    await house.gateway.complete(ask(requested_model="tier:reasoning"), ALICE)
    await house.gateway.drain()
    (row,) = requests_in(house.ledger)
    # A scripted deliberation calls in the role of an answer, a real one in its own.
    calls = tuple(replace(call, role=Role.DELIBERATION) for call in row.attempts)
    case = case_of(replace(row, attempts=calls))
    assert isinstance(case, Case)
    plan = a_side().plan("mid")
    assert plan is not None
    said = case.signals.input_tokens * 1_000 + 50 * 2_000
    assert would_cost(plan, case, set()) == said


async def test_no_outcomes_say_nothing_of_errors(rows: list[RequestRow]) -> None:
    result = run(rows, a_side("hash"))
    assert judge(result, read_condition("error>2%")).answer is ConditionState.CANNOT_SAY
    assert replay_json(result, [])["error"]["answerable"] is False  # type: ignore[index]


async def test_outcomes_of_unknown_requests_are_counted(rows: list[RequestRow]) -> None:
    labels = [Correctness(rows[0].request_id, True), Correctness("elsewhere", True)]
    replayed_day = replay(cases(rows), a_side("hash"), None, KnownCorrectness.of(labels))
    assert (replayed_day.outcomes, replayed_day.outcomes_of_others) == (2, 1)
    assert "1 of 2 outcomes are of requests that are not replayed" in " ".join(
        all_lines(replayed_day)
    )


async def test_outcomes_by_unknown_answerers_are_named(rows: list[RequestRow]) -> None:
    labels = [Correctness(row.request_id, True, "midd") for row in rows[:2]]
    labels.append(Correctness(rows[2].request_id, True, "mid"))
    replayed_day = replay(cases(rows), a_side("hash"), None, KnownCorrectness.of(labels))
    assert replayed_day.unknown_answerers == {"midd": 2}
    assert "no request here could have: 2 by 'midd'. They" in " ".join(all_lines(replayed_day))
    error = replay_json(replayed_day, [])["error"]
    assert error["unknown_answerers"] == {"midd": 2}  # type: ignore[index]


async def test_explored_traffic_answers_for_the_other_policy(houses: Houses) -> None:
    """Each rung was tried by a known chance, so the changed decisions have an outcome."""
    draws = iter([0.1, 0.9, 0.3, 0.9] * 20)
    decision = {"explore": {"share": 0.5, "max_stakes_usd": 1.0}, "confidence_floor": 0.75}
    house = houses(tiers(), thetas=THETAS, draw=lambda: next(draws), decision=decision)
    rows = await play(house, [surely(0.8)] * 80)
    assert {row.answerer for row in rows} == {"faq", "mid"}
    labels = KnownCorrectness.of(Correctness(row.request_id, row.answerer == "mid") for row in rows)
    side = a_side(decision={"confidence_floor": 0.85})
    replayed_day = replay(cases(rows), side, None, labels)
    assert replayed_day.errors.answerable
    assert replayed_day.explored == 80
    assert replayed_day.errors.snips is not None
    assert replayed_day.errors.snips.error == 0.0
    assert replayed_day.errors.effective == pytest.approx(40)


async def test_page_is_well_formed_and_escapes_names(rows: list[RequestRow]) -> None:
    result = run(rows, a_side("<b>", **floor(0.75)), r0=True)
    judged = [judge(result, read_condition("cost>+5%"))]
    page = replay_html(result, judged)
    assert ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>\n")) is not None
    assert "<b>" not in page
    assert "ok: cost&gt;+5%" in page
    assert "Decisions that change" in page


async def test_other_policy_without_overlap_has_no_error(rows: list[RequestRow]) -> None:
    """The requests that only the other policy changes tell nothing of it, nor of a difference."""
    labels = {f"r{i}": True for i in range(4)}
    result = run(rows, a_side("hash"), a_side("loose", **floor(0.75)), **labels)
    errors = result.errors
    assert (errors.requests, errors.logged_requests, errors.no_overlap) == (4, 3, 1)
    assert not errors.answerable


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("cost>+5%", ConditionState.DOES_NOT),
        ("cost<-33%", ConditionState.HOLDS),
        ("cost<-34%", ConditionState.DOES_NOT),
        ("cost>0.00003usd", ConditionState.HOLDS),
        ("cost>0.00004usd", ConditionState.DOES_NOT),
        ("cost<+0usd", ConditionState.HOLDS),
        ("changed>24%", ConditionState.HOLDS),
        ("changed>25%", ConditionState.DOES_NOT),
        ("level1_share>+24pp", ConditionState.HOLDS),
        ("level1_share>+25pp", ConditionState.DOES_NOT),
        ("level3_share>24.9%", ConditionState.HOLDS),
        ("refused>0%", ConditionState.DOES_NOT),
    ],
)
async def test_conditions_on_both_sides_of_their_limit(
    rows: list[RequestRow], text: str, answer: ConditionState
) -> None:
    assert judge(run(rows, a_side(**floor(0.75))), read_condition(text)).answer is answer


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("price>5%", "no condition"),
        ("cost>5", "no condition"),
        ("cost>5%", "measured in usd"),
        ("error>+1%", "measured in pp"),
        ("level3_share>1pp", "measured in %"),
        ("cost>=5usd", "no condition"),
    ],
)
def test_wrong_conditions_say_what_is_allowed(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read_condition(text)


async def test_strict_needs_an_interval(rows: list[RequestRow]) -> None:
    result = run(rows, a_side(**floor(0.75)))
    assert (
        judge(result, read_condition("cost>+5%"), strict=True).answer is ConditionState.CANNOT_SAY
    )


def lost(row: RequestRow, verdict: str) -> RequestRow:
    """The request again, whose last call broke off at a high hold; "": it got no answer."""
    *others, last = row.attempts
    unknown, held = AttemptState.UNKNOWN_COST, 1_000 * CALL
    broken = replace(last, state=unknown, estimated=True, held_nano_usd=held, cost_nano_usd=held)
    broken = replace(broken, usage=Usage())
    calls = (*others, broken)
    return replace(row, state=RequestState.UNKNOWN_COST, verdict=verdict, attempts=calls)


@pytest.mark.parametrize(("verdict", "not_compared"), [("", 0), ("accepted", 1)])
async def test_call_of_unknown_cost_dilutes_no_change_of_cost(
    rows: list[RequestRow], verdict: str, not_compared: int
) -> None:
    """A failed request is left out; one that was answered all the same is in no sum."""
    sides = a_side("loose", **floor(0.75)), a_side("strict", **floor(0.99))
    plain, mixed = run(rows, *sides), run([*rows, lost(rows[1], verdict)], *sides)
    assert (mixed.costs.count, mixed.costs.own_nano_usd) == (
        plain.costs.count,
        plain.costs.own_nano_usd,
    )
    assert (mixed.left_out[LeftOut.FAILED], mixed.not_compared) == (1 - not_compared, not_compared)
    judged = judge(mixed, read_condition("cost>+5%"))
    assert (judged.answer is ConditionState.CANNOT_SAY) is bool(not_compared), judged.told
