"""Turns a confidence that a model states into a chance, by how such decisions turned out. Pure.

A model that says .9 is not right nine times in ten. Outcomes are few and late, so they are grouped
by five grades; neighbouring grades that contradict the order are pooled (Ayer et al. 1955), and a
rate has Wilson's interval. Below MIN_OUTCOMES the stated value stands, and says what it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from router.stats.wilson import wilson

GRADES = (0.1, 0.3, 0.5, 0.7, 0.9)
MIN_OUTCOMES = 10
"""Outcomes of like decisions from which a rate is told. With ten, the interval of 95 % is still
half as wide as the scale; with fewer it says nothing."""


class Calibrated(Struct, frozen=True):
    """Holds what a stated confidence is worth."""

    stated: float
    outcomes: int  # of all decisions so far
    like: int = 0  # of decisions that were as sure, after pooling
    p: float | None = None  # None: too few of them
    low: float | None = None
    high: float | None = None

    @property
    def basis(self) -> str:
        """Returns where the confidence comes from, as a reader must know it.

        >>> Calibrated(0.7, 0).basis
        'stated by the model, no outcomes yet'
        """
        if not self.outcomes:
            return "stated by the model, no outcomes yet"
        if self.p is None or self.low is None or self.high is None:
            what = "outcome" if self.outcomes == 1 else "outcomes"
            return f"stated by the model; {self.outcomes} {what} so far, too few to calibrate it"
        return (
            f"the model stated {self.stated:g}; of {self.like} decisions as sure as this, "
            f"{100 * self.p:.0f} % were right ({100 * self.low:.0f} to {100 * self.high:.0f} %)"
        )


def calibrated(stated: float, outcomes: Iterable[tuple[float, bool]]) -> Calibrated:
    """Returns what a stated confidence is worth after outcomes: pairs of stated and right.

    >>> calibrated(0.9, [(0.9, True)] * 6 + [(0.9, False)] * 6).p
    0.5
    """
    counts = {grade: [0, 0] for grade in GRADES}
    for said, right in outcomes:
        cell = counts[_grade(said)]
        cell[0] += right
        cell[1] += 1
    total = sum(n for _, n in counts.values())
    right_of_like, like = _pooled(
        [tuple(counts[grade]) for grade in GRADES], GRADES.index(_grade(stated))
    )
    if like < MIN_OUTCOMES:
        return Calibrated(stated, total, like)
    low, high = wilson(right_of_like, like)
    return Calibrated(stated, total, like, right_of_like / like, low, high)


def _grade(stated: float) -> float:
    return min(GRADES, key=lambda grade: (abs(grade - stated), grade))


def _pooled(cells: Sequence[tuple[int, ...]], wanted: int) -> tuple[int, int]:
    """Returns right and all of the block that a grade is pooled into; rates rise by grade."""
    blocks: list[tuple[int, int, int]] = []  # right, all, last grade
    for at, (right, count) in enumerate(cells):
        blocks.append((right, count, at))
        while len(blocks) > 1 and _falls(blocks[-2], blocks[-1]):
            last, before = blocks.pop(), blocks.pop()
            blocks.append((before[0] + last[0], before[1] + last[1], last[2]))
    right, count, _ = next(block for block in blocks if block[2] >= wanted)
    return right, count


def _falls(lower: tuple[int, int, int], upper: tuple[int, int, int]) -> bool:
    if not lower[1] or not upper[1]:
        return False
    return lower[0] * upper[1] > upper[0] * lower[1]
