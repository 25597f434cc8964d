"""Renders the dashboard's figures as JSON types.

Money comes twice: exact integer, exact dollars.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from router.analysis.alerts import Alert, BudgetUse
from router.analysis.last_hour import BINS, Bin, Hour, Minute, bin_of
from router.money.days import MINUTE_MS
from router.rendering.json_values import money
from router.stats.wilson import Share
from router.types import DecisionLine, DecisionPage, DecisionQuery, Sample
from router.wire.public_ids import decision_id

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Judged:
    """Holds people's judgement of an answer: the gateway's confidence in it, 0..1, and if it was
    right.
    """

    confidence: float
    right: bool
    judge: str = ""  # another model with its rubric, where one judged the answer too
    passed: bool = False  # by that judge
    assumed: bool = False  # the confidence is a prior: nobody measured it


RESAMPLES = 200
"""Resamples of a kappa's interval, as in the report."""

Outcomes = Callable[[int, str | None], Sequence[Judged]]
"""Returns the outcomes of requests of a tenant (None: all) since a time; blocks.

Raises LedgerError.
"""


def minute_json(minute: Minute) -> Json:
    """Returns one minute, or the sum of a whole hour."""
    return {
        "at_ms": minute.minute * MINUTE_MS,
        "requests": minute.requests,
        "open": minute.open,
        "failed": minute.failed,
        "refused": minute.refused,
        "impossible": minute.impossible,
        "cancelled": minute.cancelled,
        "answered": minute.answered,
        "escalated": minute.escalated,
        "climbed": minute.climbed,
        "no_answer": minute.no_answer,
        "handed_over": minute.handed_over,
        **money("spend", minute.spend_nano_usd),
        "by_tier": minute.by_tier,
        "p50_ms": minute.p50_ms,
        "p95_ms": minute.p95_ms,
    }


def tiers_json(hour: Hour) -> list[Json]:
    """Returns the answers of each tier in the hour, lowest level first."""
    return [
        {
            "tier": tier.tier,
            "level": tier.level,
            "requests": tier.requests,
            **money("spend", tier.spend_nano_usd),
            "p50_ms": tier.p50_ms,
            "p95_ms": tier.p95_ms,
        }
        for tier in hour.tiers
    ]


def budget_json(use: BudgetUse) -> Json:
    """Returns one window of a budget; a part that its scope does not name is null.

    `share` is null without a limit.
    """
    scope = use.scope
    return {
        "tenant": scope.tenant or None,
        "key_id": scope.key_id or None,
        "policy": scope.policy or None,
        "tier": scope.tier or None,
        "kind": use.kind,
        **money("spent", use.spent_nano_usd),
        **money("held", use.held_nano_usd),
        **money("limit", use.limit_nano_usd),
        "share": use.share,
    }


def alert_json(alert: Alert) -> Json:
    """Returns one alert."""
    return {
        "level": alert.level,
        "code": alert.code,
        "subject": alert.subject,
        "message": alert.message,
    }


def page_json(page: DecisionPage, query: DecisionQuery) -> Json:
    """Returns a page of decisions.

    `next` is the cursor of the following page; `searched_since_ms` is how far back a search has
    read.
    """
    before = page.before
    # A full page stopped at its limit; a part of a page stopped at the bound of rows that are read.
    full = len(page.lines) == query.limit
    return {
        "data": [_line_json(line) for line in page.lines],
        "next": None if before is None else f"{before[0]}.{before[1]}",
        "searched_since_ms": None if before is None or full else before[0],
    }


def _line_json(line: DecisionLine) -> Json:
    return {
        "decision_id": decision_id(line.request_id),
        "created_at_ms": line.created_at_ms,
        "tenant": line.tenant,
        "state": line.state.value,
        "policy": line.policy,
        "requested_model": line.requested_model,
        "tier": line.tier,
        "level": line.level,
        "model": line.model,
        "verdict": line.verdict or None,
        "reason": line.reason,
        "led_by": line.led_by or None,
        "in_place": line.in_place,
        "confidence": line.confidence,
        "confidence_source": line.confidence_source or None,
        "escalations": line.escalations,
        **money("cost", line.cost_nano_usd),
        "latency_ms": line.latency_ms,
        "domain": line.domain or None,
        "error_code": line.error_code or None,
        "review": line.review,
    }


def confidence_json(samples: Iterable[Sample]) -> list[Json]:
    """Returns for each tier the answers, and those after a climb, by confidence, in twentieths.

    A caller that has questions back gives them by themselves: their chance is about what was meant.
    """
    tiers: dict[tuple[int, str], list[Bin]] = {}
    for sample in samples:
        bins = tiers.setdefault((sample.level, sample.tier), [Bin() for _ in range(BINS)])
        bin_ = bins[bin_of(sample.confidence)]
        bin_.requests += 1
        bin_.climbed += sample.climbed
    return [
        {
            "tier": tier,
            "level": level,
            "requests": sum(bin_.requests for bin_ in bins),
            "bins": [
                {"low": index / BINS, "requests": bin_.requests, "climbed": bin_.climbed}
                for index, bin_ in enumerate(bins)
            ],
        }
        for (level, tier), bins in sorted(tiers.items())
    ]


def judges_json(outcomes: Sequence[Judged]) -> list[Json]:
    """Returns how far each judge agrees with people; none where no judged answer has an outcome."""
    words: dict[str, list[Judged]] = {}
    for judged in outcomes:
        if judged.judge:
            words.setdefault(judged.judge, []).append(judged)
    if not words:
        return []
    from router.stats.agreement import agreement_figures  # needs numpy, which few dashboards do

    rows = list[Json]()
    for name, said in sorted(words.items()):
        passed, right = [int(one.passed) for one in said], [int(one.right) for one in said]
        figures = agreement_figures(passed, right, resamples=RESAMPLES)
        rows.append(
            {
                "judge": name,
                "outcomes": len(said),
                "agreement": figures["agreement"].to_json(),
                "kappa": figures["kappa"].to_json(),
            }
        )
    return rows


def reliability_json(outcomes: Sequence[Judged]) -> Json:
    """Returns for each bin the share of right answers and the mean confidence, and their distance.

    Counts apart how many of them have an assumed confidence. The interval is Wilson's, 95 %. The
    distance is the expected calibration error (ECE: Naeini, Cooper and Hauskrecht 2015),
    weighed by the number of outcomes in each bin.
    """
    # Outcomes are few, so a bin is twice as wide as above.
    bins = [list[Judged]() for _ in range(BINS // 2)]
    for judged in outcomes:
        bins[bin_of(judged.confidence) // 2].append(judged)
    shown_bins, distance = list[Json](), 0.0
    for index, inside in enumerate(bins):
        if not inside:
            continue
        confidence = sum(judged.confidence for judged in inside) / len(inside)
        right = Share(sum(judged.right for judged in inside), len(inside))
        distance += len(inside) / len(outcomes) * abs(confidence - right.count / right.of)
        shown_bins.append(
            {
                "low": index / len(bins),
                "count": len(inside),
                "assumed": sum(judged.assumed for judged in inside),
                "confidence": confidence,
                "right": right.value,
                "interval": right.interval,
            }
        )
    return {
        "outcomes": len(outcomes),
        "assumed": sum(judged.assumed for judged in outcomes),
        "calibration_error": distance if outcomes else None,
        "bins": shown_bins,
    }
