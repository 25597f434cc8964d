"""What a saved intent head keeps of the rows that taught it: where its intents lie.

The Mahalanobis distance to the nearest intent needs a mean per intent and one covariance, some
hundred kilobytes, instead of the rows themselves. Plain arrays in a file beside the head's own.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from router.calibration import Floats
from router.errors import ModelFileError, TrainingDataError

Shape = tuple[Floats, Floats]
"""Whitening matrix (width, width) and whitened means (intents, width): `fit_novelty.shape_of`."""


def save_shape(shape: Shape, head: Path) -> None:
    """Writes `<head>.shape.npz`. Raises TrainingDataError where it cannot be written."""
    path = _path(head)
    try:
        np.savez(path, whitening=shape[0].astype(np.float32), centres=shape[1].astype(np.float16))
    except OSError as error:
        raise TrainingDataError(f"{path} cannot be written: {error.strerror}") from error


def load_shape(head: Path) -> Shape | None:
    """Reads what `save_shape` wrote for a head; None when it kept nothing.

    Raises ModelFileError for a malformed file.
    """
    path = _path(head)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            shape = arrays["whitening"].astype(float), arrays["centres"].astype(float)
    except (OSError, ValueError, KeyError) as error:
        raise ModelFileError(f"{path} is malformed: {error}; save the head again") from error
    if shape[0].ndim != 2 or shape[0].shape[1] != shape[1].shape[-1]:
        raise ModelFileError(f"{path} is malformed: {shape[0].shape} does not fit {shape[1].shape}")
    return shape


def _path(head: Path) -> Path:
    return head.with_name(f"{head.name}.shape.npz")
