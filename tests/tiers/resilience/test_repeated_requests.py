"""Tests what a 500 to a repeated request says of a replica."""

from __future__ import annotations

import pytest

from tests.tiers.resilience.test_parts import replicas
from tiers.resilience.replicas import outcome_of


def test_a_dead_server_gets_one_call_after_the_rest_though_its_clients_repeat() -> None:
    one = replicas(1)
    first = one.take(0.0)
    assert first is not None
    one.give_back(first, outcome_of(500), 0.0)
    tried = 0
    for at in range(1_000, 1_020):
        taken = one.take(float(at))
        if taken is not None:
            tried += 1
            one.give_back(taken, outcome_of(500, repeated=True), float(at))
    assert tried == 1
    assert one.take(2_000.0) is not None  # and one more after the next rest


def test_a_repeated_500_to_a_replica_in_use_shows_nothing() -> None:
    one = replicas(1)
    taken = one.take(0.0)
    assert taken is not None
    one.give_back(taken, outcome_of(500, repeated=True), 0.0)
    assert one.status(0.0).untried
    assert one.take(0.0) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 429, 501, 502, 503, 504, 529])
def test_a_repeated_request_excuses_no_other_status(status: int) -> None:
    assert outcome_of(status, repeated=True) is outcome_of(status)
