"""Labels words as names, addresses or neither: a linear model of a sequence, read with numpy.

Each word's features add up to a score for each label, and each pair of neighbours has a score; the
best labels of all words together are found by Viterbi's algorithm. `tiergate train entities` makes
the file. Weights are those of an averaged perceptron (Collins, 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.privacy.entities.kinds import Entity, EntityKind
from router.privacy.entities.word_features import Numbers, WordTable, features, looked_at
from router.privacy.entities.words_of_text import Word

LABELS = ("O", "B-name", "I-name", "B-address", "I-address")
PATH = Path(__file__).with_name("head.npz")
_KINDS = {"name": EntityKind.NAME, "address": EntityKind.ADDRESS}
_IMPOSSIBLE = -1e6
_SLOT_BITS = 18
_SHIFT = np.uint64(64 - _SLOT_BITS)
_READ_AT_ONCE = 20_000
"""Words whose features are in memory together; a longer text is read piece by piece."""


class EntityHead:
    """Holds the weights by feature and those between labels."""

    def __init__(
        self, names: Numbers, weights: npt.NDArray[np.float32], between: Sequence[Sequence[float]]
    ) -> None:
        """Takes the numbers of the features, their weights (features, labels), and those between.

        Of two features with one slot the first one stays.
        """
        self.names = names
        self.weights = weights
        self.between = between
        self._slots = np.full(1 << _SLOT_BITS, len(names), dtype=np.int32)
        slots = _slots_of(names)
        self._slots[slots[::-1]] = np.arange(len(names) - 1, -1, -1, dtype=np.int32)
        self._padded_names = np.append(names, np.uint64(0))
        self._padded = np.vstack([weights, np.zeros((1, len(LABELS)), np.float32)])
        self._words = WordTable()

    def labels(self, words: Sequence[str]) -> list[int]:
        """Returns the number of each word's label; words that are not looked at have 0."""
        found = [0] * len(words)
        known = self._words.known(words)
        places = looked_at(known)
        if not len(places):
            return found
        scores = np.concatenate(
            [
                self._scores(features(known, places[begin : begin + _READ_AT_ONCE]))
                for begin in range(0, len(places), _READ_AT_ONCE)
            ]
        )
        # A run of words of which each is plain needs no path.
        busy = np.flatnonzero(scores[:, 1:].max(axis=1) > scores[:, 0])
        if not len(busy):
            return found
        at: list[int] = places.tolist()
        rows: list[list[float]] = scores.tolist()
        last = len(at)
        done = 0
        for one in busy.tolist():
            if one < done:
                continue
            begin, end = one, one + 1
            while begin > done and at[begin - 1] == at[begin] - 1:
                begin -= 1
            while end < last and at[end] == at[end - 1] + 1:
                end += 1
            path = best_path(rows[begin:end], self.between)
            for i, label in zip(at[begin:end], path, strict=True):
                found[i] = label
            done = end
        return found

    def _scores(self, numbers: Numbers) -> npt.NDArray[np.float32]:
        """Returns the score of each label for words with these features: (words, labels)."""
        rows = self._slots[_slots_of(numbers)]
        rows[self._padded_names[rows] != numbers] = len(self.names)
        scores: npt.NDArray[np.float32] = self._padded[rows].sum(axis=1)
        return scores

    def entities(self, words: Sequence[Word]) -> list[Entity]:
        """Returns the names and addresses among these words of one text."""
        spans: list[Entity] = []
        labels = self.labels([word.text for word in words])
        for word, number in zip(words, labels, strict=True):
            if not number:
                continue
            label = LABELS[number]
            kind = _KINDS[label[2:]]
            last = spans[-1] if spans else None
            if label[0] == "I" and last is not None and last.kind is kind:
                spans[-1] = Entity(kind, last.start, word.end)
            else:
                spans.append(Entity(kind, word.start, word.end))
        return spans


def _slots_of(numbers: Numbers) -> npt.NDArray[np.int64]:
    return (numbers >> _SHIFT).astype(np.int64)


def best_path(scores: Sequence[Sequence[float]], between: Sequence[Sequence[float]]) -> list[int]:
    """Returns the labels with the highest sum (Viterbi); the first is no continuation.

    >>> best_path([[0, 1, 5, 0, 0], [0, 0, 2, 0, 0]], impossible())
    [1, 2]
    """
    plain, name, inside, street, within = scores[0]
    inside = within = _IMPOSSIBLE
    (oo, ob, _, oa, _), (no, nb, ni, na, _), (io, ib, ii, ia, _) = between[:3]
    (ao, ab, _, aa, ai), (wo, wb, _, wa, ww) = between[3:]
    back: list[tuple[int, int, int, int, int]] = []
    for s_plain, s_name, s_inside, s_street, s_within in scores[1:]:
        to_plain = (plain + oo, name + no, inside + io, street + ao, within + wo)
        to_name = (plain + ob, name + nb, inside + ib, street + ab, within + wb)
        to_street = (plain + oa, name + na, inside + ia, street + aa, within + wa)
        best_plain, best_name, best_street = max(to_plain), max(to_name), max(to_street)
        from_inside = 1 if name + ni >= inside + ii else 2
        from_within = 3 if street + ai >= within + ww else 4
        back.append(
            (
                to_plain.index(best_plain),
                to_name.index(best_name),
                from_inside,
                to_street.index(best_street),
                from_within,
            )
        )
        inside = s_inside + (name + ni if from_inside == 1 else inside + ii)
        within = s_within + (street + ai if from_within == 3 else within + ww)
        plain, name, street = s_plain + best_plain, s_name + best_name, s_street + best_street
    totals = (plain, name, inside, street, within)
    label = totals.index(max(totals))
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
        weights = kept["weights"].astype(np.float32) * float(kept["scale"])
        between = kept["between"].astype(float).tolist()
        return EntityHead(kept["names"], weights, between)


@cache
def shipped() -> EntityHead:
    """Returns the head that comes with Tiergate; it is read once."""
    return load()
