"""The knowledge index on the committed model: what matches, what does not, how sure it is."""

from __future__ import annotations

import numpy as np
import pytest

from router.errors import ModelFileError
from router.triage import match
from router.triage.match import FEATURES, Fit, KnowledgeIndex, held_out
from router.triage.triage_model import TriageModel
from router.triage.utterances import Utterances

INTENTS = [
    ("parcel", ["where is my parcel", "my package has not arrived", "track my delivery"]),
    ("refund", ["I want my money back", "how do refunds work", "refund my purchase"]),
    ("password", ["I forgot my password", "reset my login", "can't sign in to my account"]),
    ("hours", ["when are you open", "what are your opening hours", "are you open on sunday"]),
    ("warranty", ["is there a warranty", "how long is the guarantee", "warranty period"]),
]


@pytest.fixture(scope="module")
def model() -> TriageModel:
    return TriageModel.load()


@pytest.fixture(scope="module")
def index(model: TriageModel) -> KnowledgeIndex:
    return KnowledgeIndex.build(model, INTENTS)


def asked(model: TriageModel, index: KnowledgeIndex, text: str) -> match.Match:
    return index.match(model.vectors([text]), [text])[0]


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("has my package been shipped", "parcel"),
        ("please reset my password", "password"),
        ("opening hours on monday?", "hours"),
        ("give me a refund", "refund"),
    ],
)
def test_a_paraphrase_finds_its_intent(
    model: TriageModel, index: KnowledgeIndex, text: str, intent: str
) -> None:
    assert asked(model, index, text).intent_id == intent


def test_a_known_utterance_is_surer_than_a_foreign_request(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    known = asked(model, index, "Where is my parcel?")
    foreign = asked(model, index, "prove that the square root of two is irrational")
    assert known.confidence > 0.85 > 0.5 > foreign.confidence


MIXED = [
    ("parcel", ["where is my parcel", "track my package", "has my package been sent", "hello"]),
    ("password", ["reset my password", "new password please", "Where's my package now?", "hello"]),
]
"""One utterance stands under an intent that it does not resemble, one under both."""


def test_what_the_operator_wrote_under_an_intent_is_that_intent(model: TriageModel) -> None:
    text = "where's my package NOW"
    without = KnowledgeIndex.build(model, [MIXED[0], ("password", MIXED[1][1][:2])])
    assert asked(model, without, text).intent_id == "parcel"
    assert asked(model, KnowledgeIndex.build(model, MIXED), text).intent_id == "password"


def test_what_stands_under_two_intents_speaks_for_neither(model: TriageModel) -> None:
    index = KnowledgeIndex.build(model, MIXED)
    alone = KnowledgeIndex.build(model, [MIXED[0], ("password", MIXED[1][1][:3])])
    assert asked(model, index, "hello").confidence < asked(model, alone, "hello").confidence


def test_similarity_of_a_known_utterance_is_one(model: TriageModel, index: KnowledgeIndex) -> None:
    assert asked(model, index, "track my delivery").similarity == pytest.approx(1.0, abs=1e-3)


def test_the_margin_is_between_the_centres_of_intents(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    vector = model.vectors(["how do refunds work"])[0]
    centres = [
        index.utterances.vectors[index.utterances.owner == i].mean(axis=0)
        for i in range(len(INTENTS))
    ]
    near = sorted((float(c @ vector / np.linalg.norm(c)) for c in centres), reverse=True)
    found = asked(model, index, "how do refunds work")
    assert found.margin == pytest.approx(near[0] - near[1], abs=1e-4)


def test_a_fifth_of_the_utterances_judges_instead_of_teaching() -> None:
    texts = [f"question number {i} about my order" for i in range(2_000)]
    share = sum(map(held_out, texts)) / len(texts)
    assert 0.17 < share < 0.23


def test_spelling_of_spaces_does_not_move_an_utterance_across_the_split() -> None:
    assert held_out("Where is my parcel?") == held_out("where  is my PARCEL")


def test_a_lone_intent_is_found_without_a_rival(model: TriageModel) -> None:
    index = KnowledgeIndex.build(model, INTENTS[:1])
    assert asked(model, index, "where is my parcel").intent_id == "parcel"


def test_a_file_of_one_intent_keeps_the_shipped_coefficients(model: TriageModel) -> None:
    index = KnowledgeIndex.build(model, INTENTS[:1])
    assert np.array_equal(index.coefficients, model.match_coefficients)


def test_a_larger_file_adjusts_them(model: TriageModel, index: KnowledgeIndex) -> None:
    assert not np.array_equal(index.coefficients, model.match_coefficients)


def test_an_intent_without_utterances_is_left_out(model: TriageModel) -> None:
    index = KnowledgeIndex.build(model, [*INTENTS, ("empty", [])])
    assert "empty" not in index.intent_ids


def test_a_file_without_utterances_is_refused(model: TriageModel) -> None:
    with pytest.raises(ValueError, match="at least one utterance"):
        KnowledgeIndex.build(model, [("empty", [])])


def test_words_that_say_nothing_do_not_count() -> None:
    assert match.words("Where is the Parcel? parcels!") == {"where", "parcel"}


def test_coefficients_of_another_encoder_are_refused(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "match.json"
    match.save(np.zeros(len(FEATURES)), path, "aa")
    with pytest.raises(ModelFileError, match="another encoder"):
        match.load(path, "bb")


def test_a_part_of_the_utterances_keeps_the_intents_that_still_have_one() -> None:
    vectors = np.eye(4, dtype=np.float32)
    whole = Utterances(("a", "b", "c"), tuple("wxyz"), np.array([0, 1, 1, 2]), vectors)
    part = whole.part(np.array([False, True, False, True]))
    assert (part.intent_ids, part.texts, part.owner.tolist()) == (("b", "c"), ("x", "z"), [0, 1])
    assert (part.vectors == vectors[[1, 3]]).all()


def test_leaving_intents_out_comes_to_what_fitting_without_them_does(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    away = np.arange(len(index.intent_ids)) == 0
    rest = index.utterances.part(~away[index.utterances.owner])
    fitted = KnowledgeIndex(rest, index.coefficients)
    texts = list(index.utterances.texts)
    vectors = index.utterances.vectors
    short = index._without(away).evidence(vectors, texts).intent
    assert (short == fitted.evidence(vectors, texts).intent).mean() > 0.9


def test_a_coefficient_yields_to_a_file_by_the_spread_of_its_feature() -> None:
    wide, narrow = np.array([0.0, 10.0]), np.array([0.0, 1.0])
    firm = match.precision(np.column_stack([np.ones(2), wide, narrow]))
    assert firm[1] == pytest.approx(100 * firm[2])


class Memory(dict[bytes, Fit]):
    """A FitMemory that counts what it is asked to keep."""

    def recall(self, key: bytes) -> Fit | None:
        return self.get(key)

    def keep(self, key: bytes, fit: Fit) -> None:
        self[key] = fit


def test_what_is_remembered_of_a_file_is_not_fitted_again(model: TriageModel) -> None:
    memory = Memory()
    first = KnowledgeIndex.build(model, INTENTS, memory)
    (key,) = memory
    memory[key] = memory[key]._replace(coefficients=first.coefficients + 1.0)
    again = KnowledgeIndex.build(model, INTENTS, memory)
    assert (again.coefficients == first.coefficients + 1.0).all()
    assert len(memory) == 1


def test_an_utterance_more_is_fitted_anew(model: TriageModel) -> None:
    memory = Memory()
    KnowledgeIndex.build(model, INTENTS, memory)
    KnowledgeIndex.build(model, [*INTENTS[:-1], (INTENTS[-1][0], ["another text"])], memory)
    assert len(memory) == 2
