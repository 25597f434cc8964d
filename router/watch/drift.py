"""Says if inputs differ from those of a reference by more than chance explains. Pure.

The population stability index of shares p (now) and q (reference) is sum((p - q) ln(p / q)). For
samples of one source of sizes n and m with B bins, PSI / (1/n + 1/m) is about chi-squared with
B - 1 degrees of freedom (Yurdakul 2018, "Statistical properties of the population stability
index"). The bound follows from the counts and from how many false alarms are allowed, and not from
the customary 0.1 or 0.25, which fire by chance on small samples and never on large ones.
"""

from __future__ import annotations

import math
from collections import Counter
from statistics import NormalDist

Histogram = Counter[str]

LEAST_EXPECTED = 5
"""Bins of fewer are put together: below it the approximation does not hold (Cochran 1954)."""
OTHER = "other"


def pooled(now: Histogram, reference: Histogram) -> list[tuple[int, int]]:
    """Returns the counts of each bin, now and before; rare bins are one."""
    n, m = now.total(), reference.total()
    least = LEAST_EXPECTED / min(n, m)
    bins: dict[str, tuple[int, int]] = {}
    for name in sorted({*now, *reference}):
        share = (now[name] + reference[name]) / (n + m)
        kept = name if share >= least else OTHER
        before = bins.get(kept, (0, 0))
        bins[kept] = (before[0] + now[name], before[1] + reference[name])
    return list(bins.values())


def drift(now: Histogram, reference: Histogram, chance: float) -> tuple[float, float]:
    """Returns PSI, and the bound that it passes with this chance although nothing changed.

    Half a count is added to each bin, so that an empty one is no infinity.
    """
    n, m = now.total(), reference.total()
    if not n or not m:
        return 0.0, math.inf
    bins = pooled(now, reference)
    if len(bins) < 2:
        return 0.0, math.inf
    total = 0.0
    for new, old in bins:
        p = (new + 0.5) / (n + 0.5 * len(bins))
        q = (old + 0.5) / (m + 0.5 * len(bins))
        total += (p - q) * math.log(p / q)
    return total, chi_squared_bound(len(bins) - 1, chance) * (1 / n + 1 / m)


def chi_squared_bound(degrees: int, chance: float) -> float:
    """Returns the value that chi-squared exceeds with this chance (Wilson and Hilferty 1931).

    >>> round(chi_squared_bound(5, 0.05), 1)
    11.0
    """
    z = NormalDist().inv_cdf(1 - chance)
    spread = 2 / (9 * degrees)
    return float(degrees * max(0.0, 1 - spread + z * math.sqrt(spread)) ** 3)
