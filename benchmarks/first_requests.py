"""Measures how long a server's first requests take, one after another.

    python -m benchmarks first_requests [--quick] [--rounds N] [--json]

`tiergate serve` starts with the shipped policy and a ledger of its own, once in each round. A
client asks it for dry runs of the prompts of `loadgen`, one at a time: what is opened or compiled
at first use shows in the first ones. Only 127.0.0.1 is used; the bench ends every server that it
starts.
"""

from __future__ import annotations

import http.client
import itertools
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.gateway import cpu_seconds
from benchmarks.loadgen import prompts
from benchmarks.stage import ROOT, free_port, started, wait_for

PATH = "/v1/chat/completions"
PART = 50
"""Requests of which a row is made."""
SLOWEST = 8
"""Requests that are named as the slowest."""
MOST_S = 60.0  # a request that takes longer is a fault and ends the bench


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets how many servers are started, and what each is asked."""

    rounds: int = 2
    requests: int = 200
    rest_s: float = 3.0  # between the server's being ready and its first request


QUICK = Plan(rounds=1, requests=10, rest_s=0.0)


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, object]:
    """Returns the times of each start: until it is ready, and of its first requests in ms."""
    starts = []
    for number in range(plan.rounds):
        say(f"first requests, start {number + 1} of {plan.rounds}")
        with tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name:
            starts.append(_start(Path(name), plan))
    return {"requests": plan.requests, "rest_s": plan.rest_s, "starts": starts}


def _start(folder: Path, plan: Plan) -> dict[str, object]:
    port, log = free_port(), folder / "gateway.log"
    serve = [sys.executable, "-m", "router.cli", "serve", "--port", str(port)]
    serve += ["--database", str(folder / "ledger.db"), "--documents", str(folder / "documents.db")]
    serve += ["--log-level", "warning"]
    environ = {"TIERGATE_POLICY": "", "PYTHONPATH": str(ROOT)}
    began = time.perf_counter()
    with started(serve, None, log, environ) as pid:
        wait_for(f"http://127.0.0.1:{port}/readyz", log)
        ready_s = time.perf_counter() - began
        time.sleep(plan.rest_s)
        before_s = cpu_seconds(pid) or 0.0
        taken = [1000.0 * seconds for seconds in _asked(port, plan.requests)]
        used_s = (cpu_seconds(pid) or 0.0) - before_s
    return {
        "ready_s": round(ready_s, 2),
        "cpu_s": round(used_s, 2),
        "parts": parts(taken),
        "slowest": slowest(taken),
    }


def _asked(port: int, requests: int) -> list[float]:
    """Returns the seconds of each request. Raises RuntimeError for one that is refused."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=MOST_S)
    headers = {"content-type": "application/json", "x-tiergate-dry-run": "true"}
    taken = []
    try:
        for prompt in itertools.islice(prompts(1), requests):
            asked = [{"role": "user", "content": prompt}]
            body = json.dumps({"model": "auto", "messages": asked})
            began = time.perf_counter()
            client.request("POST", PATH, body, headers)
            reply = client.getresponse()
            content = reply.read()
            taken.append(time.perf_counter() - began)
            if reply.status != 200:
                raise RuntimeError(f"a dry run was answered {reply.status}: {content[:300]!r}")
    finally:
        client.close()
    return taken


def parts(taken: Sequence[float]) -> list[dict[str, float]]:
    """Returns the median, the 90th percentile and the longest of every fifty times, all in ms.

    >>> parts([30.0, 10.0, 20.0])
    [{'from': 1, 'p50_ms': 20.0, 'p90_ms': 30.0, 'max_ms': 30.0}]
    """
    rows = []
    for begin in range(0, len(taken), PART):
        times = sorted(taken[begin : begin + PART])
        rows.append(
            {
                "from": begin + 1,
                "p50_ms": round(statistics.median(times), 1),
                "p90_ms": round(times[int(0.9 * len(times))], 1),
                "max_ms": round(times[-1], 1),
            }
        )
    return rows


def slowest(taken: Sequence[float]) -> list[tuple[int, float]]:
    """Returns the longest times in ms, the longest first, each after the number of its request.

    >>> slowest([30.0, 10.0, 20.04])
    [(1, 30.0), (3, 20.0), (2, 10.0)]
    """
    order = sorted(range(len(taken)), key=lambda place: -taken[place])[:SLOWEST]
    return [(place + 1, round(taken[place], 1)) for place in order]


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = [f"a server's first {figures['requests']} dry runs"]
    for start in figures["starts"]:
        lines.append(f"ready after {start['ready_s']} s; {start['cpu_s']} s of processor time")
        lines.append(f"{'from request':>14}{'p50 ms':>9}{'p90 ms':>9}{'max ms':>9}")
        lines += [
            f"{part['from']:>14}{part['p50_ms']:>9.1f}{part['p90_ms']:>9.1f}{part['max_ms']:>9.1f}"
            for part in start["parts"]
        ]
        told = ", ".join(f"{place}: {ms:.0f} ms" for place, ms in start["slowest"])
        lines.append(f"the slowest: {told}")
    return "\n".join(lines)
