"""Percentiles of a stream of durations in bounded memory. Knows nothing about requests."""

from __future__ import annotations

import math

GROWTH = 1.02
"""Each bucket is 2 % wider than the one before, so a percentile is within 1 % of the true one."""

LOWEST_MS = 0.001
HIGHEST_MS = 1e9
"""A microsecond to eleven days: at most 1,396 buckets, however long the stream."""

_LOG_GROWTH = math.log(GROWTH)


class DurationHistogram:
    """Counts per logarithmic bucket; `quantile` is within 1 % of the exact order statistic.

    Bucket k holds durations in (LOWEST·GROWTH^(k-1), LOWEST·GROWTH^k] and answers with the
    geometric middle, cut to the smallest and largest seen. The idea is HdrHistogram's and
    DDSketch's (Masson, Rim and Lee 2019): relative, not absolute, accuracy. Adding is independent
    of order.
    """

    __slots__ = ("_buckets", "_count", "_highest", "_lowest")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0
        self._lowest = math.inf
        self._highest = 0.0

    def add(self, duration_ms: float) -> None:
        """Count one duration. What is no number or negative counts as 0."""
        ms = duration_ms if duration_ms >= 0.0 else 0.0
        kept = min(max(ms, LOWEST_MS), HIGHEST_MS)
        bucket = math.ceil(math.log(kept / LOWEST_MS) / _LOG_GROWTH)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self._count += 1
        self._lowest = min(self._lowest, ms)
        self._highest = max(self._highest, min(ms, HIGHEST_MS))

    def quantile(self, q: float) -> float | None:
        """The ceil(q·n)-th smallest duration in ms, within 1 %; None when there is none.

        Of 1, 2, ..., 100 the 0.95 quantile is the 95th: between 94.05 and 95.95.
        """
        if self._count == 0:
            return None
        rank = max(1, math.ceil(q * self._count))
        seen = 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                middle = LOWEST_MS * math.pow(GROWTH, bucket - 0.5)
                return min(max(middle, self._lowest), self._highest)
        return self._highest

    def __len__(self) -> int:
        """How many buckets are in use: the memory it takes."""
        return len(self._buckets)
