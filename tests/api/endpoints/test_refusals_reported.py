"""A server whose budget is spent: its refusals in the report, the export and the dashboard."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

import pytest

from tests.kits.server_kit import Served, Upstream, eventually, tiergate, write_policy

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One request that no budget admits, tagged `sales`; the upstream was never asked."""
    folder = tmp_path_factory.mktemp("refused")
    with Upstream(tmp_path_factory.mktemp("upstream")) as upstream:
        policy = write_policy(folder, upstream.url, budgets={"*": {"usd_per_day": 1e-9}})
        with Served(folder, policy) as served:
            answer = served.chat(routing={"tags": ["sales"]})
            assert (answer.status_code, answer.json()["error"]["code"]) == (
                429,
                "insufficient_quota",
            )
            eventually(lambda: bool(served.rows()) and served.rows()[0]["state"] == "failed")
            yield served


def test_a_report_says_that_a_budget_refused_and_by_how_much(refused: Served) -> None:
    told = json.loads(tiergate("report", "--json", "-d", refused.database).stdout)
    (one,) = told["unanswered"]
    (row,) = refused.rows()
    assert (one["ending"], one["code"]) == ("refused", "insufficient_quota")
    assert one["short_nano_usd"] == row["refusal"]["needed_nano_usd"] - 1  # type: ignore[index]
    assert (told["tags"][0]["name"], told["tags"][0]["refused"]) == ("sales", 1)
    text = " ".join(tiergate("report", "-d", refused.database).stdout.split())
    assert "1 refused by a limit or as impossible here" in text
    assert "1 failed" not in text


def test_an_export_says_that_a_budget_refused(refused: Served) -> None:
    run = tiergate("ledger", "export", "-d", refused.database)
    for line in csv.DictReader(io.StringIO(run.stdout)):
        assert (line["ending"], line["request_error_code"]) == ("refused", "insufficient_quota")
        assert int(line["short_nano_usd"]) > 0


def test_the_dashboard_counts_a_refused_request_as_no_failed_one(refused: Served) -> None:
    hour = refused.client.get("/api/v1/dashboard/now").json()["hour"]
    assert (hour["refused"], hour["failed"]) == (1, 0)
