"""Computes novelty: the chance that a request is unlike anything the model was made on.

Two kinds of evidence are combined by a logistic model: how far a request lies from the centres of
everything seen (Mahalanobis), and how much it resembles text that means nothing. Both together were
better than each one; the model card has the figures, and those of other scores that lost.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError
from router.stats.calibration import Floats, sigmoid

FEATURES = ("one", "mahalanobis", "nonsense")


@dataclass(frozen=True)
class Novelty:
    """Holds seen texts, texts that mean nothing, and the weights of both (order of FEATURES)."""

    whitening: npt.NDArray[np.float32]  # (width, width), W W' = inverse of the shared covariance
    centres: npt.NDArray[np.float32]  # (sources, width), whitened
    nonsense: npt.NDArray[np.float32]  # (width + 1,), a linear reader and its bias
    coefficients: Floats  # (len(FEATURES),)

    @cached_property
    def _centre_squares(self) -> Floats:
        return squares_of(self.centres)

    def __call__(self, embeddings: Floats) -> Floats:
        """Returns the calibrated chance of being novel, (rows,)."""
        one, far, meaningless = self.coefficients  # in double precision, so the chance is too
        distance = mahalanobis(self.whitening, self.centres, embeddings, self._centre_squares)
        nonsense = embeddings @ self.nonsense[:-1] + self.nonsense[-1]
        return sigmoid(one + far * distance + meaningless * nonsense)


def squares_of(vectors: Floats) -> Floats:
    """Returns the squared length of each vector, (vectors,)."""
    squares: Floats = np.einsum("vw,vw->v", vectors, vectors)
    return squares


def mahalanobis(
    whitening: Floats, centres: Floats, embeddings: Floats, squares: Floats | None = None
) -> Floats:
    """Returns the Mahalanobis distance to the nearest centre, (rows,).

    `centres` are whitened already; `squares` are their `squares_of`, where the caller keeps them.
    """
    white = embeddings @ whitening  # (rows, width)
    squares = squares_of(centres) if squares is None else squares
    # Of |w - c|^2 the part |w|^2 is the same for all centres.
    beyond = (squares - 2.0 * (white @ centres.T)).min(axis=1)
    nearest: Floats = np.sqrt(np.maximum(squares_of(white) + beyond, 0.0))
    return nearest


_ARRAYS = ("whitening", "centres", "nonsense", "coefficients")


def save(novelty: Novelty, folder: Path, encoder_sha256: str) -> Sequence[Path]:
    """Writes novelty.npz and novelty.json into `folder` and returns their paths."""
    buffer = io.BytesIO()
    np.savez(
        buffer,
        whitening=novelty.whitening,
        centres=novelty.centres,
        nonsense=novelty.nonsense,
        coefficients=novelty.coefficients,
    )
    (folder / "novelty.npz").write_bytes(buffer.getvalue())
    described = {
        "format": 1,
        "encoder_sha256": encoder_sha256,
        "coefficients": dict(zip(FEATURES, novelty.coefficients.round(4).tolist(), strict=True)),
    }
    (folder / "novelty.json").write_text(json.dumps(described, indent=1) + "\n", encoding="utf-8")
    return folder / "novelty.npz", folder / "novelty.json"


def load(folder: Path, encoder_sha256: str) -> Novelty:
    """Reads what `save` wrote; raises ModelFileError if missing, malformed or unfit."""
    try:
        described = json.loads((folder / "novelty.json").read_text(encoding="utf-8"))
        if described["encoder_sha256"] != encoder_sha256:
            raise ModelFileError("the novelty files were made with another encoder; refit it")
        with np.load(folder / "novelty.npz", allow_pickle=False) as arrays:
            return Novelty(**{name: arrays[name] for name in _ARRAYS})
    except OSError as error:
        raise ModelFileError(
            f"novelty files in {folder} cannot be read: {error.strerror}"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelFileError(f"novelty files in {folder} are malformed: {error}") from error
