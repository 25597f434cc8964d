"""Computes routing figures from two columns of results and a ranking: APGR, CPT, cost, oracle.

With the share a of requests sent to the strong model, those of the highest rank first, PGR(a) =
(acc(a) - acc_weak) / (acc_strong - acc_weak). Results may be 0/1 or any number where more is
better. The functions are pure functions of arrays (numpy only).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats

BINS = 10
"""Sets the bins of a curve.

RouteLLM evaluates a router at ten equally large bins of its ranking (arXiv 2406.18665).
"""

TARGETS = (0.2, 0.5, 0.8)
PRICES_TRIED = 60
"""Prices of a dollar, besides 0, at which a router is measured."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Holds the performance gap recovered at rising shares of strong calls, both 0..1 at the ends.

    It is nan throughout where the two models are equally good: there is no gap.
    """

    share: Floats  # (points,), 0 .. 1
    pgr: Floats  # (points,)

    @property
    def apgr(self) -> float:
        """Returns the area under the curve by the trapezoid rule: random ranking gives 1/2."""
        return float(((self.pgr[1:] + self.pgr[:-1]) / 2 * np.diff(self.share)).sum())

    def cpt(self, target: float) -> float:
        """Returns CPT: the smallest share of strong calls that recovers `target` of the gap, 0..1.

        Between points the curve is straight, so the first crossing counts. Where accuracy rises
        with the share this is RouteLLM's `np.interp`, which is not defined where accuracy does not.
        """
        reached = np.flatnonzero(self.pgr >= target)
        if not len(reached):
            return math.nan
        first = int(reached[0])
        if first == 0:
            return float(self.share[0])
        low, high = self.pgr[first - 1], self.pgr[first]
        part = (target - low) / (high - low)
        return float(self.share[first - 1] + part * (self.share[first] - self.share[first - 1]))


def ranked(rank: Floats, seed: int = 0) -> npt.NDArray[np.int64]:
    """Returns row numbers by falling rank, with ties in an order drawn by `seed`."""
    # Equal ranks in file order would favour one end of the file.
    drawn = np.random.default_rng(seed).random(len(rank))
    return np.lexsort((drawn, -np.asarray(rank, float)))


def exact_curve(rank: Floats, weak: Floats, strong: Floats, seed: int = 0) -> Curve:
    """Returns the curve at every number of strong calls, 0 .. n.

    Worked: weak 0 1, strong 1 1, the first row ranked higher: PGR is 0, 1, 1 at 0, 1/2, 1; the area
    is 1/4 + 1/2.

    >>> exact_curve(np.array([2., 1.]), np.array([0., 1.]), np.array([1., 1.])).apgr
    0.75
    """
    gain = (np.asarray(strong, float) - weak)[ranked(rank, seed)]
    gap = gain.sum()
    recovered = np.concatenate([[0.0], np.cumsum(gain)])
    pgr = recovered / gap if gap else np.full(len(recovered), math.nan)
    return Curve(np.linspace(0.0, 1.0, len(recovered)), pgr)


def binned_curve(
    rank: Floats, weak: Floats, strong: Floats, seed: int = 0, bins: int = BINS
) -> Curve:
    """Returns RouteLLM's curve: strong shares at the thresholds of ten equal bins of its ranking.

    Its thresholds are the quantiles 0, .1 .. 1 of the ranks (pandas' `qcut`, linear). A request at
    or above a threshold goes to the strong model, but at the last one only above it. Ties are
    broken at random first, where its thresholds on equal values would keep them together.

    >>> rank, weak = np.array([4., 3., 2., 1.]), np.array([0., 1., 0., 1.])
    >>> binned_curve(rank, weak, np.ones(4), bins=2).pgr
    array([0. , 0.5, 1. ])
    """
    whole = exact_curve(rank, weak, strong, seed)
    rows = len(rank)
    # The quantile i/bins of 0 .. n-1 is (n - 1) i / bins; n - its ceiling are at or above it.
    above = [rows + -(rows - 1) * i // bins for i in range(bins)]
    indexes = np.unique([0, *above])
    return Curve(whole.share[indexes], whole.pgr[indexes])


# -- money ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spending:
    """Holds accuracy and mean cost per request at every number of strong calls, by rank."""

    cost: Floats  # (n + 1,), dollars a request, rising
    accuracy: Floats  # (n + 1,)

    def cost_to_reach(self, accuracy: float) -> float:
        """Returns the least mean cost at which `accuracy` is reached, nan where it never is."""
        # A mean of floats may be a little below an equal accuracy.
        reached = np.flatnonzero(self.accuracy >= accuracy - 1e-12)
        return float(self.cost[reached].min()) if len(reached) else math.nan

    def best_within(self, budget: float) -> float:
        """Returns the best accuracy at a mean cost of at most `budget`, nan where none
        is so cheap.
        """
        within = np.flatnonzero(self.cost <= budget * (1 + 1e-12))
        return float(self.accuracy[within].max()) if len(within) else math.nan


def spending(
    rank: Floats,
    weak: Floats,
    strong: Floats,
    weak_cost: Floats,
    strong_cost: Floats,
    *,
    cascade: bool,
    seed: int = 0,
) -> Spending:
    """Returns cost and accuracy as more requests go to the strong model.

    Costs are dollars of each request's call, (n,). Routed, a request pays for one of the two
    models. In a cascade the weak model is always called first, so every weak call counts and an
    escalated request pays for both.

    Worked: two requests, weak costs 1 and strong 10 each, one is escalated: routed (10 + 1) / 2, in
    a cascade (1 + 1 + 10) / 2.

    >>> ones, tens = np.ones(2), np.full(2, 10.0)
    >>> [spending(ones, ones, ones, ones, tens, cascade=c).cost[1].item() for c in (False, True)]
    [5.5, 6.0]
    """
    order = ranked(rank, seed)
    more = strong_cost if cascade else strong_cost - weak_cost
    gain = np.asarray(strong, float) - weak

    def running(start: float, steps: Floats) -> Floats:
        return (start + np.concatenate([[0.0], np.cumsum(steps[order])])) / len(order)

    return Spending(running(float(weak_cost.sum()), more), running(float(np.sum(weak)), gain))


def oracle_rank(weak: Floats, strong: Floats, weak_cost: Floats, strong_cost: Floats) -> Floats:
    """Returns the rank by known results: the most accuracy gained per dollar first."""
    gain = np.asarray(strong, float) - weak
    # A strong call may cost no more than a weak one; then any gain comes first.
    price = np.maximum(strong_cost - weak_cost, 1e-12)
    rank: Floats = gain / price
    return rank


def chosen_by(chances: Floats, costs: Floats, price_of_dollar: float) -> npt.NDArray[np.int64]:
    """Returns for each request the model of greatest chance - price x cost, (n,).

    `chances` and `costs` are (n, models). At price 0 it takes the surest model, at a high price the
    cheapest.

    >>> chosen_by(np.array([[.6, .9]]), np.array([[1., 10.]]), 0.1).tolist()
    [0]
    """
    picked: npt.NDArray[np.int64] = (chances - price_of_dollar * costs).argmax(axis=1)
    return picked


@dataclass(frozen=True, slots=True)
class Choices:
    """Holds ways to answer all requests of a set: a model for each, or one model for all.

    `cost` (ways,) is dollars a request and `accuracy` (ways,) the mean result on the same rows.
    """

    cost: Floats
    accuracy: Floats

    def frontier(self) -> npt.NDArray[np.int64]:
        """Returns the ways on the upper hull, by rising cost: no mixture of others beats them.

        A mixture sends a share of the requests, drawn at random, by one way and the rest by
        another. Worked: (1, .5), (2, .55), (3, .9): the second is below the mixture of the others.

        >>> Choices(np.array([2., 1., 3.]), np.array([.55, .5, .9])).frontier().tolist()
        [1, 2]
        """
        # Of equally dear ways the best comes last, so that it stays.
        order = np.lexsort((self.accuracy, self.cost))
        hull: list[int] = []
        for way in order.tolist():
            if hull and self.accuracy[way] <= self.accuracy[hull[-1]]:
                continue
            while hull and self._below(hull, way):
                hull.pop()
            hull.append(way)
        return np.array(hull, dtype=np.int64)

    def _below(self, hull: list[int], way: int) -> bool:
        """Returns True when the hull's last way is no better than a mixture with the new one."""
        last = hull[-1]
        if self.cost[way] <= self.cost[last]:
            return True
        if len(hull) < 2:
            return False
        first = hull[-2]
        rise = (self.accuracy[last] - self.accuracy[first]) * (self.cost[way] - self.cost[first])
        wanted = (self.accuracy[way] - self.accuracy[first]) * (self.cost[last] - self.cost[first])
        return bool(rise <= wanted)

    def mixture(self, budget: float) -> tuple[int, int, float]:
        """Returns two ways and the share of the second: the best mixture at this mean cost.

        Below the cheapest way it is that one alone: nothing is cheaper.
        """
        hull = self.frontier()
        costs = self.cost[hull]
        after = int(np.searchsorted(costs, budget * (1 + 1e-12), side="right"))
        if after == 0 or after == len(hull):
            end = int(hull[0 if after == 0 else -1])
            return end, end, 0.0
        low, high = int(hull[after - 1]), int(hull[after])
        share = (budget - self.cost[low]) / (self.cost[high] - self.cost[low])
        return low, high, float(np.clip(share, 0.0, 1.0))

    def best_within(self, budget: float) -> float:
        """Returns the best accuracy at this mean cost, nan where no way is so cheap."""
        if budget * (1 + 1e-12) < self.cost.min():
            return math.nan
        return float(mixed(self.accuracy, *self.mixture(budget)))

    def cost_to_reach(self, accuracy: float) -> float:
        """Returns the least mean cost at which a mixture reaches `accuracy`, nan where none does.

        It is at most the cost of any single way that reaches it.
        """
        hull = self.frontier()
        right, costs = self.accuracy[hull], self.cost[hull]
        if accuracy > right[-1] + 1e-12:
            return math.nan
        return float(np.interp(accuracy, right, costs))


def mixed(values: Floats, low: int, high: int, share: float) -> float:
    """Returns the value of a mixture: `share` of the way `high`, the rest of `low`."""
    return float((1 - share) * values[low] + share * values[high])


def ways(
    chances: Floats,
    results: Floats,
    costs: Floats,
    *,
    dearest: float | None = None,
) -> Choices:
    """Returns routing among several models at rising prices of a dollar, and each model alone.

    Arrays are (n, models); no result may be nan. The price of a dollar goes from 0 to 1000 /
    `dearest` (the cost of the dearest call, of these rows unless given), then each model alone
    follows in order. With the models themselves among the ways no budget buys less than the best
    single model does.
    """
    rows = np.arange(len(results))
    scale = 1.0 / max(float(costs.max()) if dearest is None else dearest, 1e-12)
    prices = [0.0, *(scale * np.logspace(-3, 3, PRICES_TRIED)).tolist()]
    taken = [chosen_by(chances, costs, price) for price in prices]
    alone = [np.full(len(results), model) for model in range(results.shape[1])]
    picks = [*taken, *alone]
    return Choices(
        np.array([costs[rows, pick].mean() for pick in picks]),
        np.array([results[rows, pick].mean() for pick in picks]),
    )
