"""How much an encoder's vectors hold: linear probes on labelled texts, train side and dev side.

Two kinds of labels. The student was trained on the `taught` ones, so there it may well beat its
teacher; nobody ever showed it the others, so there it shows what is left of the teacher's own
understanding. Its training never saw the dev side of either.
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
"""Probe -> the task whose given labels it reads."""

RIDGES = (1e-2, 1e-3, 1e-4)
"""Tried from the strongest down; each variant and probe has its own."""
HELD_SHARE = 4
"""One training row in so many chooses the ridge."""
LEAST_DEV, LEAST_PER_CLASS = 20, 2
"""Fewer dev rows make no probe; a class with fewer training rows is left out."""
RESAMPLES, CONFIDENCE = 1_000, 0.95

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Untaught:
    """A column of a data file that training never reads as a label."""

    name: str
    file: str
    text: str
    label: str
    where: tuple[str, str]
    """A column and the value that a row must have there."""


UNTAUGHT = (
    Untaught("MMLU subject", "routing_pairs.jsonl.gz", "prompt", "subject", ("benchmark", "mmlu")),
    Untaught("MATH subject", "difficulty_math.jsonl.gz", "text", "subject", ("source", "math")),
    Untaught("MedQuAD question", "stakes_domain_questions.jsonl.gz", "text", "category",
             ("source", "medquad")),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """Texts with the number of their class."""

    texts: tuple[str, ...]
    labels: Labels


@dataclass(frozen=True, slots=True)
class Probe:
    """A labelled set, cut as training cuts it: a head is fitted on `train`, judged on `dev`."""

    name: str
    taught: bool
    classes: tuple[str, ...]
    train: Side
    dev: Side


def probes(
    train: Sequence[Example], dev: Sequence[Example], data: Path, rows: int
) -> tuple[Probe, ...]:
    """The probes that the examples and the data folder allow, `rows` training rows each at most.

    Of dev at most half as many are judged. Which rows: those with the smallest hash of the text.
    """
    found = []
    for name, task in TAUGHT.items():
        sides = [
            [(e.text, e.labels[task]) for e in side if task in e.labels and task not in e.weak]
            for side in (train, dev)
        ]
        found.append(_probe(name, True, sides[0], sides[1], rows))
    for asked in UNTAUGHT:
        pairs = list(_pairs(data, asked))
        is_dev = [curate.is_dev(Example(text, asked.name)) for text, _ in pairs]
        inside = [pair for pair, held in zip(pairs, is_dev, strict=True) if not held]
        outside = [pair for pair, held in zip(pairs, is_dev, strict=True) if held]
        found.append(_probe(asked.name, False, inside, outside, rows))
    return tuple(probe for probe in found if probe is not None)


def _pairs(data: Path, asked: Untaught) -> Iterator[tuple[str, str]]:
    """Text and label of each row; texts that stand twice count once."""
    path = sources.find(data, asked.file)
    seen = set()
    column, value = asked.where
    for number, line in enumerate([] if path is None else sources.lines(path), start=1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise TrainingDataError(f"{asked.file}: row {number}: not a JSON object") from error
        text, label = row.get(asked.text), row.get(asked.label)
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
    """Every text of the probes once, in order of first appearance."""
    sides = (side for probe in found for side in (probe.train, probe.dev))
    return tuple(dict.fromkeys(text for side in sides for text in side.texts))


def judged(probe: Probe, vectors: Mapping[str, Embeddings]) -> Flags:
    """Which dev rows a linear head says right, (dev rows,), given each text's unit vector."""
    train, dev = (
        np.array([vectors[text] for text in side.texts], dtype=np.float32)
        for side in (probe.train, probe.dev)
    )
    weight, bias = as_head(_fitted(train, probe.train.labels, len(probe.classes)))
    said = (dev @ weight + bias).argmax(axis=1)
    return np.asarray(said == probe.dev.labels)


def _fitted(vectors: Embeddings, labels: Labels, classes: int) -> Weights:
    """Softmax regression on all rows, with the ridge that is best on a fourth held out."""
    held = np.arange(len(labels)) % HELD_SHARE == 0  # rows stand in the order of a hash
    best, ridge, start = -1.0, RIDGES[0], None
    for tried in RIDGES:
        start = fit_softmax(vectors[~held], labels[~held], classes, tried, start)
        right = (logits_of(start, vectors[held]).argmax(axis=1) == labels[held]).mean()
        if right > best:
            best, ridge = float(right), tried
    return fit_softmax(vectors, labels, classes, ridge)


def kept(
    ours: Sequence[Flags], theirs: Sequence[Flags], *, seed: int = 0
) -> tuple[float, float, float]:
    """Mean accuracy over probes as a share of the reference's, with its 95 % interval.

    Rows are drawn within each probe, the same ones for both (a paired bootstrap).

    >>> kept([np.array([True, False])], [np.array([True, True])])[0]
    0.5
    """
    rng = np.random.default_rng(seed)
    sums = np.zeros((2, RESAMPLES))
    for a, b in zip(ours, theirs, strict=True):
        rows = rng.integers(0, len(a), (RESAMPLES, len(a)))
        sums += np.stack([a[rows].mean(axis=1), b[rows].mean(axis=1)])
    share = float(np.mean([a.mean() for a in ours]) / np.mean([b.mean() for b in theirs]))
    tail = (1.0 - CONFIDENCE) / 2
    low, high = np.quantile(sums[0] / sums[1], [tail, 1.0 - tail])
    return share, float(low), float(high)
