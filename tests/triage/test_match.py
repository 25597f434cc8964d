"""The knowledge index on the committed model: what matches, what does not, how sure it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from router.errors import ModelFileError
from router.policy.content.outcomes import JudgedQuestion
from router.stats.calibration import softmax
from router.stats.softmax_regression import as_head
from router.triage import match_file
from router.triage.match import (
    OWN_LIMIT,
    OWN_OUTCOMES,
    RANKED_SHARE,
    KnowledgeIndex,
    KnowledgeTexts,
    capped,
)
from router.triage.matching.evidence import FEATURES, columns
from router.triage.matching.own_file import Fit, Taught, precision
from router.triage.text.utterance_words import held_out, words
from router.triage.triage_model import TriageModel
from router.triage.utterances import Described, Utterances
from router.triage.verifier import PAIR, SET, MatchModel, Verifier
from router.types import Match, MatchBasis

INTENTS = [
    ("parcel", ["where is my parcel", "my package has not arrived", "track my delivery"]),
    ("refund", ["I want my money back", "how do refunds work", "refund my purchase"]),
    ("password", ["I forgot my password", "reset my login", "can't sign in to my account"]),
    ("hours", ["when are you open", "what are your opening hours", "are you open on sunday"]),
    ("warranty", ["is there a warranty", "how long is the guarantee", "warranty period"]),
]


@pytest.fixture(scope="module")
def index(model: TriageModel) -> KnowledgeIndex:
    return built(model, INTENTS)


Intents = Sequence[tuple[str, Sequence[str]]]


def built(model: TriageModel, intents: Intents) -> KnowledgeIndex:
    return KnowledgeIndex.build(model, KnowledgeTexts(intents))


def asked(model: TriageModel, index: KnowledgeIndex, text: str) -> Match:
    found = maybe_asked(model, index, text)
    assert found is not None
    return found


def maybe_asked(model: TriageModel, index: KnowledgeIndex, text: str) -> Match | None:
    return index.match(model.described([text]), [text])[0]


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


@pytest.mark.parametrize("text", ["1/0", "0/1", "1:0", "24/7", ":)", "👍", "?", "10442"])
def test_what_has_no_letter_is_no_question(
    model: TriageModel, index: KnowledgeIndex, text: str
) -> None:
    assert maybe_asked(model, index, text) is None
    written = built(model, [*INTENTS, ("always", [text])]) if any(map(str.isalnum, text)) else None
    if written is not None:
        assert asked(model, written, text).intent_id == "always"


def test_a_known_utterance_is_surer_than_a_foreign_request(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    known = asked(model, index, "Where is my parcel?")
    foreign = asked(model, index, "prove that the square root of two is irrational")
    assert known.confidence > 0.85 > 0.5 > foreign.confidence


def test_a_candidate_tells_the_chance_of_the_likeliest_together(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    between = asked(model, index, "is my money or my package coming back")
    assert between.confidence <= between.together <= 1.0
    assert between.together > 0.0


def test_what_is_no_candidate_tells_no_chance_together(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    assert asked(model, index, "prove that the square root of two is irrational").together == 0.0


MIXED = [
    ("parcel", ["where is my parcel", "track my package", "has my package been sent", "hello"]),
    ("password", ["reset my password", "new password please", "Where's my package now?", "hello"]),
]
"""One utterance stands under an intent that it does not resemble, one under both."""


def test_what_the_operator_wrote_under_an_intent_is_that_intent(model: TriageModel) -> None:
    text = "where's my package NOW"
    without = built(model, [MIXED[0], ("password", MIXED[1][1][:2])])
    assert asked(model, without, text).intent_id == "parcel"
    assert asked(model, built(model, MIXED), text).intent_id == "password"


def test_what_stands_under_two_intents_speaks_for_neither(model: TriageModel) -> None:
    index = built(model, MIXED)
    alone = built(model, [MIXED[0], ("password", MIXED[1][1][:3])])
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
    index = built(model, INTENTS[:1])
    assert asked(model, index, "where is my parcel").intent_id == "parcel"


def test_a_file_of_one_intent_keeps_the_shipped_coefficients(model: TriageModel) -> None:
    index = built(model, INTENTS[:1])
    assert np.array_equal(index.coefficients, model.matching.coefficients)


def test_a_larger_file_adjusts_them(model: TriageModel, index: KnowledgeIndex) -> None:
    assert not np.array_equal(index.coefficients, model.matching.coefficients)


def test_an_intent_without_utterances_is_left_out(model: TriageModel) -> None:
    index = built(model, [*INTENTS, ("empty", [])])
    assert "empty" not in index.intent_ids


def test_a_file_without_utterances_is_refused(model: TriageModel) -> None:
    with pytest.raises(ValueError, match="at least one utterance"):
        built(model, [("empty", [])])


def test_words_that_say_nothing_do_not_count() -> None:
    assert words("Where is the Parcel? parcels!") == ("where", "parcel")


PLANE = np.array([0.5, -0.25, 1.0])
SETS = np.arange(len(SET)) / 8
VERIFIER = Verifier(np.arange(len(PAIR)) / 8, 0.9, PLANE, SETS)
MODEL = MatchModel(np.arange(len(FEATURES)) / 8, VERIFIER)


def test_what_matching_needs_is_read_back(tmp_path: Path) -> None:
    match_file.save(MODEL, tmp_path / "match.json", "aa")
    found = match_file.load(tmp_path / "match.json", "aa")
    assert found.coefficients.tolist() == MODEL.coefficients.tolist()
    assert found.verifier.coefficients.tolist() == MODEL.verifier.coefficients.tolist()
    assert found.verifier.outside.tolist() == PLANE.tolist()
    assert found.verifier.together.tolist() == SETS.tolist()
    assert found.verifier.cap == 0.9


def test_coefficients_of_another_encoder_are_refused(tmp_path: Path) -> None:
    match_file.save(MODEL, tmp_path / "match.json", "aa")
    with pytest.raises(ModelFileError, match="another encoder"):
        match_file.load(tmp_path / "match.json", "bb")


def test_a_file_of_an_older_format_says_how_to_refit_it(tmp_path: Path) -> None:
    path = tmp_path / "match.json"
    path.write_text('{"format": 1, "encoder_sha256": "aa", "coefficients": {}}')
    with pytest.raises(ModelFileError, match="tiergate train match"):
        match_file.load(path, "aa")


def test_a_part_of_the_utterances_keeps_the_intents_that_still_have_one() -> None:
    vectors = np.eye(4, dtype=np.float32)
    whole = Utterances(("a", "b", "c"), tuple("wxyz"), np.array([0, 1, 1, 2]), vectors, vectors)
    part = whole.part(np.array([False, True, False, True]))
    assert (part.intent_ids, part.texts, part.owner.tolist()) == (("b", "c"), ("x", "z"), [0, 1])
    assert (part.vectors == vectors[[1, 3]]).all()


def test_leaving_intents_out_comes_to_what_fitting_without_them_does(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    away = np.arange(len(index.intent_ids)) == 0
    rest = index.utterances.part(~away[index.utterances.owner])
    anew = KnowledgeIndex(rest, model.matching, model.lexicon)
    outside = model.matching.verifier.outside
    taught = Taught(index.utterances, index.utterances.regression(), outside)
    texts = list(index.utterances.texts)
    vectors = index.utterances.vectors
    short, _ = columns(taught.without(away).evidence(vectors, texts))
    long, _ = columns(anew.evidence(vectors, texts))
    stays = ~away[index.utterances.owner]  # what is left out has no intent of its own any more
    assert (short == long)[stays].all()
    assert (short == long).mean() > 0.8


def test_evidence_is_what_arrays_of_all_intents_come_to(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    texts = ["has my package been shipped", "a poem about the sea", "reset my login"]
    encoded = model.described(texts)
    weight, bias = as_head(index._weights)
    shares = softmax((encoded.vectors @ weight + bias).astype(float))
    centres = encoded.vectors @ index.evidence.shape.centres.T
    for row, found in enumerate(index.evidence(encoded.vectors, texts)):
        best, others = int(shares[row].argmax()), np.arange(len(INTENTS))
        others = others[others != best]
        named = dict(zip(FEATURES, found.features, strict=True))
        assert (found.intent, found.written) == (best, texts[row] == "reset my login")
        assert found.rivals.best == pytest.approx(shares[row, best], rel=1e-4)
        assert dict(found.rivals.next) == pytest.approx(
            {j: shares[row, j] for j in others[np.argsort(-shares[row, others])[:4]]}, rel=1e-4
        )
        assert named["centre"] == pytest.approx(centres[row, best], abs=1e-6)
        assert named["centre_lead"] == pytest.approx(
            centres[row, best] - centres[row, others].max(), abs=1e-6
        )
        assert found.centres == pytest.approx(np.sort(centres[row])[::-1][:4], abs=1e-6)
        strange = model.matching.verifier.strangeness(encoded.vectors)[row]
        assert found.strange == pytest.approx(strange, abs=1e-4)
        if not found.written:
            odds = math.log(shares[row, best] / shares[row, others].sum())
            assert named["odds"] == pytest.approx(odds, rel=1e-4)


def test_what_is_not_covered_is_left_out_of_what_may_be_offered(model: TriageModel) -> None:
    texts = KnowledgeTexts(INTENTS, not_covered=["write a poem about the sea"])
    index = KnowledgeIndex.build(model, texts)
    asked_for = ["has my parcel with the poem been shipped"]
    vectors = model.described(asked_for).vectors
    (found,) = index.evidence(vectors, asked_for)
    last = len(INTENTS)
    centres = vectors @ index.evidence.shape.centres.T
    assert found.centres[:3] == pytest.approx(np.sort(centres[0, :last])[::-1][:3], abs=1e-6)
    weight, bias = as_head(index._weights)
    shares = softmax((vectors @ weight + bias).astype(float))[0]
    assert found.rivals.apart == pytest.approx(shares[last], rel=1e-4)
    several = np.sort(shares[:last])[-3:].sum() / shares[:last].sum()
    assert index.set_parts(found)[0] == pytest.approx(np.log(several / (1 - several)), rel=1e-3)


def test_a_request_that_is_not_covered_leaves_the_others_of_its_run(model: TriageModel) -> None:
    texts = KnowledgeTexts(INTENTS, not_covered=["write a poem about the sea"])
    index = KnowledgeIndex.build(model, texts)
    run = ["a poem about the sea please", "has my package been shipped", "reset the login"]
    described = model.described(run)
    none, *others = index.match(described, run)
    assert none is None
    alone = [
        index.match(Described(*(part[row : row + 1] for part in described)), [run[row]])[0]
        for row in (1, 2)
    ]
    for one, other in zip(others, alone, strict=True):
        assert one is not None
        assert other is not None
        assert one.intent_id == other.intent_id
        assert one.confidence == pytest.approx(other.confidence, rel=1e-4)
        assert one.similarity == pytest.approx(other.similarity, rel=1e-4)


def test_a_coefficient_yields_to_a_file_by_the_spread_of_its_feature() -> None:
    wide, narrow = np.array([0.0, 10.0]), np.array([0.0, 1.0])
    firm = precision(np.column_stack([np.ones(2), wide, narrow]))
    assert firm[1] == pytest.approx(100 * firm[2])


class Memory(dict[bytes, Fit]):
    """A FitMemory that counts what it is asked to keep."""

    def recall(self, key: bytes) -> Fit | None:
        return self.get(key)

    def keep(self, key: bytes, fit: Fit) -> None:
        self[key] = fit


def test_what_is_remembered_of_a_file_is_not_fitted_again(model: TriageModel) -> None:
    memory = Memory()
    first = KnowledgeIndex.build(model, KnowledgeTexts(INTENTS), memory)
    (key,) = memory
    memory[key] = memory[key]._replace(coefficients=first.coefficients + 1.0)
    again = KnowledgeIndex.build(model, KnowledgeTexts(INTENTS), memory)
    assert (again.coefficients == first.coefficients + 1.0).all()
    assert len(memory) == 1


def test_an_utterance_more_is_fitted_anew(model: TriageModel) -> None:
    memory = Memory()
    KnowledgeIndex.build(model, KnowledgeTexts(INTENTS), memory)
    KnowledgeIndex.build(
        model, KnowledgeTexts([*INTENTS[:-1], (INTENTS[-1][0], ["another text"])]), memory
    )
    assert len(memory) == 2


def test_a_chance_without_outcomes_of_its_own_is_capped(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    texts = ["has my package been shipped", "please reset my password", "opening hours on monday?"]
    found = [asked(model, index, text) for text in texts]
    cap = model.matching.verifier.cap
    assert all(one.confidence < cap + RANKED_SHARE for one in found)
    assert any(one.confidence >= cap for one in found)  # a floor at the cap lets the surest pass
    assert {one.basis for one in found} == {MatchBasis.FOREIGN}


def test_what_the_operator_wrote_is_not_capped(model: TriageModel, index: KnowledgeIndex) -> None:
    found = asked(model, index, "where is my parcel")
    assert found.confidence > model.matching.verifier.cap
    assert found.basis is MatchBasis.WRITTEN


def test_capped_chances_keep_their_order(index: KnowledgeIndex) -> None:
    kept = [capped(chance, index.highest) for chance in (0.5, 0.9, 0.95, 0.999)]
    assert (np.diff(kept) > 0).all()
    assert kept[-1] <= index.highest


def judged(count: int, intent: str | None) -> list[JudgedQuestion]:
    """Returns requests for a parcel, of which the operator says that `intent` answers them."""
    asked = ("has order {} been sent", "is package {} on its way", "did you send parcel {} yet")
    return [JudgedQuestion(asked[i % 3].format(i), intent) for i in range(count)]


def test_outcomes_of_its_own_lift_the_cap(model: TriageModel) -> None:
    texts = KnowledgeTexts(INTENTS, outcomes=judged(OWN_OUTCOMES, "parcel"))
    index = KnowledgeIndex.build(model, texts)
    found = asked(model, index, "has my package been shipped")
    assert found.basis is MatchBasis.OWN
    assert model.matching.verifier.cap < found.confidence <= OWN_LIMIT


def test_bad_outcomes_of_its_own_lower_the_chance(
    model: TriageModel, index: KnowledgeIndex
) -> None:
    poor = KnowledgeTexts(INTENTS, outcomes=judged(OWN_OUTCOMES, None))
    text = "has my package been shipped"
    without = asked(model, index, text).confidence
    assert asked(model, KnowledgeIndex.build(model, poor), text).confidence < without / 2


def test_too_few_outcomes_change_nothing(model: TriageModel, index: KnowledgeIndex) -> None:
    few = KnowledgeTexts(INTENTS, outcomes=judged(OWN_OUTCOMES - 1, None))
    text = "has my package been shipped"
    assert asked(model, KnowledgeIndex.build(model, few), text) == asked(model, index, text)


@pytest.mark.parametrize(
    "beside",
    [
        judged(1, "parcel"),
        [JudgedQuestion("Hello! Has ORDER 0 been sent, please?", "parcel")],
        [JudgedQuestion("Where is my parcel?", "parcel")],
    ],
    ids=["a repeat", "a repeat in other letters", "an utterance of the file"],
)
def test_only_different_requests_that_the_operator_did_not_write_lift_the_cap(
    model: TriageModel, index: KnowledgeIndex, beside: list[JudgedQuestion]
) -> None:
    outcomes = [*judged(OWN_OUTCOMES - 1, "parcel"), *beside * OWN_OUTCOMES]
    own = KnowledgeIndex.build(model, KnowledgeTexts(INTENTS, outcomes=outcomes))
    text = "has my package been shipped"
    assert asked(model, own, text) == asked(model, index, text)


@pytest.mark.parametrize(
    "text",
    ["ok I'm done here, goodbye", "im done here goodbye", "Alright, I am done here. Goodbye!"],
)
def test_an_utterance_written_with_or_without_its_short_forms_is_the_same(
    model: TriageModel, text: str
) -> None:
    bye = ("bye", ["okay, I'm done here, goodbye", "see you"])
    index = KnowledgeIndex.build(model, KnowledgeTexts((*INTENTS, bye)))
    written = index.written(text)
    assert written is not None
    assert written[1] is not None
    assert written[1].intent_id == "bye"


def test_what_is_marked_as_not_covered_matches_nothing(model: TriageModel) -> None:
    marked = ("write a script that resets passwords", "reset the root password of a database")
    index = KnowledgeIndex.build(model, KnowledgeTexts(INTENTS, not_covered=marked))
    assert maybe_asked(model, index, "script to reset the passwords") is None
    assert index.written(marked[0])[:2] == (marked[0], None)
    assert asked(model, index, "please reset my password").intent_id == "password"
