"""A replay as JSON: money twice, unknown as null."""

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
"""Raised when a key changes its meaning or goes away; new keys leave it as it is."""


def replay_json(found: Replay, judged: Sequence[Judged]) -> Json:
    """The whole replay as plain values; money is an integer and an exact string."""
    costs, errors = found.costs, found.errors
    saved, share = costs.saved_interval(), costs.share_interval()
    known = costs.count > 0
    return {
        "schema": SCHEMA,
        "headline": headline(found),
        "policy": found.new_name,
        "against": found.old_name,
        "requests": found.requests,
        "left_out": {reason.value: n for reason, n in found.left_out.items()},
        "cost": {
            "compared": costs.count,
            "not_compared": found.not_compared,
            **money("old", costs.baseline_nano_usd if known else None),
            **money("new", costs.own_nano_usd if known else None),
            **money("difference", -costs.saved_nano_usd if known else None),
            "difference_interval_nano_usd": _pair(saved, -1.0),
            "change": None if costs.saved_share() is None else -(costs.saved_share() or 0.0),
            "change_interval": _pair(share, -1.0),
            "assumed_calls": found.new.uncertain,
        },
        "levels": [
            {
                "level": key[0],
                "tier": key[1],
                "old_requests": found.old.levels.get(key, 0.0),
                "new_requests": found.new.levels.get(key, 0.0),
            }
            for key in sorted({*found.old.levels, *found.new.levels})
        ],
        "changed": found.changed,
        "changes": [
            {
                "from": key[0],
                "to": key[1],
                "reason": key[2],
                "requests": change.requests,
                **money("difference", change.difference_nano_usd),
                "unknown_cost": change.unknown,
                "examples": change.examples,
            }
            for key, change in sorted(found.changes.items(), key=lambda one: -one[1].requests)
        ],
        "believed_error": {
            "requests": found.believed.requests,
            "old": found.believed.old,
            "new": found.believed.new,
        },
        "error": {
            "answerable": errors.answerable,
            "why_not": cannot_answer(found) or None,
            "requests": errors.requests,
            "no_overlap": errors.no_overlap,
            "observed": errors.observed,
            "effective_sample": errors.effective,
            "logged": _estimate(errors.logged),
            "ips": _estimate(errors.ips),
            "snips": _estimate(errors.snips),
            "doubly_robust": _estimate(errors.dr),
            "difference": _estimate(errors.difference),
            "bounds": _pair(errors.bounds),
            "by_own_p": {"new": found.new.modelled_error, "old": found.old.modelled_error},
        },
        "shadows": [
            {"given_by": k[0], "shadow": k[1], "pairs": a.pairs, "agreement": a.mean,
             "failed": a.failed}
            for k, a in sorted(found.agreements.items())
        ],
        "notes": [*error_lines(found), *notes(found)],
        "tokens_alone": None if found.alone is None else _alone_json(found.alone),
        "bad_lines": found.bad_lines or None,
        "conditions": [
            {"condition": one.condition.text, "answer": one.answer.value, "told": one.told}
            for one in judged
        ],
    }  # fmt: skip


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
            for answerer, costs in alone.at.items()
        ],
        "notes": alone_lines(alone),
    }


def _pair(interval: Interval | None, factor: float = 1.0) -> list[float] | None:
    return None if interval is None else sorted((interval.low * factor, interval.high * factor))


def _estimate(estimate: Estimate | None) -> Json | None:
    if estimate is None:
        return None
    return {"error": estimate.error, "interval": _pair(estimate.interval)}
