"""Measures how far two raters agree beyond chance: kappas with intervals.

Contains pure functions of arrays (numpy only). Nothing here knows judges or answers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from router.stats.measures import RESAMPLES, Draws, Figure, intervals

Grades = npt.NDArray[np.integer]
"""Grades of one rater, (rows,); whole numbers in their order."""


def cohen_kappa(first: Grades, second: Grades) -> float:
    """Returns Cohen's kappa: 1 for full agreement, 0 for that of chance; nan for one grade only.

    Source: Cohen 1960. (observed - expected) / (1 - expected), by the raters' own shares.

    Worked: 1 1 2 2 and 1 1 2 1 agree in 3 of 4; by chance in .5 x .75 + .5 x .25 = .5.

    >>> cohen_kappa(np.array([1, 1, 2, 2]), np.array([1, 1, 2, 1]))
    0.5
    """
    return _kappa(first, second, power=0)


def quadratic_kappa(first: Grades, second: Grades) -> float:
    """Returns kappa with a disagreement that weighs as the square of its distance.

    Source: Cohen 1968. 1 - (mean square of what is observed) / (mean square expected by chance).

    Worked: 1 2 3 and 1 2 2: observed 1/3; expected (0 + 1 + 1 + 1 + 0 + 0 + 4 + 1 + 1) / 9 = 1.

    >>> round(quadratic_kappa(np.array([1, 2, 3]), np.array([1, 2, 2])), 4)
    0.6667
    """
    return _kappa(first, second, power=2)


def _kappa(first: Grades, second: Grades, power: int) -> float:
    """Returns 1 - observed / expected disagreement; power 0 weighs each disagreement the same."""
    if not len(first):
        return math.nan
    own, firsts = np.unique(first, return_counts=True)
    other, seconds = np.unique(second, return_counts=True)
    apart = np.subtract.outer(own.astype(float), other.astype(float))  # (grades, grades)
    chance = np.outer(firsts, seconds) / len(first) ** 2
    expected = float((chance * _weight(apart, power)).sum())
    observed = float(_weight(first.astype(float) - second, power).mean())
    return math.nan if expected == 0.0 else 1.0 - observed / expected


def _weight(apart: npt.NDArray[np.float64], power: int) -> npt.NDArray[np.float64]:
    return np.abs(apart) ** power if power else (apart != 0).astype(float)


def agreement_figures(
    first: Sequence[int],
    second: Sequence[int],
    groups: Sequence[int] | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Figure]:
    """Returns agreement, kappa and quadratic-weighted kappa, with bootstrap intervals of 95 %.

    `groups` gives each row the number of its answer (None: each row is its own): grades of one
    answer are drawn together, since they are not independent. With fewer than two groups there is
    no interval.
    """
    names = ("agreement", "kappa", "quadratic_kappa")
    ones, twos = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    numbers = np.arange(len(ones)) if groups is None else np.asarray(groups)

    def measures(rows: npt.NDArray[np.integer]) -> tuple[float, float, float]:
        one, two = ones[rows], twos[rows]
        return float((one == two).mean()), cohen_kappa(one, two), quadratic_kappa(one, two)

    if not len(ones):
        return {name: Figure(math.nan, 0) for name in names}
    values = measures(np.arange(len(ones)))
    spans = [(math.nan, math.nan)] * len(names)
    if len(np.unique(numbers)) >= 2:
        spans = intervals(measures, len(ones), Draws(resamples, seed, numbers))
    return {
        name: Figure(value, len(ones), *span)
        for name, value, span in zip(names, values, spans, strict=True)
    }
