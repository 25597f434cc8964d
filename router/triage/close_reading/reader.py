"""Reads closely what a head of one chance is unsure of: a larger encoder, and characters.

A head reads each request, so it must be small. Few requests are neither calm nor clear to it: these
are read once more, in a tenth of the time that a model takes for its first word. English is read
by an encoder of its own and by characters; other languages, which no encoder here reads, by
characters alone. The same run of the encoder reads English texts of which the reader of grave
matters is unsure. It knows nothing about what the head's chance means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from itertools import repeat
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.stats.calibration import Calibrator, Floats, chance_of
from router.stats.char_grams import counted_chars
from router.stats.heads import Embeddings
from router.stats.ngrams import BUCKETS, Counted, Grams, Table, summed
from router.triage.close_reading.guess import Guess
from router.triage.close_reading.matters import CloseGrave, GraveChance
from router.triage.encoder import cut
from router.triage.grave import ENGLISH, GraveReading, Told, table_of

Rows = Callable[[Sequence[Sequence[int]]], Embeddings]
"""Encodes token rows, as `Encoder` does."""
Tokenise = Callable[[str], list[int]]
"""Makes the token row of a text."""
MayChange = Callable[[Sequence[int], Floats], npt.NDArray[np.bool_]]
"""Returns True for the places where a head may change what the policy does, by the highest chance
that it may have there."""


class Mixture(Struct, frozen=True):
    """Holds the weights of the log-odds of the encoder and of the characters."""

    encoder: float
    characters: float


Vectors = Mapping[int, npt.NDArray[np.float32]]
"""Holds by place what the larger encoder says of texts that it read whole."""
NONE_KEPT: Vectors = MappingProxyType({})


class Closely(NamedTuple):
    """Holds by place what was read closely."""

    chances: Mapping[int, float]  # in place of the head's
    grave: Mapping[int, GraveChance]  # in place of those of the reader of grave matters
    vectors: Vectors = NONE_KEPT


class Seen(Struct, frozen=True, eq=False):
    """Holds what is known of texts before they are read closely, and what may change by it."""

    vectors: Embeddings  # (texts, width), the small encoder's
    may_change: MayChange
    among: Sequence[int]  # by how much the odds of a grave matter in each text are divided


class CloseReader(Struct, frozen=True, eq=False):
    """Holds the fitted arrays and the encoder; safe to call from several threads.

    `least` is the chance of the head from which an English text is read closely. With a `guess` the
    encoder reads it only where its chance may reach what the policy asks for.
    """

    encode: Rows
    tokenise: Tokenise
    weight: npt.NDArray[np.float32]  # (width,)
    bias: float
    table: Table  # (TABLES * BUCKETS, 1): the log-odds that each piece of a word adds
    table_bias: npt.NDArray[np.float32]  # (TABLES,)
    mixture: Mixture
    calibrators: tuple[Calibrator, ...]  # by table, of the mixed log-odds
    least: float
    guess: Guess | None = None
    grave: CloseGrave | None = None
    network: str = ""  # sha256 of the encoder's file: vectors of one are none of another

    def read(
        self,
        texts: Sequence[str],
        told: Sequence[Told],
        chances: Sequence[float],
        seen: Seen | None = None,
        grave: Sequence[GraveReading] = (),
        kept: Vectors = NONE_KEPT,
    ) -> Closely:
        """Returns what is read closely; `chances` are the head's, `grave` what the reader of grave
        matters says, () where that counts as it is. Without `seen` the encoder reads every English
        text of which the head is unsure. It does not read those of `kept`."""
        tables = [table_of(words, language) for words, language in told]
        places = [
            place
            for place, table in enumerate(tables)
            if table != ENGLISH or chances[place] >= self.least
        ]
        among = repeat(1) if seen is None else seen.among
        matters = {
            place
            for place, (one, number) in enumerate(zip(grave, among, strict=False))
            if self.grave is not None and self.grave.unsure(one, number)
        }
        if not places and not matters:  # two texts in three
            return Closely({}, {})
        mine = np.array([tables[place] for place in places], np.int64)
        odds: Floats = np.zeros(0)
        if places:
            odds = self.characters(Grams.of(_pieces(places, told, grave)), mine)
        english = np.flatnonzero(mine == ENGLISH)
        chosen = [places[i] for i in english.tolist()]
        of_head = np.array([chances[place] for place in chosen])
        foreseen, unsettled = self._foreseen(chosen, of_head, odds[english], seen)
        vectors, beginnings = self._encoded(texts, unsettled | matters, kept)
        if chosen:
            by_encoder = [
                float(vectors[place] @ self.weight) + self.bias if place in vectors else guessed
                for place, guessed in zip(chosen, foreseen.tolist(), strict=True)
            ]
            odds[english] = (
                self.mixture.encoder * np.array(by_encoder)
                + self.mixture.characters * odds[english]
            )
        close = {
            place: chance_of(self.calibrators[table], value)
            for place, table, value in zip(places, mine.tolist(), odds.tolist(), strict=True)
        }
        of_matters = self._of_matters(grave, sorted(matters), vectors, beginnings)
        whole = {place: vector for place, vector in vectors.items() if place not in beginnings}
        return Closely(close, of_matters, whole)

    def _foreseen(
        self, chosen: Sequence[int], of_head: Floats, characters: Floats, seen: Seen | None
    ) -> tuple[Floats, set[int]]:
        """Returns the encoder's log-odds of the chosen English texts as guessed, 0 without a guess,
        and the places of those that only the encoder itself can settle."""
        if self.guess is None or seen is None or not chosen:
            return np.zeros(len(chosen)), set(chosen)
        foreseen = self.guess(seen.vectors[chosen], of_head, characters)
        most: Floats = self.mixture.encoder * (foreseen + self.guess.margin)
        most += self.mixture.characters * characters
        unsettled = seen.may_change(chosen, self.calibrators[ENGLISH](most))
        return foreseen, {place for place, open_ in zip(chosen, unsettled, strict=True) if open_}

    def _encoded(
        self, texts: Sequence[str], places: Set[int], known: Vectors
    ) -> tuple[dict[int, npt.NDArray[np.float32]], set[int]]:
        """Returns the vectors of texts by their place, those that are not known of one run, and the
        places of those of which only the beginning was read."""
        vectors = {place: known[place] for place in places if place in known}
        asked = sorted(places - vectors.keys())
        if not asked:
            return vectors, set()
        tokens = [self.tokenise(texts[place]) for place in asked]
        read = [cut(row) for row in tokens]
        longer = {
            place
            for place, row, kept in zip(asked, tokens, read, strict=True)
            if len(kept) < len(row)
        }
        vectors.update(zip(asked, self.encode(read), strict=True))
        return vectors, longer

    def _of_matters(
        self,
        grave: Sequence[GraveReading],
        places: Sequence[int],
        vectors: Mapping[int, npt.NDArray[np.float32]],
        beginnings: Set[int],
    ) -> dict[int, GraveChance]:
        """Returns by place the chances of a grave matter of the texts that were read closely.

        A text of which only the beginning was read may be raised, not lowered.
        """
        if self.grave is None or not places:
            return {}
        before = [grave[place].grave for place in places]
        read = self.grave.read(np.stack([vectors[place] for place in places]), before)
        return {
            place: one
            for place, one in zip(places, read, strict=True)
            if place not in beginnings or one.grave > grave[place].grave
        }

    def characters(self, grams: Grams, tables: npt.NDArray[np.int64]) -> Floats:
        """Returns the log-odds of the characters of texts, (texts,).

        `grams` holds the pieces of their words; `tables` says which table reads each.
        """
        moved = np.repeat(tables * BUCKETS, grams.counts()).astype(np.int32)
        grams = Grams(grams.buckets + moved, grams.weights, grams.starts)
        odds = summed(grams, self.table)[:, 0] + self.table_bias[tables]
        return odds.astype(np.float64)


def _pieces(
    places: Sequence[int], told: Sequence[Told], grave: Sequence[GraveReading]
) -> list[Counted]:
    """Returns the pieces of texts' words; the reader of grave matters counted most of them."""
    known = [grave[place].pieces if grave else None for place in places]
    return [
        counted_chars(told[place][0]) if pieces is None else pieces
        for place, pieces in zip(places, known, strict=True)
    ]
