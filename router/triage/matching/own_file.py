"""Fits the shipped coefficients of matching to an operator's own file, by utterances held out.

Those should find their intent, and none where their intent is missing. A fifth is held out, by a
hash of its text: the encoder was not trained on that fifth of the shipped file, so that what is
found there holds for requests nobody has seen. It knows nothing about outcomes or the verifier.
"""

from __future__ import annotations

import itertools
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from router.stats.calibration import Floats, fit_logistic
from router.stats.softmax_regression import Weights
from router.triage.matching.evidence import NOT_COVERED, EvidenceFinder, columns
from router.triage.matching.outcomes import NONE_FITTED
from router.triage.text.utterance_words import held_out
from router.triage.utterances import Utterances
from router.triage.verifier import MatchModel

STEPS_WITHOUT = 12
"""Steps after which a regression has forgotten intents that were left out of it: 10, 20 and 200
come to the same figures, 5 do not."""

FOLDS = 5

PRIOR_ROWS = 200.0
"""How many held-out utterances weigh as much as the shipped coefficients: a file of 60 intents with
20 utterances each has 240 and moves them clearly, one of fifty hardly. Operators write utterances
to differ, so those held out find their intent less often than requests do: at 50, what a file of 8
utterances an intent answered right seemed .3 less sure than it was."""

CURVATURE = 0.1
"""p (1 - p) of an ordinary held-out utterance: what one row adds to the precision of a coefficient,
in units of its feature's variance."""

NEAR_SHARE = 0.1
"""Share of requests assumed to ask for something akin that an operator's file lacks. Foreign ones
are told apart by the shipped coefficients; near misses are what only the file itself can show, and
.3 of them would be a file with a third of its answers missing."""


class Fit(NamedTuple):
    """Holds what is fitted to a knowledge file, by the file and the triage model alone."""

    weights: Weights  # (width + 1, intents)
    coefficients: Floats  # (len(FEATURES),)
    own: Floats  # slope and shift from outcomes of the file's own, (2,); (0,) without enough
    precision: npt.NDArray[np.float32] | None = None  # of `Shape`; None: not computed yet
    own_read: Floats = NONE_FITTED  # the `own` of requests that are read with their answers


def fitted(whole: Utterances, matching: MatchModel) -> Fit:
    """Returns the regression over all utterances, and the coefficients adjusted to them."""
    asked = np.array([held_out(text) for text in whole.texts])
    utterances = whole.part(~asked)
    if not asked.any() or len(utterances.intent_ids) < 2:
        return Fit(whole.regression(), matching.coefficients, NONE_FITTED)
    taught = Taught(utterances, utterances.regression(), matching.verifier.outside)
    adjusted = adjusted_to(whole.part(asked), taught, matching.coefficients)
    near = taught.weights if len(utterances.intent_ids) == len(whole.intent_ids) else None
    return Fit(whole.regression(near), adjusted, NONE_FITTED)


class Taught(NamedTuple):
    """Holds utterances with the regression over them, and the verifier's plane `outside`."""

    utterances: Utterances
    weights: Weights  # (width + 1, intents)
    outside: Floats

    @property
    def evidence(self) -> EvidenceFinder:
        """Returns what finds the intents of requests by these utterances."""
        return EvidenceFinder(self.utterances, self.weights, self.outside, None)

    def without(self, away: npt.NDArray[np.bool_]) -> Taught:
        """Returns the same without some intents, (intents,).

        Leaving out their columns of the regression is not enough: what asks for one of them then
        seems more doubtful than it is to a file that never heard of it (4 % above .7, not 8 %).
        """
        rest = self.utterances.part(~away[self.utterances.owner])
        weights = rest.regression(self.weights[:, ~away], STEPS_WITHOUT)
        return Taught(rest, weights, self.outside)


def adjusted_to(asked: Utterances, taught: Taught, shipped: Floats) -> Floats:
    """Returns the coefficients, fitted on what is found of utterances that were not taught.

    Each utterance is asked twice: of all intents, where it should find its own, and of only the
    other intents, where it should find none.
    """
    truth = np.array(asked.intent_ids)[asked.owner]
    names = np.array(taught.utterances.intent_ids)
    intents, features = columns(taught.evidence(asked.vectors, asked.texts))
    matched = names[intents] != NOT_COVERED
    right = (names[intents] == truth).astype(float)[matched]
    outside = []
    for fold in range(FOLDS):
        away = (np.arange(len(names)) % FOLDS == fold) & (names != NOT_COVERED)
        mine = np.isin(truth, names[away])
        if mine.any() and (~away).sum() >= 2:
            texts = list(itertools.compress(asked.texts, mine.tolist()))
            rest = taught.without(away)
            beside, apart = columns(rest.evidence(asked.vectors[mine], texts))
            answers = np.array(rest.utterances.intent_ids)[beside] != NOT_COVERED
            outside.append(apart[answers])
    if len(outside) < 2 or not len(right) or not sum(map(len, outside)):
        return shipped
    none = np.concatenate(outside)
    x = np.concatenate([features[matched], none])
    y = np.concatenate([right, np.zeros(len(none))])
    weight = np.full(len(y), NEAR_SHARE * len(y) / len(none))
    weight[: len(right)] = (1 - NEAR_SHARE) * len(y) / len(right)
    return fit_logistic(x, y, shipped, precision(x), weight)


def precision(features: Floats) -> Floats:
    """Returns the weight of the shipped coefficients against an operator's utterances."""
    spread = features.var(axis=0)
    spread[0] = 1.0
    firm: Floats = PRIOR_ROWS * CURVATURE * np.maximum(spread, 1e-3)
    return firm
