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
(measured, busy machine or not); when time grows with the square it is TIMES."""
TRIES = 6


def in_proportion(
    work: Callable[[str], object],
    piece: str,
    begin: str = "",
    end: str = "",
    *,
    short: int = SHORT,
    times: int = TIMES,
    limit: float = LIMIT,
    quick_s: float = 0.0,
    slow_s: float = float("inf"),
) -> bool:
    """Returns True when `work` on a text `times` as long takes what so many short texts take.

    The texts are `begin`, pieces, `end`; a short one has `short` characters of pieces. It counts
    this thread's own processor time and takes the least of each kind, because other work on the
    machine only adds to it. A long text read in less than `quick_s` is in proportion; where even
    a short one takes more than `slow_s`, no long one is tried.
    """
    brief = begin + piece * (short // len(piece)) + end
    long = begin + piece * (times * short // len(piece)) + end
    work(brief)  # things that are made once are made here
    many_s = one_s = float("inf")
    # One good try is enough: other work only makes a try worse.
    for _ in range(TRIES):
        if _processor_s(work, brief, 1) > slow_s:
            continue
        one_s = min(one_s, _processor_s(work, long, 1))
        if one_s < quick_s:
            return True
        many_s = min(many_s, _processor_s(work, brief, times))
        if one_s < limit * many_s:
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
