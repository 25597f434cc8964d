"""Tests which rows count as errors of a side of a rollout."""

from __future__ import annotations

import pytest

from router.rollout.rows import has_failed
from router.types import RequestState


@pytest.mark.parametrize(
    ("state", "code", "call_failed", "failed"),
    [
        (RequestState.SETTLED, "", False, False),
        (RequestState.SETTLED, "", True, True),
        (RequestState.FAILED, "upstream_error", False, True),
        (RequestState.FAILED, "rate_limit_exceeded", False, False),
        (RequestState.FAILED, "max_cost_exceeded", False, False),
        (RequestState.FAILED, "unknown_price", False, True),  # its own policy states no price
        (RequestState.FAILED, "context_length_exceeded", False, True),  # nor has room enough
        (RequestState.FAILED, "ledger_unavailable", False, False),
        (RequestState.FAILED, "ledger_unavailable", True, True),
        (RequestState.CANCELLED, "client_gone", False, False),
    ],
)
def test_only_faults_of_a_side_count_as_its_errors(
    state: RequestState, code: str, call_failed: bool, failed: bool
) -> None:
    """A database that restarts must end no rollout."""
    assert has_failed(state, code, call_failed=call_failed) is failed
