"""Prints the figures of docs/bench.md: `python -m benchmarks [PART] [--quick] [--json]`.

Without PART it measures all parts, one after the other.
"""

from __future__ import annotations

import os

# Set before numpy is imported: one thread, as in the model card.
for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402
from dataclasses import replace  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import TypeVar  # noqa: E402

from benchmarks import bench_triage, first_token, gateway, overload, path, report, soak  # noqa: E402
from benchmarks.scale import scale, workers  # noqa: E402

PlanT = TypeVar("PlanT", gateway.Plan, first_token.Plan, overload.Plan, scale.Plan, workers.Plan)
KNOWLEDGE = Path(__file__).parents[1] / "policies" / "knowledge" / "customer_support.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parts = ("triage", "gateway", "http", "path", "first_token", "overload", "ledger", "report",
             "scale", "workers", "documents", "soak")  # fmt: skip
    parser.add_argument("part", nargs="?", choices=("all", *parts), default="all")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=600_000, help="of the report's ledger")
    parser.add_argument("--chunks", type=int, default=100_000, help="of the store of documents")
    parser.add_argument("--requests", type=int, default=300_000, help="of the soak")
    parser.add_argument("--scan", action="store_true", help="also the report from all rows")
    parser.add_argument(
        "--profile", type=Path, default=None, help="a folder for py-spy's stacks of the gateway"
    )
    options = parser.parse_args()
    plan = _for_rounds(gateway.QUICK if options.quick else gateway.Plan(), options)
    figures: dict[str, object] = {"machine": machine()}
    if options.part in ("all", "triage"):
        say("triage, one thread")
        figures["triage"] = bench_triage.measure(0.1 if options.quick else 3.0, KNOWLEDGE)
    if options.part in ("all", "gateway"):
        figures["gateway"] = gateway.measure(plan, say, options.profile)
    if options.part in ("all", "http"):
        # Imported here, because uvicorn comes with the packages of the tests.
        from benchmarks import http_protocol

        figures["http"] = http_protocol.measure(1 if options.quick else options.rounds or 15, say)
    if options.part in ("all", "path"):
        figures["path"] = path.measure(100 if options.quick else 1_000, say)
    if options.part in ("all", "report"):
        rows = 6_000 if options.quick else options.rows
        figures["report"] = report.measure(rows, options.scan or options.quick, say)
    if options.part in ("all", "ledger"):
        # Imported here, because its PostgreSQL server comes with the packages of the tests.
        from benchmarks import ledger

        figures["ledger"] = ledger.measure_all(0.1 if options.quick else 3.0, say)
    if options.part in ("all", "first_token"):
        timing = first_token.QUICK if options.quick else first_token.Plan()
        figures["first_token"] = first_token.measure(_for_rounds(timing, options), say)
    if options.part in ("all", "overload"):
        crowd = overload.QUICK if options.quick else overload.Plan()
        figures["overload"] = overload.measure(_for_rounds(crowd, options), say)
    if options.part in ("all", "scale"):
        sizes = scale.QUICK if options.quick else scale.Plan()
        figures["scale"] = scale.measure(_for_rounds(sizes, options), say)
    if options.part in ("all", "workers"):
        crew = workers.QUICK if options.quick else workers.Plan()
        figures["workers"] = workers.measure(_for_rounds(crew, options), say)
    if options.part in ("all", "documents"):
        # Imported here, since it loads the triage model.
        from benchmarks import documents

        chunks, asked = (2_000, 20) if options.quick else (options.chunks, 200)
        figures["documents"] = documents.measure(chunks, asked, say)
    # Ten minutes of load say nothing about speed, so the soak runs only where it is named.
    if options.part == "soak":
        most = 3 * soak.QUICK_STAGE if options.quick else options.requests
        per_stage = soak.QUICK_STAGE if options.quick else soak.STAGE
        figures["soak"] = soak.measure(most, per_stage, say)
    if options.json:
        print(json.dumps(figures, indent=1))
        return
    print(json.dumps(figures["machine"]))
    if isinstance(triage := figures.get("triage"), dict):
        bench_triage.show(triage)
    if isinstance(measured := figures.get("gateway"), dict):
        print(gateway.show(measured))
    if isinstance(protocols := figures.get("http"), dict):
        from benchmarks import http_protocol

        print(http_protocol.show(protocols))
    if isinstance(counts := figures.get("path"), dict):
        print(path.show(counts))
    if isinstance(reported := figures.get("report"), dict):
        report.show(reported)
    if isinstance(lines := figures.get("ledger"), list):
        from benchmarks import ledger

        print(ledger.show(lines))
    if isinstance(timed := figures.get("first_token"), dict):
        print(first_token.show(timed))
    if isinstance(crowded := figures.get("overload"), dict):
        print(overload.show(crowded))
    if isinstance(compared := figures.get("scale"), dict):
        print(scale.show(compared))
    if isinstance(counted := figures.get("workers"), list):
        print(workers.show(counted))
    if isinstance(soaked := figures.get("soak"), dict):
        print(soak.show(soaked))
    if isinstance(searched := figures.get("documents"), dict):
        from benchmarks import documents

        print(documents.show(searched))


def _for_rounds(plan: PlanT, options: argparse.Namespace) -> PlanT:
    """Returns the plan with the number of rounds that was asked for."""
    return replace(plan, rounds=options.rounds) if options.rounds else plan


# The load tells a reader how far to trust the wall times.
def machine() -> dict[str, object]:
    """Describes the machine and its load averages (1, 5 and 15 minutes) before the measurements."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": [round(load, 2) for load in os.getloadavg()],
    }


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((ln.partition(": ")[2] for ln in lines if ln.startswith("model name")), "unknown")


def say(text: str) -> None:
    print(f"... {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
