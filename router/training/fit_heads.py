"""Stage 5a: linear heads on the INT8 embeddings, by numpy alone.

They are fitted on what the served encoder really gives, so they hold for it and need no torch.
Sources count by the root of their size: sixteen thousand everyday requests must not drown two
thousand rows about stakes. Calibrators are fitted on the dev part.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.calibration import Floats, best_of, fit_temperature
from router.errors import TrainingDataError
from router.heads import UNSCALED, Head, HeadKind
from router.softmax_regression import as_head, fit_softmax
from router.training.sources import Example
from router.triage.encoder import Embeddings
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
"""Head -> the class whose chance it gives."""

RIDGE = 1e-3
"""L2 on the weights of unit embeddings scaled by the root of their width. 2e-5 gave logits of 20
and a spam head that was surely wrong on short texts; dev AUROC of stakes rose by up to .05."""


@dataclass(frozen=True, slots=True)
class Part:
    """The rows of one task on one side of the split."""

    index: npt.NDArray[np.int64]  # into the examples
    labels: npt.NDArray[np.int64]  # class numbers
    weak: npt.NDArray[np.bool_]
    weights: Floats  # by source


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
    """`given`, `weak` or `mixed`: where the labels of a task come from."""
    if rows.weak.all():
        return "weak"
    return "mixed" if rows.weak.any() else "given"


def calibration_weights(rows: Part) -> Floats:
    """Given rows count one each; weak rows together as much as all given ones."""
    weak = int(rows.weak.sum())
    given = len(rows.weak) - weak
    weights = np.ones(len(rows.weak))
    if weak and given:
        weights[rows.weak] = min(1.0, given / weak)
    return weights


def class_head(
    name: str, train: tuple[Embeddings, Part], dev: tuple[Embeddings, Part],
    classes: Sequence[str], encoder_sha256: str,
) -> Head:  # fmt: skip
    """Returns a head of several classes with a temperature fitted on dev.

    A class without a training row gets a logit so low that it is never said.
    """
    vectors, rows = train
    weight, bias = softmax_regression(vectors[rows.index], rows.labels, len(classes), rows.weights)
    head = Head(
        name, HeadKind.CLASSES, tuple(classes), weight, bias, UNSCALED, encoder_sha256,
        label_source(rows),
    )  # fmt: skip
    dev_vectors, dev_rows = dev
    if not len(dev_rows.index):
        return head
    logits = head.logits(dev_vectors[dev_rows.index])
    calibrator = fit_temperature(logits, dev_rows.labels, calibration_weights(dev_rows))
    return Head(
        name, HeadKind.CLASSES, tuple(classes), weight, bias, calibrator, encoder_sha256,
        label_source(rows),
    )  # fmt: skip


def chance_head(
    name: str, train: tuple[Embeddings, Part], dev: tuple[Embeddings, Part], encoder_sha256: str
) -> Head:
    """Returns a head of one chance with the better of Platt and isotonic, fitted on dev."""
    vectors, rows = train
    if len(np.unique(rows.labels)) < 2:
        raise TrainingDataError(f"head {name} needs rows of both kinds; the data have only one")
    both, offset = softmax_regression(vectors[rows.index], rows.labels, 2, rows.weights)
    weight = np.ascontiguousarray(both[:, 1:] - both[:, :1])
    bias = offset[1:] - offset[:1]
    dev_vectors, dev_rows = dev
    if len(np.unique(dev_rows.labels)) < 2:  # too small a folder: calibrate on what there is
        dev_vectors, dev_rows = train
    logits = (dev_vectors[dev_rows.index] @ weight + bias)[:, 0]
    calibrator = best_of(logits, dev_rows.labels.astype(float), calibration_weights(dev_rows))
    return Head(
        name, HeadKind.CHANCE, (CHANCE_HEADS.get(name, name),), weight, bias, calibrator,
        encoder_sha256, label_source(rows),
    )  # fmt: skip


def softmax_regression(
    vectors: Embeddings,
    labels: npt.NDArray[np.integer],
    classes: int,
    weights: Floats,
    *,
    ridge: float = RIDGE,
    steps: int = 200,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weight (width, classes) and bias of multinomial logistic regression for unit rows."""
    numbers = np.asarray(labels, dtype=np.int64)
    return as_head(fit_softmax(vectors, numbers, classes, ridge, row_weights=weights, steps=steps))
