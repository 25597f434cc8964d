"""Fits a head of answers on graded answers of one model; reads no file and needs numpy only.

The figures are cross-fitted: each answer's chance comes from a fit without its fold. Repeated and
nearly repeated questions stay in one fold. A head that is there already is compared with the new
one, so that a worse one does not take its place.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from router.errors import TrainingDataError
from router.learning.near_duplicates import families
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
LEAST_JUDGES = 20
"""With fewer answers a comparison says nothing: one grade more or less is five points."""
DIGEST_BYTES = 4
MOST_SEEN = 5_000
"""Questions whose digests a card keeps, so that a later head is compared on answers to others."""


@dataclass(frozen=True, slots=True)
class FittedAnswers:
    """Holds the head of all answers, and of each answer, (rows,), its chance from a fit without it.

    `families` names the family of each answer's question: the same one, or nearly.
    """

    head: AnswerHead
    chances: Floats
    families: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Compares the new head with the older one by `skill`, and says on which answers."""

    new: float
    old: float
    rows: int  # that judge the new head
    old_rows: int  # that judge the old one
    basis: str

    @property
    def worse(self) -> bool:
        """Returns True where the older head must not be replaced unless somebody says so."""
        return self.new < self.old


def fit_answers(readings: Sequence[Reading], right: Floats) -> FittedAnswers:
    """Returns the head of these answers; `right` is 1 for a right one, else 0, (rows,).

    Raises TrainingDataError where all answer one question, or nearly: none could judge the others.
    """
    values = np.array([list(signals(reading).values()) for reading in readings])
    questions = [reading.question for reading in readings]
    kin = families(questions, list(right))
    folds = np.array([_digest(questions[first])[0] % FOLDS for first in kin])
    if len(set(folds)) == 1:
        raise TrainingDataError(
            f"found {len(right)} answers to the same question, or nearly; expected answers to "
            "different ones, since a head cannot be judged on a question that taught it"
        )
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
        "skill": round(skill(chances, right), 4),
        "right": round(float(right.mean()), 4),
    }
    return FittedAnswers(_fit(values, right, figures), chances, tuple(kin))


def skill(chances: Floats, right: Floats) -> float:
    """Returns the Brier skill of chances: 1 if sure and right each time, 0 if no better than the
    share of right answers, below 0 if worse (Murphy 1973).

    >>> skill(np.array([0.9, 0.1]), np.array([1.0, 0.0])), skill(np.array([0.5]), np.array([1.0]))
    (0.96, 0.0)
    """
    usual = float(right.mean() * (1.0 - right.mean()))
    missed = float(np.square(chances - right).mean())
    return 1.0 - missed / usual if usual else 0.0


def compared(
    old: AnswerHead,
    seen: Collection[bytes],
    fitted: FittedAnswers,
    readings: Sequence[Reading],
    right: Floats,
) -> Comparison:
    """Compares a new head with the older one that it would replace.

    The old head judges the answers whose questions it never saw, by the digests in `seen`, and the
    chances of the new one are cross-fitted. Where fewer than LEAST_JUDGES are left, or they have
    one grade, each counts with its own cross-fitted skill. A head whose file does not say what it
    saw, as those of earlier versions, judges all.
    """
    unseen = np.array([question_digest(one.question) not in seen for one in readings])
    judges = right[unseen]
    basis = "answers to questions that the old head never saw"
    if len(judges) < LEAST_JUDGES or not 0.0 < judges.mean() < 1.0:
        before = old.figures.get("skill")
        if before is not None:
            now = fitted.head.figures["skill"]
            own = "each on its own cross-validated answers"
            return Comparison(now, before, len(right), old.rows, own)
        unseen[:] = True
    if not seen:
        basis = "these answers, some of which may have taught the old head"
    said = chances_of(old, [one for one, new in zip(readings, unseen, strict=True) if new])
    rows = int(unseen.sum())
    return Comparison(
        round(skill(fitted.chances[unseen], right[unseen]), 4),
        round(skill(said, right[unseen]), 4),
        rows,
        rows,
        basis,
    )


def seen_text(readings: Sequence[Reading]) -> str:
    """Returns digests of the questions in base64; "" for more than MOST_SEEN."""
    digests = {question_digest(reading.question) for reading in readings}
    if len(digests) > MOST_SEEN:
        return ""
    return base64.b64encode(b"".join(sorted(digests))).decode()


def seen_in(text: object) -> frozenset[bytes]:
    """Returns the digests that `seen_text` wrote; none for anything else."""
    try:
        raw = base64.b64decode(str(text), validate=True)
    except ValueError:
        return frozenset()
    starts = range(0, len(raw) - DIGEST_BYTES + 1, DIGEST_BYTES)
    return frozenset(raw[start : start + DIGEST_BYTES] for start in starts)


def chances_of(head: AnswerHead, readings: Sequence[Reading]) -> Floats:
    """Returns a head's chance of each answer, (rows,)."""
    return np.array([head(reading) for reading in readings])


def spans_of(kin: Sequence[int], chances: Floats, right: Floats) -> dict[str, tuple[float, float]]:
    """Returns the 95 % intervals of `auroc` and `right`, by a bootstrap over families of questions.

    Further answers to one question are little new evidence, so they come and go together. `kin`
    names the family of each answer.

    The fitted heads stay as they are, so it shows the error of counting, and not that of other
    training rows.
    """
    draws = Draws(groups=np.unique(kin, return_inverse=True)[1])

    def measure(rows: Rows) -> list[float]:
        return [auroc(chances[rows], right[rows] > 0.5), float(right[rows].mean())]

    units = [draws.rarest(right > 0.5), draws.units(np.ones(len(right), bool))]
    spans = map(with_width, intervals(measure, len(right), draws), units)
    names = ("auroc", "right")
    return {n: (round(a, 4), round(b, 4)) for n, (a, b) in zip(names, spans, strict=True)}


def question_digest(question: str) -> bytes:
    """Returns four bytes that name a question, whatever its case and spacing."""
    return _digest(question)[:DIGEST_BYTES]


def _digest(question: str) -> bytes:
    return hashlib.sha256(" ".join(question.lower().split()).encode("utf-8", "replace")).digest()


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
