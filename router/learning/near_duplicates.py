"""Finds texts that say nearly the same: MinHash over shingles of letters, checked exactly.

Texts with a Jaccard similarity of their shingles of at least NEAR are near-duplicates (Broder 1997,
"On the resemblance and containment of documents"). Bands of minima find the pairs worth comparing
(locality-sensitive hashing: Indyk and Motwani 1998), so that not every pair is compared; the pairs
found are then compared exactly. With 20 bands of 5 minima a pair of similarity s is compared with
chance 1 - (1 - s^5)^20: 0.9996 at 0.8, 0.47 at 0.5. It knows nothing about where texts come from.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

SHINGLE = 5
"""Letters of a shingle: of short questions four words that differ in one still share most."""
NEAR = 0.8
"""Texts at least so similar teach the same: of 50 letters about five may differ."""
BANDS, ROWS = 20, 5
OPENING = 80
"""Letters of a beginning: texts that share it are taken for one letter, sent again."""
MOST_ALIKE = 0.2
"""Share of all texts from which such texts of several labels are one form, filled in by many."""
MOST_COMPARED = 4_000
"""Letters by which long texts are compared: a millisecond of work."""
_SEED = 20_261_122
_NOT_ALNUM = re.compile(r"[\W_]+")

Hashes = npt.NDArray[np.uint64]


def plain(text: str) -> str:
    """Returns a text's letters and digits in lower case; equal results are exact duplicates.

    >>> plain("Where's my ORDER?")
    'where s my order'
    """
    return _NOT_ALNUM.sub(" ", text.casefold()).strip()


def shingles(text: str) -> Hashes:
    """Returns the distinct hashes of all runs of SHINGLE letters of a plain text, sorted."""
    padded = f" {text} ".encode()
    count = max(1, len(padded) - SHINGLE + 1)
    return np.unique(
        np.array([zlib.crc32(padded[k : k + SHINGLE]) for k in range(count)], dtype=np.uint64)
    )


def similarity(one: Hashes, other: Hashes) -> float:
    """Returns the Jaccard similarity of two sets of shingles, 0..1."""
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (len(one) + len(other) - shared)


def representatives(texts: Sequence[str], kinds: Sequence[Hashable]) -> list[int]:
    """Returns for each text the place of the first text that stands for it, its own if none does.

    Only texts of one kind stand for each other. A text is compared with texts that stand for
    others, never with those they stand for, so that no chain of small changes joins two unlike
    texts. The order of the texts decides, and nothing else.
    """
    chance = np.random.default_rng(_SEED)
    multiply = chance.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(
        1
    )
    add = chance.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    buckets: dict[tuple[Hashable, int, bytes], list[int]] = {}
    sets: dict[int, Hashes] = {}
    stands_for: list[int] = []
    for place, (text, kind) in enumerate(zip(texts, kinds, strict=True)):
        own = shingles(plain(text) or text)
        # Multiply-shift hashing (Dietzfelbinger et al. 1997): the upper half of a x + b.
        minima = ((own[:, None] * multiply + add) >> np.uint64(32)).min(axis=0)  # (minima,)
        keys = [
            (kind, band, minima[band * ROWS : (band + 1) * ROWS].tobytes()) for band in range(BANDS)
        ]
        known = sorted({other for key in keys for other in buckets.get(key, ())})
        first = next((other for other in known if similarity(own, sets[other]) >= NEAR), place)
        stands_for.append(first)
        if first == place:
            sets[place] = own
            for key in keys:
                buckets.setdefault(key, []).append(place)
    return stands_for


def families(texts: Sequence[str], labels: Sequence[Hashable]) -> list[int]:
    """Returns for each text the place of one that stands for its family, whatever their labels.

    Texts with the same opening, and near-duplicates, are one family: "Hi, ..." must not be judged
    by what "Hello, ..." taught. Where many texts of several labels are, they are a form, such as
    mails of one contact page: these are compared without the words that all begin and end with.
    """
    stands_for = _joined(texts)
    members: dict[int, list[int]] = {}
    for place, first in enumerate(stands_for):
        members.setdefault(first, []).append(place)
    for places in members.values():
        if len(places) > MOST_ALIKE * len(texts) and len({labels[place] for place in places}) > 1:
            filled_in = _without_common_ends([texts[place] for place in places])
            for place, first in zip(places, _joined(filled_in), strict=True):
                stands_for[place] = places[first]
    return stands_for


def _joined(texts: Sequence[str]) -> list[int]:
    """Returns for each text the place of the first one of its family."""
    shown = [text[:MOST_COMPARED] for text in texts]
    roots = representatives(shown, [None] * len(shown))
    opened: dict[str, int] = {}
    for place, text in enumerate(shown):
        # A text brings those that it stands for into the family of its opening.
        first = opened.setdefault(plain(text)[:OPENING] or text, place)
        one, other = sorted((_root(roots, first), _root(roots, place)))
        roots[other] = one
    return [_root(roots, place) for place in range(len(roots))]


def _root(roots: Sequence[int], place: int) -> int:
    while roots[place] != place:
        place = roots[place]
    return place


def _without_common_ends(texts: Sequence[str]) -> list[str]:
    """Returns texts without the words that all of them begin with, or end with."""
    words = [plain(text).split() for text in texts]
    for turned in (False, True):
        if turned:
            words = [one[::-1] for one in words]
        shortest = min(map(len, words))
        shared = next((n for n in range(shortest) if len({one[n] for one in words}) > 1), shortest)
        words = [one[shared:] for one in words]
    return [" ".join(one[::-1]) for one in words]
