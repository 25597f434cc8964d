"""Reads the answers that a message may ask for again, together with it, and weighs them anew.

What the triage model's encoder finds likely is a short list. The cross-encoder says how well each
answer of it fits, and a conditional logit turns these log-odds, and the first chances, into chances
of which "none of them" is one. Fitted on companies that taught the network nothing, a third of
whose messages only look like one that is answered.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from router.stats.calibration import Floats
from router.triage.match import RANKED_SHARE, capped
from router.triage.matching.evidence import EvidenceFinder
from router.triage.reranking.cross_encoder import QUESTIONS, CrossEncoder, Pair
from router.triage.utterances import Utterances
from router.triage.verifier import SET_SIZE
from router.types import Match, MatchBasis

_LOG = logging.getLogger("tiergate")

READ_FROM, READ_NEAR, READ_SHARE = 0.01, 0.3, 0.05
"""Least first chance and cosine of a message's likeliest answer from which answers are read, and
the share of that chance from which another answer is. Of messages to twelve new companies whose
answer is among the four likeliest this cosine lets .83 pass, and .09 of 400 general prompts. The
share leaves 2.7 pairs a message."""
LEAST_PRIOR = 1e-3
"""Added to a first chance, so that its logarithm is bounded."""
MOST_CHARACTERS = 200
"""About as many as the word pieces that are read of a message have: of a longer one the network
would read the beginning alone."""

FEW_QUESTIONS, MOST_GROWN = 6, 2.0
"""Questions of an answer in a file that has just been written, and the logarithm of the factor up
to which one grows: 44 questions. Between them a file's own fit becomes worth more."""


class Weights(NamedTuple):
    """Holds the conditional logit: an answer's logit is `odds` times its log-odds by the network,
    plus `prior` times the logarithm of its first chance, plus `shift`; that of none is 0.

    Each weight moves by its `grown_` part times how grown the file is, 0 to MOST_GROWN.
    """

    odds: float
    prior: float
    shift: float
    grown_odds: float = 0.0
    grown_prior: float = 0.0
    grown_shift: float = 0.0

    def chances(self, odds: Floats, priors: Floats, grown: float = 0.0) -> Floats:
        """Returns the chance of each answer, (answers,); what is left to 1 is none of them."""
        own = np.log(priors + LEAST_PRIOR)
        logits = (
            (self.odds + grown * self.grown_odds) * odds
            + (self.prior + grown * self.grown_prior) * own
            + (self.shift + grown * self.grown_shift)
        )
        most = max(0.0, float(logits.max()))
        powers = np.exp(logits - most)
        shares: Floats = powers / (powers.sum() + math.exp(-most))
        return shares


def grown_by(questions: float) -> float:
    """Returns how grown a file is that has so many questions an answer.

    >>> grown_by(3), round(grown_by(20), 2), grown_by(500)
    (0.0, 1.2, 2.0)
    """
    return min(max(math.log(max(questions, 1.0) / FEW_QUESTIONS), 0.0), MOST_GROWN)


class ApprovedAnswers:
    """Holds the answers of one knowledge file and their questions; immutable."""

    def __init__(
        self, utterances: Utterances, evidence: EvidenceFinder, answers: Mapping[str, str]
    ) -> None:
        """`answers` has the text of each intent; those that are missing are never read."""
        self._utterances, self._evidence, self._answers = utterances, evidence, answers
        self._places = {name: place for place, name in enumerate(utterances.intent_ids)}
        mine = [end - begin for begin, end in map(self._span, answers.keys() & self._places)]
        self.grown = grown_by(sum(mine) / max(1, len(mine)))

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


class Reranker:
    """Weighs the likely answers of messages anew; safe to call from several threads at once."""

    def __init__(self, cross: CrossEncoder, weights: Weights, cap: float) -> None:
        """`cap` is the share right among the surest of files that taught the network nothing."""
        self.cross, self.weights, self.cap = cross, weights, cap
        self.failed = False

    @property
    def highest(self) -> float:
        """Returns the highest chance; those above the cap keep their order in a band behind it."""
        return self.cap + RANKED_SHARE

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
            self.failed = True
            _LOG.warning("the reranker failed, and reads no more answers: %s", error)
            return list(matches)

    def _weighed_anew(
        self,
        answers: ApprovedAnswers,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        matches: Sequence[Match | None],
    ) -> list[Match | None]:
        found = list(matches)
        reads = [] if self.failed else list(self._reads(answers, texts, matches))
        pairs = [
            answers.pair(texts[read.place], vectors[read.place], name)
            for read in reads
            for name in read.names
        ]
        odds = self.cross.odds(pairs) if pairs else np.empty(0)
        begin = 0
        for read in reads:
            end = begin + len(read.names)
            chances = self.weights.chances(odds[begin:end], read.priors, answers.grown)
            begin = end
            match = matches[read.place]
            assert match is not None
            found[read.place] = self._weighed(match, read, chances, answers, vectors[read.place])
        return found

    @staticmethod
    def _reads(
        answers: ApprovedAnswers, texts: Sequence[str], matches: Sequence[Match | None]
    ) -> Iterator[_Read]:
        for place, match in enumerate(matches):
            named = likely(texts[place], match, answers)
            if named:
                names, priors = zip(*named, strict=True)
                yield _Read(place, list(names), np.array(priors))

    def _weighed(
        self,
        match: Match,
        read: _Read,
        chances: Floats,
        answers: ApprovedAnswers,
        vector: npt.NDArray[np.float32],
    ) -> Match:
        order = np.argsort(-chances).tolist()
        shown = [(read.names[i], capped(float(chances[i]), self.highest)) for i in order]
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
            together=capped(together, self.highest),
            basis=MatchBasis.RERANKED,
        )


def is_read(text: str, match: Match | None) -> bool:
    """Returns True for a message whose likely answers are read with it.

    Chances of the file's own outcomes hold for its requests better than any other's.
    """
    return (
        match is not None
        and match.basis is MatchBasis.FOREIGN
        and match.confidence >= READ_FROM
        and match.similarity >= READ_NEAR
        and len(text) <= MOST_CHARACTERS
    )


def likely(text: str, match: Match | None, answers: ApprovedAnswers) -> list[tuple[str, float]]:
    """Returns the answers that are read with a message, each with its first chance."""
    if match is None or not is_read(text, match):
        return []
    least = READ_SHARE * match.confidence
    return [(name, p) for name, p in match.likeliest if name in answers and p >= least]


class FileReranker:
    """Weighs the matches of one knowledge file anew."""

    def __init__(self, reranker: Reranker, answers: ApprovedAnswers) -> None:
        self.reranker, self.answers = reranker, answers

    @property
    def highest(self) -> float:
        """Returns the highest chance of a match."""
        return self.reranker.highest

    def wants(self, text: str, match: Match | None) -> bool:
        """Returns True where likely answers are read together with a text."""
        return not self.reranker.failed and is_read(text, match)

    def __call__(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        matches: Sequence[Match | None],
    ) -> list[Match | None]:
        return self.reranker.weighed(self.answers, texts, vectors, matches)
