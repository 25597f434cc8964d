"""Chooses the first rung by chance where the policy explores. Pure: the caller passes the draw.

The share is spread evenly over the allowed rungs other than the chosen one. What a hard rule
decided, what a client pinned and what costs more than the cap when wrong is never explored. The
propensity of every rung is what replay weighs recorded outcomes by (inverse propensity).
"""

from __future__ import annotations

from collections.abc import Sequence

from router.policy.schema import ExploreSection
from router.types import usd_to_nano


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
