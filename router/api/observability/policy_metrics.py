"""Exports which policies have a file that cannot be used, read when a page asks for them.

Every worker follows the same files, so every worker shows the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector


class Watched(Protocol):
    """Follows the files of one policy."""

    @property
    def name(self) -> str: ...

    @property
    def outdated(self) -> bool:
        """Returns True while the files say something else than what is in use."""
        ...


class PolicySeries(Collector):
    """Yields the series of one page."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._watched = watched

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yields the series."""
        broken = GaugeMetricFamily(
            "tiergate_policy_broken",
            "1 while a policy's files cannot be used, so that an earlier version serves.",
            labels=("policy",),
        )
        for one in self._watched:
            broken.add_metric((one.name,), one.outdated)
        yield broken
