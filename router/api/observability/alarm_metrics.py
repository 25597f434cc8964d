"""Exports the alarms of `tiergate alerts` as Prometheus series, read when a page asks for them.

They come from the files of that program, so every worker shows the same. An alarm that is not
active has no series. A page has at most `MOST`, the oldest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

MOST = 200


class Alarm(Protocol):
    """Names one active alarm."""

    @property
    def policy(self) -> str: ...

    @property
    def watched(self) -> str: ...

    @property
    def subject(self) -> str: ...


class Alarms(Protocol):
    """Reads alarms; both methods block and raise nothing."""

    def alarms_now(self) -> Sequence[Alarm]: ...

    def overdue_at_ms(self) -> dict[str, int]:
        """Returns when the next look is overdue, by policy."""
        ...


class AlarmSeries(Collector):
    """Yields the series of one page."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yields the series."""
        active = GaugeMetricFamily(
            "tiergate_alarm_active",
            "1 while an alarm of `tiergate alerts` is active.",
            labels=("policy", "watched", "subject"),
        )
        for alarm in self._alarms.alarms_now()[:MOST]:
            active.add_metric((alarm.policy, alarm.watched, alarm.subject), 1)
        overdue = GaugeMetricFamily(
            "tiergate_alarms_overdue_at_seconds",
            "Three windows after the one that `tiergate alerts` looked at last.",
            labels=("policy",),
        )
        for policy, at_ms in sorted(self._alarms.overdue_at_ms().items()):
            overdue.add_metric((policy,), at_ms / 1000.0)
        yield from (active, overdue)
