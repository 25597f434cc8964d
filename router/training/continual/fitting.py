"""Makes a calibrated candidate of a head, by one of the methods."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from router.stats.calibration import Floats, fit_temperature, most_supported, softmax, within
from router.stats.heads import Encoded, Head, HeadKind
from router.stats.ngrams import Grams
from router.stats.softmax_regression import Labels
from router.training.continual.importance import consolidated, fisher
from router.training.continual.plane import Matrix, Plane, losses_of, widened
from router.training.continual.updates import Lesson, Method, Pace, State, Told, begun, drift, learn
from router.training.heads.cross_validation import folds_of, likeness_of
from router.training.heads.fit_one_head import Recipe, TaughtRows, fit_head
from router.triage.triage_model import Rarity

LEAST_TO_CALIBRATE = 20
"""With fewer rows the calibrator of before is kept."""


@dataclass(frozen=True, slots=True)
class Part:
    """Holds rows of one purpose: texts, what is read of them, and places of their labels."""

    texts: Sequence[str]
    encoded: Encoded
    labels: Labels

    def __len__(self) -> int:
        return len(self.labels)

    def told(self, plane: Plane) -> Told:
        return Told(plane.rows(self.encoded), self.labels)

    def and_(self, other: Part) -> Part:
        """Returns both, this one's rows first."""
        return Part(
            [*self.texts, *other.texts],
            joined([self.encoded, other.encoded]),
            np.concatenate([self.labels, other.labels]),
        )


@dataclass(frozen=True, slots=True)
class Material:
    """Holds what a candidate is made from, and what stops it."""

    new: Part
    dev: Part
    memory: Part
    guard: Part  # a part of the fixed old set
    classes: tuple[str, ...]
    rare: Rarity
    encoder_sha256: str
    positive: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """Holds a candidate and how it came about."""

    head: Head
    importance: tuple[Plane, Matrix] | None
    updates: int
    ended: str
    drift: float


def afresh(name: str, material: Material, seed: int) -> Made:
    """Returns a head fitted anew on what is remembered and on the new rows, cross-validated."""
    rows = material.memory.and_(material.new).and_(material.dev)
    recipe = Recipe(
        name,
        material.classes,
        material.encoder_sha256,
        material.rare,
        material.positive,
        bounded=True,
    )
    fitted = fit_head(recipe, TaughtRows(rows.encoded, rows.labels, rows.texts), seed)
    return Made(fitted.head, None, 0, "fitted afresh", 1.0)


def moved(
    head: Head,
    importance: tuple[Plane, Matrix] | None,
    material: Material,
    method: Method,
    pace: Pace,
    seed: int,
    state: State | None,
    pause: Callable[[State], bool],
) -> Made | None:
    """Returns a head moved by small updates; None where `pause` stopped it."""
    every = material.new.and_(material.memory)
    plane = Plane.of([every.encoded, material.dev.encoded], material.rare)
    count = len(material.classes)
    anchor = widened(plane.matrix(head), count)
    memory = material.memory.told(plane)
    kept = None
    if method.holds:
        kept = fisher(memory.rows, anchor) if importance is None else carried(importance, plane)
        kept = widened_importance(kept, count) * np.float32(len(memory) / max(1, len(material.new)))
    guard = material.guard.told(plane)
    lesson = Lesson(
        every.told(plane),
        len(material.new),
        material.dev.told(plane) if len(material.dev) else None,
        (lambda matrix: _accuracy(guard, matrix)) if len(guard) else None,
        anchor,
        kept,
        float(losses_of(memory.rows, memory.labels, anchor).mean()) if len(memory) else 1.0,
    )
    state = learn(lesson, method, pace, begun(anchor) if state is None else state, seed, pause)
    if not state.ended:
        return None
    now = fisher(material.new.told(plane).rows, state.best)
    before = None if kept is None else kept
    made = calibrated(plane.head(state.best, head, material.classes), head, material)
    if head.likeness is not None:
        folds = folds_of(every.texts, every.labels, seed)
        like = likeness_of(every.encoded.vectors, every.labels, folds, 1.0 / count)
        made = replace(made, likeness=like)
    surprise = drift(state.surprise_new, state.surprise_old)
    told = (plane, consolidated(before, now)) if method.holds else None
    return Made(made, told, state.step, state.ended, round(surprise, 3))


def calibrated(head: Head, before: Head, material: Material) -> Head:
    """Returns a head with a temperature, and its cap, from rows that did not teach."""
    rows = material.dev.and_(material.guard)
    if len(rows) < LEAST_TO_CALIBRATE:
        return replace(head, calibrator=before.calibrator)
    logits = head.logits(rows.encoded)
    calibrator = fit_temperature(logits, rows.labels)
    chances = calibrator(logits)
    most = most_supported(chances.max(axis=1), chances.argmax(axis=1) == rows.labels)
    return replace(head, calibrator=within(calibrator, 0.0, most))


def joined(parts: Sequence[Encoded]) -> Encoded:
    """Returns the rows of several parts, one part after the other."""
    vectors = np.concatenate([part.vectors for part in parts])
    return Encoded(vectors, Grams.of([row for part in parts for row in part.grams.each()]))


def carried(importance: tuple[Plane, Matrix], plane: Plane) -> Matrix:
    """Returns an importance in the columns of another plane; 0 for those it does not know."""
    known, values = importance
    moved_to = np.zeros((plane.width + len(plane.used) + 1, values.shape[1]), np.float32)
    moved_to[: plane.width], moved_to[-1] = values[: plane.width], values[-1]
    _, here, there = np.intersect1d(plane.used, known.used, return_indices=True)
    moved_to[plane.width + here] = values[known.width + there]
    return moved_to


def widened_importance(importance: Matrix, classes: int) -> Matrix:
    """Returns it with columns of zeros for classes that came: nothing holds them."""
    more = classes - importance.shape[1]
    return np.pad(importance, ((0, 0), (0, more))) if more > 0 else importance


def chances_of(head: Head, encoded: Encoded, classes: Sequence[str]) -> Floats:
    """Returns a head's chances in the columns of `classes`, which begin with its own."""
    chances = head(encoded)
    if head.kind is HeadKind.CHANCE:
        place = list(classes).index(head.classes[0])
        chances = np.column_stack([1 - chances, chances] if place else [chances, 1 - chances])
    return chances


def _accuracy(told: Told, matrix: Matrix) -> float:
    chances = softmax(told.rows.logits(matrix))
    return float((chances.argmax(axis=1) == told.labels).mean())
