"""Simulates rollouts that are looked at again and again: guards that are wrong, and how soon right.

    python -m benchmarks.sequential_tests [--runs 1000] [--json]

Each run draws requests of two arms, the candidate with a tenth of the traffic: failures,
complaints, costs (log-normal, one in fifty without any) and latencies (log-normal). It looks 40
times between 50 and 20,000 requests of the candidate, and stops at the first alarm. `A/A` draws
both arms alike and tolerates nothing, so each alarm is false. Next to it stands the usual z-test of
two shares at 5 %, looked at as often. No server runs; the seed is fixed.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt

from router.rollout.confidence import Floats, lower_bounds, upper_bounds
from router.rollout.tallies import COSTS, LATENCIES, RATE, SPAN, Metric
from router.rollout.verdicts import Margins, tolerated

ALPHA = 0.05
SHARE = 0.1  # of the candidate
LOOKS = 40
SEED = 19
FIRST, LAST = 50, 20_000  # requests of the candidate
CAP_USD, USUAL_USD, SPREAD_USD = 0.02, 0.001, 0.8
USUAL_MS, SPREAD_MS = 800.0, 0.6
STRICT = Margins(0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class World:
    """Describes how two arms differ; the base fails twice in a hundred requests."""

    name: str
    margins: Margins = STRICT
    errors: float = 0.02  # of the candidate
    complaints: float = 0.01
    dearer: float = 1.0
    slower: float = 1.0


@dataclass(frozen=True)
class Figures:
    """Holds what the runs of one world came to."""

    name: str
    runs: int
    alarms: float  # share of runs that were rolled back
    median: int | None  # requests of the candidate until then
    late: int | None  # the same, nine in ten
    z_test: float  # share of runs in which a repeated z-test of failures would have alarmed
    missed: float  # share of runs in which one of the candidate's 8 bounds ever failed its mean


BASE = World("base")
WORLDS = (
    World("A/A, nothing tolerated"),
    World("A/A, margins as shipped", Margins()),
    World("fails 4 % instead of 2 %, tolerated 2 points", Margins(), errors=0.04),
    World("fails 6 %", Margins(), errors=0.06),
    World("fails 10 %", Margins(), errors=0.10),
    World("fails always", Margins(), errors=1.0),
    World("costs twice as much", Margins(), dearer=2.0),
    World("costs ten times as much", Margins(), dearer=10.0),
    World("takes twice as long", Margins(), slower=2.0),
    World("takes five times as long", Margins(), slower=5.0),
    World("is complained of 5 % instead of 1 %", Margins(), complaints=0.05),
)


def drawn(world: World, runs: int, count: int, random: np.random.Generator) -> dict[Metric, Floats]:
    """Returns for each metric how often each level was seen among `count` requests, by run."""
    failed = random.binomial(count, world.errors, runs)
    complained = random.binomial(count, world.complaints, runs)
    usd = random.lognormal(math.log(USUAL_USD * world.dearer), SPREAD_USD, (runs, count))
    usd[random.random((runs, count)) < 0.02] = 0.0  # from a cache
    ms = random.lognormal(math.log(USUAL_MS * world.slower), SPREAD_MS, (runs, count))
    return {
        Metric.ERRORS: np.stack([count - failed, failed], axis=1).astype(float),
        Metric.COMPLAINTS: np.stack([count - complained, complained], axis=1).astype(float),
        Metric.COST: _binned(_cost_levels(usd), len(COSTS)),
        Metric.LATENCY: _binned(_latency_levels(ms), len(LATENCIES)),
    }


def _cost_levels(usd: Floats) -> np.ndarray:
    with np.errstate(divide="ignore"):
        levels = np.round((np.log10(usd / CAP_USD) + 4) * 24) + 1
    return np.where(usd <= 0, 0, np.clip(levels, 1, len(COSTS) - 1)).astype(int)


def _latency_levels(ms: Floats) -> np.ndarray:
    return np.round(np.minimum(np.log1p(ms) / SPAN, 1.0) * (len(LATENCIES) - 1)).astype(int)


def _binned(levels: np.ndarray, size: int) -> Floats:
    runs = len(levels)
    flat = levels + np.arange(runs)[:, None] * size
    return np.bincount(flat.ravel(), minlength=runs * size).reshape(runs, size).astype(float)


def simulate(world: World, runs: int) -> Figures:
    """Returns how often and how soon the runs of a world were rolled back."""
    random = np.random.default_rng(SEED)
    scales = {m: np.asarray(v) for m, v in _scales().items()}
    true = _true_means(world, random)
    side = ALPHA / len(Metric) / 2
    seen: dict[str, dict[Metric, Floats]] = {}
    stopped = np.full(runs, 0)
    z_alarm, missed = np.zeros(runs, bool), np.zeros(runs, bool)
    counts = {"base": 0, "candidate": 0}
    for n in np.unique(np.geomspace(FIRST, LAST, LOOKS).astype(int)):
        for arm, of, total in (("base", BASE, round(n / SHARE * (1 - SHARE))),
                               ("candidate", world, int(n))):  # fmt: skip
            # More of the base's requests would only take time: they sharpen a bound that is sharp.
            more = drawn(of, runs, _thinned(total) - counts[arm], random)
            counts[arm] = _thinned(total)
            seen[arm] = more if arm not in seen else {m: seen[arm][m] + more[m] for m in more}
        alarmed = np.zeros(runs, bool)
        for metric, margin in world.margins.named().items():
            low = lower_bounds(scales[metric], seen["candidate"][metric], side)
            high = upper_bounds(scales[metric], seen["base"][metric], side)
            bar = np.array([tolerated(metric, float(one), margin) for one in high])
            alarmed |= low > bar
            top = upper_bounds(scales[metric], seen["candidate"][metric], side)
            missed |= (low > true[metric]) | (top < true[metric])
        stopped = np.where((stopped == 0) & alarmed, n, stopped)
        z_alarm |= _z_test(seen["base"][Metric.ERRORS], seen["candidate"][Metric.ERRORS])
        if (stopped > 0).all():
            break
    delays = np.sort(stopped[stopped > 0])
    return Figures(
        world.name,
        runs,
        float((stopped > 0).mean()),
        int(np.quantile(delays, 0.5)) if len(delays) else None,
        int(np.quantile(delays, 0.9)) if len(delays) else None,
        float(z_alarm.mean()),
        float(missed.mean()),
    )


def _thinned(count: int) -> int:
    return min(count, LAST)


def _scales() -> dict[Metric, tuple[float, ...]]:
    return {
        Metric.ERRORS: RATE,
        Metric.COMPLAINTS: RATE,
        Metric.COST: COSTS,
        Metric.LATENCY: LATENCIES,
    }


def _true_means(world: World, random: np.random.Generator) -> dict[Metric, float]:
    """Returns the means on the metrics' scales, costs and latencies by a large sample."""
    sample = drawn(world, 1, 2_000_000, np.random.default_rng(random.integers(2**32)))
    mean = {m: float(np.asarray(v) @ sample[m][0]) / 2_000_000 for m, v in _scales().items()}
    return {**mean, Metric.ERRORS: world.errors, Metric.COMPLAINTS: world.complaints}


def _z_test(base: Floats, candidate: Floats) -> npt.NDArray[np.bool_]:
    """Returns where the usual one-sided test of two shares at 5 % says "worse"."""
    n, m = base.sum(axis=1), candidate.sum(axis=1)
    p, q = base[:, 1] / n, candidate[:, 1] / m
    pooled = (base[:, 1] + candidate[:, 1]) / (n + m)
    spread = np.sqrt(np.maximum(pooled * (1 - pooled) * (1 / n + 1 / m), 1e-18))
    worse: npt.NDArray[np.bool_] = (q - p) / spread > 1.645
    return worse


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sequential_tests")
    parser.add_argument("--runs", type=int, default=1_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    every = [simulate(replace(world), options.runs) for world in WORLDS]
    if options.json:
        print(json.dumps([asdict(figures) for figures in every], indent=2))
        return
    print(f"{options.runs} runs each; alpha {ALPHA}; requests are those of the candidate\n")
    print(f"{'':46}{'rolled back':>12}{'median':>8}{'90 %':>8}{'z-test':>8}{'missed':>8}")
    for one in every:
        rest = f"{one.median or '-':>8}{one.late or '-':>8}{one.z_test:8.1%}{one.missed:8.1%}"
        print(f"{one.name:46}{one.alarms:12.1%}{rest}")


if __name__ == "__main__":
    main()
