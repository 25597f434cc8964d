"""The reranker's gate: which messages are worth reading with their likely answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from msgspec.structs import replace

from router.policy.content.outcomes import JudgedQuestion
from router.stats.heads import Embeddings
from router.triage.match import OWN_OUTCOMES, FitMemory, KnowledgeIndex, KnowledgeTexts
from router.triage.matching.gate import FIELD, GATE, MOST_CHARACTERS, Gate
from router.triage.matching.own_file import Fit
from router.triage.triage_model import TriageModel
from router.triage.verifier import PAIR
from router.types import Match, MatchBasis, Traffic

INTENTS = [
    ("parcel", ["where is my parcel", "my package has not arrived", "track my delivery"]),
    ("refund", ["I want my money back", "how do refunds work", "refund my purchase"]),
    ("password", ["I forgot my password", "reset my login", "can't sign in to my account"]),
    ("hours", ["when are you open", "what are your opening hours", "are you open on sunday"]),
]
OPEN, SHUT = Gate(np.zeros(len(GATE)), -1.0), Gate(np.zeros(len(GATE)), 1.0)


class Gated:
    """Describes texts as the model does, with another gate."""

    def __init__(self, model: TriageModel, gate: Gate | None) -> None:
        self.described, self.lexicon = model.described, model.lexicon
        gates = {} if gate is None else dict.fromkeys(Traffic, gate)
        self.matching = model.matching._replace(gates=gates)


def matched(
    model: TriageModel, gate: Gate | None, text: str, texts: KnowledgeTexts | None = None
) -> Match | None:
    index = KnowledgeIndex.build(Gated(model, gate), texts or KnowledgeTexts(INTENTS))
    return index.match(model.described([text]), [text])[0]


def read(
    model: TriageModel, gate: Gate | None, text: str, texts: KnowledgeTexts | None = None
) -> bool:
    match = matched(model, gate, text, texts)
    assert match is not None
    return match.worth_reading


def test_the_gate_decides(model: TriageModel) -> None:
    text = "has the thing I ordered left already"
    assert read(model, OPEN, text)
    assert not read(model, SHUT, text)
    assert not read(model, None, text)


def test_it_changes_nothing_else(model: TriageModel) -> None:
    text = "has the thing I ordered left already"
    with_gate, without = matched(model, SHUT, text), matched(model, None, text)
    assert with_gate == without


@pytest.mark.parametrize("text", ["where is my parcel", "where " * (MOST_CHARACTERS // 6 + 1)])
def test_what_the_operator_wrote_and_long_messages_are_not_read(
    model: TriageModel, text: str
) -> None:
    assert not read(model, OPEN, text)


def test_what_is_read_says_how_it_fits_the_field(model: TriageModel) -> None:
    text, field = "has the thing I ordered left already", np.zeros(len(FIELD))
    field[FIELD.index("outside")] = -1.0
    match = matched(model, OPEN._replace(field=field), text)
    stranger = matched(model, OPEN._replace(field=field), "sing me a song of the sea")
    assert match is not None
    assert stranger is not None
    assert match.field_odds > stranger.field_odds
    assert matched(model, SHUT._replace(field=field), text) == matched(model, SHUT, text)


def test_classes_are_not_read(model: TriageModel) -> None:
    classes = KnowledgeTexts(INTENTS, verified=False)
    assert not read(model, OPEN, "the thing I ordered is late", classes)


class Told:
    """Gives every match that is worth reading the chance .8, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails

    def __call__(
        self, texts: Sequence[str], vectors: Embeddings, matches: Sequence[Match | None]
    ) -> list[Match | None]:
        return [
            replace(match, confidence=0.8, basis=MatchBasis.RERANKED)
            if match and match.worth_reading and not self.fails
            else match
            for match in matches
        ]


def of_own(
    model: TriageModel, gate: Gate, told: Told, memory: FitMemory | None = None
) -> KnowledgeIndex:
    # Half of those that seem right are.
    outcomes = [
        JudgedQuestion(f"where is parcel number {n}", "parcel" if n % 2 else None)
        for n in range(OWN_OUTCOMES)
    ]
    texts = KnowledgeTexts(INTENTS, outcomes=outcomes)
    return KnowledgeIndex.build(Gated(model, gate), texts, memory, lambda _: told)


LATE = "the thing I ordered is late"


def found(model: TriageModel, index: KnowledgeIndex) -> Match | None:
    return index.match(model.described([LATE]), [LATE])[0]


def test_what_is_read_of_a_file_with_outcomes_begins_as_without(model: TriageModel) -> None:
    match = found(model, of_own(model, OPEN, Told()))
    assert match == matched(model, OPEN, LATE)
    assert match is not None
    assert match.worth_reading


def test_what_is_not_read_has_the_chance_of_its_own_outcomes(model: TriageModel) -> None:
    match = found(model, of_own(model, SHUT, Told()))
    assert match is not None
    assert match.basis is MatchBasis.OWN
    assert not match.worth_reading


def test_where_outcomes_say_nothing_of_reading_they_decide_alone(model: TriageModel) -> None:
    index = of_own(model, OPEN, Told(fails=True))
    match = found(model, index)
    assert not index.own_read.size
    assert match is not None
    assert match.basis is MatchBasis.OWN
    assert not match.worth_reading


def test_what_could_not_be_read_is_read_at_the_next_start(model: TriageModel) -> None:
    memory = Kept()
    assert not of_own(model, OPEN, Told(fails=True), memory).own_read.size
    assert of_own(model, OPEN, Told(), memory).own_read.size
    assert of_own(model, OPEN, Told(fails=True), memory).own_read.size  # recalled


class Kept(dict[bytes, Fit]):
    recall = dict.get
    keep = dict.__setitem__


def features(model: TriageModel, text: str, intents: Sequence[tuple[str, Sequence[str]]]) -> (
    Mapping[str, float]
):  # fmt: skip
    index = KnowledgeIndex.build(Gated(model, OPEN), KnowledgeTexts(intents))
    described = model.described([text])
    found = index.evidence(described.vectors, [text])[0]
    first, read = index.first_chance(found), described.readings[0].tolist()
    made = dict(zip(GATE, index.gate_features(found, first, read), strict=True))
    of_pair = dict(zip(PAIR, index.pair(found, first, text, read), strict=True))
    shared = made.keys() & of_pair.keys()
    assert shared == {"one", "first", "stakes_above", "outside"}
    assert {name: made[name] for name in shared} == {name: of_pair[name] for name in shared}
    assert made["third_centre"] in found.centres
    return made


def test_features_are_those_of_the_verifier_and_of_the_file(model: TriageModel) -> None:
    assert features(model, "is my parcel on its way", INTENTS)["grown"] == 0.0


def test_a_file_of_one_answer_has_features_too(model: TriageModel) -> None:
    assert features(model, "is my parcel on its way", INTENTS[:1])["third_centre"] > 0.2


def test_a_grown_file_tells_so(model: TriageModel) -> None:
    grown = [(name, [f"{line} number {n}" for line in lines for n in range(8)])
             for name, lines in INTENTS]  # fmt: skip
    made = features(model, "is my parcel on its way", grown)
    assert made["grown"] == pytest.approx(np.log(24 / 6))


ASKED = [
    "when will the stuff I ordered get here",
    "i cant log in since yesterday",
    pytest.param(
        "do you also do sundays",
        marks=pytest.mark.xfail(strict=True, reason="not read since decision 254"),
    ),
]
STRANGE = [
    "Write a haiku about autumn leaves in the style of Basho.",
    "Explain the difference between TCP and UDP to a ten-year-old.",
    "Solve 3x + 5 = 20 for x.",
    "Translate 'good morning' into Portuguese.",
]


@pytest.mark.parametrize("text", ASKED)
def test_the_shipped_gate_reads_customers(model: TriageModel, text: str) -> None:
    assert read(model, model.matching.gates[Traffic.MIXED], text)


def test_the_shipped_gate_leaves_strangers(model: TriageModel) -> None:
    gate = model.matching.gates[Traffic.MIXED]
    assert [read(model, gate, text) for text in STRANGE] == [False] * len(STRANGE)


SUPPORT_ALONE = [
    "do you also do sundays",
    "my stuff came in pieces",
    "nobody let me in on saturday evening",
]


@pytest.mark.parametrize("text", SUPPORT_ALONE)
def test_the_gate_of_a_support_chat_reads_what_that_of_mixed_traffic_leaves(
    model: TriageModel, text: str
) -> None:
    assert not read(model, model.matching.gates[Traffic.MIXED], text)
    assert read(model, model.matching.gates[Traffic.SUPPORT], text)


def test_an_index_has_the_gate_of_its_traffic(model: TriageModel) -> None:
    text = "has the thing I ordered left already"
    gated = Gated(model, SHUT)
    gated.matching = gated.matching._replace(gates={Traffic.MIXED: SHUT, Traffic.SUPPORT: OPEN})
    told = [
        KnowledgeIndex.build(gated, KnowledgeTexts(INTENTS, traffic=traffic)).match(
            model.described([text]), [text]
        )[0]
        for traffic in (Traffic.MIXED, Traffic.SUPPORT)
    ]
    assert [match is not None and match.worth_reading for match in told] == [False, True]
