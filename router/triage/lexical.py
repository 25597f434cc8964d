"""The words of a text as sparse features: what a linear head reads beside the embedding.

Which words stand there is what an embedding of a few hundred numbers blurs; heads that read both
were better on every source measured (DECISIONS). Features are word pieces and pairs of neighbours,
the pairs hashed; values are (1 + log count) x idf, scaled to length 1, as in TF-IDF. All of it is
numpy on token ids that are there already: some 20 µs for a request. It knows nothing about labels.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from router.errors import ModelFileError

VOCABULARY = 30_522
PAIR_BUCKETS = 1 << 16
"""Pairs share buckets: with 2^15 the heads lost up to half a point, with 2^17 they gained nothing."""
FEATURES = VOCABULARY + PAIR_BUCKETS
FIRST_WORD = 104
"""Ids below are padding, markers and [MASK]."""
_FACTOR = np.int64(0x9E3779B1)

LEXICON = "lexicon.npz"

Ids = Sequence[int]


@dataclass(frozen=True, slots=True)
class Terms:
    """The features of a batch, row after row: a sparse matrix (rows, FEATURES) of unit rows."""

    feature: npt.NDArray[np.int64]  # (entries,)
    value: npt.NDArray[np.float32]  # (entries,)
    row: npt.NDArray[np.int64]  # (entries,), ascending
    rows: int

    def times(self, table: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The product with a dense table (FEATURES, columns), (rows, columns)."""
        out = np.zeros((self.rows, table.shape[1]), dtype=np.float32)
        if len(self.row):
            starts = np.flatnonzero(np.diff(self.row, prepend=-1))
            parts = table[self.feature] * self.value[:, None]  # (entries, columns)
            out[self.row[starts]] = np.add.reduceat(parts, starts, axis=0)
        return out


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How rare each feature is; `sha256` names the file that says so."""

    idf: npt.NDArray[np.float32]  # (FEATURES,)
    sha256: str

    def terms(self, rows: Sequence[Ids]) -> Terms:
        """The features of token rows; a row without words has none."""
        feature, row = features(rows)
        key, count = np.unique(row * FEATURES + feature, return_counts=True)
        row, feature = np.divmod(key, FEATURES)
        value = ((1.0 + np.log(count)) * self.idf[feature]).astype(np.float32)
        length = np.sqrt(np.bincount(row, weights=value * value, minlength=len(rows)))
        value /= np.maximum(length, 1e-9)[row].astype(np.float32)
        return Terms(feature, value, row, len(rows))


def features(rows: Sequence[Ids]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Every word piece and every pair of neighbours of token rows, with the row each is from.

    >>> found, row = features([[101, 2054, 2003, 102]])
    >>> len(found), found[:2].tolist(), row.tolist()
    (3, [2054, 2003], [0, 0, 0])
    """
    ids = np.fromiter((i for row in rows for i in row), dtype=np.int64)
    row = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
    word = ids >= FIRST_WORD
    pair = word[:-1] & word[1:] & (row[:-1] == row[1:])
    first, second = ids[:-1][pair], ids[1:][pair]
    mixed = (first * VOCABULARY + second) * _FACTOR
    hashed = VOCABULARY + ((mixed >> np.int64(15)) & np.int64(PAIR_BUCKETS - 1))
    return np.concatenate([ids[word], hashed]), np.concatenate([row[word], row[:-1][pair]])


def save(idf: npt.NDArray[np.float32], folder: Path) -> Lexicon:
    """Writes the lexicon into `folder` and returns it as it will be read."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, idf=idf.astype(np.float16))
    (folder / LEXICON).write_bytes(buffer.getvalue())
    return load(folder)


def load(folder: Path) -> Lexicon:
    """Reads what `save` wrote; raises ModelFileError if it is missing or malformed."""
    path = folder / LEXICON
    try:
        raw = path.read_bytes()
        with np.load(io.BytesIO(raw), allow_pickle=False) as arrays:
            idf = arrays["idf"].astype(np.float32)
        if idf.shape != (FEATURES,):
            raise ModelFileError(f"{path} has {idf.shape} entries, expected ({FEATURES},)")
    except OSError as error:
        raise ModelFileError(f"lexicon {path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError) as error:
        raise ModelFileError(f"lexicon {path} is malformed: {error}") from error
    return Lexicon(idf, hashlib.sha256(raw).hexdigest())
