"""Of a passage, a clause and a gloss only what is used is worked out."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import pytest

from router.stats.heads import Embeddings
from router.triage.batches.asked import Asked, ReadingUse
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextReader
from router.triage.glossed.answers import Answerable, GlossedAnswers
from router.triage.glossed.english import EnglishWords
from router.triage.glossed.glossary import Glossary
from router.triage.glossed.key_names import KeyNames
from router.triage.grave import GraveReader, GraveReading, Told
from router.triage.other_readings import GLOSSED_AT
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel
from router.triage.utterances import Described
from router.types import Match, MatchBasis

TEXT = "please tell me how this works"


class Counted:
    """Reads grave matters, and keeps the texts that it was asked for."""

    def __init__(self, reader: GraveReader) -> None:
        self._reader = reader
        self.texts: list[str] = []

    def read(
        self, texts: Sequence[str], vectors: Embeddings, told: Sequence[Told]
    ) -> list[GraveReading]:
        self.texts += texts
        return self._reader.read(texts, vectors, told)


class Answers:
    """Matches each text by one chance, and keeps the texts."""

    highest = 0.9

    def __init__(self, chance: float = 0.1) -> None:
        self._match = Match("hours", chance, 0.4, 0.3)
        self.texts: list[str] = []

    def nearest(self, vector: object) -> float:
        return 0.0

    def written(self, text: str) -> None:
        return None

    def match(self, described: Described, texts: Sequence[str]) -> list[Match | None]:
        assert len(described.vectors) == len(texts) == len(described.readings)
        self.texts += texts
        return [self._match] * len(texts)


@pytest.fixture(scope="module")
def loaded() -> TriageModel:
    return TriageModel.load()


@pytest.fixture
def grave(loaded: TriageModel) -> Counted:
    assert loaded.grave is not None
    return Counted(loaded.grave)


@pytest.fixture
def reader(loaded: TriageModel, grave: Counted) -> TextReader:
    model = copy.copy(loaded)
    model.grave = grave  # type: ignore[assignment]  # a reader that counts
    return TextReader(model)


def config(answers: Answers, glossed: GlossedAnswers | None = None) -> TriageConfig:
    return TriageConfig(TermFinder({}), AmountReader({"USD": 1.0}), answers, glossed=glossed)


@pytest.mark.parametrize(
    ("use", "matched", "read_for_matters"),
    [
        (ReadingUse.ALL, 1, 1),
        (ReadingUse.IF_KNOWN, 1, 0),
        (ReadingUse.HEADS, 0, 0),
        (ReadingUse.HARM, 0, 1),
        (ReadingUse.MATCH, 1, 0),
    ],
)
def test_each_use_has_its_own_readings(
    reader: TextReader, grave: Counted, use: ReadingUse, matched: int, read_for_matters: int
) -> None:
    answers = Answers()
    assert reader.model is not None
    batch = reader.model.begin([Asked(TEXT, config(answers), use=use)])
    batch.encode()
    (row,), _ = batch.rows()
    assert len(answers.texts) == matched
    assert len(grave.texts) == read_for_matters
    assert (row.matter is not None) == (read_for_matters == 1)


def test_texts_of_several_uses_keep_their_places(reader: TextReader, grave: Counted) -> None:
    asked = [Asked(f"{TEXT} {use.name}", config(Answers()), use=use) for use in ReadingUse]
    assert reader.model is not None
    batch = reader.model.begin(asked)
    batch.encode()
    rows, matches = batch.rows()
    for_matters, unmatched = (ReadingUse.ALL, ReadingUse.HARM), (ReadingUse.HEADS, ReadingUse.HARM)
    assert grave.texts == [one.text for one in asked if one.use in for_matters]
    assert [row.matter is not None for row in rows] == [one.use in for_matters for one in asked]
    assert [match is None for match in matches] == [one.use in unmatched for one in asked]


def test_passages_of_a_long_text_are_read_by_heads_alone(
    reader: TextReader, grave: Counted
) -> None:
    text = "The cake stood in the garden and the dog ran about all day. " * 30
    answers = Answers()
    reader.read([Asked(text, config(answers))])
    assert grave.texts == [text]
    assert answers.texts == [text]


WORDS = {"where": ["wo"], "is": ["ist"], "my": ["mein*"], "parcel": ["paket*"]}
GERMAN = Glossary("de", WORDS)


def glossed() -> GlossedAnswers:
    mine = Answerable(frozenset({"hours"}), {}, {})
    english = EnglishWords([], frozenset().__contains__)
    return GlossedAnswers({"de": mine}, [GERMAN], 0.9, english, KeyNames([]), MatchBasis.FOREIGN)


@pytest.mark.parametrize(
    ("text", "chance", "texts"),
    [
        ("Wo ist mein Zwieback?", GLOSSED_AT, 2),
        ("Wo ist mein Zwieback?", GLOSSED_AT - 0.01, 1),
        ("Wo ist mein Paket?", GLOSSED_AT - 0.01, 2),  # the operator may have written it
    ],
)
def test_a_gloss_is_read_for_matters_where_it_may_be_a_known_question(
    reader: TextReader, grave: Counted, text: str, chance: float, texts: int
) -> None:
    reader.read([Asked(text, config(Answers(chance), glossed()))])
    assert len(grave.texts) == texts
