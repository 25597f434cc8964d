"""Additions past the library's own methods: the page says the same."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from router.api.observability.quick_series import adding_to, observing

BOUNDS = (0.01, 0.1, 1, 2.5)
AMOUNTS = (0, 0.001, 0.01, 0.0100001, 0.09, 0.1, 0.5, 1, 1.0, 2.5, 2.6, 1e9, math.inf, -1.0)


def a_histogram() -> tuple[CollectorRegistry, Histogram]:
    registry = CollectorRegistry()
    return registry, Histogram("h", "Help.", ["tier"], buckets=BOUNDS, registry=registry)


def page(registry: CollectorRegistry) -> list[str]:
    """Returns the lines of a page without the moment at which its series were made."""
    lines = generate_latest(registry).decode().splitlines()
    return [line for line in lines if "_created" not in line]


@pytest.mark.parametrize("amounts", [[amount] for amount in AMOUNTS] + [[*AMOUNTS]])
def test_observations_stand_in_the_buckets_of_the_library(amounts: list[float]) -> None:
    (theirs, slow), (ours, quick) = a_histogram(), a_histogram()
    observe = observing(quick.labels("a"))
    for amount in amounts:
        slow.labels("a").observe(amount)
        observe(amount)
    assert page(ours) == page(theirs)


def test_additions_are_those_of_the_library() -> None:
    registry = CollectorRegistry()
    counter = Counter("c", "Help.", ["tier"], registry=registry)
    add = adding_to(counter.labels("a"))
    for amount in (1, 0, 0.25):
        add(amount)
    counter.labels("a").inc(2)
    assert 'c_total{tier="a"} 3.25' in page(registry)
