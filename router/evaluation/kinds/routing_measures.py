"""Routing figures from two columns of results and one of ranking: APGR, CPT, cost, oracle.

With the share a of requests sent to the strong model, those of the highest rank first,
PGR(a) = (acc(a) - acc_weak) / (acc_strong - acc_weak). Results may be 0/1 or any number where more
is better. Pure functions of arrays (numpy only).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats

BINS = 10
"""RouteLLM evaluates a router at ten equally large bins of its ranking (arXiv 2406.18665)."""

TARGETS = (0.2, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Curve:
    """Performance gap recovered at rising shares of strong calls, both 0..1 at the ends.

    nan throughout where the two models are equally good: there is no gap.
    """

    share: Floats  # (points,), 0 .. 1
    pgr: Floats  # (points,)

    @property
    def apgr(self) -> float:
        """The area under the curve by the trapezoid: random ranking gives 1/2."""
        return float(((self.pgr[1:] + self.pgr[:-1]) / 2 * np.diff(self.share)).sum())

    def cpt(self, target: float) -> float:
        """CPT: the smallest share of strong calls that recovers `target` of the gap, 0..1.

        Between points the curve is straight, so the first crossing counts: where accuracy rises
        with the share this is RouteLLM's `np.interp`, which is not defined where it does not.
        """
        reached = np.flatnonzero(self.pgr >= target)
        if not len(reached):
            return math.nan
        at = int(reached[0])
        if at == 0:
            return float(self.share[0])
        low, high = self.pgr[at - 1], self.pgr[at]
        part = (target - low) / (high - low)
        return float(self.share[at - 1] + part * (self.share[at] - self.share[at - 1]))


def ranked(rank: Floats, seed: int = 0) -> npt.NDArray[np.int64]:
    """Row numbers by falling rank, ties in an order drawn by `seed`."""
    drawn = np.random.default_rng(seed).random(len(rank))
    return np.lexsort((drawn, -np.asarray(rank, float)))


def exact_curve(rank: Floats, weak: Floats, strong: Floats, seed: int = 0) -> Curve:
    """The curve at every number of strong calls, 0 .. n.

    Worked: weak 0 1, strong 1 1, the first row ranked higher: PGR is 0, 1, 1 at 0, 1/2, 1; the
    area is 1/4 + 1/2.

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
    """RouteLLM's curve: strong shares at the thresholds that cut its ranking into ten equal bins.

    Its thresholds are the quantiles 0, .1 .. 1 of the ranks (pandas' `qcut`, linear); at or above
    one goes to the strong model, but at the last only above. Ties are broken at random first,
    where its thresholds on equal values would keep them together.

    >>> rank, weak = np.array([4., 3., 2., 1.]), np.array([0., 1., 0., 1.])
    >>> binned_curve(rank, weak, np.ones(4), bins=2).pgr
    array([0. , 0.5, 1. ])
    """
    whole = exact_curve(rank, weak, strong, seed)
    rows = len(rank)
    # The quantile i/bins of 0 .. n-1 is (n - 1) i / bins; what is at or above it is n - its ceiling
    above = [rows + -(rows - 1) * i // bins for i in range(bins)]
    at = np.unique([0, *above])
    return Curve(whole.share[at], whole.pgr[at])


# -- money ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Spending:
    """Accuracy and mean cost per request at every number of strong calls, by rank."""

    cost: Floats  # (n + 1,), dollars a request, rising
    accuracy: Floats  # (n + 1,)

    def cost_to_reach(self, accuracy: float) -> float:
        """The least mean cost at which `accuracy` is reached, nan where it never is."""
        reached = np.flatnonzero(self.accuracy >= accuracy - 1e-12)
        return float(self.cost[reached].min()) if len(reached) else math.nan

    def best_within(self, budget: float) -> float:
        """The best accuracy at a mean cost of at most `budget`, nan where none is that cheap."""
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
    """What is spent and reached as more requests go to the strong model.

    Costs are dollars of each request's call, (n,). Routed, a request pays for one of the two. In a
    cascade the weak model is called first, always, so every weak call counts and an escalated
    request pays for both.

    Worked: two requests, weak costs 1 and strong 10 each, one is escalated: routed (10 + 1) / 2,
    in a cascade (1 + 1 + 10) / 2.

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
    """The rank of who knows the results: most accuracy gained per dollar first."""
    gain = np.asarray(strong, float) - weak
    price = np.maximum(strong_cost - weak_cost, 1e-12)
    rank: Floats = gain / price
    return rank


def chosen_by(chances: Floats, costs: Floats, price_of_dollar: float) -> npt.NDArray[np.int64]:
    """Of many models, the one of greatest chance - price x cost per request, (n,).

    `chances` and `costs` are (n, models). At price 0 the surest model is taken, at a high one the
    cheapest.

    >>> chosen_by(np.array([[.6, .9]]), np.array([[1., 10.]]), 0.1).tolist()
    [0]
    """
    picked: npt.NDArray[np.int64] = (chances - price_of_dollar * costs).argmax(axis=1)
    return picked


def many_models(chances: Floats, results: Floats, costs: Floats, points: int = 60) -> Spending:
    """Cost and accuracy of routing among many models, at prices of a dollar from none to ruin.

    All are (n, models); a model whose result is nan for a request cannot be chosen for it.
    """
    able = ~np.isnan(results)
    open_chances = np.where(able, chances, -np.inf)
    rows = np.arange(len(results))
    scale = 1.0 / max(float(costs.max()), 1e-12)
    cost, accuracy = [], []
    for price in [0.0, *(scale * np.logspace(-3, 3, points)).tolist()]:
        taken = chosen_by(open_chances, costs, price)
        cost.append(float(costs[rows, taken].mean()))
        accuracy.append(float(results[rows, taken].mean()))
    order = np.argsort(cost, kind="stable")
    return Spending(np.array(cost)[order], np.array(accuracy)[order])
