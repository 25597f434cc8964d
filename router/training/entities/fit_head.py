"""Fits the head of names and addresses: an averaged perceptron over sequences, in seconds.

Words that stand for names lose their marks of lists and their letters now and then, so that the
head learns from what stands around a name. Only features that occur often enough are kept.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.privacy.entities.head import LABELS, EntityHead, best_path, impossible
from router.privacy.entities.kinds import EntityKind
from router.privacy.entities.word_features import (
    BEGINNING,
    MARKS,
    WORD,
    Numbers,
    WordTable,
    features,
    looked_at,
    number_of,
)
from router.privacy.entities.words_of_text import Word, form_of, words_of
from router.training.entities.marked_texts import MarkedText
from router.training.entities.material import Writer

TEXTS = 40_000
PARTS = 3
"""The heads whose mean is taken: one alone varies by two points of F1 with its seed."""
ROUNDS = 6
HARMLESS_TIMES = 6
LEAST_SEEN = 4
_LEAST_WEIGHT = 0.05
_BLANK_SHARE = 0.4
"""The share of names that are learned without their lists and letters."""

Floats = npt.NDArray[np.float64]
Example = tuple[Numbers, list[int]]  # features by word, and labels


def fit(seed: int = 7, texts: int = TEXTS, rounds: int = ROUNDS, parts: int = PARTS) -> EntityHead:
    """Returns the mean of heads that learned from different texts of our templates.

    Equal seeds give equal heads.
    """
    return _mean([_fit(seed + 100 * part, texts, rounds) for part in range(parts)])


def _mean(heads: Sequence[EntityHead]) -> EntityHead:
    names = np.unique(np.concatenate([head.names for head in heads]))
    weights = np.zeros((len(names), len(LABELS)))
    for head in heads:
        weights[np.searchsorted(names, head.names)] += head.weights / len(heads)
    most = np.abs(weights).max(axis=1)
    kept = np.argsort(-most, kind="stable")[: int((most > _LEAST_WEIGHT).sum())]
    between = np.mean([head.between for head in heads], axis=0)
    return EntityHead(
        names[kept],
        weights[kept].astype(np.float32),
        [tuple(row) for row in between.tolist()],
    )


def _fit(seed: int, texts: int, rounds: int) -> EntityHead:
    draw = random.Random(seed)
    writer = Writer(seed)
    material = [*writer.texts(texts), *writer.harmless(HARMLESS_TIMES)]
    table = WordTable()
    examples = [one for text in material for one in _examples(text, draw, table)]
    every, counts = np.unique(
        np.concatenate([numbers.ravel() for numbers, _ in examples]), return_counts=True
    )
    names = every[counts >= LEAST_SEEN]
    indexed = [(_rows(numbers, names), labels) for numbers, labels in examples]
    weights = np.zeros((len(names), len(LABELS)))
    total = np.zeros_like(weights)
    between = np.array(impossible())
    total_between = np.zeros_like(between)
    allowed = between > -1
    step = 1.0
    for _ in range(rounds):
        draw.shuffle(indexed)
        for words, labels in indexed:
            scores = [weights[word].sum(axis=0).tolist() for word in words]
            path = best_path(scores, between.tolist())
            if path != labels:
                for i, (right, wrong) in enumerate(zip(labels, path, strict=True)):
                    if right != wrong:
                        weights[words[i], right] += 1.0
                        weights[words[i], wrong] -= 1.0
                        total[words[i], right] += step
                        total[words[i], wrong] -= step
                    if i:
                        _move(between, total_between, labels[i - 1], right, 1.0, step, allowed)
                        _move(between, total_between, path[i - 1], wrong, -1.0, step, allowed)
            step += 1.0
    averaged = weights - total / step
    averaged_between = np.where(allowed, between - total_between / step, between)
    kept = np.abs(averaged).max(axis=1) > _LEAST_WEIGHT
    between_labels = [tuple(row) for row in averaged_between.tolist()]
    return EntityHead(names[kept], averaged[kept].astype(np.float32), between_labels)


def _rows(numbers: Numbers, names: Numbers) -> list[npt.NDArray[np.int64]]:
    """Returns the rows of each word's features among the names, which are in order."""
    places = np.searchsorted(names, numbers)
    places[places == len(names)] = 0
    seen = names[places] == numbers
    return [row[known] for row, known in zip(places, seen, strict=True)]


def _move(
    between: Floats,
    total: Floats,
    source: int,
    label: int,
    sign: float,
    step: float,
    allowed: npt.NDArray[np.bool_],
) -> None:
    if allowed[source, label]:
        between[source, label] += sign
        total[source, label] += sign * step


def _examples(text: MarkedText, draw: random.Random, table: WordTable) -> list[Example]:
    """Returns the pieces of a text that the head looks at."""
    words = words_of(text.text)
    labels = _labels(text, words)
    known = table.known([word.text for word in words])
    places = looked_at(known)
    blank = [number_of("?"), number_of("m"), number_of("b?")]
    for i, label in enumerate(labels):
        if label in (1, 2) and draw.random() < _BLANK_SHARE:
            known[i + 2, [WORD, MARKS, BEGINNING]] = np.array(blank, dtype=np.uint64)
        elif label == 0 and form_of(words[i].text)[0] in "XA" and draw.random() < 0.1:
            known[i + 2, [WORD, BEGINNING]] = np.array([blank[0], blank[2]], dtype=np.uint64)
    if not len(places):
        return []
    numbers = features(known, places)
    examples: list[Example] = []
    begin = 0
    for end in range(1, len(places) + 1):
        if end < len(places) and places[end] == places[end - 1] + 1:
            continue
        piece = [labels[i] for i in places[begin:end]]
        if piece[0] in (2, 4):
            piece[0] -= 1
        examples.append((numbers[begin:end], piece))
        begin = end
    return examples


def _labels(text: MarkedText, words: Sequence[Word]) -> list[int]:
    labels = [0] * len(words)
    for entity in text.found:
        first = 1 if entity.kind is EntityKind.NAME else 3
        inside = [i for i, w in enumerate(words) if w.start < entity.end and entity.start < w.end]
        for place, i in enumerate(inside):
            labels[i] = first + (place > 0)
    return labels


def save(head: EntityHead, path: Path, card: dict[str, object]) -> None:
    """Writes the head as .npz with its card beside it as .card.json."""
    scale = float(np.abs(head.weights).max()) / 127.0
    np.savez_compressed(
        path,
        names=head.names,
        weights=np.rint(head.weights / scale).astype(np.int8),
        scale=np.float32(scale),
        between=np.array(head.between),
    )
    path.with_suffix(".card.json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
