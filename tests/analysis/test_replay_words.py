"""Words that went out before any call, decided again under a policy of other answerers."""

from __future__ import annotations

import dataclasses

import pytest

from router.analysis.replay.cases import Case, LeftOut, case_of
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Assumed, Side
from router.analysis.replay.path import SAFE_ANSWER, Climbs, answered_by, path_under
from router.analysis.replay.replay import Replay, replay
from router.analysis.tune.labels import labelled
from router.errors import CannotAnswer
from router.ledger.replies import ReplyKind
from router.types import Matter, PSource, Reason, RequestRow, ResponseFormat, Signals
from tests.kits.books.open_ledgers import requests_in
from tests.kits.books.replies import REPLIES
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTriage, a_policy, a_runtime, ask
from tests.kits.gateway_kit import RISKY, deep, low, mid

ACUTE = replace(CALM, match=None, language="en", brief=True, matter=Matter.SELF_HARM, grave=0.99)
URGENT = replace(RISKY, brief=True)
REVIEW = {"exhausted": {"default": "review"}}


def of_models(name: str) -> Side:
    """Returns a policy of models that nobody measured."""
    tiers = [low(), mid(), deep()]
    policy = a_policy(tiers, **REVIEW)
    plans = a_runtime(policy, tiers, ScriptedTriage(), {}).plans
    guessed = [replace(one, ability=replace(one.ability, source=PSource.PRIOR)) for one in plans]
    return Side(policy, name, tuple(guessed))


async def recorded(houses: Houses, signals: Signals, text: str) -> tuple[House, list[RequestRow]]:
    """Returns the row of a request whose highest rung is a deliberation that nobody vouches for."""
    thinker = deep(kind="deliberation", verified=False)
    house = houses([low(), mid(), thinker], signals=signals, **REVIEW)
    await house.gateway.complete(ask(text), ALICE)
    await house.gateway.drain()
    rows = list(requests_in(house.ledger))
    case = case_of(rows[0])
    assert isinstance(case, Case)
    assert (answered_by(case), thinker.calls) == (SAFE_ANSWER, 0)
    return house, rows


def under(rows: list[RequestRow], side: Side) -> Replay:
    return replay(lambda: map(case_of, rows), side, None, KnownCorrectness.of(()))


async def test_a_matter_without_danger_is_a_call_of_a_policy_of_models(houses: Houses) -> None:
    """Its words went out since no rung was trusted; under models they were free as well."""
    _, rows = await recorded(houses, RISKY, "is this clause enforceable")
    result = under(rows, of_models("other"))
    assert result.costs.own_nano_usd > 0
    assert result.new.uncertain == 1


@pytest.mark.parametrize(
    ("signals", "text"),
    [(ACUTE, "a reader names it"), (URGENT, "this is an emergency")],
)
async def test_who_needs_help_now_gets_words_under_a_policy_of_models(
    houses: Houses, signals: Signals, text: str
) -> None:
    _, rows = await recorded(houses, signals, text)
    result = under(rows, of_models("other"))
    assert (result.costs.own_nano_usd, result.new.uncertain) == (0, 0)


async def answered(houses: Houses, signals: Signals, text: str, **fields: object) -> Case:
    """Returns a request that measured models answered, whatever it is about."""
    house = houses([low(), mid(), deep(text='{"text": "an answer"}')], signals=signals, **REVIEW)
    await house.gateway.complete(ask(text, **fields), ALICE)
    await house.gateway.drain()
    (row,) = requests_in(house.ledger)
    case = case_of(row)
    assert isinstance(case, Case)
    return case


def path_of(case: Case, side: Side) -> tuple[str, bool]:
    """Returns who answers, and True where what the text says had to be assumed."""
    assumed = set[Assumed]()
    return path_under(side, case, Climbs(), assumed).answerer, Assumed.HELP in assumed


@pytest.mark.parametrize(
    ("signals", "text"), [(ACUTE, "a reader names it"), (URGENT, "this is an emergency")]
)
async def test_who_needs_help_now_gets_words_also_where_models_answered_then(
    houses: Houses, signals: Signals, text: str
) -> None:
    """A server asks no rung that nobody measured, whatever another policy did."""
    case = await answered(houses, signals, text)
    assert not case.foregone
    assert path_of(case, of_models("other")) == (SAFE_ANSWER, False)


async def test_a_grave_text_without_an_emergency_is_known_to_have_none(houses: Houses) -> None:
    case = await answered(houses, URGENT, "is this clause enforceable")
    assert case.acute is False
    assert path_of(case, of_models("other")) == ("deep", False)


@pytest.mark.parametrize(("foregone", "answerer"), [(True, SAFE_ANSWER), (False, "deep")])
async def test_a_text_that_nobody_asked_is_assumed_to_say_what_was_done(
    houses: Houses, foregone: bool, answerer: str
) -> None:
    """As in `mode: observe`, and in rows of older versions."""
    case = await answered(houses, URGENT, "this is an emergency")
    old = dataclasses.replace(case, acute=None, foregone=foregone)
    assert path_of(old, of_models("other")) == (answerer, True)


async def test_a_judge_of_answers_lets_models_have_their_turn(houses: Houses) -> None:
    """Their answers could go out, so a server asks them first."""
    case = await answered(houses, ACUTE, "a reader names it")
    side = of_models("other")
    judged = [replace(plan, judged_by=plan.facts) for plan in side.plans]
    answerer, _ = path_of(case, dataclasses.replace(side, plans=tuple(judged)))
    assert answerer == "deep"


async def test_an_emergency_that_no_rung_may_answer_gets_words(houses: Houses) -> None:
    """Its policy has no rung within the client's cap of money, as a server decides it."""
    case = await answered(houses, ACUTE, "a reader names it")
    capped = dataclasses.replace(
        case,
        asked=replace(case.asked, max_cost_nano_usd=1),
        shape=replace(case.shape, input_bound=10_000),
    )
    assert path_of(capped, of_models("other")) == (SAFE_ANSWER, False)
    calm = dataclasses.replace(capped, signals=replace(CALM, match=None), acute=False)
    assert path_under(of_models("other"), calm, Climbs(), set()).refused


async def test_a_key_whose_tiers_a_policy_lacks_is_refused_by_it(houses: Houses) -> None:
    case = await answered(houses, replace(CALM, match=None), "hello")
    limited = dataclasses.replace(case, asked=replace(case.asked, tiers=("elsewhere",)))
    path = path_under(of_models("other"), limited, Climbs(), set())
    assert (path.answered, path.reason, path.cost_nano_usd) == ((), "model_not_allowed", 0)
    assert "tiers are elsewhere" in path.refused


async def test_a_shape_that_only_drafts_could_keep_costs_no_call(houses: Houses) -> None:
    case = await answered(houses, RISKY, "x", response_format=ResponseFormat("json_object"))
    house = houses([low(), mid(), deep(kind="deliberation", verified=False)], **REVIEW)
    runtime = house.gateway.router.default
    path = path_under(Side(runtime.policy, "drafts", runtime.plans), case, Climbs(), set())
    assert (path.first, path.cost_nano_usd) == ("", 0)
    assert "not trusted to decide" in path.refused


@pytest.mark.parametrize(("kind", "changes"), REPLIES)
async def test_words_of_each_kind_stand_in_for_an_answer(
    houses: Houses, kind: ReplyKind, changes: dict[str, str]
) -> None:
    """An outcome of such a request is of no answer that the answerer gave."""
    house = houses([mid()], signals=CALM)
    await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    (row,) = requests_in(house.ledger)
    case = case_of(replace(row, **changes))
    if kind is ReplyKind.REPEATED:
        assert case is LeftOut.GIVEN_AGAIN
        return
    assert isinstance(case, Case)
    words = {ReplyKind.NO_ANSWER, ReplyKind.SAFE_WORDS, ReplyKind.DECLINED}
    assert (case.stood_in, case.foregone) == (kind in words, False)
    uncalled = case_of(replace(row, attempts=(), **changes))
    assert isinstance(uncalled, Case)
    assert uncalled.foregone is (kind in (ReplyKind.SAFE_WORDS, ReplyKind.DECLINED))
    fact = case.facts[0]
    told = labelled([case], KnownCorrectness.of([Correctness(row.request_id, False)]))
    assert (fact.answerer in told.graded) is (kind not in words)
    assert (told.outcomes_of_drafts, told.outcomes_of_others) == (int(kind in words), 0)


async def test_words_stay_words_of_their_own_policy(houses: Houses) -> None:
    house, rows = await recorded(houses, RISKY, "is this clause enforceable")
    side = Side(house.gateway.router.default.policy, "hash", house.gateway.router.default.plans)
    result = under(rows, side)
    assert (result.costs.own_nano_usd, result.changed) == (0, 0)


async def test_words_of_no_answer_stay_at_the_level_where_they_were_booked(houses: Houses) -> None:
    """A replay under the very same policy had them at level 3, behind an `exact`."""
    nothing = CannotAnswer("none fits", reason=Reason.NOTHING_TO_RESOLVE)
    house = houses(
        [low(error=nothing), deep(kind="exact", error=nothing)],
        signals=replace(CALM, match=None),
        exhausted={"default": "best_answer"},
    )
    await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    (row,) = requests_in(house.ledger)
    case = case_of(row)
    assert isinstance(case, Case)
    runtime = house.gateway.router.runtimes["test"]
    side = Side(runtime.policy, row.policy_hash, tuple(runtime.plans))
    path = path_under(side, case, Climbs(), set())
    assert [level for _, level, _, _ in path.answered] == [row.tier_number] == [1]
