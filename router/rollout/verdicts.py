"""Says from two tallies if a candidate is worse than tolerated, fine, or not yet known. Pure.

Each arm has a confidence sequence of its own (`confidence`), so the shares of the split may be as
unequal as they like. With alpha of a stage divided over its metrics, and over two arms:

    worse    the candidate's lower bound is above what the base's upper bound tolerates
    fine     the candidate's upper bound is below what the base's lower bound tolerates
    open     neither: few observations say nothing

So a candidate that is not worse is rolled back by chance in at most `alpha` of rollouts, whenever
and however often one looks.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from router.rollout.confidence import Interval
from router.rollout.tallies import SPAN, Arm, Arms, Metric, Tallies

LEAST_UNITS = 5
"""Conversations or tenants that each arm needs before anything is said: requests of one alone fail
together, and are no independent observations."""


class Finding(StrEnum):
    """Names the result for a candidate by one metric."""

    WORSE = "worse"
    FINE = "fine"
    OPEN = "open"


class Margins(Struct, frozen=True):
    """Sets how much worse a candidate may be; None: the metric is not looked at."""

    errors: float | None = 0.02  # points of the share of requests
    cost: float | None = 0.2  # share of the base's cost
    latency: float | None = 0.5  # share of the base's latency
    complaints: float | None = 0.02  # points of the share of requests

    def named(self) -> Mapping[Metric, float]:
        """Returns the margin of each metric that is compared."""
        every = {metric: getattr(self, metric.value) for metric in Metric}
        return {metric: margin for metric, margin in every.items() if margin is not None}


class Compared(Struct, frozen=True):
    """Holds one metric of both arms, on its scale, and what follows.

    The scale is a share of requests; of the cap for costs; for latencies a share of the logarithm.
    """

    metric: Metric
    margin: float
    finding: Finding
    base: Interval
    candidate: Interval


def compare(arms: Arms, margins: Margins, alpha: float) -> tuple[Compared, ...]:
    """Returns each metric's finding; all false alarms together have a chance of at most `alpha`."""
    named = margins.named()
    side = alpha / max(len(named), 1) / len(Arm)
    return tuple(compare_one(arms, metric, margin, side) for metric, margin in named.items())


def compare_latest(tallies: Tallies, margins: Margins, alpha: float) -> tuple[Compared, ...]:
    """Returns the findings of the latest hour by itself; () in the first, which is the whole.

    Hour k has alpha / (k·(k + 1)), so that all hours together have alpha:

    >>> round(sum(1 / (k * (k + 1)) for k in range(1, 10_000)), 3)
    1.0
    """
    k = tallies.hour
    return compare(tallies.latest, margins, alpha / (k * (k + 1))) if k else ()


def compare_one(arms: Arms, metric: Metric, margin: float, side: float) -> Compared:
    """Returns one metric's finding, each bound of each arm at `side`."""
    base = arms[Arm.BASE].interval(metric, side)
    candidate = arms[Arm.CANDIDATE].interval(metric, side)
    finding = Finding.OPEN
    # One arm alone proves nothing, however bad it is: the base may be as bad.
    if all(tally.units >= LEAST_UNITS for tally in arms.values()):
        if candidate.lower > tolerated(metric, base.upper, margin):
            finding = Finding.WORSE
        elif candidate.upper < tolerated(metric, base.lower, margin):
            finding = Finding.FINE
    return Compared(metric, margin, finding, base, candidate)


def tolerated(metric: Metric, base: float, margin: float) -> float:
    """Returns the highest mean that is tolerated of a candidate, where the base's is `base`.

    >>> tolerated(Metric.ERRORS, 0.25, 0.125), tolerated(Metric.COST, 0.25, 0.5)
    (0.375, 0.375)
    """
    if metric is Metric.COST:
        return base * (1.0 + margin)
    if metric is Metric.LATENCY:
        return base + math.log1p(margin) / SPAN
    return base + margin


def broken(compared: tuple[Compared, ...]) -> tuple[Compared, ...]:
    """Returns the metrics in which the candidate is worse than tolerated."""
    return tuple(one for one in compared if one.finding is Finding.WORSE)


def passed(compared: tuple[Compared, ...], arms: Arms, least_requests: int) -> bool:
    """Returns True where every metric is fine, and both arms have enough requests."""
    enough = all(tally.requests >= least_requests for tally in arms.values())
    return enough and bool(compared) and all(one.finding is Finding.FINE for one in compared)
