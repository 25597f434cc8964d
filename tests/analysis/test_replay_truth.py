"""Replay against a known truth: explored traffic answers for a policy that nobody ran."""

from __future__ import annotations

import random
import statistics

import pytest

from router.analysis.replay.cases import Case, Recorded
from router.analysis.replay.correctness import Correctness, KnownCorrectness
from router.analysis.replay.facts import Side
from router.analysis.replay.replay import replay
from router.analysis.tune.offpolicy import Errors
from router.routing.constraints import Asked, Shape
from router.routing.decision import decide
from router.routing.decision_record import StepRecord
from router.routing.next_rung import Left
from router.types import Action, Match, Reason, Signals, Step, Usage
from tests.kits.books.ledger_rows import attempt
from tests.kits.changed import replace
from tests.kits.fakes import CALM, ScriptedTriage, a_policy, a_runtime
from tests.kits.gateway_kit import low, mid
from tests.kits.replay_kit import facts_of

pytestmark = pytest.mark.slow

RUNS, REQUESTS = 30, 400
WRONG = {"mid": 0.1}
"""The truth: level 1 is wrong with 1 - its confidence, level 2 always with .1."""

TIERS = [low(), mid()]
LOGGING = a_policy(TIERS, decision={"explore": {"share": 0.3, "max_stakes_usd": 1.0}})
STRICT = a_policy(TIERS, decision={"confidence_floor": 0.93})
SIDE = Side(STRICT, "strict", a_runtime(STRICT, TIERS, ScriptedTriage(), {"mid": 1.0}).plans)
ACCEPTED = Step(Action.ACCEPT, None, Reason.ANSWER_ACCEPTED)


def a_request(draw: random.Random, number: int) -> tuple[Case, Correctness, float]:
    """One explored request, its outcome, and the chance that the strict policy would be wrong."""
    signals = _signals(draw.uniform(0.86, 1.0))
    facts = facts_of(signals, 0.8)
    decision = decide(LOGGING, signals, facts, Asked(), draw=draw.random())
    first = decision.first_rung
    wrong = {"faq": 1 - facts[0].p} | WRONG
    step = StepRecord(decision.first, first.p, "rung", None, Left(), True, ACCEPTED)
    call = attempt(f"r{number}", cost=10)
    case = Case(
        request_id=f"r{number}",
        policy_hash="logging",
        signals=signals,
        asked=Asked(),
        shape=Shape((), None),
        facts=facts,
        cost_nano_usd=10,
        usage=Usage(10, 0, 0, 5, 0, True),
        level=first.level,
        tier=first.tier,
        answerer=first.answerer,
        first=first.answerer,
        reason=first.reasons[0].value,
        called={first.answerer: Recorded((call,), step)},
        propensity={rung.answerer: rung.propensity for rung in decision.rungs},
    )
    correct = draw.random() >= wrong[first.answerer]
    truth = wrong[decide(STRICT, signals, facts, Asked()).first_rung.answerer]
    return case, Correctness(case.request_id, correct), truth


def _signals(confidence: float) -> Signals:
    return replace(CALM, match=Match("greeting", confidence, 0.9, 0.3))


@pytest.fixture(scope="module")
def runs() -> list[tuple[Errors, float]]:
    """Estimates of the strict policy's error, and its true error on the same requests."""
    draw, found = random.Random(20261120), []
    for _ in range(RUNS):
        day = [a_request(draw, number) for number in range(REQUESTS)]
        cases = [case for case, _, _ in day]
        errors = replay(
            lambda cases=cases: cases, SIDE, None, KnownCorrectness.of(label for _, label, _ in day)
        ).errors
        found.append((errors, statistics.mean(truth for _, _, truth in day)))
    return found


def test_strict_policy_differs_from_the_logged_one(runs: list[tuple[Errors, float]]) -> None:
    for errors, _ in runs:
        assert errors.answerable
        assert errors.observed < 0.9 * REQUESTS


@pytest.mark.parametrize("name", ["ips", "snips", "dr"])
def test_interval_holds_the_true_error(runs: list[tuple[Errors, float]], name: str) -> None:
    held = 0
    for errors, truth in runs:
        interval = getattr(errors, name).interval
        held += interval.low <= truth <= interval.high
    assert held / RUNS >= 0.83  # 95 % less three standard errors of 30 runs


def test_estimate_is_unbiased(runs: list[tuple[Errors, float]]) -> None:
    off = [errors.dr.error - truth for errors, truth in runs if errors.dr]
    assert abs(statistics.mean(off)) < 3 * statistics.stdev(off) / RUNS**0.5
