"""Turns the utterances of a knowledge file into vectors, and reads shapes off them.

That is the regression from vector to intent, and the shape of the intents among each other. It
knows nothing about requests or chances.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.policy.content.outcomes import JudgedQuestion
from router.stats.calibration import Floats
from router.stats.softmax_regression import MAX_STEPS, Weights, fit_softmax
from router.types import Match, Traffic

RIDGE = 3e-4
"""Of the softmax regression. On the shipped file .881 of the held-out utterances find their intent
at 1e-3 and at 3e-4, .877 at 1e-4. A linear discriminant found .857 and was sure enough (.85) of
55 %; this one is of 65 % at the same error."""

BLOCK = 16
"""Utterances that are matched and read by heads together, when the first of them is asked for: four
times as quick as one by one, and no request waits for more than two milliseconds."""

SHRINKAGE = 0.8
"""How far the covariance within intents is drawn towards a multiple of the identity."""


def block_of(i: int) -> slice:
    """Returns the utterances that are told together with one of them."""
    begin = i // BLOCK * BLOCK
    return slice(begin, begin + BLOCK)


class Described(NamedTuple):
    """Holds what the triage model says of texts."""

    vectors: npt.NDArray[np.float32]  # (texts, width), at unit length
    readings: npt.NDArray[np.float32]  # (texts, columns), see `verifier.readings_of`


class Written(NamedTuple):
    """Holds an utterance that a text repeats, what it matches, and those that are told with it."""

    text: str
    match: Match | None
    block: tuple[str, ...]  # at most BLOCK utterances, `text` among them
    vectors: npt.NDArray[np.float32]  # (block, width)


class Utterances(Struct, frozen=True):
    """Holds what an operator wrote, intent by intent."""

    intent_ids: tuple[str, ...]
    texts: tuple[str, ...]
    owner: npt.NDArray[np.int64]  # (utterances,), ascending, into intent_ids
    vectors: npt.NDArray[np.float32]  # (utterances, width)
    readings: npt.NDArray[np.float32]  # (utterances, columns), as the heads read them

    @classmethod
    def of(
        cls,
        intents: Sequence[tuple[str, Sequence[str]]],
        describe: Callable[[Sequence[str]], Described],
    ) -> Utterances:
        """Returns the utterances of intents, (id, texts), none of them empty."""
        texts = tuple(text for _, lines in intents for text in lines)
        owner = np.array([k for k, (_, lines) in enumerate(intents) for _ in lines], dtype=np.int64)
        described = describe(texts)
        names = tuple(name for name, _ in intents)
        return cls(names, texts, owner, described.vectors, described.readings)

    def written(self, i: int, match: Match | None) -> Written:
        """Returns an utterance with what it matches, and the block that it is in."""
        block = block_of(i)
        return Written(self.texts[i], match, self.texts[block], self.vectors[block])

    def part(self, kept: npt.NDArray[np.bool_]) -> Utterances:
        """Returns some of the utterances, and the intents that still have one."""
        left = np.unique(self.owner[kept])
        return Utterances(
            tuple(self.intent_ids[i] for i in left.tolist()),
            tuple(itertools.compress(self.texts, kept.tolist())),
            np.searchsorted(left, self.owner[kept]),
            self.vectors[kept],
            self.readings[kept],
        )

    def regression(self, start: Weights | None = None, steps: int = MAX_STEPS) -> Weights:
        """Returns the softmax regression from vector to intent, begun at similar weights."""
        count = len(self.intent_ids)
        return fit_softmax(self.vectors, self.owner, count, RIDGE, start, steps=steps)


FIT_FORMAT = 10
"""Raised when what is fitted changes, so that no start takes over what an older release fitted."""


def fit_key(
    utterances: Utterances,
    outcomes: Sequence[JudgedQuestion],
    traffic: Traffic,
    answers: Mapping[str, str],
) -> bytes:
    """Names a knowledge file by its intents, texts, outcomes, traffic and answers, 16 bytes."""
    mine = [utterances.intent_ids, utterances.texts, utterances.owner.tolist()]
    judged = [(outcome.text, outcome.intent_id) for outcome in outcomes]
    rows = [*mine, judged, traffic, sorted(answers.items()), FIT_FORMAT]
    return hashlib.blake2b(json.dumps(rows).encode(), digest_size=16).digest()


class Shape(Struct, frozen=True):
    """Holds where intents lie, and how far their utterances spread about their middles."""

    means: npt.NDArray[np.float32]  # (intents, width)
    centres: npt.NDArray[np.float32]  # (intents, width), the means at unit length
    precision: npt.NDArray[np.float32]  # (width, width), inverse of the shrunken covariance

    @classmethod
    def of(
        cls,
        vectors: npt.NDArray[np.float32],
        owner: npt.NDArray[np.int64],
        intents: int,
        precision: npt.NDArray[np.float32] | None = None,
    ) -> Shape:
        """Returns the shape of intents; takes the `precision` where it was computed already."""
        ends = np.searchsorted(owner, np.arange(intents + 1)).tolist()
        means = np.array(
            [vectors[slice(*span)].mean(axis=0, dtype=float) for span in itertools.pairwise(ends)]
        )
        centres = means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
        if precision is None:
            precision = _precision(vectors - means[owner], intents)
        return cls(means.astype(np.float32), centres.astype(np.float32), precision)

    def typical(self, embeddings: npt.NDArray[np.float32], intent: npt.NDArray[np.int64]) -> Floats:
        """Minus the squared Mahalanobis distance to the intent's mean, per dimension, (rows,)."""
        off = embeddings - self.means[intent]
        away: Floats = np.einsum("rw,rw->r", off @ self.precision, off) / len(self.precision)
        return -away


def _precision(around: Floats, intents: int) -> npt.NDArray[np.float32]:
    """Returns the inverse of the shrunken covariance of vectors around their intents' means."""
    width = around.shape[1]
    freedom = max(1, len(around) - intents)
    covariance = around.T @ around / freedom
    spread = max(float(np.trace(covariance)) / width, 1e-4)
    shrunken = (1 - SHRINKAGE) * covariance + SHRINKAGE * spread * np.eye(width)
    inverse: npt.NDArray[np.float32] = np.linalg.inv(shrunken).astype(np.float32)
    return inverse
