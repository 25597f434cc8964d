"""One head from labelled embeddings: ridge, balance and calibrator by cross-validation.

Texts with the same opening stay in one fold. The ridge has the least out-of-fold log loss at its
best temperature; classes are balanced by logit adjustment (Menon et al. 2021: the logits minus
tau x the log share of the class) only where macro-F1 gains by it and accuracy hardly loses. The
calibrator is fitted on the out-of-fold logits, so it has seen the head be wrong. Numpy alone;
nothing here reads a file.
"""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.calibration import (
    Floats,
    auroc,
    best_of,
    cross_fitted_ece,
    ece,
    fit_isotonic,
    fit_platt,
    fit_temperature,
)
from router.evaluation.measures import macro_f1
from router.heads import Head, HeadKind
from router.softmax_regression import NEVER, Labels, Weights, as_head, fit_softmax, logits_of
from router.training.head_rows import fold_key
from router.triage.encoder import Embeddings

FOLDS = 5
RIDGES = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5)
"""Tried from the strongest down, each fit begun at the one before. 1e-3 suits ten thousand rows."""
TAUS = (0.0, 0.25, 0.5, 0.75, 1.0)
LEAST_GAIN = 0.005
"""Macro-F1 that balancing must win: below, it is the noise of the folds."""
MOST_LOST = 0.005
"""Accuracy that it may cost. On hate, offence and neither, tau = .25 won 3 points of macro-F1 for
half a point of accuracy at the same ECE; tau = 1 lost 6 points."""
ROWS_TO_CHOOSE = 4_000
"""Of more rows, this many (by a hash) choose the ridge; all of them are then fitted and judged."""

Value = float | int | str
Figures = Mapping[str, Value | Mapping[str, Mapping[str, float]]]


@dataclass(frozen=True, slots=True)
class FittedHead:
    """A head with how it was chosen and what it reached on rows that it was not fitted on."""

    head: Head
    chances: Floats  # (rows, classes), out-of-fold, calibrated
    figures: Figures


def fit_head(
    name: str,
    vectors: Embeddings,
    labels: Labels,
    classes: Sequence[str],
    texts: Sequence[str],
    encoder_sha256: str,
    *,
    seed: int,
    positive: str | None = None,
    label_source: str = "given",
) -> FittedHead:
    """A head over `classes`, or of the one chance of `positive`, and its out-of-fold figures.

    `labels` index `classes`; `texts` say which rows belong together. The same seed gives the same
    head.
    """
    folds = folds_of(texts, labels, seed)
    ridge = _best_ridge(vectors, labels, len(classes), folds, texts)
    weights = fit_softmax(vectors, labels, len(classes), ridge)
    outside = _out_of_fold(vectors, labels, len(classes), folds, ridge, weights)
    if positive is not None:
        return _chance(
            name, positive, classes, weights, outside, labels, ridge, encoder_sha256, label_source
        )
    shares = np.bincount(labels, minlength=len(classes)) / len(labels)
    tau = _best_tau(outside, labels, shares)
    offset = (tau * np.log(shares)).astype(np.float32)
    calibrator = fit_temperature(outside - offset, labels)
    weight, bias = as_head(weights)
    head = Head(
        name, HeadKind.CLASSES, tuple(classes), weight, bias - offset, calibrator,
        encoder_sha256, label_source,
    )  # fmt: skip
    chances = calibrator(outside - offset)
    crossed = crossed_temperature(outside - offset, labels)
    figures = {
        **measured(chances, labels, classes),
        "ece": round(top_ece(crossed, labels), 4),
        "ridge": ridge,
        "tau": tau,
        "temperature": round(calibrator.t, 4),
        "folds": int(folds.max()) + 1,
    }
    return FittedHead(head, chances, figures)


def measured(chances: Floats, labels: Labels, classes: Sequence[str]) -> dict[str, Value]:
    """Accuracy, macro-F1, AUROC (of two classes), the majority's share, and figures per class."""
    said = chances.argmax(axis=1)
    shares = np.bincount(labels, minlength=len(classes)) / len(labels)
    per_class = {
        classes[k]: {
            "rows": float((labels == k).sum()),
            "precision": _ratio((said == k) & (labels == k), said == k),
            "recall": _ratio((said == k) & (labels == k), labels == k),
            "f1": f1_of(said, labels, k),
        }
        for k in range(len(classes))
    }
    figures: dict[str, Value] = {
        "rows": len(labels),
        "accuracy": round(float((said == labels).mean()), 4),
        "majority": round(float(shares.max()), 4),
        "macro_f1": round(macro_f1(said, labels), 4),
    }
    if len(classes) == 2:
        figures["auroc"] = round(auroc(chances[:, 1], labels == 1), 4)
    return {**figures, "per_class": per_class}  # type: ignore[dict-item]


def f1_of(said: npt.NDArray[np.integer], labels: Labels, k: int) -> float:
    """The F1 of class `k`: 2 hits / (said + there), 0 where it neither occurs nor is said."""
    hits = int(((said == k) & (labels == k)).sum())
    total = int((said == k).sum() + (labels == k).sum())
    return round(2 * hits / total, 4) if total else 0.0


def top_ece(chances: Floats, labels: Labels) -> float:
    """ECE of the likeliest class over equal-mass bins."""
    return ece(chances.max(axis=1), (chances.argmax(axis=1) == labels).astype(float))


def folds_of(texts: Sequence[str], labels: Labels, seed: int) -> npt.NDArray[np.int64]:
    """The fold of each row, (rows,): groups of near-duplicates dealt out class by class."""
    groups: dict[str, list[int]] = defaultdict(list)
    for row, text in enumerate(texts):
        groups[fold_key(text)].append(row)
    by_class = np.bincount([int(labels[rows[0]]) for rows in groups.values()])
    count = max(2, min(FOLDS, int(by_class[by_class > 0].min())))
    ordered = sorted(groups, key=lambda key: (int(labels[groups[key][0]]), _hash(key, seed)))
    fold = np.zeros(len(texts), dtype=np.int64)
    for place, key in enumerate(ordered):
        fold[groups[key]] = place % count
    return fold


# --- choosing ------------------------------------------------------------------------------------


def _best_ridge(
    vectors: Embeddings, labels: Labels, classes: int, folds: npt.NDArray[np.int64],
    texts: Sequence[str],
) -> float:  # fmt: skip
    """The ridge of least out-of-fold log loss at its own best temperature."""
    chosen = np.arange(len(labels))
    if len(chosen) > ROWS_TO_CHOOSE:
        order = sorted(range(len(texts)), key=lambda row: _hash(texts[row], 0))
        chosen = np.sort(np.array(order[:ROWS_TO_CHOOSE]))
    vectors, labels, folds = vectors[chosen], labels[chosen], folds[chosen]
    starts: dict[int, Weights] = {}
    losses: list[float] = []
    for ridge in RIDGES:
        outside = np.zeros((len(labels), classes), dtype=np.float32)
        for fold in range(int(folds.max()) + 1):
            inside = folds != fold
            if not inside.any() or inside.all():
                continue
            start = starts.get(fold)
            starts[fold] = fit_softmax(vectors[inside], labels[inside], classes, ridge, start)
            outside[~inside] = logits_of(starts[fold], vectors[~inside])
        losses.append(log_loss(outside, labels))
        if len(losses) > 2 and losses[-1] > losses[-2] > losses[-3]:
            break  # weaker ridges only overfit more
    return RIDGES[int(np.argmin(losses))]


def log_loss(logits: Floats, labels: Labels) -> float:
    """The mean log loss of logits at their best temperature."""
    chances = fit_temperature(logits, labels)(logits)
    return -float(np.log(chances[np.arange(len(labels)), labels] + 1e-12).mean())


def _out_of_fold(
    vectors: Embeddings, labels: Labels, classes: int, folds: npt.NDArray[np.int64],
    ridge: float, start: Weights,
) -> Floats:  # fmt: skip
    """Logits of every row by a head that was fitted on the other folds, (rows, classes)."""
    outside = np.zeros((len(labels), classes), dtype=np.float32)
    begin = np.where(start == NEVER, 0.0, start).astype(np.float32)
    for fold in range(int(folds.max()) + 1):
        inside = folds != fold
        weights = fit_softmax(vectors[inside], labels[inside], classes, ridge, begin)
        outside[~inside] = logits_of(weights, vectors[~inside])
    return outside


def _best_tau(outside: Floats, labels: Labels, shares: Floats) -> float:
    """The strength of logit adjustment that wins most macro-F1 at hardly any accuracy."""
    best, said = 0.0, outside.argmax(axis=1)
    top, least = macro_f1(said, labels), float((said == labels).mean()) - MOST_LOST
    for tau in TAUS[1:]:
        said = (outside - tau * np.log(shares)).argmax(axis=1)
        reached = macro_f1(said, labels)
        if reached >= top + LEAST_GAIN and float((said == labels).mean()) >= least:
            best, top = tau, reached
    return best


def _chance(
    name: str, positive: str, classes: Sequence[str], weights: Weights, outside: Floats,
    labels: Labels, ridge: float, encoder_sha256: str, label_source: str,
) -> FittedHead:  # fmt: skip
    """A head of one chance, with the better of Platt and isotonic on the out-of-fold logits."""
    at = list(classes).index(positive)
    weight, bias = as_head(weights)
    sign = 1.0 if at == 1 else -1.0
    column = (sign * (outside[:, 1] - outside[:, 0])).astype(float)
    right = (labels == at).astype(float)
    calibrator = best_of(column, right)
    head = Head(
        name, HeadKind.CHANCE, (positive,),
        np.ascontiguousarray(sign * (weight[:, 1:] - weight[:, :1])).astype(np.float32),
        (sign * (bias[1:] - bias[:1])).astype(np.float32), calibrator, encoder_sha256, label_source,
    )  # fmt: skip
    p = calibrator(column)
    chances = np.column_stack([1 - p, p] if at == 1 else [p, 1 - p])
    fit = fit_platt if calibrator.to_json()["kind"] == "platt" else fit_isotonic
    figures = {
        **measured(chances, labels, classes),
        "ece": round(cross_fitted_ece(fit, column, right), 4),
        "ridge": ridge,
        "calibrator": str(calibrator.to_json()["kind"]),
    }
    return FittedHead(head, chances, figures)


def crossed_temperature(logits: Floats, labels: Labels) -> Floats:
    """Chances where each half of the rows is calibrated by the other half's temperature."""
    chances = np.empty(logits.shape)
    for half in (0, 1):
        inside, outside = slice(half, None, 2), slice(1 - half, None, 2)
        chances[inside] = fit_temperature(logits[outside], labels[outside])(logits[inside])
    return chances


def _ratio(hits: npt.NDArray[np.bool_], of: npt.NDArray[np.bool_]) -> float:
    return round(float(hits.sum()) / float(of.sum()), 4) if of.any() else math.nan


def _hash(text: str, seed: int) -> bytes:
    return hashlib.blake2b(f"{seed}|{text}".encode("utf-8", "replace"), digest_size=8).digest()
