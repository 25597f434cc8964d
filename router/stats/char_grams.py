"""Counts hashed n-grams of characters: words of any language, also misspelt ones, in pieces.

Pieces of three to five characters run over the borders of words; whole words and pairs of
neighbours come on top; in scripts without spaces single characters and pairs count too. A wrong
letter spoils a few pieces of a word and leaves the others (Cavnar and Trenkle 1994). Pieces are
hashed into the columns of `stats.ngrams`. Pure functions; nothing here knows languages or labels.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from router.stats.ngrams import (
    NOTHING,
    SHIFT,
    Counted,
    Grams,
    Weights,
    each_once,
    factor,
    starts_of,
    weighed,
)

MOST_CHARS = 600
"""Characters of one piece of text: a message in need is short, and a window keeps it from being
diluted by the text around."""

_LENGTHS = (3, 4, 5)
_UNSPACED_FROM = 0x3000  # kana, Han and Hangul
_BASE = factor(0x9E3779B97F4A7C15)
_MIX = 0xD6E8FEB86659FD93
_SEEDS = (1, 0xC2B2AE3D27D4EB4F, 3, 5, 7, 11)
# Products are modulo 2^64: so one factor multiplies and mixes the hashes of each kind of piece.
_BY_LENGTH = tuple(factor(seed * _MIX % 2**64) for seed in _SEEDS)
_PAIR = factor(_MIX * _MIX % 2**64)

Hashes = npt.NDArray[np.uint64]
Owners = npt.NDArray[np.int64]  # the number of the text that each hash is of


def counted_chars(words: Sequence[str]) -> Counted:
    """Returns the buckets of the pieces of a text's words, rising, with their weights.

    `words` are lower case and folded, as the caller reads text. A weight is the root of a bucket's
    share, as in `ngrams.counted`.

    >>> buckets, weights = counted_chars(["chest", "pain"])
    >>> len(buckets) == 30, round(float(weights @ weights), 3)
    (True, 1.0)
    """
    text = f" {' '.join(words)} "[:MOST_CHARS]
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    if len(codes) < min(_LENGTHS):
        return NOTHING
    unspaced = [] if text.isascii() else _unspaced(codes)
    pieces = [*_runs_of_one(codes), *unspaced, *_words_of_one(_spelled(text))]
    return weighed(np.concatenate(pieces))


def counted_chars_together(texts: Sequence[Sequence[str]]) -> Grams:
    """Returns the same for several texts, in the steps of one: most of its cost is per step."""
    if len(texts) == 1:
        return Grams.of([counted_chars(texts[0])])
    lines = [f" {' '.join(words)} "[:MOST_CHARS] for words in texts]
    lines = [line if len(line) >= min(_LENGTHS) else "" for line in lines]
    whole = "".join(lines)
    codes = np.frombuffer(whole.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    ends = np.cumsum([len(line) for line in lines])
    text = np.repeat(np.arange(len(lines)), np.diff(ends, prepend=0))
    pieces, owners = _runs(codes, text)
    spelled = [_spelled(line) for line in lines]
    of_words, of_texts = _words(spelled)
    pieces += of_words
    owners += of_texts
    if not whole.isascii():
        for number in np.unique(text[codes >= _UNSPACED_FROM]).tolist():
            begin = int(ends[number - 1]) if number else 0
            found = _unspaced(codes[begin : int(ends[number])])
            pieces += found
            owners += [np.full(len(hashes), number) for hashes in found]
    every, owner = np.concatenate(pieces), np.concatenate(owners)
    buckets, times, owner = each_once(every >> SHIFT, owner)
    seen = np.bincount(owner, times, minlength=len(lines)).astype(np.float32)
    weights: Weights = np.sqrt(times.astype(np.float32) / seen[owner])
    return Grams(buckets, weights, starts_of(owner, len(lines)))


def _runs(codes: Hashes, text: Owners) -> tuple[list[Hashes], list[Owners]]:
    """Returns the hashes of runs of three to five characters in each text, and whose each is."""
    found, owners, run = [], [], codes
    for length in range(2, max(_LENGTHS) + 1):
        run = run[:-1] * _BASE + codes[length - 1 :]
        if length in _LENGTHS:
            within = np.flatnonzero(text[: len(run)] == text[len(text) - len(run) :])
            found.append(run[within] * _BY_LENGTH[length])
            owners.append(text[within])
    return found, owners


def _unspaced(codes: Hashes) -> list[Hashes]:
    """Returns the hashes of single characters and pairs in scripts without spaces.

    A folded text has a space between such characters, so every second one is looked at.
    """
    alone = codes[codes >= _UNSPACED_FROM]
    if not len(alone):
        return []
    pairs = alone[:-1] * _BASE + alone[1:]
    return [alone * _BY_LENGTH[0] * _BASE, pairs * _BY_LENGTH[1], _triples(alone)]


def _triples(alone: Hashes) -> Hashes:
    return ((alone[:-2] * _BASE + alone[1:-1]) * _BASE + alone[2:]) * _BY_LENGTH[3]


def _spelled(text: str) -> list[bytes]:
    """Returns the words of a text in UTF-8. No other space than a blank may part them."""
    return text.encode("utf-8", "replace").split()


def _words(texts: Sequence[Sequence[bytes]]) -> tuple[list[Hashes], list[Owners]]:
    """Returns the hashes of words and of pairs of neighbours within a text, and whose each is."""
    alone = np.array(
        [zlib.crc32(word) for words in texts for word in words],
        np.uint64,
    )
    text = np.repeat(np.arange(len(texts)), [len(words) for words in texts])
    within = np.flatnonzero(text[:-1] == text[1:])
    pairs = alone[within] * _BASE + alone[within + 1]
    return [alone * _BY_LENGTH[5], pairs * _PAIR], [text, text[within]]


def _runs_of_one(codes: Hashes) -> list[Hashes]:
    """Returns the hashes of all runs of three to five characters."""
    found, run = [], codes
    for length in range(2, max(_LENGTHS) + 1):
        run = run[:-1] * _BASE + codes[length - 1 :]
        if length in _LENGTHS:
            found.append(run * _BY_LENGTH[length])
    return found


def _words_of_one(words: Sequence[bytes]) -> tuple[Hashes, Hashes]:
    """Returns the hashes of words and of pairs of neighbours."""
    alone = np.array(list(map(zlib.crc32, words)), np.uint64)
    pairs = alone[:-1] * _BASE + alone[1:]
    return alone * _BY_LENGTH[5], pairs * _PAIR
