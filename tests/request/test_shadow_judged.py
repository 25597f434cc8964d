"""Shadow answers compared by a judge: both orders, their cost, and what bars a verdict."""

from __future__ import annotations

import dataclasses

import pytest

from router.judging.pairs import PairJudge
from router.ledger.tables.shadows import judged_pairs
from router.policy.content.rubrics import load_rubric
from router.routing.decision_record import parse
from router.types import Answer, Call, PairNote, RequestRow, Role, Work
from tests import ROOT
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.fakes import ALICE, House, Houses, ScriptedTier, ask
from tests.kits.gateway_kit import deep, low
from tests.kits.upstreams.upstream_judge import verdict

RUBRIC = load_rubric(ROOT / "policies/rubrics/general.yaml")
ALWAYS = {"share": 1.0, "answerer": "deep", "max_usd_per_day": 10.0}


class Comparing(ScriptedTier):
    """Compares two answers by the qualities that they name."""

    bias = ""

    async def answer(self, work: Work, call: Call) -> Answer:
        answer = await super().answer(work, call)
        messages = [{"role": m.role, "content": m.text} for m in work.request.messages]
        choice = replace(answer.choices[0], text=verdict({"messages": messages}, self.bias))
        return replace(answer, choices=(choice,))


def compared(
    houses: Houses, shown: str, shadow: str, bias: str = "", **more: object
) -> tuple[House, Comparing]:
    judge = Comparing("large", "llm", 2)
    judge.bias = bias
    tiers = [low(text=shown), judge, deep(text=shadow)]
    house = houses(tiers, draw=lambda: 0.5, shadow=ALWAYS | more)
    pair = PairJudge(RUBRIC, RUBRIC.digest, judge.facts)
    runtime = dataclasses.replace(house.gateway.router.default, pair_judge=pair)
    house.gateway.router.swap({"test": runtime})
    return house, judge


async def shadow_of(house: House) -> tuple[RequestRow, PairNote]:
    await house.gateway.drain()
    (row,) = [row for row in requests_in(house.ledger) if row.endpoint == "shadow"]
    note = parse(row.record).shadow
    assert note is not None
    assert note.judged
    return row, note.judged


@pytest.mark.parametrize(
    ("shown", "shadow", "bias", "better", "flipped"),
    [
        ("quality 2", "quality 5", "", "shadow", False),
        ("quality 5", "quality 2", "", "shown", False),
        ("quality 3", "quality 3", "", "same", False),
        ("quality 3", "quality 3", "first", "same", True),
    ],
)
async def test_a_pair_is_judged_in_both_orders(
    houses: Houses, shown: str, shadow: str, bias: str, better: str, flipped: bool
) -> None:
    house, judge = compared(houses, shown, shadow, bias)
    outcome = await house.gateway.complete(ask(), ALICE)
    row, note = await shadow_of(house)
    assert (note.better, note.flipped, note.judge) == (better, flipped, "large")
    assert judge.calls == 2
    assert [a.role for a in row.attempts] == [Role.SHADOW, Role.CHECK, Role.CHECK]
    assert row.cost_nano_usd == sum(a.cost_nano_usd for a in row.attempts)
    assert row.attempts[1].cost_nano_usd > 0
    told = judged_pairs(house.ledger.database, None, None, None)
    assert told == {outcome.request_id: note}
    assert judged_pairs(house.ledger.database, None, None, "other") == {}
    at_ms = row.created_at_ms
    assert judged_pairs(house.ledger.database, at_ms, at_ms + 1, None) == told
    assert judged_pairs(house.ledger.database, at_ms + 1, None, None) == {}
    assert judged_pairs(house.ledger.database, None, at_ms, None) == {}


async def test_a_judge_that_writes_prose_gives_no_verdict(houses: Houses) -> None:
    house, judge = compared(houses, "quality 2", "quality 5", "prose")
    await house.gateway.complete(ask(), ALICE)
    _, note = await shadow_of(house)
    assert (note.better, note.fault, judge.calls) == ("", "no_verdict", 1)


async def test_a_judge_compares_no_answer_of_its_own_model(houses: Houses) -> None:
    house, judge = compared(houses, "quality 2", "quality 5")
    runtime = house.gateway.router.default
    pair = runtime.pair_judge
    assert pair is not None
    own = replace(pair, judge=replace(pair.judge, model="deep-model"))
    house.gateway.router.swap({"test": dataclasses.replace(runtime, pair_judge=own)})
    await house.gateway.complete(ask(), ALICE)
    _, note = await shadow_of(house)
    assert (note.fault, judge.calls) == ("own_model", 0)


async def test_money_of_a_day_covers_the_judge_too(houses: Houses) -> None:
    # A shadow alone can cost $0.000219; with its judge it can cost more.
    house, judge = compared(houses, "quality 2", "quality 5", max_usd_per_day=0.0003)
    await house.gateway.complete(ask(), ALICE)
    await house.gateway.drain()
    assert [row.endpoint for row in requests_in(house.ledger)] == ["chat.completions"]
    assert judge.calls == 0
