"""A close reader of round figures, whose encoder says the same of every text."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from router.stats.calibration import Platt
from router.stats.heads import Embeddings
from router.stats.ngrams import BUCKETS
from router.triage.close_reading.guess import Guess
from router.triage.close_reading.matters import CloseGrave
from router.triage.close_reading.reader import CloseReader, Mixture
from router.triage.grave import CLASSES, TABLES

ENGLISH_TEXT, GERMAN_TEXT = "please tell me how this works", "bitte sag mir wie das geht"
WIDTH = 2


def never(rows: Sequence[Sequence[int]]) -> Embeddings:
    raise AssertionError("the larger encoder was asked")


def ones(rows: Sequence[Sequence[int]]) -> Embeddings:
    return np.ones((len(rows), WIDTH), np.float32)


def reader(**changed: object) -> CloseReader:
    """Returns a reader whose encoder says 3, its characters 0 in English and 1 in Latin letters."""
    plain = CloseReader(
        encode=ones,
        tokenise=lambda text: [1] * 200,
        weight=np.ones(WIDTH, np.float32),
        bias=1.0,
        table=np.zeros((TABLES * BUCKETS, 1), np.float32),
        table_bias=np.array([0.0, 1.0, 2.0], np.float32),
        mixture=Mixture(encoder=1.0, characters=1.0),
        calibrators=(Platt(1.0, 0.0), Platt(1.0, 0.0), Platt(1.0, 0.0)),
        least=0.3,
    )
    return msgspec.structs.replace(plain, **changed)


def chance(odds: float) -> float:
    return float(1.0 / (1.0 + np.exp(-odds)))


def guessing(odds: float, margin: float) -> Guess:
    return Guess(np.zeros(WIDTH, np.float32), 0.0, 0.0, odds, margin)


def matters(**changed: float) -> CloseGrave:
    """Returns what takes the first of two columns of the vector for the logit of poison."""
    weight = np.zeros((WIDTH, len(CLASSES)), np.float32)
    weight[0, CLASSES.index("poison")] = 8.0
    numbers = {"by_encoder": 1.0, "by_reader": 0.0, "shift": 0.0, "least": 0.4}
    return CloseGrave(weight, np.zeros(len(CLASSES), np.float32), **{**numbers, **changed})
