"""Counts for Prometheus, in this process or merged by the library over several workers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from router.api.observability.call_metrics import CallMetrics
from router.api.observability.process_metrics import BuildSeries, ProcessSeries
from router.api.observability.quick_series import Add, adding_to, observing
from router.api.observability.watched_metrics import Alarms, AlarmSeries, BudgetSeries, Limits
from router.errors import TiergateError
from router.policy.watch import PolicyWatcher
from router.types import Clock, Outcome, Verdict

SPECIALIST = "specialist"
"""Names the tier under which analysed texts are counted."""
LATENCY_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class _Counted(NamedTuple):
    """Holds what a further request with the same labels adds to."""

    requests: Add
    reasons: Add
    latency: Add


class _AskedSeries(Collector):
    """Yields what is read when a page asks for it."""

    def __init__(self, clock: Clock | None, watched: Sequence[PolicyWatcher]) -> None:
        self._clock = clock
        self._watched = watched

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yields the time of this worker, and which policies have a file that cannot be used."""
        if self._clock is not None:
            # A scraper compares it with its own clock.
            yield GaugeMetricFamily(
                "tiergate_time_seconds",
                "The time by which budgets, keys and retention go.",
                value=self._clock.now_ms() / 1000.0,
            )
        broken = GaugeMetricFamily(
            "tiergate_policy_broken",
            "1 while a policy's files cannot be used, so that an earlier version serves.",
            labels=("policy",),
        )
        for one in self._watched:
            broken.add_metric((one.name,), one.outdated)
        yield broken


class Metrics:
    """Counts requests. `shared_dir` holds the counts of several workers; it is "" for one."""

    def __init__(self, shared_dir: str = "") -> None:
        self._shared_dir = shared_dir
        self.limits: Limits | None = None  # where budgets are read, once there is a ledger
        self.alarms: Alarms | None = None
        self.watched: Sequence[PolicyWatcher] = ()  # what follows the files of the policies
        self.clock: Clock | None = None
        self._counted: dict[tuple[str, ...], _Counted] = {}
        self._was_degraded = False
        self._registry = CollectorRegistry()
        self.calls = CallMetrics(self._registry)
        r = self._registry
        self._requests = Counter(
            "tiergate_requests", "Requests answered.", ["policy", "tier", "verdict"], registry=r
        )
        self._reasons = Counter(
            "tiergate_reasons", "Why the tier answered.", ["tier", "reason"], registry=r
        )
        self._escalations = Counter("tiergate_escalations", "Climbs after an answer.", registry=r)
        self._errors = Counter(
            "tiergate_errors", "Requests refused or failed.", ["code", "status"], registry=r
        )
        self._replays = Counter(
            "tiergate_replays", "Answers given again under an idempotency key.", registry=r
        )
        self._ended = Counter(
            "tiergate_worker_ends", "Workers that ended by themselves.", registry=r
        )
        self._latency = Histogram(
            "tiergate_request_seconds",
            "Whole time of a request.",
            ["tier"],
            buckets=LATENCY_BUCKETS_S,
            registry=r,
        )
        triage = Histogram(
            "tiergate_triage_seconds", "Triage.", buckets=LATENCY_BUCKETS_S[:8], registry=r
        )
        self._triage = observing(triage)
        self.in_flight = adding_to(
            Gauge(
                "tiergate_requests_in_flight",
                "Requests of HTTP that run, the one for this page among them.",
                registry=r,
                multiprocess_mode="livesum",
            )
        )
        self._degraded = Gauge(
            "tiergate_triage_degraded",
            "1 while rules alone decide.",
            registry=r,
            multiprocess_mode="max",
        )

    def answered(self, outcome: Outcome) -> None:
        """Counts a request that got an answer; `calls.finished` counts its cost."""
        key = (outcome.policy, outcome.rung.tier, outcome.verdict, outcome.reason)
        # The same few combinations come with every request.
        counted = self._counted.get(key) or self._count_as(*key)
        counted.requests(1)
        counted.reasons(1)
        if outcome.escalations:
            self._escalations.inc(outcome.escalations)
        counted.latency(outcome.timings.total_ms / 1000.0)
        self._triage(outcome.timings.triage_ms / 1000.0)
        if outcome.signals.degraded is not self._was_degraded:
            self._was_degraded = outcome.signals.degraded
            self._degraded.set(1.0 if self._was_degraded else 0.0)

    def analysed(
        self, policy: str, count: int, cost_nano_usd: int | None, tier: str = SPECIALIST
    ) -> None:
        """Counts answers that needed no ladder, and their cost unless their calls count it (None).

        They are texts that a specialist read, and requests for vectors.
        """
        self._requests.labels(policy, tier, Verdict.ACCEPTED.value).inc(count)
        if cost_nano_usd is not None:
            self.calls.spent(tier, cost_nano_usd)

    def replayed(self) -> None:
        """Counts an answer that was given again."""
        self._replays.inc()

    def workers_ended(self, count: int) -> None:
        """Counts workers that ended by themselves, whose place this process has taken."""
        self._ended.inc(count)

    def _count_as(self, policy: str, tier: str, verdict: str, reason: str) -> _Counted:
        """Looks up the counters of these labels and keeps them.

        The library checks and locks at every look-up. Labels come from the policy and from enums,
        so there are few.
        """
        counted = self._counted[policy, tier, verdict, reason] = _Counted(
            adding_to(self._requests.labels(policy, tier, str(verdict))),
            adding_to(self._reasons.labels(tier, str(reason))),
            observing(self._latency.labels(tier)),
        )
        return counted

    def failed(self, error: TiergateError) -> None:
        """Counts a request that was refused or failed, by its code and its status."""
        self._errors.labels(error.code, str(error.status)).inc()

    def page(self) -> bytes:
        """Returns the text exposition of all workers, of budgets and of alarms; blocks while it
        reads those.
        """
        registry = self._registry
        # Each worker holds only its own counts, so the page is made from the files of all of them.
        if self._shared_dir:
            registry = CollectorRegistry()
            MultiProcessCollector(registry, path=self._shared_dir)  # type: ignore[no-untyped-call]
        page = generate_latest(registry)
        read: list[Collector] = [] if self.limits is None else [BudgetSeries(self.limits)]
        read += [] if self.alarms is None else [AlarmSeries(self.alarms)]
        read += [_AskedSeries(self.clock, self.watched), BuildSeries()]
        read.append(ProcessSeries(self._shared_dir))
        return page + b"".join(map(_read, read))


def _read(series: Collector) -> bytes:
    registry = CollectorRegistry()
    registry.register(series)
    return generate_latest(registry)


def forget_worker(shared_dir: str, pid: int) -> None:
    """Removes the gauges of a worker that is gone; its counts stay."""
    mark_process_dead(pid, shared_dir)  # type: ignore[no-untyped-call]
