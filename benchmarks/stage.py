"""Starts what the gateway's benchmarks measure: gateway, upstream and nginx, each on its core.

The gateway is `tiergate serve` with everything on, before the tests' upstream, which answers at
once; nginx, if it is installed, proxies to the same upstream. It knows nothing about measuring.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from benchmarks.loadgen import prompts
from router.analysis.demo import read_prompts
from router.api.compose.clock import SystemClock
from router.ledger.sql.database import Database
from router.ledger.tables.keys import SqlKeyStore
from router.types import Scope

ROOT = Path(__file__).parents[1]
READY_S = 30.0

OPENINGS = ("", "hi, ", "hello, ", "good morning, ", "hey, ", "excuse me, ", "hi there, ",
            "dear team, ", "good evening, ", "hello again, ")  # fmt: skip
ENDINGS = ("", " please", " thanks", " thank you", ", thanks a lot", " many thanks",
           ", please tell me", " thank you very much", " please, thanks")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Target:
    """Names a server of chat completions and what to send to it."""

    name: str
    url: str
    key: str = ""
    pid: int | None = None  # the process whose CPU time is counted
    stream: bool = False
    prompts: Path | None = None
    headers: tuple[str, ...] = ()  # "name: value", besides those of every request


def cores() -> tuple[int, int] | None:
    """Returns the gateway's core and the clients' core; None when processes cannot be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return None
    usable = sorted(os.sched_getaffinity(0))
    return (usable[0], usable[1]) if len(usable) > 1 else None


def pinned_to(core: int | None) -> Callable[[], None]:
    """Returns what a process that is being started does to stay on this core; None: on any."""
    return lambda: None if core is None else os.sched_setaffinity(0, {core})


@contextlib.contextmanager
def started(
    command: Sequence[str], core: int | None, log: Path, environ: Mapping[str, str] | None = None
) -> Iterator[int]:
    """Starts a process on one core; yields its id, and ends it by that id."""

    with (
        log.open("wb") as out,
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environ or {})},
            preexec_fn=pinned_to(core),
        ) as process,
    ):
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def free_port() -> int:
    """Returns a free port of 127.0.0.1; another program could take it before its use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(url: str, log: Path, ready_s: float = READY_S) -> None:
    """Waits until `url` answers with any status. Raises RuntimeError with the process's output."""
    until = time.monotonic() + ready_s
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise RuntimeError(f"{url} did not come up: {log.read_text(errors='replace')[-2000:]}")


def policy_text(upstream: str) -> str:
    """Returns the shipped default policy over two tiers: its level 1, and the upstream."""
    policy = yaml.safe_load((ROOT / "policies" / "default.yaml").read_text("utf-8"))
    fake = {
        "name": "instant",
        "kind": "upstream",
        "model": "fake-1",
        "base_urls": [upstream],
        "price": {"input_usd_per_mtok": 0.25, "output_usd_per_mtok": 2, "version": "bench"},
        "max_output_tokens": 1024,
        # The instant upstream answers in well under this time.
        "expected_latency_ms": 5,
        "concurrency": 256,
        # Nothing is held back, so the bench measures the gateway and not a verification.
        "verify": {"default": "none", "hard_rule": "none"},
    }
    policy |= {
        "name": "bench",
        "tiers": [
            policy["tiers"][0],
            {"name": "llm", "level": 2, "answerers": [fake]},
        ],
        "cache": {"exact": False},
    }
    # These sections name tiers and tenants that the bench does not have.
    for name in ("examples", "report", "budgets"):
        policy.pop(name, None)
    return json.dumps(policy)  # JSON is YAML


def nginx_text(folder: Path, port: int, upstream_port: int) -> str:
    temp = "\n".join(
        f"  {kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""
daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 10000000;
{temp}
  upstream instant {{
    server 127.0.0.1:{upstream_port};
    keepalive 128;
    keepalive_requests 10000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://instant;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
}}
"""


def approved_prompts() -> list[str]:
    """Returns wordings of questions for which there are approved answers without slots."""
    file = ROOT / "policies" / "knowledge" / "customer_support.yaml"
    intents = yaml.safe_load(file.read_text("utf-8"))["intents"]
    utterances = [u for intent in intents if not intent.get("slots") for u in intent["utterances"]]
    made = ["".join(parts) for parts in itertools.product(OPENINGS, utterances, ENDINGS)]
    random.Random(7).shuffle(made)
    return made


def reworded_prompts() -> list[str]:
    """Returns customers' questions in other words: nearly each is read with likely answers."""
    lines = (ROOT / "policies" / "demo" / "prompts.jsonl").read_text("utf-8").splitlines()
    asked = [one.prompt for one in read_prompts(lines) if "intent" in one.expects]
    made = ["".join(parts) for parts in itertools.product(OPENINGS, asked, ENDINGS)]
    random.Random(7).shuffle(made)
    return made


def template_prompts() -> list[str]:
    """Returns forty of the prompts that are otherwise never alike, each with many numbers."""
    draw = random.Random(11)
    forty = [prompt.rpartition(" ")[0] for prompt in itertools.islice(prompts(11), 40)]
    numbers = draw.sample(range(1_000, 10_000), 1_000)
    made = [f"{text} {number}." for text in forty for number in numbers]
    draw.shuffle(made)
    return made


@dataclass(frozen=True, slots=True)
class Stage:
    """Holds everything that runs during the measurement."""

    direct: Target
    gateway: Target
    nginx: Target | None
    database: Path
    approved: Path
    reworded: Path
    templates: Path
    cores: tuple[int, int] | None

    @property
    def client_core(self) -> int | None:
        return self.cores[1] if self.cores else None


@contextlib.contextmanager
def stage(folder: Path, device: str = "auto") -> Iterator[Stage]:
    """Starts upstream, gateway and (if installed) nginx; yields when all of them answer.

    `device` is where the gateway runs triage, as `tiergate serve` has it.
    """
    pinned = cores()
    ours, theirs = pinned if pinned else (None, None)
    ports = [free_port() for _ in range(3)]
    path = "/v1/chat/completions"
    upstream = f"http://127.0.0.1:{ports[0]}/v1"
    (folder / "bench.yaml").write_text(policy_text(upstream), "utf-8")
    approved = folder / "approved.txt"
    approved.write_text("\n".join(approved_prompts()), "utf-8")
    reworded = folder / "reworded.txt"
    reworded.write_text("\n".join(reworded_prompts()), "utf-8")
    templates = folder / "templates.txt"
    templates.write_text("\n".join(template_prompts()), "utf-8")
    database = folder / "ledger.db"
    key = create_key(database)
    fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(ports[0])]
    serve = [
        sys.executable,
        "-m",
        "router.cli",
        "serve",
        "--policy",
        str(folder / "bench.yaml"),
        "--port",
        str(ports[1]),
        "--database",
        str(database),
        "--log-level",
        "warning",
        "--device",
        device,
    ]
    with contextlib.ExitStack() as running:
        logs = {name: folder / f"{name}.log" for name in ("upstream", "gateway", "nginx")}
        running.enter_context(started(fake, theirs, logs["upstream"]))
        pid = running.enter_context(
            started(serve, ours, logs["gateway"], {"TIERGATE_POLICY": "", "PYTHONPATH": str(ROOT)})
        )
        wait_for(f"{upstream}/models", logs["upstream"])
        wait_for(f"http://127.0.0.1:{ports[1]}/healthz", logs["gateway"])
        nginx = None
        # Debian installs it in a folder that is not on every user's path.
        program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
        if program is not None:
            config = folder / "nginx.conf"
            config.write_text(nginx_text(folder, ports[2], ports[0]))
            command = [program, "-p", str(folder), "-c", str(config)]
            nginx_pid = running.enter_context(started(command, ours, logs["nginx"]))
            wait_for(f"http://127.0.0.1:{ports[2]}/v1/models", logs["nginx"])
            nginx = Target("nginx", f"http://127.0.0.1:{ports[2]}{path}", pid=nginx_pid)
        yield Stage(
            direct=Target("direct", f"http://127.0.0.1:{ports[0]}{path}"),
            gateway=Target("tiergate", f"http://127.0.0.1:{ports[1]}{path}", key, pid),
            nginx=nginx,
            database=database,
            approved=approved,
            reworded=reworded,
            templates=templates,
            cores=pinned,
        )


def create_key(database: Path) -> str:
    """Creates an API key with the scope `chat` in the ledger; returns its secret."""
    opened = Database.open(database)
    try:
        return SqlKeyStore(opened, SystemClock()).create("bench", [Scope.CHAT], "bench").secret
    finally:
        opened.close()
