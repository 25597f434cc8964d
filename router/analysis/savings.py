"""Signed savings against a baseline, with an interval, from sums alone.

The interval is the central limit theorem's on paired differences. Requests are taken as
independent draws from the same traffic. For the saved dollars the unit is d = baseline - own; for
the saved share R = 1 - sum(own) / sum(baseline) it is the ratio estimator's residual (Cochran,
Sampling Techniques, 3rd ed., section 6.4). Sums are exact integers, so the order of rows does not
matter and a billion rows take five numbers.
"""

from __future__ import annotations

import math

from router.analysis.figures import Interval

Z_95 = 1.959963984540054

MIN_FOR_INTERVAL = 30
"""Fewer paired requests than this get no interval: the normal approximation has no footing."""


class PairedCosts:
    """Running sums over (baseline, own) pairs in nano-dollars.

    1,000 requests at $0.01, 40 at $0.50 and 5 at $5.00 cost $55.00; all 1,045 at $5.00 would have
    cost $5,225.00: saved $5,170.00, 98.947 %.
    """

    __slots__ = ("_base", "_base_base", "_base_own", "_own", "_own_own", "count")

    def __init__(self) -> None:
        self.count = 0
        self._base = 0
        self._own = 0
        self._base_base = 0
        self._own_own = 0
        self._base_own = 0

    def add(self, baseline_nano_usd: int, own_nano_usd: int) -> None:
        """Count one pair."""
        self.count += 1
        self._base += baseline_nano_usd
        self._own += own_nano_usd
        self._base_base += baseline_nano_usd * baseline_nano_usd
        self._own_own += own_nano_usd * own_nano_usd
        self._base_own += baseline_nano_usd * own_nano_usd

    @property
    def baseline_nano_usd(self) -> int:
        """The sum of the baselines."""
        return self._base

    @property
    def own_nano_usd(self) -> int:
        """The sum of what was spent."""
        return self._own

    @property
    def saved_nano_usd(self) -> int:
        """Baseline minus own, signed."""
        return self._base - self._own

    def saved_interval(self) -> Interval | None:
        """95 % interval of the saved nano-dollars; None below MIN_FOR_INTERVAL pairs."""
        if self.count < MIN_FOR_INTERVAL:
            return None
        squares = self._base_base - 2 * self._base_own + self._own_own
        # n·sum(d²) - sum(d)² is an exact integer; n·s² = that / (n - 1).
        spread = self.count * squares - self.saved_nano_usd**2
        half = Z_95 * math.sqrt(spread / (self.count - 1))
        return Interval(self.saved_nano_usd - half, self.saved_nano_usd + half)

    def saved_share(self) -> float | None:
        """1 - own / baseline; None when the baseline is nothing."""
        return self.saved_nano_usd / self._base if self._base > 0 else None

    def share_interval(self) -> Interval | None:
        """95 % interval of the saved share; None below MIN_FOR_INTERVAL pairs."""
        if self.count < MIN_FOR_INTERVAL or self._base <= 0:
            return None
        # With r = own/base, sum((own - r·base)²)·base² is an exact integer.
        residual = (
            self._own_own * self._base**2
            - 2 * self._base_own * self._own * self._base
            + self._base_base * self._own**2
        )
        variance = self.count / (self.count - 1) * (residual / self._base**4)
        half = Z_95 * math.sqrt(max(variance, 0.0))
        share = self.saved_nano_usd / self._base
        return Interval(share - half, share + half)
