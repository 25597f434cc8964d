"""The dashboard's alert of unknown costs, before and after a bill."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_ladder

PRICE = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10}


def alerts(served: Served) -> list[str]:
    now = served.client.get("/api/v1/dashboard/now").json()
    return [alert["code"] for alert in now["alerts"]]


@pytest.mark.process
def test_a_cost_that_a_bill_made_known_alerts_no_longer(tmp_path: Path) -> None:
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(tmp_path, "ladder", upstream.url, "cut", price=PRICE)
        with Served(tmp_path, policy) as served:
            served.chat("auto")
            place = ("--database", served.database)
            eventually(lambda: "unknown_cost" in alerts(served))
            doubtful = json.loads(tiergate("ledger", "reconcile", "--json", *place).stdout)
            for call in doubtful:
                name = ("--attempt", call["attempt_id"])
                billed = tiergate("ledger", "reconcile", *place, *name, "--cost-usd", "0.0004")
                assert billed.returncode == 0, billed.stderr
            eventually(lambda: "unknown_cost" not in alerts(served))
