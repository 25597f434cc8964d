"""A text that came with other numbers before is encoded after all where it is not calm: once, and
after its answers are read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from router.stats.heads import Embeddings
from router.triage.batches import model_reader, reranked
from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.model_reader import ModelBatch, ModelReader
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel
from router.triage.utterances import Described
from router.types import Match, MatchBasis

TEXT = "please tell me when order {} comes to my house"


class Numbered:
    """Matches each text; the chance counts how often it was asked."""

    highest = 0.9

    def __init__(self) -> None:
        self.asked = 0

    def nearest(self, vector: object) -> float:
        return 0.0

    def written(self, text: str) -> None:
        return None

    def match(self, described: Described, texts: Sequence[str]) -> list[Match | None]:
        self.asked += 1
        return [Match("parcel", 0.1 * self.asked, 0.4, 0.3) for _ in texts]


class Reads:
    """Reads each text: gives it a match of its own, or the one that it has."""

    highest = 0.95

    def __init__(self, match: Match | None) -> None:
        self._match = match

    def wants(self, match: Match | None) -> bool:
        return match is not None and not match.basis.read

    def __call__(
        self, texts: Sequence[str], vectors: Embeddings, matches: Sequence[Match | None]
    ) -> list[Match | None]:
        return [self._match or match for match in matches]


READ = Match("refund", 0.5, 0.5, 0.5, basis=MatchBasis.RERANKED)


@pytest.mark.parametrize("found", [None, READ])
def test_a_doubtful_text_is_encoded_once_after_its_answers_were_read(
    model: TriageModel, monkeypatch: pytest.MonkeyPatch, found: Match | None
) -> None:
    knowledge, reader = Numbered(), ModelReader(model)
    config = TriageConfig(
        TermFinder({}), AmountReader({"usd": 1.0}), knowledge, rerank=Reads(found)
    )
    calm = True
    monkeypatch.setattr(model_reader, "is_calm", lambda *_: calm)

    def begun(number: int) -> ModelBatch:
        batch = reader.begin([Asked(TEXT.format(number), config)])
        batch.encode()
        return batch

    first = begun(1111)
    first.rows()
    reranked.rerank([first.begin_rerank()])
    first.rows()
    second, calm = begun(2222), False
    assert second.encoded == 0
    assert knowledge.asked == 2
    second.rows()  # what is ready goes out; this text is not
    assert knowledge.asked == 2
    reranked.rerank([second.begin_rerank()])
    matches = [second.rows()[1][0] for _ in range(2)]
    assert knowledge.asked == 3
    expected = READ if found else Match("parcel", 0.1 * 3, 0.4, 0.3)
    assert matches == [expected] * 2
