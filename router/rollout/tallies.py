"""Counts what the requests of each arm came to: failures, costs, latencies, complaints. Pure.

Costs and latencies are rounded to a level of a fixed scale, so that a tally is a few counts however
many requests it has, and tallies of several servers add up. A cost is at most the cap of its
rollout; a latency counts by its logarithm, so that a mean of two is a ratio and one stray request
moves nothing. Knows nothing about the ledger.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field
from msgspec.structs import replace

from router.rollout.confidence import NOTHING_KNOWN, Interval, interval

COST_DECADES, PER_DECADE = 4, 24
"""A level of cost is a tenth above the one before; costs below a ten-thousandth of the cap are the
lowest. Both arms are rounded alike."""

SLOWEST_MS = 600_000.0
LATENCY_STEPS = 120
"""A level of latency is a ninth above the one before."""

SPAN = math.log1p(SLOWEST_MS)
HOUR_MS = 3_600_000
"""Requests of so long are also counted by themselves: a candidate that breaks after weeks is then
found as soon as one that breaks at once."""

MOST_KEPT = 100_000
"""Most requests, conversations and complaints that are remembered of a stage, the latest ones."""

MOST_NAMES = 48
"""Most strata of one kind; further ones share the name OTHER."""
OTHER = "(other)"


class Metric(StrEnum):
    """Names what the arms are compared by."""

    ERRORS = "errors"
    COST = "cost"
    LATENCY = "latency"
    COMPLAINTS = "complaints"


class Arm(StrEnum):
    """Names the two sides of a split. The base is always one."""

    BASE = "base"
    CANDIDATE = "candidate"


RATE = (0.0, 1.0)
COSTS = (
    0.0,
    *(10.0 ** (k / PER_DECADE - COST_DECADES) for k in range(COST_DECADES * PER_DECADE + 1)),
)
LATENCIES = tuple(k / LATENCY_STEPS for k in range(LATENCY_STEPS + 1))
LEVELS: Mapping[Metric, tuple[float, ...]] = {
    Metric.ERRORS: RATE,
    Metric.COST: COSTS,
    Metric.LATENCY: LATENCIES,
    Metric.COMPLAINTS: RATE,
}


def cost_level(nano_usd: int, cap_nano_usd: int) -> int:
    """Returns the index in COSTS of a cost; the highest from the cap on.

    >>> round(COSTS[cost_level(500, 1000)], 3)
    0.511
    """
    if nano_usd <= 0 or cap_nano_usd <= 0:
        return 0
    level = round((math.log10(nano_usd / cap_nano_usd) + COST_DECADES) * PER_DECADE) + 1
    return max(1, min(level, len(COSTS) - 1))


def latency_level(latency_ms: float) -> int:
    """Returns the index in LATENCIES of a latency."""
    return round(min(math.log1p(max(latency_ms, 0.0)) / SPAN, 1.0) * LATENCY_STEPS)


def typical_ms(level: float) -> float:
    """Returns the latency whose logarithm is this share of the scale: a geometric mean.

    >>> round(typical_ms(0.5))
    774
    """
    return math.expm1(level * SPAN)


class Observed(Struct, frozen=True):
    """Holds what one request of a split came to."""

    request_id: str
    arm: Arm
    unit: str  # the conversation or tenant that it was split by
    failed: bool
    cost_nano_usd: int
    latency_ms: float
    domain: str = ""
    level: int = 0
    tenant: str = ""
    at_ms: int = 0

    def strata(self) -> Iterable[tuple[str, str]]:
        """Yields kind and name of each part of the traffic that it belongs to."""
        yield "domain", self.domain
        yield "level", str(self.level)
        yield "tenant", self.tenant


class Tally(Struct):
    """Counts the requests of one arm, by level of each metric."""

    requests: int = 0
    units: int = 0  # conversations or tenants; counted of whole arms only
    failed: int = 0
    complaints: int = 0
    cost_nano_usd: int = 0  # of all, not capped
    capped_nano_usd: int = 0  # each at most the cap
    cap_nano_usd: int = 0
    dearest_nano_usd: int = 0  # highest cost of one request
    costs: Counter[int] = field(default_factory=Counter)
    latencies: Counter[int] = field(default_factory=Counter)

    def add(self, one: Observed, cap_nano_usd: int) -> None:
        """Counts a request, whatever it came to."""
        self.requests += 1
        self.failed += one.failed
        self.cost_nano_usd += one.cost_nano_usd
        self.capped_nano_usd += min(one.cost_nano_usd, cap_nano_usd)
        self.cap_nano_usd = cap_nano_usd
        self.dearest_nano_usd = max(self.dearest_nano_usd, one.cost_nano_usd)
        self.costs[cost_level(one.cost_nano_usd, cap_nano_usd)] += 1
        self.latencies[latency_level(one.latency_ms)] += 1

    def counts(self, metric: Metric) -> tuple[int, ...]:
        """Returns how often each level of the metric was seen."""
        if metric is Metric.ERRORS:
            return (self.requests - self.failed, self.failed)
        if metric is Metric.COMPLAINTS:
            return (self.requests - self.complaints, self.complaints)
        seen = self.costs if metric is Metric.COST else self.latencies
        return tuple(seen[i] for i in range(len(LEVELS[metric])))

    def interval(self, metric: Metric, alpha: float) -> Interval:
        """Returns the mean on the metric's scale, with bounds that each fail below `alpha`.

        Bounds are of rounded costs; the mean is that of the costs as they are, up to the cap.
        """
        if not self.requests:
            return NOTHING_KNOWN
        bounds = interval(LEVELS[metric], self.counts(metric), alpha)
        if metric is not Metric.COST or not self.cap_nano_usd:
            return bounds
        return replace(bounds, mean=self.capped_nano_usd / self.requests / self.cap_nano_usd)


Arms = dict[Arm, Tally]


def no_arms() -> Arms:
    """Returns two arms of which nothing is known."""
    return {arm: Tally() for arm in Arm}


class Tallies:
    """Counts one stage of a rollout: both arms, whole and by stratum.

    A conversation in a loop may send a thousand requests, and one tenant most of the traffic. So
    only the first `most_per_unit` requests of each count in the tests; none depends on its arm.
    """

    def __init__(self, cap_nano_usd: int, most_per_unit: int, since_ms: int = 0) -> None:
        self.arms = no_arms()
        self.hour = 0  # of the stage, the latest that a request is from
        self.latest = no_arms()  # requests of that hour
        self._since_ms = since_ms
        self._of_latest: dict[Arm, Counter[str]] = {arm: Counter() for arm in Arm}
        self.strata: dict[tuple[str, str], Arms] = {}
        self._cap_nano_usd = cap_nano_usd
        self._most_per_unit = most_per_unit
        self._of_unit: dict[Arm, Counter[str]] = {arm: Counter() for arm in Arm}
        self._counted: dict[str, Observed] = {}
        self._of_hour: dict[str, Observed] = {}  # counted in the latest hour
        self._complained: dict[str, None] = {}

    def add(self, one: Observed) -> None:
        """Counts a request, unless it was counted or its conversation has had its share."""
        if one.request_id in self._counted or one.request_id in self._of_hour:
            return
        self._add_to_hour(one)
        seen = self._of_unit[one.arm]
        if seen[one.unit] >= self._most_per_unit:
            return
        self.arms[one.arm].units += not seen[one.unit]
        seen[one.unit] += 1
        self._counted[one.request_id] = one
        for known in (seen, self._counted):
            if len(known) > MOST_KEPT:
                del known[next(iter(known))]
        for tally in self._tallies(one):
            tally.add(one, self._cap_nano_usd)
            tally.complaints += one.request_id in self._complained

    def _add_to_hour(self, one: Observed) -> None:
        hour = self._hour_of(one)
        if hour > self.hour:
            self.hour, self.latest, self._of_hour = hour, no_arms(), {}
            self._of_latest = {arm: Counter() for arm in Arm}
        seen = self._of_latest[one.arm]
        if hour == self.hour and seen[one.unit] < self._most_per_unit:
            self.latest[one.arm].units += not seen[one.unit]
            seen[one.unit] += 1
            self.latest[one.arm].add(one, self._cap_nano_usd)
            self.latest[one.arm].complaints += one.request_id in self._complained
            self._of_hour[one.request_id] = one
            if len(self._of_hour) > MOST_KEPT:
                del self._of_hour[next(iter(self._of_hour))]

    def _hour_of(self, one: Observed) -> int:
        return max(0, one.at_ms - self._since_ms) // HOUR_MS

    def complain(self, request_id: str) -> None:
        """Counts a complaint, once; that of a request not read yet counts with the request."""
        if request_id in self._complained:
            return
        self._complained[request_id] = None
        if len(self._complained) > MOST_KEPT:
            del self._complained[next(iter(self._complained))]
        # A conversation that has had its share of the stage may have room in the hour.
        if (recent := self._of_hour.get(request_id)) is not None:
            self.latest[recent.arm].complaints += 1
        if (one := self._counted.get(request_id)) is not None:
            for tally in self._tallies(one):
                tally.complaints += 1

    def _tallies(self, one: Observed) -> Iterable[Tally]:
        yield self.arms[one.arm]
        for kind, name in one.strata():
            key = (kind, name)
            if key not in self.strata and sum(k == kind for k, _ in self.strata) >= MOST_NAMES:
                key = (kind, OTHER)
            yield self.strata.setdefault(key, no_arms())[one.arm]
