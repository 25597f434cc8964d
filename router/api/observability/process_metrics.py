"""Exports what the system says of the server's processes: memory, processor time, open files.

The series have the names that Prometheus gives them everywhere (`process_...`). One process has no
label, as usual; of several workers each has its own `pid`. Systems without `/proc` have none. It
knows nothing about requests.
"""

from __future__ import annotations

import platform
from collections.abc import Iterable
from pathlib import Path

from prometheus_client import Metric, ProcessCollector
from prometheus_client.core import InfoMetricFamily
from prometheus_client.registry import Collector

from router.api.release import own_version

_GAUGES = "gauge_livesum_"
"""Begins the name of a file that each worker keeps while it lives; its process id ends it."""


class BuildSeries(Collector):
    """Yields `tiergate_build_info`: which release runs, on which Python."""

    def collect(self) -> Iterable[Metric]:
        """Yields the one series."""
        built = {"version": own_version(), "python": platform.python_version()}
        yield InfoMetricFamily("tiergate_build", "What runs.", value=built)


class ProcessSeries(Collector):
    """Yields the series of this process, or of each worker whose counts are in `shared_dir`."""

    def __init__(self, shared_dir: str = "") -> None:
        self._shared_dir = shared_dir

    def collect(self) -> Iterable[Metric]:
        """Yields the series. A worker that ended since its file was seen has none."""
        if not self._shared_dir:
            yield from ProcessCollector(registry=None).collect()
            return
        merged: dict[str, Metric] = {}
        for pid in _pids(Path(self._shared_dir)):
            for series in _of_process(pid):
                whole = merged.setdefault(
                    series.name, Metric(series.name, series.documentation, series.type)
                )
                for sample in series.samples:
                    whole.add_sample(sample.name, {"pid": str(pid)}, sample.value)
        yield from merged.values()


def _pids(shared_dir: Path) -> list[int]:
    names = (file.stem.removeprefix(_GAUGES) for file in shared_dir.glob(f"{_GAUGES}*.db"))
    return sorted(int(name) for name in names if name.isdecimal())


def _of_process(pid: int) -> Iterable[Metric]:
    return ProcessCollector(pid=lambda: pid, registry=None).collect()
