"""What a file's own judged requests say of matches that are read together with their answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from router.policy.content.outcomes import JudgedQuestion
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.matching.outcomes import LEAST_READ, MOST_READ
from router.triage.triage_model import TriageModel
from router.types import Match, MatchBasis

INTENTS = [
    ("parcel", ["where is my parcel", "my package has not arrived", "track my delivery"]),
    ("refund", ["I want my money back", "how do refunds work", "refund my purchase"]),
    ("hours", ["when are you open", "what are your opening hours", "are you open on sunday"]),
]


class Reads:
    """Gives every request that is to be read the chance .8, and keeps the texts."""

    def __init__(self, of_them: int) -> None:
        self.of_them, self.texts = of_them, list[str]()

    def __call__(
        self,
        texts: Sequence[str],
        vectors: npt.NDArray[np.float32],
        matches: Sequence[Match | None],
    ) -> list[Match | None]:
        assert len(texts) == len(vectors) == len(matches)
        self.texts += texts
        return [
            replace(match, confidence=0.8, basis=MatchBasis.RERANKED)
            if match is not None and place < self.of_them
            else match
            for place, match in enumerate(matches)
        ]


def outcomes(count: int, right: float) -> list[JudgedQuestion]:
    return [
        JudgedQuestion(f"where is parcel number {n} now", "parcel" if n < right * count else None)
        for n in range(count)
    ]


def built(model: TriageModel, judged: Sequence[JudgedQuestion], reads: Reads) -> KnowledgeIndex:
    texts = KnowledgeTexts(INTENTS, outcomes=judged)
    return KnowledgeIndex.build(model, texts, reading=lambda _: reads)


def test_the_share_that_is_right_is_what_is_said(model: TriageModel) -> None:
    index = built(model, outcomes(120, 0.4), Reads(120))
    slope, shift = index.own_read.tolist()
    chance = 1 / (1 + np.exp(-(slope * np.log(0.8 / 0.2) + shift)))
    assert abs(chance - 0.4) < 0.05


def test_a_few_say_nothing(model: TriageModel) -> None:
    assert not built(model, outcomes(120, 0.4), Reads(LEAST_READ - 1)).own_read.size
    assert not built(model, outcomes(99, 0.4), Reads(99)).own_read.size


def test_what_is_less_right_the_surer_it_is_says_nothing(model: TriageModel) -> None:
    class Inverted(Reads):
        def __call__(
            self,
            texts: Sequence[str],
            vectors: npt.NDArray[np.float32],
            matches: Sequence[Match | None],
        ) -> list[Match | None]:
            read = super().__call__(texts, vectors, matches)
            return [
                match and replace(match, confidence=0.3 if place < 60 else 0.9)
                for place, match in enumerate(read)
            ]

    assert not built(model, outcomes(120, 0.5), Inverted(120)).own_read.size


def test_other_languages_say_nothing_of_what_is_read(model: TriageModel) -> None:
    reads = Reads(1_000)
    german = [
        JudgedQuestion(f"Wo ist mein Paket Nummer {n} geblieben?", "parcel") for n in range(99)
    ]
    built(model, [*german, *outcomes(60, 0.5)], reads)
    assert len(reads.texts) == 60


def test_of_many_some_are_read(model: TriageModel) -> None:
    reads = Reads(1_000)
    index = built(model, outcomes(2 * MOST_READ + 1, 0.9), reads)
    assert len(reads.texts) <= MOST_READ
    assert index.own_read.size
