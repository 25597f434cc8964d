"""Combines two readers of one text in one head: a matrix over the embedding, a table over n-grams.

They are fitted apart and their logits added, each with its own weight (a log-linear pool: Genest
and Zidek 1986). The weights have least log loss on rows on which neither the readers nor the
encoder were trained: on rows that it knows, the encoder is far too sure, and the table would get
nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, best_of, fit_temperature, softmax
from router.stats.heads import Early, Encoded
from router.stats.ngrams import Table, summed
from router.stats.softmax_regression import Labels, minimise

LEAST_HONEST = 100
"""Fewer rows that nobody trained on cannot determine two weights; then the usual ones are used."""
LEAST_SURE = 30
"""Fewest rows above a threshold for the share of right ones among them to mean something."""
LEAST_CONFIDENCE = 0.9
"""Least confidence in any case: policies test probabilities other than one half, and one of .6 is
on the wrong side of many thresholds."""
MOST_BEHIND = 0.002
"""Share of the rows answered early by which the whole head may be better: two in a thousand. One
row is always allowed, because chance decides a single one."""
NEVER_SURE = 2.0


@dataclass(frozen=True, slots=True)
class Mix:
    """Holds the weights of the embedding's and of the n-grams' logits."""

    vectors: float
    words: float


USUAL = Mix(0.6, 0.4)
"""Used when the encoder knows all rows: about what dev rows of CLINC150, Banking77, HWU64 and
tickets gave, .51 to .9 and .3 to .6; accuracy moves by two tenths of a point within that range."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Holds the fitted weight (width, classes) and bias (classes,), and the same for n-grams."""

    weight: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    table: Table | None = None  # (BUCKETS, classes)
    table_bias: npt.NDArray[np.float32] | None = None

    def by_vectors(self, encoded: Encoded) -> Floats:
        """Returns logits from the embedding, (rows, classes)."""
        logits: Floats = encoded.vectors @ self.weight + self.bias
        return logits

    def by_words(self, encoded: Encoded) -> Floats | None:
        """Returns logits from n-grams, (rows, classes); None without a table."""
        if self.table is None or self.table_bias is None:
            return None
        logits: Floats = summed(encoded.grams, self.table) + self.table_bias
        return logits

    def column(self, place: int) -> Parts:
        """Returns, for two classes, the logit of class `place` against the other, as one column."""
        sign = np.float32(1.0 if place == 1 else -1.0)

        def apart(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return np.ascontiguousarray(sign * (values[..., 1:] - values[..., :1]))

        table = None if self.table is None else apart(self.table)
        table_bias = None if self.table_bias is None else apart(self.table_bias)
        return Parts(apart(self.weight), apart(self.bias), table, table_bias)


def fit_mix(vectors: Floats, words: Floats, labels: Labels, weights: Floats | None = None) -> Mix:
    """Returns the weights of least log loss over logits (rows, classes); neither is negative."""
    rows = np.arange(len(labels))
    share = np.full(len(labels), 1.0) if weights is None else np.asarray(weights, float)
    share = share / share.sum()
    both = np.stack([vectors, words]).astype(np.float64)  # (2, rows, classes)

    def objective(factors: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        chance = softmax(np.tensordot(factors, both, 1))
        loss = -float(share @ np.log(chance[rows, labels] + 1e-12))
        # The gradient of the loss by the pooled logits; einsum sums it over rows and classes.
        chance[rows, labels] -= 1.0
        return loss, np.einsum("r,rc,krc->k", share, chance, both)

    mix = minimise(objective, np.array([USUAL.vectors, USUAL.words]))
    if mix[1] <= 0.0:
        return Mix(fit_scale(vectors, labels, weights), 0.0)
    if mix[0] <= 0.0:
        return Mix(0.0, fit_scale(words, labels, weights))
    return Mix(float(mix[0]), float(mix[1]))


def fit_scale(logits: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """Returns one over the best temperature."""
    return 1.0 / fit_temperature(logits, labels, weights).t


def early_classes(
    words: Floats, whole: Floats, labels: Labels, bias: npt.NDArray[np.float32]
) -> Early:
    """Finds when classes need only n-grams; both inputs are logits of honest rows."""
    calibrator = fit_temperature(words, labels)
    top = calibrator(words).max(axis=1)
    right = (words.argmax(axis=1) == labels).astype(float)
    right_whole = (whole.argmax(axis=1) == labels).astype(float)
    return Early(bias, calibrator, sure_from(top, right, right_whole))


def early_chance(
    words: Floats, whole: Floats, positive: Floats, bias: npt.NDArray[np.float32]
) -> Early:
    """Does the same for one probability: `words` are logits (rows,), `whole` probabilities (rows,).
    ~
        Honest rows are those on which nothing was trained.
    """
    calibrator = best_of(words, positive)
    p = calibrator(words)
    right = ((p > 0.5) == (positive > 0.5)).astype(float)
    right_whole = ((whole > 0.5) == (positive > 0.5)).astype(float)
    return Early(bias, calibrator, sure_from(np.maximum(p, 1 - p), right, right_whole))


def sure_from(confidence: Floats, right: Floats, right_whole: Floats) -> float:
    """Returns the least confidence from which n-grams are right as often as the whole head.

    The search goes from the surest rows down, as in fixed-sequence testing. It stops where the
    whole head first leads by more than MOST_BEHIND. Equally sure rows, as a stepwise calibrator
    makes them, are one step, since no threshold separates them. Returns NEVER_SURE when the search
    stops at once, or when fewer than LEAST_SURE rows reach LEAST_CONFIDENCE, because nothing is
    known without rows.
    """
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] >= LEAST_CONFIDENCE]
    ordered = confidence[order]
    lead = np.cumsum(right_whole[order] - right[order])  # rows by which the whole head leads
    steps = np.flatnonzero(np.diff(ordered, append=-1.0))  # the last row of each step
    count = steps + 1
    behind = np.flatnonzero(lead[steps] > np.maximum(1.0, MOST_BEHIND * count))
    taken = int(behind[0]) if len(behind) else len(steps)
    if not taken or count[taken - 1] < LEAST_SURE:
        return NEVER_SURE
    # Rounded down, not to the nearest: a step's own rows must not fall below it.
    sure = math.floor(float(ordered[steps[taken - 1]]) * 1e6) / 1e6
    return max(sure, LEAST_CONFIDENCE)
