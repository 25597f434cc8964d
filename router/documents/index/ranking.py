"""Judges how well a chunk fits a question, from what both say. Pure.

As the verifier of level 1 does (`triage.verifier`), it compares what can be compared between any
two texts: the rare words of the question that the chunk and its headings hold, how near together
they stand, numbers, the rank by BM25, and the cosine of the two vectors.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct

FEATURES = ("one", "held", "heading", "rarest", "bm25", "cosine", "numbers", "near", "longest")
WEIGHTS = (-4.4, 3.2, 1.3, 0.9, 1.2, 3.6, 0.6, 0.8, 0.4)

UNKNOWN_COSINE = 0.35
"""Stands for the cosine of a chunk without a vector."""


class Query(Struct, frozen=True):
    """Holds the words of a question, each with its rarity among the documents."""

    words: tuple[str, ...]
    rarity: Mapping[str, float]

    @property
    def total(self) -> float:
        """Returns the rarities of all words together."""
        return sum(self.rarity[word] for word in self.words)


def features(
    query: Query, body: Sequence[str], heading: Sequence[str], bm25: float, cosine: float | None
) -> tuple[float, ...]:
    """Returns FEATURES of a question and a chunk; `bm25` is a share of the best one's, 0..1."""
    places: dict[str, list[int]] = {}
    for i, word in enumerate(body):
        places.setdefault(word, []).append(i)
    above = set(heading)
    total = query.total or 1.0
    held = sum(query.rarity[w] for w in query.words if w in places or w in above)
    headed = sum(query.rarity[w] for w in query.words if w in above)
    rarest = max(query.words, key=query.rarity.__getitem__, default="")
    numbers = [word for word in query.words if word[0].isdigit()]
    missed = sum(word not in places and word not in above for word in numbers)
    pairs = list(zip(query.words, query.words[1:], strict=False))
    near = sum(_adjacent(places.get(a, ()), places.get(b, ())) for a, b in pairs)
    return (
        1.0,
        held / total,
        headed / total,
        float(rarest in places or rarest in above),
        bm25,
        UNKNOWN_COSINE if cosine is None else cosine,
        -float(missed > 0),
        near / len(pairs) if pairs else 0.0,
        min(1.0, math.log1p(len(body)) / 5.0),
    )


def _adjacent(first: Sequence[int], second: Sequence[int]) -> bool:
    """Returns True where two words stand at most three words apart."""
    return any(abs(a - b) <= 3 for a in first[:20] for b in second[:20])


def chance(values: Sequence[float], weights: Sequence[float] = WEIGHTS) -> float:
    """Returns the chance that the weights give to features: the logistic of their sum."""
    z = sum(weight * value for weight, value in zip(weights, values, strict=True))
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))
