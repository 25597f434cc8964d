"""Reads the answers that a message may ask for again, together with it, and weighs them anew.

What the triage model's encoder finds likely is a short list. The cross-encoder says how well each
answer of it fits, and a conditional logit turns these log-odds, and the first chances, into chances
of which "none of them" is one. Fitted on companies that taught the network nothing, a third of
whose messages only look like one that is answered, and once for each kind of traffic: how much of
it asks the company at all moves every chance.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from router.stats.calibration import Floats, logit_of, sigmoid_of
from router.triage.match import OWN_LIMIT, RANKED_SHARE, capped
from router.triage.matching.evidence import EvidenceFinder
from router.triage.matching.gate import Gate
from router.triage.matching.outcomes import NONE_FITTED
from router.triage.reranking.cross_encoder import QUESTIONS, CrossEncoder, Pair
from router.triage.utterances import Utterances
from router.triage.verifier import SET_SIZE
from router.types import Match, MatchBasis, Traffic

_LOG = logging.getLogger("tiergate")

READ_SHARE = 0.05
"""Share of the likeliest answer's first chance from which another answer is read: 2.4 pairs a
message. With .1 it would be a sixth fewer, for 40 of the 686 right answers and right offers that
1,565 messages to eighteen companies which taught nothing get. First chances, cosines and what the
network said of the answers before it hardly tell which answer need not be read."""
LEAST_PRIOR = 1e-3
"""Added to a first chance, so that its logarithm is bounded."""


class Weights(NamedTuple):
    """Holds the conditional logit: an answer's logit is `odds` times its log-odds by the network,
    plus `prior` times the logarithm of its first chance, plus `shift`, plus what speaks for the
    file's field; that of none is 0.

    Each weight moves by its `grown_` part times how grown the file is, 0 to MOST_GROWN.
    """

    odds: float
    prior: float
    shift: float
    grown_odds: float = 0.0
    grown_prior: float = 0.0
    grown_shift: float = 0.0

    def chances(
        self, odds: Floats, priors: Floats, grown: float = 0.0, field: float = 0.0
    ) -> Floats:
        """Returns the chance of each answer, (answers,); what is left to 1 is none of them."""
        own = np.log(priors + LEAST_PRIOR)
        logits = (
            (self.odds + grown * self.grown_odds) * odds
            + (self.prior + grown * self.grown_prior) * own
            + (self.shift + grown * self.grown_shift + field)
        )
        most = max(0.0, float(logits.max()))
        powers = np.exp(logits - most)
        shares: Floats = powers / (powers.sum() + math.exp(-most))
        return shares


class TrafficFit(NamedTuple):
    """Holds what the chances of one kind of traffic rest on, and what of it is read."""

    gate: Gate
    weights: Weights
    cap: float  # the share right among the surest of files that taught the network nothing


class ApprovedAnswers:
    """Holds the answers of one knowledge file, their questions, and who asks; immutable."""

    def __init__(
        self,
        utterances: Utterances,
        evidence: EvidenceFinder,
        answers: Mapping[str, str],
        traffic: Traffic = Traffic.MIXED,
    ) -> None:
        """Takes the text of each intent in `answers`; an intent without one is never read."""
        self._utterances, self._evidence, self._answers = utterances, evidence, answers
        self._places = {name: place for place, name in enumerate(utterances.intent_ids)}
        self.grown, self.traffic = evidence.grown, traffic

    def __contains__(self, intent_id: str) -> bool:
        return intent_id in self._answers

    def _span(self, intent_id: str) -> tuple[int, int]:
        return self._evidence.spans[self._places[intent_id]]

    def pair(self, text: str, vector: npt.NDArray[np.float32], intent_id: str) -> Pair:
        """Returns a text with an answer and the questions of it that are nearest."""
        begin, end = self._span(intent_id)
        cosines = self._utterances.vectors[begin:end] @ vector
        nearest = (begin + np.argsort(-cosines)[:QUESTIONS]).tolist()
        questions = [self._utterances.texts[i] for i in nearest]
        return Pair(text, questions, self._answers[intent_id])

    def nearness(self, vector: npt.NDArray[np.float32], intent_id: str) -> tuple[float, float]:
        """Returns the cosine of an intent's nearest question, and the lead of its centre."""
        return self._evidence.nearness(vector, self._places[intent_id])


class _Read(NamedTuple):
    """Holds the answers of one message that are read, by its place."""

    place: int
    names: list[str]
    priors: Floats
    field: float


class Reranker:
    """Weighs the likely answers of messages anew; safe to call from several threads at once."""

    def __init__(self, cross: CrossEncoder, fits: Mapping[Traffic, TrafficFit]) -> None:
        self.cross, self.fits = cross, fits
        self.failed = self._opened = False

    @property
    def gates(self) -> dict[Traffic, Gate]:
        """Returns what decides which messages of each kind of traffic are read."""
        return {traffic: fit.gate for traffic, fit in self.fits.items()}

    def highest(self, traffic: Traffic) -> float:
        """Returns the highest chance; those above the cap keep their order in a band behind it."""
        return self.fits[traffic].cap + RANKED_SHARE

    def weighed(
        self,
        answers: ApprovedAnswers,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        matches: Sequence[Match | None],
    ) -> list[Match | None]:
        """Returns the matches, those that were read with their answers weighed anew.

        Where the network fails, all matches stay, and it is asked no more.
        """
        try:
            return self._weighed_anew(answers, texts, vectors, matches)
        except Exception as error:  # requests keep their first matches, whatever is wrong
            self._fail(error)
            return list(matches)

    def open(self) -> None:
        """Opens the network, so that no message waits for it."""
        if self._opened:
            return
        self._opened = True
        try:
            self.cross.odds([Pair("", (), "")])
        except Exception as error:  # no start waits for it either
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if not self.failed:
            _LOG.warning("the reranker failed, and reads no more answers: %s", error)
        self.failed = True

    def _weighed_anew(
        self,
        answers: ApprovedAnswers,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        matches: Sequence[Match | None],
    ) -> list[Match | None]:
        found = list(matches)
        reads = [] if self.failed else list(self._reads(answers, matches))
        pairs = [
            answers.pair(texts[read.place], vectors[read.place], name)
            for read in reads
            for name in read.names
        ]
        odds = self.cross.odds(pairs) if pairs else np.empty(0)
        weights, begin = self.fits[answers.traffic].weights, 0
        for read in reads:
            end = begin + len(read.names)
            said = odds[begin:end]
            chances = weights.chances(said, read.priors, answers.grown, read.field)
            begin = end
            match = matches[read.place]
            assert match is not None
            found[read.place] = self._weighed(match, read, chances, answers, vectors[read.place])
        return found

    @staticmethod
    def _reads(answers: ApprovedAnswers, matches: Sequence[Match | None]) -> Iterator[_Read]:
        for place, match in enumerate(matches):
            named = likely(match, answers)
            if match is not None and named:
                names, priors = zip(*named, strict=True)
                yield _Read(place, list(names), np.array(priors), match.field_odds)

    def _weighed(
        self,
        match: Match,
        read: _Read,
        chances: Floats,
        answers: ApprovedAnswers,
        vector: npt.NDArray[np.float32],
    ) -> Match:
        order, highest = np.argsort(-chances).tolist(), self.highest(answers.traffic)
        shown = [(read.names[i], capped(float(chances[i]), highest)) for i in order]
        intent_id, confidence = shown[0]
        # They are so unlikely that nothing was read; a list still knows that there are others.
        unread = [(name, 0.0) for name, _ in match.others if name not in read.names]
        together = sum(float(chances[i]) for i in order[:SET_SIZE])
        similarity, margin = match.similarity, match.margin
        if intent_id != match.intent_id:
            similarity, margin = answers.nearness(vector, intent_id)
        return replace(
            match,
            intent_id=intent_id,
            confidence=confidence,
            similarity=similarity,
            margin=margin,
            others=(*((name, round(p, 4)) for name, p in shown[1:]), *unread),
            together=capped(together, highest),
            basis=MatchBasis.RERANKED,
            worth_reading=False,
            field_odds=0.0,
        )


def likely(match: Match | None, answers: ApprovedAnswers) -> list[tuple[str, float]]:
    """Returns the answers that are read with a message, each with its first chance."""
    if match is None or not match.worth_reading:
        return []
    least = READ_SHARE * match.confidence
    return [(name, p) for name, p in match.likeliest if name in answers and p >= least]


class FileReranker:
    """Weighs the matches of one knowledge file anew."""

    def __init__(
        self, reranker: Reranker, answers: ApprovedAnswers, own: Floats = NONE_FITTED
    ) -> None:
        """Takes `own`: slope and shift from the file's own judged requests, or an empty array."""
        self.reranker, self.answers, self._own = reranker, answers, own

    @property
    def highest(self) -> float:
        """Returns the highest chance of a match."""
        return OWN_LIMIT if self._own.size else self.reranker.highest(self.answers.traffic)

    def wants(self, match: Match | None) -> bool:
        """Returns True where likely answers are read together with a request."""
        return match is not None and match.worth_reading and not self.reranker.failed

    def __call__(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        matches: Sequence[Match | None],
    ) -> list[Match | None]:
        found = self.reranker.weighed(self.answers, texts, vectors, matches)
        if not self._own.size:
            return found
        return [
            self._by_outcomes(match) if match and match.basis is MatchBasis.RERANKED else match
            for match in found
        ]

    def _by_outcomes(self, match: Match) -> Match:
        """Returns a match with the chances that outcomes of the file's own give it."""
        slope, shift = self._own.tolist()
        own = capped(sigmoid_of(slope * logit_of(match.confidence) + shift), OWN_LIMIT)
        scale = min(own / match.confidence, (1.0 - own) / (1.0 - match.confidence))
        others = tuple([(name, round(scale * p, 4)) for name, p in match.others])
        together = own + sum([p for _, p in others[: SET_SIZE - 1]])
        return replace(
            match,
            confidence=own,
            others=others,
            together=capped(together, OWN_LIMIT),
            basis=MatchBasis.RERANKED_OWN,
        )
