"""Walks thresholds from strict to loose, and keeps the loosest that holds for a mixture. Pure.

This is Learn-then-Test by fixed sequences (Angelopoulos et al., arXiv 2110.01052); what one test
says is in `mixture_bounds`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from router.stats.mixture_bounds import Counts, holds

GRID = (0.999, 0.995, *(round(0.99 - 0.01 * i, 2) for i in range(50)))
"""Lists the tested thresholds from strict to loose, fixed before any data are seen: 0.999 to 0.50.
"""

STARTS = ((0.6, 0.8), (0.0, 0.2))
"""Pairs the least share of the file's labels that a sequence accepts at its begin with its share of
delta. One error among few answers ends a sequence that begins strictly: on CLINC150, at 2 % and a
fifth of strangers, such a walk alone was refused in 58 % of draws, one from .6 on in 19 %. The
strict one is for files whose matches are good on less."""


def loosest(
    at: Sequence[Counts], share: float, risk: float, delta: float
) -> tuple[int, float] | None:
    """Returns the index of the loosest certified threshold, and the delta that its test had.

    `at` holds the counts at each threshold of GRID. Returns None where no sequence certifies one.
    """
    ends = [
        (end, part * delta)
        for least, part in STARTS
        if (end := walk(at, share, risk, part * delta, least)) is not None
    ]
    return max(ends, default=None)


def walk(at: Sequence[Counts], share: float, risk: float, delta: float, least: float) -> int | None:
    """Returns the index of the loosest threshold that one sequence certifies; None for none.

    `at` holds the counts at each threshold, from strict to loose. The sequence begins where at
    least the share `least` of the file's labels is accepted.
    """
    end, begun = None, False
    for index, counts in enumerate(at):
        # What no outcome could certify is not tested, so it does not end the sequence. Looser
        # thresholds accept more of the file, so what could be certified once stays so.
        begun = begun or (
            counts.accepted >= least * counts.within
            and holds(replace(counts, wrong=0, outside_accepted=0), share, risk, delta)
        )
        if not begun:
            continue
        if not holds(counts, share, risk, delta):
            break
        end = index
    return end
