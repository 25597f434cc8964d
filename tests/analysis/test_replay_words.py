"""Words that went out before any call, decided again under a policy of other answerers."""

from __future__ import annotations

import pytest

from router.analysis.replay.cases import Case, LeftOut, case_of
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Side
from router.analysis.replay.path import SAFE_ANSWER, answered_by
from router.analysis.replay.replay import Replay, replay
from router.analysis.tune.labels import labelled
from router.ledger.replies import ReplyKind
from router.types import Matter, PSource, RequestRow, Signals
from tests.kits.books.replies import REPLIES
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, CALM, House, Houses, ScriptedTriage, a_policy, a_runtime, ask
from tests.kits.gateway_kit import RISKY, deep, low, mid

ACUTE = replace(CALM, match=None, language="en", brief=True, matter=Matter.SELF_HARM, grave=0.99)
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
    rows = list(house.ledger.rows())
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
    [(ACUTE, "a reader names it"), (replace(RISKY, brief=True), "this is an emergency")],
)
async def test_who_needs_help_now_gets_words_under_a_policy_of_models(
    houses: Houses, signals: Signals, text: str
) -> None:
    _, rows = await recorded(houses, signals, text)
    result = under(rows, of_models("other"))
    assert (result.costs.own_nano_usd, result.new.uncertain) == (0, 0)


@pytest.mark.parametrize(("kind", "changes"), REPLIES)
async def test_words_of_each_kind_stand_in_for_an_answer(
    houses: Houses, kind: ReplyKind, changes: dict[str, str]
) -> None:
    """An outcome of such a request is of no answer that the answerer gave."""
    house = houses([mid()], signals=CALM)
    await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    (row,) = house.ledger.rows()
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


async def test_words_stay_words_of_their_own_policy(houses: Houses) -> None:
    house, rows = await recorded(houses, RISKY, "is this clause enforceable")
    side = Side(house.gateway.router.default.policy, "hash", house.gateway.router.default.plans)
    result = under(rows, side)
    assert (result.costs.own_nano_usd, result.changed) == (0, 0)
