"""Renders a replay as JSON: money is written twice, unknown figures are null."""

from __future__ import annotations

from collections.abc import Sequence

from router.analysis.replay.fail_conditions import Judged, cannot_answer
from router.analysis.replay.replay import Replay
from router.analysis.replay.sentences import alone_lines, error_lines, headline, notes
from router.analysis.replay.usage_cases import TokensAlone
from router.analysis.report.figures import Interval
from router.analysis.tune.offpolicy import Estimate
from router.rendering.json_values import Json, money

SCHEMA = "tiergate.replay/1"
"""Names the version; it rises when a key changes its meaning or goes away, not for a new key."""


def replay_json(replay: Replay, judged: Sequence[Judged]) -> Json:
    """Returns the whole replay as plain values; money is an integer and an exact string."""
    return {
        "schema": SCHEMA,
        "headline": headline(replay),
        "policy": replay.new_name,
        "against": replay.old_name,
        "requests": replay.requests,
        "left_out": {reason.value: n for reason, n in replay.left_out.items()},
        "cost": _cost(replay),
        "levels": [
            {
                "level": key[0],
                "tier": key[1],
                "old_requests": replay.old.levels.get(key, 0.0),
                "new_requests": replay.new.levels.get(key, 0.0),
            }
            for key in sorted({*replay.old.levels, *replay.new.levels})
        ],
        "changed": replay.changed,
        "changes": _changes(replay),
        "believed_error": {
            "requests": replay.believed.requests,
            "old": replay.believed.old,
            "new": replay.believed.new,
            "old_on_priors": replay.believed.old_on_priors,
            "new_on_priors": replay.believed.new_on_priors,
        },
        "error": _error(replay),
        "shadows": [
            {
                "given_by": k[0],
                "shadow": k[1],
                "pairs": a.pairs,
                "agreement": a.mean,
                "failed": a.failed,
            }
            for k, a in sorted(replay.agreements.items())
        ],
        "notes": [*error_lines(replay), *notes(replay)],
        "tokens_alone": None if replay.alone is None else _alone_json(replay.alone),
        "bad_lines": replay.bad_lines or None,
        "conditions": [
            {"condition": result.condition.text, "answer": result.answer.value, "told": result.told}
            for result in judged
        ],
    }


def _cost(replay: Replay) -> Json:
    costs = replay.costs
    known = costs.count > 0
    return {
        "compared": costs.count,
        "not_compared": replay.not_compared,
        **money("old", costs.baseline_nano_usd if known else None),
        **money("new", costs.own_nano_usd if known else None),
        **money("difference", -costs.saved_nano_usd if known else None),
        # Savings are old minus new; a difference is new minus old, so signs turn.
        "difference_interval_nano_usd": _pair(costs.saved_interval(), -1.0),
        "change": None if costs.saved_share() is None else -(costs.saved_share() or 0.0),
        "change_interval": _pair(costs.share_interval(), -1.0),
        "assumed_calls": replay.new.uncertain,
    }


def _changes(replay: Replay) -> list[Json]:
    """Returns the changed decisions, those of most requests first."""
    return [
        {
            "from": key[0],
            "to": key[1],
            "reason": key[2],
            "requests": change.requests,
            **money("difference", change.difference_nano_usd),
            "unknown_cost": change.unknown,
            "examples": change.examples,
        }
        for key, change in sorted(replay.changes.items(), key=lambda entry: -entry[1].requests)
    ]


def _error(replay: Replay) -> Json:
    errors = replay.errors
    return {
        "answerable": errors.answerable,
        "why_not": cannot_answer(replay) or None,
        "requests": errors.requests,
        "no_overlap": errors.no_overlap,
        "unknown_answerers": dict(replay.unknown_answerers),
        "observed": errors.observed,
        "effective_sample": errors.effective,
        "logged": _estimate(errors.logged),
        "ips": _estimate(errors.ips),
        "snips": _estimate(errors.snips),
        "doubly_robust": _estimate(errors.dr),
        "difference": _estimate(errors.difference),
        "bounds": _pair(errors.bounds),
        "by_own_p": {"new": replay.new.modelled_error, "old": replay.old.modelled_error},
    }


def _alone_json(alone: TokensAlone) -> Json:
    return {
        "rows": alone.rows,
        "without_prompt": alone.without_prompt,
        "without_cost": alone.without_cost,
        "priced_by_book": alone.priced_by_book,
        "answerers": [
            {
                "answerer": answerer,
                "rows": costs.count,
                **money("log", costs.baseline_nano_usd),
                **money("there", costs.own_nano_usd),
            }
            for answerer, costs in alone.by_answerer.items()
        ],
        "notes": alone_lines(alone),
    }


def _pair(interval: Interval | None, factor: float = 1.0) -> list[float] | None:
    # A negative factor swaps the ends, so they are put in order again.
    return None if interval is None else sorted((interval.low * factor, interval.high * factor))


def _estimate(estimate: Estimate | None) -> Json | None:
    if estimate is None:
        return None
    return {"error": estimate.error, "interval": _pair(estimate.interval)}
