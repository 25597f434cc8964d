"""Bounds what a learner takes of the machine: a few cores, the lowest priority, processor time.

All hold for threads that start later, so they are set before numpy and the encoder are loaded.
"""

from __future__ import annotations

import os
import resource
import signal
from types import FrameType

from router.errors import TrainingDataError

NICENESS = 15


def bound(cores: int, minutes: float) -> None:
    """Bounds this process. Where a system lacks a bound, the others hold."""
    os.nice(max(0, NICENESS - os.nice(0)))
    os.environ.setdefault("OPENBLAS_NUM_THREADS", str(cores))
    os.environ.setdefault("OMP_NUM_THREADS", str(cores))
    if hasattr(os, "sched_setaffinity"):
        # The last cores: a server that was given cores by number usually has the first.
        mine = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, mine[-cores:])
    spent = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(spent.ru_utime + spent.ru_stime + 60 * minutes) + 1
    _, hardest = resource.getrlimit(resource.RLIMIT_CPU)
    if hardest != resource.RLIM_INFINITY:
        limit = min(limit, hardest)
    signal.signal(signal.SIGXCPU, _over)
    resource.setrlimit(resource.RLIMIT_CPU, (limit, hardest))


def _over(_: int, __: FrameType | None) -> None:
    raise TrainingDataError(
        "the processor time that --minutes allows is over. What was learnt is kept: the same "
        "command goes on, with more --minutes where the head is fitted afresh."
    )
