"""Measures 1, 2 and 4 workers: requests a second, processor time, memory of each.

    python -m benchmarks workers [--quick] [--rounds N] [--json]

All processes share the machine's cores: workers, client and an instant upstream. With few cores
requests a second cannot grow with the workers, so the figure to read there is processor time per
request, of all workers together: `efficiency` is that of one worker divided by that of n, which is
what n cores could add. On a machine with more cores than workers and client need, requests a second
say the same. `memory MB` is a worker's resident memory, `own MB` its share of pages that processes
share. Only 127.0.0.1 is used; the bench ends everything that it starts.
"""

from __future__ import annotations

import contextlib
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.gateway import cpu_seconds
from benchmarks.scale.installation import (
    SMALL,
    Running,
    children,
    memory_mb,
    own_memory_mb,
    running,
)
from benchmarks.scale.scale import load
from benchmarks.stage import free_port, started, wait_for

EFFICIENCY_TARGET, MEMORY_TARGET_MB = 0.85, 200


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets the length of a measurement."""

    rounds: int = 5
    seconds: float = 4.0
    workers: tuple[int, ...] = (1, 2, 4)


QUICK = Plan(rounds=1, seconds=0.3, workers=(1, 2))


def measure(plan: Plan, say: Callable[[str], None]) -> list[dict[str, Any]]:
    """Returns a row for each number of workers."""
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name,
        contextlib.ExitStack() as stack,
    ):
        folder = Path(name)
        port = free_port()
        upstream = f"http://127.0.0.1:{port}/v1"
        fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(port)]
        stack.enter_context(started(fake, None, folder / "upstream.log"))
        wait_for(f"{upstream}/models", folder / "upstream.log")
        gateways = {}
        for count in plan.workers:
            say(f"workers: starts {count}")
            more = ("--workers", str(count))
            gateways[count] = stack.enter_context(
                running(folder / str(count), SMALL, upstream, None, *more)
            )
            load(gateways[count], None, plan.seconds, 1, "--connections", "64")
        rounds_of: dict[int, list[dict[str, Any]]] = {count: [] for count in plan.workers}
        for number in range(plan.rounds):
            for count in plan.workers:
                say(f"workers: round {number + 1} of {plan.rounds}, {count}")
                rounds_of[count].append(_round(gateways[count], plan.seconds, 10 + number))
        for count in plan.workers:
            pids = processes(gateways[count].pid) if count > 1 else [gateways[count].pid]
            rows.append(
                {
                    "workers": count,
                    "rounds": rounds_of[count],
                    "memory_mb": round(max(memory_mb(pid) for pid in pids)),
                    "own_mb": round(max(own_memory_mb(pid) for pid in pids)),
                }
            )
    return rows


def processes(pid: int) -> list[int]:
    """Returns the workers of a supervisor."""
    return [c for c in children(pid) if b"worker" in Path(f"/proc/{c}/cmdline").read_bytes()]


def _round(target: Running, seconds: float, seed: int) -> dict[str, Any]:
    pids = [target.pid, *processes(target.pid)]
    before = [cpu_seconds(pid) or 0.0 for pid in pids]
    figures = load(replace(target), None, seconds, seed, "--connections", "64")
    spent = sum((cpu_seconds(pid) or 0.0) - b for pid, b in zip(pids, before, strict=True))
    kept = ("requests", "per_second", "p50_ms", "p99_ms", "not_200", "lost")
    return {k: figures[k] for k in kept} | {
        "cpu_us": round(spent / max(1, figures["requests"]) * 1e6, 1)
    }


def show(rows: list[dict[str, Any]]) -> str:
    """Returns the figures as text."""
    names = (
        "workers",
        "requests/s",
        "p50 ms",
        "p99 ms",
        "CPU us",
        "efficiency",
        "memory MB",
        "own MB",
    )
    lines = ["".join(f"{name:>11}" for name in names)]
    alone = rows[0]["rounds"]
    efficient = True
    for row in rows:
        middle = {
            key: statistics.median(one[key] for one in row["rounds"])
            for key in ("per_second", "p50_ms", "p99_ms", "cpu_us")
        }
        ratio = statistics.median(
            a["cpu_us"] / b["cpu_us"] for a, b in zip(alone, row["rounds"], strict=True)
        )
        efficient = efficient and ratio >= EFFICIENCY_TARGET
        lines.append(
            f"{row['workers']:>11}{middle['per_second']:>11,.0f}{middle['p50_ms']:>11.1f}"
            f"{middle['p99_ms']:>11.1f}{middle['cpu_us']:>11,.0f}{ratio:>11.2f}"
            f"{row['memory_mb']:>11}{row['own_mb']:>11}"
        )
    faults = sum(one["not_200"] + one["lost"] for row in rows for one in row["rounds"])
    small = max(row["memory_mb"] for row in rows) <= MEMORY_TARGET_MB
    lines += [
        f"Answers other than 200 and broken connections: {faults}.",
        f"Target of {EFFICIENCY_TARGET} for each added worker, by processor time: "
        f"{'reached' if efficient else 'missed'}; of {MEMORY_TARGET_MB} MB a worker: "
        f"{'reached' if small else 'missed'}.",
    ]
    return "\n".join(lines)
