"""Changes of rollouts in the ledger, and what the rows of a split came to."""

from __future__ import annotations

import dataclasses

import pytest

from router.errors import AnswererNotReady, Overloaded, TiergateError, UpstreamUnreachable
from router.ledger.tables.feedback import SqlFeedback
from router.ledger.tables.rollouts import SqlRollouts
from router.policy.schema import RolloutSection
from router.rollout.arms import Split
from router.rollout.stages import Change, passed_gates, plan_of, rolled_back, started
from router.rollout.tallies import Arm, Tallies
from router.types import Feedback, FeedbackSource, Hints, Price, RequestState
from tests.kits.books.open_ledgers import requests_in
from tests.kits.fakes import (
    ALICE,
    House,
    Houses,
    ScriptedTier,
    ScriptedTriage,
    a_policy,
    a_runtime,
    ask,
)
from tests.kits.gateway_kit import UNSURE, deep, low, mid

SECTION = RolloutSection.model_validate({"candidate": {"answerers": {"mid": {"model": "newer"}}}})
VERSION = 3


def a_change(store: SqlRollouts, policy: str = "test") -> Change:
    before = store.latest([policy]).get(policy)
    plan = plan_of(SECTION, [])
    return started(before, policy, "run", plan, ("base", "candidate"), 1_000, "ann", "")


async def served(houses: Houses, candidate: object, requests: int = 4) -> House:
    """A house whose requests all went to the candidate."""
    other = ScriptedTier("other", "llm", 2)
    house = houses([low(), mid(), other, deep()], signals=UNSURE)
    others = [low(), candidate, other, deep()]
    policy = a_policy(others)  # type: ignore[arg-type]
    runtime = a_runtime(policy, others, ScriptedTriage(UNSURE), {})  # type: ignore[arg-type]
    runtime = dataclasses.replace(runtime, policy_hash="candidate")
    split = Split("run", VERSION, 1.0, "conversation", runtime, False)
    house.gateway.splits.swap({policy.name: split})
    for i in range(requests):
        await house.gateway.complete(ask(hints=Hints(session=f"s{i}")), ALICE)
    await house.gateway.drain()
    return house


async def test_of_two_servers_one_adds_a_version(houses: Houses) -> None:
    store = SqlRollouts(houses([low(), mid(), deep()]).ledger.database)
    first = a_change(store)
    assert store.add(first)
    assert store.add(rolled_back(first, 2_000, "guard", "errors"))
    assert not store.add(passed_gates(first, 2_000, ()))
    assert store.latest()["test"].over
    assert [change.version for change in store.history("test")] == [1, 2]


async def test_a_change_is_unbooked_until_it_has_a_row(houses: Houses) -> None:
    store = SqlRollouts(houses([low(), mid(), deep()]).ledger.database)
    change = a_change(store)
    store.add(change)
    assert store.unbooked(1_000) == []
    assert store.unbooked(1_001) == [change]
    store.note_booked(change)
    assert store.unbooked(1_001) == []


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        (UpstreamUnreachable("refused", sent=False), 4),
        (AnswererNotReady("out of use"), 4),  # no call was made, and the candidate is at fault
        (Overloaded("full"), 0),
    ],
)
async def test_a_request_that_fell_back_counts_as_failed(
    houses: Houses, error: TiergateError, failed: int
) -> None:
    house = await served(houses, mid(error=error))
    assert {row.verdict for row in requests_in(house.ledger)} == {"accepted"}
    tallies = Tallies(10**9, 20)
    store = SqlRollouts(house.ledger.database)
    store.read_on(store.begin(0), "test", VERSION, tallies)
    both = tallies.arms[Arm.CANDIDATE]
    assert (both.requests, both.failed, both.units) == (4, failed, 4)


async def test_an_answer_of_unknown_price_counts_as_no_failure(houses: Houses) -> None:
    house = await served(houses, mid(price=Price()))
    assert {row.state for row in requests_in(house.ledger)} == {RequestState.UNKNOWN_COST}
    store, tallies = SqlRollouts(house.ledger.database), Tallies(10**9, 20)
    store.read_on(store.begin(0), "test", VERSION, tallies)
    both = tallies.arms[Arm.CANDIDATE]
    assert (both.requests, both.failed) == (4, 0)


async def test_reading_on_counts_each_row_once(houses: Houses) -> None:
    house = await served(houses, mid())
    store, tallies = SqlRollouts(house.ledger.database), Tallies(10**9, 20)
    position = store.begin(0)
    store.read_on(position, "test", VERSION, tallies)
    await house.gateway.complete(ask(hints=Hints(session="later")), ALICE)
    for _ in range(2):
        store.read_on(position, "test", VERSION, tallies)
    both = tallies.arms[Arm.CANDIDATE]
    assert (both.requests, both.failed, tallies.arms[Arm.BASE].requests) == (5, 0, 0)


async def test_rows_of_another_stage_are_not_counted(houses: Houses) -> None:
    house = await served(houses, mid())
    store, tallies = SqlRollouts(house.ledger.database), Tallies(10**9, 20)
    store.read_on(store.begin(0), "test", VERSION + 1, tallies)
    assert tallies.arms[Arm.CANDIDATE].requests == 0


async def test_a_word_against_an_answer_is_a_complaint(houses: Houses) -> None:
    house = await served(houses, mid(), requests=2)
    first, second = requests_in(house.ledger)
    feedback = SqlFeedback(
        house.ledger.database,
        clock=house.clock,
        key_of=lambda tenant: tenant.encode(),
        chained=house.ledger.chained_beside,
    )
    for row, correct in ((first, False), (second, True)):
        word = Feedback(
            request_id=row.request_id,
            tenant=row.tenant,
            source=FeedbackSource.CLIENT,
            key_id="key",
            created_at_ms=house.clock.now_ms(),
            correct=correct,
        )
        feedback.add_now(word)
    store, tallies = SqlRollouts(house.ledger.database), Tallies(10**9, 20)
    store.read_on(store.begin(0), "test", VERSION, tallies)
    assert tallies.arms[Arm.CANDIDATE].complaints == 1


async def test_costs_before_a_start_are_the_policys(houses: Houses) -> None:
    house = await served(houses, mid(), requests=3)
    store = SqlRollouts(house.ledger.database)
    assert len(store.paid_before("test")) == 3
    assert store.paid_before("another") == []


@pytest.mark.parametrize("endpoint", ["review", "shadow", "reconcile", "embeddings"])
async def test_costs_that_no_rollout_splits_set_no_cap(houses: Houses, endpoint: str) -> None:
    house = await served(houses, mid(), requests=3)
    dear, *_ = requests_in(house.ledger)
    changed = "UPDATE requests SET endpoint = ?, cost_nano_usd = 200000000 WHERE request_id = ?"
    with house.ledger.database.writing() as connection:
        connection.exec_driver_sql(changed, (endpoint, dear.request_id))
    paid = SqlRollouts(house.ledger.database).paid_before("test")
    assert len(paid) == 2
    assert max(paid) < 200_000_000
