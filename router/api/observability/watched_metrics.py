"""Exports budgets and the alarms of `tiergate alerts` as Prometheus series, read when a page asks.

Budgets come from the ledger and alarms from the files of that program, so every worker shows the
same. A page has at most `MOST` windows, the fullest first, and as many alarms, the oldest first; an
alarm that is not active has no series.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from router.analysis.alerts import BudgetUse
from router.errors import LedgerError
from router.policy.warnings import PolicyWarning
from router.types import NANO_PER_USD

MOST = 200
LABELS = ("tenant", "key", "policy", "tier", "window")


class Limits(Protocol):
    """Reads budgets; both methods block. Raises LedgerError."""

    def limits_now(self) -> Sequence[BudgetUse]: ...

    def budget_warnings(self) -> Sequence[PolicyWarning]: ...


class BudgetSeries(Collector):
    """Yields the budget series of one page, or none while the ledger cannot be read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Yields the series."""
        try:
            windows = self._limits.limits_now()[:MOST]
        except LedgerError:
            # The page still has all other series, and `tiergate_store_up` shows the outage.
            return
        limit = GaugeMetricFamily("tiergate_budget_limit_usd", "What may be spent.", labels=LABELS)
        used = GaugeMetricFamily("tiergate_budget_used_usd", "Spent of the limit.", labels=LABELS)
        held = GaugeMetricFamily("tiergate_budget_held_usd", "Held for open calls.", labels=LABELS)
        for window in windows:
            scope = window.scope
            labels = (scope.tenant, scope.key_id, scope.policy, scope.tier, window.kind)
            limit.add_metric(labels, (window.limit_nano_usd or 0) / NANO_PER_USD)
            used.add_metric(labels, window.spent_nano_usd / NANO_PER_USD)
            held.add_metric(labels, window.held_nano_usd / NANO_PER_USD)
        unwise = GaugeMetricFamily(
            "tiergate_budget_unwise",
            "1 for a budget that admits no call, or none without max_tokens or a price.",
            labels=("limit", "why"),
        )
        # Several answerers may warn about one limit, and a series may not come twice.
        warned = {(w.key_path, w.kind.value) for w in self._limits.budget_warnings()}
        for path, why in sorted(warned)[:MOST]:
            unwise.add_metric((path, why), 1)
        yield from (limit, used, held, unwise)


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
