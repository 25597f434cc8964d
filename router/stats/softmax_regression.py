"""Softmax regression with a ridge, fitted by L-BFGS in numpy alone, so that nobody needs scipy.

Pure functions of arrays: heads, probes and the knowledge index are fitted with it. What a row is,
and which ridge suits, is their subject.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats
from router.stats.ngrams import BUCKETS, Grams, Table

MEMORY = 10
"""Pairs of steps that stand for the curvature: Nocedal and Wright name 3 to 20."""
MAX_STEPS = 200
FLAT = 1e-4
"""Ends where the gradient is this small beside the loss: single precision gives no more."""
NEVER = -30.0
"""The logit of a class without a training row: never said."""

GRAMS_C = 5.0
"""The strength of labels against the ridge for n-grams, per row, as liblinear's C: 3 to 30 came to
the same dev accuracy on intents, mail and departments, once there were steps enough."""
GRAMS_STEPS = 40
"""Twenty-five lose two points of Banking77 at C = 20 and .2 here; sixty win nothing more."""
MOST_AT_ONCE = 1 << 24
"""Numbers added up at once, 64 MB."""

Labels = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float32]
Objective = Callable[[npt.NDArray[np.float64]], tuple[float, npt.NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Design:
    """A matrix X (count, width) known by what it does: X @ weights, and X.T @ slopes."""

    count: int
    width: int
    forward: Callable[[Weights], Floats]
    back: Callable[[Floats], Floats]


def fit_softmax(
    vectors: npt.NDArray[np.float32],
    labels: Labels,
    classes: int,
    ridge: float,
    start: Weights | None = None,
    *,
    row_weights: Floats | None = None,
    steps: int = MAX_STEPS,
) -> Weights:
    """Weights (width + 1, classes) of least mean log loss + ridge x squared weights; bias last.

    `vectors` are unit rows; they are scaled by the root of their width, so that a ridge means the
    same for every encoder. `start` are the weights of a similar fit, to begin at; `row_weights`
    say how much each row counts, in any unit, with a positive sum. Weights are for the scaled
    rows: `as_head` turns them into those of a head.
    """
    count, width = vectors.shape
    x = vectors * np.float32(np.sqrt(width))

    def forward(matrix: Weights) -> Floats:
        return x @ matrix

    def back(slopes: Floats) -> Floats:
        return x.T @ slopes

    first = None if start is None else start.astype(float)
    design = Design(count, width, forward, back)
    return _fit(design, labels, classes, ridge, first, row_weights, steps)


def fit_grams(
    grams: Grams,
    rare: npt.NDArray[np.float32],
    labels: Labels,
    classes: int,
    *,
    row_weights: Floats | None = None,
) -> tuple[Table, npt.NDArray[np.float32]]:
    """Table (BUCKETS, classes) for `summed`, and bias, of softmax regression on n-grams.

    `rare` weighs buckets as `rarity` gives it and is folded into the table. The ridge is
    1 / (2 GRAMS_C rows): the more rows, the less it holds. A text without n-grams says the bias.
    """
    used, column = np.unique(grams.buckets, return_inverse=True)
    design = sparse_design(grams, column, len(used), rare)
    ridge = 1.0 / (2.0 * GRAMS_C * max(len(grams), 1))
    weights = _fit(design, labels, classes, ridge, None, row_weights, GRAMS_STEPS)
    table = np.zeros((BUCKETS, classes), dtype=np.float32)
    table[used] = weights[:-1] * rare[used][:, None]
    return table, weights[-1].copy()


def sparse_design(
    grams: Grams, column: npt.NDArray[np.int64], width: int, rare: npt.NDArray[np.float32]
) -> Design:
    """Rows of n-grams as a matrix (rows, width): each counts its weight times `rare`."""
    counts = grams.counts()
    row = np.repeat(np.arange(len(grams)), counts)
    value = rare[grams.buckets] * grams.weights
    by_column = np.argsort(column, kind="stable")

    def forward(matrix: Weights) -> Floats:
        return _added(matrix, column, value, row, len(grams))

    def back(slopes: Floats) -> Floats:
        return _added(slopes, row[by_column], value[by_column], column[by_column], width)

    return Design(len(grams), width, forward, back)


def _added(
    source: Floats, take: npt.NDArray[np.int64], value: Floats, to: npt.NDArray[np.int64], rows: int
) -> Floats:
    """Rows `take` of `source` times `value`, added up into the rows `to` (rising), (rows, columns).

    In chunks, as all of them at once would be gigabytes for many classes.
    """
    out = np.zeros((rows, source.shape[1]), dtype=np.float32)
    chunk = max(1, MOST_AT_ONCE // source.shape[1])
    begin = 0
    while begin < len(to):
        end = min(begin + chunk, len(to))
        part = to[begin:end]
        first = np.flatnonzero(np.diff(part, prepend=-1))
        out[part[first]] += np.add.reduceat(
            source[take[begin:end]] * value[begin:end, None], first, axis=0
        )
        begin = end
    return out


def _fit(
    design: Design, labels: Labels, classes: int, ridge: float,
    start: npt.NDArray[np.float64] | None, row_weights: Floats | None, steps: int,
) -> Weights:  # fmt: skip
    """Weights (width + 1, classes) of least mean log loss + ridge x squared weights; bias last."""
    count, width = design.count, design.width
    rows = np.arange(count)
    share = np.full(count, 1.0) if row_weights is None else np.asarray(row_weights, float)
    share = (share / share.sum()).astype(np.float32)

    def objective(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        matrix = flat.reshape(width + 1, classes).astype(np.float32)
        logits = design.forward(matrix[:-1]) + matrix[-1]
        logits -= logits.max(axis=1, keepdims=True)
        chance = np.exp(logits)
        chance /= chance.sum(axis=1, keepdims=True)
        loss = -float(share @ np.log(chance[rows, labels] + 1e-12))
        chance[rows, labels] -= 1.0
        chance *= share[:, None]
        gradient = np.vstack([design.back(chance), chance.sum(axis=0)]).astype(np.float64)
        gradient[:-1] += 2 * ridge * matrix[:-1]
        return loss + ridge * float((matrix[:-1] ** 2).sum()), gradient.ravel()

    first = np.zeros((width + 1) * classes) if start is None else start.ravel()
    found = minimise(objective, first, steps).reshape(width + 1, classes).astype(np.float32)
    found[:, np.setdiff1d(np.arange(classes), labels)] = 0.0
    found[-1, np.setdiff1d(np.arange(classes), labels)] = NEVER
    return found


def logits_of(weights: Weights, vectors: npt.NDArray[np.float32]) -> Floats:
    """The raw outputs of `fit_softmax`'s weights for unit rows, (rows, classes)."""
    weight, bias = as_head(weights)
    return vectors @ weight + bias


def as_head(weights: Weights) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weight (width, classes) and bias (classes,) for unit rows, from those for scaled ones."""
    scale = np.float32(np.sqrt(len(weights) - 1))
    return np.ascontiguousarray(weights[:-1] * scale), weights[-1].copy()


def minimise(
    objective: Objective, start: npt.NDArray[np.float64], steps: int = MAX_STEPS
) -> npt.NDArray[np.float64]:
    """Where a smooth convex objective is least: L-BFGS (Nocedal 1980), halving steps too long.

    `objective` gives value and gradient.
    """
    x = start
    value, gradient = objective(x)
    pairs: deque[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = deque(maxlen=MEMORY)
    for _ in range(steps):
        if float(np.abs(gradient).max()) < FLAT * max(value, 1e-3):
            break
        direction = -_curved(gradient, pairs)
        slope = float(gradient @ direction)
        length = 1.0 if pairs else min(1.0, 1.0 / float(np.abs(gradient).sum()))
        for _ in range(20):
            ahead = x + length * direction
            value_ahead, gradient_ahead = objective(ahead)
            if value_ahead <= value + 1e-4 * length * slope:
                break
            length /= 2
        else:
            break  # single precision sees no way further down
        step, bend = ahead - x, gradient_ahead - gradient
        if float(step @ bend) > 1e-12:
            pairs.append((step, bend))
        x, value, gradient = ahead, value_ahead, gradient_ahead
    return x


def _curved(
    gradient: npt.NDArray[np.float64],
    pairs: deque[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]],
) -> npt.NDArray[np.float64]:
    """The gradient times the inverse curvature that the last steps show: the two-loop recursion."""
    q = gradient.copy()
    shares = []
    for step, bend in reversed(pairs):
        share = float(step @ q) / float(step @ bend)
        q -= share * bend
        shares.append(share)
    if pairs:
        step, bend = pairs[-1]
        q *= float(step @ bend) / float(bend @ bend)
    for (step, bend), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(bend @ q) / float(step @ bend)) * step
    return q
