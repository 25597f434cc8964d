"""Reads grave matters closely: what a larger encoder says, weighed with their reader. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.stats.calibration import logit, one_among, sigmoid, softmax
from router.stats.heads import Embeddings
from router.triage.grave import MATTERS_READ, GraveReading, log_odds
from router.types import READ_LANGUAGES, Matter

_MATTERS = tuple(Matter)

LEAST_AMONG = 0.1
"""Chance of a sentence among others from which it is read closely. The encoder raised 43 of 6,283
messages by a sentence alone, none of which has less, as one sentence in six has."""


class GraveChance(NamedTuple):
    """Holds what is read closely of a grave matter."""

    grave: float
    matter: Matter


class CloseGrave(Struct, frozen=True, eq=False):
    """Holds what the encoder says of grave matters, and how it is weighed with their reader.

    An English text is read closely from the reader's chance `least` on.
    """

    weight: npt.NDArray[np.float32]  # (width, classes of the reader)
    bias: npt.NDArray[np.float32]  # (classes,)
    by_encoder: float  # weights of the log-odds
    by_reader: float
    shift: float
    least: float

    def unsure(self, reading: GraveReading, among: int = 1) -> bool:
        """Returns True for an English text that the reader does not call calm; `among` is by how
        much the odds of what it says count divided."""
        if reading.language not in READ_LANGUAGES or reading.grave < self.least:
            return False
        return among == 1 or one_among(among, reading.grave) >= LEAST_AMONG

    def read(self, vectors: Embeddings, chances: Sequence[float]) -> list[GraveChance]:
        """Returns what is read in each text: `vectors` (texts, width) are the encoder's, `chances`
        those of the reader."""
        classes = softmax((vectors @ self.weight + self.bias).astype(np.float64))
        odds = self.by_encoder * log_odds(classes) + self.by_reader * logit(np.array(chances))
        grave = sigmoid(odds + self.shift)
        matters = classes[:, :MATTERS_READ].argmax(axis=1)
        return [
            GraveChance(chance, _MATTERS[matter])
            for chance, matter in zip(grave.tolist(), matters.tolist(), strict=True)
        ]
