"""Bounds what a learner takes of the machine: a few cores, the lowest priority, processor time.

All hold for threads that start later, so they are set before numpy and the encoder are loaded.
It also says so while the learner runs, because a busy machine may let it wait for minutes.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import typer

from router.cli.exits import Exit
from router.cli.terminal import to_stderr
from router.errors import TrainingDataError

if TYPE_CHECKING:
    from router.training.continual.stage import Memory

NICENESS = 15
TOLD_EVERY_S = 30.0
"""Short enough that nobody takes a waiting run for a dead one, long enough for a log."""


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


@contextmanager
def telling(
    head: str,
    reads: str,
    every_s: float = TOLD_EVERY_S,
    tell: Callable[[str], None] = to_stderr,
) -> Iterator[None]:
    """Tells what is read under which bounds, then at intervals the processor time used so far."""
    where = ""
    if hasattr(os, "sched_getaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        noun = "core" if len(cores) == 1 else "cores"
        where = f" on {noun} {', '.join(map(str, cores))}"
    tell(
        f"tiergate: {head} learns from {reads}, at the lowest priority{where}: "
        "it waits while other programs need the processor"
    )
    began_s, used_s, ended = time.monotonic(), time.process_time(), threading.Event()

    def repeat() -> None:
        while not ended.wait(every_s):
            wall, used = time.monotonic() - began_s, time.process_time() - used_s
            tell(f"tiergate: {head}: {used:.1f} s of processor time in {wall:.0f} s so far")

    thread = threading.Thread(target=repeat, name="learner-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def ctrl_c_is_told(memory: Memory) -> Iterator[None]:
    """Says what a Ctrl-C within the block leaves, and how to go on; ends with its exit code.

    All that a run writes replaces a file at once, so what is there is whole at any moment.
    """
    try:
        yield
    except KeyboardInterrupt:
        kept = "no run was under way, and what it remembers is as before"
        if memory.under_way:
            kept = "what it learnt so far is kept, and the same command goes on from there"
        to_stderr(f"tiergate: {memory.name} is stopped: {kept}")
        raise typer.Exit(Exit.STOPPED) from None


def _over(_: int, __: FrameType | None) -> None:
    raise TrainingDataError(
        "the processor time that --minutes allows is over. What was learnt is kept: the same "
        "command goes on, with more --minutes where the head is fitted afresh."
    )
