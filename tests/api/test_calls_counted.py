"""Calls of all tables are those of the upstream's own log: what was refused unsent is no call."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.kits.books.ledger_sql import locked
from tests.kits.server_kit import ROUTINE, Served, Upstream, eventually, tiergate, write_ladder

pytestmark = pytest.mark.process
AT_ONCE = 12
BREAKER_AFTER = 3


def asked(url: str, **more: object) -> int:
    """Asks once on a connection of its own. Returns the status."""
    body = {**ROUTINE, **more}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=120.0).status_code


class Counted:
    """Holds what the upstream saw, what clients got, and what the server says of both."""

    def __init__(self, upstream: int, statuses: list[int], metrics: str, served: Served) -> None:
        self.upstream, self.statuses, self.metrics = upstream, statuses, metrics
        self.attempts = [
            call
            for row in served.rows()
            for call in row["attempts"]  # type: ignore[attr-defined]
            if call["role"] == "answer"
        ]
        self.report = json.loads(self._told(served, "--json"))
        self.sections = list(csv.DictReader(io.StringIO(self._told(served, "--csv", "-"))))
        out = tiergate("ledger", "export", "--csv", "-", "--database", served.database)
        assert out.returncode == 0, out.stderr
        self.exported = [
            x for x in csv.DictReader(io.StringIO(out.stdout)) if x["role"] == "answer"
        ]

    def _told(self, served: Served, *form: str) -> str:
        told = tiergate("report", "--database", served.database, *form)
        assert told.returncode == 0, told.stderr
        return told.stdout

    def in_csv(self, section: str, key: str, metric: str) -> int:
        """Returns one figure of the report's CSV, 0 where it has none."""
        found = [
            x["value"]
            for x in self.sections
            if (x["section"], x["key"], x["metric"]) == (section, key, metric)
        ]
        return int(found[0]) if found else 0


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counted]:
    """A server whose upstream is too slow for a burst, then fails, while the database is locked."""
    folder = tmp_path_factory.mktemp("counted")
    with Upstream(folder) as upstream:
        slow = write_ladder(folder, "tested", upstream.url, "slow:0.5", concurrency=2)
        broken = write_ladder(
            folder, "broken", upstream.url, "status:503", breaker_failures=BREAKER_AFTER
        )
        with Served(folder, slow, broken, "--max-waiting", "1") as served:
            url = served.url
            with ThreadPoolExecutor(AT_ONCE) as pool:
                burst = [pool.submit(asked, url) for _ in range(AT_ONCE)]
                statuses = [one.result() for one in burst]
            statuses += [asked(url, model="auto:broken") for _ in range(BREAKER_AFTER + 2)]
            with locked(str(served.database)):
                statuses.append(asked(url))
            statuses.append(asked(url))
            eventually(lambda: all(row["state"] != "open" for row in served.rows()))
            seen, metrics = int(upstream.seen()["count"]), served.client.get("/metrics").text
            yield Counted(seen, statuses, metrics, served)


def test_the_day_has_calls_of_each_kind(counted: Counted) -> None:
    codes = [call["error_code"] for call in counted.attempts]
    kinds = ("overloaded", "answerer_not_ready", "ledger_unavailable", "upstream_overloaded", None)
    for code in kinds:
        assert code in codes, codes
    assert len(codes) == len(counted.statuses) > counted.upstream


def test_report_counts_the_calls_that_the_upstream_saw(counted: Counted) -> None:
    roles = {one["role"]: one["attempts"] for one in counted.report["roles"]}
    assert roles["answer"] == counted.upstream
    assert counted.in_csv("roles", "answer", "attempts") == counted.upstream


def test_waste_has_the_failed_calls_that_the_upstream_saw(counted: Counted) -> None:
    waste = {one["kind"]: one["calls"] for one in counted.report["waste"]}
    assert waste["failed_calls"] == BREAKER_AFTER
    assert waste.get("discarded_drafts", 0) == 0
    assert counted.in_csv("waste", "failed_calls", "calls") == BREAKER_AFTER


def test_a_call_that_was_not_made_is_released_in_every_file(counted: Counted) -> None:
    for calls, state in ((counted.attempts, "state"), (counted.exported, "attempt_state")):
        made = [call for call in calls if call[state] != "released"]
        assert len(made) == counted.upstream
        unmade = [call for call in calls if call[state] == "released"]
        assert {call["cost_basis"] for call in unmade} == {"none"}
        assert {int(call["cost_nano_usd"]) for call in unmade} == {0}


def test_own_compute_is_the_reading_alone(counted: Counted) -> None:
    bases = {one["basis"]: one["attempts"] for one in counted.report["cost_bases"]}
    roles = {one["role"]: one["attempts"] for one in counted.report["roles"]}
    assert bases["own_compute"] == roles["triage"]
    assert bases["token_price"] == counted.upstream - BREAKER_AFTER
    assert bases["none"] == BREAKER_AFTER  # made, refused by the upstream, and not billed
    assert f"{roles['triage']} by own compute" in " ".join(counted.report["assumptions"])
    assert {c["cost_basis"] for c in counted.attempts if c["error_code"]} == {"none"}


def test_metrics_count_the_calls_that_the_upstream_saw(counted: Counted) -> None:
    lines = counted.metrics.splitlines()
    calls = [x for x in lines if x.startswith("tiergate_calls_total{")]
    assert sum(float(line.rpartition(" ")[2]) for line in calls) == counted.upstream
    failures = [x for x in lines if x.startswith("tiergate_call_failures_total{")]
    assert failures
    assert not any('"overloaded"' in line for line in failures)
    assert 'tiergate_refusals_total{limit="overloaded"' in counted.metrics
