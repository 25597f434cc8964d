"""Keeps the positions of a saved intent head's intents.

The Mahalanobis distance to the nearest intent needs a mean per intent and one covariance, some
hundred kilobytes, instead of the rows themselves. They are plain arrays in a file next to the head.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path

import numpy as np

from router.errors import ModelFileError, TrainingDataError
from router.stats.calibration import Floats
from router.stats.heads import Head

Shape = tuple[Floats, Floats]
"""Holds the whitening matrix (width, width) and the whitened means (intents, width).

`fit_novelty.shape_of` makes it.
"""


def save_shape(shape: Shape | None, head: Path, encoder_sha256: str) -> None:
    """Writes `<head>.shape.npz`, or removes an older one where there is no shape to keep.

    Raises TrainingDataError where it cannot be written.
    """
    path = _path(head)
    try:
        if shape is None:
            path.unlink(missing_ok=True)
            return
        np.savez(
            path,
            # Single and half precision: the distance needs no more digits.
            whitening=shape[0].astype(np.float32),
            centres=shape[1].astype(np.float16),
            encoder_sha256=np.array(encoder_sha256),
        )
    except OSError as error:
        raise TrainingDataError(f"{path} cannot be written: {error.strerror}") from error


def load_shape(path_of_head: Path, head: Head) -> Shape | None:
    """Reads the shape that `save_shape` wrote for a head; None when nothing was kept.

    Raises ModelFileError for a damaged file, and for one of another encoder or other intents.
    """
    path = _path(path_of_head)
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as arrays:
            whitening, centres = arrays["whitening"].astype(float), arrays["centres"].astype(float)
            made_for = str(arrays["encoder_sha256"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise ModelFileError(f"{path} is damaged: {error}; save the head again") from error
    # A shape of other intents would give distances without any meaning.
    width, intents = head.weight.shape
    if (
        made_for != head.encoder_sha256
        or whitening.shape != (width, width)
        or centres.shape != (intents, width)
    ):
        raise ModelFileError(
            f"{path} has {centres.shape[0]} intents on encoder {made_for[:12]}; its head has "
            f"{intents} on {head.encoder_sha256[:12]}; save the head again"
        )
    return whitening, centres


def _path(head: Path) -> Path:
    return head.with_name(f"{head.name}.shape.npz")
