"""Sends many requests to one gateway and prints its memory after each stage.

    python -m benchmarks soak [--quick] [--requests N] [--json]

The gateway and its upstream are those of `python -m benchmarks gateway`. A stage is 50,000 requests
(a third of fewer than three stages have) on 64 connections: six parts in ten to the upstream, two
streamed, two answered by approved answers. Memory is resident, of the whole process, in MB. The
first stage fills caches, so the slope is a line by least squares through the stages after it. Only
127.0.0.1 is used; the bench ends everything that it starts.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.gateway import sent
from benchmarks.scale.installation import memory_mb
from benchmarks.stage import stage
from router.ledger.books.verify import verify

STAGE, QUICK_STAGE = 50_000, 200
CONNECTIONS = 64
FEWEST = 30  # requests: three stages of ten, each of which has some of all kinds
SLOWEST_PER_SECOND = 20  # a stage may take this long and no longer


def stage_of(requests: int) -> int:
    """Returns the requests of one stage, so that any number from FEWEST on has three at least.

    >>> stage_of(300_000), stage_of(6_000)
    (50000, 2000)
    """
    return min(STAGE, requests // 3)


def measure(requests: int, per_stage: int, say: Callable[[str], None]) -> Figures:
    """Returns memory, threads and open files after each stage, and what the ledger holds."""
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name,
        stage(Path(name)) as running,
    ):
        gateway = running.gateway
        if gateway.pid is None:
            raise RuntimeError("the gateway of the bench has no process id")
        approved = replace(gateway, prompts=running.approved)
        parts = ((gateway, 6), (replace(gateway, stream=True), 2), (approved, 2))
        rows = [_row(gateway.pid, 0, 0)]
        answered = failed = 0
        for number in range(requests // per_stage):
            for target, tenths in parts:
                count = per_stage * tenths // 10
                figures = sent(
                    target,
                    CONNECTIONS,
                    count / SLOWEST_PER_SECOND,
                    count,
                    1 + number,
                    running.client_core,
                )
                answered += figures["requests"]
                failed += figures["not_200"] + figures["lost"]
            rows.append(_row(gateway.pid, answered, failed))
            say(f"soak: {answered:,} requests, {rows[-1]['memory_mb']:.0f} MB")
        books = verify(running.database)
    return {
        "rows": rows,
        "slope_mb": slope(rows[1:]),
        "ledger": {"whole": books.whole, "rows": books.rows},
    }


def slope(rows: Sequence[Figures]) -> float | None:
    """Returns the MB that 100,000 requests add; None with fewer than two stages."""
    if len(rows) < 2:
        return None
    line = statistics.linear_regression(
        [row["requests"] / 100_000 for row in rows], [row["memory_mb"] for row in rows]
    )
    return round(line.slope, 2)


def _row(pid: int, requests: int, failed: int) -> Figures:
    process = Path(f"/proc/{pid}")
    return {
        "requests": requests,
        "failed": failed,  # other than 200, and broken connections
        "memory_mb": round(memory_mb(pid), 1),
        "threads": len(os.listdir(process / "task")),
        "files": len(os.listdir(process / "fd")),
    }


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = [f"{'requests':>11}{'failed':>8}{'memory MB':>11}{'threads':>9}{'open files':>12}"]
    lines += [
        f"{row['requests']:>11,}{row['failed']:>8}{row['memory_mb']:>11.1f}"
        f"{row['threads']:>9}{row['files']:>12}"
        for row in figures["rows"]
    ]
    per = figures["slope_mb"]
    if per is not None:
        lines.append(f"After the first stage 100,000 requests add {per:+.2f} MB.")
    state = "whole" if figures["ledger"]["whole"] else "NOT WHOLE"
    lines.append(f"Ledger: {state}, {figures['ledger']['rows']:,} rows.")
    return "\n".join(lines)
