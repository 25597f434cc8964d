"""The process: how it starts, reloads, is killed, drains, and what it says when it cannot start."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import threading
from pathlib import Path

import httpx
import psutil
import pytest

from router.api.compose.core import Settings
from router.policy.loading import policies_dir
from tests.kits.server_kit import (
    ROUTINE,
    START_S,
    Served,
    Upstream,
    eventually,
    tiergate,
    write_behaviours,
    write_ladder,
    write_policy,
)
from tests.kits.workers import events, workers_of


def verified(database: Path) -> dict[str, object]:
    """Returns what `tiergate ledger verify` prints; the books must be whole."""
    run = tiergate("ledger", "verify", "--json", "--database", database)
    assert run.returncode == 0, run.stdout + run.stderr
    return dict(json.loads(run.stdout))


def policies_of(folder: Path, url: str) -> list[Path]:
    """The ordinary policy, and others whose answers take their time."""
    slow = ("dripping", "dawdling", "lasting", "hang")
    return [write_policy(folder, url), *write_behaviours(folder, url, *slow)]


def in_background(url: str, count: int, **fields: object) -> list[threading.Thread]:
    """`count` threads that ask until the server is gone."""

    def ask() -> None:
        with httpx.Client(base_url=url, timeout=120.0) as client, contextlib.suppress(Exception):
            while True:
                client.post("/v1/chat/completions", json={**ROUTINE, **fields})

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


class Asking:
    """One request in a thread of its own, and what of its answer came."""

    def __init__(self, url: str, path: str, **fields: object) -> None:
        self.status, self.text, self.headers = 0, "", httpx.Headers()
        body = {**ROUTINE, "max_tokens": 99, **fields}
        if path == "/v1/responses":
            body = {"input": "hello there", **fields}
        self._thread = threading.Thread(target=self._ask, args=(url + path, body), daemon=True)
        self._thread.start()

    def _ask(self, url: str, body: dict[str, object]) -> None:
        with httpx.stream("POST", url, json=body, timeout=START_S) as response:
            self.status, self.headers = response.status_code, response.headers
            for piece in response.iter_text():
                self.text += piece

    def ended(self) -> Asking:
        """This, when its answer is over."""
        self._thread.join(START_S)
        return self


@pytest.mark.process
def test_banner_says_what_is_served(upstream: Upstream, tmp_path: Path) -> None:
    with Served(tmp_path, write_policy(tmp_path, upstream.url)) as served:
        for expected in (
            "tested@",
            "level 2 llm: mid not called yet",
            "curl -s",
            "tiergate report",
            "/docs",
        ):
            assert expected in served.output


@pytest.mark.process
def test_corrupt_model_file_leaves_it_serving_degraded(upstream: Upstream, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(Settings().model_dir, model)
    with (model / "encoder.onnx").open("r+b") as file:
        file.write(b"damage")
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--model-dir", str(model)) as served:
        assert "DEGRADED" in served.output
        assert served.client.get("/readyz").json()["triage"]["state"] == "degraded"
        assert served.chat().status_code == 200


@pytest.mark.process
def test_missing_provider_key_is_a_warning(tmp_path: Path) -> None:
    with Served(tmp_path, "--policy", "openai") as served:
        assert "${OPENAI_API_KEY} is not set" in served.output


@pytest.mark.process
def test_receiver_of_alerts_without_its_variable_is_a_warning(
    upstream: Upstream, tmp_path: Path
) -> None:
    policy = write_policy(tmp_path, upstream.url)
    alerts = "alerts: {rules: [{watch: drift}], webhooks: [{url: '${SLACK_HOOK}'}]}\n"
    policy.write_text(f"{policy.read_text()}{alerts}")
    with Served(tmp_path, policy) as served:
        warning = "alerts.webhooks[0].url: ${SLACK_HOOK} is not set; no alert reaches this receiver"
        assert f"warning    {warning}" in served.output


@pytest.mark.slow
def test_broken_policy_ends_with_2_and_every_mistake(tmp_path: Path) -> None:
    policy = tmp_path / "broken.yaml"
    policy.write_text("version: 1\nname: broken\nteirs: []\ncache: {exact: maybe}\n")
    run = tiergate("serve", "--policy", policy, "--port", "0", "--database", tmp_path / "l.db")
    assert run.returncode == 2
    assert "teirs" in run.stderr
    assert "cache.exact" in run.stderr


@pytest.mark.slow
def test_taken_port_ends_with_3(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = tiergate("serve", "--port", str(port), "--database", tmp_path / "l.db")
    assert run.returncode == 3
    assert f"127.0.0.1:{port}" in run.stderr


@pytest.mark.slow
def test_ledger_that_cannot_be_opened_ends_with_4(tmp_path: Path) -> None:
    database = tmp_path / "ledger.db"
    database.write_bytes(b"this is no database, " * 100)
    run = tiergate("serve", "--port", "0", "--database", database)
    assert run.returncode == 4
    assert "Traceback" not in run.stderr


def states_now(served: Served) -> list[str]:
    """The states of all requests, read at once: a command takes longer than a short answer."""
    with contextlib.closing(sqlite3.connect(served.database)) as books:
        return [state for (state,) in books.execute("SELECT state FROM requests")]


@pytest.mark.process
def test_sigterm_lets_a_running_stream_end(upstream: Upstream, tmp_path: Path) -> None:
    policies = policies_of(tmp_path, upstream.url)
    with Served(tmp_path, *policies) as served:
        body = {**ROUTINE, "model": "auto:dawdling", "stream": True}
        with served.client.stream("POST", "/v1/chat/completions", json=body) as response:
            pieces = response.iter_text()
            text = next(pieces)
            served.process.send_signal(signal.SIGTERM)
            text += "".join(pieces)
        assert text.rstrip().endswith("data: [DONE]")
        assert served.process.wait(START_S) == 0
    told = events(served, "draining", "drained")
    assert [one["event"] for one in told] == ["draining", "drained"]
    assert (told[0]["requests"], told[0]["at_most_s"]) == (1, 20)
    assert (told[1]["ended"], told[1]["cut"]) == (1, 0)
    assert [row["state"] for row in served.rows()] == ["settled"]
    assert verified(served.database)["open_requests"] == 0


@pytest.mark.process
@pytest.mark.parametrize("workers", ["1", "2"])
def test_new_connections_are_refused_while_answers_drain(
    upstream: Upstream, tmp_path: Path, workers: str
) -> None:
    policies = policies_of(tmp_path, upstream.url)
    options = ("--admin-listen", "0", "--workers", workers)
    with Served(tmp_path, *policies, *options) as served:
        operators = served.wait_for(r"docs +(http://\S+)/docs")[1]
        asking = Asking(served.url, "/v1/chat/completions", model="auto:dawdling", stream=True)
        eventually(lambda: asking.text)
        served.process.send_signal(signal.SIGTERM)
        eventually(lambda: not listens(served.url) and not listens(operators))
        assert "[DONE]" not in asking.text
        assert "[DONE]" in asking.ended().text
        assert served.process.wait(START_S) == 0


def listens(url: str) -> bool:
    with socket.socket() as client:
        return client.connect_ex((httpx.URL(url).host, httpx.URL(url).port)) == 0


@pytest.mark.process
@pytest.mark.parametrize("workers", ["1", "2"])
def test_answer_longer_than_the_drain_time_is_cut_with_a_word(
    upstream: Upstream, tmp_path: Path, workers: str
) -> None:
    policies = policies_of(tmp_path, upstream.url)
    with Served(tmp_path, *policies, "--drain-s", "0", "--workers", workers) as served:
        asking = [
            Asking(served.url, "/v1/chat/completions", model="auto:lasting"),
            Asking(served.url, "/v1/chat/completions", model="auto:lasting", stream=True),
            Asking(served.url, "/v1/responses", model="auto:lasting", stream=True),
            Asking(served.url, "/v1/messages", model="auto:lasting", stream=True),
        ]
        eventually(lambda: states_now(served) == ["open"] * 4)
        eventually(lambda: all(one.text for one in asking[1:]))
        assert served.end() == 0
        whole, *streams = [one.ended() for one in asking]
    assert (whole.status, whole.headers["retry-after"]) == (503, "1")
    assert json.loads(whole.text)["error"]["code"] == "server_stopping"
    assert all("The server is stopping" in stream.text for stream in streams)
    assert not any("[DONE]" in stream.text or "message_stop" in stream.text for stream in streams)
    told = events(served, "drained")
    assert (sum(one["ended"] for one in told), sum(one["cut"] for one in told)) == (0, 4)
    assert "Traceback" not in served.output
    assert verified(served.database)["open_requests"] == 0
    booked = [(row["state"], row["error_code"]) for row in served.rows()]
    assert booked == [("failed", "server_stopping")] * 4
    assert all(row["cost_nano_usd"] for row in served.rows())


@pytest.mark.process
@pytest.mark.crash
def test_killed_server_leaves_books_that_add_up(upstream: Upstream, tmp_path: Path) -> None:
    policies = policies_of(tmp_path, upstream.url)
    with Served(tmp_path, *policies) as served:
        asking = in_background(served.url, 4) + in_background(served.url, 2, model="auto:hang")

        def in_full_swing() -> bool:
            states = [row["state"] for row in served.rows()]
            return states.count("settled") > 2 and "open" in states

        eventually(in_full_swing)
        served.end(signal.SIGKILL)
        for thread in asking:
            thread.join(10)
    with Served(tmp_path, *policies) as again:
        assert again.chat().status_code == 200
        assert again.end() == 0
    found = verified(again.database)
    assert found["open_requests"] == 0
    rows = again.rows()
    # The price of those that were under way is known, so each row says what it counts at.
    assert sum(int(str(row["cost_nano_usd"])) for row in rows) == found["cost_nano_usd"]
    states = [row["state"] for row in rows]
    assert states.count("settled") > 2
    assert "unknown_cost" in states  # those that hang had been sent; nobody knows their outcome


@pytest.mark.process
def test_changed_policy_is_live_without_a_restart(upstream: Upstream, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy) as served:
        assert served.chat("new-name").status_code == 404
        write_policy(tmp_path, upstream.url, aliases={"new-name": "auto"})
        eventually(lambda: served.chat("new-name").status_code == 200)

        # A broken one never gets in, SIGHUP or not, and /readyz says what is wrong with it.
        policy.write_text("version: 1\nname: tested\n")
        served.process.send_signal(signal.SIGHUP)
        eventually(
            lambda: served.client.get("/readyz").json()["policies"]["tested"]["mistakes"] != []
        )
        assert served.chat("new-name").status_code == 200

        write_policy(tmp_path, upstream.url, aliases={"third-name": "auto"})
        served.process.send_signal(signal.SIGHUP)
        eventually(lambda: served.chat("third-name").status_code == 200)
        assert served.end() == 0


@pytest.mark.process
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_reload_asked_for_during_a_start_ends_nothing(
    upstream: Upstream, tmp_path: Path, workers: str
) -> None:
    policy = write_policy(tmp_path, upstream.url)
    served = Served(tmp_path, policy, "--workers", workers)
    status = Path(f"/proc/{served.process.pid}/status")
    ready = threading.Event()

    def reload_again_and_again() -> None:
        while not ready.wait(0.05):
            served.process.send_signal(signal.SIGHUP)

    # From here on the process neither ends of the signal nor misses a file that changes.
    eventually(lambda: _takes_or_ignores(status, signal.SIGHUP))
    asking = threading.Thread(target=reload_again_and_again)
    asking.start()
    try:
        with served:
            assert served.chat().status_code == 200
            ready.set()
            assert served.end() == 0
    finally:
        ready.set()
        asking.join()
    assert "worker_ended" not in served.output


def _takes_or_ignores(status: Path, number: signal.Signals) -> bool:
    masks = re.findall(r"^Sig(?:Ign|Cgt):\s*([0-9a-f]+)$", status.read_text(), re.M)
    return any(int(mask, 16) >> (number - 1) & 1 for mask in masks)


@pytest.mark.process
def test_a_reload_cuts_no_request_that_climbs(upstream: Upstream, tmp_path: Path) -> None:
    models, answered = ("hang", "slow:1.6"), list[httpx.Response]()
    policy = write_ladder(tmp_path, "tested", upstream.url, *models, deadline_s=2.0)
    with Served(tmp_path, policy) as served:
        climbing = threading.Thread(target=lambda: answered.append(served.chat()))
        climbing.start()
        before = served.client.get("/readyz").json()["policies"]["tested"]["hash"]
        changed = {"sections": {"description": "changed"}, "deadline_s": 2.0}
        write_ladder(tmp_path, "tested", upstream.url, *models, **changed)
        eventually(
            lambda: served.client.get("/readyz").json()["policies"]["tested"]["hash"] != before
        )
        climbing.join()
    assert answered[0].status_code == 200
    assert answered[0].headers["x-tiergate-policy"] == f"tested@{before}"


@pytest.mark.process
def test_a_reload_keeps_the_name_it_is_served_under(upstream: Upstream, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy) as served:
        policy.write_text(policy.read_text().replace("tested", "renamed"))
        served.process.send_signal(signal.SIGHUP)

        def said() -> list[str]:
            return served.client.get("/readyz").json()["policies"]["tested"]["mistakes"]

        eventually(lambda: said() != [])
        assert "restart" in said()[0]
        assert served.chat().headers["x-tiergate-policy"].startswith("tested@")
        assert served.chat().headers["x-tiergate-verdict"] == "accepted"


@pytest.mark.process
def test_workers_share_a_database_and_a_budget(upstream: Upstream, tmp_path: Path) -> None:
    # Each answer costs $0.00014, and a little more than $0.001 is held while it runs.
    limit_usd = 0.015
    policy = write_policy(tmp_path, upstream.url, budgets={"*": {"usd_per_day": limit_usd}})
    with Served(tmp_path, policy, "--workers", "2") as served:
        assert "with 2 workers" in served.output
        statuses: list[int] = []

        def ask() -> None:
            for _ in range(40):  # a connection each, so that both workers are met
                with httpx.Client(base_url=served.url, timeout=120.0) as client:
                    body = {**ROUTINE, "max_tokens": 100}
                    statuses.append(client.post("/v1/chat/completions", json=body).status_code)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert set(statuses) == {200, 429}
        page = httpx.get(f"{served.url}/metrics").text
        counted = re.findall(r"^tiergate_requests_total\{[^}]*\} (\S+)", page, re.MULTILINE)
        assert sum(map(float, counted)) == statuses.count(200)
        assert served.end() == 0
    rows = served.rows()
    assert sum(int(str(row["cost_nano_usd"])) for row in rows) <= limit_usd * 1e9
    assert sum(row["state"] == "settled" for row in rows) == statuses.count(200)
    assert int(str(verified(served.database)["writers"])) == 2


@pytest.mark.process
def test_workers_resolve_a_question_from_the_knowledge_file(
    upstream: Upstream, tmp_path: Path
) -> None:
    shipped, named = policies_dir(), ["orders", "accounts"]
    knowledge = str(shipped / "knowledge" / "customer_support.yaml")
    faq = {"name": "faq", "kind": "resolver", "knowledge": knowledge, "lookups": named}
    lookups = [
        {"name": name, "kind": "file", "path": str(shipped / "lookups" / f"{name}.json")}
        for name in named
    ]
    above = {"name": "mid", "kind": "upstream", "model": "answer", "base_urls": [upstream.url]}
    tiers = [
        {"name": "resolve", "level": 1, "answerers": [faq]},
        {"name": "llm", "level": 2, "answerers": [above]},
    ]
    policy = write_policy(tmp_path, upstream.url, tiers=tiers, lookups=lookups)
    messages = [{"role": "user", "content": "How do I return a parcel?"}]
    with Served(tmp_path, policy, "--workers", "2") as served:
        assert "with 2 workers" in served.output
        for _ in range(6):  # a connection each, so that both workers may be met
            with httpx.Client(base_url=served.url, timeout=120.0) as client:
                body = {"model": "auto", "messages": messages}
                response = client.post("/v1/chat/completions", json=body)
            assert response.status_code == 200, response.text
            row = served.row(response)
            assert (row["tier_number"], row["answerer"], row["verdict"]) == (1, "faq", "accepted")
        assert served.end() == 0


@pytest.mark.process
@pytest.mark.crash
def test_crashed_worker_is_started_again(upstream: Upstream, tmp_path: Path) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--workers", "2") as served:
        workers = workers_of(served.process.pid)
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        eventually(lambda: len(set(workers_of(served.process.pid)) - {workers[0]}) == 2)
        served.wait_for("worker_ended")
        assert served.chat().status_code == 200
        ends = "\ntiergate_worker_ends_total 1.0\n"
        eventually(lambda: ends in served.client.get("/metrics").text)
        assert served.end() == 0


@pytest.mark.process
@pytest.mark.crash
def test_worker_that_no_process_is_left_for_is_started_later(
    upstream: Upstream, tmp_path: Path
) -> None:
    policy = write_policy(tmp_path, upstream.url)
    with Served(tmp_path, policy, "--workers", "2") as served:
        supervisor, workers = psutil.Process(served.process.pid), workers_of(served.process.pid)
        limits = supervisor.rlimit(psutil.RLIMIT_NOFILE)
        supervisor.rlimit(psutil.RLIMIT_NOFILE, (3, limits[1]))  # a process needs pipes
        os.kill(workers[0], signal.SIGKILL)
        served.wait_for("worker_not_started")
        assert served.chat().status_code == 200
        supervisor.rlimit(psutil.RLIMIT_NOFILE, limits)
        eventually(lambda: len(set(workers_of(served.process.pid)) - {workers[0]}) == 2)
        assert served.end() == 0
    assert "Task exception" not in served.output
