"""The dashboard says what the spend of a tenant counts, beside the spend of the hour."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.kits.checks.chromium import Browser
from tests.kits.dashboard_kit import dashboard_server

pytestmark = pytest.mark.browser

BUDGETS = """
[["acme", "day", "3.00", 0.5], ["zoo", "day", null, null]].map(([tenant, kind, limit, share]) => ({
  tenant, kind, limit_usd: limit, share, key_id: null, policy: null, tier: null,
  spent_nano_usd: 1e9, held_nano_usd: 5e8,
}))
"""


def test_spend_of_a_tenant_says_what_it_counts_beside_the_hours(
    tmp_path: Path,
) -> None:
    """The shown sum has what calls under way hold, as its share and its label say."""
    with dashboard_server(tmp_path) as served, Browser(tmp_path / "chromium") as browser:
        page = browser.open(f"{served.url}/dashboard#/now")
        page.wait_for("The hour's spend is at our prices")
        page.wait_for("a request, at our prices")
        drawn = page.run(
            "import('./dashboard/view_now.js').then((view) => view.draw({ minutes: [], tiers: [], "
            f"alerts: [], waiting: 0, hour: {{ requests: 0, open: 0 }}, budgets: {BUDGETS} }}, {{}}"
            ").filter(Boolean).map((part) => part.textContent).join(' '))"
        )
        without = page.run(
            "import('./dashboard/view_now.js').then((view) => view.draw({ minutes: [], tiers: [], "
            f"alerts: [], waiting: 0, hour: {{ requests: 0, open: 0 }}, budgets: {BUDGETS}.slice(1)"
            " }, {}).filter(Boolean).map((part) => part.textContent).join(' '))"
        )
    assert "None of these has a budget" in str(without)
    assert "None of these has a budget" not in str(drawn)
    assert "$1.50 of $3.00" in str(drawn)
    assert str(drawn).count("$1.50") == 3
    assert "$1.00" not in str(drawn)
