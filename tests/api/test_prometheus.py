"""What ships for Prometheus and Grafana in `deploy/`, held against the series that there are."""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from router.api.compose.mounted.learning_view import ActiveAlarm
from router.api.observability.metrics import Metrics
from router.api.release import own_version
from router.types import CallRefused
from tests import ROOT
from tests.api.test_call_metrics import FAILED, Unwise
from tests.kits.books.ledger_rows import StandingClock
from tests.kits.learnt_kit import write_learnt
from tests.kits.server_kit import Served, Upstream, eventually, write_behaviours, write_policy
from tests.kits.workers import workers_of

RULES = ROOT / "deploy/prometheus/tiergate.rules.yml"
DASHBOARD = ROOT / "deploy/grafana/tiergate.json"
NAME = re.compile(r"\btiergate_\w+")
BY = re.compile(r"by \(([^)]+)\)")
OF_PROMETHEUS = {"instance", "le", "alertname"}


def rules() -> list[dict[str, str]]:
    (group,) = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return list(group["rules"])


def dashboard() -> list[str]:
    """The expressions of the dashboard, as Grafana sends them for all instances."""
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    found = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    filled = [one.replace("$__rate_interval", "1m").replace("$instance", ".*") for one in found]
    assert "$" not in "".join(filled)
    return filled


def expressions() -> list[str]:
    return [rule["expr"] for rule in rules()] + dashboard()


class Watching:
    """One alarm of one policy that is looked at."""

    def alarms_now(self) -> list[ActiveAlarm]:
        return [ActiveAlarm("p", "drift", "acme / p / language")]

    def overdue_at_ms(self) -> dict[str, int]:
        return {"p": 1000}


def test_active_alarm_is_a_series() -> None:
    metrics = Metrics()
    metrics.alarms = Watching()
    (line,) = [x for x in metrics.page().decode().splitlines() if x.startswith("tiergate_alarm_")]
    assert line.endswith('{policy="p",subject="acme / p / language",watched="drift"} 1.0')


def test_own_time_is_a_series_in_seconds() -> None:
    metrics = Metrics()
    metrics.clock = StandingClock(1_500)
    assert "\ntiergate_time_seconds 1.5\n" in metrics.page().decode()


def test_build_and_memory_of_one_process_are_series() -> None:
    page = Metrics().page().decode()
    python, release = platform.python_version(), own_version()
    assert f'tiergate_build_info{{python="{python}",version="{release}"}} 1.0\n' in page
    resident = re.search(r"^process_resident_memory_bytes (\S+)$", page, re.MULTILINE)
    assert resident is not None
    assert float(resident[1]) > 1e6


def test_requests_that_run_are_counted(tmp_path: Path) -> None:
    def running(served: Served) -> float:
        page = served.client.get("/metrics").text
        (line,) = re.findall(r"^tiergate_requests_in_flight (\S+)$", page, re.MULTILINE)
        return float(line)

    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, *write_behaviours(tmp_path, upstream.url, "slow")) as served,
    ):
        assert running(served) == 1  # the one for the page
        asking = threading.Thread(target=served.chat)
        asking.start()
        eventually(lambda: running(served) == 2)
        asking.join()
        assert running(served) == 1


@pytest.mark.process
def test_each_worker_has_its_memory(tmp_path: Path) -> None:
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, write_policy(tmp_path, upstream.url), "--workers", "2") as served,
    ):
        page = served.client.get("/metrics").text
        assert "\ntiergate_requests_in_flight 1.0\n" in page
        pids = re.findall(r'^process_resident_memory_bytes{pid="(\d+)"}', page, re.MULTILINE)
        assert sorted(map(int, pids)) == sorted(workers_of(served.process.pid))


def exported() -> dict[str, set[str]]:
    """The series of a page of metrics, with their labels as the documents name them."""
    metrics = Metrics()
    metrics.limits, metrics.alarms = Unwise(), Watching()
    metrics.clock = StandingClock(0)
    metrics.calls.happened(FAILED)
    metrics.calls.happened(CallRefused("acme", "", "overloaded", "", "", "", False, ""))
    names: set[str] = set()
    for line in metrics.page().decode().splitlines():
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split()
            names |= {f"{name}{end}" for end in ("_bucket", "_sum", "_count")} | {name}
            names |= {f"{name}_total"} if kind == "counter" else set()
    text = (ROOT / "docs/reference/log.md").read_text("utf-8")
    table = re.findall(r"^\| `(tiergate_\w+)` \| ([^|]*) \|", text, re.MULTILINE)
    labels = {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in table}
    for name, cell in table:
        if cell == "the same":
            labels[name] = labels["tiergate_budget_limit_usd"]
    return {name: labels.get(re.sub("_(bucket|sum|count)$", "", name), set()) for name in names}


def test_rules_ask_only_for_series_that_exist() -> None:
    series = exported()
    named = {name for one in expressions() for name in NAME.findall(one)}
    assert named - set(series) == set()
    assert len(named) > 15  # the pattern finds them


def test_rules_group_by_labels_that_exist() -> None:
    series = exported()
    for one in expressions():
        known = set().union(*(series[name] for name in NAME.findall(one))) | OF_PROMETHEUS
        asked = {label.strip() for by in BY.findall(one) for label in by.split(",")}
        assert asked <= known, one


def test_every_alert_says_what_to_do() -> None:
    for rule in rules():
        assert set(rule["annotations"]) == {"summary", "todo"}, rule["alert"]
        assert rule["labels"]["severity"] in {"page", "ticket"}  # type: ignore[index]


def program(name: str) -> str:
    """The path of a program of Debian's package prometheus."""
    found = shutil.which(name)
    if found is None:
        pytest.skip("Prometheus is not installed (apt-get install prometheus)")
    return found


@pytest.mark.slow
@pytest.mark.parametrize("what", [("check", RULES.name), ("test", "tiergate.rules.test.yml")])
def test_promtool_takes_the_rules_and_fires_each(what: tuple[str, str]) -> None:
    command = [program("promtool"), what[0], "rules", what[1]]
    done = subprocess.run(command, cwd=RULES.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@contextmanager
def prometheus(folder: Path, target: str) -> Iterator[httpx.Client]:
    """A real Prometheus with our rules, which scrapes `target` each second."""
    config = yaml.safe_load((RULES.parent / "prometheus.yml").read_text("utf-8"))
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(RULES)]
    config["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config), "utf-8")
    log = folder / "prometheus.log"
    with log.open("wb") as file:
        command = [
            program("prometheus"),
            f"--config.file={folder / 'prometheus.yml'}",
            f"--storage.tsdb.path={folder / 'prometheus'}",
            "--web.listen-address=127.0.0.1:0",
        ]
        process = subprocess.Popen(command, stdout=file, stderr=file)
    try:
        listens = re.compile(r'"Listening on" address=(\S+)')
        eventually(lambda: listens.search(log.read_text("utf-8")))
        found = listens.search(log.read_text("utf-8"))
        assert found is not None
        with httpx.Client(base_url=f"http://{found[1]}", timeout=120.0) as client:
            eventually(lambda: client.get("/-/ready").status_code == 200)
            yield client
    finally:
        process.terminate()
        process.wait(30)


def value(client: httpx.Client, query: str) -> float | None:
    answer = client.get("/api/v1/query", params={"query": query})
    assert answer.status_code == 200, f"{query}: {answer.text}"
    result = answer.json()["data"]["result"]
    return float(result[0]["value"][1]) if result else None


def healths(client: httpx.Client) -> set[str]:
    """What Prometheus says of the evaluation of each rule."""
    (group,) = client.get("/api/v1/rules").json()["data"]["groups"]
    return {rule["health"] for rule in group["rules"]}


def policy_of(folder: Path, url: str) -> Path:
    return write_policy(folder, url, alerts={"rules": [{"watch": "drift"}]})


@pytest.mark.slow
@pytest.mark.process
def test_real_prometheus_reads_a_real_server(tmp_path: Path) -> None:
    program("prometheus")
    state = write_learnt(tmp_path / "state", "tested")
    with (
        Upstream(tmp_path) as upstream,
        Served(tmp_path, policy_of(tmp_path, upstream.url), "--state-dir", str(state)) as served,
        prometheus(tmp_path, served.url.removeprefix("http://")) as client,
    ):
        for _ in range(5):
            assert served.chat().status_code == 200
        eventually(lambda: value(client, "sum(tiergate_requests_total)") == 5.0)
        assert value(client, 'up{job="tiergate"}') == 1.0
        # A rate needs two scrapes.
        eventually(lambda: value(client, "rate(tiergate_calls_total[1m])") is not None)
        for query in dashboard():
            value(client, query)
        for answered in ("tiergate_request_seconds_bucket", "tiergate_cost_usd_total"):
            assert value(client, f"rate({answered}[1m])") is not None
        eventually(lambda: healths(client) == {"ok"})
        # An alarm of drift, and that nobody has looked since.
        for alert in ("TiergateAlarm", "TiergateAlertsStopped"):
            query = f'ALERTS{{alertname="{alert}"}}'
            eventually(lambda query=query: value(client, query) == 1.0)
