"""Whether a function's time grows in proportion to its text, whatever else the machine does.

A bound in seconds tells how busy a machine is; this compares a function with itself.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

SHORT, TIMES = 2_000, 32  # characters, and how many times as many the long text has
LIMIT = 4.0
"""A long text takes as long as TIMES short ones when time is in proportion (0.9 to 1.9 measured,
busy machine or not), and TIMES times as long as those when it goes with the square."""
TRIES = 6


def in_proportion(work: Callable[[str], object], piece: str, begin: str = "") -> bool:
    """Whether `work` on `begin` and 64,000 characters of `piece` takes what 32 short texts take.

    Counted is this thread's own time on the processor, the least of each kind: other work on the
    machine only adds to it.
    """
    short = begin + piece * (SHORT // len(piece))
    long = begin + piece * (TIMES * SHORT // len(piece))
    work(short)  # what is made once is made here
    many_s = one_s = float("inf")
    for _ in range(TRIES):
        many_s = min(many_s, _processor_s(work, short, TIMES))
        one_s = min(one_s, _processor_s(work, long, 1))
        if one_s < LIMIT * many_s:
            return True
    return False


def _processor_s(work: Callable[[str], object], text: str, times: int) -> float:
    gc.disable()  # it goes through all that the tests have loaded, the oftener the more is kept
    try:
        began = time.thread_time()
        for _ in range(times):
            work(text)
        return time.thread_time() - began
    finally:
        gc.enable()
