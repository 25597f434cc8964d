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
from collections.abc import Callable  # noqa: E402
from dataclasses import replace  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any, NamedTuple, TypeVar  # noqa: E402

from benchmarks import (  # noqa: E402
    bench_triage,
    first_requests,
    first_token,
    gateway,
    overload,
    path,
    report,
    soak,
)
from benchmarks.peers import peers  # noqa: E402
from benchmarks.scale import scale, workers  # noqa: E402

FiguresT = TypeVar("FiguresT")
PlanT = TypeVar(
    "PlanT",
    gateway.Plan,
    first_requests.Plan,
    first_token.Plan,
    overload.Plan,
    scale.Plan,
    workers.Plan,
)
Options = argparse.Namespace
KNOWLEDGE = Path(__file__).parents[1] / "policies" / "knowledge" / "customer_support.yaml"


class Measured(NamedTuple):
    """Holds the figures of a part, and what prints them."""

    figures: object
    shown: Callable[[], str]


def _triage(options: Options) -> Measured:
    say("triage, one thread")
    seconds = 0.1 if options.quick else 3.0
    return _measured(bench_triage.measure(seconds, KNOWLEDGE), bench_triage.show)


def _gateway(options: Options) -> Measured:
    plan = _plan(gateway.QUICK, gateway.Plan(), options)
    return _measured(gateway.measure(plan, say, options.profile, options.device), gateway.show)


def _http(options: Options) -> Measured:
    # Imported here, because uvicorn comes with the packages of the tests.
    from benchmarks import http_protocol

    rounds = 1 if options.quick else options.rounds or 15
    return _measured(http_protocol.measure(rounds, say), http_protocol.show)


def _path(options: Options) -> Measured:
    return _measured(path.measure(100 if options.quick else 1_000, say), path.show)


def _report(options: Options) -> Measured:
    rows = 6_000 if options.quick else options.rows
    return _measured(report.measure(rows, options.scan or options.quick, say), report.show)


def _ledger(options: Options) -> Measured:
    # Imported here, because its PostgreSQL server comes with the packages of the tests.
    from benchmarks import ledger

    return _measured(ledger.measure_all(0.1 if options.quick else 3.0, say), ledger.show)


def _by_plan(module: Any) -> Callable[[Options], Measured]:
    """Returns the part of a module with QUICK, Plan, measure(plan, say) and show(figures)."""

    def part(options: Options) -> Measured:
        figures = module.measure(_plan(module.QUICK, module.Plan(), options), say)
        return _measured(figures, module.show)

    return part


def _documents(options: Options) -> Measured:
    # Imported here, since it loads the triage model.
    from benchmarks import documents

    chunks, asked = (2_000, 20) if options.quick else (options.chunks, 200)
    return _measured(documents.measure(chunks, asked, say), documents.show)


def _soak(options: Options) -> Measured:
    most = 3 * soak.QUICK_STAGE if options.quick else options.requests
    per_stage = soak.QUICK_STAGE if options.quick else soak.stage_of(most)
    return _measured(soak.measure(most, per_stage, say), soak.show)


PARTS = {
    "triage": _triage,
    "gateway": _gateway,
    "http": _http,
    "path": _path,
    "report": _report,
    "ledger": _ledger,
    "first_requests": _by_plan(first_requests),
    "first_token": _by_plan(first_token),
    "overload": _by_plan(overload),
    "scale": _by_plan(scale),
    "workers": _by_plan(workers),
    "documents": _documents,
    "soak": _soak,
    "peers": _by_plan(peers),
}
NAMED_ONLY = ("soak", "peers")
"""Parts that run only where they are named: ten minutes of load say nothing about speed, and peers
are to be installed first."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("part", nargs="?", choices=("all", *PARTS), default="all")
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
    parser.add_argument("--device", default="auto", help="of the gateway's triage, as in serve")
    options = parser.parse_args()
    if options.requests < soak.FEWEST:
        parser.error(f"--requests is {options.requests}; expected {soak.FEWEST} or more")
    every = [name for name in PARTS if name not in NAMED_ONLY]
    names = every if options.part == "all" else [options.part]
    before = machine()
    measured = {name: PARTS[name](options) for name in names}
    if options.json:
        figures = {name: one.figures for name, one in measured.items()}
        print(json.dumps({"machine": before, **figures}, indent=1))
        return
    print(json.dumps(before))
    for one in measured.values():
        print(one.shown())


def _measured(figures: FiguresT, show: Callable[[FiguresT], str]) -> Measured:
    return Measured(figures, partial(show, figures))


def _plan(quick: PlanT, whole: PlanT, options: Options) -> PlanT:
    """Returns the plan of a part, with the number of rounds that was asked for."""
    plan = quick if options.quick else whole
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
