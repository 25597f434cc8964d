"""Tests that requests of one key that break a model leave the model to all other keys."""

from __future__ import annotations

import pytest

from router.api.observability.event_lines import line_of
from router.types import AnswererState, BreakerTurned
from tests.kits.upstreams.upstream_tier_kit import Listener
from tiers.resilience.replicas import CallHealth, ReplicaSet, out_of_use, outcome_of

A, B, C = "key_a", "key_b", "key_c"
MAY_BE_A_REQUEST = [CallHealth.DOUBTED, CallHealth.LATE, CallHealth.KEY_DOUBTED]


def one_replica(failures: int = 5) -> ReplicaSet:
    return ReplicaSet(["http://one/v1"], failures=failures, reset_ms=1_000.0)


def ask(replicas: ReplicaSet, caller: str, health: CallHealth, now_ms: float = 0.0) -> bool:
    """Makes one call with this end; returns False where none was let through."""
    taken = replicas.take(now_ms, caller=caller)
    if taken is not None:
        replicas.give_back(taken, health, now_ms)
    return taken is not None


@pytest.mark.parametrize("health", MAY_BE_A_REQUEST)
def test_failures_of_one_key_leave_the_replica_to_others(health: CallHealth) -> None:
    one = one_replica()
    asked = [ask(one, A, health) for _ in range(9)]
    assert asked == [True] * 5 + [False] * 4
    assert one.take(0.0, caller=B) is not None
    assert one.status(0.0).state is AnswererState.READY


@pytest.mark.parametrize("health", MAY_BE_A_REQUEST)
def test_failures_of_two_keys_open_the_breaker_for_all(health: CallHealth) -> None:
    one = one_replica()
    for caller in (A, A, A, A, A, B, B):
        assert ask(one, caller, health)
    assert one.take(0.0, caller=C) is None
    assert not one.status(0.0).may_be_called


def test_one_chance_failure_of_another_key_does_not_open_it_for_all() -> None:
    one = one_replica()
    for caller in (A, A, A, A, B):
        assert ask(one, caller, CallHealth.DOUBTED)
    assert one.take(0.0, caller=C) is not None


@pytest.mark.parametrize("caller", [A, ""])
def test_failures_before_anything_was_sent_open_it_for_all(caller: str) -> None:
    one = one_replica()
    for _ in range(5):
        assert ask(one, caller, CallHealth.FAILED)
    assert one.take(0.0, caller=B) is None


def test_callers_without_a_key_are_all_one() -> None:
    one = one_replica()
    for _ in range(5):
        assert ask(one, "", CallHealth.DOUBTED)
    assert one.take(0.0) is None
    assert one.status(0.0).state is AnswererState.OPEN_BREAKER


def test_a_key_left_out_is_tried_again_after_the_rest() -> None:
    one = one_replica(failures=1)
    assert ask(one, A, CallHealth.DOUBTED, 0.0)
    assert not ask(one, A, CallHealth.DOUBTED, 999.0)
    assert ask(one, A, CallHealth.DOUBTED, 1_000.0)  # fails again
    assert not ask(one, A, CallHealth.DOUBTED, 1_999.0)
    assert ask(one, A, CallHealth.HEALTHY, 2_000.0)
    assert ask(one, A, CallHealth.HEALTHY, 2_000.0)


def test_successes_of_others_do_not_let_the_key_in_before_its_rest() -> None:
    one = one_replica()
    for _ in range(5):
        ask(one, A, CallHealth.DOUBTED)
    assert ask(one, B, CallHealth.HEALTHY)
    assert not ask(one, A, CallHealth.HEALTHY, 999.0)


def test_a_breaking_request_that_comes_after_the_rest_does_not_keep_others_out() -> None:
    one = one_replica()
    for _ in range(5):
        ask(one, B, CallHealth.FAILED)  # the server was down
    assert ask(one, A, CallHealth.DOUBTED, 1_000.0)
    assert one.status(1_001.0).may_be_called
    assert ask(one, B, CallHealth.HEALTHY, 1_001.0)
    assert one.status(1_001.0).state is AnswererState.READY
    assert not ask(one, A, CallHealth.DOUBTED, 1_001.0)


def test_a_server_still_down_after_the_rest_closes_again_at_the_next_key() -> None:
    one = one_replica()
    for _ in range(5):
        ask(one, B, CallHealth.FAILED)
    assert ask(one, A, CallHealth.DOUBTED, 1_000.0)
    assert ask(one, B, CallHealth.DOUBTED, 1_001.0)
    assert not ask(one, C, CallHealth.DOUBTED, 1_002.0)
    assert not one.status(1_002.0).may_be_called


def test_a_server_that_hangs_after_the_rest_is_tried_by_one_call_alone() -> None:
    one = one_replica()
    for _ in range(5):
        ask(one, B, CallHealth.FAILED)
    assert ask(one, A, CallHealth.LATE, 1_000.0)
    assert not ask(one, B, CallHealth.LATE, 1_001.0)


def test_a_key_left_out_is_told_so() -> None:
    one = one_replica(failures=1)
    ask(one, A, CallHealth.DOUBTED)
    error = out_of_use("big", one, 400.0)
    assert "of this key" in str(error)
    assert error.retry_after_s == 0.6


def test_operators_hear_of_a_key_left_out() -> None:
    told = Listener()
    one = ReplicaSet(["http://one/v1"], failures=2, reset_ms=1_000.0, answerer="big", events=told)
    for caller, health, at_ms in (
        (A, CallHealth.DOUBTED, 0.0),
        (A, CallHealth.DOUBTED, 0.0),
        (A, CallHealth.HEALTHY, 1_000.0),
        (A, CallHealth.DOUBTED, 1_000.0),
        (B, CallHealth.DOUBTED, 1_000.0),
    ):
        assert ask(one, caller, health, at_ms)
    turns = [
        (event.open, event.key_id) for event in told.events if isinstance(event, BreakerTurned)
    ]
    assert turns == [(True, A), (False, A), (True, "")]
    line = line_of(told.events[0])
    assert line.name == "breaker_opened"
    assert line.fields["key_id"] == A
    assert "of this key" in str(line.fields["next"])


@pytest.mark.parametrize(
    ("status", "health"),
    [(500, CallHealth.DOUBTED), (502, CallHealth.FAILED), (503, CallHealth.FAILED)],
)
def test_only_a_500_may_be_the_requests_doing(status: int, health: CallHealth) -> None:
    assert outcome_of(status) is health
