"""Multiplies n-grams by weights with scipy where it is installed, for the long fits of training.

The [train] extra has scipy. Serving does not install it, so nothing that serves uses this module.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats
from router.stats.ngrams import Grams
from router.stats.softmax_regression import Design, Weights, sparse_design


def quick_design(
    grams: Grams, column: npt.NDArray[np.int64], width: int, rare: npt.NDArray[np.float32]
) -> Design:
    """Returns the matrix of `sparse_design`, whose products differ by rounding only.

    Without scipy it returns `sparse_design`'s own, which takes four to nine times as long.
    """
    # Imported here, because only the [train] extra installs scipy.
    try:
        from scipy.sparse import csr_matrix
    except ImportError:
        return sparse_design(grams, column, width, rare)
    value = (rare[grams.buckets] * grams.weights).astype(np.float32)
    matrix = csr_matrix((value, column, grams.starts), shape=(len(grams), width))
    turned = matrix.T.tocsr()

    def forward(weights: Weights) -> Floats:
        product: Floats = matrix @ weights
        return product

    def back(slopes: Floats) -> Floats:
        product: Floats = turned @ slopes.astype(np.float32)
        return product

    return Design(len(grams), width, forward, back)
