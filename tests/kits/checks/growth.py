"""Checks that a function's time grows in proportion to its text, on a busy machine too.

A bound in seconds would measure the load of the machine; this compares a function with itself.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable

SHORT, TIMES = 2_000, 32  # characters, and the factor of the long text
LIMIT = 4.0
"""Factor of a long text's time to that of TIMES short ones. In proportion it is 0.9 to 1.9
(measured,
busy machine or not); when time grows with the square it is TIMES."""
TRIES = 6


def in_proportion(work: Callable[[str], object], piece: str, begin: str = "") -> bool:
    """Returns True when `work` on 64,000 characters of `piece` takes what 32 short texts take.

    `begin` comes before the pieces. It counts this thread's own processor time and takes the least
    of each kind, because other work on the machine only adds to it.
    """
    short = begin + piece * (SHORT // len(piece))
    long = begin + piece * (TIMES * SHORT // len(piece))
    work(short)  # things that are made once are made here
    many_s = one_s = float("inf")
    # One good try is enough: other work only makes a try worse.
    for _ in range(TRIES):
        many_s = min(many_s, _processor_s(work, short, TIMES))
        one_s = min(one_s, _processor_s(work, long, 1))
        if one_s < LIMIT * many_s:
            return True
    return False


def _processor_s(work: Callable[[str], object], text: str, times: int) -> float:
    gc.disable()  # its time depends on all that the tests have loaded
    try:
        began = time.thread_time()
        for _ in range(times):
            work(text)
        return time.thread_time() - began
    finally:
        gc.enable()
