"""Turns the words of a text into the features that the head reads, many words at a time.

A feature is a number of 64 bits: the mixed numbers of what it is about, as "this word behind that
one". Numbers of words come from a table that fills up as words are seen, so that a word is hashed
once. It knows nothing about weights and labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import count

import numpy as np
import numpy.typing as npt

from router.privacy.entities.words_of_text import form_of, marks_of

Numbers = npt.NDArray[np.uint64]

FEATURES = 20
_AT_ONCE = 20_000
"""The words that are looked up together: they always fit one table."""

_ROWS = 1 << 15
"""The words that one table knows; then a new one is begun. It takes 1.5 MB."""

WORD, _FORM, MARKS, _ENDING, BEGINNING, _BEGINS, _CHOSEN = range(7)
"""The columns of what is known of a word."""
_NOWHERE = 0  # the row of what stands before the first word and behind the last
_MIX = tuple(
    [
        int.from_bytes(hashlib.blake2b(b"mix%d" % i, digest_size=8).digest(), "big") | 1
        for i in range(4)
    ]
)
_KINDS = np.array(
    [
        int.from_bytes(hashlib.blake2b(b"kind%d" % i, digest_size=8).digest(), "big")
        for i in range(FEATURES)
    ],
    dtype=np.uint64,
)
_MIX_FIRST, _MIX_SECOND, _HALF = np.uint64(_MIX[0]), np.uint64(_MIX[1]), np.uint64(29)
_OPENS = frozenset({'"', "\u201c", "-", "\u2022"})


def number_of(text: str) -> int:
    """Returns the number of a text; equal texts have equal ones, everywhere."""
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big")


class _Table:
    """Holds the features of each word by itself, in rows; rows are added and never change.

    Several threads may add at a time: each row is given out once, and a word that two of them add
    has two equal rows.
    """

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}
        self.known = np.zeros((_ROWS, 7), dtype=np.uint64)
        self.known[_NOWHERE] = [number_of("<>"), number_of("|"), number_of(""), 0, 0, 1, 0]
        self._next = count(1)

    def add(self, word: str) -> bool:
        """Returns False where no row is left."""
        row = next(self._next)
        if row >= _ROWS:
            return False
        lower, form, marks = word.lower(), form_of(word), marks_of(word)
        begins = form[0] in "|.!?:" or word in _OPENS
        latin = all([letter < "\u0250" or "\u1e00" <= letter < "\u2020" for letter in word])
        chosen = latin and (form[0] in "XA" or ("g" in marks and len(word) > 3))
        self.known[row] = [
            number_of(lower),
            number_of(form),
            number_of("m" + marks),
            number_of("e" + lower[-3:]),
            number_of("b" + word[:4]),
            begins,
            chosen,
        ]
        self.rows[word] = row
        return True


class WordTable:
    """Turns words into the numbers of their features; several threads may read it."""

    def __init__(self) -> None:
        self._table = _Table()

    def known(self, words: Sequence[str]) -> Numbers:
        """Returns the features of each word: (words + 4, 7), with two empty rows at both ends."""
        edge = [_NOWHERE, _NOWHERE]
        parts = [
            self._rows(words[begin : begin + _AT_ONCE]) for begin in range(0, len(words), _AT_ONCE)
        ]
        if len(parts) == 1:
            table, rows = parts[0]
            return table.known[[*edge, *rows, *edge]]
        outside = self._table.known[edge]
        return np.concatenate([outside, *[table.known[rows] for table, rows in parts], outside])

    def _rows(self, words: Sequence[str]) -> tuple[_Table, list[int]]:
        """Returns a table that knows all these words, and their rows."""
        table = self._table
        rows = [table.rows.get(word, 0) for word in words]
        if 0 not in rows:
            return table, rows
        new = set(words) - table.rows.keys()
        if not all([table.add(word) for word in new]):
            table = self._table = _Table()
            for word in set(words):
                table.add(word)
        return table, [table.rows[word] for word in words]


def looked_at(known: Numbers) -> npt.NDArray[np.intp]:
    """Returns the places of the words that the head judges: possible names, and neighbours."""
    names = known[:, _CHOSEN] != 0
    near = names.copy()
    near[:-1] |= names[1:]
    near[1:] |= names[:-1]
    near[2:] |= names[:-2]
    return np.flatnonzero(near[2:-2])


def _columns() -> Numbers:
    """Returns what each feature takes of the five words around its own: (5 words x 7, FEATURES)."""
    back, before, own, after, ahead = range(5)
    begins = ((own, _FORM, 1), (before, _BEGINS, 2))
    looks = ((own, _FORM, 2), (own, MARKS, 3))
    told: tuple[tuple[tuple[int, int, int], ...], ...] = (
        ((own, WORD, 0),),
        begins,
        ((own, MARKS, 0), *begins),
        ((own, _ENDING, 0), (own, _FORM, 1)),
        ((own, BEGINNING, 0), (own, _FORM, 1)),
        ((before, WORD, 0),),
        ((after, WORD, 0),),
        ((back, WORD, 0), (before, WORD, 1)),
        ((after, WORD, 0), (ahead, WORD, 1)),
        ((before, WORD, 0), (own, _FORM, 1)),
        ((before, MARKS, 0), (before, _FORM, 1), *looks),
        (*looks, (after, _FORM, 0), (after, MARKS, 1)),
        ((before, _FORM, 0), (own, _FORM, 1), (after, _FORM, 2)),
        ((before, WORD, 0), *looks),
        ((own, _FORM, 1), (after, WORD, 0)),
        ((before, MARKS, 0), (own, MARKS, 1), (after, MARKS, 2)),
        ((back, WORD, 0), (own, _FORM, 1)),
        ((own, _FORM, 1), (after, _FORM, 2), (ahead, _FORM, 0)),
        ((back, WORD, 0),),
        ((ahead, WORD, 0),),
    )
    columns = np.zeros((5 * 7, FEATURES), dtype=np.uint64)
    for feature, parts in enumerate(told):
        for place, column, mix in parts:
            columns[place * 7 + column, feature] = _MIX[mix]
    return columns


_AROUND = np.arange(5)
_COLUMNS = _columns()


def features(known: Numbers, places: npt.NDArray[np.intp]) -> Numbers:
    """Returns the features of the words at these places: (places, FEATURES)."""
    around = known[places[:, None] + _AROUND].reshape(len(places), 5 * 7)
    mixed: Numbers = (around @ _COLUMNS + _KINDS) * _MIX_FIRST
    mixed ^= mixed >> _HALF
    mixed *= _MIX_SECOND
    return mixed
