"""Hashed n-grams of word pieces: what a text says word for word, beside what it means.

An encoder forgets the exact words, and of a long text it reads the ends alone; single pieces and
pairs of neighbours keep both. Each is hashed into one of BUCKETS columns (the hashing trick:
Weinberger et al. 2009), so that no vocabulary is kept, and a linear reader of them is a sum of
table rows (Joulin et al. 2016). Pure functions of arrays; nothing here knows tokens or labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from router.calibration import Floats

BUCKETS = 1 << 16
"""Of 2^15, 2^16 and 2^17 the larger were each better by half a point of stakes AUROC and by
nothing elsewhere, and a table grows with them."""

ALONE, FIRST, SECOND, PAIR = (
    np.uint64(0x9E3779B97F4A7C15), np.uint64(0x9E3779B97F4A7C15),
    np.uint64(0xC2B2AE3D27D4EB4F), np.uint64(0xD6E8FEB86659FD93),
)  # fmt: skip
"""Odd multipliers with well spread bits (Steele et al. 2014; xxHash): of a product the high bits
are kept, which all bits of an id have moved."""
SHIFT = np.uint64(64 - 16)

Buckets = npt.NDArray[np.int32]
Table = npt.NDArray[np.float32]  # (BUCKETS, columns)


def buckets_of(ids: Sequence[int]) -> Buckets:
    """The buckets of single pieces and of neighbouring pairs, each once, rising.

    Trigrams were tried: on short requests they lost a point of accuracy.
    """
    pieces = np.array(ids, dtype=np.uint64)
    alone = (pieces * ALONE) >> SHIFT
    pairs = ((pieces[:-1] * FIRST + pieces[1:] * SECOND) * PAIR) >> SHIFT
    return np.unique(np.concatenate([alone, pairs])).astype(np.int32)


@dataclass(frozen=True, slots=True)
class Grams:
    """The buckets of many texts, one after the other: those of text i from starts[i] on."""

    buckets: Buckets  # (all,)
    starts: npt.NDArray[np.int64]  # (texts + 1,)

    @classmethod
    def of(cls, rows: Sequence[Buckets]) -> Grams:
        """Those of each text, as `buckets_of` gives them."""
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(row) for row in rows], out=starts[1:])
        joined = np.concatenate(rows) if rows else np.empty(0, np.int32)
        return cls(joined.astype(np.int32, copy=False), starts)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, chosen: npt.NDArray[np.generic] | slice) -> Grams:
        """The texts that an index array, a mask or a slice chooses."""
        rows = np.arange(len(self))[chosen]
        counts = np.diff(self.starts)[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        from_ = np.repeat(self.starts[rows] - starts[:-1], counts)
        return Grams(self.buckets[np.arange(starts[-1]) + from_], starts)

    def counts(self) -> npt.NDArray[np.int64]:
        """How many buckets each text has, (texts,)."""
        return np.diff(self.starts)


def summed(grams: Grams, table: Table) -> Floats:
    """The table rows of each text's buckets, summed, over the root of their number.

    (texts, columns). The root, and not the number, so that a long text says more than a short one.

    >>> table = np.zeros((BUCKETS, 1), np.float32)
    >>> table[[3, 5]] = 1.0
    >>> grams = Grams.of([np.array([3, 5, 6, 7], np.int32), np.array([], np.int32)])
    >>> summed(grams, table).tolist()
    [[1.0], [0.0]]
    """
    starts, buckets = grams.starts, grams.buckets
    out = np.zeros((len(grams), table.shape[1]), dtype=np.float32)
    for row, (begin, end) in enumerate(zip(starts.tolist(), starts[1:].tolist(), strict=False)):
        if end > begin:
            out[row] = table[buckets[begin:end]].sum(axis=0)
            out[row] *= (end - begin) ** -0.5
    return out


def rarity(grams: Grams) -> npt.NDArray[np.float32]:
    """The inverse document frequency of each bucket, (BUCKETS,): log((1 + n) / (1 + n_b)) + 1.

    Rare words tell more; without it e-mail spam lost half a point and stakes AUROC two.
    """
    count = np.bincount(grams.buckets, minlength=BUCKETS)  # each bucket once per text
    return (np.log((1 + len(grams)) / (1 + count)) + 1).astype(np.float32)
