"""Measures new prompts while two connections ask what is read together with approved answers.

    python -m benchmarks.beside [--rounds 3] [--seconds 3]      (about a minute)

Sixteen connections send prompts that no answer fits, first alone, then beside two that ask for
approved answers in other words. Gateway and upstream are those of `python -m benchmarks gateway`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.gateway import Plan, load
from benchmarks.stage import Stage, stage

NEW, READ = 16, 2
"""Connections that send new prompts, and those that ask in other words."""


def rounds(running: Stage, count: int, plan: Plan) -> dict[str, list[Figures]]:
    """Returns the figures of each round, of new prompts alone, beside others, and of these."""
    other = replace(running.gateway, name="other words", prompts=running.reworded)
    core, found = running.client_core, dict[str, list[Figures]]()
    for seed in range(1, count + 1):
        alone = load(running.gateway, NEW, plan, seed, core)
        with ThreadPoolExecutor(2) as pool:
            words = pool.submit(load, other, READ, plan, seed, core)
            beside = pool.submit(load, running.gateway, NEW, plan, seed + count, core)
        rows = {"new, alone": alone, "new, beside": beside.result(), "other words": words.result()}
        for name, figures in rows.items():
            found.setdefault(name, []).append(figures)
    return found


def main() -> None:
    """Prints the medians of all rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    plan = Plan(seconds=asked.seconds)
    with (
        tempfile.TemporaryDirectory(prefix="tiergate-beside-") as folder,
        stage(Path(folder)) as running,
    ):
        load(running.gateway, 8, Plan(seconds=1.0), 0, running.client_core)  # warm up
        found = rounds(running, asked.rounds, plan)
    print(f"{'prompts':14}{'requests/s':>12}{'p50 ms':>10}{'p99 ms':>10}")
    for name, figures in found.items():
        middle = [
            statistics.median(one[key] for one in figures)
            for key in ("per_second", "p50_ms", "p99_ms")
        ]
        print(f"{name:14}{middle[0]:12,.0f}{middle[1]:10.1f}{middle[2]:10.1f}")


if __name__ == "__main__":
    main()
