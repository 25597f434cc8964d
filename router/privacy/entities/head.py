"""Labels words as names, addresses or neither: a linear model of a sequence, read with numpy.

Each word's features add up to a score for each label, and each pair of neighbours has a score; the
best labels of all words together are found by Viterbi's algorithm. `tiergate train entities` makes
the file. Weights are those of an averaged perceptron (Collins, 2002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.entities.words_of_text import Word, features, looked_at

LABELS = ("O", "B-name", "I-name", "B-address", "I-address")
PATH = Path(__file__).with_name("head.npz")
_KINDS = {"name": EntityKind.NAME, "address": EntityKind.ADDRESS}
_IMPOSSIBLE = -1e6


class EntityHead(Struct, frozen=True):
    """Holds the weights by feature and those between labels."""

    rows: Mapping[str, int]  # the row of each feature; unknown ones have the last row, of zeros
    weights: npt.NDArray[np.float32]  # (features + 1, labels)
    between: tuple[tuple[float, ...], ...]  # from a label to the next one

    def labels(self, words: Sequence[Word]) -> list[int]:
        """Returns the number of each word's label; words that are not looked at have 0."""
        chosen = looked_at(words)
        places = [i for i, one in enumerate(chosen) if one]
        found = [0] * len(words)
        if not places:
            return found
        known = [word.known for word in words]
        rows, unknown = self.rows, len(self.rows)
        index = [rows.get(name, unknown) for i in places for name in features(known, i)]
        per_word = len(index) // len(places)
        picked = self.weights[np.asarray(index)].reshape(len(places), per_word, len(LABELS))
        scores: list[list[float]] = picked.sum(axis=1).tolist()
        begin = 0
        for end in range(1, len(places) + 1):
            if end == len(places) or places[end] != places[end - 1] + 1:
                path = best_path(scores[begin:end], self.between)
                for i, label in zip(places[begin:end], path, strict=True):
                    found[i] = label
                begin = end
        return found

    def entities(self, words: Sequence[Word]) -> list[Entity]:
        """Returns the names and addresses among these words of one text."""
        spans: list[Entity] = []
        for word, number in zip(words, self.labels(words), strict=True):
            label = LABELS[number]
            if label == "O":
                continue
            kind = _KINDS[label[2:]]
            last = spans[-1] if spans else None
            if label[0] == "I" and last is not None and last.kind is kind:
                spans[-1] = Entity(kind, last.start, word.end)
            else:
                spans.append(Entity(kind, word.start, word.end))
        return spans


def best_path(scores: Sequence[Sequence[float]], between: Sequence[Sequence[float]]) -> list[int]:
    """Returns the labels with the highest sum (Viterbi); the first is no continuation.

    >>> best_path([[0, 1, 5, 0, 0], [0, 0, 2, 0, 0]], [[0.0] * 5] * 5)
    [1, 2]
    """
    first = scores[0]
    if all([max(one) <= one[0] for one in scores]):  # nothing but plain words
        return [0] * len(scores)
    totals = [_IMPOSSIBLE if i in (2, 4) else first[i] for i in range(len(LABELS))]
    back: list[list[int]] = []
    for one in scores[1:]:
        nexts: list[float] = []
        froms: list[int] = []
        for label in range(len(LABELS)):
            best, at = _IMPOSSIBLE * 10, 0
            for source in range(len(LABELS)):
                value = totals[source] + between[source][label]
                if value > best:
                    best, at = value, source
            nexts.append(best + one[label])
            froms.append(at)
        totals = nexts
        back.append(froms)
    label = max(range(len(LABELS)), key=totals.__getitem__)
    path = [label]
    for froms in reversed(back):
        label = froms[label]
        path.append(label)
    return path[::-1]


def impossible() -> list[list[float]]:
    """Returns the scores between labels where only what cannot follow is forbidden."""
    table = [[0.0] * len(LABELS) for _ in LABELS]
    for source in range(len(LABELS)):
        if source not in (1, 2):
            table[source][2] = _IMPOSSIBLE
        if source not in (3, 4):
            table[source][4] = _IMPOSSIBLE
    return table


def load(path: Path = PATH) -> EntityHead:
    """Returns the head of a file that `save` wrote."""
    with np.load(path, allow_pickle=False) as kept:
        names = bytes(kept["names"]).decode().split("\n")
        scale = float(kept["scale"])
        weights = kept["weights"].astype(np.float32) * scale
        between = kept["between"].astype(float)
    rows = {name.replace("\r", "\n"): i for i, name in enumerate(names)}
    weights = np.vstack([weights, np.zeros((1, len(LABELS)), np.float32)])
    return EntityHead(rows, weights, tuple([tuple(row) for row in between.tolist()]))


@cache
def shipped() -> EntityHead:
    """Returns the head that comes with Tiergate; it is read once."""
    return load()
