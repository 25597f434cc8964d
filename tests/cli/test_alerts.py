"""`tiergate alerts` and the other commands name receivers that no alert can reach."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import typer
import yaml

from router.cli.exits import Exit
from router.cli.learning.alerts import Looked, list_alerts, look
from router.ledger.books.store import SqlLedger
from router.policy.sections.learning import AlertsSection
from router.types import RequestState
from router.watch.alarms import Alarm
from router.watch.state import State, alone, load, save
from tests.kits.books.feedback_kit import learning
from tests.kits.books.ledger_rows import NOW_MS, StandingClock, attempt, request
from tests.kits.changed import replace
from tests.kits.inputs.policy_texts import added, write
from tests.kits.server_kit import Running, Served, tiergate

ALERTS = """
alerts:
  rules: [{watch: errors, above: 0.1}, {watch: queue_age, above: 8}, {watch: drift}]
  webhooks: [{url: "${SLACK_HOOK}", shape: slack}]
"""
HOUR_MS = 3_600_000
PLACE = "alerts.webhooks[0].url"
REASON = "${SLACK_HOOK} is not set; no alert reaches this receiver"


def policy(folder: Path) -> Path:
    return write(folder, added(ALERTS))


def test_list_shows_units_and_what_cannot_be_reached(tmp_path: Path) -> None:
    run = tiergate("alerts", "list", "--policy", policy(tmp_path), "--state", tmp_path / "a.json")
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == [
        "errors: begins above 10 % of the requests, ends below 8 %; needs 50 requests",
        "queue_age: begins above 8 hours, ends below 6.4 hours",
        "drift: has its own bound; needs 50 requests",
        "0 active",
    ]
    assert f"warning: {PLACE}: {REASON}" in run.stderr


def test_list_shows_what_was_found_of_an_active_alarm_and_when(tmp_path: Path) -> None:
    hour_ms, state = 3_600_000, tmp_path / "a.json"
    found = Alarm(True, 0, 14 * hour_ms, 16 * hour_ms, 0.4, 0.1, "32 of 80 (30 % to 51 %)")
    before = Alarm(True, 0, 14 * hour_ms, 15 * hour_ms)
    save(state, State(alarms={"errors: acme": found, "drift: acme / mine / type": before}))
    run = tiergate("alerts", "list", "--policy", policy(tmp_path), "--state", state)
    assert run.stdout.splitlines()[3:] == [
        "! errors: acme, 32 of 80 (30 % to 51 %), value 40 %, bound 10 %",
        "  since 1970-01-01 14:00 UTC, judged last 1970-01-01 16:00 UTC",
        "! drift: acme / mine / type",
        "  since 1970-01-01 14:00 UTC, judged last 1970-01-01 15:00 UTC",
        "2 active",
    ]


def test_check_warns_of_a_receiver_that_cannot_be_reached(tmp_path: Path) -> None:
    run = tiergate("check", policy(tmp_path), "--json")
    assert run.returncode == 0, run.stderr
    warnings = json.loads(run.stdout)["policies"][0]["warnings"]
    (found,) = [one for one in warnings if one["kind"] == "receiver_unreachable"]
    assert (found["key_path"], found["message"]) == (PLACE, REASON)


def test_test_counts_the_told_beside_each_that_was_not(tmp_path: Path) -> None:
    run = tiergate("alerts", "test", "--policy", policy(tmp_path))
    assert (run.returncode, run.stdout) == (1, "0 receivers told\n")
    assert run.stderr.startswith("tiergate: not told: ${SLACK_HOOK} is not set")


async def test_run_says_what_it_watches_and_what_is_still_needed(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        where = ("--state", tmp_path / "a.json", "--database", house.path)
    with Running(tmp_path, "alerts", "run", "--policy", policy(tmp_path), *where) as run:
        run.wait_for("over weeks.*\n")
    watches, looks, waits, _ = run.output.splitlines()[-4:]
    assert watches.endswith(f"in {house.path}: errors, queue_age, drift")
    assert looks.endswith("windows of 60 minutes once they end, and tells ${SLACK_HOOK}")
    assert waits.startswith("tiergate: drift: needs 1 past window")


async def test_run_of_a_timer_prints_nothing_of_what_it_watches(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        where = ("--state", tmp_path / "a.json", "--database", house.path)
    run = tiergate("alerts", "run", "--once", "--policy", policy(tmp_path), *where)
    assert run.returncode == 0, run.stderr
    assert "watches" not in run.stderr


@pytest.mark.parametrize(
    ("minutes", "once", "judged"), [(1, True, 1), (1, False, 0), (5, False, 1)]
)
async def test_only_a_timer_judges_a_window_at_once_though_a_request_of_it_runs(
    tmp_path: Path, minutes: int, once: bool, judged: int
) -> None:
    database, state = tmp_path / "ledger.db", tmp_path / "a.json"
    ends_ms = NOW_MS // HOUR_MS * HOUR_MS
    ledger = SqlLedger.open(database, clock=StandingClock(), budget_of=lambda _tenant: None)
    begun = {"created_at_ms": ends_ms - 1, "state": RequestState.OPEN}
    held = attempt("r1", held=5, started_at_ms=ends_ms - 1)
    await ledger.hold(replace(request("r1"), **begun), held)
    watched = Looked(
        "mine", AlertsSection.model_validate({"rules": [{"watch": "errors", "above": 0.1}]})
    )
    look(watched, database, state, ends_ms + minutes * 60_000, once=once)
    assert load(state).checked_ms == judged * ends_ms
    await ledger.close()


async def test_second_run_beside_the_first_is_refused(tmp_path: Path) -> None:
    async with learning(tmp_path) as house:
        database = house.path
    state = tmp_path / "state" / "a.json"
    given = ("alerts", "run", "--once", "--policy", policy(tmp_path), "--database", database)
    with alone(state):
        refused = tiergate(*given, "--state", state)
        assert refused.returncode == Exit.LEDGER
        assert "another `tiergate alerts run` keeps" in refused.stderr
    assert tiergate(*given, "--state", state).returncode == 0


async def test_server_shows_what_alerts_beside_it_found_by_one_variable(tmp_path: Path) -> None:
    state, ruled = tmp_path / "state", added(ALERTS)
    environ = {"TIERGATE_STATE_DIR": str(state), "TIERGATE_POLICY": str(write(tmp_path, ruled))}
    async with learning(tmp_path) as house:
        database = house.path
    run = tiergate("alerts", "run", "--once", "--database", database, **environ)
    assert run.returncode == 0, run.stderr
    assert [one.name for one in state.glob("alerts-*.json")] == ["alerts-small.json"]
    assert tiergate("alerts", "list", **environ).stdout.endswith("0 active\n")
    with Served(tmp_path, ledger=database, **environ) as served:
        assert "tiergate_alarms_overdue_at_seconds{" in served.client.get("/metrics").text


def test_a_policy_without_alerts_is_told_what_to_add(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit):
        list_alerts("default")
    added = re.search(r"`(alerts: .*)` \(docs", capsys.readouterr().err)
    assert added is not None
    assert AlertsSection.model_validate(yaml.safe_load(added[1])["alerts"]).rules


def test_alerts_of_several_policies_want_one_named(tmp_path: Path) -> None:
    environ = {"TIERGATE_POLICY": "default other"}
    refused = tiergate("alerts", "list", **environ)
    assert refused.returncode == Exit.USAGE
    assert "names 2 policies (default, other); expected one: say" in " ".join(
        refused.stderr.replace("│", " ").split()
    )
    assert tiergate("alerts", "list", "--policy", policy(tmp_path), **environ).returncode == 0
