"""The dashboard's figures as JSON types. Money stands twice: exact integer, exact dollars."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from router.analysis.alerts import Alert, BudgetUse
from router.analysis.last_hour import BINS, Bin, Hour, Minute, bin_of
from router.api.http.decision_views import decision_id
from router.money.budgets import MINUTE_MS
from router.rendering.json_values import money
from router.types import DecisionLine, DecisionPage, DecisionQuery, Sample

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Judged:
    """What people found of an answer: how sure the gateway was of it, 0..1, and if it was right."""

    confidence: float
    right: bool


Outcomes = Callable[[int, str | None], Sequence[Judged]]
"""The outcomes of requests since then of a tenant (None: all); blocks. Raises LedgerError."""


def minute_json(minute: Minute) -> Json:
    """One minute, or a whole hour added up."""
    return {
        "at_ms": minute.minute * MINUTE_MS,
        "requests": minute.requests,
        "open": minute.open,
        "failed": minute.failed,
        "refused": minute.refused,
        "escalated": minute.escalated,
        "climbed": minute.climbed,
        **money("spend", minute.spend_nano_usd),
        "by_tier": minute.by_tier,
        "p50_ms": minute.p50_ms,
        "p95_ms": minute.p95_ms,
    }


def tiers_json(hour: Hour) -> list[Json]:
    """What each tier answered in the hour, lowest level first."""
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


def budget_json(one: BudgetUse) -> Json:
    """One window: whose money is counted in it, null for a part that its scope does not name;
    `share` is null without a limit."""
    scope = one.scope
    return {
        "tenant": scope.tenant or None,
        "key_id": scope.key_id or None,
        "policy": scope.policy or None,
        "tier": scope.tier or None,
        "kind": one.kind,
        **money("spent", one.spent_nano_usd),
        **money("held", one.held_nano_usd),
        **money("limit", one.limit_nano_usd),
        "share": one.share,
    }


def alert_json(alert: Alert) -> Json:
    """One alert."""
    return {
        "level": alert.level,
        "code": alert.code,
        "subject": alert.subject,
        "message": alert.message,
    }


def page_json(page: DecisionPage, query: DecisionQuery) -> Json:
    """A page of decisions. `next` goes on; `searched_since_ms` says how far a search has read."""
    before = page.before
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
        "confidence": line.confidence,
        "escalations": line.escalations,
        **money("cost", line.cost_nano_usd),
        "latency_ms": line.latency_ms,
        "domain": line.domain or None,
        "error_code": line.error_code or None,
        "review": line.review,
    }


def confidence_json(samples: Iterable[Sample]) -> list[Json]:
    """Per tier, requests and climbed ones by confidence of the answer, in twentieths."""
    tiers: dict[tuple[int, str], list[Bin]] = {}
    for sample in samples:
        bins = tiers.setdefault((sample.level, sample.tier), [Bin() for _ in range(BINS)])
        one = bins[bin_of(sample.confidence)]
        one.requests += 1
        one.escalated += sample.escalated
    return [
        {
            "tier": tier,
            "level": level,
            "requests": sum(one.requests for one in bins),
            "bins": [
                {"low": at / BINS, "requests": one.requests, "escalated": one.escalated}
                for at, one in enumerate(bins)
            ],
        }
        for (level, tier), bins in sorted(tiers.items())
    ]


def reliability_json(outcomes: Sequence[Judged]) -> Json:
    """Share of right answers beside the mean confidence of each bin, and their distance (ECE:
    Naeini, Cooper and Hauskrecht 2015), weighed by how many are in the bin."""
    bins = [list[Judged]() for _ in range(BINS // 2)]
    for one in outcomes:
        bins[bin_of(one.confidence) // 2].append(one)
    told, distance = list[Json](), 0.0
    for at, inside in enumerate(bins):
        if not inside:
            continue
        confidence = sum(one.confidence for one in inside) / len(inside)
        right = sum(one.right for one in inside) / len(inside)
        distance += len(inside) / len(outcomes) * abs(confidence - right)
        low = at / len(bins)
        told.append({"low": low, "count": len(inside), "confidence": confidence, "right": right})
    return {
        "outcomes": len(outcomes),
        "calibration_error": distance if outcomes else None,
        "bins": told,
    }
