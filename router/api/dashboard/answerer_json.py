"""Renders the recent calls of each answerer as JSON types; it knows nothing about policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from router.api.dashboard.overview_json import Json
from router.ledger.row_reading import call_failed, was_made
from router.ledger.waste import thrown_away
from router.stats.duration_histogram import DurationHistogram
from router.types import AttemptState, Turn

ANSWERED = (AttemptState.SETTLED, AttemptState.UNKNOWN_COST)
"""Lists the states of a call whose answer came, if it names no error."""


def turns_by_answerer(turns: Iterable[Turn]) -> dict[tuple[str, str], list[Turn]]:
    """Returns the calls by policy and answerer: policies may give two answerers one name."""
    by_answerer: dict[tuple[str, str], list[Turn]] = {}
    for turn in turns:
        by_answerer.setdefault((turn.policy, turn.answerer), []).append(turn)
    return by_answerer


def figures_of(turns: Sequence[Turn]) -> Json:
    """Returns how many calls of an answerer were made and failed, and how long answers took."""
    turns = [turn for turn in turns if was_made(turn)]
    ended = [turn for turn in turns if turn.state is not AttemptState.CANCELLED]
    failures = [turn for turn in ended if call_failed(turn)]
    last = max(failures, key=lambda turn: turn.started_at_ms, default=None)
    latencies = DurationHistogram()
    # Failed calls say nothing about how long an answer takes, those of unknown price do.
    for turn in ended:
        if turn.state in ANSWERED and not call_failed(turn):
            latencies.add(turn.latency_ms)
    return {
        "attempts": len(turns),
        "failed": len(failures),
        "discarded": sum(thrown_away(turn) for turn in turns),
        "p50_ms": latencies.quantile(0.5),
        "p95_ms": latencies.quantile(0.95),
        "last_error": None
        if last is None
        else {"code": last.error_code or last.state.value, "at_ms": last.started_at_ms},
    }
