"""What the operator wrote is found as it stands, and nothing of it is read a second time."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from router.stats.heads import Embeddings
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextReader
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel
from router.types import Match, MatchBasis

TWO_ASKS = "which card is used first and can I change that"
INTENTS = [
    ("parcel", ["shippng fee to the islands", "what does delivery cost", "postage abroad"]),
    ("refund", ["I want my money back", "how do refunds work", "refund my purchase"]),
    ("cards", [TWO_ASKS, "my saved cards", "change the card that I pay with"]),
]


class Reads:
    """Reads whatever has a match, and keeps the texts."""

    highest = 0.95

    def __init__(self) -> None:
        self.texts = list[str]()

    def wants(self, match: Match | None) -> bool:
        return match is not None and match.basis is not MatchBasis.WRITTEN

    def __call__(
        self, texts: Sequence[str], vectors: Embeddings, matches: Sequence[Match | None]
    ) -> list[Match | None]:
        self.texts += texts
        return list(matches)


def read(model: TriageModel, text: str) -> tuple[Match | None, list[str]]:
    reads, knowledge = Reads(), KnowledgeIndex.build(model, KnowledgeTexts(INTENTS))
    config = TriageConfig(TermFinder({}), AmountReader({"usd": 1.0}), knowledge, rerank=reads)
    return TextReader(model).read([Asked(text, config)])[0].match, reads.texts


@pytest.mark.parametrize(
    "text",
    [
        "shippng fee to the islands",
        "hi, shippng fee to the islands please",
        "Hello, my name is Anna Smith. shippng fee to the islands",
        "order 40117-B. shippng fee to the islands",
        "Re: your invoice INV-2023-771. shippng fee to the islands",
        "Customer number 5520981, name Okafor. shippng fee to the islands\n\nAnna Smith\n"
        "12 Baker Street\nLondon NW1 6XE",
    ],
)
def test_an_utterance_with_a_typing_error_is_found_as_it_stands(
    model: TriageModel, text: str
) -> None:
    match, texts = read(model, text)
    assert match is not None
    assert match.intent_id == "parcel"
    assert match.basis is MatchBasis.WRITTEN
    assert texts == []


def test_what_the_operator_wrote_as_one_question_is_not_split(model: TriageModel) -> None:
    match, texts = read(model, TWO_ASKS)
    assert match is not None
    assert match.basis is MatchBasis.WRITTEN
    assert not match.asked
    assert texts == []


def test_a_framed_question_is_read_once_without_its_frame(model: TriageModel) -> None:
    _, texts = read(model, "Hello, my name is Anna Smith. how long do your refunds take")
    assert texts == ["how long do your refunds take"]


def test_a_question_without_a_frame_is_read_as_it_is(model: TriageModel) -> None:
    assert read(model, "how long do your refunds take")[1] == ["how long do your refunds take"]
