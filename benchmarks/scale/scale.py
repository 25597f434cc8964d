"""Compares a large installation with a small one: cost of a request, reload, idle connections.

    python -m benchmarks scale [--quick] [--rounds N] [--json]

The small installation has one policy with 100 approved answers, 10 keys and 10 tenants with
budgets; the large one has 100 policies with 10,000 answers in all, 10,000 keys and 1,000 tenants.
Both run on one core, the client and an instant upstream on the other, and rounds alternate between
them. Clients take all keys and all policies in turn. CPU time per request hardly depends on other
programs; waits do, so each is printed beside the same wait without what is measured. Only 127.0.0.1
is used; the bench ends everything that it starts.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.gateway import cpu_seconds
from benchmarks.scale.installation import (
    LARGE,
    QUICK_LARGE,
    SMALL,
    Running,
    Size,
    memory_mb,
    running,
)
from benchmarks.stage import ROOT, cores, free_port, pinned_to, started, wait_for

COST_TARGET, WAIT_TARGET_MS = 1.2, 20.0
RATE = 50.0
"""Requests a second while waits are measured: one connection that leaves the core mostly idle."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets the size of the large installation and the length of a measurement."""

    rounds: int = 5
    seconds: float = 4.0
    large: Size = LARGE
    idle: int = 2_000  # connections
    silent_s: float = 3.0  # for the processor time while nobody asks


QUICK = Plan(rounds=1, seconds=0.3, large=QUICK_LARGE, idle=200, silent_s=0.3)


def load(
    target: Running,
    core: int | None,
    seconds: float,
    seed: int,
    *more: str,
    requests: int | None = None,
) -> dict[str, Any]:
    """Runs the load generator for seconds, or for so many requests.

    Returns its figures and the target's processor time a request.
    """
    command = [
        sys.executable, "benchmarks/loadgen.py", "--url", target.url, "--keys", str(target.keys),
        "--models", ",".join(target.models), "--seed", str(seed),
        "--seconds", str(seconds if requests is None else 120.0),
        "--requests", str(requests or int(3_000 * seconds)), *more,
    ]  # fmt: skip

    before = cpu_seconds(target.pid)
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, preexec_fn=pinned_to(core)
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    after = cpu_seconds(target.pid)
    if before is not None and after is not None and figures["requests"]:
        figures["cpu_us"] = round((after - before) / figures["requests"] * 1e6, 1)
    return figures


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, Any]:
    """Returns all figures."""
    pinned = cores()
    ours, theirs = pinned if pinned else (None, None)
    with tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name:
        folder = Path(name)
        port = free_port()
        upstream = f"http://127.0.0.1:{port}/v1"
        fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(port)]
        with contextlib.ExitStack() as stack:
            stack.enter_context(started(fake, theirs, folder / "upstream.log"))
            wait_for(f"{upstream}/models", folder / "upstream.log")
            say("scale: starts the small installation")
            little = stack.enter_context(running(folder / "small", SMALL, upstream, ours))
            say("scale: starts the large installation")
            much = stack.enter_context(running(folder / "large", plan.large, upstream, ours))
            return {
                "small": asdict(SMALL),
                "large": asdict(plan.large),
                "start_s": [round(little.start_s, 1), round(much.start_s, 1)],
                "cost": _cost(little, much, theirs, plan, say),
                "silent_percent": [
                    round(100 * _silent(one.pid, plan.silent_s), 1) for one in (little, much)
                ],
                "memory_mb": [round(memory_mb(one.pid)) for one in (little, much)],
                "idle": _idle(much, theirs, plan, say),
                "reload": _reload(much, theirs, plan.seconds, say),
            }


def _cost(
    little: Running,
    much: Running,
    core: int | None,
    plan: Plan,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Returns processor time a request of both, and the median of their ratio within a round."""
    pairs, faults = [], 0
    for target in (little, much):
        # Each tenant and each policy comes before it counts, as in a gateway that serves.
        load(target, core, plan.seconds, 1, "--connections", "8", requests=plan.large.tenants + 100)
    for number in range(plan.rounds):
        say(f"scale: cost of a request, round {number + 1} of {plan.rounds}")
        both = [
            load(target, core, plan.seconds, 10 + number, "--connections", "8")
            for target in (little, much)
        ]
        faults += sum(one["not_200"] + one["lost"] for one in both)
        pairs.append([one["cpu_us"] for one in both])
    ratio = statistics.median(large / small for small, large in pairs)
    return {"cpu_us": pairs, "ratio": round(ratio, 3), "faults": faults}


def _silent(pid: int, seconds: float) -> float:
    """Returns the share of a core that a process takes while nobody asks."""
    before = cpu_seconds(pid) or 0.0
    time.sleep(seconds)
    return ((cpu_seconds(pid) or 0.0) - before) / seconds


def _reload(
    target: Running, core: int | None, seconds: float, say: Callable[[str], None]
) -> list[dict[str, Any]]:
    """Returns waits at a steady pace: undisturbed, while one policy changes, while all are read."""
    say("scale: waits during a reload")
    steady = ("--connections", "1", "--rate", str(RATE))
    rows: list[dict[str, Any]] = []
    for name in ("undisturbed", "one policy changes", "SIGHUP: all are read again"):
        with subprocess.Popen(["sleep", "0.5"]) as delay:
            delay.wait()
        if name == "one policy changes":
            file = target.files[0]
            policy = json.loads(file.read_text("utf-8"))
            file.write_text(json.dumps(policy | {"description": str(time.time())}), "utf-8")
        elif name != "undisturbed":
            os.kill(target.pid, signal.SIGHUP)
        figures = load(target, core, seconds, 90 + len(rows), *steady)
        rows.append(
            {"name": name} | {k: figures[k] for k in ("requests", "p50_ms", "p99_ms", "max_ms")}
        )
    return rows


def _idle(
    target: Running, core: int | None, plan: Plan, say: Callable[[str], None]
) -> dict[str, Any]:
    """Returns memory for each silent connection, and the p99 of active ones beside them."""
    say(f"scale: {plan.idle} idle connections")
    before = memory_mb(target.pid)
    alone = load(target, core, plan.seconds, 70, "--connections", "8")
    address = (urlsplit(target.url).hostname, urlsplit(target.url).port)
    with contextlib.ExitStack() as silent:
        for _ in range(plan.idle):
            silent.enter_context(socket.create_connection(address, timeout=30))
        beside = load(target, core, plan.seconds, 71, "--connections", "8")
        kept = memory_mb(target.pid) - before
    return {
        "connections": plan.idle,
        "kb_each": round(kept * 1024 / max(1, plan.idle), 1),
        "p99_ms": [alone["p99_ms"], beside["p99_ms"]],
        "cpu_us": [alone["cpu_us"], beside["cpu_us"]],
    }


def show(figures: dict[str, Any]) -> str:
    """Returns the figures as text."""
    small, large = figures["small"], figures["large"]
    held = "{policies} policies, {answers:,} answers, {keys:,} keys, {tenants:,} tenants"
    lines = [
        f"small: {held.format(**small)}; large: {held.format(**large)}",
        "{:<34}{:>10}{:>10}{:>8}".format("", "small", "large", "ratio"),
    ]
    cost = figures["cost"]
    middle = [statistics.median(column) for column in zip(*cost["cpu_us"], strict=True)]
    lines.append(
        f"{'CPU us a request':<34}{middle[0]:>10,.0f}{middle[1]:>10,.0f}{cost['ratio']:>8}"
    )
    for name, (a, b) in (
        ("start s", figures["start_s"]),
        ("memory MB", figures["memory_mb"]),
        ("% of a core just after a load", figures["silent_percent"]),
    ):
        lines.append(f"{name:<34}{a:>10,}{b:>10,}{b / max(a, 0.1):>8.2f}")
    lines.append(f"{'waits of the large one, ms':<34}{'p50':>10}{'p99':>10}{'longest':>10}")
    for row in figures["reload"]:
        lines.append(f"{row['name']:<34}{row['p50_ms']:>10}{row['p99_ms']:>10}{row['max_ms']:>10}")
    idle = figures["idle"]
    lines.append(
        f"{idle['connections']:,} idle connections: {idle['kb_each']} kB each; p99 of 8 active "
        f"{idle['p99_ms'][0]} -> {idle['p99_ms'][1]} ms, CPU us {idle['cpu_us'][0]} -> "
        f"{idle['cpu_us'][1]}"
    )
    cheap = cost["ratio"] <= COST_TARGET
    waited = max(row["max_ms"] for row in figures["reload"][1:])
    lines += [
        f"Answers other than 200 and broken connections: {cost['faults']}.",
        f"Target of {COST_TARGET} x for a request: {'reached' if cheap else 'missed'}; of "
        f"{WAIT_TARGET_MS:g} ms during a reload: "
        f"{'reached' if waited <= WAIT_TARGET_MS else 'missed'} ({waited} ms, undisturbed "
        f"{figures['reload'][0]['max_ms']}).",
    ]
    return "\n".join(lines)
