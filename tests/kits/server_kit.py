"""Runs a real `tiergate serve` in a process of its own, before a real upstream, for whole tests.

`Upstream` is tests/kits/upstreams/fake_upstream.py as a program; `Served` is the server. Both end
with the test.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import yaml

from tests import ROOT
from tests.kits import forked

# Tests of clients run in the environment of the client, which may lack the gateway.
PYTHON = os.environ.get("GATEWAY_PYTHON") or sys.executable
START_S = 300.0  # generous: the machine may be loaded
COMMAND_S = 3 * START_S  # a command that never ends fails here
BEHAVIOURS = {
    "gone": "answer",
    "hang": "hang",
    "drip": "drip:0.2",
    "garbage": "garbage",
    "html": "html",
    "cut": "cut",
    "reset": "reset",
    "refused": "status:503",
    "flaky": "flaky:1",
    "limited": "rate-limited:1",
    "slow": "slow:1.5",
    "dripping": "drip:0.001",
    "dawdling": "drip:0.005",
    "lasting": "paced:0,0.05,20000",
}
ANSWERS = {
    "calls": "tool-calls",
    "thinks": "reasoning",
    "shortened": "length",
    "declines": "refusal",
    "object": "json",
    "echo": "echo",
    "agent": "agent",
    "editor": "editor",
    "sure": "logprobs",
}
"""Kinds of answers of an upstream, for the endpoints that translate them."""
ROUTINE = {"model": "auto", "messages": [{"role": "user", "content": "Where is my parcel?"}]}


def environment(**more: str) -> dict[str, str]:
    """Returns the environment of a child: ours without the variables that configure Tiergate."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TIERGATE_")}
    # A wide terminal, so that no table in the output is wrapped.
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "COLUMNS": "200", **more}


def tiergate(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end."""
    if forked.may_fork(more):
        return forked.run([*map(str, arguments)], environment(**more), timeout_s=COMMAND_S)
    return subprocess.run(
        [PYTHON, "-m", "router.cli", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=COMMAND_S,
        env=environment(**more),
        check=False,
    )


def printed(program: str) -> str:
    """Returns what a program of Python prints in a process of its own."""
    run = subprocess.run(
        [PYTHON, "-c", program], capture_output=True, text=True, env=environment(), check=True
    )
    return run.stdout


class _Program:
    """Runs a child process whose output goes to a file, so that it cannot block on a full pipe."""

    def __init__(
        self, command: Sequence[str], log: Path, env: Mapping[str, str], *, fork: bool = False
    ) -> None:
        """`fork`: the command is the arguments of `tiergate`."""
        self._log = log
        self.process: subprocess.Popen[bytes] | forked.Forked
        with log.open("wb") as file:
            if fork:
                order = forked.Order(command, str(log), str(log), env, os.getcwd())
                self.process = forked.Forked(order)
            else:
                self.process = subprocess.Popen(
                    command,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=dict(env),
                    # A shell's jobs in the background ignore SIGINT, and so would the server.
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                )

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def wait_for(self, pattern: str, timeout_s: float = START_S) -> re.Match[str]:
        """Returns the first match in the output. Fails when the program ends or takes too long."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            ended = self.process.poll() is not None
            if match := re.search(pattern, self.output):
                return match
            assert not ended, f"ended with {self.process.returncode}:\n{self.output}"
            time.sleep(0.02)
        raise AssertionError(f"no {pattern!r} after {timeout_s} s in:\n{self.output}")

    def end(self, number: signal.Signals = signal.SIGTERM, timeout_s: float = START_S) -> int:
        """Sends a signal, waits, and returns the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)


class Running(_Program):
    """Runs a command of `tiergate` that does not end by itself."""

    def __init__(self, folder: Path, *arguments: str | Path, **more: str) -> None:
        command = [PYTHON, "-m", "router.cli", *map(str, arguments)]
        super().__init__(command, folder / "running.log", environment(**more))

    def __enter__(self) -> Running:
        return self


class Upstream(_Program):
    """Runs the fake upstream as a program."""

    def __init__(self, folder: Path) -> None:
        command = [PYTHON, "-m", "tests.kits.upstreams.fake_upstream", "--port", "0"]
        super().__init__(command, folder / "upstream.log", environment())

    def __enter__(self) -> Upstream:
        self.url = self.wait_for(r"listening on (\S+)")[1]
        return self

    def seen(self) -> dict[str, float]:
        """Returns the number of requests (`count`) and of clients that left too early
        (`aborted`)."""
        return dict(httpx.get(f"{self.url.removesuffix('/v1')}/seen").json())


class Served(_Program):
    """Runs `tiergate serve` on a free port; `url` and `client` exist once it listens.

    Paths among the arguments are policies.
    """

    def __init__(
        self, folder: Path, *arguments: str | Path, ledger: str | Path = "", **more: str
    ) -> None:
        self.folder = folder
        self.database = ledger or folder / "ledger.db"
        command = ["serve", "--port", "0", "--database", str(self.database)]
        for argument in arguments:
            command += ["--policy", str(argument)] if isinstance(argument, Path) else [argument]
        fork = forked.may_fork(more)
        program = [] if fork else [PYTHON, "-m", "router.cli"]
        log = folder / "serve.log"
        super().__init__([*program, *command], log, environment(**more), fork=fork)

    def __enter__(self) -> Served:
        self.url = self.wait_for(r"Tiergate serves (http://\S+)")[1]
        self.wait_for(r"ready: ")
        self.client = httpx.Client(base_url=self.url, timeout=200.0)
        return self

    def connect(self) -> socket.socket:
        """Returns a raw connection, which waits for an answer for two minutes."""
        host, port = self.url.removeprefix("http://").split(":")
        return socket.create_connection((host, int(port)), timeout=120)

    def resident_kb(self) -> int:
        """Returns the memory that the process holds now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    def chat(self, model: str = "auto", key: str = "", **fields: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {key}"} if key else {}
        body = {**ROUTINE, "model": model, **fields}
        return self.client.post("/v1/chat/completions", json=body, headers=headers)

    def post(self, path: str, body: object, **headers: str) -> httpx.Response:
        """Sends a body as JSON; bytes are sent unchanged."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        given = {"content-type": "application/json", **headers}
        return self.client.post(path, content=content, headers=given)

    def rows(self) -> list[dict[str, object]]:
        """Returns all ledger rows, by the command that users have."""
        result = tiergate("ledger", "rows", "--json", "--database", self.database)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.splitlines()]

    def row(self, response: httpx.Response) -> dict[str, object]:
        """Returns the decision behind a response, by the API."""
        response_of_api = self.client.get(
            f"/v1/decisions/{response.headers['x-tiergate-decision-id']}"
        )
        assert response_of_api.status_code == 200, response_of_api.text
        return dict(response_of_api.json())

    def finished_row(self, response: httpx.Response) -> dict[str, object]:
        """Returns the row once it is no longer open; a failure is recorded after the response."""
        eventually(lambda: self.row(response)["state"] != "open")
        return self.row(response)


@contextmanager
def answering(folder: Path, **sections: object) -> Iterator[Served]:
    """Runs a server with the policy `tested` and one for each way to answer or to fail in a stream.

    `sections` are further sections of `tested`.
    """
    names = (*ANSWERS, "cut", "limited", "lasting", "hang")
    with Upstream(folder) as upstream:
        policy = write_policy(folder, upstream.url, max_body_bytes=100_000, **sections)
        with Served(folder, policy, *write_behaviours(folder, upstream.url, *names)) as server:
            yield server


def rest_of(connection: socket.socket) -> bytes:
    """Returns all that comes until the server closes."""
    received = b""
    while piece := connection.recv(65_536):
        received += piece
    return received


def events_of(text: str) -> list[tuple[str, dict[str, object]]]:
    """Returns the events of a stream with the JSON of each."""
    events = re.findall(r"^event: (\S+)\ndata: (.+)\n\n", text, re.MULTILINE)
    assert text.count("\n\n") == len(events), text
    return [(name, json.loads(text_of_event)) for name, text_of_event in events]


def eventually(condition: object, timeout_s: float = START_S) -> None:
    """Waits until `condition()` is true."""
    assert callable(condition)
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it never became so"
        time.sleep(0.02)


def write_policy(folder: Path, upstream_url: str, **sections: object) -> Path:
    """Writes the policy `tested`: one tier at level 2, whose answerer `mid` is the upstream."""
    answerer = _answerer("mid", "answer", upstream_url)
    return _write(folder, "tested", answerer, {"aliases": {"gpt-4o": "auto"}, **sections})


def write_behaviours(folder: Path, upstream_url: str, *names: str) -> list[Path]:
    """Writes a policy for each name in BEHAVIOURS or ANSWERS: `auto:hang` calls one that hangs."""
    paths = []
    for name in names:
        # Port 9 (discard) has no server on a usual machine.
        url = "http://127.0.0.1:9/v1" if name == "gone" else upstream_url
        # The machine may be loaded: only what never comes in time has little of it.
        deadline_s = 1.0 if name in ("hang", "drip") else 300.0
        behaviour = {**BEHAVIOURS, **ANSWERS}[name]
        answerer = _answerer(name, behaviour, url, deadline_s=deadline_s)
        paths.append(_write(folder, name, answerer, {}))
    return paths


def write_ladder(
    folder: Path,
    name: str,
    upstream_url: str,
    *models: str,
    sections: Mapping[str, object] | None = None,
    **more: object,
) -> Path:
    """Writes a policy whose only tier calls these models of the upstream, one after the other."""
    answerers = [
        _answerer(f"rung-{i}", model, upstream_url, **more) for i, model in enumerate(models)
    ]
    tier = {"name": "llm", "level": 2, "answerers": answerers}
    return _write(folder, name, answerers[0], {"tiers": [tier], **(sections or {})})


def _write(folder: Path, name: str, answerer: object, sections: Mapping[str, object]) -> Path:
    policy = {
        "version": 1,
        "name": name,
        "tiers": [{"name": "llm", "level": 2, "answerers": [answerer]}],
        "cache": {"exact": False},
        **sections,
    }
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(policy, sort_keys=False), encoding="utf-8")
    book = folder / "prices.yaml"  # without rates, so that an answer costs what the test sets
    if not book.exists():
        book.write_text("version: 1\nname: tests\nas_of: 2026-11-20\n", encoding="utf-8")
    return path


def _answerer(name: str, model: str, url: str, **more: object) -> dict[str, object]:
    return {
        "name": name,
        "kind": "upstream",
        "model": model,
        "base_urls": [url],
        "retries": 0,
        "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 10, "version": "tests"},
        "deadline_s": 120.0,
        **more,
    }


def at_the_rate(compute_ms: float) -> int:
    """Returns the cost of so many milliseconds of a core at the shipped rate: $0.05 an hour."""
    return -(-round(compute_ms * 1000) * 13_889 // 1_000_000)


def spent_in(page: str, tier: str) -> float:
    """Returns the dollars that a page of metrics counts for a tier."""
    (dollars,) = re.findall(
        rf'^tiergate_cost_usd_total{{tier="{tier}"}} (\S+)$', page, re.MULTILINE
    )
    return float(dollars)
