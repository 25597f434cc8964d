"""Counts hashed n-grams of word pieces: the exact words of a text, which an embedding loses.

An encoder forgets the exact words, and of a long text it reads the ends only; single pieces and
pairs of neighbours keep both. Each is hashed into one of BUCKETS columns (the hashing trick:
Weinberger et al. 2009), so no vocabulary is kept. A linear reader of them is a sum of table rows
(Joulin et al. 2016). Pure functions of arrays; nothing here knows tokens or labels.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats

BUCKET_BITS = 16
BUCKETS = 1 << BUCKET_BITS
"""Among 2^15, 2^16 and 2^17 each larger size was better by half a point of stakes AUROC and not
better elsewhere; a table grows with it."""


def factor(number: int) -> npt.NDArray[np.uint64]:
    """Returns a number as what multiplies arrays: numpy makes an array of a scalar at each step."""
    return np.array(number, np.uint64)


ALONE, FIRST, SECOND, PAIR = map(
    factor, (0x9E3779B97F4A7C15, 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0xD6E8FEB86659FD93)
)
"""Odd multipliers with well spread bits (Steele et al. 2014; xxHash). The high bits of a product
are kept, because all bits of an id have moved them."""
SHIFT = factor(64 - BUCKET_BITS)

Buckets = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float32]
Counted = tuple[Buckets, Weights]
"""The buckets of one text, and the weight of each."""
NOTHING: Counted = (np.empty(0, np.int32), np.empty(0, np.float32))
Table = npt.NDArray[np.float32]  # (BUCKETS, columns)


def counted(ids: Sequence[int]) -> Counted:
    """Returns the buckets of single pieces and of neighbouring pairs, rising, with their weights.

    A weight is the root of a bucket's share, so the squares of the weights sum to 1. Roots
    (Hellinger) and not shares are used, so that a word repeated twenty times does not dominate: on
    tickets they won 2 points of macro-F1 over mere presence, and shares lost 1.5 points on mail.
    Trigrams lost a point on short requests.
    """
    pieces = np.array(ids, dtype=np.uint64)
    pairs = (pieces[:-1] * FIRST + pieces[1:] * SECOND) * PAIR
    return weighed(np.concatenate([pieces * ALONE, pairs]))


def weighed(hashes: npt.NDArray[np.uint64]) -> Counted:
    """Returns the buckets of one text's hashes, rising, each with the root of its share."""
    if not len(hashes):
        return NOTHING
    every: Buckets = (hashes >> SHIFT).astype(np.int32)  # half as wide, so sorted sooner
    every.sort()
    # `numpy.unique` does the same in three times the time for a short text.
    first = np.empty(len(every) + 1, dtype=bool)
    first[0] = first[-1] = True  # behind the last hash the last bucket ends
    np.not_equal(every[1:], every[:-1], out=first[1:-1])
    bounds = first.nonzero()[0]
    times = (bounds[1:] - bounds[:-1]).astype(np.float32)
    weights: Weights = np.sqrt(times / np.float32(len(every)))
    return every[bounds[:-1]], weights


def counted_together(rows: Sequence[Sequence[int]]) -> Grams:
    """Returns what `counted` finds in each of several texts, in the steps of one.

    >>> rows = [[7, 8, 7], [], [9]]
    >>> one, together = Grams.of([counted(row) for row in rows]), counted_together(rows)
    >>> [np.array_equal(getattr(one, name), getattr(together, name)) for name in Grams.__slots__]
    [True, True, True]
    """
    if len(rows) == 1:
        return Grams.of([counted(rows[0])])
    lengths = np.array([len(row) for row in rows], dtype=np.int64)
    pieces = np.array(list(itertools.chain.from_iterable(rows)), dtype=np.uint64)
    text = np.repeat(np.arange(len(rows)), lengths)
    alone = (pieces * ALONE) >> SHIFT
    pairs = ((pieces[:-1] * FIRST + pieces[1:] * SECOND) * PAIR) >> SHIFT
    within = text[:-1] == text[1:]  # the last piece of a text is no neighbour of the next text's
    every = np.concatenate([alone, pairs[within]])
    owner = np.concatenate([text, text[:-1][within]])
    buckets, times, owner = each_once(every, owner)
    seen = np.bincount(owner, times, minlength=len(rows))  # pieces and pairs of each text
    shares = times / seen[owner]
    return Grams(buckets, np.sqrt(shares, dtype=np.float32), starts_of(owner, len(rows)))


def each_once(
    hashes: npt.NDArray[np.uint64], text: npt.NDArray[np.int64]
) -> tuple[Buckets, npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Returns the buckets of each text, rising; how often it has each; and whose each is."""
    keys = hashes.astype(np.int64) | (text << BUCKET_BITS)
    keys.sort()
    # `numpy.unique` does the same in three times the time for few keys.
    first = np.empty(len(keys), dtype=bool)
    first[:1] = True
    np.not_equal(keys[1:], keys[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    times = np.diff(starts, append=len(keys))
    found = keys[starts]
    return (found & (BUCKETS - 1)).astype(np.int32), times, found >> BUCKET_BITS


def starts_of(owner: npt.NDArray[np.int64], texts: int) -> npt.NDArray[np.int64]:
    """Returns where each text begins among rising owners, and where the last one ends."""
    return np.searchsorted(owner, np.arange(texts + 1))


@dataclass(frozen=True, slots=True)
class Grams:
    """Holds the buckets of many texts, one after the other; text i begins at starts[i]."""

    buckets: Buckets  # (all,)
    weights: Weights  # (all,)
    starts: npt.NDArray[np.int64]  # (texts + 1,)

    @classmethod
    def of(cls, rows: Sequence[Counted]) -> Grams:
        """Joins the buckets of texts, each as `counted` returns them."""
        if len(rows) == 1:
            return cls(*rows[0], np.array([0, len(rows[0][0])]))
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum([len(buckets) for buckets, _ in rows], out=starts[1:])
        if not rows:
            return cls(*NOTHING, starts)
        return cls(
            np.concatenate([buckets for buckets, _ in rows]).astype(np.int32, copy=False),
            np.concatenate([weights for _, weights in rows]).astype(np.float32, copy=False),
            starts,
        )

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __add__(self, other: Grams) -> Grams:
        """Returns the texts of both, one after the other."""
        return Grams(
            np.concatenate([self.buckets, other.buckets]),
            np.concatenate([self.weights, other.weights]),
            np.concatenate([self.starts, other.starts[1:] + self.starts[-1]]),
        )

    def __getitem__(self, chosen: npt.NDArray[np.generic] | slice) -> Grams:
        """Returns the texts that an index array, a mask or a slice chooses."""
        rows = np.arange(len(self))[chosen]
        counts = self.counts()[rows]
        starts = np.zeros(len(rows) + 1, dtype=np.int64)
        np.cumsum(counts, out=starts[1:])
        # Each chosen text's run of buckets moves from its old start to its new one.
        taken = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], counts)
        return Grams(self.buckets[taken], self.weights[taken], starts)

    def counts(self) -> npt.NDArray[np.int64]:
        """Returns the number of buckets of each text, (texts,)."""
        return np.diff(self.starts)

    def each(self) -> list[Counted]:
        """Returns the rows from which `of` made this."""
        ends = self.starts.tolist()
        return [
            (self.buckets[begin:end], self.weights[begin:end])
            for begin, end in itertools.pairwise(ends)
        ]


class Rows(Protocol):
    """Describes a table of n-grams: floats, or what becomes floats when it is indexed."""

    @property
    def shape(self) -> tuple[int, ...]: ...

    def __getitem__(self, rows: Buckets, /) -> Table: ...


ROWS_TOGETHER = 32
"""Texts whose table rows are fetched at one time: a run of requests, and no corpus as a whole."""


def summed(grams: Grams, table: Rows) -> Floats:
    """Returns the table rows of each text's buckets times their weights, summed, (texts, columns).

    >>> table = np.zeros((BUCKETS, 1), np.float32)
    >>> table[[3, 5]] = 1.0
    >>> one = np.array([3, 5, 6, 7], np.int32), np.full(4, 0.5, np.float32)
    >>> summed(Grams.of([one, NOTHING]), table).tolist()
    [[1.0], [0.0]]
    """
    weights = grams.weights
    if len(grams) == 1:  # a lone request
        alone: Floats = np.dot(weights, table[grams.buckets])[None]
        return alone
    starts = grams.starts.tolist()
    out = np.zeros((len(grams), table.shape[1]), dtype=np.float32)
    for first in range(0, len(grams), ROWS_TOGETHER):
        spans = list(itertools.pairwise(starts[first : first + ROWS_TOGETHER + 1]))
        begin = spans[0][0]
        rows = table[grams.buckets[begin : spans[-1][1]]]
        for place, (start, end) in enumerate(spans, start=first):
            np.dot(weights[start:end], rows[start - begin : end - begin], out=out[place])
    return out


def rarity(grams: Grams) -> npt.NDArray[np.float32]:
    """Returns the inverse document frequency of each bucket, (BUCKETS,).

    It is log((1 + n) / (1 + n_b)) + 1. Rare words say more about a class: without it e-mail spam
    lost half a point and stakes AUROC two.
    """
    count = np.bincount(grams.buckets, minlength=BUCKETS)  # each bucket once per text
    return (np.log((1 + len(grams)) / (1 + count)) + 1).astype(np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class PackedTable:
    """Holds tables, one below the other, as files do: whole steps of a byte, a scale per column.

    In floats the tables of the shipped policy take 25 MB; as bytes 6 MB, of which a text reads some
    forty rows. Indexing returns rows as the very floats that the whole table would hold.

    >>> steps = np.zeros((BUCKETS, 1), np.int8)
    >>> steps[3] = 4
    >>> PackedTable(steps, np.array([[0.5]], np.float32))[np.array([3, 5], np.int32)].tolist()
    [[2.0], [0.0]]
    """

    steps: npt.NDArray[np.int8]  # (tables * BUCKETS, columns)
    scale: npt.NDArray[np.float32]  # (tables, columns)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.steps.shape

    def __getitem__(self, rows: Buckets | npt.NDArray[np.int64]) -> Table:
        # One table is the usual case; `take` needs half the time of an index. Of columns, which
        # are views, it would copy the whole table first: 4 MB of memory read for forty rows.
        scale = self.scale if len(self.scale) == 1 else self.scale.take(rows >> BUCKET_BITS, 0)
        steps = self.steps
        chosen = steps.take(rows, 0) if steps.flags.c_contiguous else steps[rows]
        floats: Table = chosen * scale
        return floats

    def columns(self, chosen: slice) -> PackedTable:
        """Returns some of the columns, as views."""
        return PackedTable(self.steps[:, chosen], self.scale[:, chosen])

    def floats(self) -> Table:
        """Returns the whole table."""
        return self[np.arange(len(self.steps))]


def joined(tables: Sequence[tuple[Words | None, int]]) -> Words | None:
    """Returns tables, each with its number of columns, as one (BUCKETS, columns of all heads).

    It has zeros where a head has no table, and is packed where all tables are. Returns None when no
    head has a table.
    """
    given = [table for table, _ in tables if table is not None]
    if not given:
        return None
    if all(isinstance(table, PackedTable) for table in given):
        return _joined_packed(tables)
    parts = [
        np.zeros((BUCKETS, columns), np.float32) if table is None else in_floats(table)
        for table, columns in tables
    ]
    return np.ascontiguousarray(np.concatenate(parts, axis=1))


def _joined_packed(tables: Sequence[tuple[Words | None, int]]) -> PackedTable:
    width = sum(columns for _, columns in tables)
    whole = PackedTable(np.zeros((BUCKETS, width), np.int8), np.ones((1, width), np.float32))
    begin = 0
    for table, columns in tables:
        if isinstance(table, PackedTable):
            whole.steps[:, begin : begin + columns] = table.steps
            whole.scale[:, begin : begin + columns] = table.scale
        begin += columns
    return whole


Words = Table | PackedTable
"""What a head adds for n-grams: floats where it was just fitted, packed where it was loaded."""


def in_floats(words: Words) -> Table:
    """Returns a table as floats."""
    return words.floats() if isinstance(words, PackedTable) else words


def table_of(words: Words, number: int) -> Words:
    """Returns one of several tables that stand one below the other, as a view."""
    rows = slice(number * BUCKETS, (number + 1) * BUCKETS)
    if isinstance(words, PackedTable):
        return PackedTable(words.steps[rows], words.scale[number : number + 1])
    return words[rows]


def columns_of(words: Words, chosen: slice) -> Words:
    """Returns some columns of a table, as a view."""
    return words.columns(chosen) if isinstance(words, PackedTable) else words[:, chosen]
