"""Fits linear heads on the INT8 embeddings and on n-grams (stage 5a), with numpy only.

They are fitted on the outputs of the served encoder, so they hold for it and need no torch. Sources
count by the root of their size: sixteen thousand everyday requests must not drown two thousand rows
about stakes. The weights of both readers and the calibrators are fitted on the dev part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.stats.calibration import Floats
from router.stats.heads import Embeddings, Encoded, Head
from router.stats.softmax_regression import as_head, fit_grams, fit_softmax
from router.training.data.sources import Example
from router.training.heads.fit_one_head import Fitted, Judged, put_together, unseen
from router.training.heads.mix_ngrams import LEAST_HONEST, USUAL, Parts
from router.training.sparse_products import quick_design
from router.triage.triage_model import Rarity
from router.types import Domain, RequestType

CLASS_HEADS: dict[str, tuple[str, ...]] = {
    "request_type": tuple(str(value) for value in RequestType),
    "domain": tuple(str(value) for value in Domain),
}
CHANCE_HEADS: dict[str, str] = {
    "stakes": "high",
    "multi_factor": "yes",
    "strategic": "yes",
    "toxic": "toxic",
    "spam": "spam",
}
"""Maps a head to the class whose probability it gives."""

RIDGE = 1e-3
"""L2 on the weights of unit embeddings scaled by the root of their width. 2e-5 gave logits of 20
and a spam head that was certain and wrong on short texts; dev AUROC of stakes rose by up to .05."""


@dataclass(frozen=True, slots=True)
class Part:
    """Holds the rows of one task on one side of the split."""

    index: npt.NDArray[np.int64]  # into the examples
    labels: npt.NDArray[np.int64]  # class numbers
    weak: npt.NDArray[np.bool_]
    weights: Floats  # by source

    def __getitem__(self, chosen: npt.NDArray[np.bool_]) -> Part:
        """Returns the rows that a mask chooses."""
        return Part(
            self.index[chosen], self.labels[chosen], self.weak[chosen], self.weights[chosen]
        )


def part(examples: Sequence[Example], task: str, classes: Sequence[str]) -> Part:
    """Returns the rows that carry `task`, weighted by the inverse root of their source's size."""
    number = {name: place for place, name in enumerate(classes)}
    index = [i for i, e in enumerate(examples) if e.labels.get(task) in number]
    sizes = Counter(examples[i].source for i in index)
    weights = np.array([sizes[examples[i].source] ** -0.5 for i in index])
    return Part(
        np.array(index, dtype=np.int64),
        np.array([number[examples[i].labels[task]] for i in index], dtype=np.int64),
        np.array([task in examples[i].weak for i in index], dtype=bool),
        weights / max(weights.mean(), 1e-9) if len(weights) else weights,
    )


def label_source(rows: Part) -> str:
    """Returns the origin of a task's labels: `given`, `weak` or `mixed`."""
    if rows.weak.all():
        return "weak"
    return "mixed" if rows.weak.any() else "given"


def calibration_weights(rows: Part) -> Floats:
    """Returns one for each given row; weak rows together weigh at most as much as all given
    ones."""
    weak = int(rows.weak.sum())
    given = len(rows.weak) - weak
    weights = np.ones(len(rows.weak))
    if weak and given:
        # Weak labels are many; alone they would set the temperature.
        weights[rows.weak] = min(1.0, given / weak)
    return weights


def class_head(
    name: str,
    train: tuple[Encoded, Part],
    dev: tuple[Encoded, Part],
    classes: Sequence[str],
    encoder_sha256: str,
    rare: Rarity,
) -> Head:
    """Returns a head of several classes, its readers weighed and its temperature fitted on dev.

    A class without a training row gets a logit so low that it is never predicted.
    """
    fitted = _fitted(name, train, classes, None, encoder_sha256, rare)
    read, rows = dev
    if not len(rows.index):
        none = np.zeros((0, len(classes)), np.float32)
        return put_together(fitted, USUAL, Judged(none, none, rows.labels), calibrate=False)
    return _on_dev(fitted, read, rows)


def chance_head(
    name: str,
    train: tuple[Encoded, Part],
    dev: tuple[Encoded, Part],
    encoder_sha256: str,
    rare: Rarity,
) -> Head:
    """Returns a head of one probability, with the better of Platt and isotonic, fitted on dev.

    Raises TrainingDataError when the training rows have only one class.
    """
    _, rows = train
    if len(np.unique(rows.labels)) < 2:
        raise TrainingDataError(f"head {name} needs rows of both kinds; the data have only one")
    positive = CHANCE_HEADS.get(name, name)
    fitted = _fitted(name, train, ("", positive), positive, encoder_sha256, rare)
    read, dev_rows = dev
    if len(np.unique(dev_rows.labels)) < 2:  # the folder is too small: calibrate on train rows
        read, dev_rows = train
    return _on_dev(fitted, read, dev_rows)


def _fitted(
    name: str,
    train: tuple[Encoded, Part],
    classes: Sequence[str],
    positive: str | None,
    encoder_sha256: str,
    rare: Rarity,
) -> Fitted:
    """Returns a task with both readers."""
    parts = fitted_parts(train, len(classes), rare)
    # No logit adjustment here: sources are balanced by weights.
    none = np.zeros(len(classes), np.float32)
    source = label_source(train[1])
    return Fitted(name, tuple(classes), positive, parts, none, encoder_sha256, source)


def fitted_parts(train: tuple[Encoded, Part], classes: int, rare: Rarity) -> Parts:
    """Returns both readers of a task, fitted apart on its training rows."""
    read, rows = train[0][train[1].index], train[1]
    weight, bias = softmax_regression(read.vectors, rows.labels, classes, rows.weights)
    table, table_bias = fit_grams(
        read.grams, rare, rows.labels, classes, row_weights=rows.weights, design_of=quick_design
    )
    return Parts(weight, bias, table, table_bias)


def _on_dev(fitted: Fitted, read: Encoded, rows: Part) -> Head:
    """Returns the head, weighed and calibrated on the dev rows of its task."""
    weights = calibration_weights(rows)
    mix, judged = unseen(fitted, read[rows.index], rows.labels, weights)
    head = put_together(fitted, mix, judged)
    return replace(head, early=put_together(fitted, mix, early_rows(judged, rows)).early)


def early_rows(judged: Judged, rows: Part) -> Judged:
    """Returns the rows that decide when a text needs only n-grams.

    They are those of given labels, if there are enough: on weak labels, which follow words, n-grams
    are hardly ever wrong.
    """
    given = ~rows.weak
    return judged[given] if int(given.sum()) >= LEAST_HONEST else judged


def softmax_regression(
    vectors: Embeddings,
    labels: npt.NDArray[np.integer],
    classes: int,
    weights: Floats,
    *,
    ridge: float = RIDGE,
    steps: int = 200,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Returns weight (width, classes) and bias of multinomial logistic regression, unit rows."""
    numbers = np.asarray(labels, dtype=np.int64)
    return as_head(fit_softmax(vectors, numbers, classes, ridge, row_weights=weights, steps=steps))
