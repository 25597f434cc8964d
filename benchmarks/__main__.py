"""Figures of docs/bench.md: `python -m benchmarks [PART] [--quick] [--json]`, all parts or one."""

from __future__ import annotations

import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before numpy is imported: one thread, as in the card

import argparse  # noqa: E402
import json  # noqa: E402
import platform  # noqa: E402
import sys  # noqa: E402
from pathlib import Path  # noqa: E402

from benchmarks import bench_triage, first_token, gateway, overload, report  # noqa: E402

KNOWLEDGE = Path(__file__).parents[1] / "policies" / "knowledge" / "customer_support.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parts = ("all", "triage", "gateway", "first_token", "overload", "ledger", "report")
    parser.add_argument("part", nargs="?", choices=parts, default="all")
    parser.add_argument("--quick", action="store_true", help="one short round: a smoke test")
    parser.add_argument("--rounds", type=int, default=None)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=600_000, help="of the report's ledger")
    parser.add_argument("--scan", action="store_true", help="also the report from all rows")
    parser.add_argument(
        "--profile", type=Path, default=None, help="a folder for py-spy's stacks of the gateway"
    )
    asked = parser.parse_args()
    plan = gateway.QUICK if asked.quick else gateway.Plan()
    if asked.rounds:
        plan = gateway.Plan(asked.rounds, plan.seconds)
    found: dict[str, object] = {"machine": machine()}
    if asked.part in ("all", "triage"):
        say("triage, one thread")
        found["triage"] = bench_triage.measure(0.5 if asked.quick else 3.0, KNOWLEDGE)
    if asked.part in ("all", "gateway"):
        found["gateway"] = gateway.measure(plan, say, asked.profile)
    if asked.part in ("all", "report"):
        rows = 60_000 if asked.quick else asked.rows
        found["report"] = report.measure(rows, asked.scan or asked.quick, say)
    if asked.part in ("all", "ledger"):
        # Its server comes with the tests' packages; the other parts do without.
        from benchmarks import ledger

        found["ledger"] = ledger.measure_all(0.5 if asked.quick else 3.0, say)
    if asked.part in ("all", "first_token"):
        rounds, requests = (1, 2) if asked.quick else (asked.rounds or 5, 8)
        found["first_token"] = first_token.measure(rounds, requests, say)
    if asked.part in ("all", "overload"):
        rounds, seconds = (1, 3.0) if asked.quick else (asked.rounds or 3, 10.0)
        found["overload"] = overload.measure(rounds, seconds, say)
    if asked.json:
        print(json.dumps(found, indent=1))
        return
    print(json.dumps(found["machine"]))
    if isinstance(triage := found.get("triage"), dict):
        bench_triage.show(triage)
    if isinstance(measured := found.get("gateway"), dict):
        print(gateway.show(measured))
    if isinstance(reported := found.get("report"), dict):
        report.show(reported)
    if isinstance(lines := found.get("ledger"), list):
        from benchmarks import ledger

        print(ledger.show(lines))
    if isinstance(timed := found.get("first_token"), dict):
        print(first_token.show(timed))
    if isinstance(crowded := found.get("overload"), dict):
        print(overload.show(crowded))


def machine() -> dict[str, object]:
    """What the figures were measured on, and how busy it was before."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "load_before": [round(one, 2) for one in os.getloadavg()],
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
