"""Finds the approved answer that a request asks for, and the chance that it is right.

The operator's utterances are embedded once. What speaks for the intent that fits best (`evidence`)
goes through a logistic model to a first chance that the match is right. Its coefficients come with
the triage model and are adjusted to the operator's own file (`own_file`).

The file alone cannot show what strangers ask. So the verifier corrects the first chance of every
candidate, and the chance of a file without outcomes of its own is capped at the share of right
answers that foreign files reached, at most .9. What the operator wrote word for word needs neither.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from router.policy.content.outcomes import JudgedQuestion
from router.policy.content.text_keys import text_key
from router.stats.calibration import (
    Floats,
    dotted,
    fit_platt,
    logit,
    logit_of,
    sigmoid_of,
)
from router.triage.matching.evidence import (
    FEATURES,
    LEAST_SHARE,
    NOT_COVERED,
    OTHERS,
    Evidence,
    EvidenceFinder,
)
from router.triage.matching.gate import GATE, MOST_CHARACTERS, Gate
from router.triage.matching.outcomes import (
    NONE_FITTED,
    OutcomeUse,
    OutcomeUses,
    Rereads,
    different,
    fit_reading,
    sampled,
)
from router.triage.matching.own_file import Fit, fitted
from router.triage.utterances import Described, Utterances, Written, block_of, fit_key
from router.triage.verifier import (
    CANDIDATE_AT,
    SET_SIZE,
    STAKES_ABOVE,
    WORDS,
    Covered,
    Describer,
    Lexicon,
    MatchModel,
    first_odds,
    pair_features,
    set_parts,
)
from router.types import Match, MatchBasis, Traffic

OWN_OUTCOMES = 100
"""Different judged requests from which a file's chance is its own: with fewer, the share of right
answers among the surest is known no better than to a tenth. Repeats say nothing more about it."""

OWN_LIMIT = 0.99
"""The highest chance that outcomes of one file can show: a few hundred hold no rarer mistake. What
the operator wrote word for word has at least this chance."""

OTHERS_FOUND = {Traffic.MIXED: OTHERS, Traffic.SUPPORT: 5}
"""Intents that are found beside the likeliest one. The right answer of 1,383 messages to eighteen
companies that taught nothing is among four for .83 and among six for .90. Where most messages ask
for one, it is worth reading two answers more: 6 % more are then answered surely and rightly."""

RANKED_SHARE = 1e-3
"""Width of the band above the cap in which capped chances keep their order, so that thresholds
learnt from labelled traffic can still tell them apart, and a floor at the cap lets the surest pass.
"""

SUREST = 1.0 - 1e-6
"""Bounds chances, so that no log-odds are infinite."""

_TYPICAL = FEATURES.index("typical")


class KnowledgeTexts(NamedTuple):
    """Holds what an operator wrote."""

    intents: Sequence[tuple[str, Sequence[str]]]  # id and utterances
    not_covered: Sequence[str] = ()
    outcomes: Sequence[JudgedQuestion] = ()
    answers: Mapping[str, str] = MappingProxyType({})  # by intent
    verified: bool = True  # False for classes: what is asked for by name comes from no stranger
    traffic: Traffic = Traffic.MIXED


class FitMemory(Protocol):
    """Keeps fits from one start to the next, for one version of the triage model."""

    def recall(self, key: bytes) -> Fit | None: ...

    def keep(self, key: bytes, fit: Fit) -> None: ...


class KnowledgeIndex:
    """Classifies texts by the intents of a knowledge file; immutable."""

    def __init__(
        self,
        utterances: Utterances,
        matching: MatchModel,
        lexicon: Lexicon,
        fit: Fit | None = None,
        *,
        verified: bool = True,
        traffic: Traffic = Traffic.MIXED,
    ) -> None:
        """Takes the `fit` where the regression was fitted already."""
        self.traffic = traffic
        self._candidate_at = CANDIDATE_AT if verified else math.inf
        # Where outcomes of its own show nothing of what reading is worth, they decide alone.
        judged = fit is not None and fit.own.size > 0 and not fit.own_read.size
        self._gate = matching.gates.get(traffic) if verified and not judged else None
        self._foreign = matching.verifier.cap + RANKED_SHARE
        self.own_read = NONE_FITTED if fit is None else fit.own_read
        self.utterances = utterances
        self.intent_ids = utterances.intent_ids
        self._matching = matching
        self.coefficients = matching.coefficients if fit is None else fit.coefficients
        self._own = None if fit is None or not fit.own.size else fit.own
        self._told: dict[int, Match | None] = {}
        self._covered = Covered(utterances, lexicon, matching.verifier)
        self._weights = utterances.regression() if fit is None else fit.weights
        known = None if fit is None else fit.precision
        outside = matching.verifier.outside
        self.evidence = EvidenceFinder(
            utterances, self._weights, outside, known, OTHERS_FOUND[traffic]
        )
        self._coefficients: list[float] = self.coefficients.tolist()

    @classmethod
    def build(
        cls,
        model: Describer,
        texts: KnowledgeTexts,
        memory: FitMemory | None = None,
        reading: Callable[[KnowledgeIndex], Rereads] | None = None,
    ) -> KnowledgeIndex:
        """Returns the index of an operator's texts; intents without utterances are left out.

        Coefficients are adjusted to the file where utterances of several intents are held out.
        What `memory` recalls of the same file is not fitted again. `reading` gives what reads
        requests together with the answers of an index, so that outcomes show what that is worth.
        """
        filled = [(name, list(lines)) for name, lines in texts.intents if lines]
        if not filled:
            raise ValueError("a knowledge index needs at least one utterance")
        if texts.not_covered:
            filled.append((NOT_COVERED, list(texts.not_covered)))
        whole = Utterances.of(filled, model.described)
        enough = len(texts.outcomes) >= OWN_OUTCOMES
        reads = (texts.traffic, texts.answers) if enough else (Traffic.MIXED, {})
        key = fit_key(whole, texts.outcomes, *reads)
        fit = memory.recall(key) if memory is not None else None
        if fit is None or fit.weights.shape != (whole.vectors.shape[1] + 1, len(filled)):
            fit = fitted(whole, model.matching)
            if enough:
                index = cls(whole, model.matching, model.lexicon, fit, traffic=texts.traffic)
                fit = fit._replace(own=index._calibrated_on(texts.outcomes, model))
                if reading is not None and fit.own.size:
                    told = fit_reading(texts.outcomes, model, index.match, reading(index))
                    memory = None if told is None else memory  # another start may read them
                    fit = fit._replace(own_read=NONE_FITTED if told is None else told)
        given = (whole, model.matching, model.lexicon, fit)
        index = cls(*given, verified=texts.verified, traffic=texts.traffic)
        if memory is not None and fit.precision is None:
            memory.keep(key, fit._replace(precision=index.evidence.shape.precision))
        return index

    def _calibrated_on(self, outcomes: Sequence[JudgedQuestion], model: Describer) -> Floats:
        """Returns slope and shift of the log-odds from judged requests, (2,).

        Requests that find nothing, or that the operator wrote word for word, say nothing about
        the chance of the others. (0,) where the rest are fewer than `OWN_OUTCOMES` different ones.
        A repeat weighs as often as it is asked, but shows nothing of what else is asked.
        """
        rows = [row for row in self._found(outcomes, model) if row[1] is OutcomeUse.COUNTS]
        if different([outcome for outcome, _, _, _ in rows]) < OWN_OUTCOMES:
            return np.empty(0)
        chances = [
            self._verified(found, self.first_chance(found), outcome.text, readings)
            for outcome, _, found, readings in rows
        ]
        right = [self.intent_ids[found.intent] == one.intent_id for one, _, found, _ in rows]
        platt = fit_platt(logit(np.array(chances)), np.array(right, dtype=float))
        return np.array([platt.slope, platt.shift])

    def _found(
        self, outcomes: Sequence[JudgedQuestion], model: Describer
    ) -> Iterator[tuple[JudgedQuestion, OutcomeUse, Evidence, list[float]]]:
        """Yields each judged request with what it tells, and what is found and read in it."""
        texts = [outcome.text for outcome in outcomes]
        asked = model.described(texts)
        rows = zip(self.evidence(asked.vectors, texts), asked.readings.tolist(), strict=True)
        for (found, readings), outcome in zip(rows, outcomes, strict=True):
            use = (
                OutcomeUse.NOT_COVERED if found.intent in self.evidence.apart else OutcomeUse.COUNTS
            )
            yield outcome, OutcomeUse.WRITTEN if found.written else use, found, readings

    def uses(self, outcomes: Sequence[JudgedQuestion], model: Describer) -> OutcomeUses:
        """Returns what each judged request tells of the chances of this file."""
        read, uses = set(map(id, sampled(outcomes))), list[OutcomeUse]()
        gate = self._matching.gates.get(self.traffic)
        for outcome, use, found, readings in self._found(outcomes, model):
            asked = (found, self.first_chance(found), outcome.text, readings)
            if (
                use is OutcomeUse.COUNTS
                and id(outcome) in read
                and self._worth_reading(gate, *asked)
            ):
                use = OutcomeUse.READ
            uses.append(use)
        return OutcomeUses(uses, self._own is not None, self.own_read.size > 0)

    @property
    def basis(self) -> MatchBasis:
        """Returns where the chances of this file come from."""
        return MatchBasis.FOREIGN if self._own is None else MatchBasis.OWN

    @property
    def highest(self) -> float:
        """Returns the highest chance of a request that the operator did not write."""
        return self._foreign if self._own is None else OWN_LIMIT

    def match(self, described: Described, texts: Sequence[str]) -> list[Match | None]:
        """Returns the best intent per request with the calibrated chance that it is right.

        None where the request is nearest to what the operator marked as not covered, and for one
        without a letter, such as `1/0` or `:)`: nothing in it is a question, unless it is written.
        """
        matches: list[Match | None] = [None] * len(texts)
        placed = self.evidence.place(described.vectors, texts)
        rows = [
            row
            for row, intent in enumerate(placed.best)
            if intent not in self.evidence.apart
            and (any(map(str.isalpha, texts[row])) or placed.written[row] is not None)
        ]
        if rows:
            read = described.readings.tolist()
            for row, found in zip(rows, self.evidence.weigh(placed.only(rows)), strict=True):
                matches[row] = self._match(found, texts[row], read[row])
        return matches

    def _match(self, found: Evidence, text: str, readings: Sequence[float]) -> Match:
        first = self.first_chance(found)
        chance, together = self._verified(found, first, text, readings), 0.0
        read = self._worth_reading(self._gate, found, first, text, readings)
        # What is read begins with the foreign chance, on which the reranker was fitted.
        if read or self._own is None:
            judged, basis, highest = chance, MatchBasis.FOREIGN, self._foreign
        else:
            slope, shift = self._own.tolist()
            judged = sigmoid_of(slope * logit_of(chance) + shift)
            basis, highest = MatchBasis.OWN, OWN_LIMIT
        sure = capped(judged, highest)
        if found.written:
            # What the operator wrote under one intent is that intent: near ones cast no doubt.
            sure, basis = max(chance, OWN_LIMIT), MatchBasis.WRITTEN
        if first >= self._candidate_at:
            of_set = self._matching.verifier.chance_together(chance, self.set_parts(found))
            together = max(sure, capped(of_set, highest))
        others = [
            (self.intent_ids[intent], p)
            for intent, p in found.rivals.told(sure)
            if intent not in self.evidence.apart
        ]
        return Match(
            self.intent_ids[found.intent],
            sure,
            found.similarity,
            found.margin,
            tuple(others[: self.evidence.others]),
            basis,
            together,
            worth_reading=read,
            field_odds=self._field_odds(found, first, text, readings) if read else 0.0,
        )

    def first_chance(self, found: Evidence) -> float:
        """Returns the chance by the operator's own file alone."""
        return sigmoid_of(dotted(found.features, self._coefficients))

    def _verified(
        self, found: Evidence, first: float, text: str, readings: Sequence[float]
    ) -> float:
        """Returns the chance, that of a candidate corrected by the verifier."""
        if found.written or first < self._candidate_at:
            return first
        return self._matching.verifier.chance(self.pair(found, first, text, readings))

    def _worth_reading(
        self, gate: Gate | None, found: Evidence, first: float, text: str, readings: Sequence[float]
    ) -> bool:
        """Returns True where the likely answers are read together with a request."""
        if gate is None or found.written or len(text) > MOST_CHARACTERS:
            return False
        return gate.passes(self.gate_features(found, first, readings))

    def set_parts(self, found: Evidence) -> tuple[float, float, float]:
        """Returns the features SET of a request, but for the verified chance."""
        of = found.rivals
        offered = [share for intent, share in of.next if intent not in self.evidence.apart]
        shares = [of.best, *sorted(offered, reverse=True)]
        whole = max(1.0 - of.apart, LEAST_SHARE)
        return set_parts([share / whole for share in shares], found.centres, found.features[6])

    def pair(
        self, found: Evidence, first: float, text: str, readings: Sequence[float]
    ) -> tuple[float, ...]:
        """Returns the verifier's features of a request and its intent."""
        of_words = self._covered.words(text, found.intent)
        read = self._covered.read(readings, found.intent)
        world = self._covered.world(found.strange, found.intent)
        return pair_features(first, of_words, read, world)

    def gate_features(
        self, found: Evidence, first: float, readings: Sequence[float]
    ) -> tuple[float, ...]:
        """Returns the features GATE of a request; `first` is its first chance."""
        stakes_above = self._covered.read(readings, found.intent)[STAKES_ABOVE]
        centres = found.centres[:SET_SIZE]
        third = centres[-1] if centres else 0.0
        typical = found.features[_TYPICAL]
        of_first = first_odds(first)
        return 1.0, of_first, stakes_above, found.strange, typical, third, self.evidence.grown

    def _field_odds(
        self, found: Evidence, first: float, text: str, readings: Sequence[float]
    ) -> float:
        """Returns what a message says for the field of the file, in log-odds."""
        if self._gate is None:
            return 0.0
        return self._gate.field_odds(self.field_features(found, first, text, readings))

    def field_features(
        self, found: Evidence, first: float, text: str, readings: Sequence[float]
    ) -> tuple[float, ...]:
        """Returns the features FIELD of a request; `first` is its first chance."""
        gated = dict(zip(GATE, self.gate_features(found, first, readings), strict=True))
        words = dict(zip(WORDS, self._covered.words(text, found.intent), strict=True))
        asked = dict(zip(FEATURES, found.features, strict=True))
        grown = gated["grown"]
        of_grown = (
            gated["typical"],
            asked["nearest"],
            asked["overlap"],
            words["share_uncovered"],
            words["unknown_to_file"],
        )
        return (
            gated["outside"],
            gated["typical"],
            gated["third_centre"],
            gated["stakes_above"],
            *[grown * value for value in of_grown],
        )

    def nearest(self, vector: npt.NDArray[np.float32]) -> float:
        """Returns a text's cosine to the utterance that is nearest to it."""
        return float((self.utterances.vectors @ vector).max())

    def written(self, text: str) -> Written | None:
        """Returns the utterance that a text repeats, courtesies aside, with its match; else None.

        It is told without an embedding: as much is sure of it as of the utterance itself.
        """
        i = self.evidence.written(text_key(text))
        return None if i is None else self.utterances.written(i, self._match_of(i))

    def _match_of(self, i: int) -> Match | None:
        if i not in self._told:
            mine = self.utterances
            some = block_of(i)
            said = Described(mine.vectors[some], mine.readings[some])
            self._told.update(enumerate(self.match(said, mine.texts[some]), start=some.start))
        return self._told[i]


def capped(chance: float, highest: float) -> float:
    """Returns a chance, not above `highest`; those above it keep their order in a band below it.

    >>> capped(0.5, 0.901), round(capped(0.99, 0.901), 5), round(capped(1.0, 0.901), 5)
    (0.5, 0.90099, 0.901)
    """
    return min(chance, highest - RANKED_SHARE * (1.0 - chance))


def uncapped(chance: float, highest: float) -> float:
    """Returns the chance from which `capped` made this one.

    >>> round(uncapped(0.90099, 0.901), 2), uncapped(0.5, 0.901)
    (0.99, 0.5)
    """
    if chance <= highest - RANKED_SHARE:
        return chance
    return max(chance, min(1.0 - (highest - chance) / RANKED_SHARE, SUREST))


def shifted(chance: float, highest: float, slope: float, shift: float) -> float:
    """Returns the chance whose log-odds are `slope` times those of `chance` before its cap, plus
    `shift`; `highest` is the cap of both.

    >>> round(shifted(0.8, 0.901, 0.5, 0.0), 3), round(shifted(0.5, 0.901, 1.0, 1.0), 3)
    (0.667, 0.731)
    """
    odds = logit_of(uncapped(min(max(chance, 1.0 - SUREST), SUREST), highest))
    return capped(sigmoid_of(slope * odds + shift), highest)
