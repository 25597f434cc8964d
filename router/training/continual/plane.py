"""Puts a head's two readers into one matrix, so that small updates can move both together.

A row x is its vector times the root of the width, its n-grams times their rarity, and 1. The logits
of a row are x @ matrix. Only n-grams that a row of the run has are columns here: the others of the
head stay as they are. Pure functions of arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, softmax
from router.stats.heads import UNSCALED, Encoded, Head, HeadKind
from router.stats.ngrams import BUCKETS, Grams, in_floats
from router.stats.softmax_regression import Design, Labels, sparse_design
from router.triage.triage_model import Rarity

Matrix = npt.NDArray[np.float32]  # (width + columns + 1, classes)
UNKNOWN_BIAS = -4.0
"""The bias of a class that has no row yet, under the mean of the others: it is hardly ever named,
and a few updates lift it."""


@dataclass(frozen=True, slots=True)
class Plane:
    """Knows the columns of one run."""

    width: int
    used: npt.NDArray[np.int64]  # (columns,): buckets, rising
    rare: Rarity  # (columns,)

    @classmethod
    def of(cls, parts: Sequence[Encoded], rare: Rarity) -> Plane:
        """Returns the plane of all n-grams that these rows have."""
        buckets = np.concatenate([part.grams.buckets for part in parts])
        used = np.unique(buckets[rare[buckets] > 0]).astype(np.int64)
        return cls(parts[0].vectors.shape[1], used, rare[used])

    def rows(self, encoded: Encoded) -> Rows:
        """Returns the rows of texts; an n-gram that is no column here is left out."""
        grams = encoded.grams
        place = np.searchsorted(self.used, grams.buckets)
        place = np.minimum(place, max(len(self.used) - 1, 0))
        known = self.used[place] == grams.buckets if len(self.used) else np.zeros(len(place), bool)
        owner = np.repeat(np.arange(len(grams)), grams.counts())[known]
        starts = np.searchsorted(owner, np.arange(len(grams) + 1))
        kept = Grams(place[known].astype(np.int32), grams.weights[known], starts)
        return Rows(self, encoded.vectors * np.float32(np.sqrt(self.width)), kept)

    def matrix(self, head: Head) -> Matrix:
        """Returns the matrix of a head."""
        words = np.zeros((len(self.used), len(head.classes)), np.float32)
        if head.words is not None:
            words = head.words[self.used] / self.rare[:, None]
        return np.vstack([head.weight / np.float32(np.sqrt(self.width)), words, head.bias])

    def head(self, matrix: Matrix, like: Head, classes: Sequence[str]) -> Head:
        """Returns `like` with the weights of a matrix. It is not calibrated, and reads no text
        early."""
        table = np.zeros((BUCKETS, len(classes)), np.float32)
        if like.words is not None:
            table[:, : like.words.shape[1]] = in_floats(like.words)
        table[self.used] = matrix[self.width : -1] * self.rare[:, None]
        return replace(
            like,
            kind=HeadKind.CLASSES,
            classes=tuple(classes),
            weight=np.ascontiguousarray(matrix[: self.width] * np.float32(np.sqrt(self.width))),
            bias=matrix[-1].copy(),
            words=table,
            calibrator=UNSCALED,
            early=None,
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Holds rows of a plane."""

    plane: Plane
    vectors: npt.NDArray[np.float32]  # (rows, width), scaled
    grams: Grams  # its buckets are columns of the plane

    def __len__(self) -> int:
        return len(self.vectors)

    def __getitem__(self, chosen: npt.NDArray[np.generic]) -> Rows:
        return Rows(self.plane, self.vectors[chosen], self.grams[chosen])

    def logits(self, matrix: Matrix) -> Floats:
        """Returns the logits, (rows, classes)."""
        width = self.plane.width
        words = self._design().forward(matrix[width:-1])
        logits: Floats = self.vectors @ matrix[:width] + words + matrix[-1]
        return logits

    def back(self, slopes: Floats) -> Matrix:
        """Returns the sum over rows of x times the slope of its logits, shaped as the matrix."""
        slopes = slopes.astype(np.float32)
        words = self._design().back(slopes)
        return np.vstack([self.vectors.T @ slopes, words, slopes.sum(axis=0)])

    def squares(self, slopes: Floats) -> Matrix:
        """Returns the sum over rows of x squared times `slopes`, shaped as the matrix."""
        slopes = slopes.astype(np.float32)
        squared = Grams(self.grams.buckets, self.grams.weights**2, self.grams.starts)
        design = sparse_design(
            squared, squared.buckets.astype(np.int64), len(self.plane.used), self.plane.rare**2
        )
        return np.vstack([(self.vectors**2).T @ slopes, design.back(slopes), slopes.sum(axis=0)])

    def touched(self) -> npt.NDArray[np.int64]:
        """Returns the rows of the matrix that these rows read: few, where these rows are few."""
        words = np.unique(self.grams.buckets) + self.plane.width
        last = self.plane.width + len(self.plane.used)
        return np.concatenate([np.arange(self.plane.width), words, [last]])

    def among(self, touched: npt.NDArray[np.int64]) -> Rows:
        """Returns the rows in a plane that has these rows of the matrix only."""
        words = touched[self.plane.width : -1] - self.plane.width
        small = Plane(self.plane.width, self.plane.used[words], self.plane.rare[words])
        place = np.searchsorted(words, self.grams.buckets).astype(np.int32)
        return Rows(small, self.vectors, Grams(place, self.grams.weights, self.grams.starts))

    def _design(self) -> Design:
        columns = self.grams.buckets.astype(np.int64)
        return sparse_design(self.grams, columns, len(self.plane.used), self.plane.rare)


def losses_of(rows: Rows, labels: Labels, matrix: Matrix) -> Floats:
    """Returns the log loss of each row."""
    return loss_and_slopes(rows, labels, matrix)[0]


def loss_and_slopes(rows: Rows, labels: Labels, matrix: Matrix) -> tuple[Floats, Floats]:
    """Returns the log loss of each row, and the slopes of its logits, (rows, classes)."""
    chances = softmax(rows.logits(matrix))
    each = np.arange(len(labels))
    losses = -np.log(chances[each, labels] + 1e-12)
    chances[each, labels] -= 1.0
    return losses, chances


def widened(matrix: Matrix, classes: int) -> Matrix:
    """Returns the matrix with columns of zeros for classes that came, at the end."""
    more = classes - matrix.shape[1]
    if more <= 0:
        return matrix
    added = np.zeros((len(matrix), more), np.float32)
    added[-1] = matrix[-1].mean() + UNKNOWN_BIAS
    return np.hstack([matrix, added])
