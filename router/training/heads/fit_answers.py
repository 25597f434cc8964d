"""Fits a head of answers on graded answers of one model; reads no file and needs numpy only.

The figures are cross-fitted: each answer's chance comes from a fit without its fold. Repeated
questions stay in one fold.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from router.stats.answer_head import AnswerHead
from router.stats.answer_signals import SIGNALS, Reading, signals
from router.stats.calibration import Floats, auroc, ece, fit_logistic, sigmoid
from router.stats.measures import Draws, Rows, ece_if_calibrated, intervals, with_width

FOLDS = 5
RIDGE = 20.0
"""How firmly each weight is held at zero. On 610 graded answers, cross-fitted, 5, 10, 20 and 40
give an APGR of .796, .798, .803 and .802; of the last two, 20 has the better calibrated chances."""
FREE = 1e-3
"""The same for the bias, which is hardly held."""
FLAT = 1e-9
"""A signal that varies less is left out: nothing can be learned from it."""


@dataclass(frozen=True, slots=True)
class FittedAnswers:
    """Holds the head of all answers, and the cross-fitted chance of each, (rows,)."""

    head: AnswerHead
    chances: Floats


def fit_answers(readings: Sequence[Reading], right: Floats) -> FittedAnswers:
    """Returns the head of these answers; `right` is 1 for a right one, else 0, (rows,)."""
    values = np.array([list(signals(reading).values()) for reading in readings])
    folds = np.array([_fold(reading.question) for reading in readings])
    chances = np.empty(len(right))
    for fold in range(FOLDS):
        out = folds == fold
        head = _fit(values[~out], right[~out], {}) if out.any() else None
        if head is not None:
            chances[out] = _chances(head, values[out])
    figures = {
        "auroc": round(auroc(chances, right > 0.5), 4),
        "ece": round(ece(chances, right), 4),
        "ece_if_calibrated": round(ece_if_calibrated(chances), 4),
        "right": round(float(right.mean()), 4),
    }
    return FittedAnswers(_fit(values, right, figures), chances)


def chances_of(head: AnswerHead, readings: Sequence[Reading]) -> Floats:
    """Returns a head's chance of each answer, (rows,)."""
    return np.array([head(reading) for reading in readings])


def spans_of(
    readings: Sequence[Reading], chances: Floats, right: Floats
) -> dict[str, tuple[float, float]]:
    """Returns the 95 % intervals of `auroc` and `right`, by a bootstrap over questions.

    Further answers to one question are little new evidence, so they come and go together.

    The fitted heads stay as they are, so it shows the error of counting, and not that of other
    training rows.
    """
    questions = [reading.question for reading in readings]
    draws = Draws(groups=np.unique(questions, return_inverse=True)[1])

    def measure(rows: Rows) -> list[float]:
        return [auroc(chances[rows], right[rows] > 0.5), float(right[rows].mean())]

    units = [draws.rarest(right > 0.5), draws.units(np.ones(len(right), bool))]
    spans = map(with_width, intervals(measure, len(right), draws), units)
    names = ("auroc", "right")
    return {n: (round(a, 4), round(b, 4)) for n, (a, b) in zip(names, spans, strict=True)}


def _fold(question: str) -> int:
    digest = hashlib.sha256(" ".join(question.lower().split()).encode("utf-8", "replace")).digest()
    return digest[0] % FOLDS


def _fit(values: Floats, right: Floats, figures: dict[str, float]) -> AnswerHead:
    means, scales = values.mean(axis=0), values.std(axis=0)
    kept = np.flatnonzero(scales > FLAT)
    x = np.column_stack([np.ones(len(values)), (values[:, kept] - means[kept]) / scales[kept]])
    held = np.concatenate([[FREE], np.full(len(kept), RIDGE)])
    fitted = fit_logistic(x, right, np.zeros(len(held)), held)
    names = list(SIGNALS)
    return AnswerHead(
        float(fitted[0]),
        {
            names[k]: (float(weight), float(means[k]), float(scales[k]))
            for k, weight in zip(kept, fitted[1:], strict=True)
        },
        len(right),
        figures,
    )


def _chances(head: AnswerHead, values: Floats) -> Floats:
    places = {name: place for place, name in enumerate(SIGNALS)}
    z = np.full(len(values), head.bias)
    for name, (weight, mean, scale) in head.weights.items():
        z += weight * (values[:, places[name]] - mean) / scale
    return sigmoid(z)
