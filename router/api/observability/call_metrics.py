"""Counts calls of answerers, breakers, stores and refusals for Prometheus.

Labels are names of the policy, our codes, and tenants. The first `MOST_TENANTS` tenants have labels
of their own and the others share one, so clients cannot make more series.
"""

from __future__ import annotations

from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from router.api.observability.quick_series import Add, adding_to, observing
from router.ledger.aggregates import NO_ANSWER
from router.ledger.row_reading import AFTERWARDS, answered
from router.types import (
    NANO_PER_USD,
    AttemptRow,
    AttemptState,
    BreakerTurned,
    CallFailed,
    CallRefused,
    CertificateTurned,
    Event,
    RequestRow,
    RequestState,
    Role,
    StoreTurned,
)

MOST_TENANTS = 100
OTHERS = "(others)"
LATENCY_BUCKETS_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
CONFIDENCE_BUCKETS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
ESCALATION_BUCKETS = (0, 1, 2, 3, 5)

# These roles are rows of the record but no calls of an answerer.
_NO_CALLS = frozenset({Role.TRIAGE, Role.CACHE, Role.REVIEW, Role.RECONCILE})
# Python 3.11 takes 0.2 us to find a member in an enum.
_RELEASED, _SETTLED_CALL = AttemptState.RELEASED, AttemptState.SETTLED
_SETTLED = RequestState.SETTLED


class _Answerer(NamedTuple):
    calls: Add
    latency: Add


class _Tier(NamedTuple):
    confidence: Add
    escalations: Add


class CallMetrics:
    """Counts events and rows for `Metrics`. Thread-safe, as the library's counters are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._answerers: dict[str, _Answerer] = {}
        self._tiers: dict[str, _Tier] = {}
        self._costs: dict[str, Add] = {}
        self._tenants: set[str] = set()
        r = registry
        self._calls = Counter(
            "tiergate_calls", "Calls of answerers, retries left out.", ["answerer"], registry=r
        )
        self._latency = Histogram(
            "tiergate_call_seconds",
            "How long calls took that were answered.",
            ["answerer"],
            buckets=LATENCY_BUCKETS_S,
            registry=r,
        )
        self._failures = Counter(
            "tiergate_call_failures",
            "Calls that failed, by the code of our error.",
            ["answerer", "code"],
            registry=r,
        )
        self._retries = Counter(
            "tiergate_call_retries",
            "Failures that the answerer tried again by itself, by code.",
            ["answerer", "code"],
            registry=r,
        )
        self._breakers = Gauge(
            "tiergate_breaker_open",
            "1 while a replica's breaker is open, in any worker.",
            ["answerer", "replica"],
            registry=r,
            multiprocess_mode="livemax",
        )
        self._stores = Gauge(
            "tiergate_store_up",
            "0 while a store or an embedder does not answer, in any worker.",
            ["store"],
            registry=r,
            multiprocess_mode="livemin",
        )
        self._certificates = Gauge(
            "tiergate_certificate_suspended",
            "1 while traffic is outside the range of a domain's certificate, in any worker.",
            ["policy", "domain"],
            registry=r,
            multiprocess_mode="livemax",
        )
        self._refusals = Counter(
            "tiergate_refusals",
            "Requests and calls that a limit refused; never_fits: beyond the whole limit.",
            ["tenant", "limit", "never_fits"],
            registry=r,
        )
        self._confidence = Histogram(
            "tiergate_confidence",
            "Stated chance that answers which went out are right; where nobody measured a tier's "
            "answers, the policy's assumption.",
            ["tier"],
            buckets=CONFIDENCE_BUCKETS,
            registry=r,
        )
        self._cost = Counter(
            "tiergate_cost_usd",
            "Spend, US dollars, by the tier that answered; that of failed requests too.",
            ["tier"],
            registry=r,
        )
        self._escalations = Histogram(
            "tiergate_request_escalations",
            "Climbs of one request.",
            ["tier"],
            buckets=ESCALATION_BUCKETS,
            registry=r,
        )

    def watch(self, answerer: str, replica: str) -> None:
        """Shows the breaker of a replica from now on, closed at first."""
        self._breakers.labels(answerer, replica).set(0)

    def watch_store(self, store: str, *, up: bool = True) -> None:
        """Shows from now on whether a store answers."""
        self._stores.labels(store).set(1 if up else 0)

    def happened(self, event: Event) -> None:
        """Counts an event."""
        if isinstance(event, CallFailed):
            counter = self._retries if event.retried else self._failures
            counter.labels(event.answerer, event.code).inc()
        elif isinstance(event, BreakerTurned) and not event.key_id:
            self._breakers.labels(event.answerer, event.host).set(1 if event.open else 0)
        elif isinstance(event, StoreTurned):
            # An embedder has a line of its own: another one's return does not hide its loss.
            label = f"{event.store}:{event.name}" if event.name else event.store
            self._stores.labels(label).set(0 if event.lost else 1)
        elif isinstance(event, CertificateTurned):
            turned = self._certificates.labels(event.policy, event.domain.value)
            turned.set(1 if event.suspended else 0)
        elif isinstance(event, CallRefused):
            never_fits = "true" if event.hopeless else "false"
            limit = event.limit or event.code
            self._refusals.labels(self._tenant(event.tenant), limit, never_fits).inc()

    def spent(self, tier: str, nano_usd: int) -> None:
        """Adds to the spend of a tier."""
        cost = self._costs.get(tier)
        if cost is None:
            cost = self._costs[tier] = adding_to(self._cost.labels(tier))
        cost(nano_usd / NANO_PER_USD)

    def finished(self, row: RequestRow) -> None:
        """Counts the calls of a request, its cost, its confidence and its escalations."""
        # What failed was paid for, too; names are those of the report's tiers.
        paid_for = row.tier if answered(row) else NO_ANSWER
        beside = row.endpoint in AFTERWARDS
        self.spent(f"({row.endpoint})" if beside else paid_for, row.cost_nano_usd)
        for attempt in row.attempts:
            # A released attempt was never sent.
            if attempt.role not in _NO_CALLS and attempt.state is not _RELEASED:
                self._called(attempt)
        if row.state is _SETTLED and row.verdict and row.tier_number:  # vectors have no level
            tier = self._tiers.get(row.tier) or self._count_tier(row.tier)
            tier.confidence(row.confidence)
            tier.escalations(row.escalations)

    def _called(self, attempt: AttemptRow) -> None:
        counters = self._answerers.get(attempt.answerer) or self._count_answerer(attempt.answerer)
        counters.calls(1)
        # A failed call's time says nothing about how fast the answerer is.
        if attempt.state is _SETTLED_CALL and not attempt.error_code:
            counters.latency(attempt.latency_ms / 1000.0)

    def _count_answerer(self, name: str) -> _Answerer:
        """Keeps the counters of an answerer, since the library checks and locks at every look-up.

        Names come from policies, so there are few.
        """
        counted = _Answerer(
            adding_to(self._calls.labels(name)), observing(self._latency.labels(name))
        )
        self._answerers[name] = counted
        return counted

    def _count_tier(self, name: str) -> _Tier:
        counted = _Tier(
            observing(self._confidence.labels(name)), observing(self._escalations.labels(name))
        )
        self._tiers[name] = counted
        return counted

    def _tenant(self, name: str) -> str:
        if name not in self._tenants:
            # Each label makes a series of its own in Prometheus.
            if len(self._tenants) >= MOST_TENANTS:
                return OTHERS
            self._tenants.add(name)
        return name
