"""Measures predictions: macro-F1, recall at a rejected share, flips, intervals.

Contains pure functions of arrays (numpy only); `auroc` and `ece` are in `router.stats.calibration`.
Nothing here knows models, files or tasks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, auroc, ece
from router.stats.wilson import Z_95

Labels = npt.NDArray[np.integer]
Flags = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.integer]
"""Row numbers, a resample of 0 .. n-1 with repeats."""

REJECTED = 0.05
"""Share of usual requests that is rejected when recall of the unusual ones is measured."""

CONFIDENCE = 0.95
RESAMPLES = 1_000
"""Resamples of a bootstrap: the ends of a 95 % interval then move by about a tenth of its width."""

FEWEST = 10
"""Rows below which a change has no interval: its limits would say more than so few rows know."""

DRAWS = 100
"""Imagined results behind `ece_if_calibrated`: its error is a tenth of the ECE's own spread."""


@dataclass(frozen=True, slots=True)
class Draws:
    """Says how a bootstrap draws: how often, from which seed, and what together.

    `groups` numbers the group of each row, (rows,): groups are drawn instead of rows, since rows of
    one text are no independent evidence (Davison and Hinkley 1997, section 3.8).
    """

    resamples: int = RESAMPLES
    seed: int = 0
    groups: Labels | None = None

    def units(self, rows: Flags) -> int:
        """Returns how many rows of a mask, or groups of them, are drawn by themselves."""
        return int(rows.sum() if self.groups is None else len(np.unique(self.groups[rows])))

    def rarest(self, kinds: Labels | Flags) -> int:
        """Returns how many rows of the rarest kind, or groups of them, are drawn by themselves.

        Macro-F1 and AUROC weigh each kind alike, so they are as sure as the rarest one.
        """
        return min((self.units(kinds == kind) for kind in np.unique(kinds)), default=0)


EACH_ROW = Draws()


@dataclass(frozen=True, slots=True)
class Figure:
    """Holds a measured number, its row count, and its interval where one was taken."""

    value: float
    n: int
    low: float = math.nan
    high: float = math.nan

    def to_json(self) -> dict[str, float | int | None]:
        """Returns value, n and interval; a value that is not a number becomes null."""
        shown: dict[str, float | int | None] = {"value": _or_none(self.value), "n": self.n}
        if not math.isnan(self.low):
            shown |= {"low": _or_none(self.low), "high": _or_none(self.high)}
        return shown


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)


def accuracy(said: Labels, truth: Labels) -> float:
    """Returns the share of rows with the right class, 0..1.

    >>> accuracy(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]))
    0.75
    """
    return float((said == truth).mean())


def macro_f1(predicted: Labels, truth: Labels) -> float:
    """Returns the mean over the classes of `truth` of F1 = 2 TP / (2 TP + FP + FN), 0..1.

    Every class counts the same, however rare. A class that is predicted but never true lowers the
    precision of the others; it is no class of its own (as in scikit-learn's `f1_score` with
    `labels` set to those of the truth).

    Worked: truth 0 0 1 1, predicted 0 1 1 1. Class 0: TP 1, FP 0, FN 1, F1 2/3. Class 1: TP 2,
    FP 1, FN 0, F1 4/5. Mean 11/15.

    >>> round(macro_f1(np.array([0, 1, 1, 1]), np.array([0, 0, 1, 1])), 4)
    0.7333
    """
    # A prediction may lie outside of the classes, as -1 for "none of them".
    first = int(min(predicted.min(), truth.min()))
    size = int(max(predicted.max(), truth.max())) - first + 1
    guesses, rows, hits = (
        np.bincount(labels - first, minlength=size)
        for labels in (predicted, truth, truth[predicted == truth])
    )
    there = rows > 0
    # Guesses and rows together are 2 TP + FP + FN.
    return float((2 * hits[there] / (guesses + rows)[there]).mean())


def recall_at_rejection(strangeness: Floats, strange: Flags, rejected: float = REJECTED) -> float:
    """Returns the share of strange rows above the threshold that rejects `rejected` of the usual.

    The threshold is the (1 - rejected) quantile of the usual rows (linear between ranks). A row
    exactly on it is not rejected. Returns nan when one kind is missing.

    Worked: usual 1..20, strange 18 and 25, 5 %: the threshold is 19.05, so one of two is found.

    >>> values = np.array([*range(1, 21), 18, 25], dtype=float)
    >>> recall_at_rejection(values, np.arange(22) >= 20)
    0.5
    """
    if strange.all() or not strange.any():
        return math.nan
    threshold = np.quantile(strangeness[~strange], 1.0 - rejected)
    return float((strangeness[strange] > threshold).mean())


def flip_share(before: Labels, after: Labels) -> float:
    """Returns the share of rows whose predicted class changed, 0..1, right or wrong alike.

    >>> flip_share(np.array([0, 1, 2, 2]), np.array([0, 1, 1, 2]))
    0.25
    """
    return float((before != after).mean())


def pairs_in_order(chances: Floats, high: Flags, pairs: npt.NDArray[np.str_]) -> tuple[float, int]:
    """Returns the share of (high, low) pairs where the high row has the higher probability.

    `pairs` gives each row the name of its group, "" for none: every high row of a name is paired
    with every low one. Ties count half. Also returns the number of pairs; nan and 0 without pairs.

    >>> pairs_in_order(np.array([.9, .2, .4, .6]), np.array([True, False, True, False]),
    ...                np.array(["a", "a", "b", "b"]))
    (0.5, 2)
    """
    scores = []
    for name in np.unique(pairs[pairs != ""]):
        up, down = chances[(pairs == name) & high], chances[(pairs == name) & ~high]
        apart = up[:, None] - down  # (high, low)
        scores += ((apart > 0) + 0.5 * (apart == 0)).ravel().tolist()
    return (float(np.mean(scores)), len(scores)) if scores else (math.nan, 0)


def paired_bootstrap(
    measure: Callable[[Rows], float], rows: int, draws: Draws = EACH_ROW
) -> tuple[float, float]:
    """Returns the percentile interval of `measure` over resampled rows.

    Source: Efron and Tibshirani 1993, chapter 13. `measure` receives row numbers drawn with
    replacement. A measure that compares two models compares them on the same rows, which makes the
    interval of the difference a paired one. Resamples where it is nan (one class only, both models
    alike) are left out. Returns (nan, nan) when fewer than half are left.

    Worked: rows that are all equal have an interval of no width.

    >>> values = np.full(5, 0.25)
    >>> paired_bootstrap(lambda rows: float(values[rows].mean()), 5, Draws(resamples=10))
    (0.25, 0.25)
    """
    return intervals(lambda index: (measure(index),), rows, draws)[0]


def intervals(
    measure: Callable[[Rows], Sequence[float]], rows: int, draws: Draws = EACH_ROW
) -> list[tuple[float, float]]:
    """Returns `paired_bootstrap` of several measures on the same resamples, in their order."""
    drawn = _drawn(rows, draws.groups, np.random.default_rng(draws.seed))
    values = np.array([measure(drawn()) for _ in range(draws.resamples)])
    tail = (1.0 - CONFIDENCE) / 2
    spans = []
    for column in values.T:
        # A resample may lack a class, and then the measure has no value there.
        known = column[~np.isnan(column)]
        if len(known) < max(1, draws.resamples / 2):
            spans.append((math.nan, math.nan))
            continue
        low, high = np.quantile(known, [tail, 1.0 - tail])
        spans.append((float(low), float(high)))
    return spans


def _drawn(rows: int, groups: Labels | None, rng: np.random.Generator) -> Callable[[], Rows]:
    """Returns what draws rows with replacement, or whole groups of them."""
    numbers = np.arange(rows) if groups is None else np.unique(groups, return_inverse=True)[1]
    if len(numbers) != rows:
        raise ValueError(f"{len(numbers)} rows have a group; expected all {rows}")
    count = int(numbers.max()) + 1 if rows else 0
    if count == rows:
        return lambda: rng.integers(0, rows, rows)
    members = np.split(np.argsort(numbers, kind="stable"), np.cumsum(np.bincount(numbers))[:-1])
    return lambda: np.concatenate([members[group] for group in rng.integers(0, count, count)])


def paired_shares(gained: int, lost: int, rows: int) -> tuple[float, float]:
    """Returns the 95 % interval of the difference of two shares over the same rows, -1..1.

    `gained` rows hold only after, `lost` only before. Bonett and Price 2012: a row is added to each
    of the two, so that the interval has a width where both are 0, as a bootstrap's has not.

    Worked: 0 and 0 of 98 rows. Shares of 1/100 each: 0 -+ 1.96 sqrt((2/100) / 100).

    >>> [round(end, 4) for end in paired_shares(0, 0, 98)]
    [-0.0277, 0.0277]
    """
    up, down = (gained + 1) / (rows + 2), (lost + 1) / (rows + 2)
    half = Z_95 * math.sqrt((up + down - (up - down) ** 2) / (rows + 2))
    return max(-1.0, up - down - half), min(1.0, up - down + half)


@dataclass(frozen=True, slots=True)
class Column:
    """Holds a figure row by row; the figure is their mean, weighted where rows have weights."""

    values: tuple[float, ...]
    weights: tuple[float, ...] = ()
    share: bool = False  # of values 0 and 1

    def figure(self) -> float | None:
        """Returns the figure, None without rows."""
        return round(self._over(np.arange(len(self.values))), 4) if self.values else None

    def _over(self, rows: Rows) -> float:
        values = np.asarray(self.values)[rows]
        return float(
            np.average(values, weights=np.asarray(self.weights)[rows] if self.weights else None)
        )


def change(base: Column, other: Column) -> list[float] | None:
    """Returns other minus base with its 95 % interval, None without rows.

    Fewer than `FEWEST` rows have no interval.

    Both answered the same rows, so the interval is a paired one: of shares by Bonett and Price
    (2012), of other figures by the bootstrap over rows.

    >>> change(Column((0.0, 1.0), share=True), Column((1.0, 1.0), share=True))
    [0.5]
    """
    if not base.values:
        return None
    both = list(zip(base.values, other.values, strict=True))
    every = np.arange(len(both))
    value = round(other._over(every) - base._over(every), 4)
    if len(both) < FEWEST:
        return [value]
    if base.share:
        span = paired_shares(sum(b > a for a, b in both), sum(a > b for a, b in both), len(both))
    else:
        span = paired_bootstrap(lambda rows: other._over(rows) - base._over(rows), len(both))
    return [value, *(round(limit, 4) for limit in span)]


def change_text(
    rows: int, value: float, low: float | None = None, high: float | None = None
) -> str:
    """Returns a change with its interval, or says that its rows are too few for one.

    >>> change_text(40, -0.25, -0.3, -0.2)
    '-0.250 (-0.300 to -0.200)'
    >>> change_text(3, -0.25)
    '-0.250 (3 rows: too few)'
    """
    if low is None or high is None:
        return f"{value:+.3f} ({rows} row{'s' * (rows != 1)}: too few)"
    return f"{value:+.3f} ({low:+.3f} to {high:+.3f})"


def with_width(span: tuple[float, float], units: int) -> tuple[float, float]:
    """Returns the interval of a figure within 0..1, with a width where all units agree.

    Where every resample is 1, or every one 0, a bootstrap has no width, however few the units are.
    Of a share this is Clopper and Pearson's interval; of a mean within 0..1 it is no narrower than
    needed, since what is 0 or 1 spreads most.

    Worked: three of three. Chance shows that in 2.5 % of cases where the share is .025^(1/3) = .29.

    >>> low, high = with_width((1.0, 1.0), 3)
    >>> round(low, 2), high
    (0.29, 1.0)
    """
    if units < 1 or span[0] != span[1] or span[0] not in (0.0, 1.0):
        return span
    least = ((1.0 - CONFIDENCE) / 2) ** (1 / units)
    return (least, 1.0) if span[0] == 1.0 else (0.0, 1.0 - least)


def share_figure(flags: Flags, draws: Draws = EACH_ROW) -> Figure:
    """Returns the share of rows for which a flag holds, with its interval."""
    if not len(flags):
        return Figure(math.nan, 0)
    held = np.asarray(flags, float)
    span = paired_bootstrap(lambda rows: float(held[rows].mean()), len(held), draws)
    span = with_width(span, draws.units(np.ones(len(held), bool)))
    return Figure(float(held.mean()), len(held), *span)


def auroc_figure(scores: Floats, positive: Flags, draws: Draws = EACH_ROW) -> Figure:
    """Returns AUROC with its interval; nan when one class is missing."""
    span = paired_bootstrap(lambda rows: auroc(scores[rows], positive[rows]), len(scores), draws)
    span = with_width(span, draws.rarest(positive))
    return Figure(auroc(scores, positive), len(scores), *span)


def ece_figures(chances: Floats, right: Floats, seed: int = 0) -> dict[str, Figure]:
    """Returns the ECE over 15 equal-mass bins, and the ECE of a perfect forecast on these rows.

    There is no interval, because resampling biases ECE upwards.
    """
    return {
        "ece": Figure(ece(chances, right), len(chances)),
        "ece_if_calibrated": Figure(ece_if_calibrated(chances, seed), len(chances)),
    }


def ece_if_calibrated(chances: Floats, seed: int = 0) -> float:
    """Returns the mean ECE of these probabilities when each of them is exactly right.

    Bins are finite, so a perfect forecast has an ECE too: about sqrt(p (1 - p) / rows per bin) in
    each. A measured ECE near this number is as good as these rows can show.

    Worked: two rows of probability 1/2 in bins of their own: each result is 1/2 away.

    >>> ece_if_calibrated(np.array([0.5, 0.5]))
    0.5
    """
    return float(eces_if_calibrated(chances, seed).mean())


def eces_if_calibrated(chances: Floats, seed: int = 0, draws: int = DRAWS) -> Floats:
    """Returns the ECE of each of so many imagined results of a perfect forecast, (draws,).

    Source: consistency resampling, Broecker and Smith 2007, "Increasing the Reliability of
    Reliability Diagrams". Their 95 % quantile is the ECE that chance alone seldom exceeds.
    """
    rng = np.random.default_rng(seed)
    drawn = rng.random((draws, len(chances))) < chances
    return np.array([ece(chances, row.astype(float)) for row in drawn])
