"""Computes the expected loss of each rung, and the chance of each to be tried first. Pure.

A loss is of being wrong, of cost and of time. `decision` chooses among these figures; which rungs
are allowed is decided there and in `hard_rules`. Where the policy explores, its share is spread
evenly over the allowed rungs other than the chosen one. What a hard rule decided, what a client
pinned and what costs more than the cap when wrong is never explored. The propensity of every rung
is what replay weighs recorded outcomes by (inverse propensity).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from router.policy.schema import DecisionSection, ExploreSection
from router.types import NANO_PER_USD, PSource, Rung, RungFacts, usd_to_nano


def expected_losses(
    facts: Sequence[RungFacts], stakes_nano: int, section: DecisionSection, pacing: float = 0.0
) -> list[int]:
    """Returns (1 - p)·S + running maximum of the rungs' `own_cost`, nano-dollars per rung.

    S = $10, p = .9 and .99, c = $0.01 and $0.50: losses $1.01 and $0.60, so the second goes first.
    """
    costs = counted_costs(facts, section, pacing)
    return [math.ceil((1.0 - f.p) * stakes_nano + c) for f, c in zip(facts, costs, strict=True)]


def counted_costs(
    facts: Sequence[RungFacts], section: DecisionSection, pacing: float = 0.0
) -> list[float]:
    """Returns the running maximum of the rungs' `own_cost`, nano-dollars per rung.

    A warm rung counts at least the dearest cost of lower levels, and not that of its own level:
    what its cache saves counts against its equals, since a switch to one of them would lose it.
    """
    counted: list[float] = []
    dearest = below = 0.0
    level = 0
    of_money, of_time = _weights(section, pacing)
    for f in facts:
        own = of_money * f.cost_nano_usd + of_time * f.latency_ms / 1000.0
        if f.level != level:
            below, level = dearest, f.level
        counted.append(max(own, below if f.cache_nano_usd else dearest))
        dearest = max(dearest, counted[-1])
    return counted


def own_cost(rung: RungFacts | Rung, section: DecisionSection, pacing: float) -> float:
    """Returns (1 + lambda)·c + kappa·latency of one rung by itself, in nano-dollars.

    Lambda is the policy's `budget_pressure` and the `pacing` of the budgets. The first choice and
    each climb count the same cost.
    """
    of_money, of_time = _weights(section, pacing)
    return of_money * rung.cost_nano_usd + of_time * rung.latency_ms / 1000.0


def _weights(section: DecisionSection, pacing: float) -> tuple[float, float]:
    """Returns what a nano-dollar of cost and a second of waiting count, in nano-dollars."""
    return 1.0 + section.budget_pressure + pacing, section.usd_per_second * NANO_PER_USD


def without_caches(facts: Sequence[RungFacts]) -> list[RungFacts]:
    """Returns the same rungs at their cost without any warm prompt cache."""
    return [
        replace(f, cost_nano_usd=f.cost_nano_usd + f.cache_nano_usd, cache_nano_usd=0)
        for f in facts
    ]


def known_worse(rung: RungFacts | Rung, p: float) -> bool:
    """Returns True when a rung is known to be right less often than `p`; a prior knows nothing."""
    return rung.p_source is not PSource.PRIOR and rung.p < p


def chances(
    section: ExploreSection, first: int, allowed: Sequence[int], stakes_nano_usd: int
) -> dict[int, float]:
    """Returns the chance of each allowed rung to be tried first, by index; they sum to 1.

    A share of 0.1 and rungs 0, 1, 2 of which 1 is chosen: {0: 0.05, 1: 0.9, 2: 0.05}.
    """
    others = [i for i in allowed if i != first]
    if not others or not section.share or stakes_nano_usd > usd_to_nano(section.max_stakes_usd):
        return {first: 1.0}
    each = section.share / len(others)
    return {first: 1.0 - section.share, **dict.fromkeys(others, each)}


def drawn(of: dict[int, float], draw: float) -> int:
    """Returns the rung that `draw` (uniform in [0, 1)) falls on; the chosen rung's part is first.

    {1: 0.9, 0: 0.05, 2: 0.05} and a draw of 0.92 is rung 0.
    """
    reached = 0.0
    for rung, chance in of.items():
        reached += chance
        if draw < reached:
            return rung
    return next(iter(of))  # sums of floats may end a hair below 1
