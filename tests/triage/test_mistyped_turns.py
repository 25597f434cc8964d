"""Typing errors: what compares words and letters reads the words that the encoder reads."""

from __future__ import annotations

import pytest

from router.triage.batches.asked import Asked
from router.triage.batches.config import TriageConfig
from router.triage.batches.text_reader import TextReader
from router.triage.facts.turn_facts import find_facts
from router.triage.match import KnowledgeIndex, KnowledgeTexts
from router.triage.reading import TurnReading
from router.triage.text.amounts import AmountReader
from router.triage.text.terms import TermFinder
from router.triage.triage_model import TriageModel

TERMS = TermFinder({"medical_emergency": ["chest pain"]})
AMOUNTS = AmountReader({"USD": 1.0})
FILED = [
    ("opening_hours", ["when does the shop open", "what are your opening hours", "are you open"]),
    ("lost_parcel", ["my parcel is lost", "the parcel never came", "where is my parcel"]),
    ("cancel", ["cancel my order", "I want to cancel it all", "please stop the order"]),
]


def read(model: TriageModel, text: str) -> TurnReading:
    config = TriageConfig(TERMS, AMOUNTS, KnowledgeIndex.build(model, KnowledgeTexts(FILED)))
    return TextReader(model).read([Asked(text, config)])[0]


@pytest.mark.parametrize(
    ("right", "typed"),
    [
        ("could you please look for the parcel", "cuold you pease look for the parcel"),
        ("what a mess, the shop is never open", "whhat a mess, the shop is never oppen"),
        ("the doctor said it would stop my heart", "the doctor said it wouuld stop my heaart"),
    ],
)
def test_a_mistyped_turn_is_read_as_the_right_one(
    model: TriageModel, right: str, typed: str
) -> None:
    meant, found = read(model, right), read(model, typed)
    assert found.row == meant.row
    assert found.match == meant.match


def test_a_mistyped_follow_up_has_no_match_of_its_own(model: TriageModel) -> None:
    assert read(model, "try again please").bare
    assert read(model, "try agian please").bare


def test_terms_are_looked_for_in_what_was_written_and_in_what_was_meant(model: TriageModel) -> None:
    assert read(model, "I have chest pain").risk_terms == ("medical_emergency",)
    assert read(model, "I have cheest paiin here").risk_terms == ("medical_emergency",)


def test_a_mistyped_sum_is_at_stake_in_full(model: TriageModel) -> None:
    (amount,) = read(model, "we lose 2 mlilion dollars in all").amounts
    assert amount.nano_usd == 2_000_000 * 10**9


def test_a_sum_is_told_in_the_words_that_were_written(model: TriageModel) -> None:
    facts = find_facts(
        "3 veils at $18", AMOUNTS, TERMS, mend=lambda said: said.replace("veils", "evils")
    )
    assert [amount.text for amount in facts.amounts] == ["3 veils at $18"]


def test_a_text_in_another_language_is_read_as_it_was_written(model: TriageModel) -> None:
    text = "ich habe das Packet nicht bekommen und warte seit einer Woche"
    facts = find_facts(text, AMOUNTS, TERMS, model.knows, mend=model.mended)
    assert facts.language == "de"
    assert facts.mended == ""
