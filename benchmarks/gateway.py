"""Measures requests a second through the gateway, through nginx, and at the upstream itself.

    python -m benchmarks gateway [--quick] [--json] [--profile FOLDER]

The gateway is `tiergate serve` on one core with everything on: API key, triage, decision, ledger
(every answer waits for its row). The client and an upstream that answers at once share the other
core. The exact cache is off, and no prompt repeats. nginx, one worker on the gateway's core,
proxies to the same upstream. Rounds alternate between the targets, so that noise hits all of them;
ratios are formed within a round. CPU time per request is the target's own, of all its threads: it
hardly depends on other programs. Only 127.0.0.1 is used; the bench ends everything that it starts.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.stage import Stage, Target, pinned_to, stage
from router.ledger.books.verify import verify

CONNECTIONS = (1, 8, 64)
FLOOR_PER_SECOND = 1_500
OWN = ("tiergate", "templates", "level 1", "other words")
"""The targets that send whole requests to the gateway."""
LEAST_PER_SECOND = {"tiergate": 2_000, "level 1": 3_000}  # at 64 connections
MOST_P50_MS = {1: 1.8, 8: 5.0}  # of tiergate, by connections
MOST_P99_BY_P50 = 3.0
TICK_S = 1.0 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Plan:
    """Sets the length of a measurement."""

    rounds: int = 3
    seconds: float = 3.0
    connections: tuple[int, ...] = CONNECTIONS


QUICK = Plan(rounds=1, seconds=0.3, connections=(1, 64))


def cpu_seconds(pid: int) -> float | None:
    """Returns user and system time of a process with all its threads; None without /proc."""
    try:
        # The name of the program may contain spaces and brackets; fields count from its end.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) * TICK_S


def load(target: Target, connections: int, plan: Plan, seed: int, core: int | None) -> Figures:
    """Runs one round against one target, by the load generator in a process of its own."""
    # Requests are made before the clock starts; a target that answers all of them ends its round.
    most = (45_000 if target.pid is None else 30_000) if connections > 1 else 15_000
    return sent(target, connections, plan.seconds, int(most * plan.seconds / 3), seed, core)


def sent(
    target: Target, connections: int, seconds: float, requests: int, seed: int, core: int | None
) -> Figures:
    """Sends at most `requests` within `seconds`; returns the load generator's figures.

    `cpu_us` is the processor time that the target took for a request, in microseconds.
    """
    command = [
        sys.executable,
        str(Path(__file__).with_name("loadgen.py")),
        "--url",
        target.url,
        "--connections",
        str(connections),
        "--seconds",
        str(seconds),
        "--requests",
        str(requests),
        "--seed",
        str(seed),
    ]
    command += ["--key", target.key] if target.key else []
    command += ["--stream"] if target.stream else []
    command += ["--prompts", str(target.prompts)] if target.prompts else []
    command += [word for header in target.headers for word in ("--header", header)]

    # Read around the load generator's run; its start-up costs the target no time.
    before = None if target.pid is None else cpu_seconds(target.pid)
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=True,
        preexec_fn=pinned_to(core),
        timeout=seconds + 120,
    )
    figures: Figures = json.loads(done.stdout)
    after = None if target.pid is None else cpu_seconds(target.pid)
    if before is not None and after is not None and figures["requests"]:
        figures["cpu_us"] = round((after - before) / figures["requests"] * 1e6, 1)
    return figures


def measure(
    plan: Plan, say: Callable[[str], None], profile: Path | None = None, device: str = "auto"
) -> Figures:
    """Returns all figures: rounds per connections and target, ratios within rounds, the ledger."""
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name,
        stage(Path(name), device) as running,
    ):
        load(running.gateway, 8, Plan(1, 1.0), 0, running.client_core)  # warm up
        figures: Figures = {
            "cores": running.cores,
            "nginx": running.nginx is not None,
            "rounds": plan.rounds,
            "seconds": plan.seconds,
            "rows": [],
        }
        if running.nginx is None:
            say("nginx is not installed, so its column is missing: apt-get install -y nginx")
        level_1 = Target(
            "level 1",
            running.gateway.url,
            running.gateway.key,
            running.gateway.pid,
            prompts=running.approved,
        )
        templates = replace(level_1, name="templates", prompts=running.templates)
        reworded = replace(level_1, name="other words", prompts=running.reworded)
        own = (running.gateway, templates, level_1, reworded)
        whole = [t for t in (running.direct, running.nginx, *own) if t is not None]
        streams = [
            Target(f"{t.name} stream", t.url, t.key, t.pid, stream=True)
            for t in (running.direct, running.nginx, running.gateway)
            if t is not None
        ]
        for connections in plan.connections:
            say(f"{connections} connections")
            figures["rows"] += rounds(whole, connections, plan, running)
        for connections in (plan.connections[0], plan.connections[-1]):
            say(f"{connections} connections, streams")
            figures["rows"] += rounds(streams, connections, plan, running)
        if profile is not None:
            record_profile(running, profile, say)
        answered = sum(
            round_["requests"]
            for row in figures["rows"]
            if row["target"] in (*OWN, "tiergate stream")
            for round_ in row["rounds"]
        )
        books = verify(running.database)
        figures["ledger"] = {
            "whole": books.whole,
            "rows": books.rows,
            "answered_while_measured": answered,
            "cost_nano_usd": books.cost_nano_usd,
        }
    return figures


def rounds(
    targets: Sequence[Target], connections: int, plan: Plan, running: Stage
) -> list[Figures]:
    """Returns rows of all targets; each round measures all of them in turn."""
    every: dict[str, list[Figures]] = {target.name: [] for target in targets}
    for number in range(plan.rounds):
        for target in targets:
            # A seed of its own per round and load, so that no prompt is ever repeated.
            seed = 1 + number + 1_000 * connections + 100_000 * target.stream
            every[target.name].append(load(target, connections, plan, seed, running.client_core))
    return [
        {
            "target": target.name,
            "connections": connections,
            **summary(every[target.name]),
            "ratio_to": {
                other: ratio(every[target.name], every[other])
                for other in every
                if other != target.name and other.split()[0] in ("direct", "nginx")
            },
            "rounds": every[target.name],
        }
        for target in targets
    ]


def summary(loads: Sequence[Figures]) -> Figures:
    """Returns minimum, median and maximum over the rounds, shares of tiers, and failures."""
    spread: Figures = {}
    for key in ("per_second", "p50_ms", "p99_ms", "first_p50_ms", "first_p99_ms", "cpu_us"):
        values = [round_[key] for round_ in loads if key in round_]
        if values:
            spread[key] = [min(values), statistics.median(values), max(values)]
    tiers: dict[str, int] = {}
    for round_ in loads:
        for tier, count in round_["tiers"].items():
            tiers[tier] = tiers.get(tier, 0) + count
    total = sum(tiers.values())
    spread["shares"] = {tier: round(count / total, 4) for tier, count in sorted(tiers.items())}
    spread["not_200"] = sum(round_["not_200"] for round_ in loads)
    spread["lost"] = sum(round_["lost"] for round_ in loads)
    return spread


def ratio(ours: Sequence[Figures], theirs: Sequence[Figures]) -> float:
    """Returns the median over the rounds of our requests a second divided by theirs.

    A round in which theirs answered nothing, as a short one may on a busy machine, has no ratio;
    without any other it is 0.
    """
    both = zip(ours, theirs, strict=True)
    pairs = [a["per_second"] / b["per_second"] for a, b in both if b["per_second"]]
    return float(round(statistics.median(pairs), 3)) if pairs else 0.0


def record_profile(running: Stage, folder: Path, say: Callable[[str], None]) -> None:
    """Records stacks of the gateway's threads under 64 connections, by py-spy if installed."""
    program = shutil.which("py-spy") or str(Path(sys.executable).with_name("py-spy"))
    if not Path(program).exists():
        say("py-spy is not installed, so there is no profile: pip install py-spy")
        return
    folder.mkdir(parents=True, exist_ok=True)
    for name, kind in (("gateway.stacks", "raw"), ("gateway.speedscope.json", "speedscope")):
        command = [
            program, "record", "--pid", str(running.gateway.pid), "--duration", "8",
            "--rate", "400", "--threads", "--gil", "--format", kind, "--output", str(folder / name),
        ]  # fmt: skip
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as recording:
            # py-spy needs a moment to attach before the load begins.
            time.sleep(0.5)
            load(running.gateway, 64, Plan(1, 7.0), 77, running.client_core)
            recording.wait(60)
    say(f"profiles are in {folder}")


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = [
        f"{'connections':>11}  {'target':<16}{'requests/s':>11}{'(min':>9}{'max)':>8}"
        f"{'p50 ms':>9}{'p99 ms':>9}{'first':>8}{'CPU us':>8}  to direct  to nginx"
    ]
    for row in figures["rows"]:
        low, middle, high = row["per_second"]
        lines.append(
            f"{row['connections']:>11}  {row['target']:<16}"
            f"{middle:>11,.0f}{low:>9,.0f}{high:>8,.0f}"
            f"{row['p50_ms'][1]:>9.2f}{row['p99_ms'][1]:>9.2f}{row['first_p50_ms'][1]:>8.2f}"
            f"{_cpu(row):>8}"
            f"  {_ratio(row, 'direct'):>9}  {_ratio(row, 'nginx'):>8}"
        )
    for name in OWN:
        shares = next(row["shares"] for row in figures["rows"] if row["target"] == name)
        listed = ", ".join(f"{tier} {100 * share:.1f} %" for tier, share in shares.items())
        lines.append(f"Answered by, for {name}: {listed}.")
    bad = sum(row["not_200"] + row["lost"] for row in figures["rows"])
    ledger = figures["ledger"]
    state = "whole" if ledger["whole"] else "NOT WHOLE"
    pinned = f"on core {figures['cores'][0]}" if figures["cores"] else "not pinned"
    lines += [
        f"Answers other than 200 and broken connections: {bad}.",
        f"Ledger: {state}, {ledger['rows']:,} rows; the gateway was {pinned}.",
        *target_lines(figures),
    ]
    return "\n".join(lines)


def target_lines(figures: Figures) -> list[str]:
    """Returns a line for each target that was measured: what was asked, found, and the verdict."""
    rows = {(row["target"], row["connections"]): row for row in figures["rows"]}
    lines: list[str] = []

    def add(what: str, target: str, figure: str, good: bool) -> None:
        verdict = "reached" if good else "missed"
        lines.append(f"  {what:<44}{target:>16}{figure:>10}  {verdict}")

    for name, least in LEAST_PER_SECOND.items():
        if row := rows.get((name, 64)):
            reached = row["per_second"][1]
            asked = f"{least:,}"
            if name == "tiergate":
                asked += f" (floor {FLOOR_PER_SECOND:,})"
            add(f"requests/s at 64 connections, {name}", asked, f"{reached:,.0f}", reached >= least)
    for connections, most in MOST_P50_MS.items():
        if row := rows.get(("tiergate", connections)):
            reached = row["p50_ms"][1]
            add(f"p50 at {connections}, ms", f"{most}", f"{reached:.2f}", reached <= most)
    for (name, connections), row in rows.items():
        if name == "tiergate":
            reached = row["p99_ms"][1] / row["p50_ms"][1]
            good = reached <= MOST_P99_BY_P50
            add(f"p99 by p50 at {connections}", f"{MOST_P99_BY_P50:g}", f"{reached:.1f}", good)
    return ["Targets (asked, found):", *lines] if lines else []


def _ratio(row: Figures, other: str) -> str:
    value = next((v for name, v in row["ratio_to"].items() if name.startswith(other)), None)
    return "" if value is None else f"{value:.3f}"


def _cpu(row: Figures) -> str:
    return f"{row['cpu_us'][1]:,.0f}" if "cpu_us" in row else ""
