"""Reads closely what a head of one chance is unsure of: a larger encoder, and characters.

A head reads each request, so it must be small. Few requests are neither calm nor clear to it: these
are read once more, in a tenth of the time that a model takes for its first word. English is read
by an encoder of its own and by characters; other languages, which no encoder here reads, by
characters alone. It knows nothing about what the chance means.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.stats.calibration import Calibrator, Floats
from router.stats.char_grams import counted_chars_together
from router.stats.heads import Embeddings
from router.stats.ngrams import BUCKETS, Grams, Table, summed
from router.triage.close_reading.guess import Guess
from router.triage.encoder import cut
from router.triage.grave import ENGLISH, Told, table_of


class Rows(Protocol):
    """Encodes token rows, as `Encoder` does."""

    def __call__(self, rows: Sequence[Sequence[int]]) -> Embeddings: ...


class Tokenise(Protocol):
    """Makes the token row of a text."""

    def __call__(self, text: str) -> list[int]: ...


class Mixture(Struct, frozen=True):
    """Holds the weights of the log-odds of the encoder and of the characters."""

    encoder: float
    characters: float


class Lowest(Protocol):
    """Returns the lowest chance of a head that changes what the policy does, of some places."""

    def __call__(self, places: Sequence[int]) -> Floats: ...


class Seen(Struct, frozen=True, eq=False):
    """Holds what is known of texts before they are read closely, and what may change by it."""

    vectors: Embeddings  # (texts, width), the small encoder's
    lowest: Lowest


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

    def read(
        self,
        texts: Sequence[str],
        told: Sequence[Told],
        chances: Sequence[float],
        seen: Seen | None = None,
    ) -> dict[int, float]:
        """Returns by place the chances of the texts that are read closely; `chances` are the
        head's. Without `seen` the encoder reads every English one of them."""
        tables = [table_of(words, language) for words, language in told]
        places = [
            place
            for place, table in enumerate(tables)
            if table != ENGLISH or chances[place] >= self.least
        ]
        if not places:
            return {}
        mine = np.array([tables[place] for place in places])
        odds = self.characters([told[place][0] for place in places], mine)
        english = np.flatnonzero(mine == ENGLISH)
        if len(english):
            chosen = [places[i] for i in english.tolist()]
            of_head = np.array([chances[place] for place in chosen])
            odds[english] = self._mixed(texts, chosen, of_head, odds[english], seen)
        return {
            place: float(self.calibrators[table](np.array([value]))[0])
            for place, table, value in zip(places, mine.tolist(), odds.tolist(), strict=True)
        }

    def _mixed(
        self,
        texts: Sequence[str],
        chosen: Sequence[int],
        of_head: Floats,
        characters: Floats,
        seen: Seen | None,
    ) -> Floats:
        """Returns the mixed log-odds of the chosen English texts, by the encoder or the guess."""
        mixture, unsettled = self.mixture, np.ones(len(chosen), dtype=bool)
        by_encoder: Floats = np.zeros(len(chosen))
        if self.guess is not None and seen is not None:
            by_encoder = self.guess(seen.vectors[chosen], of_head, characters)
            most: Floats = mixture.encoder * (by_encoder + self.guess.margin)
            most += mixture.characters * characters
            unsettled = self.calibrators[ENGLISH](most) >= seen.lowest(chosen)
        if unsettled.any():
            asked = [place for place, open_ in zip(chosen, unsettled, strict=True) if open_]
            rows = [cut(self.tokenise(texts[place])) for place in asked]
            by_encoder[unsettled] = self.encode(rows) @ self.weight + self.bias
        mixed: Floats = mixture.encoder * by_encoder + mixture.characters * characters
        return mixed

    def characters(self, words: Sequence[Sequence[str]], tables: npt.NDArray[np.int64]) -> Floats:
        """Returns the log-odds of the characters of texts, each by its table."""
        return characters(self.table, self.table_bias, words, tables)


def characters(
    table: Table,
    bias: npt.NDArray[np.float32],
    words: Sequence[Sequence[str]],
    tables: npt.NDArray[np.int64],
) -> Floats:
    """Returns the log-odds of the characters of texts, (texts,); `tables` says which table reads
    each."""
    grams = counted_chars_together(words)
    moved = np.repeat(tables * BUCKETS, grams.counts()).astype(np.int32)
    grams = Grams(grams.buckets + moved, grams.weights, grams.starts)
    odds: Floats = (summed(grams, table)[:, 0] + bias[tables]).astype(np.float64)
    return odds
