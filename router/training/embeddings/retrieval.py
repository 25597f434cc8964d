"""Judges vectors by retrieval and by pairs: recall at k, nDCG, and the AUROC of pairs. Numpy only.

Held texts ask, texts to train on are found; a found text is relevant where it has the same label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from router.stats.calibration import auroc
from router.stats.heads import Embeddings

DEPTH = 10


@dataclass(frozen=True, slots=True)
class Retrieval:
    """Holds the figures of one encoder, all 0..1."""

    recall_at_1: float  # share of queries whose nearest text has their label
    recall_at_5: float  # share with one of their label among the five nearest
    ndcg_at_10: float
    pairs_auroc: float  # of cosines: two texts of one label against two of different ones
    queries: int

    def as_card(self) -> dict[str, float]:
        """Returns it rounded."""
        return {name: round(float(value), 4) for name, value in asdict(self).items()}


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
        float(hits[:, 0].mean()),
        float(hits[:, :5].any(axis=1).mean()),
        float(np.mean(ndcg(hits))),
        auroc(cosines.astype(np.float64), same) if same.any() and not same.all() else 0.5,
        len(asked),
    )


def ndcg(hits: npt.NDArray[np.bool_], depth: int = DEPTH) -> npt.NDArray[np.float64]:
    """Returns nDCG of each row of hits, nearest first (Järvelin and Kekäläinen 2002).

    A hit at place p (from 1) counts 1 / log2(p + 1), over what the best order would have.

    >>> ndcg(np.array([[False, True, False]])).round(4).tolist()
    [0.6309]
    """
    discounts = 1.0 / np.log2(np.arange(2, min(depth, hits.shape[1]) + 2))
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
