"""The dashboard's figures of each answerer's calls."""

from __future__ import annotations

from router.api.dashboard.answerer_json import figures_of, turns_by_answerer
from router.types import AttemptState, CostBasis, Turn


def a_turn(policy: str, state: AttemptState, error: str = "", ms: float = 100.0) -> Turn:
    return Turn(policy, "mid", state, CostBasis.UNKNOWN, 1_000, ms, error, discarded=False)


def test_one_name_in_two_policies_is_two_answerers() -> None:
    settled = [a_turn(policy, AttemptState.SETTLED) for policy in ("a", "b", "b")]
    found = turns_by_answerer(settled)
    assert {key: len(turns) for key, turns in found.items()} == {("a", "mid"): 1, ("b", "mid"): 2}


def test_calls_of_unknown_price_have_times_and_have_not_failed() -> None:
    figures = figures_of([a_turn("a", AttemptState.UNKNOWN_COST)])
    assert (figures["attempts"], figures["failed"]) == (1, 0)
    assert figures["p50_ms"] is not None


def test_a_call_that_names_an_error_has_failed_and_has_no_time() -> None:
    figures = figures_of([a_turn("a", AttemptState.UNKNOWN_COST, "connection_lost")])
    assert (figures["failed"], figures["p50_ms"]) == (1, None)
