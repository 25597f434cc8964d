"""Estimates percentiles of a stream of durations in bounded memory. Knows no request."""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

GROWTH = 1.02
"""Each bucket is 2 % wider than the one before, so a percentile is within 1 % of the true value."""

LOWEST_MS = 0.001
HIGHEST_MS = 1e9
"""The range is a microsecond to eleven days: at most 1,396 buckets, for a stream of any length."""

_LOG_GROWTH = math.log(GROWTH)


class DurationHistogram(msgspec.Struct, omit_defaults=True):
    """Counts durations per logarithmic bucket; `quantile` is within 1 % of the exact value.

    Bucket k holds durations in (LOWEST·GROWTH^(k-1), LOWEST·GROWTH^k] and answers with its
    geometric middle, limited to the smallest and the largest duration counted. The idea is that of
    HdrHistogram and DDSketch (Masson, Rim and Lee 2019): accuracy is relative, not absolute. The
    order of adding and merging does not matter. A stored histogram is the JSON of its fields.
    """

    buckets: dict[int, int] = {}
    count: int = 0
    lowest_ms: float | None = None
    highest_ms: float = 0.0

    def add(self, duration_ms: float) -> None:
        """Counts one duration. A negative number, or a value that is no number, counts as 0."""
        self.add_in(*place(duration_ms))

    def add_in(self, ms: float, bucket: int) -> None:
        """Counts one duration whose `place` is known: for callers with several histograms."""
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.count += 1
        if self.lowest_ms is None or ms < self.lowest_ms:
            self.lowest_ms = ms
        if ms > self.highest_ms:
            self.highest_ms = ms

    def merge(self, other: DurationHistogram) -> None:
        """Adds the counts of `other`."""
        for bucket, number in other.buckets.items():
            self.buckets[bucket] = self.buckets.get(bucket, 0) + number
        self.count += other.count
        lowest = [ms for ms in (self.lowest_ms, other.lowest_ms) if ms is not None]
        self.lowest_ms = min(lowest, default=None)
        self.highest_ms = max(self.highest_ms, other.highest_ms)

    def quantile(self, q: float) -> float | None:
        """Returns the ceil(q·n)-th smallest duration in ms, within 1 %; None without durations.

        Of 1, 2, ..., 100 the 0.95 quantile is the 95th: between 94.05 and 95.95.
        """
        bucket = bucket_at(self.buckets, q)
        if bucket is None or self.lowest_ms is None:
            return None
        # The geometric middle of the bucket halves the relative error.
        middle = LOWEST_MS * math.pow(GROWTH, bucket - 0.5)
        return min(max(middle, self.lowest_ms), self.highest_ms)

    def __len__(self) -> int:
        """Returns the number of buckets in use, which is what takes memory."""
        return len(self.buckets)


def bucket_at(counts: Mapping[int, int], q: float) -> int | None:
    """Returns the bucket of the ceil(q·n)-th smallest of n counted values; None for n = 0.

    >>> bucket_at({3: 50, 9: 49, 20: 1}, 0.5), bucket_at({3: 50, 9: 49, 20: 1}, 0.95)
    (3, 9)
    """
    rank, seen = max(1, math.ceil(q * sum(counts.values()))), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            return bucket
    return None


def place(duration_ms: float) -> tuple[float, int]:
    """Returns the duration as it is kept, limited to [0, HIGHEST_MS], and its bucket."""
    # A comparison with nan is false, so nan becomes 0 here too.
    ms = duration_ms if duration_ms >= 0.0 else 0.0
    kept = min(max(ms, LOWEST_MS), HIGHEST_MS)
    return min(ms, HIGHEST_MS), math.ceil(math.log(kept / LOWEST_MS) / _LOG_GROWTH)
