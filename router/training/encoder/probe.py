"""Measures how much an encoder's vectors hold, with linear probes on labelled texts.

There are two kinds of labels. The student was trained on the `taught` ones, so there it may well be
better than its teacher. It never saw the others, so there it shows what is left of the teacher's
own understanding. Training never read the dev side of either.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import TrainingDataError
from router.stats.heads import Embeddings
from router.stats.softmax_regression import Labels, Weights, as_head, fit_softmax, logits_of
from router.training.data import curate, sources
from router.training.data.sources import Example

TAUGHT = {"CLINC150": "intent/clinc150", "Banking77": "intent/banking77", "domain": "domain"}
"""Maps a probe to the task whose given labels it reads."""

RIDGES = (1e-2, 1e-3, 1e-4)
"""Tried from the strongest down; each pair of variant and probe has its own."""
HELD_SHARE = 4
"""One in so many training rows is held out to choose the ridge."""
LEAST_DEV, LEAST_PER_CLASS = 20, 2
"""With fewer dev rows there is no probe; a class with fewer training rows is left out."""
RESAMPLES, CONFIDENCE = 1_000, 0.95

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Untaught:
    """Names a column of a data file that training never reads as a label."""

    name: str
    file: str
    text: str
    label: str
    where: tuple[str, str]
    """A column, and the value that a row must have in it."""


UNTAUGHT = (
    Untaught("MMLU subject", "routing_pairs.jsonl.gz", "prompt", "subject", ("benchmark", "mmlu")),
    Untaught("MATH subject", "difficulty_math.jsonl.gz", "text", "subject", ("source", "math")),
    Untaught(
        "MedQuAD question",
        "stakes_domain_questions.jsonl.gz",
        "text",
        "category",
        ("source", "medquad"),
    ),
)


@dataclass(frozen=True, slots=True)
class Side:
    """Holds texts with the number of their class."""

    texts: tuple[str, ...]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Probe:
    """Holds a labelled set, cut as training cuts it: fitted on `train`, judged on `dev`."""

    name: str
    taught: bool
    classes: tuple[str, ...]
    train: Side
    dev: Side


def probes(
    train: Sequence[Example], dev: Sequence[Example], data: Path, rows: int
) -> tuple[Probe, ...]:
    """Returns the probes that the examples and the data folder allow.

    Each has at most `rows` training rows and half as many dev rows: those with the smallest hash of
    the text.
    """
    made = []
    for name, task in TAUGHT.items():
        sides = [
            [(e.text, e.labels[task]) for e in side if task in e.labels and task not in e.weak]
            for side in (train, dev)
        ]
        made.append(_probe(name, True, sides[0], sides[1], rows))
    for column in UNTAUGHT:
        pairs = list(_pairs(data, column))
        # The same cut as in training, so that the student never saw these texts.
        is_dev = [curate.is_dev(Example(text, column.name)) for text, _ in pairs]
        inside = [pair for pair, held in zip(pairs, is_dev, strict=True) if not held]
        outside = [pair for pair, held in zip(pairs, is_dev, strict=True) if held]
        made.append(_probe(column.name, False, inside, outside, rows))
    return tuple(probe for probe in made if probe is not None)


def _pairs(data: Path, source_column: Untaught) -> Iterator[tuple[str, str]]:
    """Yields text and label of each row; a text that occurs twice counts once."""
    path = sources.find(data, source_column.file)
    seen = set()
    column, value = source_column.where
    for number, line in enumerate([] if path is None else sources.lines(path), start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise TrainingDataError(
                f"{source_column.file}: row {number}: not a JSON object"
            ) from error
        text, label = row.get(source_column.text), row.get(source_column.label)
        if row.get(column) == value and text and label and text not in seen:
            seen.add(text)
            yield str(text).strip(), str(label)


def _probe(
    name: str,
    taught: bool,
    train: Sequence[tuple[str, str]],
    dev: Sequence[tuple[str, str]],
    rows: int,
) -> Probe | None:
    train, dev = _drawn(train, rows), _drawn(dev, rows // 2)
    sizes = Counter(label for _, label in train)
    classes = tuple(sorted(c for c, size in sizes.items() if size >= LEAST_PER_CLASS))
    sides = [_side(part, classes) for part in (train, dev)]
    if len(classes) < 2 or len(sides[1].texts) < LEAST_DEV:
        return None
    return Probe(name, taught, classes, sides[0], sides[1])


def _drawn(pairs: Sequence[tuple[str, str]], most: int) -> list[tuple[str, str]]:
    # A hash draws the same rows for every variant, in any order of the file.
    def lot(pair: tuple[str, str]) -> bytes:
        return hashlib.blake2b(pair[0].encode("utf-8", "replace"), digest_size=8).digest()

    return sorted(pairs, key=lot)[:most]


def _side(pairs: Sequence[tuple[str, str]], classes: Sequence[str]) -> Side:
    number = {name: place for place, name in enumerate(classes)}
    kept = [(text, number[label]) for text, label in pairs if label in number]
    return Side(
        tuple(text for text, _ in kept), np.array([label for _, label in kept], dtype=np.int64)
    )


def texts_of(found: Sequence[Probe]) -> tuple[str, ...]:
    """Returns every text of the probes once, in order of first appearance."""
    sides = (side for probe in found for side in (probe.train, probe.dev))
    return tuple(dict.fromkeys(text for side in sides for text in side.texts))


def judged(probe: Probe, vectors: Mapping[str, Embeddings]) -> Flags:
    """Returns the dev rows that a linear head gets right, (dev rows,), given unit vectors by
    text."""
    train, dev = (
        np.array([vectors[text] for text in side.texts], dtype=np.float32)
        for side in (probe.train, probe.dev)
    )
    weight, bias = as_head(_fitted(train, probe.train.labels, len(probe.classes)))
    guesses = (dev @ weight + bias).argmax(axis=1)
    return np.asarray(guesses == probe.dev.labels)


def _fitted(vectors: Embeddings, labels: Labels, classes: int) -> Weights:
    """Returns a softmax regression on all rows, with the ridge that is best on a fourth held
    out."""
    held = np.arange(len(labels)) % HELD_SHARE == 0  # rows are in the order of a hash
    best, ridge, start = -1.0, RIDGES[0], None
    for tried in RIDGES:
        # Each fit starts at the last one's weights, which are near when only the ridge changes.
        start = fit_softmax(vectors[~held], labels[~held], classes, tried, start)
        right = (logits_of(start, vectors[held]).argmax(axis=1) == labels[held]).mean()
        if right > best:
            best, ridge = float(right), tried
    return fit_softmax(vectors, labels, classes, ridge)


def kept(
    ours: Sequence[Flags], theirs: Sequence[Flags], *, seed: int = 0
) -> tuple[float, float, float]:
    """Returns mean accuracy over probes as a share of the reference's, with its 95 % interval.

    Rows are drawn within each probe, the same ones for both sides (a paired bootstrap).

    >>> kept([np.array([True, False])], [np.array([True, True])])[0]
    0.5
    """
    rng = np.random.default_rng(seed)
    sums = np.zeros((2, RESAMPLES))
    for own, b in zip(ours, theirs, strict=True):
        rows = rng.integers(0, len(own), (RESAMPLES, len(own)))
        sums += np.stack([own[rows].mean(axis=1), b[rows].mean(axis=1)])
    share = float(np.mean([own.mean() for own in ours]) / np.mean([b.mean() for b in theirs]))
    tail = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(sums[0] / sums[1], [tail, 1.0 - tail])
    return share, float(low), float(high)
