"""Tests which rows count as errors of a side of a rollout."""

from __future__ import annotations

import pytest

from router.rollout.rows import observed
from router.types import RequestState, RolloutNote


@pytest.mark.parametrize(
    ("state", "code", "call_failed", "failed"),
    [
        (RequestState.SETTLED, "", False, False),
        (RequestState.SETTLED, "", True, True),
        (RequestState.FAILED, "upstream_error", False, True),
        (RequestState.FAILED, "rate_limit_exceeded", False, False),
        (RequestState.FAILED, "ledger_unavailable", False, False),
        (RequestState.FAILED, "ledger_unavailable", True, True),
        (RequestState.CANCELLED, "client_gone", False, False),
    ],
)
def test_only_faults_of_a_side_count_as_its_errors(
    state: RequestState, code: str, call_failed: bool, failed: bool
) -> None:
    """A database that restarts must end no rollout."""
    note = RolloutNote("r", 1, "candidate", "u")
    seen = observed(note, "r1", "acme", "", 2, state, code, call_failed, 0, 1.0, 0)
    assert seen.failed is failed
