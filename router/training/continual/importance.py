"""Says how much each weight of a head matters to the rows that taught it: the diagonal Fisher.

Of a softmax over x @ matrix it is exact: the mean over rows of x_d² p_c (1 - p_c). Elastic weight
consolidation holds each weight where it was, by that much (Kirkpatrick et al. 2017). With every
task the older importance counts less (online EWC: Schwarz et al. 2018). Pure.
"""

from __future__ import annotations

import numpy as np

from router.stats.calibration import softmax
from router.training.continual.plane import Matrix, Rows

FADING = 0.9
"""What an importance is worth after another task: one of ten tasks ago still counts a third."""


def fisher(rows: Rows, matrix: Matrix) -> Matrix:
    """Returns the diagonal Fisher information of a row, the mean over these rows."""
    chances = softmax(rows.logits(matrix))
    return rows.squares(chances * (1.0 - chances)) / np.float32(max(len(rows), 1))


def consolidated(before: Matrix | None, now: Matrix) -> Matrix:
    """Returns the importance after another task."""
    if before is None:
        return now
    wider = np.zeros_like(now)
    wider[: before.shape[0], : before.shape[1]] = before
    return np.float32(FADING) * wider + now


def held(matrix: Matrix, anchor: Matrix, importance: Matrix, step: float) -> Matrix:
    """Returns the matrix after one step of the penalty ½ importance (matrix - anchor)².

    The step is implicit, so that no importance is too large for it.
    """
    pull = np.float32(step) * importance
    moved: Matrix = (matrix + pull * anchor) / (1.0 + pull)
    return moved
