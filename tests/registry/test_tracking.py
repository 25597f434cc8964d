"""MLflow's REST API as its documentation describes it, spoken with a small server of the test."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from router.errors import RegistryError
from router.registry import ModelFile, ModelKind, ModelState, ModelVersion
from router.registry.tracking import MOST_BYTES, Mlflow
from tests.kits.receivers import sending

PREFIX = "/api/2.0/mlflow/"
KEYS = {
    "experiments/create": {"name"},
    "runs/create": {"experiment_id", "run_name", "start_time", "tags"},
    "runs/log-batch": {"run_id", "params", "metrics"},
    "runs/update": {"run_id", "status", "end_time"},
    "runs/search": {"experiment_ids", "filter", "max_results"},
    "runs/set-tag": {"run_id", "key", "value"},
}
"""The documented fields of each call that Tiergate makes; another one is an error of the test."""


class Server(ThreadingHTTPServer):
    """Keeps experiments and runs as MLflow does, and refuses what its API does not document."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Api)
        self.experiments: dict[str, str] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.authorization = ""
        self.broken = False
        self.moved_to = ""
        self.refused = ""  # a call that is refused

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Api(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        if self.server.moved_to:
            self.send_response(302)
            self.send_header("Location", self.server.moved_to)
            self.end_headers()
            return
        parts = urlsplit(self.path)
        assert parts.path == f"{PREFIX}experiments/get-by-name"
        (name,) = parse_qs(parts.query)["experiment_name"]
        if name not in self.server.experiments:
            self._send(404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none"})
            return
        self._send(200, {"experiment": {"experiment_id": self.server.experiments[name]}})

    def do_POST(self) -> None:
        self.server.authorization = self.headers.get("Authorization", "")
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        call = self.path.removeprefix(PREFIX)
        if (
            self.server.broken
            or call == self.server.refused
            or not set(body) <= KEYS.get(call, set())
        ):
            self._send(400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "no"})
            return
        answer = getattr(self, "_" + call.replace("/", "_").replace("-", "_"))(body)
        self._send(200, answer)

    def _experiments_create(self, body: dict[str, Any]) -> dict[str, Any]:
        number = str(len(self.server.experiments) + 1)
        self.server.experiments[body["name"]] = number
        return {"experiment_id": number}

    def _runs_create(self, body: dict[str, Any]) -> dict[str, Any]:
        run = f"run{len(self.server.runs)}"
        tags = {tag["key"]: tag["value"] for tag in body["tags"]}
        self.server.runs[run] = {"tags": tags, "params": {}, "metrics": {}, "status": "RUNNING"}
        return {"run": {"info": {"run_id": run}}}

    def _runs_log_batch(self, body: dict[str, Any]) -> dict[str, Any]:
        assert len(body.get("params", [])) <= 100
        for kind in ("params", "metrics"):
            for pair in body.get(kind, []):
                assert re.fullmatch(r"[/\w.\- :]*", pair["key"]), pair  # as MLflow 3.17 refuses
                self.server.runs[body["run_id"]][kind][pair["key"]] = pair["value"]
        return {}

    def _runs_update(self, body: dict[str, Any]) -> dict[str, Any]:
        self.server.runs[body["run_id"]]["status"] = body["status"]
        return {"run_info": {}}

    def _runs_search(self, body: dict[str, Any]) -> dict[str, Any]:
        field, _, value = body["filter"].partition(" = ")
        assert field == "tags.`tiergate.version`"
        found = [
            {"info": {"run_id": run, "status": kept["status"]}}
            for run, kept in self.server.runs.items()
            if kept["tags"].get("tiergate.version") == value.strip("'")
        ]
        return {"runs": found} if found else {}

    def _runs_set_tag(self, body: dict[str, Any]) -> dict[str, Any]:
        self.server.runs[body["run_id"]]["tags"][body["key"]] = body["value"]
        return {}

    def _send(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


MODEL = ModelVersion(
    ModelKind.HEAD,
    "support_head",
    "3fa9c1d20b7e",
    (ModelFile("support.json", "0" * 64, 2),),
    1_790_000_000_000,
    dataset="d" * 64,
    hyperparameters={f"p{n}": n for n in range(120)},
    metrics={"accuracy": 0.91},
    licence="Apache-2.0",
)


def test_version_is_one_run_with_its_settings_and_figures(server: Server) -> None:
    client = Mlflow(server.url, {})
    assert client.track(MODEL) == client.track(MODEL) == "run0"
    (run,) = server.runs.values()
    assert server.experiments == {"tiergate/support_head": "1"}
    assert len(run["params"]) == 120
    assert (run["metrics"], run["status"]) == ({"accuracy": 0.91}, "FINISHED")
    assert run["tags"]["tiergate.dataset"] == "d" * 64


def test_promotion_changes_the_state_of_the_run(server: Server) -> None:
    from msgspec.structs import replace

    client = Mlflow(server.url + "/", {})
    client.tell_state(MODEL)
    client.tell_state(replace(MODEL, state=ModelState.ACTIVE))
    (run,) = server.runs.values()
    assert run["tags"]["tiergate.state"] == "active"


@pytest.mark.parametrize(
    ("environ", "sent"),
    [
        ({}, ""),
        ({"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ({"MLFLOW_TRACKING_USERNAME": "a", "MLFLOW_TRACKING_PASSWORD": "b"}, "Basic YTpi"),
    ],
)
def test_key_is_sent_as_mlflows_own_clients_do(
    server: Server, environ: dict[str, str], sent: str
) -> None:
    Mlflow(server.url, environ).track(MODEL)
    assert server.authorization == sent


def test_run_that_a_fault_left_unfinished_is_gone_on_with(server: Server) -> None:
    client = Mlflow(server.url, {})
    server.refused = "runs/log-batch"
    with pytest.raises(RegistryError, match="INVALID_PARAMETER_VALUE: no"):
        client.track(MODEL)
    server.refused = ""
    client.track(MODEL)
    (run,) = server.runs.values()
    assert (run["metrics"], run["status"]) == ({"accuracy": 0.91}, "FINISHED")


def test_name_that_mlflow_refuses_is_told_without_the_letter(server: Server) -> None:
    from msgspec.structs import replace

    odd = replace(MODEL, hyperparameters={"loss (mean)": 1}, metrics={"recall@5": 0.5})
    Mlflow(server.url, {}).track(odd)
    (run,) = server.runs.values()
    assert (run["params"], run["metrics"]) == ({"loss _mean_": "1"}, {"recall_5": 0.5})


def test_refusal_of_the_server_is_told(server: Server) -> None:
    server.broken = True
    with pytest.raises(RegistryError, match="answered 400: INVALID_PARAMETER_VALUE"):
        Mlflow(server.url, {}).track(MODEL)


def test_token_is_taken_to_no_server_that_another_names(server: Server) -> None:
    server.moved_to = "http://127.0.0.1:9/"
    with pytest.raises(RegistryError, match="answered 302"):
        Mlflow(server.url, {"MLFLOW_TRACKING_TOKEN": "t"}).track(MODEL)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b" " * (MOST_BYTES + 1), r"answered with more than 4,194,304 bytes; expected MLflow's"),
        (b"<html>", "answered no JSON; expected MLflow's"),
        (b"[]", "answered what is no object; expected MLflow's"),
    ],
)
def test_server_that_is_no_mlflow_is_told_by_its_answer(content: bytes, told: str) -> None:
    with sending(b"HTTP/1.1 200 OK\r\n\r\n" + content) as server:
        with pytest.raises(RegistryError, match=told) as caught:
            Mlflow(server.url, {}).track(MODEL)
        assert "does not answer" not in caught.value.message


def test_server_that_is_not_there_is_told() -> None:
    with pytest.raises(RegistryError, match="does not answer"):
        Mlflow("http://127.0.0.1:9", {}).track(MODEL)


def test_address_of_another_kind_is_refused() -> None:
    with pytest.raises(RegistryError, match="no address of MLflow"):
        Mlflow("file:///tmp/mlruns", {})
