"""Judges vectors by retrieval and by pairs: recall at k, nDCG, and the AUROC of pairs. Numpy only.

Held texts ask, texts to train on are found; a found text is relevant where it has the same label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import auroc
from router.stats.heads import Embeddings
from router.stats.measures import Column, change

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Holds the figures of one encoder, all 0..1."""

    queries: Mapping[str, Column]  # recall_at_1 and _5, ndcg_at_10: the mean is the figure
    pairs_auroc: float  # of cosines: two texts of one label against two of different ones

    def as_card(self) -> dict[str, float]:
        """Returns the figures, rounded, and the number of queries."""
        figures = {name: column.figure() or 0.0 for name, column in self.queries.items()}
        count = len(next(iter(self.queries.values())).values)
        return {**figures, "pairs_auroc": round(self.pairs_auroc, 4), "queries": count}

    def changes(self, other: Retrieval) -> dict[str, list[float] | None]:
        """Returns other minus this on the same queries, with 95 % intervals; see `change`.

        The AUROC of pairs has none: a text is in many pairs, so they are no sample.
        """
        return {name: change(column, other.queries[name]) for name, column in self.queries.items()}


def judged(
    queries: Embeddings, asked: Sequence[str], corpus: Embeddings, labels: Sequence[str]
) -> Retrieval:
    """Returns the figures of unit vectors, (queries, width) against (corpus, width)."""
    relevant = np.array(asked)[:, None] == np.array(labels)[None, :]
    order = np.argsort(-(queries @ corpus.T), axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, axis=1)  # (queries, corpus), nearest first
    first, second = np.triu_indices(len(asked), 1)
    cosines = (queries @ queries.T)[first, second]
    same = np.array(asked)[first] == np.array(asked)[second]
    return Retrieval(
        {
            # Relevant texts among the first: 1 where there is one, else 0.
            "recall_at_1": Column(tuple(map(float, hits[:, 0])), share=True),
            "recall_at_5": Column(tuple(map(float, np.any(hits[:, :5], axis=1))), share=True),
            "ndcg_at_10": Column(tuple(map(float, ndcg(hits)))),
        },
        auroc(cosines.astype(np.float64), same) if same.any() and not same.all() else 0.5,
    )


def ndcg(hits: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """Returns nDCG of each row of hits, nearest first (Järvelin and Kekäläinen 2002).

    A hit at place p (from 1) counts 1 / log2(p + 1), over what the best order would have.

    >>> ndcg(np.array([[False, True, False]])).round(4).tolist()
    [0.6309]
    """
    discounts = 1.0 / np.log2(np.arange(2, min(DEPTH, hits.shape[1]) + 2))
    gained = hits[:, : len(discounts)] @ discounts
    best = np.array([discounts[: int(count)].sum() for count in hits.sum(axis=1)])
    return np.asarray(np.where(best > 0, gained / np.maximum(best, 1e-12), 0.0), np.float64)


def hard_negatives(
    vectors: Embeddings, labels: Sequence[str], among: int
) -> list[npt.NDArray[np.int64]]:
    """Returns, for each text, the `among` nearest texts of other labels, the nearest first."""
    names = np.array(labels)
    cosines = vectors @ vectors.T
    cosines[names[:, None] == names[None, :]] = -np.inf
    order = np.argsort(-cosines, axis=1, kind="stable")
    counts = np.isfinite(cosines).sum(axis=1)
    return [row[: min(among, int(count))] for row, count in zip(order, counts, strict=True)]
