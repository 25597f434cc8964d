"""Finds the approved answer that a request asks for, and the chance that it is right.

The operator's utterances are embedded once. A softmax regression over them says which intent fits
best; its log-odds, the nearest utterance, the words shared and how typical the request is of the
intent (by the shrunken covariance within intents) go through a logistic model to a first chance
that the match is right. Its coefficients come with the triage model and are adjusted to the
operator's own file: utterances held out (a fifth, by a hash of their text) should find their
intent, and none where their intent is missing. The encoder was not trained on that fifth of the
shipped file, so that what is found there holds for requests nobody has seen.

The file alone cannot show what strangers ask. So the verifier corrects the first chance of every
candidate, and the chance of a file without outcomes of its own is capped at the share of right
answers that foreign files reached, at most .9. What the operator wrote word for word needs neither.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from router.policy.content.outcomes import Outcome
from router.stats.calibration import Floats, fit_logistic, fit_platt, logit, sigmoid
from router.stats.softmax_regression import Weights, as_head
from router.triage.text.utterance_words import (
    SharedWords,
    held_out,
    plain,
    text_key,
    written_once,
)
from router.triage.utterances import (
    LOG_ODDS_LIMIT,
    Described,
    Shape,
    Utterances,
    Written,
    block_of,
    fit_key,
    lead,
    log_odds,
    next_intents,
)
from router.triage.verifier import (
    CANDIDATE_AT,
    SET_SIZE,
    Covered,
    Embedder,
    Lexicon,
    MatchModel,
    pair_features,
    set_parts,
)
from router.types import Match, MatchBasis

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

STEPS_WITHOUT = 12
"""Steps after which a regression has forgotten intents that were left out of it: 10, 20 and 200
come to the same figures, 5 do not."""

OTHERS = 3
"""Further intents that a match names: readers of quoted answers take three at most."""

FOLDS = 5

PRIOR_ROWS = 200.0
"""How many held-out utterances weigh as much as the shipped coefficients: a file of 60 intents with
20 utterances each has 240 and moves them clearly, one of fifty hardly. Operators write utterances
to differ, so those held out find their intent less often than requests do: at 50, what a file of 8
utterances an intent answered right seemed .3 less sure than it was."""

CURVATURE = 0.1
"""p (1 - p) of an ordinary held-out utterance: what one row adds to the precision of a coefficient,
in units of its feature's variance."""

OWN_OUTCOMES = 100
"""Judged requests of its own from which a file's chance is its own: with fewer, the share of right
answers among the surest is known no better than to a tenth."""

OWN_LIMIT = 0.99
"""The highest chance that outcomes of one file can show: a few hundred hold no rarer mistake. What
the operator wrote word for word has at least this chance."""

RANKED_SHARE = 1e-3
"""Width of the band above the cap in which capped chances keep their order, so that thresholds
learnt from labelled traffic can still tell them apart, and a floor at the cap lets the surest pass.
"""

NOT_COVERED = ""
"""The id of what the operator marked as answered by nothing in the file."""

NEAR_SHARE = 0.1
"""Share of requests assumed to ask for something akin that an operator's file lacks. Foreign ones
are told apart by the shipped coefficients; near misses are what only the file itself can show, and
.3 of them would be a file with a third of its answers missing."""


class KnowledgeTexts(NamedTuple):
    """Holds what an operator wrote."""

    intents: Sequence[tuple[str, Sequence[str]]]  # id and utterances
    not_covered: Sequence[str] = ()
    outcomes: Sequence[Outcome] = ()
    verified: bool = True  # False for classes: what is asked for by name comes from no stranger


class Fit(NamedTuple):
    """Holds what is fitted to a knowledge file, by the file and the triage model alone."""

    weights: Weights  # (width + 1, intents)
    coefficients: Floats  # (len(FEATURES),)
    own: Floats  # slope and shift from outcomes of the file's own, (2,); (0,) without enough
    precision: npt.NDArray[np.float32] | None = None  # of `Shape`; None: not computed yet


class FitMemory(Protocol):
    """Keeps fits from one start to the next, for one version of the triage model."""

    def recall(self, key: bytes) -> Fit | None: ...

    def keep(self, key: bytes, fit: Fit) -> None: ...


class Evidence(Struct, frozen=True):
    """The best intent per request and its features."""

    intent: npt.NDArray[np.int64]  # (rows,)
    similarity: Floats  # (rows,) cosine of the intent's nearest utterance
    margin: Floats  # (rows,) by how much its centre is nearer than the next intent's, in cosine
    features: Floats  # (rows, len(FEATURES))
    written: npt.NDArray[np.bool_]  # (rows,) the operator wrote that very text
    scores: Floats  # (rows, intents) of the regression
    centres: Floats  # (rows, intents) cosines to the intents' centres


class KnowledgeIndex:
    """The intents of a knowledge file as a classifier; immutable."""

    def __init__(
        self,
        utterances: Utterances,
        matching: MatchModel,
        lexicon: Lexicon,
        fit: Fit | None = None,
        *,
        verified: bool = True,
    ) -> None:
        """Takes the `fit` where the regression was fitted already."""
        self._candidate_at = CANDIDATE_AT if verified else math.inf
        self.utterances = utterances
        self.intent_ids = utterances.intent_ids
        self._matching, self._lexicon = matching, lexicon
        self.coefficients = matching.coefficients if fit is None else fit.coefficients
        self._own = None if fit is None or not fit.own.size else fit.own
        texts, owner = utterances.texts, utterances.owner
        self._shared = SharedWords(texts)
        self._keys = [text_key(text) for text in texts]
        self._written = written_once([plain(key) for key in self._keys], owner.tolist())
        self._told: dict[int, Match | None] = {}
        intents = len(self.intent_ids)
        ends = np.searchsorted(owner, np.arange(intents + 1)).tolist()
        self._spans = list(itertools.pairwise(ends))  # of each intent's utterances
        known = None if fit is None else fit.precision
        self._shape = Shape.of(utterances.vectors, owner, intents, known)
        self._covered = Covered(utterances, lexicon, matching.verifier)
        self._weights = utterances.regression() if fit is None else fit.weights
        self._weight, self._bias = as_head(self._weights)  # (width, intents), (intents,)
        self._offered = np.flatnonzero([name != NOT_COVERED for name in self.intent_ids])

    @classmethod
    def build(
        cls, model: Embedder, texts: KnowledgeTexts, memory: FitMemory | None = None
    ) -> KnowledgeIndex:
        """Returns the index of an operator's texts; intents without utterances are left out.

        Coefficients are adjusted to the file where utterances of several intents are held out.
        What `memory` recalls of the same file is not fitted again.
        """
        filled = [(name, list(lines)) for name, lines in texts.intents if lines]
        if not filled:
            raise ValueError("a knowledge index needs at least one utterance")
        if texts.not_covered:
            filled.append((NOT_COVERED, list(texts.not_covered)))
        whole = Utterances.of(filled, model.described)
        key = fit_key(whole, texts.outcomes)
        fit = memory.recall(key) if memory is not None else None
        if fit is None or fit.weights.shape != (whole.vectors.shape[1] + 1, len(filled)):
            fit = cls.fitted(whole, model.matching, model.lexicon)
            if len(texts.outcomes) >= OWN_OUTCOMES:
                index = cls(whole, model.matching, model.lexicon, fit)
                fit = fit._replace(own=index._calibrated_on(texts.outcomes, model))
        index = cls(whole, model.matching, model.lexicon, fit, verified=texts.verified)
        if memory is not None and fit.precision is None:
            memory.keep(key, fit._replace(precision=index._shape.precision))
        return index

    @classmethod
    def fitted(cls, whole: Utterances, matching: MatchModel, lexicon: Lexicon) -> Fit:
        """Returns the regression over all utterances, and the coefficients adjusted to them."""
        shipped = matching.coefficients
        asked = np.array([held_out(text) for text in whole.texts])
        taught = whole.part(~asked)
        if not asked.any() or len(taught.intent_ids) < 2:
            return Fit(whole.regression(), shipped, np.empty(0))
        judged = cls(taught, matching, lexicon)
        adjusted = judged.adjusted_to(whole.part(asked))
        near = judged._weights if len(taught.intent_ids) == len(whole.intent_ids) else None
        return Fit(whole.regression(near), adjusted, np.empty(0))

    def _calibrated_on(self, outcomes: Sequence[Outcome], model: Embedder) -> Floats:
        """Returns slope and shift of the log-odds from judged requests, (2,).

        Requests that find nothing, or that the operator wrote word for word, say nothing about
        the chance of the others.
        """
        texts = [outcome.text for outcome in outcomes]
        asked = model.described(texts)
        found = self.evidence(asked.vectors, texts)
        chances = self._verified(found, self._first_chances(found), texts, asked)
        names = [self.intent_ids[intent] for intent in found.intent.tolist()]
        counts = np.array([name != NOT_COVERED for name in names]) & ~found.written
        right = np.array([n == o.intent_id for n, o in zip(names, outcomes, strict=True)], float)
        if not counts.any():
            return np.empty(0)
        fitted = fit_platt(logit(chances[counts]), right[counts])
        return np.array([fitted.slope, fitted.shift])

    @property
    def basis(self) -> MatchBasis:
        """Returns where the chances of this file come from."""
        return MatchBasis.FOREIGN if self._own is None else MatchBasis.OWN

    @property
    def highest(self) -> float:
        """Returns the highest chance of a request that the operator did not write."""
        cap = self._matching.verifier.cap
        return cap + RANKED_SHARE if self._own is None else OWN_LIMIT

    def match(self, described: Described, texts: Sequence[str]) -> list[Match | None]:
        """Returns the best intent per request with the calibrated chance that it is right.

        None where the request is nearest to what the operator marked as not covered.
        """
        found = self.evidence(described.vectors, texts)
        first = self._first_chances(found)
        chances = self._verified(found, first, texts, described)
        judged = chances
        if self._own is not None:
            judged = sigmoid(self._own[0] * logit(chances) + self._own[1])
        # What the operator wrote under one intent is that intent: near ones cast no doubt on it.
        told = np.maximum(chances, OWN_LIMIT)
        shown = np.where(found.written, told, self._capped(judged))
        others = next_intents(found.scores, found.intent, shown, OTHERS + 1)
        together = self._capped(self._together(found, first, chances))
        matches: list[Match | None] = []
        for row, intent in enumerate(found.intent.tolist()):
            name = self.intent_ids[intent]
            if name == NOT_COVERED:
                matches.append(None)
                continue
            basis = MatchBasis.WRITTEN if found.written[row] else self.basis
            near = float(found.similarity[row]), float(found.margin[row])
            named = [(self.intent_ids[j], p) for j, p in others[row]]
            following = tuple([other for other in named if other[0] != NOT_COVERED][:OTHERS])
            sure = float(shown[row])
            one_of = max(sure, float(together[row])) if together[row] else 0.0
            matches.append(Match(name, sure, *near, following, basis, one_of))
        return matches

    def _together(self, found: Evidence, first: Floats, chances: Floats) -> Floats:
        """Returns the chance that one of the likeliest intents is right, 0 for no candidates."""
        together = np.zeros(len(chances))
        rows = np.flatnonzero(first >= self._candidate_at)
        if rows.size:
            parts = self.set_parts(found, rows)
            together[rows] = self._matching.verifier.chances_together(chances[rows], parts)
        return together

    def _verified(
        self, found: Evidence, first: Floats, texts: Sequence[str], described: Described
    ) -> Floats:
        """Returns the chances, those of candidates corrected by the verifier."""
        chances = first.copy()
        rows = np.flatnonzero((first >= self._candidate_at) & ~found.written)
        if rows.size:
            chances[rows] = self._matching.verifier.chances(
                self.pairs(found, rows, first, texts, described)
            )
        return chances

    def likeliest(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]:
        """Returns the intents that may be offered together, (rows, up to SET_SIZE)."""
        scores = (vectors @ self._weight + self._bias)[:, self._offered]
        return self._offered[np.argsort(-scores, axis=1)[:, :SET_SIZE]]

    def _first_chances(self, found: Evidence) -> Floats:
        chances: Floats = sigmoid(found.features @ self.coefficients)
        return chances

    def set_parts(self, found: Evidence, rows: npt.NDArray[np.int64]) -> Floats:
        """Returns the features SET of some of the requests, but for the verified chance."""
        some = np.ix_(rows, self._offered)
        typical = found.features[rows, FEATURES.index("typical")]
        return set_parts(found.scores[some], found.centres[some], typical)

    def pairs(
        self,
        found: Evidence,
        rows: npt.NDArray[np.int64],
        first: Floats,
        texts: Sequence[str],
        described: Described,
    ) -> Floats:
        """Returns the verifier's features of some of the requests and their intents."""
        intents = found.intent[rows]
        of_words = [
            self._covered.words(texts[row], intent)
            for row, intent in zip(rows.tolist(), intents.tolist(), strict=True)
        ]
        read = self._covered.read(described.readings[rows], intents)
        world = self._covered.world(described.vectors[rows], intents)
        return pair_features(first[rows], of_words, read, world)

    def _capped(self, chances: Floats) -> Floats:
        """Returns the chances, none above `highest`; those above it keep their order below it."""
        band = self.highest - RANKED_SHARE * (1.0 - chances)
        capped: Floats = np.minimum(chances, band)
        return capped

    def nearest(self, vectors: npt.NDArray[np.float32]) -> Floats:
        """Returns each text's cosine to the utterance that is nearest to it, (texts,)."""
        # Few texts ask at one time: one product of all would first copy every utterance.
        return np.array([(self.utterances.vectors @ vector).max() for vector in vectors])

    def written(self, text: str) -> Written | None:
        """Returns the utterance that a text repeats, courtesies aside, with its match; else None.

        It is told without an embedding: as much is sure of it as of the utterance itself.
        """
        i = self._written.get(plain(text_key(text)))
        return None if i is None else self.utterances.written(i, self._match_of(i))

    def _match_of(self, i: int) -> Match | None:
        if i not in self._told:
            mine = self.utterances
            some = block_of(i)
            said = Described(mine.vectors[some], mine.readings[some])
            self._told.update(enumerate(self.match(said, mine.texts[some]), start=some.start))
        return self._told[i]

    def evidence(self, embeddings: npt.NDArray[np.float32], texts: Sequence[str]) -> Evidence:
        """Returns the best intent per request and its features."""
        rows = np.arange(len(texts))
        scores = embeddings @ self._weight + self._bias  # (rows, intents)
        best = scores.argmax(axis=1)
        keys = [text_key(text) for text in texts]
        same = [self._written.get(plain(key)) for key in keys]
        written = [row for row, utterance in enumerate(same) if utterance is not None]
        best[written] = [self.utterances.owner[i] for i in same if i is not None]
        closest = [self._closest(*one) for one in zip(embeddings, best.tolist(), strict=True)]
        centre = embeddings @ self._shape.centres.T  # (rows, intents)
        features = np.ones((len(rows), len(FEATURES)))
        features[:, 1] = log_odds(scores, best)
        features[written, 1] = LOG_ODDS_LIMIT  # the operator wrote that very text there
        features[:, 2:4] = [(first, mean) for first, mean, _ in closest]
        features[:, 4] = centre[rows, best]
        features[:, 5] = lead(centre, best)
        features[:, 6] = self._shape.typical(embeddings, best)
        for row, (asked, (_, _, i)) in enumerate(zip(texts, closest, strict=True)):
            features[row, 7] = self._shared.share(asked, i)
            features[row, 8] = float(keys[row] == self._keys[i])
        told = np.zeros(len(rows), bool)
        told[written] = True
        return Evidence(best, features[:, 2], features[:, 5], features, told, scores, centre)

    def _closest(self, vector: npt.NDArray[np.float32], intent: int) -> tuple[float, float, int]:
        """Returns an intent's highest cosine, the mean of its TOP_K, and which is the highest."""
        begin, end = self._spans[intent]
        cosines = self.utterances.vectors[begin:end] @ vector
        first = int(cosines.argmax())
        top = np.partition(cosines, -TOP_K)[-TOP_K:] if end - begin > TOP_K else cosines
        return float(cosines[first]), float(np.add.reduce(top)) / len(top), begin + first

    def adjusted_to(self, asked: Utterances) -> Floats:
        """Returns the coefficients, fitted on what this index finds of utterances it does not hold.

        Each utterance is asked twice: of all intents, where it should find its own, and of only the
        other intents, where it should find none.
        """
        truth = np.array(asked.intent_ids)[asked.owner]
        names = np.array(self.intent_ids)
        found = self.evidence(asked.vectors, asked.texts)
        matched = names[found.intent] != NOT_COVERED
        right = (names[found.intent] == truth).astype(float)[matched]
        outside = []
        for fold in range(FOLDS):
            away = (np.arange(len(names)) % FOLDS == fold) & (names != NOT_COVERED)
            mine = np.isin(truth, names[away])
            if mine.any() and (~away).sum() >= 2:
                texts = list(itertools.compress(asked.texts, mine.tolist()))
                rest = self._without(away)
                beside = rest.evidence(asked.vectors[mine], texts)
                answers = np.array(rest.intent_ids)[beside.intent] != NOT_COVERED
                outside.append(beside.features[answers])
        if len(outside) < 2 or not len(right) or not sum(map(len, outside)):
            return self.coefficients
        none = np.concatenate(outside)
        x = np.concatenate([found.features[matched], none])
        y = np.concatenate([right, np.zeros(len(none))])
        weight = np.full(len(y), NEAR_SHARE * len(y) / len(none))
        weight[: len(right)] = (1 - NEAR_SHARE) * len(y) / len(right)
        return fit_logistic(x, y, self.coefficients, precision(x), weight)

    def _without(self, away: npt.NDArray[np.bool_]) -> KnowledgeIndex:
        """Returns the index of a file without some intents.

        Leaving out their columns of the regression is not enough: what asks for one of them then
        seems more doubtful than it is to a file that never heard of it (4 % above .7, not 8 %).
        """
        rest = self.utterances.part(~away[self.utterances.owner])
        weights = rest.regression(self._weights[:, ~away], STEPS_WITHOUT)
        fit = Fit(weights, self.coefficients, np.empty(0))
        return KnowledgeIndex(rest, self._matching, self._lexicon, fit)


def precision(features: Floats) -> Floats:
    """Returns the weight of the shipped coefficients against an operator's utterances."""
    spread = features.var(axis=0)
    spread[0] = 1.0
    firm: Floats = PRIOR_ROWS * CURVATURE * np.maximum(spread, 1e-3)
    return firm
