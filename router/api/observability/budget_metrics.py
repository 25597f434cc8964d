"""Budgets as series of Prometheus: what is spent and held of each limit, read when asked for.

They come from the ledger, so every worker shows the same. At most `MOST` windows, fullest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from router.errors import LedgerError
from router.policy.warnings import PolicyWarning
from router.types import NANO_PER_USD

MOST = 200
LABELS = ("tenant", "key", "policy", "tier", "window")


class Scope(Protocol):
    """Whose money is counted together; "" stands for all."""

    @property
    def tenant(self) -> str: ...

    @property
    def key_id(self) -> str: ...

    @property
    def policy(self) -> str: ...

    @property
    def tier(self) -> str: ...


class Window(Protocol):
    """A limit and what is used of it, nano-dollars."""

    @property
    def scope(self) -> Scope: ...

    @property
    def kind(self) -> str: ...

    @property
    def spent_nano_usd(self) -> int: ...

    @property
    def held_nano_usd(self) -> int: ...

    @property
    def limit_nano_usd(self) -> int | None: ...


class Limits(Protocol):
    """Reads budgets; both methods block. Raises LedgerError."""

    def limits_now(self) -> Sequence[Window]: ...

    def budget_warnings(self) -> Sequence[PolicyWarning]: ...


class BudgetSeries(Collector):
    """One page's series of budgets; none while the ledger cannot be read."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The series."""
        try:
            windows = self._limits.limits_now()[:MOST]
        except LedgerError:
            return
        limit = GaugeMetricFamily("tiergate_budget_limit_usd", "What may be spent.", labels=LABELS)
        used = GaugeMetricFamily("tiergate_budget_used_usd", "Of it spent.", labels=LABELS)
        held = GaugeMetricFamily("tiergate_budget_held_usd", "Held for open calls.", labels=LABELS)
        for one in windows:
            scope = one.scope
            labels = (scope.tenant, scope.key_id, scope.policy, scope.tier, one.kind)
            limit.add_metric(labels, (one.limit_nano_usd or 0) / NANO_PER_USD)
            used.add_metric(labels, one.spent_nano_usd / NANO_PER_USD)
            held.add_metric(labels, one.held_nano_usd / NANO_PER_USD)
        unwise = GaugeMetricFamily(
            "tiergate_budget_unwise",
            "1 for a budget that admits no call, or none without max_tokens.",
            labels=("limit", "why"),
        )
        # A limit may be warned of for several answerers, and a series may not come twice.
        warned = {(one.key_path, one.kind.value) for one in self._limits.budget_warnings()}
        for path, why in sorted(warned)[:MOST]:
            unwise.add_metric((path, why), 1)
        yield from (limit, used, held, unwise)
