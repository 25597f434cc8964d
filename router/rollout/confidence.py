"""Bounds the mean of bounded observations at every moment at once (a confidence sequence).

Somebody bets against the claim "the mean is m". Each observation x in [0, 1] multiplies the stake
by

    1 + c·(x/m - 1)                  for the claim that the mean is at most m
    1 + c·((1 - x)/(1 - m) - 1)      for the claim that it is at least m

with a share c of the stake. While the claim is true the factor has a mean of at most 1, so by
Ville's inequality the stake ever reaches 1/alpha with a chance of at most alpha. The bound is the
outermost m whose stake has reached it. The stake is divided over a grid of shares, from bold bets
for few observations to careful ones for many. Source: Waudby-Smith and Ramdas, "Estimating means of
bounded random variables by betting", JRSS B 86 (2024), the grid-Kelly capital process.

The shares are fixed, so the stake depends only on how often each value was seen, not on the order.
So counts are enough: several servers that read one ledger in different orders come to one verdict,
and a restart loses nothing. An observation is rounded to one of a few levels (`scales`).

The claim is about one mean, so observations must come from traffic whose mean does not move while
they are collected. Knows nothing about rows, arms or metrics.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec import Struct

Floats = npt.NDArray[np.float64]

SHARES = tuple(0.9 * 2.0**-k for k in range(13))
"""Shares of the stake that are bet. The smallest one, .0002, is the best for some 100,000
observations of a rate of a hundredth; each further one costs every bound ln(13/14)."""

HALVINGS = 32
"""Halves the interval of a bound so often: 2e-10 is left, far below a level of every scale."""


class Interval(Struct, frozen=True):
    """Holds an observed mean with its bounds, which hold at every moment together."""

    count: int
    mean: float
    lower: float
    upper: float


NOTHING_KNOWN = Interval(0, 0.0, 0.0, 1.0)


def interval(levels: Sequence[float], counts: Sequence[int], alpha: float) -> Interval:
    """Returns the mean of the observations, and bounds that each fail with a chance below `alpha`.

    `levels` are the possible values in [0, 1], `counts` how often each was seen. 2 failures in 200
    at alpha .025:

    >>> found = interval((0.0, 1.0), (198, 2), 0.025)
    >>> round(found.mean, 3), round(found.lower, 4), round(found.upper, 3)
    (0.01, 0.0003, 0.058)
    """
    n = sum(counts)
    if n == 0:
        return NOTHING_KNOWN
    values, seen = np.asarray(levels, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    lower = float(lower_bounds(values, seen[None, :], alpha)[0])
    upper = float(upper_bounds(values, seen[None, :], alpha)[0])
    return Interval(n, float(values @ seen) / n, lower, upper)


def lower_bounds(levels: Floats, counts: Floats, alpha: float) -> Floats:
    """Returns for each row of counts the highest m at which "at most m" is refuted; 0 for none.

    `counts` is (runs, levels); the result is (runs,).
    """
    needed = math.log(1.0 / alpha)
    low = np.zeros(len(counts))
    high = np.ones(len(counts))
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        refuted = log_capital(levels, counts, middle) >= needed
        low, high = np.where(refuted, middle, low), np.where(refuted, high, middle)
    return low


def upper_bounds(levels: Floats, counts: Floats, alpha: float) -> Floats:
    """Returns for each row of counts the lowest m at which "at least m" is refuted; 1 for none.

    It is the lower bound of 1 - x, seen from above.
    """
    return 1.0 - lower_bounds(1.0 - levels, counts, alpha)


def log_capital(levels: Floats, counts: Floats, means: Floats) -> Floats:
    """Returns the logarithm of the stake against "the mean is at most m", for each row of counts.

    It falls with m, so a search by halves finds where it reaches a height.
    """
    shares = np.asarray(SHARES)
    floored = np.maximum(means, 1e-300)
    gains = levels[None, :] / floored[:, None] - 1.0  # (runs, levels)
    used = counts.any(axis=0)  # most levels of a fine scale are seen never
    logs = np.log1p(shares[None, :, None] * gains[:, None, used])  # (runs, shares, levels)
    of_share = np.einsum("rsl,rl->rs", logs, counts[:, used])
    highest = of_share.max(axis=1)
    spread = np.exp(of_share - highest[:, None]).mean(axis=1)
    return np.asarray(highest + np.log(spread))
