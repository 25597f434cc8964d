"""Exports the gateway's own time, which a scraper compares with its clock."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from router.types import Clock


class ClockSeries(Collector):
    """Yields the series of one page."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yields the time of this worker, in seconds since the epoch."""
        yield GaugeMetricFamily(
            "tiergate_time_seconds",
            "The time by which budgets, keys and retention go.",
            value=self._clock.now_ms() / 1000.0,
        )
