"""Softmax regression with a ridge, fitted by L-BFGS in numpy alone, so that nobody needs scipy.

Pure functions of arrays: heads, probes and the knowledge index are fitted with it. What a row is,
and which ridge suits, is their subject.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from router.calibration import Floats

MEMORY = 10
"""Pairs of steps that stand for the curvature: Nocedal and Wright name 3 to 20."""
MAX_STEPS = 200
FLAT = 1e-4
"""Ends where the gradient is this small beside the loss: single precision gives no more."""
NEVER = -30.0
"""The logit of a class without a training row: never said."""

Labels = npt.NDArray[np.int64]
Weights = npt.NDArray[np.float32]
Objective = Callable[[npt.NDArray[np.float64]], tuple[float, npt.NDArray[np.float64]]]


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
    rows = np.arange(count)
    share = np.full(count, 1.0) if row_weights is None else np.asarray(row_weights, float)
    share = (share / share.sum()).astype(np.float32)

    def objective(flat: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        matrix = flat.reshape(width + 1, classes).astype(np.float32)
        logits = x @ matrix[:-1] + matrix[-1]
        logits -= logits.max(axis=1, keepdims=True)
        chance = np.exp(logits)
        chance /= chance.sum(axis=1, keepdims=True)
        loss = -float(share @ np.log(chance[rows, labels] + 1e-12))
        chance[rows, labels] -= 1.0
        chance *= share[:, None]
        gradient = np.vstack([x.T @ chance, chance.sum(axis=0)]).astype(np.float64)
        gradient[:-1] += 2 * ridge * matrix[:-1]
        return loss + ridge * float((matrix[:-1] ** 2).sum()), gradient.ravel()

    first = np.zeros((width + 1) * classes) if start is None else start.astype(float).ravel()
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
