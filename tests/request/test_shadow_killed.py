"""A server that is killed while a shadow is called leaves a shadow's row, and no request more."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest

from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_ladder

pytestmark = pytest.mark.crash


def json_of(*arguments: str | Path) -> dict[str, object]:
    result = tiergate(*arguments)
    assert result.returncode == 0, result.stdout + result.stderr
    return dict(json.loads(result.stdout))


def shadows_of(served: Served) -> list[dict[str, object]]:
    return [row for row in served.rows() if row["endpoint"] == "shadow"]


def test_a_shadow_that_dies_with_its_server_counts_in_the_spend_alone(
    address: str, tmp_path: Path
) -> None:
    shadow = {"share": 1.0, "answerer": "rung-1", "max_usd_per_day": 1_000, "max_at_once": 1}
    with Upstream(tmp_path) as upstream:
        policy = write_ladder(
            tmp_path,
            "tested",
            upstream.url,
            "answer",
            "hang",
            sections={"shadow": shadow},
            deadline_s=300.0,
        )
        answered = 0
        with Served(tmp_path, policy, ledger=address) as served:
            # The first request only asks the ledger what shadows have cost today.
            while upstream.seen()["count"] <= answered:
                assert served.chat().status_code == 200
                answered += 1
            (running,) = shadows_of(served)
            assert (running["state"], running["mode"]) == ("open", "shadow")
            served.end(signal.SIGKILL)
        with Served(tmp_path, policy, ledger=address) as again:
            eventually(lambda: shadows_of(again)[0]["state"] == "unknown_cost")
            assert again.end() == 0
    (left,) = shadows_of(again)
    assert (left["reason"], left["error_code"]) == ("shadowed", "interrupted")
    own = [row for row in again.rows() if row["endpoint"] != "shadow"]
    spent = [int(str(row["cost_nano_usd"])) for row in (*own, left)]
    assert len(own) == answered
    assert spent[-1] > 0
    report = json_of("report", "--json", "--database", address)
    assert (report["requests"], report["spend_nano_usd"]) == (answered, sum(spent))
    assert json_of("ledger", "verify", "--json", "--database", address)["whole"] is True
