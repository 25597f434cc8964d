"""Measures the time of a single request in each encoder, in turns, so that load hits all alike.

One thread works, token ids go in, a vector comes out. Tokenising is the same for all and is not
counted. Within a turn each encoder runs a few times in a row, and the first run is dropped, since
the encoder before it has emptied the processor's caches.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import numpy as np

from router.training.progress import track
from router.triage.encoder import Encoder

LENGTHS = (16, 40, 128)
"""Tokens, both markers included; no more than 128 are read."""
TYPICAL = 40
"""The length whose median is used when one figure must represent all."""
RUNS_A_TURN = 6
BEGIN, END = 101, 102
ORDINARY = (1_996, 20_000)
"""Ids of whole words lie between these two, ordered by frequency."""

Milliseconds = dict[str, float]
Samples = dict[str, dict[int, list[float]]]


def take_turns(
    encoders: Mapping[str, Encoder],
    turns: int,
    *,
    progress: bool = False,
) -> dict[str, dict[int, Milliseconds]]:
    """Returns p50, p99 and the processor's p50 in milliseconds per encoder and length.

    The processor's figure counts only the work of this thread, which a busy machine inflates less.
    """
    wall: Samples = {name: {length: [] for length in LENGTHS} for name in encoders}
    work: Samples = {name: {length: [] for length in LENGTHS} for name in encoders}
    rng = np.random.default_rng(0)
    for _ in track(range(turns), "latency", progress):
        for length in LENGTHS:
            # New ids each turn, the same for all encoders.
            ids = [BEGIN, *rng.integers(*ORDINARY, length - 2).tolist(), END]
            for name, encoder in encoders.items():
                for run in range(RUNS_A_TURN):
                    began, worked = time.perf_counter(), time.thread_time()
                    encoder.encode_ids([ids])
                    took, spent = time.perf_counter() - began, time.thread_time() - worked
                    if run:
                        wall[name][length].append(took * 1_000)
                        work[name][length].append(spent * 1_000)
    return {
        name: {
            length: {
                "p50_ms": round(float(np.quantile(wall[name][length], 0.5)), 4),
                "p99_ms": round(float(np.quantile(wall[name][length], 0.99)), 4),
                "cpu_p50_ms": round(float(np.quantile(work[name][length], 0.5)), 4),
            }
            for length in LENGTHS
        }
        for name in encoders
    }
