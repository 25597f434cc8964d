"""Two readers of one text made into one head: a matrix over the embedding, a table over n-grams.

They are fitted apart and their logits added, each at its own weight (a log-linear pool: Genest and
Zidek 1986). The weights are of least log loss on rows that neither the readers nor the encoder
trained on: of rows that it knows, the encoder is far too sure, and the table would get nothing.
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
"""Fewer rows that nobody trained on say nothing of two weights; the usual ones stand then."""
LEAST_SURE = 30
"""Rows above a threshold at least, for the share that is right among them to mean something."""
LEAST_CONFIDENCE = 0.9
"""However right they are: policies ask for other chances than one half, and a chance of .6 is on
the wrong side of many."""
MOST_BEHIND = 0.002
"""Share of the rows answered early by which the whole head may be better: two in a thousand; one
row always, for chance decides a single one."""
NEVER_SURE = 2.0


@dataclass(frozen=True, slots=True)
class Mix:
    """How much the embedding's and the n-grams' logits count."""

    vectors: float
    words: float


USUAL = Mix(0.6, 0.4)
"""Where all rows are known to the encoder: about what dev rows of CLINC150, Banking77, HWU64 and
tickets gave, .51 to .9 and .3 to .6; accuracy moves by two tenths of a point within that."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What was fitted: weight (width, classes), bias (classes,), and the same of n-grams."""

    weight: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    table: Table | None = None  # (BUCKETS, classes)
    table_bias: npt.NDArray[np.float32] | None = None

    def by_vectors(self, encoded: Encoded) -> Floats:
        """(rows, classes)"""
        logits: Floats = encoded.vectors @ self.weight + self.bias
        return logits

    def by_words(self, encoded: Encoded) -> Floats | None:
        """(rows, classes); None without a table."""
        if self.table is None or self.table_bias is None:
            return None
        logits: Floats = summed(encoded.grams, self.table) + self.table_bias
        return logits

    def column(self, at: int) -> Parts:
        """Of two classes, what speaks for class `at` against the other, as one column."""
        sign = np.float32(1.0 if at == 1 else -1.0)

        def apart(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
            return np.ascontiguousarray(sign * (values[..., 1:] - values[..., :1]))

        table = None if self.table is None else apart(self.table)
        table_bias = None if self.table_bias is None else apart(self.table_bias)
        return Parts(apart(self.weight), apart(self.bias), table, table_bias)


def fit_mix(vectors: Floats, words: Floats, labels: Labels, weights: Floats | None = None) -> Mix:
    """The weights of least log loss over logits (rows, classes); neither is below nought."""
    rows = np.arange(len(labels))
    share = np.full(len(labels), 1.0) if weights is None else np.asarray(weights, float)
    share = share / share.sum()
    both = np.stack([vectors, words]).astype(np.float64)  # (2, rows, classes)

    def objective(at: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        chance = softmax(np.tensordot(at, both, 1))
        loss = -float(share @ np.log(chance[rows, labels] + 1e-12))
        chance[rows, labels] -= 1.0
        return loss, np.einsum("r,rc,krc->k", share, chance, both)

    found = minimise(objective, np.array([USUAL.vectors, USUAL.words]))
    if found[1] <= 0.0:
        return Mix(fit_scale(vectors, labels, weights), 0.0)
    if found[0] <= 0.0:
        return Mix(0.0, fit_scale(words, labels, weights))
    return Mix(float(found[0]), float(found[1]))


def fit_scale(logits: Floats, labels: Labels, weights: Floats | None = None) -> float:
    """One over the best temperature."""
    return 1.0 / fit_temperature(logits, labels, weights).t


def early_classes(
    words: Floats, whole: Floats, labels: Labels, bias: npt.NDArray[np.float32]
) -> Early:
    """When n-grams alone are enough for classes: `words` and `whole` are logits of honest rows."""
    calibrator = fit_temperature(words, labels)
    top = calibrator(words).max(axis=1)
    right = (words.argmax(axis=1) == labels).astype(float)
    right_whole = (whole.argmax(axis=1) == labels).astype(float)
    return Early(bias, calibrator, sure_from(top, right, right_whole))


def early_chance(
    words: Floats, whole: Floats, positive: Floats, bias: npt.NDArray[np.float32]
) -> Early:
    """The same for one chance: `words` are logits (rows,), `whole` chances (rows,)."""
    calibrator = best_of(words, positive)
    p = calibrator(words)
    right = ((p > 0.5) == (positive > 0.5)).astype(float)
    right_whole = ((whole > 0.5) == (positive > 0.5)).astype(float)
    return Early(bias, calibrator, sure_from(np.maximum(p, 1 - p), right, right_whole))


def sure_from(confidence: Floats, right: Floats, right_whole: Floats) -> float:
    """The least confidence from which on n-grams alone are right as often as the whole head.

    Walked from the surest rows down, as in fixed-sequence testing: it stops where the whole head
    first has the lead by more than MOST_BEHIND. Equally sure rows, as a stepwise calibrator makes
    them, are one step, since no threshold parts them. NEVER_SURE where it stops at once, or where
    fewer than LEAST_SURE rows reach LEAST_CONFIDENCE: of what none of them was nothing is known.
    """
    order = np.argsort(-confidence, kind="stable")
    order = order[confidence[order] >= LEAST_CONFIDENCE]
    ordered = confidence[order]
    lead = np.cumsum(right_whole[order] - right[order])  # by how many rows the whole head leads
    steps = np.flatnonzero(np.diff(ordered, append=-1.0))  # the last row of each step
    count = steps + 1
    behind = np.flatnonzero(lead[steps] > np.maximum(1.0, MOST_BEHIND * count))
    taken = int(behind[0]) if len(behind) else len(steps)
    if not taken or count[taken - 1] < LEAST_SURE:
        return NEVER_SURE
    # Down, not to the nearest: a step's own rows must not fall below it.
    sure = math.floor(float(ordered[steps[taken - 1]]) * 1e6) / 1e6
    return max(sure, LEAST_CONFIDENCE)
