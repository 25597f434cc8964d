"""Finds the intent that each request fits best, and what speaks for it and for its rivals.

A softmax regression over the utterances says which intent fits best; beside its log-odds stand the
nearest utterance, the words shared, and how typical the request is of the intent. What that is
worth, `match` and `verifier` say. What is of many rows is computed by arrays, and the few numbers
of one request as plain ones: of a lone request that takes a third of the time.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.policy.content.text_keys import text_key
from router.stats.calibration import Floats
from router.stats.heads import Embeddings
from router.stats.softmax_regression import Weights, as_head
from router.triage.matching.gate import grown_by
from router.triage.text.utterance_words import (
    SharedWords,
    plain,
    words_of_all,
    written_once,
)
from router.triage.utterances import Shape, Utterances
from router.triage.verifier import SET_SIZE

FEATURES = (
    "one",
    "odds",
    "nearest",
    "top3",
    "centre",
    "centre_lead",
    "typical",
    "overlap",
    "exact",
)
TOP_K = 3
LOG_ODDS_LIMIT = 12.0
LEAST_SHARE = 1e-9
"""Bound of shares that something is divided by."""

OTHERS = 3
"""Further intents that a match names: readers of quoted answers take three at most."""

NOT_COVERED = ""
"""The id of what the operator marked as answered by nothing in the file."""


class Rivals(NamedTuple):
    """Holds how the softmax of the regression shares itself out among the intents."""

    best: float  # the share of the chosen one
    others: float  # of all others together
    apart: float  # of those among the others that may not be offered
    next: Sequence[tuple[int, float]]  # the likeliest others, each with its share

    @property
    def log_odds(self) -> float:
        """Returns log p / (1 - p) of the chosen intent, limited."""
        beside = max(self.others / self.best, math.exp(-LOG_ODDS_LIMIT))
        return max(-math.log(beside), -LOG_ODDS_LIMIT)

    def told(self, chance: float) -> list[tuple[int, float]]:
        """Returns the intents that come next, each with its chance, likeliest first.

        The regression shares its softmax out as if one of the intents were asked for. The
        calibrated `chance` of the best one says how likely that is: chance .3 where its share is .6
        halves the shares of the others. All chances together never exceed 1.

        >>> Rivals(0.6, 0.4, 0.0, [(7, 0.3), (2, 0.1)]).told(0.3)
        [(7, 0.15), (2, 0.05)]
        """
        own = max(self.best, LEAST_SHARE)
        scale = min(chance / own, 1.0, (1.0 - chance) / max(1.0 - own, LEAST_SHARE))
        nexts = [(intent, round(scale * share, 4)) for intent, share in self.next]
        return sorted(nexts, key=operator.itemgetter(1), reverse=True)


class Evidence(NamedTuple):
    """Holds the best intent of a request, and what speaks for it."""

    intent: int
    features: tuple[float, ...]  # FEATURES
    written: bool  # the operator wrote that very text
    rivals: Rivals
    centres: list[float]  # cosines to the nearest centres of intents that may be offered, falling
    strange: float  # log-odds that it asks no company anything

    @property
    def similarity(self) -> float:
        """Returns the cosine of the intent's nearest utterance."""
        return self.features[2]

    @property
    def margin(self) -> float:
        """Returns by how much its centre is nearer than the next intent's, in cosine."""
        return self.features[5]


class Placed(NamedTuple):
    """Holds requests and the intents that fit them best."""

    texts: Sequence[str]
    vectors: Embeddings  # (rows, width)
    products: Floats  # (rows, 2 * intents + 1): scores, cosines to centres, strangeness
    keys: list[str]  # by `text_key`
    written: list[int | None]  # the utterance that a request repeats
    best: list[int]

    def only(self, rows: Sequence[int]) -> Placed:
        """Returns some of the requests."""
        if len(rows) == len(self.best):
            return self
        return Placed(
            [self.texts[row] for row in rows],
            self.vectors[rows],
            self.products[rows],
            [self.keys[row] for row in rows],
            [self.written[row] for row in rows],
            [self.best[row] for row in rows],
        )


class EvidenceFinder:
    """Holds the utterances of a knowledge file with the regression and the words; immutable."""

    def __init__(
        self,
        utterances: Utterances,
        weights: Weights,
        outside: Floats,
        precision: npt.NDArray[np.float32] | None,
        others: int = OTHERS,
    ) -> None:
        """Takes the regression, the verifier's plane `outside`, the `precision` of `Shape` where it
        was computed already, and how many intents are found beside the best one."""
        texts, owner, ids = utterances.texts, utterances.owner, utterances.intent_ids
        self._utterances, self.others = utterances, others
        self._shared = SharedWords(texts)
        found = zip(texts, words_of_all(texts), strict=True)
        self._keys = [text_key(text) if own is None else " ".join(own) for text, own in found]
        self._written = written_once([plain(key) for key in self._keys], owner.tolist())
        ends = np.searchsorted(owner, np.arange(len(ids) + 1)).tolist()
        self.spans = list(itertools.pairwise(ends))  # of each intent's utterances
        self.shape = Shape.of(utterances.vectors, owner, len(ids), precision)
        weight, bias = as_head(weights)  # (width, intents), (intents,)
        plane = outside.astype(np.float32)
        # One product gives the scores of the intents, the cosines to their centres, and how
        # strange a text is.
        self._planes = np.hstack([weight, self.shape.centres.T, plane[:-1, None]])
        self._offsets = np.concatenate([bias, np.zeros_like(bias), plane[-1:]])
        self.apart = frozenset(i for i, name in enumerate(ids) if name == NOT_COVERED)
        sizes = [end - begin for i, (begin, end) in enumerate(self.spans) if i not in self.apart]
        self.grown = grown_by(sum(sizes) / max(1, len(sizes)))

    def written(self, key: str) -> int | None:
        """Returns the utterance that a text of this `text_key` repeats, courtesies aside."""
        return self._written.get(plain(key))

    def likeliest(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Returns the intents that may be offered together, (rows, up to SET_SIZE)."""
        offered = np.setdiff1d(np.arange(len(self.spans)), list(self.apart))
        scores = (vectors @ self._planes + self._offsets)[:, offered]
        return offered[np.argsort(-scores, axis=1)[:, :SET_SIZE]]

    def __call__(self, vectors: Embeddings, texts: Sequence[str]) -> list[Evidence]:
        """Returns the best intent per request and its features."""
        return self.weigh(self.place(vectors, texts))

    def place(self, vectors: Embeddings, texts: Sequence[str]) -> Placed:
        """Returns the best intent per request, without what speaks for it."""
        products = vectors @ self._planes + self._offsets
        best = products[:, : len(self.spans)].argmax(axis=1).tolist()
        keys = [text_key(text) for text in texts]
        written = [self.written(key) for key in keys]
        for row, utterance in enumerate(written):
            if utterance is not None:
                best[row] = int(self._utterances.owner[utterance])
        return Placed(texts, vectors, products, keys, written, best)

    def weigh(self, placed: Placed) -> list[Evidence]:
        """Returns what speaks for the best intents."""
        intents, best = len(self.spans), np.array(placed.best)
        scores, centres = placed.products[:, :intents], placed.products[:, intents:-1]
        most = min(SET_SIZE + 1, intents)
        nearest = np.partition(centres, -most, axis=1)[:, -most:].tolist()
        typical = self.shape.typical(placed.vectors, best).tolist()
        strange = placed.products[:, -1].tolist()
        found = []
        for row, rivals in enumerate(self._rivals(scores, best)):
            intent, written = placed.best[row], placed.written[row] is not None
            highest, mean, i = self._closest(placed.vectors[row], intent)
            of_row, near = centres[row], sorted(nearest[row], reverse=True)
            centre = float(of_row[intent])
            features = (
                1.0,
                LOG_ODDS_LIMIT if written else rivals.log_odds,
                highest,
                mean,
                centre,
                _lead(centre, near),
                typical[row],
                self._shared.share(placed.texts[row], i),
                float(placed.keys[row] == self._keys[i]),
            )
            others = [float(of_row[j]) for j in self.apart]
            offered = [cosine for cosine in near if cosine not in others]
            found.append(Evidence(intent, features, written, rivals, offered, strange[row]))
        return found

    def nearness(self, vector: npt.NDArray[np.float32], intent: int) -> tuple[float, float]:
        """Returns `similarity` and `margin` of an intent, whichever fits best."""
        centres: list[float] = (self.shape.centres @ vector).tolist()
        lead = _lead(centres[intent], sorted(centres, reverse=True))
        return self._closest(vector, intent)[0], lead

    def _rivals(self, scores: Floats, best: npt.NDArray[np.int64]) -> list[Rivals]:
        """Returns how each row of scores is shared out between its best intent and the others."""
        rows = np.arange(len(scores))
        powers = np.exp(scores - np.maximum.reduce(scores, axis=1, keepdims=True))
        own = powers[rows, best].tolist()
        # The others are added up without the best one: their sum may be a millionth of it.
        powers[rows, best] = 0.0
        beside = np.add.reduce(powers, axis=1).tolist()
        most = min(self.others + 1, powers.shape[1])
        order = (-powers).argpartition(most - 1, axis=1)[:, :most].tolist()
        found = []
        by_row = zip(powers, best.tolist(), order, own, beside, strict=True)
        for row, intent, places, one, others in by_row:
            whole = one + others
            following = [(j, float(row[j]) / whole) for j in places if j != intent]
            apart = sum([float(row[j]) for j in self.apart])
            found.append(Rivals(one / whole, others / whole, apart / whole, following))
        return found

    def _closest(self, vector: npt.NDArray[np.float32], intent: int) -> tuple[float, float, int]:
        """Returns an intent's highest cosine, the mean of its TOP_K, and which is the highest."""
        begin, end = self.spans[intent]
        cosines = self._utterances.vectors[begin:end] @ vector
        first = int(cosines.argmax())
        if end - begin > TOP_K:
            cosines.partition(-TOP_K)
        top: list[float] = cosines[-TOP_K:].tolist()
        return max(top), sum(top) / len(top), begin + first


def _lead(chosen: float, highest: Sequence[float]) -> float:
    """Returns the lead of the chosen intent over the next one; 0 for a lone one.

    `highest` are the values of all intents, falling; those behind the second may be left out.
    """
    if len(highest) < 2:
        return 0.0
    return chosen - (highest[1] if chosen >= highest[0] else highest[0])


def columns(evidence: Sequence[Evidence]) -> tuple[npt.NDArray[np.int64], Floats]:
    """Returns the best intents, (rows,), and their features, (rows, len(FEATURES))."""
    intents = np.array([found.intent for found in evidence], np.int64)
    features = np.array([found.features for found in evidence], float)
    return intents, features.reshape(-1, len(FEATURES))
