"""Holds the vectors of all chunks in memory and finds the nearest. Numpy only.

A whole scan of 100,000 vectors of 192 numbers reads 77 MB. So each vector is turned to its
principal axes first: the first 64 of them are scanned in float32 (26 MB), and the best few hundred
are compared in full, from int8. Rights and dates are arrays beside the vectors: what a caller may
not read is left out before the nearest are chosen, not after.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from router.documents.pieces import FAR

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

COARSE = 64
"""Axes of the first scan. Of our own texts they hold 9 tenths of the variance."""

COMPARED = 400
"""Vectors compared in full after the first scan: the true nearest 20 are nearly always in it."""

OUT = 9.0
"""Taken from the score of a row that is left out: cosines are within -1..1."""

SAMPLE = 8_000
"""Vectors from which the axes are computed."""


class Matrix:
    """Holds vectors with their scopes and dates; immutable. Rows are in the order of `ids`."""

    def __init__(
        self, ids: Ints, scopes: Ints, valid_from: Ints, valid_until: Ints, vectors: Floats
    ) -> None:
        """Takes ascending ids, and unit vectors, (rows, width); a row of zeros has no vector.

        `known` is True for the rows that have one.
        """
        self.ids, self._scopes = ids, scopes
        self._valid_from, self._valid_until = valid_from, valid_until
        self._dated = bool(len(ids)) and (int(valid_from.max()) > 0 or int(valid_until.min()) < FAR)
        self.width = int(vectors.shape[1])
        self.known: npt.NDArray[np.bool_] = (vectors != 0.0).any(axis=1)
        step = max(1, len(ids) // SAMPLE)
        sample = vectors[::step]
        # Ascending eigenvalues, so the last columns are the axes of most variance.
        _, axes = np.linalg.eigh(sample.T @ sample)
        self._axes: Floats = np.ascontiguousarray(axes[:, ::-1], dtype=np.float32)
        self._coarse = np.empty((len(ids), min(COARSE, vectors.shape[1])), np.float32)
        self._fine = np.empty(vectors.shape, np.int8)
        for start in range(0, len(ids), SAMPLE):  # in parts: no second copy in float32
            turned = vectors[start : start + SAMPLE] @ self._axes
            self._coarse[start : start + SAMPLE] = turned[:, :COARSE]
            self._fine[start : start + SAMPLE] = np.rint(turned * 127.0)

    def __len__(self) -> int:
        return len(self.ids)

    def allowed(self, scopes: Collection[int], day: int) -> npt.NDArray[np.bool_]:
        """Returns True for each row that a caller of these scopes may read on a day since 1970."""
        most = int(self._scopes.max()) + 1 if len(self) else 1
        table = np.zeros(most, np.bool_)
        table[[scope for scope in scopes if scope < most]] = True
        mask: npt.NDArray[np.bool_] = table[self._scopes]
        if self._dated:
            mask &= (self._valid_from <= day) & (day <= self._valid_until)
        return mask

    def nearest(self, vector: Floats, mask: npt.NDArray[np.bool_], limit: int) -> list[int]:
        """Returns the rows that are nearest to a unit vector, nearest first."""
        mask = mask & self.known
        if not mask.any():
            return []
        turned = vector @ self._axes
        scores = self._coarse @ turned[: self._coarse.shape[1]]
        # Infinities would all be equal, and a partition takes four times as long with them.
        scores += np.where(mask, np.float32(0.0), np.float32(-OUT))
        most = min(max(COMPARED, limit), int(mask.sum()))
        nearest = np.argpartition(scores, -most)[-most:]
        nearest = nearest[mask[nearest]]
        cosines = self.cosines(nearest, turned)
        return [int(row) for row in nearest[np.argsort(-cosines, kind="stable")[:limit]]]

    def turned(self, vector: Floats) -> Floats:
        """Returns a vector in the axes that `cosines` takes."""
        result: Floats = vector @ self._axes
        return result

    def cosines(self, rows: Ints, turned: Floats) -> Floats:
        """Returns the cosines of some rows to a turned vector."""
        result: Floats = self._fine[rows].astype(np.float32) @ turned / np.float32(127.0)
        return result

    def rows_of(self, ids: Collection[int]) -> Ints:
        """Returns the rows of chunk ids; ids that are not here are left out."""
        wanted = np.fromiter(ids, np.int64, len(ids))
        rows = np.searchsorted(self.ids, wanted)
        rows = np.minimum(rows, max(0, len(self) - 1))
        kept: Ints = rows[self.ids[rows] == wanted] if len(self) else rows[:0]
        return kept


def unit_vectors(vectors: Sequence[bytes]) -> Floats:
    """Returns vectors of little-endian float32 as rows of length 1, (vectors, width).

    >>> unit_vectors([np.array([3.0, 4.0], "<f4").tobytes()]).round(2).tolist()
    [[0.6000000238418579, 0.800000011920929]]
    """
    rows = np.stack([np.frombuffer(vector, "<f4") for vector in vectors])
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    result: Floats = (rows / np.maximum(lengths, 1e-12)).astype(np.float32)
    return result
