"""Calls that budgets refuse, on the dashboard and in /metrics: who, how often, what would fit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from router.analysis.alerts import BudgetUse, RefusedAtOnce, refusal_alerts, refused_at_once_alerts
from router.money.budgets import BudgetScope
from router.types import Price, RefusedCalls
from tests.kits.changed import replace
from tests.kits.dashboard_kit import create_key
from tests.kits.server_kit import Served, Upstream, eventually, write_policy
from tests.money.test_budget_check import PRICED

FACTS = {"remote": PRICED}


def use(limit: int, **scope: str) -> BudgetUse:
    return BudgetUse(BudgetScope(**scope), "day", 0, 0, limit)


@pytest.mark.parametrize(
    ("budgets", "code", "said"),
    [
        ([], "calls_refused", "up to $0.003."),
        ([use(2_000_000, tenant="acme")], "calls_refused", "up to $0.003."),
        ([use(999_999, tenant="acme")], "calls_never_fit", "the whole budget is $0.000999999."),
        ([use(999_999)], "calls_never_fit", "a max_tokens of at most 247"),
        ([use(999_999, tenant="beta")], "calls_refused", "up to $0.003."),
        ([use(999_999, tenant="acme", tier="two")], "calls_refused", "up to $0.003."),
    ],
)
def test_refused_calls_of_a_tenant_are_an_alert(
    budgets: list[BudgetUse], code: str, said: str
) -> None:
    refused = RefusedCalls("acme", "remote", 3, 1_000_000, 3_000_000)
    (alert,) = refusal_alerts([refused], budgets, FACTS)
    assert (alert.code, alert.subject) == (code, "acme")
    assert "Budgets refused 3 requests of acme to remote in the last hour" in alert.message
    assert said in alert.message


def test_one_budget_has_one_alert_for_all_answerers_whose_calls_it_refused() -> None:
    refused = [
        RefusedCalls("acme", "remote", 3, 1_000_000, 3_000_000),
        RefusedCalls("acme", "deep", 1, 5_000_000, 5_000_000),
        RefusedCalls("acme", "mid", 2, 1_000, 2_000),
        RefusedCalls("beta", "deep", 1, 5_000_000, 5_000_000),
    ]
    mine, never, other = refusal_alerts(refused, [use(4_000_000, tenant="acme")], FACTS)
    assert mine.message == (
        "Budgets refused calls of acme to remote (3 requests), mid (2 requests) in the last hour: "
        "the worst case of a call was up to $0.003."
    )
    assert (never.code, other.subject) == ("calls_never_fit", "beta")


def test_a_budget_that_never_fits_says_what_does_for_each_answerer() -> None:
    refused = [RefusedCalls("acme", name, 1, 1_000_000, 3_000_000) for name in ("remote", "deep")]
    dearer = replace(PRICED, price=Price(1_000_000_000, None, None, 8_000_000_000))
    facts = {"remote": PRICED, "deep": dearer}
    (alert,) = refusal_alerts(refused, [use(999_999, tenant="acme")], facts)
    assert alert.message.endswith(
        "It holds a max_tokens of at most 247 (remote) or 123 (deep) for a short request."
    )


def test_requests_without_a_row_are_one_alert_of_their_tenant() -> None:
    refused = [
        RefusedAtOnce("acme", "k1", "requests_per_minute", 1),
        RefusedAtOnce("acme", "k2", "tokens_per_minute", 40),
        RefusedAtOnce("beta", "", "max_cost_usd", 1),
        RefusedAtOnce("acme", "k3", "requests_per_minute", 2),
        RefusedAtOnce("acme", "k4", "requests_per_minute", 3),
    ]
    acme, beta = refused_at_once_alerts(refused)
    assert acme.message == (
        "46 requests of acme in the last hour had no row, since they were refused at once: 40 by "
        "tokens_per_minute (key k2), 3 by requests_per_minute (key k4), 2 by requests_per_minute "
        "(key k3), 1 more."
    )
    assert (acme.level, acme.code, acme.subject) == ("note", "refused_at_once", "acme")
    assert beta.message.endswith("1 by max_cost_usd.")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with keys, on which a tenant was refused thrice by a budget that is too small."""
    folder = tmp_path_factory.mktemp("refused")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, budgets={"poor": {"usd_per_day": 0.005}})
        with Served(folder, policy) as server:
            key = create_key(server, "poor", "chat", "reports")
            admin = create_key(server, "boss", "admin")
            eventually(lambda: server.chat(key=key).status_code == 429)
            server.chat(key=key)
            assert server.chat(key=key, max_tokens=100).status_code == 200
            server.client.headers["authorization"] = f"Bearer {admin}"
            server.tenant_key = key  # type: ignore[attr-defined]
            yield server


def now(served: Served, key: str = "") -> list[dict[str, str]]:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    found: httpx.Response = served.client.get("/api/v1/dashboard/now", headers=headers)
    assert found.status_code == 200, found.text
    return list(found.json()["alerts"])


@pytest.mark.process
def test_dashboard_says_whose_calls_never_fit_and_what_would(served: Served) -> None:
    said = {alert["code"]: alert for alert in now(served)}
    assert said["calls_never_fit"]["subject"] == "poor"
    assert "a max_tokens of at most" in said["calls_never_fit"]["message"]
    assert said["budget_needs_max_tokens"]["subject"] == "budgets.poor.usd_per_day"


@pytest.mark.process
def test_dashboard_of_a_tenant_says_it_too(served: Served) -> None:
    key = served.tenant_key  # type: ignore[attr-defined]
    codes = [alert["code"] for alert in now(served, key)]
    assert {"calls_never_fit", "budget_needs_max_tokens"} <= set(codes)


@pytest.mark.process
def test_metrics_say_what_is_used_of_budgets(served: Served) -> None:
    page = served.client.get("/metrics").text
    labels = 'key="",policy="",tenant="poor",tier="",window="day"'
    assert f"tiergate_budget_limit_usd{{{labels}}} 0.005" in page
    (used,) = [x for x in page.splitlines() if x.startswith(f"tiergate_budget_used_usd{{{labels}")]
    assert 0 < float(used.split()[-1]) < 0.005
    assert (
        'tiergate_budget_unwise{limit="budgets.poor.usd_per_day",why="budget_needs_max_tokens"} 1.0'
    ) in page
    assert 'tiergate_refusals_total{limit="usd_per_day",never_fits="true",tenant="poor"}' in page


@pytest.mark.process
def test_metrics_of_calls_are_those_of_all_workers(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_policy(tmp_path, upstream.url)
        with Served(tmp_path, policy, "--workers", "2") as server:
            for _ in range(20):  # each on a connection of its own, so that both workers get some
                server.client.close()
                server.client = httpx.Client(base_url=server.url, timeout=120.0)
                assert server.chat().status_code == 200
            page = server.client.get("/metrics").text
    assert 'tiergate_calls_total{answerer="mid"} 20.0' in page
    assert 'tiergate_store_up{store="ledger"} 1.0' in page
