"""Compares ways to learn on a stated stream: classes or domains that arrive in turn.

Every way begins with the same head, fitted on the first task, gets the tasks in the same order, and
remembers the same rows of each class. Fresh fits here take one ridge and the usual weights of both
readers, not cross-validated ones, so that a table takes minutes. Nothing of it is kept.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.stats.heads import UNSCALED, Encoded, Head, HeadKind
from router.stats.softmax_regression import Labels, as_head, fit_grams, fit_softmax
from router.training.continual.forgetting import Transfer, transfer
from router.training.continual.importance import consolidated, fisher
from router.training.continual.plane import Matrix, Plane, losses_of, widened
from router.training.continual.updates import Lesson, Method, Pace, Told, begun, learn
from router.training.heads.mix_ngrams import USUAL
from router.training.sparse_products import quick_design
from router.triage.triage_model import Rarity, TriageModel

RIDGE = 1e-3
JUDGES = 4
"""Every fourth row of a class judges, by a hash of its text."""
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sorted:
    """Holds labelled texts."""

    texts: Sequence[str]
    encoded: Encoded
    labels: Labels
    classes: tuple[str, ...]
    domains: Sequence[str]  # of each row; classes arrive in turn where all are equal


def labelled(rows: Sequence[tuple[str, str, str]], model: TriageModel) -> Sorted:
    """Returns rows of text, label and domain as arrays."""
    classes = tuple(sorted({label for _, label, _ in rows}))
    place = {name: k for k, name in enumerate(classes)}
    texts = [text for text, _, _ in rows]
    labels = np.array([place[label] for _, label, _ in rows], dtype=np.int64)
    return Sorted(texts, model.encode(texts), labels, classes, [domain for *_, domain in rows])


@dataclass(frozen=True, slots=True)
class Setting:
    """Sets a comparison."""

    tasks: int = 5
    orders: int = 3
    remembered: int = 20  # rows of each class
    most_rows: int = 60  # of each class, those that judge included
    most_classes: int = 30
    pace: Pace = field(default_factory=lambda: Pace(updates=200))


@dataclass(frozen=True, slots=True)
class Reached:
    """Holds what one way reached, the mean over orders."""

    method: Method
    transfer: Transfer
    old: float  # accuracy on all tasks but the last, at the end
    old_spread: float  # standard deviation over orders
    lost: float  # of that, against the full refit; negative: won
    seconds: float  # of processor time for one order


@dataclass(frozen=True, slots=True)
class _Stream:
    tasks: list[tuple[Places, Places, list[int]]]  # rows that teach, rows that judge, classes known
    place: npt.NDArray[np.int64]  # of each class among the columns
    guess: list[float]


def compared(
    given: Sorted, setting: Setting, rare: Rarity, shown: Callable[[str], None] = lambda _: None
) -> list[Reached]:
    """Returns what each way reached. Raises TrainingDataError for rows that make no stream."""
    found: dict[Method, list[tuple[list[list[float | None]], list[float], float]]] = {}
    for order in range(setting.orders):
        stream = _stream(given, setting, order)
        for method in Method:
            began = time.process_time()
            matrix = _matrix(given, stream, method, setting, rare, order)
            spent = time.process_time() - began
            found.setdefault(method, []).append((matrix, stream.guess, spent))
            shown(f"order {order + 1} of {setting.orders}: {method.value}")
    olds = {method: [_old(matrix) for matrix, _, _ in runs] for method, runs in found.items()}
    full = np.array(olds[Method.FULL])
    return [
        Reached(
            method,
            _mean([transfer(matrix, guess) for matrix, guess, _ in runs]),
            float(np.mean(olds[method])),
            float(np.std(olds[method])),
            float((full - np.array(olds[method])).mean()),
            float(np.mean([spent for *_, spent in runs])),
        )
        for method, runs in found.items()
    ]


def _stream(given: Sorted, setting: Setting, order: int) -> _Stream:
    chance = np.random.default_rng(order)
    counts = np.bincount(given.labels, minlength=len(given.classes))
    usable = np.flatnonzero(counts >= 2 * JUDGES)
    classes = chance.permutation(usable)[: setting.most_classes]
    domains = sorted(set(given.domains))
    if len(classes) < 2 or (len(domains) < 2 and len(classes) < 2 * setting.tasks):
        raise TrainingDataError(
            f"{len(classes)} classes with {2 * JUDGES} rows make no stream of {setting.tasks} tasks"
            f"; expected {2 * setting.tasks} such classes, or fewer tasks (--tasks)"
        )
    place = np.full(len(given.classes), -1)
    kept, judges = _chosen(given, set(classes.tolist()), setting.most_rows)
    of_domain = np.array([domains.index(name) for name in given.domains])
    parts: list[npt.NDArray[np.bool_]] = []
    if len(domains) > 1:
        parts = [kept & (of_domain == d) for d in chance.permutation(len(domains))]
    else:
        for group in np.array_split(classes, setting.tasks):
            parts.append(kept & np.isin(given.labels, group))
    known: list[int] = []
    tasks, guess = [], []
    for part in parts:
        come = [c for c in dict.fromkeys(given.labels[part].tolist()) if place[c] < 0]
        for c in sorted(come):
            place[c] = len(known)
            known.append(c)
        tasks.append((np.flatnonzero(part & ~judges), np.flatnonzero(part & judges), list(known)))
        guess.append(1 / len(known))
    return _Stream(tasks, place, guess)


def _chosen(
    given: Sorted, classes: set[int], most: int
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Returns the rows of a stream, and those of them that judge; the same ones for each order."""
    kept, judges = np.zeros(len(given.labels), bool), np.zeros(len(given.labels), bool)
    digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in given.texts]
    counts: dict[tuple[int, str], int] = {}
    for row in sorted(range(len(digests)), key=digests.__getitem__):
        label = int(given.labels[row])
        of = (label, given.domains[row])
        if label in classes and counts.get(of, 0) < most:
            judges[row] = counts.get(of, 0) % JUDGES == 0
            counts[of] = counts.get(of, 0) + 1
            kept[row] = True
    return kept, judges


def _matrix(
    given: Sorted, stream: _Stream, method: Method, setting: Setting, rare: Rarity, seed: int
) -> list[list[float | None]]:
    plane = Plane.of([given.encoded], rare)
    labels = stream.place[given.labels]
    weights: Matrix = np.zeros((0, 0), np.float32)
    importance: Matrix | None = None
    remembered: dict[int, list[int]] = {}
    rows: list[list[float | None]] = []
    for number, (teach, _, known) in enumerate(stream.tasks):
        memory = np.array([r for rows_of in remembered.values() for r in rows_of], dtype=np.int64)
        count = len(known)
        if number == 0 or method.afresh:
            fitted = np.concatenate([memory, teach])
            if method is Method.FULL:
                fitted = np.concatenate([t[0] for t in stream.tasks[: number + 1]])
            weights = plane.matrix(_fit(given, labels, fitted, count, rare))
        else:
            every = np.concatenate([teach, memory])
            anchor = widened(weights, count)
            told = Told(plane.rows(given.encoded[every]), labels[every])
            usual = losses_of(told.rows[np.arange(len(teach), len(every))], labels[memory], anchor)
            held = None
            if importance is not None:
                held = np.pad(importance, ((0, 0), (0, count - importance.shape[1])))
                held = held * np.float32(len(memory) / max(1, len(teach)))
            lesson = Lesson(told, len(teach), None, None, anchor, held, float(usual.mean()))
            weights = learn(lesson, method, setting.pace, begun(anchor), seed).best
        if method.holds:
            importance = consolidated(importance, fisher(plane.rows(given.encoded[teach]), weights))
        for row in teach.tolist():
            remembered.setdefault(int(labels[row]), []).append(row)
        remembered = {c: _even(of, setting.remembered) for c, of in remembered.items()}
        rows.append([_accuracy(given, plane, labels, t[1], weights) for t in stream.tasks])
    return rows


def _even(rows: list[int], most: int) -> list[int]:
    """Returns at most so many rows, chosen by the digest of their places."""
    if len(rows) <= most:
        return rows
    return sorted(rows, key=lambda row: hashlib.sha256(str(row).encode()).digest())[:most]


def _fit(given: Sorted, labels: Labels, rows: Places, count: int, rare: Rarity) -> Head:
    part, part_labels = given.encoded[rows], labels[rows]
    weight, bias = as_head(fit_softmax(part.vectors, part_labels, count, RIDGE))
    table, table_bias = fit_grams(part.grams, rare, part_labels, count, design_of=quick_design)
    return Head(
        "compared",
        HeadKind.CLASSES,
        tuple(map(str, range(count))),
        (USUAL.vectors * weight).astype(np.float32),
        (USUAL.vectors * bias + USUAL.words * table_bias).astype(np.float32),
        UNSCALED,
        "",
        words=(USUAL.words * table).astype(np.float32),
    )


def _accuracy(given: Sorted, plane: Plane, labels: Labels, rows: Places, weights: Matrix) -> float:
    logits = plane.rows(given.encoded[rows]).logits(weights)
    return float((logits.argmax(axis=1) == labels[rows]).mean())


def _old(matrix: Sequence[Sequence[float | None]]) -> float:
    return float(np.mean([value for value in matrix[-1][:-1] if value is not None]))


def _mean(found: Sequence[Transfer]) -> Transfer:
    def over(values: Iterator[float | None]) -> float | None:
        known = [value for value in values if value is not None]
        return round(float(np.mean(known)), 4) if known else None

    return Transfer(
        over(one.acc for one in found) or 0.0,
        over(one.backward for one in found),
        over(one.forward for one in found),
        over(one.forgotten for one in found),
    )
