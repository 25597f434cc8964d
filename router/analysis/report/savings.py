"""Computes signed savings against a baseline, with an interval, from sums only.

There are two intervals. By requests, it is the central limit theorem's on paired differences;
requests count as independent draws from the same traffic. For the saved dollars the unit is d =
baseline - own. For the saved share R = 1 - sum(own) / sum(baseline) it is the ratio estimator's
residual (Cochran, Sampling Techniques, 3rd ed., section 6.4). By blocks, it is the bootstrap (Efron
and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13) over stretches of time,
which also holds where requests of the same hour are alike. Sums are exact integers, so the order of
rows does not matter, and a billion rows take nine numbers and a block.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from router.analysis.report.figures import Interval
from router.ledger.aggregates import SavingSums
from router.stats.wilson import Z_95

MIN_FOR_INTERVAL = 30
"""Sets the paired requests that an interval needs; the normal approximation fails for fewer."""

MIN_BLOCKS = 30
"""Sets the stretches of time that the bootstrap needs; with fewer the interval is by requests."""

MAX_BLOCKS = 200
"""Bounds the blocks: neighbours are joined beyond it, since longer blocks keep alike requests
together."""

DRAWS = 999
"""Counts the draws: the ends are the 25th from either side. The seed is fixed, so a report repeats.
"""


class PairedCosts:
    """Keeps running sums over (baseline, own) pairs in nano-dollars.

    1,000 requests at $0.01, 40 at $0.50 and 5 at $5.00 cost $55.00; all 1,045 at $5.00 would have
    cost $5,225.00: saved $5,170.00, 98.947 %.
    """

    __slots__ = ("_sums",)

    def __init__(self, sums: SavingSums | None = None) -> None:
        """Starts from `sums` of a roll-up, or from nothing."""
        self._sums = sums or SavingSums()

    def add(self, baseline_nano_usd: int, own_nano_usd: int) -> None:
        """Counts one pair."""
        self._sums.pair(baseline_nano_usd, own_nano_usd)

    @property
    def count(self) -> int:
        """Counts the pairs."""
        return self._sums.pairs

    @property
    def baseline_nano_usd(self) -> int:
        """Sums the baselines."""
        return self._sums.base

    @property
    def own_nano_usd(self) -> int:
        """Sums the own costs."""
        return self._sums.own

    @property
    def saved_nano_usd(self) -> int:
        """Returns baseline minus own, signed."""
        return self._sums.base - self._sums.own

    def saved_interval(self) -> Interval | None:
        """Returns the 95 % interval of the saved sum; None below MIN_FOR_INTERVAL pairs."""
        if self.count < MIN_FOR_INTERVAL:
            return None
        sums = self._sums
        squares = sums.base_base - 2 * sums.base_own + sums.own_own
        # n·sum(d²) - sum(d)² is an exact integer; n·s² = that / (n - 1).
        spread = self.count * squares - self.saved_nano_usd**2
        half = Z_95 * math.sqrt(spread / (self.count - 1))
        return Interval(self.saved_nano_usd - half, self.saved_nano_usd + half)

    def saved_share(self) -> float | None:
        """Returns 1 - own / baseline; None when the baseline is nothing."""
        return self.saved_nano_usd / self._sums.base if self._sums.base > 0 else None

    def share_interval(self) -> Interval | None:
        """Returns the 95 % interval of the saved share; None below MIN_FOR_INTERVAL pairs.

        The normal approximation has no bounds, but nobody saves more than all. An end above 1
        becomes 1, which costs no confidence, since the share is never there.
        """
        sums = self._sums
        if self.count < MIN_FOR_INTERVAL or sums.base <= 0:
            return None
        # With r = own/base, sum((own - r·base)²)·base² is an exact integer.
        residual = (
            sums.own_own * sums.base**2
            - 2 * sums.base_own * sums.own * sums.base
            + sums.base_base * sums.own**2
        )
        variance = self.count / (self.count - 1) * (residual / sums.base**4)
        half = Z_95 * math.sqrt(max(variance, 0.0))
        share = self.saved_nano_usd / sums.base
        return Interval(share - half, max(share, min(1.0, share + half)))


def block_intervals(
    blocks: Sequence[tuple[int, int]],
) -> tuple[Interval, Interval | None] | None:
    """Returns 95 % intervals of saved nano-dollars and saved share, over (baseline, own) by time.

    Blocks are in the order of time. Returns None below MIN_BLOCKS. The share's interval is None
    where a draw has no baseline.
    """
    if len(blocks) < MIN_BLOCKS:
        return None
    # Rounds up, so that there are never more than MAX_BLOCKS.
    step = -(-len(blocks) // MAX_BLOCKS)
    joined = [
        (
            sum(base for base, _ in blocks[start : start + step]),
            sum(o for _, o in blocks[start : start + step]),
        )
        for start in range(0, len(blocks), step)
    ]
    chance = random.Random(1)
    saved: list[float] = []
    shares: list[float] = []
    for _ in range(DRAWS):
        drawn = chance.choices(joined, k=len(joined))
        base = sum(pair[0] for pair in drawn)
        own = sum(pair[1] for pair in drawn)
        saved.append(base - own)
        # A draw of blocks without any baseline has no share.
        if base > 0:
            shares.append(1 - own / base)
    return _middle(saved), _middle(shares) if len(shares) == DRAWS else None


def _middle(drawn: list[float]) -> Interval:
    """Returns the interval between the 25th smallest and the 25th largest of 999."""
    ordered = sorted(drawn)
    cut = (len(ordered) + 1) // 40
    return Interval(ordered[cut - 1], ordered[-cut])
