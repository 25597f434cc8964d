"""Adds to series of the Prometheus library without the checks that it makes at each addition.

A request adds to nine series. The library checks each time if a series has labels, and compares
with one bound of a histogram after another. It offers no other way, so this module alone reads
parts of it that are not public; `pyproject.toml` names the one version that may be installed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from prometheus_client import Counter, Gauge, Histogram

Add = Callable[[float], None]
"""Adds an amount to one series. Thread-safe, as the library's values are."""


def adding_to(series: Counter | Gauge) -> Add:
    """Returns a function that adds as `series.inc` does. A counter takes no amount below 0."""
    add: Add = series._value.inc
    return add


def observing(histogram: Histogram) -> Add:
    """Returns a function that adds as `histogram.observe` does, and bisects to find the bucket."""
    bounds = histogram._upper_bounds
    add: Add = histogram._sum.inc
    count: list[Add] = [bucket.inc for bucket in histogram._buckets]

    def observe(amount: float) -> None:
        add(amount)
        count[bisect_left(bounds, amount)](1)

    return observe
