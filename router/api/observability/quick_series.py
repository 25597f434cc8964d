"""Adds to series of the Prometheus library without the questions that it asks at each addition.

A request adds to nine series. The library asks each time if it has labels, and compares with one
bound of a histogram after another. It offers no other way, so this module alone reads parts of it
that are not public; `constraints.txt` names the one version that is installed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable

from prometheus_client import Counter, Histogram

Add = Callable[[float], None]
"""Adds to one series. Thread-safe, as the library's values are."""


def adding_to(counter: Counter) -> Add:
    """Returns what does as `counter.inc`. Every amount must be 0 or more."""
    add: Add = counter._value.inc
    return add


def observing(histogram: Histogram) -> Add:
    """Returns what does as `histogram.observe`, with the bucket found by bisection."""
    bounds = histogram._upper_bounds
    add: Add = histogram._sum.inc
    count: list[Add] = [bucket.inc for bucket in histogram._buckets]

    def observe(amount: float) -> None:
        add(amount)
        count[bisect_left(bounds, amount)](1)

    return observe
