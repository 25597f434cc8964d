"""Counters of calls and limits: how many series there can be, and what a dead worker leaves."""

from __future__ import annotations

from pathlib import Path

from router.analysis.alerts import BudgetUse
from router.api.observability.call_metrics import MOST_TENANTS
from router.api.observability.metrics import Metrics, forget_worker
from router.money.budgets import BudgetScope
from router.policy.warnings import PolicyWarning, WarningKind
from router.types import CallFailed, CallRefused, RequestState
from tests.kits.books.report_rows import USD, a_row
from tests.kits.changed import replace

REFUSED = CallRefused("acme", "k", "insufficient_quota", "usd_per_day", "", "mid", False, "")
FAILED = CallFailed("mid", "gpu-1", 503, "upstream_error", "", False, "")


def series(metrics: Metrics, name: str) -> list[str]:
    return [x for x in metrics.page().decode().splitlines() if x.startswith(f"{name}{{")]


def test_tenants_beyond_the_first_share_a_series() -> None:
    metrics = Metrics()
    for n in range(MOST_TENANTS + 50):
        metrics.calls.happened(replace(REFUSED, tenant=f"tenant-{n}"))
    found = series(metrics, "tiergate_refusals_total")
    assert len(found) == MOST_TENANTS + 1
    (others,) = [line for line in found if 'tenant="(others)"' in line]
    assert others.endswith(" 50.0")


def test_retry_is_no_failed_call() -> None:
    metrics = Metrics()
    metrics.calls.happened(replace(FAILED, retried=True))
    assert series(metrics, "tiergate_call_failures_total") == []
    (line,) = series(metrics, "tiergate_call_retries_total")
    assert line.endswith(" 1.0")


def test_spend_counts_what_failed_requests_and_second_answers_cost() -> None:
    metrics = Metrics()
    failed = a_row(1, 2, state=RequestState.FAILED, verdict="")
    unknown = a_row(2, 3, state=RequestState.UNKNOWN_COST)
    for row in (a_row(0), failed, unknown, a_row(3, 2, endpoint="shadow", verdict="")):
        metrics.calls.finished(row)
    metrics.analysed("default", 2, 2 * USD)
    metrics.analysed("default", 1, None, "vectors")  # its call counted the cost
    assert {*series(metrics, "tiergate_cost_usd_total")} == {
        'tiergate_cost_usd_total{tier="resolve"} 0.01',
        'tiergate_cost_usd_total{tier="(not answered)"} 0.5',
        'tiergate_cost_usd_total{tier="reasoning"} 5.0',
        'tiergate_cost_usd_total{tier="(shadow)"} 0.5',
        'tiergate_cost_usd_total{tier="specialist"} 2.0',
    }


class Unwise:
    """Budgets of which one is warned of twice, for two answerers."""

    def limits_now(self) -> tuple[BudgetUse, ...]:
        return (BudgetUse(BudgetScope("acme"), "day", 2_500_000, 0, 5_000_000),)

    def budget_warnings(self) -> list[PolicyWarning]:
        kind = WarningKind.BUDGET_NEEDS_MAX_TOKENS
        return [PolicyWarning(kind, "budgets.acme.usd_per_day", f"of {n}") for n in "ab"]


def test_no_series_comes_twice() -> None:
    metrics = Metrics()
    metrics.limits = Unwise()
    lines = [x for x in metrics.page().decode().splitlines() if not x.startswith("#")]
    names = [line.rpartition(" ")[0] for line in lines]
    assert len(names) == len(set(names))
    assert any(name.startswith("tiergate_budget_unwise") for name in names)


def test_worker_that_is_gone_says_nothing_of_its_state(tmp_path: Path) -> None:
    for name in ("gauge_livemax_7.db", "gauge_livemin_7.db", "gauge_livemax_8.db", "counter_7.db"):
        (tmp_path / name).touch()
    forget_worker(str(tmp_path), 7)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"gauge_livemax_8.db", "counter_7.db"}
