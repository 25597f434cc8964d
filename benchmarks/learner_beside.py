"""Measures if serving is slower while a learner runs on the same machine.

    python -m benchmarks.learner_beside [--rounds N] [--requests N] [--json]

One server (`tiergate serve`, the fake upstream of the tests) gets requests one after another.
Rounds alternate: alone, and beside `tiergate learn run` with its defaults, which runs again and
again on the questions of the shipped knowledge files. Ratios are formed within a round, because a
busy machine changes between rounds. Only 127.0.0.1 is used; the bench ends everything it starts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from router.learning.dataset import Dataset, Options
from router.learning.folder import write
from router.learning.rows import DatasetRow, Kind, Source, Split
from router.policy.content.knowledge import load_knowledge
from tests.kits.server_kit import PYTHON, Served, Upstream, environment, write_policy

KNOWLEDGE = Path(__file__).parents[1] / "policies" / "knowledge" / "customer_support.yaml"
FAR_MS = 10**15


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learner_beside")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=300, help="of each half of a round")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    figures = measure(options.rounds, options.requests)
    if options.json:
        print(json.dumps(figures))
        return
    for name in ("p50", "p95"):
        alone, beside = figures[f"alone_{name}_ms"], figures[f"beside_{name}_ms"]
        print(f"{name}: {alone:.2f} ms alone, {beside:.2f} ms beside a learner, "
              f"{figures[f'ratio_{name}']:.2f} times (median of rounds)")  # fmt: skip
    print(f"{figures['runs']:.0f} runs of the learner, load {figures['load']:.1f} on "
          f"{figures['cores']:.0f} cores at the end")  # fmt: skip


def measure(rounds: int, requests: int) -> dict[str, float]:
    """Returns medians over rounds of latencies in milliseconds, and of their ratios."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        material = dataset(folder)
        with Upstream(folder) as upstream:
            policy = write_policy(folder, upstream.url)
            with Served(folder, policy) as served:
                for number in range(50):
                    ask(served, number)  # warm
                pairs, runs = [], 0
                for number in range(rounds):
                    print(f"round {number + 1} of {rounds}", file=sys.stderr)
                    alone = latencies(served, requests)
                    with learner(folder, material) as count:
                        time.sleep(1.0)
                        beside = latencies(served, requests)
                    runs += count[0]
                    pairs.append((quantiles(alone), quantiles(beside)))
    median = statistics.median
    figures = {"runs": float(runs), "load": os.getloadavg()[0], "cores": float(os.cpu_count() or 1)}
    for place, quantile in enumerate(("p50", "p95")):
        figures[f"alone_{quantile}_ms"] = median(one[0][place] for one in pairs)
        figures[f"beside_{quantile}_ms"] = median(one[1][place] for one in pairs)
        figures[f"ratio_{quantile}"] = median(one[1][place] / one[0][place] for one in pairs)
    return figures


def dataset(folder: Path) -> Path:
    """Returns a dataset of the questions of a knowledge file, each labelled with its intent."""
    rows = []
    for intent in load_knowledge(KNOWLEDGE).content.intents:
        for n, text in enumerate(intent.utterances):
            name, split = f"{intent.id}{n}", Split.TEST if n % 5 == 4 else Split.TRAIN
            rows.append(
                DatasetRow(
                    name, Kind.LABEL, Source.LABEL_FILE, text, text, n, FAR_MS, "full", "bench",
                    name, (name,), head="intents", label=intent.id, split=split,
                )
            )  # fmt: skip
    return write(Dataset(Options(), tuple(rows), (), (), {}), folder)


@contextlib.contextmanager
def learner(folder: Path, material: Path) -> Iterator[list[int]]:
    """Runs the learner again and again within the block; its list counts the runs begun."""
    ended, count = threading.Event(), [0]
    running: list[subprocess.Popen[bytes]] = []

    def go_on() -> None:
        while not ended.is_set():
            state = folder / f"state{time.monotonic_ns()}"
            command = [PYTHON, "-m", "router.cli", "learn", "run", "--head", "intents"]
            places = ["--dataset", str(material), "--state", str(state)]
            running.append(
                subprocess.Popen(
                    [*command, *places, "--registry", str(state / "models")],
                    stdout=subprocess.DEVNULL,
                    env=environment(),
                )
            )
            count[0] += 1
            running[-1].wait()

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield count
    finally:
        ended.set()
        for process in running:
            if process.poll() is None:
                process.kill()
        thread.join()


def latencies(served: Served, requests: int) -> list[float]:
    """Returns how long each request took, in milliseconds."""
    times_ms = []
    for number in range(requests):
        began = time.perf_counter()
        ask(served, number)
        times_ms.append(1_000 * (time.perf_counter() - began))
    return times_ms


def ask(served: Served, number: int) -> None:
    text = f"Write {number} lines about the sea and the people who work there."
    body = {"model": "auto", "messages": [{"role": "user", "content": text}]}
    served.post("/v1/chat/completions", body).raise_for_status()


def quantiles(values: list[float]) -> tuple[float, float]:
    """Returns the median and the 95th percentile."""
    cuts = statistics.quantiles(values, n=20)
    return statistics.median(values), cuts[18]


if __name__ == "__main__":
    main()
