"""Measures when the first word arrives, and when an upstream notices that its client left.

    python -m benchmarks first_token [--quick] [--rounds N] [--json]

The upstream is tests/kits/upstreams/fake_upstream.py at a stated pace: a weak model (first token
after 150 ms, then one every 10 ms, 60 tokens) and a strong one (300 ms, then 15 ms, 60 tokens).
`tiergate serve` calls them under policies that hold back nothing, the first 32 tokens or all, and
whose weak model answers or refuses. Rounds alternate between the targets; ratios are formed within
a round. Only 127.0.0.1 is used; the bench ends everything that it starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.stage import ROOT, cores, create_key, free_port, started, wait_for

AT_ONE_TIME = 4
MOST_S = 30.0  # a request that takes longer is a fault and ends the bench
LEAVES_AFTER_S = (0.02, 0.3)  # before and after the gateway begins to watch for a leaving client
ENDPOINTS = ("/v1/chat/completions", "/v1/responses", "/v1/messages")
QUESTION = {"role": "user", "content": "Write a line about the sea."}


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets the length of a measurement, and the pace of the two models.

    A pace has the seconds until the first token, the seconds between two, and their number.
    """

    rounds: int = 5
    requests: int = 8
    leaves: int = 2  # of each kind of client that leaves, in each round
    weak: str = "0.150,0.010,60"
    strong: str = "0.300,0.015,60"

    @property
    def answers(self) -> str:
        return f"paced:{self.weak}"

    @property
    def refuses(self) -> str:
        return f"reluctant:{self.weak}"


QUICK = Plan(rounds=1, requests=1, leaves=1, weak="0.050,0.001,60", strong="0.100,0.001,60")


@dataclass(frozen=True, slots=True)
class Target:
    """Names a server and a model, as the table shows it.

    `escalations` is the number of higher models that its answers must have needed, or None for a
    server that does not say.
    """

    name: str
    port: int
    model: str
    key: str = ""
    escalations: int | None = None


@dataclass(frozen=True, slots=True)
class Stage:
    """Holds the ports and the key of everything that runs during the measurement."""

    upstream: int
    proxy: int
    gateway: int
    key: str


def policies(plan: Plan) -> dict[str, dict[str, object]]:
    """Returns policies by name: the models they call, how much they hold back, and early calls."""
    early = {"speculate": {"between": [0.0, 1.0], "max_usd": 1.0}}
    return {
        "committed": _policy(plan, "none", plan.answers),
        "prefix": _policy(plan, "prefix", plan.answers),
        "full": _policy(plan, "full", plan.answers),
        "climbs": _policy(plan, "full", plan.refuses),
        "races": _policy(plan, "full", plan.refuses, **early),
        "waits": _policy(plan, "none", "hang"),
    }


def _policy(plan: Plan, verify: str, weak: str, **decision: object) -> dict[str, object]:
    """Returns a policy of two equally able answerers, so that only a refusal leads to the
    second."""

    def answerer(name: str, model: str, verify: str) -> dict[str, object]:
        return {
            "name": name,
            "kind": "upstream",
            "model": model,
            "base_urls": ["${UPSTREAM}"],
            "ability": {"theta": 6, "labels": 1000},
            "price": {"input_usd_per_mtok": 1, "output_usd_per_mtok": 4, "version": "bench"},
            "verify": {"default": verify, "hard_rule": verify},
        }

    answerers = [answerer("weak", weak, verify), answerer("strong", f"paced:{plan.strong}", "none")]
    return {
        "version": 1,
        "decision": decision,
        "cache": {"exact": False},
        "tiers": [{"name": "llm", "level": 2, "answerers": answerers}],
    }


@contextlib.contextmanager
def stage(folder: Path, plan: Plan) -> Iterator[Stage]:
    """Starts upstream, bare proxy and gateway; yields when all of them answer."""
    pinned = cores()
    ours, theirs = pinned if pinned else (None, None)
    upstream, proxy, gateway = (free_port() for _ in range(3))
    url = f"http://127.0.0.1:{upstream}/v1"
    database = folder / "ledger.db"
    key = create_key(database)
    serve = [sys.executable, "-m", "router.cli", "serve", "--port", str(gateway)]
    serve += ["--database", str(database), "--log-level", "warning"]
    for name, policy in policies(plan).items():
        path = folder / f"{name}.yaml"
        path.write_text(json.dumps({"name": name, **policy}), "utf-8")  # JSON is YAML
        serve += ["--policy", str(path)]
    fake = [sys.executable, "-m", "tests.kits.upstreams.fake_upstream", "--port", str(upstream)]
    bare = [sys.executable, "benchmarks/bare_proxy.py", "--port", str(proxy)]
    bare += ["--to", str(upstream)]
    environ = {"TIERGATE_POLICY": "", "PYTHONPATH": str(ROOT), "UPSTREAM": url}
    logs = {name: folder / f"{name}.log" for name in ("upstream", "proxy", "gateway")}
    with contextlib.ExitStack() as running:
        running.enter_context(started(fake, theirs, logs["upstream"]))
        wait_for(f"{url}/models", logs["upstream"])
        running.enter_context(started(bare, ours, logs["proxy"]))
        running.enter_context(started(serve, ours, logs["gateway"], environ))
        wait_for(f"http://127.0.0.1:{proxy}/v1/models", logs["proxy"])
        wait_for(f"http://127.0.0.1:{gateway}/healthz", logs["gateway"])
        yield Stage(upstream, proxy, gateway, key)


def targets(running: Stage, plan: Plan) -> tuple[Target, ...]:
    """Returns the rows of the table."""

    def gateway(name: str, policy: str, escalations: int = 0) -> Target:
        return Target(name, running.gateway, f"auto:{policy}", running.key, escalations)

    return (
        Target("upstream itself", running.upstream, plan.answers),
        Target("pass-through", running.proxy, plan.answers),
        gateway("committed tier", "committed"),
        gateway("prefix held, accepted", "prefix"),
        gateway("all held, accepted", "full"),
        gateway("all held, escalated", "climbs", 1),
        gateway("the same, called early", "races", 1),
    )


def message(port: int, path: str, key: str, body: dict[str, object]) -> bytes:
    """Returns a request as bytes."""
    content = json.dumps(body).encode()
    head = [f"POST {path} HTTP/1.1", f"host: 127.0.0.1:{port}", "content-type: application/json"]
    head += [f"content-length: {len(content)}", "connection: close"]
    head += [f"authorization: Bearer {key}"] if key else []
    return "\r\n".join(head).encode() + b"\r\n\r\n" + content


async def first_word_s(target: Target) -> float:
    """Returns the seconds until a piece of text was read.

    Raises RuntimeError when none came, or when another number of models was needed than expected.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", target.port)
    fields = {"model": target.model, "stream": True, "messages": [QUESTION]}
    began = time.perf_counter()
    first_s: float | None = None
    escalations: int | None = None
    try:
        writer.write(message(target.port, "/v1/chat/completions", target.key, fields))
        async for line in reader:  # read to the end: leaving early is another measurement
            if line.startswith(b"data: {") and first_s is None:
                choices = json.loads(line[6:]).get("choices")
                if choices and choices[0]["delta"].get("content"):
                    first_s = time.perf_counter() - began
            elif line.startswith(b"x-tiergate-escalations:"):
                escalations = int(line.partition(b":")[2])
            elif line.startswith(b"data: [DONE]"):
                break
    finally:
        writer.close()
    if first_s is None:
        raise RuntimeError(f"{target.name} said nothing: {target.model}")
    if escalations != target.escalations:
        raise RuntimeError(
            f"{target.name} escalated {escalations} times in place of {target.escalations}: "
            f"{target.model}"
        )
    return first_s


async def round_of(target: Target, requests: int) -> list[float]:
    """Returns the seconds to the first word of so many requests, a few at one time."""
    # A few at one time, as readers come, without a queue in front of the upstream.
    turns = asyncio.Semaphore(AT_ONE_TIME)

    async def one() -> float:
        async with turns:
            return await first_word_s(target)

    return list(await asyncio.gather(*(one() for _ in range(requests))))


async def seen(port: int) -> dict[str, float]:
    """Returns the counts that the upstream keeps of its clients."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /seen HTTP/1.1\r\nhost: x\r\n\r\n")
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    counts = json.loads(await reader.readexactly(length))
    writer.close()
    return dict(counts)


async def until(port: int, name: str, count: float) -> dict[str, float]:
    """Returns the upstream's counts once one is reached. Raises RuntimeError after 10 s."""
    for _ in range(5_000):
        if (counts := await seen(port))[name] >= count:
            return counts
        await asyncio.sleep(0.002)
    raise RuntimeError(f"the upstream did not count {count} {name} within 10 s: {counts}")


async def left_s(running: Stage, path: str, stream: bool, after_s: float) -> float:
    """Returns the seconds from a client's leaving to the upstream's losing its own client."""
    before = await seen(running.upstream)
    turn = {"input": [QUESTION]} if path == "/v1/responses" else {"messages": [QUESTION]}
    most = {"max_tokens": 60} if path == "/v1/messages" else {}
    body = {"model": "auto:waits", "stream": stream, **turn, **most}
    # A plain socket, because closing an HTTP client would also wait for its own clean-up.
    with socket.create_connection(("127.0.0.1", running.gateway)) as client:
        client.sendall(message(running.gateway, path, running.key, body))
        await until(running.upstream, "count", before["count"] + 1)
        await asyncio.sleep(after_s)
        closed = time.monotonic()
    counts = await until(running.upstream, "aborted", before["aborted"] + 1)
    return counts["aborted_at_s"] - closed


def measure(plan: Plan, say: Callable[[str], None]) -> dict[str, object]:
    """Returns all figures in ms: rounds per target, ratios within rounds, times per endpoint."""
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name,
        stage(Path(name), plan) as running,
    ):
        return asyncio.run(_measured(running, plan, say))


async def _measured(running: Stage, plan: Plan, say: Callable[[str], None]) -> dict[str, object]:
    every = targets(running, plan)
    seconds_of: dict[str, list[list[float]]] = {target.name: [] for target in every}
    for target in every:  # warms code paths and the gateway's own connections
        async with asyncio.timeout(MOST_S):
            await first_word_s(target)
    for number in range(plan.rounds):
        say(f"time to the first token, round {number + 1} of {plan.rounds}")
        for target in every:
            async with asyncio.timeout(MOST_S * plan.requests):
                seconds_of[target.name].append(await round_of(target, plan.requests))
    say("clients that leave")
    left: dict[str, list[float]] = {}
    for _ in range(plan.rounds * plan.leaves):
        for path in ENDPOINTS:
            for stream in (False, True):
                for after_s in LEAVES_AFTER_S:
                    name = f"{path} {'streamed' if stream else 'whole'}"
                    left.setdefault(name, []).append(await left_s(running, path, stream, after_s))
    return {
        "rounds": plan.rounds,
        "requests": plan.requests,
        "rows": [_row(name, seconds_of) for name in seconds_of],
        "left": {name: _ms(taken) for name, taken in left.items()},
    }


def _row(name: str, seconds_of: dict[str, list[list[float]]]) -> dict[str, object]:
    through = seconds_of["pass-through"]
    ratios = [
        statistics.median(ours) / statistics.median(theirs)
        for ours, theirs in zip(seconds_of[name], through, strict=True)
    ]
    taken = [seconds for one_round in seconds_of[name] for seconds in one_round]
    return {"target": name, **_ms(taken), "to_pass_through": round(statistics.median(ratios), 3)}


def _ms(taken: list[float]) -> dict[str, float]:
    ordered = sorted(1000.0 * seconds for seconds in taken)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {
        "p50_ms": round(statistics.median(ordered), 1),
        "p95_ms": round(p95, 1),
        "max_ms": round(ordered[-1], 1),
        "count": len(ordered),
    }


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = [f"{'time to the first token':<26}{'p50 ms':>9}{'p95 ms':>9}  to pass-through"]
    lines += [
        f"{row['target']:<26}{row['p50_ms']:>9.1f}{row['p95_ms']:>9.1f}"
        f"{row['to_pass_through']:>17.2f}"
        for row in figures["rows"]
    ]
    lines.append(f"{'client gone, upstream told':<32}{'p50 ms':>9}{'max ms':>9}  requests")
    lines += [
        f"{name:<32}{row['p50_ms']:>9.1f}{row['max_ms']:>9.1f}{row['count']:>10}"
        for name, row in figures["left"].items()
    ]
    most = max(row["max_ms"] for row in figures["left"].values())
    lines.append(f"Target of 100 ms: {'reached' if most <= 100.0 else 'missed'}.")
    return "\n".join(lines)
