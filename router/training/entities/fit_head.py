"""Fits the head of names and addresses: an averaged perceptron over sequences, in seconds.

Words that stand for names lose their marks of lists and their letters now and then, so that the
head learns from what stands around a name. Only features that occur often enough are kept.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.privacy.entities.head import LABELS, EntityHead, best_path, impossible
from router.privacy.entities.kinds import EntityKind
from router.privacy.entities.words_of_text import Word, features, looked_at, words_of
from router.training.entities.marked_texts import MarkedText
from router.training.entities.material import Writer

TEXTS = 24_000
ROUNDS = 6
HARMLESS_TIMES = 6
LEAST_SEEN = 4
_BLANK_SHARE = 0.4
"""The share of names that are learned without their lists and letters."""

Floats = npt.NDArray[np.float64]
Example = tuple[list[list[str]], list[int]]  # features by word, and labels


def fit(seed: int = 7, texts: int = TEXTS, rounds: int = ROUNDS) -> EntityHead:
    """Returns a head that learned from texts of our templates; equal seeds give equal heads."""
    draw = random.Random(seed)
    writer = Writer(seed)
    material = [*writer.texts(texts), *writer.harmless(HARMLESS_TIMES)]
    examples = [one for text in material for one in _examples(text, draw)]
    seen = Counter(name for words, _ in examples for features_ in words for name in features_)
    rows = {name: i for i, name in enumerate(sorted(n for n, c in seen.items() if c >= LEAST_SEEN))}
    indexed = [
        ([np.array([rows[n] for n in word if n in rows], dtype=np.int64) for word in words], labels)
        for words, labels in examples
    ]
    weights = np.zeros((len(rows), len(LABELS)))
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
    kept = np.abs(averaged).max(axis=1) > 0.05
    names = [name for name, row in rows.items() if kept[row]]
    table = np.vstack([averaged[kept], np.zeros((1, len(LABELS)))]).astype(np.float32)
    return EntityHead(
        {name: i for i, name in enumerate(names)},
        table,
        tuple([tuple(row) for row in averaged_between.tolist()]),
    )


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


def _examples(text: MarkedText, draw: random.Random) -> list[Example]:
    """Returns the pieces of a text that the head looks at."""
    words = words_of(text.text)
    labels = _labels(text, words)
    chosen = looked_at(words)
    known = [word.known for word in words]
    for i, label in enumerate(labels):
        if label in (1, 2) and draw.random() < _BLANK_SHARE:
            _, form, _, ending = known[i]
            known[i] = ("?", form, "", ending)
        elif label == 0 and known[i][1][0] in "XA" and draw.random() < 0.1:
            _, form, marks, ending = known[i]
            known[i] = ("?", form, marks, ending)
    examples: list[Example] = []
    begin: int | None = None
    for i in range(len(words) + 1):
        if i < len(words) and chosen[i]:
            begin = i if begin is None else begin
        elif begin is not None:
            inside = range(begin, i)
            piece = [labels[j] for j in inside]
            if piece[0] in (2, 4):
                piece[0] -= 1
            examples.append(([features(known, j) for j in inside], piece))
            begin = None
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
    names = "\n".join([name.replace("\n", "\r") for name in head.rows]).encode()
    weights = head.weights[:-1]
    scale = float(np.abs(weights).max()) / 127.0
    np.savez_compressed(
        path,
        names=np.frombuffer(names, dtype=np.uint8),
        weights=np.rint(weights / scale).astype(np.int8),
        scale=np.float32(scale),
        between=np.array(head.between),
    )
    path.with_suffix(".card.json").write_text(
        json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
    )
