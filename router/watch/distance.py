"""Compares two samples of vectors as a whole: energy distance, with a bound by permutation. Pure.

It sees what no feature shows by itself, such as two that no longer go together. For samples x and
y it is 2 mean|x - y| - mean|x - x'| - mean|y - y'|, which is 0 for one source (Szekely and Rizzo
2013, "Energy statistics"). Where both come from one source, any division of all vectors into two
groups of these sizes is as likely as the real one. So the bound is a quantile over divisions by
chance, and needs no assumption on the vectors' distribution.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

DIVISIONS = 499
"""A bound that is passed with a chance of .0056 (windows of an hour) leaves two of them above."""
MOST_DIVISIONS = 9_999
"""A smaller chance than its inverse has no bound: 10,000 divisions of 500 vectors take a second."""
LEAST = 10  # vectors on either side: fewer have too few divisions

Vectors = Sequence[Sequence[float]]
Floats = npt.NDArray[np.float64]


def energy(now: Vectors, before: Vectors, chance: float) -> tuple[float, float]:
    """Returns the distance, and the bound that it passes with this chance if nothing changed.

    Each coordinate is divided by its spread over both samples. Too few vectors have no bound.
    """
    if min(len(now), len(before)) < LEAST:
        return 0.0, float("inf")
    points = np.array([*now, *before], float)
    spread = points.std(axis=0)
    points = points[:, spread > 0] / spread[spread > 0]
    squares = (points**2).sum(axis=1)
    gaps = np.sqrt(np.maximum(0.0, squares[:, None] + squares - 2.0 * points @ points.T))
    # A smaller chance, as of windows of five minutes, needs more of them to leave one above.
    divisions = min(MOST_DIVISIONS, max(DIVISIONS, math.ceil(1 / chance)))
    chosen = np.zeros((divisions + 1, len(points)))
    chosen[0, : len(now)] = 1.0
    rng = np.random.default_rng(0)  # the same samples have the same bound
    for row in chosen[1:]:
        row[rng.permutation(len(points))[: len(now)]] = 1.0
    distances = _distances(gaps, chosen, len(now), len(before))
    # The real division is one of them: so the bound holds exactly, not only about (Phipson and
    # Smyth 2010).
    ranked = np.sort(distances)[::-1]
    above = int(chance * len(ranked))  # so many may lie above it
    return float(distances[0]), float(ranked[above]) if above else float("inf")


def shortened(vectors: npt.NDArray[np.floating], dimensions: int = 24) -> list[tuple[float, ...]]:
    """Returns vectors in fewer dimensions, by one fixed projection drawn by chance.

    Distances stay about as they were (Johnson and Lindenstrauss 1984); texts can't be read in it.
    """
    width = vectors.shape[1]
    projection = np.random.default_rng(width).normal(0, dimensions**-0.5, (width, dimensions))
    return [tuple(row) for row in np.round(vectors @ projection, 3).tolist()]


def _distances(gaps: Floats, chosen: Floats, n: int, m: int) -> Floats:
    """Returns the distance of each division; `chosen` (divisions, vectors) marks one group."""
    sums = chosen @ gaps
    inside = (sums * chosen).sum(axis=1)
    across = sums.sum(axis=1) - inside
    outside = gaps.sum() - inside - 2.0 * across
    distances: Floats = 2.0 * across / (n * m) - inside / n**2 - outside / m**2
    return distances
