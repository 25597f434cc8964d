"""Measures how late answers come when load is four times what the upstream can answer.

    python -m benchmarks overload [--quick] [--rounds N] [--json]

The upstream (tests/kits/upstreams/fake_upstream.py) takes 500 ms for an answer, and the policy lets
eight calls go there at one time: 16 answers a second. `alone` sends one request after another.
`shed` sends 64 a second, independent of the answers, to the gateway with its defaults; `no bound`
sends the same to one that lets everybody wait (--max-waiting 1000000). Rounds alternate between
them, and ratios are formed within a round. The bench measures the bound and not the gateway's own
speed, so the load leaves a core mostly idle. Only 127.0.0.1 is used; the bench ends everything that
it starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from benchmarks.figures import Figures
from benchmarks.stage import ROOT, cores, create_key, free_port, started, wait_for

SERVICE_S, CONCURRENCY, TIMES = 0.5, 8, 4
ARRIVALS_PER_SECOND = TIMES * CONCURRENCY / SERVICE_S
TARGET = 3.0
ROWS = ("alone", "shed", "no bound")
BODY = {"model": "auto", "messages": [{"role": "user", "content": "Write a line about the sea."}]}


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets the length of a measurement."""

    rounds: int = 3
    seconds: float = 10.0  # of each flood
    alone: int = 24  # requests, one after another


QUICK = Plan(rounds=1, seconds=0.5, alone=2)


@dataclass(slots=True)
class Load:
    """Counts the results of one round; times are seconds."""

    answered: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    without_retry_after: int = 0
    other: int = 0


@contextlib.contextmanager
def stage(folder: Path) -> Iterator[tuple[str, str, str]]:
    """Starts a slow upstream and two gateways before it; yields their addresses and the key."""
    pinned = cores()
    ours, theirs = pinned if pinned else (None, None)
    upstream, *ports = (free_port() for _ in range(3))
    url = f"http://127.0.0.1:{upstream}/v1"
    (folder / "bench.yaml").write_text(json.dumps(policy(url)), "utf-8")  # JSON is YAML
    database = folder / "ledger.db"
    key = create_key(database)
    fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(upstream)]
    serve = [sys.executable, "-m", "router.cli", "serve", "--policy", str(folder / "bench.yaml")]
    serve += ["--database", str(database), "--log-level", "error"]
    environ = {"TIERGATE_POLICY": "", "PYTHONPATH": str(ROOT)}
    with contextlib.ExitStack() as running:
        running.enter_context(started(fake, theirs, folder / "upstream.log"))
        wait_for(f"{url}/models", folder / "upstream.log")
        for port, more in zip(ports, ([], ["--max-waiting", "1000000"]), strict=True):
            log = folder / f"{port}.log"
            command = [*serve, "--port", str(port), *more]
            running.enter_context(started(command, ours, log, environ))
            wait_for(f"http://127.0.0.1:{port}/healthz", log)
        bounded, unbounded = (f"http://127.0.0.1:{port}/v1/chat/completions" for port in ports)
        yield bounded, unbounded, key


def policy(url: str) -> dict[str, object]:
    """Returns a policy of one answerer with eight slots."""
    answerer = {
        "name": "slow",
        "kind": "upstream",
        "model": f"slow:{SERVICE_S}",
        "base_urls": [url],
        "concurrency": CONCURRENCY,
        "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 4, "version": "bench"},
        "verify": {"default": "none", "hard_rule": "none"},
    }
    tiers = [{"name": "llm", "level": 2, "answerers": [answerer]}]
    return {"version": 1, "name": "bench", "cache": {"exact": False}, "tiers": tiers}


async def ask(session: aiohttp.ClientSession, url: str, load: Load) -> None:
    """Sends one request and counts its result."""
    began = time.perf_counter()
    async with session.post(url, json=BODY) as response:
        await response.read()
        took_s = time.perf_counter() - began
        if response.status == 200:
            load.answered.append(took_s)
        elif response.status == 503:
            load.refused.append(took_s)
            load.without_retry_after += "retry-after" not in response.headers
        else:
            load.other += 1


async def alone(session: aiohttp.ClientSession, url: str, requests: int) -> Load:
    """Sends one request after another."""
    load = Load()
    for _ in range(requests):
        await ask(session, url, load)
    return load


async def flood(session: aiohttp.ClientSession, url: str, seconds: float) -> Load:
    """Sends requests at their times, answered or not."""
    load, calls = Load(), []
    began = time.perf_counter()
    for number in range(int(seconds * ARRIVALS_PER_SECOND)):
        # Times count from the start, so that a late request does not delay the ones after it.
        await asyncio.sleep(max(0.0, began + number / ARRIVALS_PER_SECOND - time.perf_counter()))
        calls.append(asyncio.create_task(ask(session, url, load)))
    await asyncio.gather(*calls)
    return load


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, object]:
    """Returns all figures, in milliseconds."""
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name,
        stage(Path(name)) as running,
    ):
        return asyncio.run(_measured(running, plan, say))


async def _measured(
    addresses: tuple[str, str, str], plan: Plan, say: Callable[[str], None]
) -> dict[str, object]:
    bounded, unbounded, key = addresses
    loads_of: dict[str, list[Load]] = {name: [] for name in ROWS}
    async with aiohttp.ClientSession(
        headers={"authorization": f"Bearer {key}"},
        # Without this the client would queue the requests itself.
        connector=aiohttp.TCPConnector(limit=0),
        timeout=aiohttp.ClientTimeout(total=120.0),
    ) as session:
        for url in (bounded, unbounded):
            await alone(session, url, 1)  # warms code paths and connections
        for number in range(plan.rounds):
            say(f"overload, round {number + 1} of {plan.rounds}")
            loads_of["alone"].append(await alone(session, bounded, plan.alone))
            loads_of["shed"].append(await flood(session, bounded, plan.seconds))
            loads_of["no bound"].append(await flood(session, unbounded, plan.seconds))
    rows = [_row(name, loads, loads_of["alone"]) for name, loads in loads_of.items()]
    return {"rounds": plan.rounds, "seconds": plan.seconds, "rows": rows}


def _row(name: str, loads: list[Load], base: list[Load]) -> dict[str, object]:
    ratios = [
        _p99_ms(load.answered) / _p99_ms(first.answered)
        for load, first in zip(loads, base, strict=True)
    ]
    answered = [seconds for load in loads for seconds in load.answered]
    refused = [seconds for load in loads for seconds in load.refused]
    return {
        "run": name,
        "answered": len(answered),
        "p50_ms": round(1000 * statistics.median(answered), 1),
        "p99_ms": round(_p99_ms(answered), 1),
        "to_alone": round(statistics.median(ratios), 2),
        "worst_to_alone": round(max(ratios), 2),
        "refused": len(refused),
        "refused_p99_ms": round(_p99_ms(refused), 1) if refused else None,
        "without_retry_after": sum(load.without_retry_after for load in loads),
        "other": sum(load.other for load in loads),
    }


def _p99_ms(taken: list[float]) -> float:
    ordered = sorted(taken)
    return 1000.0 * ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = [
        f"{'overload':<10}{'answered':>9}{'p50 ms':>9}{'p99 ms':>9}{'to alone':>10}"
        f"{'refused':>9}{'p99 ms':>9}"
    ]
    for row in figures["rows"]:
        late = row["refused_p99_ms"]
        lines.append(
            f"{row['run']:<10}{row['answered']:>9}{row['p50_ms']:>9.1f}{row['p99_ms']:>9.1f}"
            f"{row['to_alone']:>10.2f}{row['refused']:>9}{'' if late is None else late:>9}"
        )
    shed = figures["rows"][1]
    faults = sum(row["other"] + row["without_retry_after"] for row in figures["rows"])
    lines.append(f"Other answers, and refusals without Retry-After: {faults}.")
    reached = shed["worst_to_alone"] <= TARGET
    lines.append(
        f"Target of {TARGET:g} x for the p99 of the admitted, in every round: "
        f"{'reached' if reached else 'missed'} (worst {shed['worst_to_alone']:.2f})."
    )
    return "\n".join(lines)
