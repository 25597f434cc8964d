"""Holds shares, with the interval of Wilson (1927; Brown, Cai and DasGupta 2001). Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

Z_95 = 1.959963984540054
"""The normal quantile of .975: an interval of this many standard errors to each side holds 95 %."""


def wilson(successes: int, total: int) -> tuple[float, float]:
    """Returns the 95 % interval of a share, 0..1.

    centre (p + z^2/2n) / (1 + z^2/n), half width z·sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n).
    `wilson(2, 20)` is (0.0279, 0.3010); `wilson(0, 10)` is (0, 0.2775).
    Raises ValueError without cases, and when `successes` is not within 0..`total`.
    """
    if not 0 <= successes <= total or not total:
        raise ValueError(f"{successes} of {total} cases; expected 1 case or more, and 0 to all")
    share, spread = successes / total, Z_95 * Z_95 / total
    centre = share + spread / 2
    half = Z_95 * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    # At the ends the interval touches 0 or 1; rounding errors would miss them slightly.
    low = 0.0 if successes == 0 else (centre - half) / (1 + spread)
    high = 1.0 if successes == total else (centre + half) / (1 + spread)
    return low, high


@dataclass(frozen=True, slots=True)
class Share:
    """Counts what holds among all of a group; value and interval are None of nothing.

    >>> Share(1, 10).value, [round(end, 3) for end in Share(1, 10).interval or ()]
    (0.1, [0.018, 0.404])
    """

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """Returns the share, 0..1."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Returns Wilson's 95 % interval. Raises ValueError where more hold than there are."""
        return wilson(self.count, self.of) if self.of or self.count else None
