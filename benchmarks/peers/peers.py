"""Measures other gateways beside ours, in front of the same upstream, on the same core.

    make bench-peers          # installs them, then: python -m benchmarks peers
    python -m benchmarks peers [--quick] [--rounds N] [--json]

Upstream, client, cores and prompts are those of `python -m benchmarks gateway`. Each peer has one
process, its defaults, one model and one upstream. Rounds alternate between all of them, and ratios
are formed within a round. A peer that is not installed is left out. All peers run meanwhile, but
only one is asked at a time. Only 127.0.0.1 is used; the bench ends everything that it starts.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

from benchmarks.figures import Figures
from benchmarks.gateway import CONNECTIONS, Plan, load, ratio, rounds
from benchmarks.stage import ROOT, Stage, Target, free_port, stage, started, wait_for

__all__ = ["QUICK", "Plan", "measure", "show"]

QUICK = Plan(rounds=1, seconds=0.3, connections=(1, 64))
READY_S = 180.0  # LiteLLM's proxy imports for half a minute on a busy core
LITELLM = ROOT / ".venv" / "peers" / "bin" / "litellm"
PORTKEY = Path(__file__).parent / "node_modules" / "@portkey-ai" / "gateway" / "build"
LOCAL_ONLY = Path(__file__).with_name("local_only.cjs")
INSTALL = "make bench-peers installs it"
KEY = "sk-bench"


DOES = {
    "nginx": "nothing",
    "portkey": "nothing: the request names its provider",
    "litellm": "a key; costs in headers",
    "tiergate": "a key, triage, a decision, budgets, two rows in the ledger",
    "level 1": "the same, and answers approved questions itself",
}
"""Says what each target does besides passing bytes."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Names a peer, and how it is started."""

    target: Target
    command: tuple[str, ...]
    environ: dict[str, str]
    ready: str  # answers once the peer can be asked


def measure(plan: Plan, say: Callable[[str], None]) -> Figures:
    """Returns rows of all targets, by connections, with ratios of requests a second to each."""
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-bench-") as name,
        stage(Path(name)) as running,
        _started(running, Path(name), say) as peers,
    ):
        ours = running.gateway
        level_1 = replace(ours, name="level 1", prompts=running.approved)
        targets = [t for t in (running.direct, running.nginx, *peers, ours, level_1) if t]
        for target in targets:
            load(target, 8, Plan(1, 2.0), 0, running.client_core)  # warm up
        rows: list[Figures] = []
        for connections in plan.connections:
            say(f"{connections} connections")
            found = rounds(targets, connections, plan, running)
            for row in found:
                row["ratio_to"] = {one["target"]: _ratio(row, one) for one in found if one != row}
            rows += found
    return {"cores": running.cores, "rounds": plan.rounds, "seconds": plan.seconds, "rows": rows}


def _ratio(row: Figures, other: Figures) -> float:
    return ratio(row["rounds"], other["rounds"])


@contextlib.contextmanager
def _started(running: Stage, folder: Path, say: Callable[[str], None]) -> Iterator[list[Target]]:
    """Starts the peers that are installed, on the gateway's core; yields them when all answer."""
    core = running.cores[0] if running.cores else None
    with contextlib.ExitStack() as stack:
        targets = []
        upstream = running.direct.url.removesuffix("/chat/completions")
        for peer in (_portkey(upstream, say), _litellm(upstream, folder, say)):
            if peer is None:
                continue
            say(f"{peer.target.name} starts")
            log = folder / f"{peer.target.name}.log"
            pid = stack.enter_context(started(peer.command, core, log, peer.environ))
            wait_for(peer.ready, log, READY_S)
            targets.append(replace(peer.target, pid=pid))
        yield targets


def _portkey(upstream: str, say: Callable[[str], None]) -> Peer | None:
    node, program = shutil.which("node"), PORTKEY / "start-server.js"
    if node is None or not program.exists():
        say(f"Portkey's gateway is not installed, or node is not: {INSTALL}")
        return None
    port = free_port()
    headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: {upstream}")
    url = f"http://127.0.0.1:{port}/v1/chat/completions"
    return Peer(
        Target("portkey", url, "none", headers=headers),
        (node, "--require", str(LOCAL_ONLY), str(program), f"--port={port}", "--headless"),
        {},
        f"http://127.0.0.1:{port}/",
    )


def _litellm(upstream: str, folder: Path, say: Callable[[str], None]) -> Peer | None:
    if not LITELLM.exists():
        say(f"LiteLLM's proxy is not installed: {INSTALL}")
        return None
    port = free_port()
    model = {
        "model": "openai/fake-1",
        "api_base": upstream,
        "api_key": "none",
    }
    config = folder / "litellm.yaml"
    config.write_text(
        yaml.safe_dump(
            {
                "model_list": [{"model_name": "auto", "litellm_params": model}],
                "general_settings": {"master_key": KEY},
            }
        ),
        "utf-8",
    )
    words = ("--config", str(config), "--host", "127.0.0.1", "--port", str(port))
    return Peer(
        Target("litellm", f"http://127.0.0.1:{port}/v1/chat/completions", KEY),
        (str(LITELLM), *words, "--num_workers", "1", "--telemetry", "False"),
        {"LITELLM_LOG": "ERROR", "LITELLM_MODE": "PRODUCTION"},
        f"http://127.0.0.1:{port}/health/liveliness",
    )


def show(figures: Figures) -> str:
    """Returns the figures as text."""
    lines = [
        f"{'connections':>11}  {'target':<10}{'requests/s':>11}{'p50 ms':>9}{'p99 ms':>9}"
        f"{'CPU us':>8}  ours to it"
    ]
    for connections in CONNECTIONS:
        rows = [row for row in figures["rows"] if row["connections"] == connections]
        ours = next((row for row in rows if row["target"] == "tiergate"), None)
        for row in rows:
            cpu = f"{row['cpu_us'][1]:,.0f}" if "cpu_us" in row else ""
            ratios = {} if ours is None else ours["ratio_to"]
            other = row["target"] in ratios and row["target"] != "level 1"
            times = f"{ratios[row['target']]:.3f}" if other else ""
            lines.append(
                f"{connections:>11}  {row['target']:<10}{row['per_second'][1]:>11,.0f}"
                f"{row['p50_ms'][1]:>9.2f}{row['p99_ms'][1]:>9.2f}{cpu:>8}  {times:>10}"
            )
    measured = {row["target"] for row in figures["rows"]}
    lines.append("Besides passing bytes, each does:")
    lines += [f"  {name:<10}{work}" for name, work in DOES.items() if name in measured]
    bad = sum(row["not_200"] + row["lost"] for row in figures["rows"])
    lines.append(f"Answers other than 200 and broken connections: {bad}.")
    return "\n".join(lines)
