"""Every part of `make bench` runs to its end and prints its figures."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PARTS = (
    "triage", "gateway", "http", "path", "first_requests", "first_token", "overload", "report",
    "scale", "workers", "documents", "soak", "peers",
    pytest.param("ledger", marks=pytest.mark.postgres),
)  # fmt: skip
ALONE = sorted(
    path.stem
    for path in (ROOT / "benchmarks").glob("*.py")
    if "__main__" in path.read_text("utf-8") and path.stem not in ("__main__", "loadgen")
)


def bench(*words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.process
@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_each_part_ends_and_prints_its_figures(part: str) -> None:
    run = bench("benchmarks", part, "--quick", "--json")
    assert run.returncode == 0, run.stderr[-2000:]
    assert json.loads(run.stdout)[part]


@pytest.mark.slow
@pytest.mark.parametrize("name", ALONE)
def test_each_bench_of_its_own_starts(name: str) -> None:
    run = bench(f"benchmarks.{name}", "--help")
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout
