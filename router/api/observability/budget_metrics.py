"""Exports budgets as Prometheus series: limit, spent and held, read when a page asks for them.

They come from the ledger, so every worker shows the same. A page has at most `MOST` windows, the
fullest first.
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
