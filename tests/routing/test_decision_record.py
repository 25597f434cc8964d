"""A row that the ledger stored decides again to the identical ladder, step by step."""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from pathlib import Path
from typing import TypeVar

import pytest
from msgspec import UNSET

from router.errors import NotCapable
from router.ledger.books.store import SqlLedger
from router.policy.loading import LoadedPolicy, find_policy, load_policy, policies_dir
from router.policy.schema import Policy
from router.routing.constraints import Asked
from router.routing.decision import decide
from router.routing.decision_record import Record, StepRecord, encode, parse
from router.routing.next_rung import Left, Turn, next_rung
from router.types import (
    NANO_PER_USD,
    RECORD_VERSION,
    Action,
    Amount,
    Capability,
    CostBasis,
    Decision,
    Domain,
    HeadReading,
    Match,
    PSource,
    Reason,
    RequestRow,
    RequestType,
    RungFacts,
    Signals,
)
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, request
from tests.kits.books.open_ledgers import requests_in
from tests.kits.changed import replace
from tests.kits.checks.decided_again import differs

T = TypeVar("T")
ROWS = 1_000
POLICIES = ("default", "enterprise_decisions", "content_moderation", "email_pipeline")
CLASSES = ("hate", "offensive", "neither", "Hardware", "high", "violence", "self_harm")


def maybe(draw: random.Random, value: T, chance: float = 0.2) -> T | None:
    return value if draw.random() < chance else None


def some_signals(draw: random.Random, policy: Policy) -> Signals:
    """Signals as triage may give them, ordinary ones mostly."""
    impact = round(10 ** draw.uniform(0, 6) * NANO_PER_USD) if draw.random() < 0.3 else 0
    names = [term_list.name for term_list in policy.terms]
    return Signals(
        request_type=draw.choice(list(RequestType)),
        request_type_p=draw.random(),
        domain=draw.choice(list(Domain)),
        domain_p=draw.random(),
        difficulty=draw.gauss(0, 2),
        stakes_high=draw.random() ** 3,
        impact_nano_usd=impact,
        multi_factor=draw.random() ** 4,
        strategic=draw.random() ** 4,
        novelty=draw.random() ** 4,
        toxic=draw.random() ** 8,
        spam=draw.random() ** 8,
        match=maybe(draw, Match("refund", draw.random(), draw.random(), draw.random()), 0.5),
        risk_terms=tuple(name for name in names if draw.random() < 0.05),
        amounts=(Amount("€5", "EUR", impact),) if impact else (),
        inherited=draw.random() < 0.1,
        degraded=draw.random() < 0.05,
        input_tokens=draw.randrange(20_000),
        triage_version="t1",
        heads=tuple(some_reading(draw, head.name) for head in policy.heads),
    )


def some_reading(draw: random.Random, name: str) -> HeadReading:
    """A head's classes, likeliest first, by names that a shipped policy may ask for."""
    chances = sorted((draw.random() for _ in range(3)), reverse=True)
    return HeadReading(name, tuple(zip(draw.sample(CLASSES, 3), chances, strict=True)))


def some_facts(draw: random.Random, policy: Policy) -> tuple[RungFacts, ...]:
    """Draws facts that might be known about the policy's own answerers."""
    priors = draw.random() < 0.5
    declined = (Reason.NOTHING_TO_RESOLVE, Reason.SLOT_UNFILLED)
    return tuple(
        RungFacts(
            answerer=answerer.name,
            tier=tier.name,
            level=tier.level,
            p=draw.random() ** 0.2,
            p_source=PSource.PRIOR if priors else draw.choice(list(PSource)[:4]),
            p_count=draw.randrange(1000),
            cost_nano_usd=round(10 ** draw.uniform(3, 8.5)),
            cost_basis=CostBasis.TOKEN_PRICE,
            latency_ms=draw.uniform(1, 5000),
            missing=(Capability.TOOLS,) if draw.random() < 0.05 else (),
            context_tokens=draw.choice((0, 8_192, 200_000)),
            worst_nano_usd=10**9,
            declined=draw.choice(declined) if tier.level == 1 and draw.random() < 0.3 else None,
            excused=draw.random() < 0.5,
            ready=draw.random() < 0.95,
            thought_tokens=draw.choice((UNSET, 50, 8_000)),
        )
        for tier in policy.tiers
        for answerer in tier.answerers
    )


def some_wishes(draw: random.Random, facts: tuple[RungFacts, ...]) -> Asked:
    return Asked(
        min_tier=maybe(draw, draw.randint(1, 3), 0.1),
        max_tier=maybe(draw, draw.randint(1, 3), 0.1),
        stakes_nano_usd=maybe(draw, draw.randrange(10**14)),
        may_lower=draw.random() < 0.5,
        confidence_floor=maybe(draw, draw.random()),
        max_cost_nano_usd=maybe(draw, draw.randrange(10**9), 0.1),
        tool_loop_level=maybe(draw, draw.randint(1, 3), 0.1),
        pinned=maybe(draw, draw.choice(facts).answerer, 0.05),
    )


def some_steps(draw: random.Random, policy: Policy, decision: Decision) -> list[StepRecord]:
    """Climb as the gateway does, with answers as good or bad as they come."""
    steps: list[StepRecord] = []
    rung: int | None = decision.first
    while rung is not None:
        failure = maybe(draw, draw.choice((Reason.ANSWER_REFUSED, Reason.ANSWERER_FAILED)), 0.3)
        p = None if failure else draw.random()
        left = Left(maybe(draw, draw.randrange(10**9)), maybe(draw, draw.uniform(-10, 9000)))
        verified = draw.random() < 0.9
        stranded = failure is not None and not any(step.p is not None for step in steps)
        said = next_rung(
            decision,
            Turn(rung, p, failure, left, verified=verified, stranded=stranded),
            policy.decision,
        )
        steps.append(
            StepRecord(rung, p, "logprobs", failure, left, verified, said, stranded=stranded)
        )
        rung = said.rung
    return steps


def some_record(draw: random.Random, policy: Policy) -> Record:
    while True:
        signals, facts = some_signals(draw, policy), some_facts(draw, policy)
        asked = some_wishes(draw, facts)
        try:
            decision = decide(policy, signals, facts, asked)
        except NotCapable:
            continue  # a request that was turned away has no ladder
        steps = tuple(some_steps(draw, policy, decision))
        return Record(RECORD_VERSION, signals, facts, asked, decision, steps)


@pytest.fixture(scope="module")
def policies() -> dict[str, LoadedPolicy]:
    """Shipped policies by hash, as a row names them."""
    loaded = [load_policy(find_policy(name, policies_dir()), os.environ) for name in POLICIES]
    return {each.hash: each for each in loaded}


@pytest.fixture(scope="module")
def written(policies: dict[str, LoadedPolicy]) -> list[tuple[RequestRow, Record]]:
    draw = random.Random(20261120)
    found = []
    for number in range(ROWS):
        loaded = policies[list(policies)[number % len(policies)]]
        record = some_record(draw, loaded.policy)
        row = replace(
            request(f"r{number:04d}"),
            created_at_ms=NOW_MS + number,
            policy=loaded.policy.name,
            policy_hash=loaded.hash,
            record=encode(record),
        )
        found.append((row, record))
    return found


@pytest.fixture(scope="module")
def stored(
    written: list[tuple[RequestRow, Record]], tmp_path_factory: pytest.TempPathFactory
) -> list[RequestRow]:
    """The rows, written through the ledger and read back."""
    path: Path = tmp_path_factory.mktemp("replay") / "ledger.db"

    async def write_and_read() -> list[RequestRow]:
        ledger = SqlLedger.open(path, clock=StandingClock(), budget_of=lambda _: None)
        await asyncio.gather(*(ledger.finish(row) for row, _ in written))
        rows = list(requests_in(ledger))
        await ledger.close()
        return rows

    return asyncio.run(write_and_read())


def test_thousand_stored_rows_decide_again_to_identical_ladders(
    stored: list[RequestRow], policies: dict[str, LoadedPolicy]
) -> None:
    again = Counter(differs(parse(row.record), policies[row.policy_hash].policy) for row in stored)
    assert again == {None: ROWS}


def test_records_come_back_as_they_were(
    stored: list[RequestRow], written: list[tuple[RequestRow, Record]]
) -> None:
    assert [parse(row.record) for row in stored] == [record for _, record in written]


def test_thousand_rows_are_no_trivial_ones(
    written: list[tuple[RequestRow, Record]],
) -> None:
    """Every level goes first somewhere, and every action is taken."""
    levels = {record.decision.first_rung.level for _, record in written}
    actions = {step.said.action for _, record in written for step in record.steps}
    assert levels == {1, 2, 3}
    assert actions == set(Action)


def test_changed_argument_is_noticed(
    stored: list[RequestRow], policies: dict[str, LoadedPolicy]
) -> None:
    for row in stored:
        record = parse(row.record)
        cheaper = tuple(
            replace(fact, cost_nano_usd=fact.cost_nano_usd // 2) for fact in record.facts
        )
        policy = policies[row.policy_hash].policy
        assert differs(replace(record, facts=cheaper), policy) == "ladder"
