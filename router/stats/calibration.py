"""Turns scores into probabilities, fits calibrators, and measures how well probabilities hold.

Pure functions of arrays (numpy only): no files, no clock. A calibrator is a small frozen value that
turns raw logits into probabilities and into JSON; it is fitted on rows that trained nothing else.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Flags = npt.NDArray[np.bool_]
Json = Mapping[str, str | float | list[float]]

ECE_BINS = 15
LEAST_ROWS_ISOTONIC = 1_000
LEVELS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
"""Levels of confidence whose rows say how sure a head may be."""
LEAST_CAP = 0.51
"""No cap is lower, so that the likeliest class stays the likeliest."""
_TINY = 1e-12


class Calibrator(Protocol):
    """Turns logits of one probability, shape (n,), into probabilities of the same shape."""

    def __call__(self, logits: Floats) -> Floats: ...

    def to_json(self) -> Json: ...


Fit = Callable[[Floats, Floats, Floats | None], Calibrator]
"""Fits a calibrator to the logits, the correctness (0 or 1) and the weights of rows, each (n,)."""


def sigmoid(x: Floats) -> Floats:
    """Returns 1 / (1 + exp(-x)), computed without overflow."""
    chance: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return chance


def one_among(number: int, chance: float) -> float:
    """Returns a chance of one of so many texts for all of them: its odds are divided by them.

    >>> one_among(3, 0.9)
    0.75
    """
    rest = number * (1.0 - chance)
    return round(chance / (chance + rest), 6) if chance else 0.0


def softmax(logits: Floats) -> Floats:
    """Returns probabilities along the last axis."""
    # Subtracting the largest logit changes no probability and keeps exp() finite.
    chances: Floats = np.exp(logits - np.maximum.reduce(logits, axis=-1, keepdims=True))
    chances /= np.add.reduce(chances, axis=-1, keepdims=True)
    return chances


def dotted(values: Iterable[float], weights: Iterable[float]) -> float:
    """Returns the sum of products: of few plain numbers, in a third of the time of arrays."""
    total: float = sum(map(operator.mul, values, weights))
    return total


def sigmoid_of(x: float) -> float:
    """Returns `sigmoid` of one number."""
    return 0.5 * (1.0 + math.tanh(0.5 * x))


def logit_of(p: float) -> float:
    """Returns `logit` of one chance."""
    inside = min(max(p, _TINY), 1.0 - _TINY)
    return math.log(inside) - math.log1p(-inside)


def clipped(x: Floats, least: float | Floats, most: float | Floats) -> Floats:
    """Returns numbers within bounds: `np.clip` in half of its time for a few of them."""
    inside: Floats = np.minimum(np.maximum(x, least), most)
    return inside


def logit(p: Floats) -> Floats:
    """Returns the inverse of `sigmoid`; 0 and 1 are moved inwards by 1e-12."""
    inside = clipped(p, _TINY, 1.0 - _TINY)
    return np.log(inside) - np.log1p(-inside)


@dataclass(frozen=True, slots=True)
class Temperature:
    """Computes softmax(logits / t) of a class head (Guo et al. 2017), for (n, classes) logits.

    No class gets more than `most`.
    """

    t: float
    most: float = 1.0

    def __call__(self, logits: Floats) -> Floats:
        return at_most(softmax(logits / self.t), self.most)

    def to_json(self) -> Json:
        bound = {"most": self.most} if self.most < 1.0 else {}
        return {"kind": "temperature", "t": self.t, **bound}


@dataclass(frozen=True, slots=True)
class Platt:
    """Computes sigmoid(slope * logit + shift) (Platt 1999), within `least` and `most`."""

    slope: float
    shift: float
    least: float = 0.0
    most: float = 1.0

    def __call__(self, logits: Floats) -> Floats:
        return clipped(sigmoid(self.slope * logits + self.shift), self.least, self.most)

    def to_json(self) -> Json:
        bounds = {"least": self.least, "most": self.most} if self.most < 1.0 else {}
        return {"kind": "platt", "slope": self.slope, "shift": self.shift, **bounds}


@dataclass(frozen=True, slots=True)
class Isotonic:
    """Interpolates a rising curve through knots: straight between them, flat outside."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    _knots: tuple[Floats, Floats] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Made once: to turn the tuples into arrays takes longer than to read one logit.
        object.__setattr__(self, "_knots", (np.array(self.x), np.array(self.y)))

    def __call__(self, logits: Floats) -> Floats:
        return np.interp(logits, *self._knots)

    def to_json(self) -> Json:
        return {"kind": "isotonic", "x": list(self.x), "y": list(self.y)}


def chance_of(calibrator: Calibrator, logit: float) -> float:
    """Returns the chance that a calibrator gives one logit, without an array where it can."""
    if isinstance(calibrator, Platt):
        # An array's chance to the last bit: tanh of `math` may differ from numpy's there.
        chance = 0.5 * (1.0 + float(np.tanh(0.5 * (calibrator.slope * logit + calibrator.shift))))
        return min(max(chance, calibrator.least), calibrator.most)
    return float(calibrator(np.array([logit]))[0])


def from_json(value: Json) -> Temperature | Platt | Isotonic:
    """Reads the output of a calibrator's `to_json`. Raises ValueError for anything else."""
    match value:
        case {"kind": "temperature", "t": float() | int() as t, "most": float() as most} if (
            0.5 < most <= 1.0
        ):
            return Temperature(float(t), most)
        case {"kind": "temperature", "t": float() | int() as t} if "most" not in value:
            return Temperature(float(t))
        case {
            "kind": "platt",
            "slope": float() | int() as slope,
            "shift": float() | int() as shift,
            **bounds,
        } if not bounds:
            return Platt(float(slope), float(shift))
        case {
            "kind": "platt",
            "slope": float() | int() as slope,
            "shift": float() | int() as shift,
            "least": float() as least,
            "most": float() as most,
        } if 0.0 <= least < 0.5 < most <= 1.0:
            return Platt(float(slope), float(shift), least, most)
        case {"kind": "isotonic", "x": list() as x, "y": list() as y} if len(x) == len(y) > 0:
            return Isotonic(tuple(map(float, x)), tuple(map(float, y)))
    raise ValueError(f"unknown calibrator {value!r}")


def at_most(chances: Floats, most: float) -> Floats:
    """Returns chances (n, classes) of which none is above `most`, which is above one half.

    What the likeliest class loses goes to the others, in their proportion.

    >>> at_most(np.array([[0.96, 0.03, 0.01]]), 0.9)
    array([[0.9  , 0.075, 0.025]])
    """
    if most >= 1.0 or np.maximum.reduce(chances, axis=None, initial=0.0) <= most:
        return chances
    top = np.arange(len(chances)), chances.argmax(axis=1)
    over = chances[top] > most
    others = np.maximum(chances, _TINY)
    others[top] = 0.0
    others *= (1.0 - most) / np.add.reduce(others, axis=1, keepdims=True)
    others[top] = most
    return np.where(over[:, None], others, chances)


def highest_said(calibrator: Calibrator) -> float:
    """Returns the highest chance that a calibrator ever gives."""
    match calibrator:
        case Temperature(most=most) | Platt(most=most):
            return most
        case Isotonic(y=y):
            return y[-1]
    return 1.0


def capped(calibrator: Platt | Isotonic, most: float) -> Isotonic:
    """Returns a curve that is the calibrator's up to `most` and flat from there on.

    >>> capped(Isotonic((0.0, 1.0), (0.0, 1.0)), 0.75)(np.array([0.5, 0.9]))
    array([0.5 , 0.75])
    """
    x = np.array(calibrator.x) if isinstance(calibrator, Isotonic) else np.linspace(-12, 12, 193)
    # A knot where the curve crosses the cap: what lies before the next one stays as it is.
    x = np.union1d(x, np.interp(most, calibrator(x), x))
    return Isotonic(tuple(x.tolist()), tuple(np.minimum(calibrator(x), most).tolist()))


def most_supported(confidence: Floats, right: Flags) -> float:
    """Returns the highest chance that judged rows support, above one half.

    `confidence`, (rows,), is what was said of each, and `right`, (rows,), tells which held. Of the
    rows that reach a level, (right + 1) / (all + 2) are right: Laplace's rule of succession. The
    level at which that is most counts, so that few rows support little: 18 rows, all right, support
    .95, and 98 rows .99.

    >>> most_supported(np.full(18, 0.97), np.ones(18, bool))
    0.95
    """
    reached = [right[confidence >= level] for level in LEVELS]
    shares = [(int(rows.sum()) + 1) / (len(rows) + 2) for rows in reached]
    return max(LEAST_CAP, *shares)


def within(calibrator: Calibrator, least: float, most: float) -> Calibrator:
    """Returns a calibrator that says the same within `least` and `most`, and no more and no less.

    Classes have no least chance: the others get what the likeliest class loses.
    """
    match calibrator:
        case Temperature():
            return replace(calibrator, most=most)
        case Platt():
            return replace(calibrator, least=least, most=most)
        case Isotonic(x=x, y=y):
            # Knots may share one logit, where the curve has a step; both stay.
            reached = np.clip((least, most), y[0], y[-1])
            crossings = zip(np.interp(reached, y, x).tolist(), reached.tolist(), strict=True)
            knots = sorted([*zip(x, y, strict=True), *crossings])
            curve = np.clip([chance for _, chance in knots], least, most)
            return Isotonic(tuple(logit for logit, _ in knots), tuple(curve.tolist()))
    return calibrator


def lower_of(one: Isotonic, other: Isotonic) -> Isotonic:
    """Returns a curve through the lower of both at each knot of either.

    >>> lower_of(Isotonic((0.0, 1.0), (0.2, 0.8)), Isotonic((0.0, 1.0), (0.4, 0.6)))
    Isotonic(x=(0.0, 1.0), y=(0.2, 0.6))
    """
    x = np.union1d(one.x, other.x)
    return Isotonic(tuple(x.tolist()), tuple(np.minimum(one(x), other(x)).tolist()))


def fit_temperature(
    logits: Floats, labels: npt.NDArray[np.integer], weights: Floats | None = None
) -> Temperature:
    """Returns the temperature of least log loss, by golden section on log t within 1/20 .. 20."""
    rows = np.arange(len(labels))

    def loss(log_t: float) -> float:
        chance = softmax(logits / math.exp(log_t))[rows, labels]
        return float(np.average(-np.log(chance + _TINY), weights=weights))

    # exp(-3) and exp(3) are the bounds 1/20 and 20.
    return Temperature(math.exp(_golden(loss, -3.0, 3.0)))


def fit_platt(logits: Floats, right: Floats, weights: Floats | None = None) -> Platt:
    """Returns the slope and the shift of least log loss.

    Targets are smoothed as in Platt 1999, so that even three rows give finite coefficients. A weak
    prior holds the slope near 1: on separable rows the slope would otherwise grow without bound,
    and the calibrator would be certain of every other row.
    """
    right = np.asarray(right, dtype=float)
    hits = right.sum()
    target = np.where(right > 0.5, (hits + 1) / (hits + 2), 1 / (len(right) - hits + 2))
    x = np.column_stack([logits, np.ones(len(right))])
    slope, shift = fit_logistic(x, target, np.array([1.0, 0.0]), np.array([5.0, 0.5]), weights)
    return Platt(float(slope), float(shift))


def fit_isotonic(logits: Floats, right: Floats, weights: Floats | None = None) -> Isotonic:
    """Returns the curve of the pool-adjacent-violators algorithm: one knot per block.

    Each knot lies at the mean logit of its block. One imagined half-right row pulls each end
    towards 1/2, so that no probability is 0 or 1.
    """
    order = np.argsort(logits, kind="stable")
    x, y = np.asarray(logits, float)[order], np.asarray(right, float)[order]
    w = np.ones(len(x)) if weights is None else np.asarray(weights, float)[order]
    blocks: list[list[float]] = []  # [sum of w, sum of w*y, sum of w*x]
    for xi, yi, wi in zip(x, y, w, strict=True):
        blocks.append([wi, wi * yi, wi * xi])
        # Pool while the block before has a mean as high as the last one's; compares w*y crosswise.
        while len(blocks) > 1 and blocks[-2][1] * blocks[-1][0] >= blocks[-1][1] * blocks[-2][0]:
            last = blocks.pop()
            blocks[-1] = [a + b for a, b in zip(blocks[-1], last, strict=True)]
    knots_x = tuple(round(b[2] / b[0], 6) for b in blocks)
    knots_y = tuple(
        round(
            (b[1] + (0.5 if i in (0, len(blocks) - 1) else 0.0))
            / (b[0] + (1.0 if i in (0, len(blocks) - 1) else 0.0)),
            6,
        )
        for i, b in enumerate(blocks)
    )
    return Isotonic(knots_x, tuple(np.maximum.accumulate(knots_y).tolist()))


def fit_logistic(
    x: Floats, y: Floats, prior: Floats, precision: Floats, weights: Floats | None = None
) -> Floats:
    """Returns the coefficients of the most probable logistic model under a Gaussian prior.

    `x` is (n, features) and `y` is in 0..1. `prior` and `precision` hold one number per feature:
    with a high precision and few rows the result stays near the prior. Newton steps find it. Each
    is halved until the loss falls: with logits of -20 and 20 whole steps overshoot for ever.
    """
    x = np.asarray(x, float)
    w = np.ones(len(x)) if weights is None else np.asarray(weights, float)
    beta = np.array(prior, dtype=float)

    def loss(at: Floats) -> float:
        z = x @ at
        off = at - prior
        return float(w @ (np.logaddexp(0.0, z) - y * z) + 0.5 * (precision * off) @ off)

    least = loss(beta)
    for _ in range(50):
        p = sigmoid(x @ beta)
        gradient = x.T @ (w * (p - y)) + precision * (beta - prior)
        curve = (x * (w * np.maximum(p * (1 - p), 1e-6))[:, None]).T @ x + np.diag(precision)
        step = np.linalg.solve(curve, gradient)
        while (after := loss(beta - step)) > least and np.abs(step).max() > 1e-9:
            step = step / 2.0
        beta, least = beta - step, min(after, least)
        if np.abs(step).max() < 1e-8:
            break
    return beta


def _golden(loss: Callable[[float], float], low: float, high: float) -> float:
    """Returns the point in low..high with the least `loss`, within 1e-5.

    The method is golden-section search (Kiefer 1953).
    """
    ratio = (math.sqrt(5) - 1) / 2
    a, b = high - ratio * (high - low), low + ratio * (high - low)
    loss_a, loss_b = loss(a), loss(b)
    while high - low > 1e-5:
        if loss_a < loss_b:
            high, b, loss_b = b, a, loss_a
            a = high - ratio * (high - low)
            loss_a = loss(a)
        else:
            low, a, loss_a = a, b, loss_b
            b = low + ratio * (high - low)
            loss_b = loss(b)
    return (low + high) / 2


def ece(chances: Floats, right: Floats, bins: int = ECE_BINS) -> float:
    """Returns the expected calibration error over bins of equal mass, 0..1.

    Rows are sorted by chance and cut into `bins` parts of equal size; the error is the mean over
    rows of |mean probability - share right| of their part. With fewer rows than bins, each row is a
    bin.

    >>> round(ece(np.array([0.8, 0.8, 0.8, 0.8]), np.array([1, 1, 1, 0]), bins=1), 3)
    0.05
    """
    order = np.argsort(chances, kind="stable")
    parts = np.array_split(order, max(1, min(bins, len(order))))
    gaps = [
        len(part) * abs(float(chances[part].mean() - right[part].mean()))
        for part in parts
        if len(part)
    ]
    return sum(gaps) / max(1, len(order))


def auroc(scores: Floats, positive: npt.NDArray[np.bool_]) -> float:
    """Returns the probability that a positive row scores above a negative one (Mann-Whitney).

    Ties count half. Returns nan when one class is missing.

    >>> auroc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))
    0.75
    """
    positive = np.asarray(positive, dtype=bool)
    above, below = int(positive.sum()), int((~positive).sum())
    if not above or not below:
        return math.nan
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ranks = np.cumsum(counts) - (counts - 1) / 2.0  # the mean rank of each distinct score
    total = ranks[inverse][positive].sum()
    # The rank sum of the positives, less its least possible value, counts the pairs in order.
    return float((total - above * (above + 1) / 2) / (above * below))


def best_of(logits: Floats, right: Floats, weights: Floats | None = None) -> Platt | Isotonic:
    """Returns a Platt or an isotonic fit: the one with the lower ECE on rows it was not fitted on.

    Isotonic is tried from LEAST_ROWS_ISOTONIC rows on: with fewer, its steps follow the noise.
    The better kind is then fitted on all rows.
    """
    if len(logits) < LEAST_ROWS_ISOTONIC:
        return fit_platt(logits, right, weights)
    scores = [cross_fitted_ece(fit, logits, right, weights) for fit in (fit_platt, fit_isotonic)]
    return (fit_platt, fit_isotonic)[int(np.argmin(scores))](logits, right, weights)


def cross_fitted_ece(
    fit: Fit, logits: Floats, right: Floats, weights: Floats | None = None
) -> float:
    """Returns the ECE when each half of the rows (even, odd) is judged by the other half's fit."""
    chances = np.empty(len(logits))
    for fold in (0, 1):
        inside, outside = slice(fold, None, 2), slice(1 - fold, None, 2)
        part = None if weights is None else weights[outside]
        chances[inside] = fit(logits[outside], right[outside], part)(logits[inside])
    return ece(chances, right)
